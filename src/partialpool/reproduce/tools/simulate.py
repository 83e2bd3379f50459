"""Simulated data with known true parameters, for the small examples.

The same seed gives the same data; seed 2017 gives those of the example files in `stan/linear/`.
Held-out observations come from a second stream of random numbers, so that their number does not
change the data of the fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import Floats

SEED = 2017
DIGITS = 4
"""Number of decimals to which data are rounded, as in the example files."""


@dataclass(frozen=True)
class Regression:
    """Data simulated from a straight line with normal noise.

    Attributes
    ----------
    x, y : array, (row,)
        Observations for the fit.
    x_new, y_new : array, (new row,)
        Held-out observations.
    intercept, slope, residual_sd : float
        True parameters.
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
        """Data for `linear/complete_pooling`, without prior constants."""
        return {"N": len(self.y), "K": 1, "X": self.x[:, None], "y": self.y}


@dataclass(frozen=True)
class GroupedMeans:
    """Data simulated for groups that differ in their means only.

    Attributes
    ----------
    group : array of int, (row,)
        Group of each observation, numbered from 1.
    y : array, (row,)
        Observations for the fit.
    group_new, y_new : array, (new row,)
        Held-out observations of the same groups.
    y_other : array, (other row,)
        One held-out observation in each of further groups, simulated in the same way.
    means : array, (group,)
        True means of the groups.
    residual_sd : float
        Residual standard deviation, which the model takes as known.
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
        """Data for `linear/grouped_means_*`, without prior constants."""
        sizes = {"N": len(self.y), "J": len(self.means)}
        return sizes | {"sigma": self.residual_sd, "group": self.group, "y": self.y}

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of observations in each group."""
        return np.bincount(self.group)[1:]

    @property
    def raw_means(self) -> Floats:
        """Average of each group's observations."""
        return np.bincount(self.group, weights=self.y)[1:] / self.sizes


@dataclass(frozen=True)
class IndividualSlopes:
    """Data simulated with one slope per observation.

    Attributes
    ----------
    x, y : array, (row,)
        Observations.
    slopes : array, (row,)
        True slope of each observation.
    noise : float
        True residual standard deviation.
    intercept, slope_mean, slope_sd : float
        True population parameters.
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
        """Data for `linear/individual_slopes_*`, without prior constants."""
        return {"N": len(self.y), "x": self.x, "y": self.y}


def regression(*, points: int = 100, new: int = 100, seed: int = SEED) -> Regression:
    """Simulate y = 2x + normal(0, 1) with x ~ normal(0, 1); `new` observations are held out."""
    rng, held_out_rng = _streams(seed)
    x = rng.normal(size=points).round(DIGITS)
    y = (2 * x + rng.normal(size=points)).round(DIGITS)
    x_new = held_out_rng.normal(size=new)
    return Regression(x, y, x_new, 2 * x_new + held_out_rng.normal(size=new))


def grouped_means(
    *, groups: int = 5, new: int = 20, others: int = 100, seed: int = SEED
) -> GroupedMeans:
    """Simulate groups of 10 to 19 observations, with means ~ uniform(0, 5) and residual sd 1.

    Held out are `new` more observations of every group, and one in each of `others` new groups.
    """
    rng, held_out_rng = _streams(seed)
    sizes, means = rng.integers(10, 20, size=groups), rng.uniform(0, 5, size=groups)
    group = np.repeat(np.arange(groups), sizes)
    y = (means[group] + rng.normal(size=len(group))).round(DIGITS)
    group_new = np.repeat(np.arange(groups), new)
    y_new = means[group_new] + held_out_rng.normal(size=len(group_new))
    y_other = held_out_rng.uniform(0, 5, size=others) + held_out_rng.normal(size=others)
    return GroupedMeans(group + 1, y, group_new + 1, y_new, y_other, means)


def individual_slopes(
    *, points: int = 100, noise: float = 0.0, seed: int = SEED
) -> IndividualSlopes:
    """Simulate y = 2 + b x + noise, with b ~ normal(2, 1) per point and x ~ uniform(0, 10)."""
    rng, noise_rng = _streams(seed)
    x, slopes = rng.uniform(0, 10, size=points).round(DIGITS), rng.normal(2, 1, size=points)
    y = (2 + slopes * x + noise * noise_rng.normal(size=points)).round(DIGITS)
    return IndividualSlopes(x, y, slopes, noise)


def _streams(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """Return random generators for the data of the fit and for further observations."""
    return np.random.default_rng(seed), np.random.default_rng([seed, 1])
