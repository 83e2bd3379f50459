"""Group effects against a predictor of the groups, with the line that they are pooled to."""

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
    """Draw every group's effect with its interval, and the regression line of the groups.

    Parameters
    ----------
    u : array, (group,)
        Predictor of each group, in the order of the draws.
    effect : DataArray or array, (chain, draw, group)
    intercept, slope : DataArray or array, (chain, draw)
        Of the line; its 90% band is drawn too.
    labels : sequence of str, optional
        Names of the groups; by default the coords.
    named : collection of str
        Groups whose names are written.
    probability : float
        Of the central intervals of the groups, between 0 and 1.
    xlabel, ylabel : str
        With units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If shapes do not fit, a value is not finite, or a name is unknown.
    """
    if not 0 < probability < 1:
        raise DataError(f"probability must be between 0 and 1, not {probability}")
    given = group_draws(effect, what="effect", labels=labels)
    across = style.columns(given.labels, {"u": u})["u"]
    unknown = [name for name in named if name not in given.labels]
    if unknown:
        raise DataError(f"named has {unknown[0]!r}, which is not a label")
    start, tilt = scalar_draws(intercept, what="intercept"), scalar_draws(slope, what="slope")
    if start.shape != given.values.shape[:2] or tilt.shape != start.shape:
        raise DataError("intercept and slope must have the effect's chains and draws")
    tails = [(1 - probability) / 2, 0.5, (1 + probability) / 2]
    low, middle, high = np.quantile(given.flat, tails, axis=0)
    x = np.linspace(across.min(), across.max(), 50)
    x = np.concatenate([[x[0] - 0.03 * np.ptp(x)], x, [x[-1] + 0.03 * np.ptp(x)]])
    lines = start.reshape(-1, 1) + tilt.reshape(-1, 1) * x
    below, above = np.quantile(lines, [0.05, 0.95], axis=0)
    ax = style.new_axes(7, 4.5) if ax is None else ax
    ax.fill_between(x, below, above, color="0.85", linewidth=0, label="90% band of the line")
    ax.plot(x, lines.mean(axis=0), color="black", linewidth=1.2, label="line of the groups")
    ax.vlines(
        across, low, high, color=style.SKY, linewidth=1.2, label=f"{probability:.0%} interval"
    )
    ax.plot(across, middle, "o", ms=4, color=style.BLUE, label="group (median)", zorder=3)
    for i, label in enumerate(given.labels):
        if label in named:
            up = middle[i] > np.interp(across[i], x, lines.mean(axis=0))
            ax.annotate(
                label,
                (across[i], high[i] if up else low[i]),
                xytext=(0, 3 if up else -3),
                textcoords="offset points",
                ha="left" if across[i] < x[5] else "center",
                va="bottom" if up else "top",
                fontsize="x-small",
            )
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    style.legend_below(ax)
    return ax
