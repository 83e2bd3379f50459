"""Moments, quantiles and convergence statistics of many scalars in one pass over their draws.

R-hat, bulk and tail ESS, and the Monte-Carlo errors of mean and sd are those of ArviZ (Vehtari,
Gelman, Simpson, Carpenter & Buerkner 2021, Bayesian Analysis 16:667, doi:10.1214/20-BA1221). Draws
are taken in blocks, so that what is computed on the way (orders, ranks, Fourier transforms) takes
no more memory for many scalars than for few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from .blocks import by_blocks
from .effective_size import effective_sizes, split_chains
from .ranks import Sorted, quantiles, r_hat

PROBABILITIES = (0.05, 0.5, 0.95)
"""Quantiles that are computed. Tail ESS is the smaller one of the first and the last."""
CONVERGENCE = ("r_hat", "ess_bulk", "ess_tail", "mcse_mean", "mcse_sd")
STATISTICS = ("mean", "sd", "q5", "q50", "q95", *CONVERGENCE, "not_finite")
"""Columns of an array of statistics. The last is the number of draws that are not finite."""
SHORTEST = 4
"""Smallest number of draws per chain for which convergence statistics are computed."""


def statistics(variables: Sequence[NDArray[Any]]) -> list[Floats]:
    """Compute the statistics of all scalars of some variables.

    Parameters
    ----------
    variables : sequence of array, (chain, draw, scalar)
        Real numbers or truth values; all have the same chains and draws.

    Returns
    -------
    list of array, (scalar, statistic)
        An array for each variable, with columns `STATISTICS`. Those of `CONVERGENCE` are NaN for
        a scalar that is the same in all draws, for one with draws that are not finite, and for
        all scalars if chains have fewer than `SHORTEST` draws. With one chain, R-hat is NaN. If
        every chain is constant, but at different values, R-hat is infinite.
    """
    return by_blocks(variables, len(STATISTICS), _of_block)


def _of_block(draws: Floats) -> Floats:
    """Return the statistics of draws, (scalar, chain, draw), as an array (scalar, statistic)."""
    scalars, chains, length = draws.shape
    flat = draws.reshape(scalars, -1)
    not_finite = np.count_nonzero(~np.isfinite(flat), axis=1)
    bad = not_finite > 0
    kept = np.where(bad[:, None], 0.0, flat) if bad.any() else flat
    mean = kept.mean(axis=1)
    squares = np.square(kept - mean[:, None])
    sd = np.sqrt(squares.sum(axis=1) / (chains * length - 1))
    if length < SHORTEST:
        ordered = np.sort(kept, axis=1)
        found = np.full((scalars, len(CONVERGENCE)), np.nan)
    else:
        halves = split_chains(kept.reshape(draws.shape))
        sorted_halves = Sorted.of(halves.reshape(scalars, -1))
        ordered = np.sort(kept, axis=1) if length % 2 else sorted_halves.values
        found = np.column_stack(
            [
                *_of_ranks(sorted_halves, halves.shape, chains),
                _tail_size(kept.reshape(draws.shape), ordered),
                sd / np.sqrt(effective_sizes(halves)),
                _error_of_sd(squares, draws.shape),
            ]
        )
        if chains > 1:
            found[_still(kept.reshape(draws.shape)), CONVERGENCE.index("r_hat")] = np.inf
        found[bad | (ordered[:, 0] == ordered[:, -1])] = np.nan
    moments = np.column_stack([mean, sd, quantiles(ordered, PROBABILITIES)])
    if bad.any():
        moments[bad] = _of_any_draws(flat[bad])
    return np.column_stack([moments, found, not_finite])


def _still(draws: Floats) -> NDArray[np.intp]:
    """Return which of the scalars, (scalar, chain, draw), are constant in every chain."""
    scalars: NDArray[np.intp] = np.flatnonzero((draws[:, :, 0] == draws[:, :, 1]).all(axis=1))
    still: NDArray[np.intp] = scalars[(draws[scalars] == draws[scalars, :, :1]).all(axis=(1, 2))]
    return still


def _of_ranks(ordered: Sorted, shape: tuple[int, ...], chains: int) -> tuple[Floats, Floats]:
    """Return R-hat and bulk ESS from the sorted draws of split chains, `shape`."""
    scores = ordered.normal_scores().reshape(shape)
    sizes = effective_sizes(scores)
    if chains < 2:
        return np.full(len(sizes), np.nan), sizes
    folded = ordered.folded().normal_scores().reshape(shape)
    # NaN where the folded draws are all equal, as for two values that are equally frequent
    return np.fmax(r_hat(scores), r_hat(folded)), sizes


def _tail_size(draws: Floats, ordered: Floats) -> Floats:
    """Return the tail ESS of draws, (scalar, chain, draw), which `ordered` has sorted."""
    low, _, high = quantiles(ordered, PROBABILITIES).T
    sizes = [
        effective_sizes(split_chains((draws <= limit[:, None, None]).astype(np.float64)))
        for limit in (low, high)
    ]
    return np.minimum(*sizes)


def _error_of_sd(squares: Floats, shape: tuple[int, ...]) -> Floats:
    """Return the Monte-Carlo standard error of the sd from squared deviations from the mean."""
    sizes = effective_sizes(split_chains(squares.reshape(shape)))
    mean = squares.mean(axis=1)
    variance = (np.square(squares).mean(axis=1) - np.square(mean)) / sizes
    error: Floats = np.sqrt(variance / mean / 4)
    return error


def _of_any_draws(flat: Floats) -> Floats:
    """Return mean, sd and quantiles of draws, (scalar, draw), some of which are not finite."""
    spread = flat.std(axis=1) * np.sqrt(flat.shape[1] / (flat.shape[1] - 1))
    return np.column_stack([flat.mean(axis=1), spread, np.quantile(flat, PROBABILITIES, axis=1).T])
