"""Probabilities of groups or events, with their Monte-Carlo error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def probability_bars(
    table: pd.DataFrame, *, xlabel: str = "probability", ax: Axes | None = None
) -> Axes:
    """Draw a bar per row, the most probable on top, with two standard errors to both sides.

    Parameters
    ----------
    table : DataFrame
        With columns probability and mcse: from `summaries.probability_best`,
        `summaries.event_probability` or `summaries.pairwise_probability`.
    xlabel : str
        What is probable.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If a column is missing, there are no rows, or a probability is not one.
    """
    missing = [name for name in ("probability", "mcse") if name not in table]
    if missing:
        raise DataError(
            f"table has no column {', '.join(missing)}; it has {', '.join(map(str, table))}"
        )
    chance = table["probability"].to_numpy(dtype=np.float64)
    if not len(chance) or not ((chance >= 0) & (chance <= 1)).all():
        raise DataError("table must have rows whose probabilities are between 0 and 1")
    order = np.argsort(chance, kind="stable")
    rows = np.arange(len(order))
    labels = [" > ".join(row) if isinstance(row, tuple) else str(row) for row in table.index]
    ax = style.row_axes(len(rows)) if ax is None else ax
    ax.barh(rows, chance[order], height=0.7, color=style.SKY, edgecolor=style.BLUE, linewidth=0.6)
    error = 2 * table["mcse"].to_numpy(dtype=np.float64)[order]
    known = np.isfinite(error)
    ax.hlines(
        rows[known],
        np.maximum(0, (chance[order] - error)[known]),
        np.minimum(1, (chance[order] + error)[known]),
        color=style.BLACK,
        linewidth=1.2,
        label="± 2 Monte-Carlo standard errors",
    )
    style.label_rows(ax, [labels[i] for i in order])
    ax.set_xlim(left=0)
    ax.set_xlabel(xlabel)
    style.tidy(ax)
    if known.any():
        style.legend_below(ax)
    return ax
