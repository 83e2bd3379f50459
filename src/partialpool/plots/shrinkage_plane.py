"""How far pairs of raw values are pulled by partial pooling: two things of every group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
        How many groups to name, at their raw values: those with the longest arrows.
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
    given = [np.asarray(values, dtype=np.float64) for values in raw]
    for values in given:
        if values.shape != (len(labels),):
            raise DataError(f"raw has shape {values.shape}, but there are {len(labels)} labels")
    own = np.stack(given)
    area = np.full(len(labels), 30.0)
    if size is not None:
        amount: NDArray[np.float64] = style.columns(labels, {"size": size})["size"]
        if (amount < 0).any() or not amount.max(initial=0.0) > 0:
            raise DataError("size must not be negative, and somewhere positive")
        area = SMALLEST + (LARGEST - SMALLEST) * amount / amount.max()
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
        own[0, known],
        own[1, known],
        s=area[known],
        facecolor="white",
        edgecolor="black",
        linewidth=0.8,
        label=names[0],
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
    furthest = np.argsort(-moved, kind="stable")[: min(name, np.count_nonzero(known))]
    for at, text in _together(own, furthest.tolist(), labels, within=3 * SHORT * side):
        ax.annotate(
            text, at, xytext=(6, 3), textcoords="offset points", fontsize="x-small", zorder=5
        )
    if diagonal:
        ax.set_aspect("equal")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    style.legend_below(ax)
    legend: Any = ax.get_legend()
    for handle in legend.legend_handles:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([35])
    return ax


def _together(
    own: NDArray[np.float64], chosen: Sequence[int], labels: Sequence[str], *, within: float
) -> list[tuple[tuple[float, float], str]]:
    """Give one text to groups whose raw values lie so close that two would overlap."""
    places: list[tuple[NDArray[np.float64], list[str]]] = []
    for i in chosen:
        near = [p for p in places if np.hypot(*(p[0] - own[:, i])) < within]
        if near:
            near[0][1].append(labels[i])
            near[0][0][0] = max(near[0][0][0], own[0, i])
        else:
            places.append((own[:, i].copy(), [labels[i]]))
    return [((float(at[0]), float(at[1])), ", ".join(texts)) for at, texts in places]
