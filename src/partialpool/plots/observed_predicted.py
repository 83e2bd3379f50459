"""Observed values against what a model predicts, with its intervals."""

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
    """Draw every group's median prediction and central interval against what was observed.

    Groups on the diagonal are predicted exactly; those whose interval misses it are drawn as
    filled squares, and the furthest of them named.

    Parameters
    ----------
    observed : array, (group,)
    predicted : DataArray or array, (chain, draw, group)
        In the same unit.
    labels : sequence of str, optional
        Names of the groups; by default the coords.
    probability : float
        Of the central interval, between 0 and 1.
    most_named : int
        Of the groups outside their intervals, how many may be named.
    xlabel, ylabel : str
        With units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the lengths differ, a value is not finite, or `probability` is not one.
    """
    if not 0 < probability < 1:
        raise DataError(f"probability must be between 0 and 1, not {probability}")
    given = group_draws(predicted, what="predicted", labels=labels)
    seen = style.columns(given.labels, {"observed": observed})["observed"]
    tails = [(1 - probability) / 2, 0.5, (1 + probability) / 2]
    low, middle, high = np.quantile(given.flat, tails, axis=0)
    missed = (seen < low) | (seen > high)
    ax = style.new_axes(6, 5.5) if ax is None else ax
    ends = np.array([min(seen.min(), low.min()), max(seen.max(), high.max())])
    ax.plot(ends, ends, color="black", linestyle="--", linewidth=1, label="predicted = observed")
    groups = (
        (~missed, style.BLUE, "o", "white", f"within its {probability:.0%} interval"),
        (missed, style.VERMILLION, "s", style.VERMILLION, "outside it"),
    )
    for which, colour, marker, face, name in groups:
        ax.vlines(seen[which], low[which], high[which], color=colour, linewidth=1, alpha=0.7)
        ax.plot(
            seen[which],
            middle[which],
            linestyle="none",
            marker=marker,
            markersize=5,
            color=colour,
            markerfacecolor=face,
            label=f"{name} ({np.count_nonzero(which)} of {len(seen)})",
            zorder=3,
        )
    beyond = np.maximum(low - seen, seen - high)
    furthest = np.argsort(-beyond, kind="stable")[: np.count_nonzero(missed)]
    for i in _apart(seen, middle, furthest)[:most_named]:
        left = seen[i] < ends.mean()
        ax.annotate(
            given.labels[i],
            (seen[i], middle[i]),
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
    """Choose points to name, so that no name is written over another."""
    wide, high = 0.2 * (np.ptp(x) or 1.0), 0.05 * (np.ptp(y) or 1.0)
    chosen: list[int] = []
    for i in order:
        near = [abs(x[i] - x[j]) < wide and abs(y[i] - y[j]) < high for j in chosen]
        if not any(near):
            chosen.append(int(i))
    return chosen
