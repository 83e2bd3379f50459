"""Rank-normalised draws and R-hat, for many quantities at once.

Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis 16:667,
doi:10.1214/20-BA1221, sections 4.1 and 4.2: draws are replaced by normal scores of their ranks
(equal draws by the score of their average rank), and draws folded about the median likewise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats

OFFSET = 3 / 8
"""Blom's offset of ranks (Blom 1958, Statistical Estimates and Transformed Beta-Variables)."""


@dataclass(frozen=True)
class Sorted:
    """Draws of many quantities in ascending order.

    Attributes
    ----------
    order : array, (quantity, draw)
        Where each of the sorted draws was.
    values : array, (quantity, draw)
        The sorted draws.
    """

    order: NDArray[np.intp]
    values: Floats

    @classmethod
    def of(cls, draws: Floats) -> Sorted:
        """Sort draws, (quantity, draw)."""
        order = np.argsort(draws, axis=1)
        return cls(order, np.take_along_axis(draws, order, axis=1))

    def folded(self) -> Sorted:
        """Return the distances of the draws from their median, sorted.

        Those of sorted draws are two sorted runs, which a stable sort merges.
        """
        middle = self.values.shape[1] // 2
        # not `quantiles`, whose rounding would tell the two draws next to the median apart
        medians = (self.values[:, -middle - 1] + self.values[:, middle]) / 2
        distances = np.abs(self.values - medians[:, None])
        order = np.argsort(distances, axis=1, kind="stable")
        return Sorted(
            np.take_along_axis(self.order, order, axis=1),
            np.take_along_axis(distances, order, axis=1),
        )

    def normal_scores(self) -> Floats:
        """Return the normal scores of the draws' ranks in the draws' first order.

        Returns
        -------
        array, (quantity, draw)
            Equal draws have the score of the average of their ranks.
        """
        from scipy.special import ndtri

        quantities, draws = self.values.shape
        halves = np.arange(2, 2 * draws + 1) / 2  # ranks of all draws, and averages of two ranks
        table = ndtri((halves - OFFSET) / (draws - 2 * OFFSET + 1))
        in_order = np.tile(table[::2], (quantities, 1))
        tied, doubled = _doubled_ranks_of_ties(self.values)
        in_order.reshape(-1)[tied] = table[doubled - 2]
        scores = np.empty((quantities, draws))
        scores.reshape(-1)[self.order + draws * np.arange(quantities)[:, None]] = in_order
        return scores


def _doubled_ranks_of_ties(ordered: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return twice the average ranks of those sorted draws, (quantity, draw), that have equals.

    Returns
    -------
    places, doubled_ranks : array, (tied draw,)
        Where the tied draws are in the flattened array, and twice their ranks.
    """
    equal = np.zeros(ordered.shape, dtype=bool)  # to the draw before it
    np.equal(ordered[:, 1:], ordered[:, :-1], out=equal[:, 1:])
    later = np.flatnonzero(equal)
    begins = np.flatnonzero(np.diff(later, prepend=-1) != 1)
    first = later[begins] - 1
    further = np.diff(begins, append=len(later))
    doubled = 2 * (first % ordered.shape[1]) + further + 2
    return np.concatenate([first, later]), np.concatenate([doubled, np.repeat(doubled, further)])


def quantiles(ordered: Floats, probabilities: tuple[float, ...]) -> Floats:
    """Return quantiles of sorted draws, interpolated linearly as by `numpy.quantile`.

    Parameters
    ----------
    ordered : array, (quantity, draw)
        Sorted draws, without NaN.
    probabilities : tuple of float

    Returns
    -------
    array, (quantity, probability)
    """
    place = np.asarray(probabilities) * (ordered.shape[1] - 1)
    below = np.floor(place).astype(np.intp)
    share = place - below
    low, high = ordered[:, below], ordered[:, np.minimum(below + 1, ordered.shape[1] - 1)]
    step = high - low
    found: Floats = np.where(share < 0.5, low + step * share, high - step * (1 - share))
    return found


def r_hat(chains: Floats) -> Floats:
    """Compute the potential scale reduction factor of every quantity.

    Parameters
    ----------
    chains : array, (quantity, chain, draw)

    Returns
    -------
    array, (quantity,)
        NaN where all draws are equal.
    """
    draws = chains.shape[2]
    means = chains.mean(axis=2, keepdims=True)
    within = np.square(chains - means).sum(axis=2).mean(axis=1) / (draws - 1)
    between = draws * means[:, :, 0].var(axis=1, ddof=1)
    ratio: Floats = np.sqrt((between / within + draws - 1) / draws)
    return ratio
