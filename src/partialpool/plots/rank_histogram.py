"""Rank histograms of each chain, to see whether chains sampled the same distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..summaries.draws import Draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rank_histogram(
    draws: Draws,
    *,
    bins: int = 20,
    xlabel: str = "rank of the draw among all chains",
    ax: Axes | None = None,
) -> Axes:
    """Draw a histogram per chain of its draws' ranks among the draws of all chains.

    Chains that sample the same distribution have uniform histograms. A histogram with a slope
    shows that the chain has another location than the others, one with a dip or a peak in the
    middle that it has another spread (Vehtari et al. 2021, doi:10.1214/20-BA1221). If draws are
    independent, 95% of the counts are within the grey band; the counts of correlated draws vary
    more.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw)
    bins : int
        Number of bins of each histogram.
    xlabel : str
        Axis label.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the draws are not (chain, draw) or not finite, or `bins` is not between 2 and the
        number of draws per chain.
    """
    from scipy.stats import binom, rankdata

    values = scalar_draws(draws, what="draws")
    chains, length = values.shape
    if not 2 <= bins <= length:
        raise DataError(f"bins must be between 2 and the {length} draws of a chain, not {bins}")
    ranks = rankdata(values, method="average").reshape(values.shape)
    edges = np.linspace(0.5, values.size + 0.5, bins + 1)
    counts = np.stack([np.histogram(chain, edges)[0] for chain in ranks])
    expected = length / bins
    low, high = (float(binom.ppf(p, length, 1 / bins)) for p in (0.025, 0.975))
    room = 1.15 * max(counts.max(), high)
    ax = style.new_axes(7, 1.2 + 0.75 * chains) if ax is None else ax
    for i, row in enumerate(counts):
        base = (chains - 1 - i) * room
        look = style.series(i)
        ax.bar(
            edges[:-1],
            row,
            width=np.diff(edges),
            bottom=base,
            align="edge",
            facecolor=look.colour,
            alpha=0.55,
            edgecolor="white",
            linewidth=0.5,
        )
        ax.fill_between(edges[[0, -1]], base + low, base + high, color="0.5", alpha=0.3, lw=0)
        ax.hlines(base + expected, edges[0], edges[-1], color="black", linestyle="--", linewidth=1)
        ax.hlines(base, edges[0], edges[-1], color="black", linewidth=0.6)
    ticks = (chains - 1 - np.arange(chains)) * room + expected
    ax.set_yticks(ticks, [f"chain {i}" for i in range(chains)])
    ax.set_ylim(0, chains * room)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_xlabel(xlabel)
    style.tidy(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax
