"""A regression line per group: the data, and lines from the posterior."""

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
    """Draw a panel per group: its data, lines from single draws, and the mean line.

    Parameters
    ----------
    x, y : array, (row,)
        A predictor and the response. Where x takes two values only, as an indicator does, its
        points are spread a little to both sides.
    group : sequence, (row,)
        Label of each row's group.
    intercept : DataArray or array, (chain, draw, group)
        With the groups' labels as coords.
    slope : DataArray or array, (chain, draw, group) or (chain, draw)
        The latter where all groups share it.
    groups : sequence of str, optional
        Panels, in this order; by default all groups, sorted by name.
    complete : (intercept, slope), optional
        Line of the completely pooled regression, drawn in every panel.
    truth : mapping of group to (intercept, slope), optional
        Lines that the data were simulated with, each drawn in its group's panel.
    lines : int
        Lines from the posterior in each panel, from draws evenly spaced over all chains.
    xlabel, ylabel : str
        With units.
    ax : sequence or array of Axes, one per panel, optional

    Returns
    -------
    array of Axes, (panel,)

    Raises
    ------
    DataError
        If shapes do not fit, a group has no draws, `truth` lacks a group that is drawn, or there
        are not as many axes as panels.
    """
    from matplotlib.collections import LineCollection

    level = group_draws(intercept, what="intercept")
    tilt = _slopes(slope, level)
    names = [str(label) for label in np.asarray(group).tolist()]
    data = style.columns(names, {"x": x, "y": y})
    unknown = sorted(set(names) - set(level.labels))
    if unknown:
        raise DataError(f"intercept has no draws for {level.dim} {', '.join(unknown[:5])}")
    shown = [level.labels[i] for i in natural_order(level.labels)]
    shown = shown if groups is None else [str(label) for label in groups]
    missing = [label for label in shown if label not in level.labels]
    if missing or not shown:
        raise DataError(f"groups must name some of the {level.dim} labels, not {missing or shown}")
    untold = [label for label in shown if truth is not None and label not in truth]
    if untold:
        raise DataError(f"truth has no line for {level.dim} {', '.join(untold[:5])}")
    panels = _panels(len(shown)) if ax is None else np.atleast_1d(np.asarray(ax)).ravel()
    if len(panels) != len(shown):
        raise DataError(f"ax has {len(panels)} axes, but there are {len(shown)} panels")
    ends = np.array([data["x"].min(), data["x"].max()])
    ends = ends + np.array([-0.1, 0.1]) * (np.ptp(ends) or 1.0)
    total = len(level.flat)
    chosen = np.unique(np.linspace(0, total - 1, min(lines, total)).astype(int))
    small = len(shown) > style.CROWDED
    for panel, label in zip(panels, shown, strict=True):
        j = level.labels.index(label)
        a, b = level.flat[:, j], tilt[:, j]
        drawn = a[chosen] + np.outer(ends, b[chosen])
        segments = np.stack([np.broadcast_to(ends[:, None], drawn.shape), drawn], axis=2)
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
            flat = complete[0] + complete[1] * ends
            panel.plot(ends, flat, color="black", linestyle="--", linewidth=1, label=COMPLETE)
        if truth is not None:
            true = truth[label][0] + truth[label][1] * ends
            panel.plot(
                ends,
                true,
                color=style.VERMILLION,
                linestyle="--",
                linewidth=1.8,
                zorder=2.5,
                label="truth",
            )
        middle = a.mean() + b.mean() * ends
        panel.plot(ends, middle, color=style.BLUE, linewidth=1.8, label="posterior mean")
        own = np.array(names) == label
        panel.plot(
            _spread(data["x"])[own],
            data["y"][own],
            linestyle="none",
            marker="o",
            markersize=2 if small else 3.5,
            markerfacecolor="white",
            markeredgecolor="black",
            markeredgewidth=0.6,
            zorder=3,
            label="data (number)",
        )
        panel.set_title(f"{label} ({np.count_nonzero(own)})", fontsize=6.5 if small else "small")
        if len(np.unique(data["x"])) == 2:
            panel.set_xticks(np.unique(data["x"]))
        panel.set_xlim(ends)
        style.tidy(panel)
    _limits(panels)
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


def _slopes(slope: Draws, level: GroupDraws) -> NDArray[np.float64]:
    """Slopes in the order of the intercepts' groups, (chain x draw, group)."""
    if np.ndim(slope) == 2:
        shared = scalar_draws(slope, what="slope")
        if shared.shape != level.values.shape[:2]:
            raise DataError(f"slope has (chain, draw) {shared.shape}, not {level.values.shape[:2]}")
        return np.repeat(shared.reshape(-1, 1), len(level.labels), axis=1)
    own = group_draws(slope, what="slope")
    if own.values.shape != level.values.shape or set(own.labels) != set(level.labels):
        raise DataError("slope and intercept must have the same chains, draws and groups")
    return own.flat[:, [own.labels.index(label) for label in level.labels]]


def _panels(count: int) -> NDArray[Any]:
    import matplotlib.pyplot as plt

    across = min(count, 4 if count <= 12 else 6 if count <= style.CROWDED else 10)
    across = 5 if count == 5 else across
    down = math.ceil(count / across)
    each = (2.1, 1.9) if count <= style.CROWDED else (1.25, 1.15)
    if count == 1:
        each = (6.0, 4.0)
    figure, grid = plt.subplots(
        down,
        across,
        figsize=(across * each[0] + 0.5, down * each[1] + 0.5),
        squeeze=False,
        layout="constrained",
    )
    panels = grid.ravel()
    for unused in panels[count:]:
        figure.delaxes(unused)
    for i, panel in enumerate(panels[:count]):  # one scale for all, which sharex makes slow
        panel.tick_params(
            labelbottom=i + across >= count,
            labelleft=i % across == 0,
            labelsize=6 if count > style.CROWDED else "medium",
        )
    return panels[:count]


def _spread(x: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.unique(x)
    if len(values) != 2:
        return x
    step = np.modf(np.arange(len(x)) * 0.6180339887)[0] - 0.5  # even, and the same every time
    spread: NDArray[np.float64] = x + 0.1 * np.diff(values)[0] * step
    return spread


def _limits(panels: NDArray[Any]) -> None:
    """Give all panels one vertical scale that holds their data and lines."""
    drawn = np.concatenate([np.asarray(each.get_ydata()) for p in panels for each in p.lines])
    margin = 0.08 * (np.ptp(drawn) or 1.0)
    for panel in panels:
        panel.set_ylim(drawn.min() - margin, drawn.max() + margin)
