"""The fits of `bangladesh`: data, programs, priors and options of the sampler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import programs
from ...sampling.fit import Fit
from ..tools.study import Settings

if TYPE_CHECKING:
    import pandas as pd

EXPONENTIAL, HALF_NORMAL = 4, 1
"""Codes of the prior families of sigma in the programs `bernoulli/`."""
THREE: dict[str, Any] = {"coords": {"code": [1, 2, 3]}, "dims": {"a": ["code"]}}
"""Labels of the first three districts."""
A_BAR = {"prior_a_bar_location": 0.0, "prior_a_bar_scale": 1.5}
"""The source does not state this prior; N(0, 1.5) gives its numbers, and N(0, 1) does not."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """The settings of one fit of the mixed model of the first three districts.

    Attributes
    ----------
    centered : bool
        Whether the parameterisation is centered.
    family : int
        Code of the prior family of sigma.
    scale : float
        Scale of the prior of sigma: 1 / rate if exponential, sd if half-normal.
    adapt_delta : float
        Target acceptance probability.
    """

    centered: bool
    family: int
    scale: float
    adapt_delta: float

    @property
    def program(self) -> str:
        """Name of the program in the catalogue."""
        return f"bernoulli/varying_intercept_{'centered' if self.centered else 'noncentered'}"

    @property
    def priors(self) -> dict[str, Any]:
        """Prior constants of the program."""
        return A_BAR | {"prior_sigma_family": self.family, "prior_sigma_scale": self.scale}

    @property
    def name(self) -> str:
        """Name of the fit in tables and files, such as centered-exp1-0.99."""
        prior = f"{'exp' if self.family == EXPONENTIAL else 'hn'}{self.scale:g}"
        form = "centered" if self.centered else "noncentered"
        return f"{form}-{prior}-{self.adapt_delta:g}"


def _run(form: str, prior: tuple[int, float], adapt_delta: float) -> Run:
    family, scale = prior
    return Run(centered=form == "centered", family=family, scale=scale, adapt_delta=adapt_delta)


EXP_1, HN_05, HN_025, HN_01 = (
    (EXPONENTIAL, 1.0),
    (HALF_NORMAL, 0.5),
    (HALF_NORMAL, 0.25),
    (HALF_NORMAL, 0.1),
)
ATTEMPTS = tuple(
    _run(*run)
    for run in (
        ("centered", EXP_1, 0.8),
        ("centered", EXP_1, 0.9),
        ("centered", EXP_1, 0.99),
        ("centered", HN_025, 0.99),
        ("centered", HN_01, 0.99),
        ("noncentered", HN_05, 0.99),
    )
)
"""The fits of the source, in its order."""
CONTROLS = tuple(
    _run(*run)
    for run in (
        ("centered", HN_05, 0.99),
        ("noncentered", EXP_1, 0.99),
        ("noncentered", HN_025, 0.99),
        ("noncentered", HN_01, 0.99),
        ("noncentered", EXP_1, 0.8),
    )
)
"""Our further fits, with which every prior is run in both forms at adapt_delta 0.99.

