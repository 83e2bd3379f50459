"""The posterior predictive distribution of a statistic, its observed value and the p-value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..summaries import PosteriorPValue

MOST_BARS = 60
"""Largest number of bars for which counts have one bar per value."""


def predictive_check(
    check: PosteriorPValue,
    *,
    bins: int | None = None,
    xlabel: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a histogram of the replicated statistic, hatched from the observed value upwards.

    The hatched share of the area is the p-value, which is in the title.

    Parameters
    ----------
    check : PosteriorPValue
        The result of `summaries.posterior_p_value`.
    bins : int, optional
        Number of bins; by default one per value if the statistic is a count with a range below
        60, otherwise about 30.
    xlabel : str, optional
        Axis label, with the unit; by default the name of the statistic.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If `bins` is not positive.
    """
    from matplotlib.ticker import MaxNLocator

    if bins is not None and bins < 1:
        raise DataError(f"bins must be positive, not {bins}")
    values = check.replicated.ravel()
    edges = _edges(values, check.observed, bins)
    ax = style.new_axes(6, 3.6) if ax is None else ax
    ax.hist(values, bins=edges.tolist(), color="0.85", edgecolor="0.5", linewidth=0.5)
    ax.hist(
        values[values >= check.observed],
        bins=edges.tolist(),
        facecolor="none",
        edgecolor=style.BLUE,
        hatch="///",
        linewidth=0.5,
        label="replicates at least as large",
    )
    ax.axvline(
        check.observed, color=style.VERMILLION, linewidth=2, label=f"observed: {check.observed:.4g}"
    )
    error = "" if np.isnan(check.mcse) else f" ± {check.mcse:.3f}"
    ax.set_title(f"{check.name}: p = {check.p_value:.3f}{error}", fontsize="medium")
    ax.set_xlabel(check.name if xlabel is None else xlabel)
    ax.set_ylabel("replicates")
    if _are_counts(values, check.observed):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.tidy(ax)
    style.legend_below(ax, columns=1)
    return ax


def _edges(values: NDArray[np.float64], observed: float, bins: int | None) -> NDArray[np.float64]:
    """Return the edges of the histogram's bins."""
    low, high = min(values.min(), observed), max(values.max(), observed)
    are_counts = _are_counts(values, observed)
    if bins is None and are_counts and high - low < MOST_BARS:
        return np.arange(low - 0.5, high + 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    if are_counts or bins is not None:
        return np.linspace(low, high, (bins or 30) + 1)
    width = (high - low) / 30  # one edge is at the observed value, so that bars are hatched whole
    lower_edges = np.arange(observed, low - width, -width)[::-1]
    return np.concatenate([lower_edges, np.arange(observed + width, high + width, width)])


def _are_counts(values: NDArray[np.float64], observed: float) -> bool:
    """Return True if the statistic is a whole number in all data sets."""
    return bool((values == np.round(values)).all() and observed == round(observed))
