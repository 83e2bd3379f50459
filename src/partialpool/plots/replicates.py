"""The observed data set above replicated data sets, to compare them by eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from ..errors import DataError
from ..summaries.draws import Draws, group_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def replicates(
    replicated: Draws,
    observed: npt.ArrayLike,
    *,
    count: int = 12,
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a row of dots per data set, the observed one on top; equal values are stacked.

    If the model fits, the observed row looks like the replicated ones (Gelman et al. 2013,
    Bayesian Data Analysis, section 6.3).

    Parameters
    ----------
    replicated : DataArray or array, (chain, draw, group)
        One data set simulated from the model for every draw of its parameters; its groups may be
        other groups than those observed.
    observed : array, (group,)
        The observed data; the number of groups may differ from the replicates'.
    count : int
        Number of replicates to draw, evenly spaced over all draws.
    xlabel : str
        Axis label, with the unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there are fewer replicates than `count`, or the data are not finite numbers.
    """
    data_sets = group_draws(replicated, what="replicated").flat
    observed_data = np.asarray(observed, dtype=np.float64)
    if observed_data.ndim != 1 or not observed_data.size or not np.isfinite(observed_data).all():
        raise DataError(
            f"observed must be finite numbers, one per group; its shape is {observed_data.shape}"
        )
    if not 1 <= count <= len(data_sets):
        raise DataError(f"count must be between 1 and the {len(data_sets)} replicates, not {count}")
    chosen = data_sets[np.linspace(0, len(data_sets) - 1, count).round().astype(int)]
    rows = [observed_data, *chosen]
    tallest = max(_stacked(row)[1].max() for row in rows) + 1
    step = 0.8 / max(tallest, 4)
    ax = style.new_axes(7, 0.9 + 0.45 * len(rows)) if ax is None else ax
    for i, row in enumerate(rows):
        values, equal_below = _stacked(row)
        ax.plot(
            values,
            len(rows) - 1 - i + 0.1 + step * equal_below,
            linestyle="none",
            marker="o",
            markersize=3.5,
            markeredgewidth=0.6,
            color=style.VERMILLION if i == 0 else style.BLUE,
            markerfacecolor=style.VERMILLION if i == 0 else "white",
        )
        ax.axhline(len(rows) - 1 - i, color="0.85", linewidth=0.6, zorder=0)
    names = ["observed", *(f"replicate {i}" for i in range(1, len(rows)))]
    ax.set_yticks(np.arange(len(rows)) + 0.3, names[::-1])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.1, len(rows))
    ax.set_xlabel(xlabel)
    style.tidy(ax)
    ax.spines["left"].set_visible(False)
    return ax


def _stacked(row: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the values sorted, and for each the number of equal values that precede it."""
    values = np.sort(row)
    first = np.searchsorted(values, values, side="left")
    return values, np.arange(len(values)) - first
