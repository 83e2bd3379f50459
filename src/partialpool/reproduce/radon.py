"""Radon in Minnesota: Gelman and Hill's poolings, and Wiecki's funnel.

Two responses circulate, and each fit names the one it uses (`radon_models`): Gelman & Hill 2007
(Data Analysis Using Regression and Multilevel/Hierarchical Models, chapters 12 and 13) take the
log of the activity, the three zeros as 0.1; Wiecki 2017 ("Why hierarchical models are awesome,
tricky, and Bayesian") the log of the activity plus 0.1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import datasets, plots
from ..fit import Fit
from . import radon_folds, radon_modes
from .efficiency import efficiency
from .published import Number, compare, mean_of, read
from .radon_models import (
    CHOSEN,
    FUNNEL,
    GELMAN_HILL,
    MODELS,
    WIECKI,
    Model,
    county_sizes,
    given,
    reduced,
)
from .reml import Reml, exact_posterior, reml
from .study import Settings, Study, Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = [
    "CHOSEN",
    "FUNNEL",
    "GELMAN_HILL",
    "MODELS",
    "PUBLISHED_MODE",
    "WIECKI",
    "Model",
    "county_sizes",
    "estimates",
    "exact_spread",
    "given",
    "numbers",
    "parameterisations",
    "radon",
    "reml_table",
]

REMLS: Mapping[str, tuple[str, str, bool]] = {
    "no predictor": (GELMAN_HILL, "1", False),
    "floor": (GELMAN_HILL, "1 floor", False),
    "floor, uranium": (GELMAN_HILL, "1 floor log_uranium", False),
    "floor, slopes vary": (GELMAN_HILL, "1 floor", True),
    "floor, other response": (WIECKI, "1 floor", False),
}
COEFFICIENTS = {"1": "mu_a", "floor": "b", "log_uranium": "g"}
SHOWN = {"complete": "a b sigma", "none": "b sigma", "partial": "mu_a b sigma_a sigma"}
SHOWN |= {"uranium": "mu_a b g sigma_a sigma"}
SHOWN |= {"correlated": "mu_a mu_b sigma_a sigma_b rho sigma"}
SLOPES = "mu_a mu_b sigma_a sigma_b sigma"
SHOWN |= dict.fromkeys(("centered", "noncentered", "marginal"), SLOPES)
SIDE_BY_SIDE = ("centered", "noncentered", "marginal", "marginal_lkj")
PUBLISHED_MODE = next(
    float(row.published) for row in read("radon") if row.quantity == "joint mode: slopes"
)
"""Where Wiecki's optimizer put the slopes of all counties."""


def radon(settings: Settings) -> Study:
    """Reproduce both arguments: fit, compare with what was published, and draw.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    Study
    """
    fits = {
        name: settings.sample(name, model.program, **model.given) for name, model in MODELS.items()
    }
    modes = radon_modes.modes(engine=settings.engine, forms=("centered", "noncentered", "marginal"))
    folds = radon_folds.cross_validate(engine=settings.engine, seed=settings.seed)
    ours = numbers(fits, modes=modes, folds=folds)
    tables = {
        "reml": Table("Restricted maximum likelihood, recomputed", reml_table()),
        "estimates": Table("Posterior means", estimates(fits)),
        "modes": Table("Posterior modes of Wiecki's model, from three starts", modes, 4),
        "folds": Table("Root mean squared error of ten-fold cross-validation", folds, 4),
        "efficiency": Table("Bulk ESS per second", parameterisations(fits).reset_index(), 1),
    }
    return Study(
        "radon",
        {name: _named_index(table) for name, table in tables.items()},
        compare(read("radon"), ours),
        fits,
        _figures(fits, settings.engine),
    )


def _named_index(table: Table) -> Table:
    """Put the levels of an index into columns, but the first."""
    frame = table.frame
    if frame.index.nlevels > 1:
        frame = frame.reset_index(level=list(range(1, frame.index.nlevels)))
    elif frame.index.name is None:
        frame = frame.set_index(frame.columns[0])
    return Table(table.heading, frame, table.decimals)


