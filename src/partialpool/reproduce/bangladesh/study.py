"""Contraception in Bangladesh, 1988: models of three districts, and of all sixty.

The data are Huq and Cleland's (1990). The models of all districts are those of McElreath,
Statistical Rethinking (2nd edition, practice 13H1 and 14H1). The models of districts 1-3, with 117,
20 and 2 women, have varying intercepts only.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import datasets
from ...sampling.fit import Fit
from ...summaries import sampling_table
from ..tools.published import Number, compare, mean_of, quantile_of, read, sd_of
from ..tools.study import Settings, Study, Table
from . import figures
from .likelihood import maximum_likelihood
from .runs import ATTEMPTS, CLEAN, FAILED, counts, in_pairs, sample

if TYPE_CHECKING:
    import pandas as pd

PROBABILITIES = (0.055, 0.945)
"""Ends of the source's central 89% intervals."""
POPULATION = ("a_bar", "b_bar", "rho", "sigma_a", "sigma_b")


def bangladesh(settings: Settings) -> Study:
    """Reproduce the fixed and mixed models of districts 1-3, and those of all districts."""
    women = datasets.load("bangladesh")
    fits = sample(settings, women)
    likelihood = likelihood_table(women)
    return Study(
        "bangladesh",
        {
            "attempts": Table(
                "Districts 1-3: the fixed model and the six attempts of the mixed one",
                sampling_table({name: fits[name] for name in _attempts()}),
            ),
            "remedies": Table(
                "Districts 1-3: each prior in both forms, which have the same posterior",
                sampling_table({run.name: fits[run.name] for run in in_pairs()}),
            ),
            "beside_exact": Table(
                "Districts 1-3, exponential prior: exact moments, and the runs'", beside_exact(fits)
            ),
            "three_districts": Table("Districts 1-3: log odds", _three(fits)),
            "likelihood": Table("All districts: maximum likelihood", likelihood, 4),
            "population": Table("All districts: posterior", _population(fits)),
            "districts": Table("All districts: chances", district_table(fits, women)),
        },
        comparison(fits, likelihood),
        fits,
        _figures(fits, women),
    )


def comparison(fits: Mapping[str, Fit], likelihood: pd.DataFrame) -> pd.DataFrame:
    """Lay the published numbers beside ours; see `published.compare`."""
    return compare(read("bangladesh"), numbers(fits) | likelihood_numbers(likelihood))


def numbers(fits: Mapping[str, Fit]) -> dict[str, Number]:
    """Return every number that is compared with a published one, from the given fits."""
    ours: dict[str, Number] = {}
    for name, fit in fits.items():
        for quantity, draws in _scalars(fit).items():
            ours[f"{name}: {quantity}, mean"] = mean_of(draws)
            ours[f"{name}: {quantity}, sd"] = sd_of(draws)
            for probability in PROBABILITIES:
                end = f"{100 * probability:g}%"
                ours[f"{name}: {quantity}, {end}"] = quantile_of(draws, probability)
        row = sampling_table({name: fit}, var_names=_variables(fit)).iloc[0]
        by_chain = [int(count) for count in row["by_chain"].split(", ")]
        ours |= {
            f"{name}: divergences, fewest of a chain": Number(min(by_chain)),
            f"{name}: divergences, most of a chain": Number(max(by_chain)),
            f"{name}: R-hat, largest": Number(float(row["r_hat"])),
            f"{name}: bulk ESS, least": Number(float(row["ess_bulk"])),
        }
    return ours


def beside_exact(fits: Mapping[str, Fit], prior: str = "exp1") -> pd.DataFrame:
    """Tabulate means and sds of all runs with one prior, and their exact values.

    Parameters
    ----------
    fits : mapping of name to Fit
        Fits under the names of `runs`; those with the prior in their name are tabulated.
    prior : {"exp1", "hn0.5", "hn0.25", "hn0.1"}

    Returns
    -------
    DataFrame
        A row "exact" and one per run; columns for the mean and sd of a_bar, sigma and the
        districts' log odds that have an exact value.
    """
    import pandas as pd

    run = f"noncentered-{prior}-0.99: "
    exact = {
        row.quantity.removeprefix(run): float(row.exact)
        for row in read("bangladesh")
        if row.exact and row.quantity.startswith(run) and row.quantity.endswith((", mean", ", sd"))
    }
    chosen = {name: fit for name, fit in fits.items() if f"-{prior}-" in name}
    ours = numbers(chosen)
    rows = {name: [ours[f"{name}: {quantity}"].value for quantity in exact] for name in chosen}
    table = pd.DataFrame({"exact": list(exact.values()), **rows}, index=list(exact)).T
    return table.rename_axis("fit")


