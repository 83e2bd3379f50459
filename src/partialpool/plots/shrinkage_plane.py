"""How far pairs of raw values are pulled by partial pooling: two things of every group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHORT = 0.025
"""Moves below this share of the plane's side get no arrow: it would be hidden by the markers."""
SMALLEST, LARGEST = 12.0, 70.0
"""Areas of markers (points squared)."""

Pair = tuple[npt.ArrayLike, npt.ArrayLike]


def shrinkage_plane(
    raw: Pair,
    estimate: Pair,
    *,
    labels: Sequence[str],
    size: npt.ArrayLike | None = None,
    pooled: tuple[float, float] | None = None,
    diagonal: bool = False,
    name: int = 0,
    names: tuple[str, str] = ("raw", "partially pooled"),
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw an arrow per group, from its pair of raw values to its pair of pooled estimates.

    Parameters
    ----------
    raw : pair of arrays (group,)
        Unpooled values across and up. NaN where a group has none: such a group has no arrow, and
        its estimate, which it owes to the others, is drawn as a diamond.
    estimate : pair of arrays (group,)
        Partially pooled estimates of the same.
    labels : sequence of str
        Name of each group.
    size : array, (group,), optional
        How much data a group has: the area of its markers.
    pooled : pair of floats, optional
        The completely pooled estimates: a cross.
    diagonal : bool
        Draw the line of equal values.
    name : int
        How many groups to name: those with the longest arrows.
    names : two str
        Names of raw values and estimates in the legend.
    xlabel, ylabel : str
        With units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the lengths differ, or an estimate is not finite.
    """
    labels = [str(label) for label in labels]
    x, y = style.columns(labels, {"estimate, x": estimate[0], "estimate, y": estimate[1]}).values()
    own = np.asarray([np.asarray(values, dtype=np.float64) for values in raw])
    if own.shape != (2, len(labels)):
        raise DataError(f"raw has shape {own.shape}, but there are {len(labels)} labels")
    area = np.full(len(labels), 30.0)
    if size is not None:
        given: NDArray[np.float64] = style.columns(labels, {"size": size})["size"]
        if (given < 0).any() or not given.max(initial=0.0) > 0:
            raise DataError("size must not be negative, and somewhere positive")
        area = SMALLEST + (LARGEST - SMALLEST) * given / given.max()
    known = np.isfinite(own).all(axis=0)
    ax = style.new_axes(6.5, 6.5) if ax is None else ax
    every = np.concatenate([own[0, known], x]), np.concatenate([own[1, known], y])
    side = max(np.ptp(every[0]), np.ptp(every[1])) or 1.0
    if diagonal:
        ends = [min(e.min() for e in every), max(e.max() for e in every)]
        ax.plot(ends, ends, color=style.GREY, linewidth=1, zorder=0, label="equal")
    moved = np.where(known, np.hypot(x - own[0], y - own[1]), 0.0)
    for i in np.flatnonzero(moved > SHORT * side):
        ax.annotate(
            "",
            xy=(x[i], y[i]),
            xytext=(own[0, i], own[1, i]),
            arrowprops={
                "arrowstyle": "->",
                "color": "0.55",
                "linewidth": 0.7,
                "shrinkA": np.sqrt(area[i]) / 2,
                "shrinkB": np.sqrt(area[i]) / 2,
            },
            zorder=1,
        )
    ax.scatter(
        *own[:, known], s=area[known], facecolor="white", edgecolor="black", lw=0.8, label=names[0]
    )
    ax.scatter(x[known], y[known], s=area[known], color=style.BLUE, label=names[1], zorder=3)
    if not known.all():
        without = ~known
        ax.scatter(
            x[without],
            y[without],
            s=area[without],
            marker="D",
            facecolor=style.SKY,
            edgecolor=style.BLUE,
            linewidth=0.8,
            label=f"{names[1]}, without raw value",
            zorder=3,
        )
    if pooled is not None:
        ax.plot(
            *pooled,
            linestyle="none",
            marker="X",
            markersize=11,
            color=style.VERMILLION,
            markeredgecolor="white",
            label="completely pooled",
            zorder=4,
        )
    for i in np.argsort(-moved, kind="stable")[: min(name, np.count_nonzero(known))]:
        ax.annotate(
            labels[i],
            own[:, i],
            xytext=(6, 3),
            textcoords="offset points",
            fontsize="x-small",
            zorder=5,
        )
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    style.legend_below(ax)
    for handle in ax.get_legend().legend_handles:  # type: ignore[union-attr]
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([35])
    return ax
