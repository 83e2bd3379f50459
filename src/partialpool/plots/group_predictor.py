"""Group effects against a group-level predictor, with the line towards which they are pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ..summaries.draws import Draws, group_draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matplotlib.axes import Axes


def group_predictor(
    u: npt.ArrayLike,
    effect: Draws,
    *,
    intercept: Draws,
    slope: Draws,
    labels: Sequence[str] | None = None,
    named: Collection[str] = (),
    probability: float = 0.5,
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw every group's effect with its interval, and the group-level regression line.

    Parameters
    ----------
    u : array, (group,)
        Predictor of each group, in the order of the draws.
    effect : DataArray or array, (chain, draw, group)
        Effect of each group.
    intercept, slope : DataArray or array, (chain, draw)
        Coefficients of the group-level line, drawn as its mean and 90% band.
    labels : sequence of str, optional
        Names of the groups; by default the coords.
    named : collection of str
        Groups whose names are written beside their points.
    probability : float
        Probability of the groups' central intervals, between 0 and 1.
    xlabel, ylabel : str
        Axis labels, with units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If shapes differ, a value is not finite, the probability is not between 0 and 1, or
        `named` has a name that is not a label.
    """
    if not 0 < probability < 1:
        raise DataError(f"probability must be between 0 and 1, not {probability}")
    groups = group_draws(effect, what="effect", labels=labels)
    predictor = style.columns(groups.labels, {"u": u})["u"]
    unknown = [name for name in named if name not in groups.labels]
    if unknown:
        raise DataError(f"named has {unknown[0]!r}, which is not a label")
    line_intercept, line_slope = (
        scalar_draws(intercept, what="intercept"),
        scalar_draws(slope, what="slope"),
    )
    if line_intercept.shape != groups.values.shape[:2] or line_slope.shape != line_intercept.shape:
        raise DataError(
            "intercept and slope must have the effect's chains and draws, "
            f"{groups.values.shape[:2]}; their shapes are {line_intercept.shape} and "
            f"{line_slope.shape}"
        )
    tails = [(1 - probability) / 2, 0.5, (1 + probability) / 2]
    low, middle, high = np.quantile(groups.flat, tails, axis=0)
    x = np.linspace(predictor.min(), predictor.max(), 50)
    x = np.concatenate([[x[0] - 0.03 * np.ptp(x)], x, [x[-1] + 0.03 * np.ptp(x)]])
    lines = line_intercept.reshape(-1, 1) + line_slope.reshape(-1, 1) * x
    below, above = np.quantile(lines, [0.05, 0.95], axis=0)
    ax = style.new_axes(7, 4.5) if ax is None else ax
    ax.fill_between(x, below, above, color="0.85", linewidth=0, label="90% band of the line")
    ax.plot(x, lines.mean(axis=0), color="black", linewidth=1.2, label="line of the groups")
    ax.vlines(
        predictor, low, high, color=style.SKY, linewidth=1.2, label=f"{probability:.0%} interval"
    )
    ax.plot(predictor, middle, "o", ms=4, color=style.BLUE, label="group (median)", zorder=3)
    for i, label in enumerate(groups.labels):
        if label in named:
            is_above = middle[i] > np.interp(predictor[i], x, lines.mean(axis=0))
            ax.annotate(
                label,
                (predictor[i], high[i] if is_above else low[i]),
                xytext=(0, 3 if is_above else -3),
                textcoords="offset points",
                ha="left" if predictor[i] < x[5] else "center",
                va="bottom" if is_above else "top",
                fontsize="x-small",
            )
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    style.legend_below(ax)
    return ax
