"""The probability of every rank for one group, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def rank_bars(
    probability: pd.Series[float], *, xlabel: str = "rank (1 is best)", ax: Axes | None = None
) -> Axes:
    """Draw a bar per rank, and a line at the probability of equally probable ranks.

    To draw several groups side by side, use it within `panels`; for all of many groups, use
    `rank_heatmap`.

    Parameters
    ----------
    probability : Series by rank
        A row of `summaries.rank_probability`: ``table.loc["Clemente"]``.
    xlabel : str
        Axis label.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If a probability is negative, or they do not sum to 1.
    """
    from matplotlib.ticker import MaxNLocator

    share = probability.to_numpy(dtype=np.float64)
    if not len(share) or (share < 0).any() or not np.isclose(share.sum(), 1):
        raise DataError(
            "probability must be a row of summaries.rank_probability, which sums to 1: take one "
            'by table.loc["name of the group"]'
        )
    ranks = probability.index.to_numpy(dtype=np.int64)
    ax = style.new_axes(5, 3.2) if ax is None else ax
    ax.bar(ranks, share, width=0.85, color=style.SKY, edgecolor=style.BLUE, linewidth=0.6)
    ax.axhline(
        1 / len(ranks), color="black", linestyle="--", linewidth=0.8, label="all ranks alike"
    )
    ax.set_xlim(ranks[0] - 0.7, ranks[-1] + 0.7)
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(xlabel)
    ax.set_ylabel("probability")
    style.tidy(ax)
    style.legend_below(ax)
    return ax
