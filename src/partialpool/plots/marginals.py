"""The marginal posterior of one quantity under several fits, and its exact density if known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ..summaries.draws import Draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def marginals(
    fits: Mapping[str, Draws],
    *,
    limits: tuple[float, float],
    exact: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    bins: int = 50,
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the outlines of the histograms of several fits in one figure.

    Histograms are drawn because a kernel density estimate is wrong near a bound, where it matters
    for instance whether a standard deviation can be 0.

    Parameters
    ----------
    fits : mapping of name to draws (chain, draw)
        Draws of the same quantity.
    limits : (low, high)
        Range of values, in the quantity's unit; the legend says what share of draws is outside.
    exact : (values, density), optional
        Two arrays (node,): the density from another method than sampling, drawn as a line.
    bins : int
        Number of bins of each histogram.
    xlabel : str
        Axis label, with the unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no fit, the limits do not increase, or `exact` is not two arrays of one length
        with a density that is not negative.
    """
    if not fits:
        raise DataError("fits is empty: give draws by the name of each fit")
    low, high = map(float, limits)
    if not (np.isfinite([low, high]).all() and low < high):
        raise DataError(f"limits must be two increasing numbers, not {limits}")
    edges = np.linspace(low, high, bins + 1)
    width = edges[1] - edges[0]
    ax = style.new_axes(7, 4) if ax is None else ax
    if exact is not None:
        nodes, density = (np.asarray(column, dtype=np.float64) for column in exact)
        if nodes.shape != density.shape or nodes.ndim != 1 or not (density >= 0).all():
            raise DataError("exact must be two arrays of one length, the second not negative")
        order = np.argsort(nodes)
        ax.fill_between(nodes[order], density[order], color="0.88", linewidth=0)
        ax.plot(nodes[order], density[order], color="0.5", linewidth=1.2, label="exact")
    for i, (name, draws) in enumerate(fits.items()):
        values = scalar_draws(draws, what=name).ravel()
        counts, _ = np.histogram(values, bins=edges)
        beyond = 1 - counts.sum() / len(values)
        look = style.series(i)
        ax.stairs(
            counts / (len(values) * width),
            edges,
            color=look.colour,
            linestyle=look.line,
            linewidth=1.5,
            label=name if beyond == 0 else f"{name} ({beyond:.1%} beyond)",
        )
    ax.set_xlim(low, high)
    ax.set_ylim(bottom=0)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("density")
    style.tidy(ax)
    style.legend_below(ax)
    return ax
