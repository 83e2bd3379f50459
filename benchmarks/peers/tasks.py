"""The tasks of the benchmark: data, model and priors, in one place for every peer.

Every task has the form ``y ~ x + (1 + x | group)``, with or without x, so that each peer can
write it in a language of its own. Nothing here imports partialpool: the peers' own environment
reads this module too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

DATASETS = Path(__file__).parents[2] / "src" / "partialpool" / "datasets"
SEED_OF_DATA = 20260101
REAL_SEEDS, SIMULATED_SEEDS = (1, 2, 3), (1,)


@dataclass(frozen=True, kw_only=True)
class Priors:
    """The priors of a task, the same for every peer that takes them.

    The intercept's is where x is at its mean, as in brms, rstanarm, bambi and partialpool. Those
    of standard deviations are exponential, by their rate; that of correlations is LKJ. A task
    without x uses none of slopes.
    """

    intercept: tuple[float, float]
    slope: tuple[float, float] = (0.0, 1.0)
    sd_intercept: float = 1.0
    sd_slope: float = 1.0
    sigma: float | None = None
    lkj: float = 2.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """A model and the data that it is fitted to."""

    name: str
    title: str
    family: str
    y: str
    group: str
    x: str | None = None
    trials: str | None = None
    priors: Priors
    data: Callable[[], pd.DataFrame] = field(repr=False, compare=False)
    seeds: tuple[int, ...] = REAL_SEEDS

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Of the population, and of each group."""
        return ("Intercept",) if self.x is None else ("Intercept", self.x)

    @property
    def right(self) -> str:
        """The right-hand side in lme4's syntax, which all but bambi's own syntax share."""
        if self.x is None:
            return f"1 + (1 | {self.group})"
        return f"{self.x} + (1 + {self.x} | {self.group})"


def _csv(name: str, columns: list[str], group: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        frame = pd.read_csv(DATASETS / f"{name}.csv", usecols=columns)[columns]
        return frame.assign(**{group: frame[group].astype(str)})

    return load


def _predictor(rows: int, groups: int) -> tuple[np.random.Generator, pd.DataFrame, np.ndarray]:
    """Groups, a continuous predictor, and eta: correlated intercepts and slopes."""
    rng = np.random.default_rng([SEED_OF_DATA, rows, groups])
    codes = np.repeat(np.arange(groups), rows // groups)
    x = rng.normal(size=len(codes))
    sd, correlation = np.array([0.8, 0.4]), 0.3
    covariance = np.outer(sd, sd) * np.array([[1, correlation], [correlation, 1]])
    effects = rng.multivariate_normal(np.zeros(2), covariance, size=groups)
    eta = 0.5 + effects[codes, 0] + (0.3 + effects[codes, 1]) * x
    return rng, pd.DataFrame({"x": x, "g": codes}), eta


def simulated_gaussian(rows: int, groups: int) -> pd.DataFrame:
    """Residual sd 1, group intercepts sd 0.8, slopes sd 0.4, correlation 0.3."""
    rng, frame, eta = _predictor(rows, groups)
    return frame.assign(y=rng.normal(eta, 1.0))


def simulated_bernoulli(rows: int, groups: int) -> pd.DataFrame:
    """The same linear predictor, on the log odds."""
    rng, frame, eta = _predictor(rows, groups)
    return frame.assign(y=(rng.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(int))


SIMULATED = Priors(intercept=(0, 2), slope=(0, 2), sd_intercept=1, sd_slope=1, sigma=1)


def _gaussian(rows: int, label: str, groups: int | None = None) -> Task:
    groups = groups or rows // 100
    return Task(
        name=f"gaussian-{label}",
        title=f"simulated Gaussian, {rows:,} rows in {groups:,} groups",
        family="gaussian",
        y="y",
        x="x",
        group="g",
        priors=SIMULATED,
        data=lambda: simulated_gaussian(rows, groups),
        seeds=SIMULATED_SEEDS,
    )


TASKS = {
    task.name: task
    for task in (
        Task(
            name="radon",
            title="radon: varying slopes of floor, 85 counties",
            family="gaussian",
            y="log_radon",
            x="floor",
            group="county",
            priors=Priors(intercept=(1, 2), slope=(0, 2), sd_slope=1, sigma=1),
            data=_csv("radon", ["log_radon", "floor", "county"], "county"),
        ),
        Task(
            name="sleepstudy",
            title="sleepstudy: varying slopes of days, 18 subjects",
            family="gaussian",
            y="reaction",
            x="days",
            group="subject",
            priors=Priors(
                intercept=(300, 100),
                slope=(0, 50),
                sd_intercept=1 / 50,
                sd_slope=1 / 20,
                sigma=1 / 50,
            ),
            data=_csv("sleepstudy", ["reaction", "days", "subject"], "subject"),
        ),
        Task(
            name="bangladesh-slopes",
            title="Bangladesh: varying slopes of urban, 60 districts",
            family="bernoulli",
            y="use_contraception",
            x="urban",
            group="district",
            priors=Priors(intercept=(0, 1.5), slope=(0, 1), sd_slope=1),
            data=_csv("bangladesh", ["use_contraception", "urban", "district"], "district"),
        ),
        Task(
            name="bangladesh-intercepts",
            title="Bangladesh: varying intercepts, 60 districts",
            family="bernoulli",
            y="use_contraception",
            group="district",
            priors=Priors(intercept=(0, 1.5)),
            data=_csv("bangladesh", ["use_contraception", "district"], "district"),
        ),
        Task(
            name="baseball",
            title="baseball: 18 players, 45 at-bats each",
            family="binomial",
            y="hits",
            trials="at_bats",
            group="player",
            priors=Priors(intercept=(-1, 1)),
            data=_csv("baseball_1970", ["hits", "at_bats", "player"], "player"),
        ),
        _gaussian(10_000, "1e4"),
        _gaussian(100_000, "1e5"),
        _gaussian(1_000_000, "1e6"),
        _gaussian(1_000_000, "1e6-in-100", groups=100),
        Task(
            name="bernoulli-1e5",
            title="simulated Bernoulli, 100,000 rows in 1,000 groups",
            family="bernoulli",
            y="y",
            x="x",
            group="g",
            priors=Priors(intercept=(0, 2), slope=(0, 2), sd_slope=1),
            data=lambda: simulated_bernoulli(100_000, 1_000),
            seeds=SIMULATED_SEEDS,
        ),
    )
}
