"""The data and posterior regression lines of every group, a panel per group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from ..arrays import natural_order
from ..errors import DataError
from ..summaries.draws import Draws, GroupDraws, group_draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = tuple[float, float]
COMPLETE = "complete pooling"


def regression_lines(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    group: Sequence[Any],
    *,
    intercept: Draws,
    slope: Draws,
    groups: Sequence[str] | None = None,
    complete: Line | None = None,
    truth: Mapping[str, Line] | None = None,
    lines: int = 30,
    xlabel: str = "",
    ylabel: str = "",
    ax: NDArray[Any] | Sequence[Axes] | None = None,
) -> NDArray[Any]:
    """Draw a panel per group: its data, the lines of single draws, and the posterior mean line.

    Parameters
    ----------
    x, y : array, (row,)
        A predictor and the response. If x has only two values, as an indicator has, points are
        jittered horizontally.
    group : sequence, (row,)
        Label of each row's group.
    intercept : DataArray or array, (chain, draw, group)
        Intercept of each group, with the groups' labels as coords.
    slope : DataArray or array, (chain, draw, group) or (chain, draw)
        Slope of each group, or one slope that all groups share.
    groups : sequence of str, optional
        Groups to draw, in the order of the panels; by default all, sorted by name.
    complete : (intercept, slope), optional
        Line of the completely pooled regression, drawn in every panel.
    truth : mapping of group to (intercept, slope), optional
        True lines of simulated data, each drawn in its group's panel.
    lines : int
        Number of draws whose lines are drawn in each panel, evenly spaced over all chains.
    xlabel, ylabel : str
        Axis labels, with units.
    ax : sequence or array of Axes, optional
        Axes to draw on, one per panel; by default those of a new figure.

    Returns
    -------
    array of Axes, (panel,)

    Raises
    ------
    DataError
        If shapes differ, a group has no draws, `groups` is empty or has an unknown label, `truth`
        lacks a group that is drawn, or the number of axes is not the number of panels.
    """
    from matplotlib.collections import LineCollection

    intercepts = group_draws(intercept, what="intercept")
    slopes = _slopes(slope, intercepts)
    names = [str(label) for label in np.asarray(group).tolist()]
    data = style.columns(names, {"x": x, "y": y})
    unknown = sorted(set(names) - set(intercepts.labels))
    if unknown:
        raise DataError(f"intercept has no draws for {intercepts.dim} {', '.join(unknown[:5])}")
    shown = [intercepts.labels[i] for i in natural_order(intercepts.labels)]
    shown = shown if groups is None else [str(label) for label in groups]
    missing = [label for label in shown if label not in intercepts.labels]
    if missing or not shown:
        raise DataError(
            f"groups must name some of the {intercepts.dim} labels, not {missing or shown}"
        )
    without_truth = [label for label in shown if truth is not None and label not in truth]
    if without_truth:
        raise DataError(f"truth has no line for {intercepts.dim} {', '.join(without_truth[:5])}")
    panels = _panels(len(shown)) if ax is None else np.atleast_1d(np.asarray(ax)).ravel()
    if len(panels) != len(shown):
        raise DataError(f"ax has {len(panels)} axes, but there are {len(shown)} panels")
    ends = np.array([data["x"].min(), data["x"].max()])
    ends = ends + np.array([-0.1, 0.1]) * (np.ptp(ends) or 1.0)
    total = len(intercepts.flat)
    chosen = np.unique(np.linspace(0, total - 1, min(lines, total)).astype(int))
    crowded = len(shown) > style.CROWDED
    for panel, label in zip(panels, shown, strict=True):
        j = intercepts.labels.index(label)
        a, b = intercepts.flat[:, j], slopes[:, j]
        heights = a[chosen] + np.outer(ends, b[chosen])
        segments = np.stack([np.broadcast_to(ends[:, None], heights.shape), heights], axis=2)
        panel.add_collection(
            LineCollection(
                segments.swapaxes(0, 1).tolist(),
                colors=style.SKY,
                linewidths=0.5,
                alpha=0.6,
                label="single draws",
            ),
            autolim=False,
        )
        if complete is not None:
            complete_line = complete[0] + complete[1] * ends
            panel.plot(
                ends, complete_line, color="black", linestyle="--", linewidth=1, label=COMPLETE
            )
        if truth is not None:
            true_line = truth[label][0] + truth[label][1] * ends
            panel.plot(
                ends,
                true_line,
                color=style.VERMILLION,
                linestyle="--",
                linewidth=1.8,
                zorder=2.5,
                label="truth",
            )
        middle = a.mean() + b.mean() * ends
        panel.plot(ends, middle, color=style.BLUE, linewidth=1.8, label="posterior mean")
        in_group = np.array(names) == label
        panel.plot(
            _jittered(data["x"])[in_group],
            data["y"][in_group],
            linestyle="none",
            marker="o",
            markersize=2 if crowded else 3.5,
            markerfacecolor="white",
            markeredgecolor="black",
            markeredgewidth=0.6,
            zorder=3,
            label="data (number)",
        )
        panel.set_title(
            f"{label} ({np.count_nonzero(in_group)})", fontsize=6.5 if crowded else "small"
        )
        if len(np.unique(data["x"])) == 2:
            panel.set_xticks(np.unique(data["x"]))
        panel.set_xlim(ends)
        style.tidy(panel)
    _share_limits(panels)
    if ax is None:
        figure = panels[0].figure
        figure.supxlabel(xlabel, fontsize="medium")
        figure.supylabel(ylabel, fontsize="medium")
        handles, texts = panels[0].get_legend_handles_labels()
        figure.legend(handles, texts, loc="outside upper center", ncols=4, frameon=False)
    else:
        for panel in panels:
            panel.set_xlabel(xlabel)
            panel.set_ylabel(ylabel)
    return panels


def _slopes(slope: Draws, intercepts: GroupDraws) -> NDArray[np.float64]:
    """Return slopes in the order of the intercepts' groups, (chain x draw, group)."""
    if np.ndim(slope) == 2:
        shared = scalar_draws(slope, what="slope")
        if shared.shape != intercepts.values.shape[:2]:
            raise DataError(
                f"slope has (chain, draw) {shared.shape}, not {intercepts.values.shape[:2]}"
            )
        return np.repeat(shared.reshape(-1, 1), len(intercepts.labels), axis=1)
    group_slopes = group_draws(slope, what="slope")
    if group_slopes.values.shape != intercepts.values.shape or set(group_slopes.labels) != set(
        intercepts.labels
    ):
        raise DataError("slope and intercept must have the same chains, draws and groups")
    return group_slopes.flat[:, [group_slopes.labels.index(label) for label in intercepts.labels]]


