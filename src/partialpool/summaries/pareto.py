"""Pareto k-hat: whether a mean of weights can be trusted at this number of draws.

The largest weights are taken for a generalised Pareto tail, whose shape k says how many moments
the weights have as far as these draws can tell. Vehtari, Simpson, Gelman, Yao & Gabry 2024,
JMLR 25(72):1; the tail is fitted as in Zhang & Stephens 2009, Technometrics 51:316,
doi:10.1198/tech.2009.08017. Ours, because the two lines of ArviZ have it in different places.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

SMALLEST_TAIL = 5
PRIOR_DRAWS, PRIOR_K = 10, 0.5
"""k-hat is shrunk towards 1/2 as if 10 more draws of the tail had said so (Vehtari et al. 2024)."""


def pareto_k(log_weights: npt.ArrayLike) -> float:
    """Fit the shape of the upper tail of weights.

    Parameters
    ----------
    log_weights : array, any shape
        Natural logarithms of weights, up to a constant; minus infinity is a weight of 0.

    Returns
    -------
    float
        Compare it with `pareto_k_threshold`. NaN with fewer than 21 weights; minus infinity
        where the largest fifth of them are all equal; infinity where fewer than 5 weights
        stand out from ties, or weights are 0 far into the tail.
    """
    logs = np.sort(np.asarray(log_weights, dtype=np.float64).ravel())
    size = math.ceil(min(0.2 * len(logs), 3 * math.sqrt(len(logs))))
    if size < SMALLEST_TAIL:
        return math.nan
    top = logs[-1]
    if not logs[-size - 1] > -math.inf:
        return math.inf
    weights = np.exp(logs[-size - 1 :] - top)
    if weights[0] == 1.0:
        return -math.inf
    above = weights[weights > weights[0]] - weights[0]
    if len(above) < SMALLEST_TAIL or above[0] <= 0 or weights[0] == 0:
        return math.inf
    n = len(above)
    return (n * _shape(above) + PRIOR_DRAWS * PRIOR_K) / (n + PRIOR_DRAWS)


def pareto_k_threshold(draws: int) -> float:
    """Largest k-hat at which a mean of this many weights can be trusted.

    Returns
    -------
    float
        ``min(1 - 1 / log10(draws), 0.7)``: Vehtari et al. 2024.
    """
    return min(1 - 1 / math.log10(draws), 0.7) if draws > 10 else 0.0


def _shape(excess: NDArray[np.float64]) -> float:
    """Posterior mean of Zhang & Stephens: theta over a grid, then k given theta."""
    n = len(excess)
    grid = 30 + math.isqrt(n)
    quartile = excess[int(n / 4 + 0.5) - 1]
    steps = np.arange(1, grid + 1) - 0.5
    theta = 1 / excess[-1] + (1 - np.sqrt(grid / steps)) / (3 * quartile)
    k = np.log1p(-theta[:, None] * excess).mean(axis=1)
    profile = n * (np.log(-theta / k) - k - 1)
    weight = np.exp(profile - profile.max())
    mean = float(np.sum(theta * weight) / weight.sum())
    return float(np.log1p(-mean * excess).mean())
