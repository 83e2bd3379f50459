"""Split chains and their effective sample sizes, for many quantities at once.

Geyer's initial monotone sequence of autocorrelations over all chains: Vehtari, Gelman, Simpson,
Carpenter & Buerkner 2021, Bayesian Analysis 16:667, doi:10.1214/20-BA1221, section 3. The results
are those of ArviZ, which computes them for one quantity after another.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats

SMALLEST_RANGE = 1e-15
"""Draws that differ by less are constant for ArviZ, whatever their scale."""


def split_chains(draws: Floats) -> Floats:
    """Split each chain into its first and last half; a draw in the middle is left out.

    Parameters
    ----------
    draws : array, (quantity, chain, draw)

    Returns
    -------
    array, (quantity, 2 chain, draw // 2)
        A view, if the number of draws is even and `draws` is contiguous.
    """
    quantities, chains, length = draws.shape
    half = length // 2
    if length % 2:
        draws = np.concatenate([draws[..., :half], draws[..., -half:]], axis=2)
    return draws.reshape(quantities, 2 * chains, half)


def effective_sizes(chains: Floats) -> Floats:
    """Compute the effective sample size of the mean of every quantity.

    Parameters
    ----------
    chains : array, (quantity, chain, draw)
        Draws without NaN, of at least 2 chains (halves of one chain count as two) and 2 draws.

    Returns
    -------
    array, (quantity,)
        At most N log10(N) for N draws in all; N for a quantity that is constant. NaN if the
        variance overflows.
    """
    _, count, length = chains.shape
    total = count * length
    means = chains.mean(axis=2)
    autocovariance = _mean_autocovariance(chains - means[:, :, None])
    within = autocovariance[:, 0] * (length / (length - 1))
    variance = autocovariance[:, 0] + means.var(axis=1, ddof=1)
    correlation = 1 - (within[:, None] - autocovariance) / variance[:, None]
    correlation[:, 0] = 1.0
    time = _integrated_time(correlation)
    sizes: Floats = total / np.maximum(time, 1 / np.log10(total))
    sizes[np.isnan(correlation[:, 1])] = np.nan
    narrow = np.flatnonzero(~(variance > 10 * SMALLEST_RANGE**2))  # or NaN
    constant = np.ptp(chains[narrow].reshape(len(narrow), total), axis=1) < SMALLEST_RANGE
    sizes[narrow[constant]] = total
    return sizes


def _mean_autocovariance(deviations: Floats) -> Floats:
    """Average the chains' autocovariances, (quantity, lag), of deviations from the chain's mean."""
    from scipy.fft import next_fast_len

    _, count, length = deviations.shape
    padded = next_fast_len(2 * length, real=True)
    transform = np.fft.rfft(deviations, n=padded, axis=2)
    parts = transform.view(np.float64)  # real and imaginary by turns
    power = np.square(parts, out=parts).sum(axis=1).reshape(*transform.shape[::2], 2).sum(axis=2)
    summed: Floats = np.fft.irfft(power, n=padded, axis=1)[:, :length] / (count * length)
    return summed


def _integrated_time(correlation: Floats) -> Floats:
    """Compute the integrated autocorrelation time from autocorrelations, (quantity, lag).

    Sums of two neighbouring lags count as long as they are positive, each at most as large as the
    one before it. The first lag after these counts once, as in Stan and ArviZ: if it is positive,
    or if only the number of draws ends the sums.
    """
    quantities, length = correlation.shape
    pairs = max((length - 3) // 2, 0) + 1
    sums = correlation[:, : 2 * pairs].reshape(quantities, pairs, 2).sum(axis=2)
    ends = ~(sums > 0)
    ends[:, -1] = True
    end = ends.argmax(axis=1)
    decreasing = np.minimum.accumulate(sums, axis=1)
    counted = np.arange(pairs) < end[:, None]
    rows = np.arange(quantities)
    after = correlation[rows, 2 * end]
    after = np.where((after > 0) | (sums[rows, end] >= 0), after, 0.0)
    time: Floats = 2 * np.where(counted, decreasing, 0.0).sum(axis=1) - 1 + after
    return time