def _panels(count: int) -> NDArray[Any]:
    """Return the axes of a new figure with a grid of `count` panels."""
    import matplotlib.pyplot as plt

    columns = min(count, 4 if count <= 12 else 6 if count <= style.CROWDED else 10)
    columns = 5 if count == 5 else columns
    rows = math.ceil(count / columns)
    size = (2.1, 1.9) if count <= style.CROWDED else (1.25, 1.15)
    if count == 1:
        size = (6.0, 4.0)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(columns * size[0] + 0.5, rows * size[1] + 0.5),
        squeeze=False,
        layout="constrained",
    )
    panels = grid.ravel()
    for unused in panels[count:]:
        figure.delaxes(unused)
    for i, panel in enumerate(panels[:count]):  # by hand, because sharex=True is slow
        panel.tick_params(
            labelbottom=i + columns >= count,
            labelleft=i % columns == 0,
            labelsize=6 if count > style.CROWDED else "medium",
        )
    return panels[:count]


def _jittered(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x with a small horizontal jitter if it has only two values."""
    values = np.unique(x)
    if len(values) != 2:
        return x
    jitter = np.modf(np.arange(len(x)) * 0.6180339887)[0] - 0.5  # golden ratio: even, not random
    jittered: NDArray[np.float64] = x + 0.1 * np.diff(values)[0] * jitter
    return jittered


def _share_limits(panels: NDArray[Any]) -> None:
    """Give all panels the same vertical limits, which include their data and lines."""
    heights = np.concatenate([np.asarray(line.get_ydata()) for p in panels for line in p.lines])
    margin = 0.08 * (np.ptp(heights) or 1.0)
    for panel in panels:
        panel.set_ylim(heights.min() - margin, heights.max() + margin)