@functools.cache
def _reml() -> dict[str, Reml]:
    return {
        name: reml(reduced(response, fixed=fixed, slopes=slopes), correlated=slopes)
        for name, (response, fixed, slopes) in REMLS.items()
    }


def reml_table() -> pd.DataFrame:
    """Recompute the published REML estimates.

    Returns
    -------
    DataFrame
        A row per model of `REMLS`; a column per coefficient and its standard error, sigma_a,
        sigma_b, rho and sigma; NaN where a model has no such thing.
    """
    import pandas as pd

    rows: dict[str, dict[str, float]] = {}
    for name, found in _reml().items():
        row: dict[str, float] = {}
        terms = REMLS[name][1].split()
        for term, value, error in zip(
            terms, found.coefficients, found.standard_errors, strict=True
        ):
            row |= {COEFFICIENTS[term]: value, f"se({COEFFICIENTS[term]})": error}
        row |= dict(zip(("sigma_a", "sigma_b"), found.scale, strict=False))
        if len(found.scale) == 2:
            row["rho"] = found.rho
        rows[name] = row | {"sigma": found.sigma}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")
    order = [k for c in ("mu_a", "b", "g") for k in (c, f"se({c})")]
    return table[[*order, "sigma_a", "sigma_b", "rho", "sigma"]]


