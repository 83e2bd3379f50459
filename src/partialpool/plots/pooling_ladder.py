"""No, partial and complete pooling of every group, against how much each group has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 20
"""Groups up to which all are named unless told otherwise."""
LABEL = 0.018
"""Width of a name that stands upright, as a share of the axis."""
LETTER = 0.014
"""Length of a letter of such a name, as a share of the height."""


def pooling_ladder(
    group_size: npt.ArrayLike,
    *,
    none: npt.ArrayLike,
    partial: npt.ArrayLike,
    complete: float,
    labels: Sequence[str],
    interval: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    named: Collection[str] | None = None,
    xlabel: str = "observations in the group",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw every group's estimates against its size: small groups are pulled furthest.

    Groups of the same size stand side by side, in the order of their unpooled estimates.

    Parameters
    ----------
    group_size : array, (group,)
        Number of observations, positive: drawn on a logarithmic scale.
    none, partial : array, (group,)
        Estimate of each group by itself, and partially pooled.
    complete : float
        The one estimate of all groups put together: a horizontal line.
    labels : sequence of str
        Name of each group.
    interval : pair of arrays (group,), optional
        Lower and upper end of an interval around the partially pooled estimate.
    named : collection of str, optional
        Groups whose names are written; by default all of up to 20, else the two that move most
        up and down, and the smallest and the largest group, without those whose names would
        be written over others.
    xlabel, ylabel : str
        With units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If lengths differ, a value is not finite, a size is not positive, or `named` is unknown.
    """
    given: dict[str, npt.ArrayLike] = {"group_size": group_size, "none": none, "partial": partial}
    if interval is not None:
        given |= {"interval's lower end": interval[0], "interval's upper end": interval[1]}
    size, alone, pooled, *ends = style.columns(labels, given).values()
    if (size <= 0).any():
        raise DataError("group_size must be positive: it is drawn on a logarithmic scale")
    unknown = [name for name in named or () if name not in labels]
    if unknown:
        raise DataError(f"named has {unknown[0]!r}, which is not a label")
    ax = style.new_axes(8, 5) if ax is None else ax
    across = _side_by_side(size, alone)
    ax.axhline(complete, color=style.BLACK, linestyle="--", linewidth=1, label="complete pooling")
    if ends:
        low, high = ends
        ax.vlines(across, low, high, color=style.SKY, linewidth=1.5, zorder=1.5, label="interval")
    ax.vlines(across, alone, pooled, color="0.5", linewidth=0.8, linestyle=":", zorder=1.6)
    red, blue = style.VERMILLION, style.BLUE
    ax.plot(across, alone, "s", ms=5, mfc="white", mec=red, zorder=2.5, label="no pooling")
    ax.plot(across, pooled, "o", ms=5, color=blue, zorder=3, label="partial pooling")
    above = alone >= pooled
    drawn = np.array([alone, pooled, *ends])
    anchor = np.where(above, drawn.max(axis=0), drawn.min(axis=0))
    if named is None:
        shown = _apart(np.log(across), anchor, above, _worth_naming(size, alone - pooled))
    else:
        shown = [i for i, label in enumerate(labels) if label in named]
    for i in shown:
        ax.annotate(
            str(labels[i]),
            (across[i], anchor[i]),
            xytext=(0, 6 if above[i] else -6),
            textcoords="offset points",
            ha="center",
            va="bottom" if above[i] else "top",
            rotation=90,
            fontsize="x-small",
        )
    _size_axis(ax, size)
    share = LETTER * max((len(str(labels[i])) for i in shown), default=0)
    ax.margins(y=0.05 + min(0.5, share / (1 - min(0.8, 2 * share))))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    style.legend_below(ax, columns=4)
    return ax


def _side_by_side(size: NDArray[np.float64], alone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where groups stand on the logarithmic axis: equal sizes apart, never past the next size."""
    sizes = np.unique(size)
    logs = np.log(sizes)
    gaps = np.concatenate([[np.inf], np.diff(logs), [np.inf]])
    across = np.log(size)
    for i, value in enumerate(sizes):
        same = np.flatnonzero(size == value)
        same = same[np.argsort(alone[same], kind="stable")]
        steps = np.arange(len(same)) - (len(same) - 1) / 2
        widest = (
            1.0
            if len(sizes) == 1
            else min(LABEL * np.ptp(logs) * len(same), 0.85 * gaps[i : i + 2].min())
        )
        across[same] += steps * widest / len(same)
    return np.exp(across)


def _worth_naming(size: NDArray[np.float64], moved: NDArray[np.float64]) -> list[int]:
    """All of a few groups, those that move most first; of many, the outermost."""
    if len(size) <= FEW:
        return [int(i) for i in np.argsort(-np.abs(moved), kind="stable")]
    order = np.argsort(moved, kind="stable")
    outermost = (order[-1], order[0], np.argmin(size), np.argmax(size), order[-2], order[1])
    return list(dict.fromkeys(map(int, outermost)))


def _apart(
    x: NDArray[np.float64], y: NDArray[np.float64], above: NDArray[np.bool_], order: Sequence[int]
) -> list[int]:
    """Leave out names that would be written over an earlier one."""
    wide, high = LABEL * (np.ptp(x) or 1.0), 0.25 * (np.ptp(y) or 1.0)
    chosen: list[int] = []
    for i in order:
        rivals = [j for j in chosen if above[j] == above[i]]
        if not any(abs(x[i] - x[j]) < wide and abs(y[i] - y[j]) < high for j in rivals):
            chosen.append(i)
    return chosen


def _size_axis(ax: Axes, size: NDArray[np.float64]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = size.min(), size.max()
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    nice = [m * 10.0**p for p in range(-1, 10) for m in (1, 2, 5)]
    ticks = [t for t in nice if low <= t <= high] if high >= 2 * low else [low, high]
    ax.xaxis.set_major_locator(FixedLocator(sorted(set(ticks))))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