They show whether the prior or the parameterisation removes the divergences.
"""
FAILED, CLEAN = ATTEMPTS[0].name, ATTEMPTS[-1].name


def in_pairs() -> tuple[Run, ...]:
    """Return the runs at adapt_delta 0.99 in pairs with one prior, centered first.

    The non-centered run at 0.8 is the last.
    """
    runs = [run for run in (*ATTEMPTS, *CONTROLS) if run.adapt_delta == 0.99]
    runs.sort(key=lambda run: (-run.scale, not run.centered))
    return (*runs, *(run for run in CONTROLS if run.adapt_delta != 0.99))


def three_districts(women: pd.DataFrame) -> dict[str, Any]:
    """Return the data of the women of districts 1-3 for the programs `bernoulli/`."""
    first = women[women["district"] <= 3]
    return {
        "N": len(first),
        "J": 3,
        "y": first["use_contraception"].to_numpy(),
        "district": first["district"].to_numpy(),
    }


def all_districts(women: pd.DataFrame) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """Return the data of all women for the programs `bernoulli/`, and the districts' codes.

    In the data districts are numbered 1, 2, ..., without the gap that the codes have.
    """
    codes, district = np.unique(women["district"].to_numpy(), return_inverse=True)
    data = {
        "N": len(women),
        "J": len(codes),
        "y": women["use_contraception"].to_numpy(),
        "district": district + 1,
    }
    return data, codes


def counts(women: pd.DataFrame) -> pd.DataFrame:
    """Count women and users by district, rural and urban.

    Returns
    -------
    DataFrame
        Columns rural, urban (women), rural_users, urban_users; indexed by district.
    """
    grouped = women.groupby(["district", "urban"])["use_contraception"]
    sizes = grouped.size().unstack("urban", fill_value=0)
    users = grouped.sum().unstack("urban", fill_value=0)
    return sizes.set_axis(["rural", "urban"], axis=1).join(
        users.set_axis(["rural_users", "urban_users"], axis=1)
    )


def sample(settings: Settings, women: pd.DataFrame) -> dict[str, Fit]:
    """Return all fits by name: fixed, those of the runs, intercepts and slopes."""
    three = three_districts(women)
    fixed = programs.get("bernoulli/fixed_effects")
    priors = {"prior_a_location": 0.0, "prior_a_scale": 1.5}
    fits = {"fixed": settings.sample("fixed", fixed, three | priors, **THREE)}
    for run in (*ATTEMPTS, *CONTROLS):
        fits[run.name] = sample_run(settings, run, three)
    everyone, codes = all_districts(women)
    labels = {"coords": {"code": codes}, "dims": {"a": ["code"]}}
    intercepts = programs.get("bernoulli/varying_intercept_noncentered")
    priors = A_BAR | {"prior_sigma_family": EXPONENTIAL, "prior_sigma_scale": 1.0}
    fits["intercepts"] = settings.sample("intercepts", intercepts, everyone | priors, **labels)
    fits["slopes"] = sample_slopes(settings, women)
    return fits


def sample_run(settings: Settings, run: Run, three: dict[str, Any]) -> Fit:
    """Sample a mixed model of the first three districts."""
    return settings.sample(
        run.name,
        programs.get(run.program),
        three | run.priors,
        adapt_delta=run.adapt_delta,
        **THREE,
    )


def divergences_by_seed(
    runs: Sequence[Run], women: pd.DataFrame, *, seeds: Sequence[int], engine: str = "auto"
) -> pd.DataFrame:
    """Count the divergences of runs under several seeds.

    Returns
    -------
    DataFrame
        A row per run, a column per seed.
    """
    import pandas as pd

    three = three_districts(women)
    counted = {
        seed: [
            int(
                sample_run(Settings(engine=engine, seed=seed), run, three)
                .sample_stats["diverging"]
                .sum()
            )
            for run in runs
        ]
        for seed in seeds
    }
    return pd.DataFrame(
        counted, index=pd.Index([run.name for run in runs], name="fit")
    ).rename_axis("seed", axis=1)


def sample_slopes(settings: Settings, women: pd.DataFrame, **priors: float) -> Fit:
    """Sample varying intercepts and slopes of all districts, under the source's priors.

    Parameters
    ----------
    settings : Settings
    women : DataFrame
    **priors
        Prior constants that replace those of the source.
    """
    everyone, codes = all_districts(women)
    published = {
        "prior_a_bar_location": 0.0,
        "prior_a_bar_scale": 1.0,
        "prior_b_bar_location": 0.0,
        "prior_b_bar_scale": 0.5,
        "prior_sigma_a_family": EXPONENTIAL,
        "prior_sigma_a_scale": 1.0,
        "prior_sigma_b_family": EXPONENTIAL,
        "prior_sigma_b_scale": 1.0,
        "prior_eta": 2.0,
    }
    return settings.sample(
        "slopes",
        programs.get("bernoulli/varying_intercept_slope_noncentered"),
        everyone | {"urban": women["urban"].to_numpy()} | published | priors,
        coords={"code": codes},
        dims={"a": ["code"]},
    )