def estimates(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Tabulate posterior means, a row per fit.

    Parameters
    ----------
    fits : mapping of key of `MODELS` to Fit

    Returns
    -------
    DataFrame
        Columns response, then the parameters; NaN where a model has no such parameter.
    """
    import pandas as pd

    rows = {
        name: {"response": MODELS[name].response}
        | {k: float(_draws(fit, k).mean()) for k in SHOWN[name].split()}
        for name, fit in fits.items()
        if name in SHOWN
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("fit")


def _draws(fit: Fit, name: str) -> Any:
    values = fit.posterior[name].values
    return values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values


def parameterisations(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Tabulate ESS per second of the four programs on Wiecki's response."""
    side_by_side = {name: fits[name] for name in SIDE_BY_SIDE}
    return efficiency(side_by_side, SLOPES.split())


@functools.cache
def exact_spread() -> tuple[Any, Any]:
    """Values of sigma_b and its exact posterior density in Wiecki's model, by quadrature."""
    data = reduced(WIECKI, fixed="1 floor", slopes=True)
    scale = [(0.03, 1.2, 26), (2e-3, 2.0, 70)]
    exact = exact_posterior(data, scale=scale, sigma=(0.65, 0.86, 12))
    return exact.nodes[1], exact.density[1]


def numbers(
    fits: Mapping[str, Fit],
    *,
    modes: pd.DataFrame | None = None,
    folds: pd.DataFrame | None = None,
) -> dict[str, Number]:
    """Name our numbers as ``published/radon.csv`` does.

    Parameters
    ----------
    fits : mapping of key of `MODELS` to Fit
    modes : DataFrame, optional
        What `radon_modes.modes` returns.
    folds : DataFrame, optional
        What `radon_folds.cross_validate` returns.
    """
    ours = {
        f"REML, {model}: {name}": Number(float(value))
        for model, row in reml_table().iterrows()
        for name, value in row.items()
        if not np.isnan(value)
    }
    for name, fit in fits.items():
        for quantity in SHOWN.get(name, "").split():
            ours[f"{name}: {quantity}"] = mean_of(_draws(fit, quantity))
    if modes is not None:
        found = modes.loc["centered"].dropna(subset="sigma_b")
        found = found[found["sigma_b"] == found["sigma_b"].min()]
        for quantity, column in (("sigma_b", "sigma_b"), ("slopes", "largest_slope")):
            value = float(found[column].iloc[0]) if len(found) else np.nan
            ours[f"joint mode: {quantity}"] = Number(value)
    if folds is not None:
        errors = folds["rmse"].groupby("pooling")
        for pooling, mean in errors.mean().items():
            ours[f"RMSE: {pooling}"] = Number(float(mean), float(errors.std()[pooling]))
    return ours


def _figures(fits: Mapping[str, Fit], engine: str) -> dict[str, Callable[[], Axes]]:
    posterior = {name: fit.posterior for name, fit in fits.items()}
    chosen = {"county": list(CHOSEN)}
    here = {"county": FUNNEL}
    unit = "log pCi/L"

    def ladder() -> Axes:
        none, partial = (posterior[k]["a"].mean(["chain", "draw"]) for k in ("none", "partial"))
        low, high = posterior["partial"]["a"].quantile([0.05, 0.95], dim=["chain", "draw"]).values
        return plots.pooling_ladder(
            list(county_sizes().values()),
            none=none,
            partial=partial,
            complete=float(posterior["complete"]["a"].mean()),
            labels=list(county_sizes()),
            interval=(low, high),
            named=CHOSEN,
            xlabel="houses measured in the county",
            ylabel=f"intercept: basement level ({unit})",
        )

    def lines() -> Axes:
        houses = datasets.load("radon")
        panels = plots.regression_lines(
            houses["floor"],
            houses[GELMAN_HILL],
            houses["county"],
            intercept=posterior["partial"]["a"],
            slope=posterior["partial"]["b"],
            groups=CHOSEN,
            complete=tuple(float(posterior["complete"][k].mean()) for k in "ab"),
            xlabel="floor (0 basement, 1 first floor)",
            ylabel=f"log radon ({unit})",
        )
        first: Axes = panels[0]
        return first

    def uranium() -> Axes:
        of = posterior["uranium"]
        return plots.group_predictor(
            MODELS["uranium"].given["data"]["u"],
            of["a"],
            intercept=of["mu_a"],
            slope=of["g"],
            named=CHOSEN,
            xlabel="log uranium in the county's soil (log ppm)",
            ylabel=f"intercept: basement level ({unit})",
        )

    def trace() -> Axes:
        diverging = fits["centered"].sample_stats["diverging"]
        return plots.trace(posterior["centered"]["sigma_b"], divergent=diverging, log=True)

    def funnel(form: str, effect: str) -> Callable[[], Axes]:
        of = posterior[form]
        return lambda: plots.funnel(
            of[effect].sel(here), of["sigma_b"], divergent=fits[form].sample_stats["diverging"]
        )

    def spread() -> Axes:
        return plots.marginals(
            {name: posterior[name]["sigma_b"] for name in SIDE_BY_SIDE[:3]},
            limits=(0, 1),
            exact=exact_spread(),
            xlabel=f"sigma_b ({unit} per floor)",
        )

    def collapse() -> Axes:
        path, curves = radon_modes.collapse(fits["marginal"], engine=engine)
        mean = float(posterior["marginal"]["sigma_b"].mean())
        return plots.density_path(
            path, curves, reference=mean, limits=(-25, 75), xlabel=f"sigma_b ({unit} per floor)"
        )

    def slopes() -> Axes:
        shown = {"county": [*CHOSEN, FUNNEL]}
        return plots.forest(
            {"posterior": posterior["marginal"]["b"].sel(shown)},
            sort="estimate",
            reference=PUBLISHED_MODE,
            xlabel=f"slope ({unit} per floor); line: the mode that was published",
        )

    def speed() -> Axes:
        rate = parameterisations(fits)["ess_per_second"]
        return plots.ess_bars(
            {name: rate[name] for name in SIDE_BY_SIDE},
            enough=None,
            xlabel="effective draws per second",
        )

    return {
        "lines": lines,
        "ladder": ladder,
        "uranium": uranium,
        "trace": trace,
        "funnel_centered": funnel("centered", "b"),
        "funnel_noncentered": funnel("noncentered", "b"),
        "offsets": funnel("noncentered", "z_b"),
        "spread": spread,
        "collapse": collapse,
        "slopes": slopes,
        "speed": speed,
    }
