"""What `bangladesh` samples: the data, the programs, their priors, how carefully."""

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
"""Codes of the priors of sigma in `bernoulli/`."""
THREE: dict[str, Any] = {"coords": {"code": [1, 2, 3]}, "dims": {"a": ["code"]}}
"""Labels of the first three districts."""
A_BAR = {"prior_a_bar_location": 0.0, "prior_a_bar_scale": 1.5}
"""Not stated in the source; of N(0, 1) and N(0, 1.5), the latter gives its numbers."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A mixed model of the first three districts.

    Attributes
    ----------
    centered : bool
    family, scale
        Prior of sigma.
    adapt_delta : float
    """

    centered: bool
    family: int
    scale: float
    adapt_delta: float

    @property
    def program(self) -> str:
        """Name of the program."""
        return f"bernoulli/varying_intercept_{'centered' if self.centered else 'noncentered'}"

    @property
    def priors(self) -> dict[str, Any]:
        """Prior constants of the program."""
        return A_BAR | {"prior_sigma_family": self.family, "prior_sigma_scale": self.scale}

    @property
    def name(self) -> str:
        """What tables and files call it: centered-exp1-0.99, noncentered-hn0.5-0.99."""
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
    _run(*each)
    for each in (
        ("centered", EXP_1, 0.8),
        ("centered", EXP_1, 0.9),
        ("centered", EXP_1, 0.99),
        ("centered", HN_025, 0.99),
        ("centered", HN_01, 0.99),
        ("noncentered", HN_05, 0.99),
    )
)
"""The source's, in its order."""
CONTROLS = tuple(
    _run(*each)
    for each in (
        ("centered", HN_05, 0.99),
        ("noncentered", EXP_1, 0.99),
        ("noncentered", HN_025, 0.99),
        ("noncentered", HN_01, 0.99),
        ("noncentered", EXP_1, 0.8),
    )
)
"""Ours, to tell what mended it: with these, every prior is run in both forms at 0.99."""
FAILED, CLEAN = ATTEMPTS[0].name, ATTEMPTS[-1].name


def in_pairs() -> tuple[Run, ...]:
    """All runs at 0.99, in pairs of one prior, the centered first; then the non-centered at 0.8."""
    runs = [run for run in (*ATTEMPTS, *CONTROLS) if run.adapt_delta == 0.99]
    runs.sort(key=lambda run: (-run.scale, not run.centered))
    return (*runs, *(run for run in CONTROLS if run.adapt_delta != 0.99))


def three_districts(women: pd.DataFrame) -> dict[str, Any]:
    """Outcome and district of the women of districts 1-3, as the programs take them."""
    first = women[women["district"] <= 3]
    return {
        "N": len(first),
        "J": 3,
        "y": first["use_contraception"].to_numpy(),
        "district": first["district"].to_numpy(),
    }


def all_districts(women: pd.DataFrame) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """Outcome and district of all women, districts numbered without a gap; and their codes."""
    codes, district = np.unique(women["district"].to_numpy(), return_inverse=True)
    data = {
        "N": len(women),
        "J": len(codes),
        "y": women["use_contraception"].to_numpy(),
        "district": district + 1,
    }
    return data, codes


def counts(women: pd.DataFrame) -> pd.DataFrame:
    """Count women and users by district, in the country and in towns.

    Returns
    -------
    DataFrame
        Columns rural, urban (women), rural_users, urban_users; indexed by district.
    """
    grouped = women.groupby(["district", "urban"])["use_contraception"]
    of = grouped.size().unstack("urban", fill_value=0)
    users = grouped.sum().unstack("urban", fill_value=0)
    return of.set_axis(["rural", "urban"], axis=1).join(
        users.set_axis(["rural_users", "urban_users"], axis=1)
    )


def sample(settings: Settings, women: pd.DataFrame) -> dict[str, Fit]:
    """Sample everything: fixed, the runs by their names, intercepts, slopes."""
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
        Instead of the source's.
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
