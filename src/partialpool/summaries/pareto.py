"""Pareto k-hat: a diagnostic for means of importance weights.

A generalised Pareto distribution is fitted to the largest weights. Its shape k estimates how many
moments the weights have (those of order below 1 / k): the larger k, the less reliable their mean.
Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25(72):1; the fit follows Zhang & Stephens 2009,
Technometrics 51:316, doi:10.1198/tech.2009.08017. ArviZ has it too, but ArviZ 0.23 and 1.x
have it in different modules.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

SMALLEST_TAIL = 5
PRIOR_DRAWS, PRIOR_K = 10, 0.5
"""k-hat is shrunk towards 1/2, with the weight of 10 draws of the tail (Vehtari et al. 2024)."""


def pareto_k(log_weights: npt.ArrayLike) -> float:
    """Estimate the Pareto shape k of the upper tail of importance weights.

    Parameters
    ----------
    log_weights : array, any shape
        Natural logarithms of the weights, up to a constant; minus infinity is a weight of 0.

    Returns
    -------
    float
        k-hat, to be compared with `pareto_k_threshold`. It is NaN with fewer than 21 weights,
        minus infinity if all weights in the tail are equal, and infinity if fewer than 5 weights
        in the tail are larger than the tail's smallest, or if that smallest weight is 0.
    """
    logs = np.sort(np.asarray(log_weights, dtype=np.float64).ravel())
    size = math.ceil(min(0.2 * len(logs), 3 * math.sqrt(len(logs))))
    if size < SMALLEST_TAIL:
        return math.nan
    largest = logs[-1]
    if not logs[-size - 1] > -math.inf:
        return math.inf
    weights = np.exp(logs[-size - 1 :] - largest)
    if weights[0] == 1.0:
        return -math.inf
    excesses = weights[weights > weights[0]] - weights[0]
    if len(excesses) < SMALLEST_TAIL or excesses[0] <= 0 or weights[0] == 0:
        return math.inf
    n = len(excesses)
    return (n * _shape(excesses) + PRIOR_DRAWS * PRIOR_K) / (n + PRIOR_DRAWS)


def pareto_k_threshold(draws: int) -> float:
    """Return the largest k-hat at which the mean of this many weights is reliable.

    Parameters
    ----------
    draws : int
        Number of weights.

    Returns
    -------
    float
        ``min(1 - 1 / log10(draws), 0.7)``: Vehtari et al. 2024.
    """
    return min(1 - 1 / math.log10(draws), 0.7) if draws > 10 else 0.0


def _shape(excess: NDArray[np.float64]) -> float:
    """Return Zhang and Stephens's estimate of k from excesses over a threshold, sorted.

    It is the shape k at the posterior mean of their parameter theta, computed on a grid.
    """
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
