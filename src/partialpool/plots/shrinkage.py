"""Each group's raw value and its partially pooled estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHORT = 0.03
"""Moves below this share of the range get no arrow, because the markers would hide it."""


def shrinkage(
    raw: npt.ArrayLike,
    estimate: npt.ArrayLike,
    *,
    labels: Sequence[str],
    interval: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    pooled: float | None = None,
    outcome: npt.ArrayLike | None = None,
    names: tuple[str, str, str] = ("raw", "partially pooled", "outcome"),
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a row per group: an arrow from its raw value to its pooled estimate, and the outcome.

    Parameters
    ----------
    raw, estimate : array, (group,)
        Unpooled value and partially pooled estimate of each group, on the same scale.
    labels : sequence of str
        Name of each group. Rows are sorted by raw value, the largest on top.
    interval : pair of arrays (group,), optional
        Lower and upper end of an interval around the estimate.
    pooled : float, optional
        The completely pooled estimate, drawn as a vertical line.
    outcome : array, (group,), optional
        Value of each group that was observed later, and which the estimates predict.
    names : three str
        Names of raw value, estimate and outcome in the legend.
    xlabel : str
        Axis label, with the unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the lengths differ.
    """
    labels = [str(label) for label in labels]
    ends = () if interval is None else interval
    columns: dict[str, npt.ArrayLike | None] = {
        f"end {i} of interval": end for i, end in enumerate(ends, start=1)
    }
    columns |= {"raw": raw, "estimate": estimate, "outcome": outcome}
    values = {k: np.asarray(v, dtype=float) for k, v in columns.items() if v is not None}
    for name, column in values.items():
        if column.shape != (len(labels),):
            raise DataError(f"{name} has shape {column.shape}, but there are {len(labels)} labels")
    order = np.argsort(values["raw"], kind="stable")
    rows = np.arange(len(order))
    ax = style.row_axes(len(order)) if ax is None else ax
    if pooled is not None:
        ax.axvline(pooled, color="0.6", linestyle="--", linewidth=1, label="completely pooled")
    if interval is not None:
        low, high = (np.asarray(end, dtype=float)[order] for end in interval)
        ax.hlines(
            rows, low, high, color="0.8", linewidth=5, zorder=1, label=names[1] + ", interval"
        )
    for row, (start, end) in enumerate(
        zip(values["raw"][order], values["estimate"][order], strict=True)
    ):
        if abs(end - start) < SHORT * np.ptp(values["raw"]):
            continue
        ax.annotate(
            "",
            xy=(end, row),
            xytext=(start, row),
            arrowprops={"arrowstyle": "->", "color": "0.3", "shrinkA": 4, "shrinkB": 4},
        )
    ax.plot(values["raw"][order], rows, "o", mfc="white", mec="black", label=names[0])
    ax.plot(values["estimate"][order], rows, "o", color="#0072B2", label=names[1], zorder=3)
    if outcome is not None:
        ax.plot(values["outcome"][order], rows, "x", color="#D55E00", label=names[2], zorder=3)
    style.label_rows(ax, [labels[i] for i in order])
    ax.set_xlabel(xlabel)
    style.tidy(ax)
    style.legend_below(ax)
    return ax
