"""Predictions of a model with their intervals, against the observed values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from ..errors import DataError
from ..summaries.draws import Draws, group_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NAMED = 8
"""Largest number of groups named in the figure, by default."""


def observed_predicted(
    observed: npt.ArrayLike,
    predicted: Draws,
    *,
    labels: Sequence[str] | None = None,
    probability: float = 0.9,
    most_named: int = MOST_NAMED,
    xlabel: str = "observed",
    ylabel: str = "predicted",
    ax: Axes | None = None,
) -> Axes:
    """Draw every group's median prediction and central interval against its observed value.

    Groups on the diagonal are predicted exactly. Groups whose interval does not contain the
    observed value are drawn as filled squares, and those furthest outside are named.

    Parameters
    ----------
    observed : array, (group,)
        Observed value of each group.
    predicted : DataArray or array, (chain, draw, group)
        Draws of the predicted values, in the unit of `observed`.
    labels : sequence of str, optional
        Names of the groups; by default the coords.
    probability : float
        Probability of the central intervals, between 0 and 1.
    most_named : int
        Largest number of groups to name.
    xlabel, ylabel : str
        Axis labels, with units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the lengths differ, a value is not finite, or `probability` is not between 0 and 1.
    """
    if not 0 < probability < 1:
        raise DataError(f"probability must be between 0 and 1, not {probability}")
    groups = group_draws(predicted, what="predicted", labels=labels)
    values = style.columns(groups.labels, {"observed": observed})["observed"]
    tails = [(1 - probability) / 2, 0.5, (1 + probability) / 2]
    low, middle, high = np.quantile(groups.flat, tails, axis=0)
    missed = (values < low) | (values > high)
    ax = style.new_axes(6, 5.5) if ax is None else ax
    ends = np.array([min(values.min(), low.min()), max(values.max(), high.max())])
    ax.plot(ends, ends, color="black", linestyle="--", linewidth=1, label="predicted = observed")
    marker_styles = (
        (~missed, style.BLUE, "o", "white", f"within its {probability:.0%} interval"),
        (missed, style.VERMILLION, "s", style.VERMILLION, "outside it"),
    )
    for selected, colour, marker, face, name in marker_styles:
        ax.vlines(
            values[selected], low[selected], high[selected], color=colour, linewidth=1, alpha=0.7
        )
        ax.plot(
            values[selected],
            middle[selected],
            linestyle="none",
            marker=marker,
            markersize=5,
            color=colour,
            markerfacecolor=face,
            label=f"{name} ({np.count_nonzero(selected)} of {len(values)})",
            zorder=3,
        )
    distance = np.maximum(low - values, values - high)
    furthest = np.argsort(-distance, kind="stable")[: np.count_nonzero(missed)]
    for i in _apart(values, middle, furthest)[:most_named]:
        left = values[i] < ends.mean()
        ax.annotate(
            groups.labels[i],
            (values[i], middle[i]),
            xytext=(5 if left else -5, 0),
            textcoords="offset points",
            ha="left" if left else "right",
            va="center",
            fontsize="x-small",
        )
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    style.legend_below(ax)
    return ax


def _apart(x: NDArray[np.float64], y: NDArray[np.float64], order: Iterable[int]) -> list[int]:
    """Choose points to name, in the given order, leaving out those too close to a chosen one."""
    name_width, name_height = 0.2 * (np.ptp(x) or 1.0), 0.05 * (np.ptp(y) or 1.0)
    chosen: list[int] = []
    for i in order:
        near = [abs(x[i] - x[j]) < name_width and abs(y[i] - y[j]) < name_height for j in chosen]
        if not any(near):
            chosen.append(int(i))
    return chosen
