"""Log densities against a scale parameter, to show which of them have a mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def density_path(
    scale: npt.ArrayLike,
    log_densities: Mapping[str, npt.ArrayLike],
    *,
    reference: float,
    limits: tuple[float, float] | None = None,
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw log densities against a scale parameter, relative to their values at one scale.

    A marker shows the maximum of each curve that has one inside the range.

    Parameters
    ----------
    scale : array, (point,)
        Positive, increasing values; the axis is logarithmic.
    log_densities : mapping of name to array (point,)
        In nats, up to additive constants.
    reference : float
        Value of `scale`, within its range, at which every curve is set to 0.
    limits : (low, high), optional
        Limits of the vertical axis, in nats; useful if a density is unbounded.
    xlabel : str
        Axis label, with the unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no curve, lengths differ, a value is not finite, `scale` is not positive and
        increasing, or `reference` is outside its range.
    """
    x = np.asarray(scale, dtype=np.float64)
    if x.ndim != 1 or len(x) < 2 or not (x[0] > 0 and (np.diff(x) > 0).all()):
        raise DataError("scale must be positive and increasing, because its logarithm is drawn")
    if not log_densities:
        raise DataError("log_densities is empty: give at least one log density by its name")
    if not x[0] <= reference <= x[-1]:
        raise DataError(f"reference must be between {x[0]:g} and {x[-1]:g}, not {reference:g}")
    ax = style.new_axes(7, 4) if ax is None else ax
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    for i, (name, values) in enumerate(log_densities.items()):
        y = np.asarray(values, dtype=np.float64)
        if y.shape != x.shape or not np.isfinite(y).all():
            raise DataError(f"{name} must be {len(x)} finite numbers, one per point of scale")
        look = style.series(i)
        relative = y - np.interp(np.log(reference), np.log(x), y)
        ax.plot(x, relative, color=look.colour, linestyle=look.line, linewidth=1.6, label=name)
        top = int(np.argmax(relative))
        if 0 < top < len(x) - 1:
            ax.plot(x[top], relative[top], look.marker, color=look.colour, ms=7, zorder=3)
    ax.set_xscale("log")
    ax.set_xlim(x[0], x[-1])
    if limits is not None:
        ax.set_ylim(*limits)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(f"log density less that at {reference:.3g} (nats)")
    style.tidy(ax)
    style.legend_below(ax)
    return ax
