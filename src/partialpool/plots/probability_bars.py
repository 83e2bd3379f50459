"""Probabilities of groups or events as bars, with their Monte-Carlo errors."""

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
    """Draw a bar per row, the most probable on top, with two standard errors on either side.

    Parameters
    ----------
    table : DataFrame
        Table with columns probability and mcse, such as `summaries.probability_best`,
        `summaries.event_probability` and `summaries.pairwise_probability` return.
    xlabel : str
        Axis label: the probability of what.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If a column is missing, there are no rows, or a probability is not between 0 and 1.
    """
    missing = [name for name in ("probability", "mcse") if name not in table]
    if missing:
        raise DataError(
            f"table has no column {', '.join(missing)}; it has {', '.join(map(str, table))}"
        )
    probability = table["probability"].to_numpy(dtype=np.float64)
    if not len(probability) or not ((probability >= 0) & (probability <= 1)).all():
        raise DataError("table must have rows whose probabilities are between 0 and 1")
    order = np.argsort(probability, kind="stable")
    rows = np.arange(len(order))
    labels = [" > ".join(row) if isinstance(row, tuple) else str(row) for row in table.index]
    ax = style.row_axes(len(rows)) if ax is None else ax
    ax.barh(
        rows, probability[order], height=0.7, color=style.SKY, edgecolor=style.BLUE, linewidth=0.6
    )
    error = 2 * table["mcse"].to_numpy(dtype=np.float64)[order]
    has_error = np.isfinite(error)
    ax.hlines(
        rows[has_error],
        np.maximum(0, (probability[order] - error)[has_error]),
        np.minimum(1, (probability[order] + error)[has_error]),
        color=style.BLACK,
        linewidth=1.2,
        label="± 2 Monte-Carlo standard errors",
    )
    style.label_rows(ax, [labels[i] for i in order])
    ax.set_xlim(left=0)
    ax.set_xlabel(xlabel)
    style.tidy(ax)
    if has_error.any():
        style.legend_below(ax)
    return ax
