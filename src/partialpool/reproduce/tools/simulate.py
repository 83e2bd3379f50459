"""Data simulated with a known truth, for the small examples.

The same seed gives the same data: those of the example files in `stan/linear/`, with the seed
2017. What is held out for prediction comes from a second stream, so that it changes nothing of
what is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import Floats

SEED = 2017
DIGITS = 4
"""To which data are rounded, as in the example files."""


@dataclass(frozen=True)
class Regression:
    """A straight line with noise.

    Attributes
    ----------
    x, y : array, (row,)
    x_new, y_new : array, (new row,)
        Held out.
    intercept, slope, residual_sd : float
        The truth.
    """

    x: Floats
    y: Floats
    x_new: Floats
    y_new: Floats
    intercept: float = 0.0
    slope: float = 2.0
    residual_sd: float = 1.0

    @property
    def data(self) -> dict[str, Any]:
        """What `linear/complete_pooling` reads, without prior constants."""
        return {"N": len(self.y), "K": 1, "X": self.x[:, None], "y": self.y}


@dataclass(frozen=True)
class GroupedMeans:
    """Groups that differ in their means only.

    Attributes
    ----------
    group : array of int, (row,)
        From 1.
    y : array, (row,)
    group_new, y_new : array, (new row,)
        Held out, of the same groups.
    y_other : array, (other row,)
        One observation each of other groups, made in the same way.
    means : array, (group,)
        The truth.
    residual_sd : float
        Known to whoever fits.
    """

    group: NDArray[np.int64]
    y: Floats
    group_new: NDArray[np.int64]
    y_new: Floats
    y_other: Floats
    means: Floats
    residual_sd: float = 1.0

    @property
    def data(self) -> dict[str, Any]:
        """What `linear/grouped_means_*` read, without prior constants."""
        known = {"N": len(self.y), "J": len(self.means), "sigma": self.residual_sd}
        return known | {"group": self.group, "y": self.y}

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Observations in each group."""
        return np.bincount(self.group)[1:]

    @property
    def raw_means(self) -> Floats:
        """Average of each group's observations."""
        return np.bincount(self.group, weights=self.y)[1:] / self.sizes


@dataclass(frozen=True)
class IndividualSlopes:
    """A slope per observation.

    Attributes
    ----------
    x, y : array, (row,)
    slopes : array, (row,)
        The truth, as are the others.
    noise : float
        Residual standard deviation.
    intercept, slope_mean, slope_sd : float
    """

    x: Floats
    y: Floats
    slopes: Floats
    noise: float
    intercept: float = 2.0
    slope_mean: float = 2.0
    slope_sd: float = 1.0

    @property
    def data(self) -> dict[str, Any]:
        """What `linear/individual_slopes_*` read, without prior constants."""
        return {"N": len(self.y), "x": self.x, "y": self.y}


def regression(*, points: int = 100, new: int = 100, seed: int = SEED) -> Regression:
    """Simulate y = 2x + normal(0, 1), x ~ normal(0, 1)."""
    rng, later = _streams(seed)
    x = rng.normal(size=points).round(DIGITS)
    y = (2 * x + rng.normal(size=points)).round(DIGITS)
    x_new = later.normal(size=new)
    return Regression(x, y, x_new, 2 * x_new + later.normal(size=new))


def grouped_means(
    *, groups: int = 5, new: int = 20, others: int = 100, seed: int = SEED
) -> GroupedMeans:
    """Simulate groups of 10 to 19 observations, means ~ uniform(0, 5), residual sd 1.

    `new` more observations of every group are held out, and one each of `others` groups.
    """
    rng, later = _streams(seed)
    sizes, means = rng.integers(10, 20, size=groups), rng.uniform(0, 5, size=groups)
    group = np.repeat(np.arange(groups), sizes)
    y = (means[group] + rng.normal(size=len(group))).round(DIGITS)
    group_new = np.repeat(np.arange(groups), new)
    y_new = means[group_new] + later.normal(size=len(group_new))
    y_other = later.uniform(0, 5, size=others) + later.normal(size=others)
    return GroupedMeans(group + 1, y, group_new + 1, y_new, y_other, means)


def individual_slopes(
    *, points: int = 100, noise: float = 0.0, seed: int = SEED
) -> IndividualSlopes:
    """Simulate y = 2 + b x + noise, b ~ normal(2, 1) anew for each point, x ~ uniform(0, 10)."""
    rng, later = _streams(seed)
    x, slopes = rng.uniform(0, 10, size=points).round(DIGITS), rng.normal(2, 1, size=points)
    y = (2 + slopes * x + noise * later.normal(size=points)).round(DIGITS)
    return IndividualSlopes(x, y, slopes, noise)


def _streams(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """Of what is fitted, and of what comes on top."""
    return np.random.default_rng(seed), np.random.default_rng([seed, 1])
