"""Estimates of every group under no, partial and complete pooling, against its size."""

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
"""Largest number of groups that are all named by default."""
LABEL = 0.018
"""Width of a name written vertically, as a share of the width of the axes."""
LETTER = 0.014
"""Height of one letter of a name written vertically, as a share of the height of the axes."""


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
    """Draw every group's unpooled and partially pooled estimates against its size.

    Small groups are pulled furthest towards the completely pooled estimate. Groups of the same
    size are drawn side by side, in the order of their unpooled estimates.

    Parameters
    ----------
    group_size : array, (group,)
        Number of observations in each group, positive; the axis is logarithmic.
    none, partial : array, (group,)
        Each group's estimate with no pooling, and with partial pooling.
    complete : float
        The completely pooled estimate, drawn as a horizontal line.
    labels : sequence of str
        Name of each group.
    interval : pair of arrays (group,), optional
        Lower and upper end of an interval around the partially pooled estimate.
    named : collection of str, optional
        Groups whose names are written. By default all, if there are no more than 20; otherwise
        the two that move furthest in each direction, and the smallest and the largest group. By
        default, names that would overlap others are left out.
    xlabel, ylabel : str
        Axis labels, with units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If lengths differ, a value is not finite, a size is not positive, or `named` has a name
        that is not a label.
    """
    columns: dict[str, npt.ArrayLike] = {"group_size": group_size, "none": none, "partial": partial}
    if interval is not None:
        columns |= {"interval's lower end": interval[0], "interval's upper end": interval[1]}
    group_sizes, unpooled, partly_pooled, *interval_ends = style.columns(labels, columns).values()
    if (group_sizes <= 0).any():
        raise DataError("group_size must be positive: it is drawn on a logarithmic scale")
    unknown = [name for name in named or () if name not in labels]
    if unknown:
        raise DataError(f"named has {unknown[0]!r}, which is not a label")
    ax = style.new_axes(8, 5) if ax is None else ax
    x_positions = _side_by_side(group_sizes, unpooled)
    ax.axhline(complete, color=style.BLACK, linestyle="--", linewidth=1, label="complete pooling")
    if interval_ends:
        low, high = interval_ends
        ax.vlines(
            x_positions, low, high, color=style.SKY, linewidth=1.5, zorder=1.5, label="interval"
        )
    ax.vlines(
        x_positions, unpooled, partly_pooled, color="0.5", linewidth=0.8, linestyle=":", zorder=1.6
    )
    red, blue = style.VERMILLION, style.BLUE
    ax.plot(x_positions, unpooled, "s", ms=5, mfc="white", mec=red, zorder=2.5, label="no pooling")
    ax.plot(x_positions, partly_pooled, "o", ms=5, color=blue, zorder=3, label="partial pooling")
    is_above = unpooled >= partly_pooled
    drawn_values = np.array([unpooled, partly_pooled, *interval_ends])
    name_heights = np.where(is_above, drawn_values.max(axis=0), drawn_values.min(axis=0))
    if named is None:
        shown = _apart(
            np.log(x_positions),
            name_heights,
            is_above,
            _worth_naming(group_sizes, unpooled - partly_pooled),
        )
    else:
        shown = [i for i, label in enumerate(labels) if label in named]
    for i in shown:
        ax.annotate(
            str(labels[i]),
            (x_positions[i], name_heights[i]),
            xytext=(0, 6 if is_above[i] else -6),
            textcoords="offset points",
            ha="center",
            va="bottom" if is_above[i] else "top",
            rotation=90,
            fontsize="x-small",
        )
    _size_axis(ax, group_sizes)
    share = LETTER * max((len(str(labels[i])) for i in shown), default=0)
    ax.margins(y=0.05 + min(0.5, share / (1 - min(0.8, 2 * share))))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    style.legend_below(ax, columns=4)
    return ax


def _side_by_side(size: NDArray[np.float64], unpooled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x positions of groups: those of equal size apart, but clear of the next size.

    Parameters
    ----------
    size : array, (group,)
        Number of observations.
    unpooled : array, (group,)
        Unpooled estimates, which order groups of equal size.

    Returns
    -------
    array, (group,)
        Positions in the unit of `size`.
    """
    sizes = np.unique(size)
    logs = np.log(sizes)
    gaps = np.concatenate([[np.inf], np.diff(logs), [np.inf]])
    log_positions = np.log(size)
    for i, value in enumerate(sizes):
        same = np.flatnonzero(size == value)
        same = same[np.argsort(unpooled[same], kind="stable")]
        steps = np.arange(len(same)) - (len(same) - 1) / 2
        widest = (
            1.0
            if len(sizes) == 1
            else min(LABEL * np.ptp(logs) * len(same), 0.85 * gaps[i : i + 2].min())
        )
        log_positions[same] += steps * widest / len(same)
    return np.exp(log_positions)


def _worth_naming(size: NDArray[np.float64], moved: NDArray[np.float64]) -> list[int]:
    """Return the groups to name by default, the most important first.

    Up to `FEW` groups, that is all of them, those that move furthest first. Of more groups, it is
    the two that move furthest in each direction, and the smallest and the largest.
    """
    if len(size) <= FEW:
        return [int(i) for i in np.argsort(-np.abs(moved), kind="stable")]
    order = np.argsort(moved, kind="stable")
    extremes = (order[-1], order[0], np.argmin(size), np.argmax(size), order[-2], order[1])
    return list(dict.fromkeys(map(int, extremes)))


def _apart(
    x: NDArray[np.float64], y: NDArray[np.float64], above: NDArray[np.bool_], order: Sequence[int]
) -> list[int]:
    """Return the groups of `order` whose names do not overlap an earlier one."""
    name_width, name_height = LABEL * (np.ptp(x) or 1.0), 0.25 * (np.ptp(y) or 1.0)
    chosen: list[int] = []
    for i in order:
        same_side = [j for j in chosen if above[j] == above[i]]
        if not any(
            abs(x[i] - x[j]) < name_width and abs(y[i] - y[j]) < name_height for j in same_side
        ):
            chosen.append(i)
    return chosen


def _size_axis(ax: Axes, size: NDArray[np.float64]) -> None:
    """Make the x axis logarithmic, with ticks at 1, 2, 5, 10, ... within the groups' sizes."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = size.min(), size.max()
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    nice = [m * 10.0**p for p in range(-1, 10) for m in (1, 2, 5)]
    ticks = [t for t in nice if low <= t <= high] if high >= 2 * low else [low, high]
    ax.xaxis.set_major_locator(FixedLocator(sorted(set(ticks))))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
