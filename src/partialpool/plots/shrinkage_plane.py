"""Two raw values of each group, such as intercept and slope, and their pooled estimates."""

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
"""Moves below this share of the range get no arrow, because the markers would hide it."""
SMALLEST, LARGEST = 12.0, 70.0
"""Smallest and largest area of markers (points squared)."""

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
        Unpooled x and y values; NaN for a group without. Such a group has no arrow, and its
        estimate, which comes from the other groups, is drawn as a diamond.
    estimate : pair of arrays (group,)
        Partially pooled estimates of the x and y values.
    labels : sequence of str
        Name of each group.
    size : array, (group,), optional
        Amount of data of each group, drawn as the area of its markers.
    pooled : pair of floats, optional
        The completely pooled estimates, drawn as a cross.
    diagonal : bool
        Whether to draw the line of equal x and y values.
    name : int
        Number of groups to name, beside their raw values: those with the longest arrows.
    names : two str
        Names of raw values and estimates in the legend.
    xlabel, ylabel : str
        Axis labels, with units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the lengths differ, an estimate is not finite, or a size is negative or all are 0.
    """
    labels = [str(label) for label in labels]
    x, y = style.columns(labels, {"estimate, x": estimate[0], "estimate, y": estimate[1]}).values()
    raw_values = [np.asarray(values, dtype=np.float64) for values in raw]
    for values in raw_values:
        if values.shape != (len(labels),):
            raise DataError(f"raw has shape {values.shape}, but there are {len(labels)} labels")
    raw_xy = np.stack(raw_values)
    area = np.full(len(labels), 30.0)
    if size is not None:
        amounts: NDArray[np.float64] = style.columns(labels, {"size": size})["size"]
        if (amounts < 0).any() or not amounts.max(initial=0.0) > 0:
            raise DataError("size must not be negative, and positive for at least one group")
        area = SMALLEST + (LARGEST - SMALLEST) * amounts / amounts.max()
    has_raw = np.isfinite(raw_xy).all(axis=0)
    ax = style.new_axes(6.5, 6.5) if ax is None else ax
    all_values = np.concatenate([raw_xy[0, has_raw], x]), np.concatenate([raw_xy[1, has_raw], y])
    longest_side = max(np.ptp(all_values[0]), np.ptp(all_values[1])) or 1.0
    if diagonal:
        ends = [
            min(coordinates.min() for coordinates in all_values),
            max(coordinates.max() for coordinates in all_values),
        ]
        ax.plot(ends, ends, color=style.GREY, linewidth=1, zorder=0, label="equal")
    distance = np.where(has_raw, np.hypot(x - raw_xy[0], y - raw_xy[1]), 0.0)
    for i in np.flatnonzero(distance > SHORT * longest_side):
        ax.annotate(
            "",
            xy=(x[i], y[i]),
            xytext=(raw_xy[0, i], raw_xy[1, i]),
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
        raw_xy[0, has_raw],
        raw_xy[1, has_raw],
        s=area[has_raw],
        facecolor="white",
        edgecolor="black",
        linewidth=0.8,
        label=names[0],
    )
    ax.scatter(x[has_raw], y[has_raw], s=area[has_raw], color=style.BLUE, label=names[1], zorder=3)
    if not has_raw.all():
        without = ~has_raw
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
    furthest = np.argsort(-distance, kind="stable")[: min(name, np.count_nonzero(has_raw))]
    for position, text in _together(
        raw_xy, furthest.tolist(), labels, within=3 * SHORT * longest_side
    ):
        ax.annotate(
            text, position, xytext=(6, 3), textcoords="offset points", fontsize="x-small", zorder=5
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
    raw_xy: NDArray[np.float64], chosen: Sequence[int], labels: Sequence[str], *, within: float
) -> list[tuple[tuple[float, float], str]]:
    """Join the names of groups whose raw values are too close together to be named separately.

    Returns
    -------
    list of (x, y), text
    """
    places: list[tuple[NDArray[np.float64], list[str]]] = []
    for i in chosen:
        near = [place for place in places if np.hypot(*(place[0] - raw_xy[:, i])) < within]
        if near:
            near[0][1].append(labels[i])
            near[0][0][0] = max(near[0][0][0], raw_xy[0, i])
        else:
            places.append((raw_xy[:, i].copy(), [labels[i]]))
    return [
        ((float(position[0]), float(position[1])), ", ".join(texts)) for position, texts in places
    ]