def _variables(fit: Fit) -> list[str]:
    variables = (*POPULATION, "sigma", "a", "z") if "b_bar" not in fit.posterior else POPULATION
    return [name for name in variables if name in fit.posterior]


def _scalars(fit: Fit) -> dict[str, Any]:
    """Return draws of the population parameters, and of three districts' if there are three."""
    scalars: dict[str, Any] = {}
    for name in _variables(fit):
        draws = fit.posterior[name]
        if "code" not in draws.dims:
            scalars[name] = draws.values
        elif draws.sizes["code"] == 3:
            for code in draws["code"].values.tolist():
                scalars[f"{name}[{code}]"] = draws.sel(code=code).values
    return scalars


def likelihood_table(women: pd.DataFrame) -> pd.DataFrame:
    """Fit all districts by maximum likelihood, without and with varying slopes."""
    import pandas as pd

    table = counts(women)
    women_by_residence = table[["rural", "urban"]].to_numpy(dtype=np.float64).T
    users_by_residence = table[["rural_users", "urban_users"]].to_numpy(dtype=np.float64).T
    rows = {}
    for name, cells in (
        (
            "intercepts",
            (
                women_by_residence.sum(axis=0, keepdims=True),
                users_by_residence.sum(axis=0, keepdims=True),
            ),
        ),
        ("slopes", (women_by_residence, users_by_residence)),
    ):
        population, deviance = maximum_likelihood(*cells)
        rows[name] = {p: getattr(population, p) for p in POPULATION} | {"deviance": deviance}
    result = pd.DataFrame(rows).T
    result.loc["intercepts", ["b_bar", "rho", "sigma_b"]] = np.nan
    return result.rename_axis("model")


def likelihood_numbers(table: pd.DataFrame) -> dict[str, Number]:
    """Return the maximum likelihood estimates under the names in ``published/bangladesh.csv``."""
    return {
        f"maximum likelihood, {model}: {name}": Number(float(value))
        for model, row in table.iterrows()
        for name, value in row.dropna().items()
    }


def district_table(fits: Mapping[str, Fit], women: pd.DataFrame) -> pd.DataFrame:
    """Tabulate women, users and posterior mean probabilities of every district."""
    posterior = fits["slopes"].posterior
    chances = {
        "theta": fits["intercepts"].posterior["theta"],
        "theta_rural": posterior["theta_rural"],
        "theta_urban": posterior["theta_urban"],
    }
    means = {name: draws.mean(("chain", "draw")).values for name, draws in chances.items()}
    return counts(women).assign(**means)


def _attempts() -> tuple[str, ...]:
    return ("fixed", *(run.name for run in ATTEMPTS))


def _three(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Summarise the log odds of districts 1-3 under the fixed model and all attempts."""
    import pandas as pd

    tables = {name: fits[name].summary(["a"], quantiles=PROBABILITIES) for name in _attempts()}
    return pd.concat(tables, names=["fit", "quantity"])


def _population(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Summarise the population parameters of the models of all districts."""
    import pandas as pd

    names = {"intercepts": ("a_bar", "sigma"), "slopes": POPULATION}
    tables = {
        name: fits[name].summary(list(variables), quantiles=PROBABILITIES)
        for name, variables in names.items()
    }
    return pd.concat(tables, names=["fit", "quantity"])


def _figures(fits: Mapping[str, Fit], women: pd.DataFrame) -> dict[str, Any]:
    """Return functions that draw the figures, by file name."""
    attempts: dict[str, Any] = {
        f"attempt_{i}": functools.partial(
            figures.attempt, fits[run.name], fits["fixed"], title=run.name
        )
        for i, run in enumerate(ATTEMPTS, start=1)
    }
    table = counts(women)
    return attempts | {
        "pairs": functools.partial(figures.pairs, fits[FAILED], fits[CLEAN]),
        "priors": figures.priors,
        "forests": functools.partial(figures.forests, fits[CLEAN], fits["fixed"]),
        "districts": functools.partial(figures.districts, fits["intercepts"], table),
        "slopes": functools.partial(figures.slopes, fits["slopes"], table),
    }
