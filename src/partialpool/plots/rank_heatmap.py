"""The probability of every rank for every group, as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def rank_heatmap(
    table: pd.DataFrame, *, xlabel: str = "rank (1 is best)", ax: Axes | None = None
) -> Axes:
    """Draw a row per group, the best mean rank on top; more probable ranks are darker.

    The darkness is proportional to the square root of the probability, so that small
    probabilities of widely distributed ranks are visible.

    Parameters
    ----------
    table : DataFrame, (group, rank)
        The result of `summaries.rank_probability`.
    xlabel : str
        Axis label.
    ax : Axes, optional

    Returns
    -------
    Axes
        White dots are mean ranks. The figure also has a colour bar.

    Raises
    ------
    DataError
        If the table is not square, or a row does not sum to 1.
    """
    from matplotlib.colors import PowerNorm

    share = table.to_numpy(dtype=np.float64)
    if share.ndim != 2 or share.shape[0] != share.shape[1] or not np.allclose(share.sum(1), 1):
        raise DataError(
            "table must have a row per group and a column per rank, with rows that sum to 1: take "
            f"it from summaries.rank_probability; its shape is {share.shape}"
        )
    ranks = np.arange(1, share.shape[1] + 1)
    mean = share @ ranks
    order = np.argsort(-mean, kind="stable")
    ax = style.row_axes(len(order)) if ax is None else ax
    edge = len(order) + 0.5
    image = ax.imshow(
        share[order],
        cmap="Greys",
        norm=PowerNorm(0.5, vmin=0),
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(0.5, edge, -0.5, len(order) - 0.5),
    )
    ax.plot(
        mean[order],
        np.arange(len(order)),
        linestyle="none",
        marker="o",
        markersize=3 if len(order) > style.CROWDED else 5,
        markerfacecolor="white",
        markeredgecolor=style.BLUE,
        label="mean rank",
    )
    style.label_rows(ax, [str(table.index[i]) for i in order])
    ax.set_xlim(0.5, edge)
    ax.set_ylim(-0.5, len(order) - 0.5)
    ax.set_xlabel(xlabel)
    ax.figure.colorbar(image, ax=ax, label="probability", fraction=0.05, aspect=30)
    style.legend_below(ax)
    return ax
