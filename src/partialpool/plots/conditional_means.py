"""Group effects given the scale between groups: from complete pooling to none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def conditional_means(
    scale: npt.ArrayLike,
    means: Mapping[str, npt.ArrayLike],
    *,
    density: npt.ArrayLike | None = None,
    limits: tuple[float, float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw every group's mean given the scale between groups, named at the right.

    Where the scale is 0 all groups have one mean; as it grows each goes to its own estimate. The
    posterior density of the scale, in grey at the bottom, says which of it is believable
    (Gelman et al. 2013, Bayesian Data Analysis, 3rd edition, section 5.5).

    Parameters
    ----------
    scale : array, (node,)
        Increasing, not negative.
    means : mapping of group to array, (node,)
    density : array, (node,), optional
        Of the scale, at the nodes; drawn in a unit of its own.
    limits : (low, high), optional
        Range of the scale; by default all of it.
    xlabel, ylabel : str
        With units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If lengths differ, a value is not finite, the scale does not increase, or fewer than two
        of it are within the limits.
    """
    if not means:
        raise DataError("there is no group to draw")
    at = np.asarray(scale, dtype=np.float64)
    if at.ndim != 1 or not np.isfinite(at).all() or (np.diff(at) <= 0).any() or (at < 0).any():
        raise DataError("scale must be increasing numbers that are not negative")
    given: dict[str, Any] = {name: np.asarray(each, dtype=float) for name, each in means.items()}
    below = np.zeros(len(at)) if density is None else np.asarray(density, dtype=float)
    for name, values in {**given, "density": below}.items():
        if values.shape != at.shape or not np.isfinite(values).all():
            raise DataError(f"{name} must be {len(at)} finite numbers, one a scale")
    low, high = (float(at[0]), float(at[-1])) if limits is None else limits
    inside = (at >= low) & (at <= high)
    if np.count_nonzero(inside) < 2:
        raise DataError(f"fewer than two scales are within the limits {(low, high)}")
    ax = style.new_axes(7, 4.8) if ax is None else ax
    for i, (name, values) in enumerate(given.items()):
        look = style.series(i)
        ax.plot(
            at[inside], values[inside], color=look.colour, linestyle=look.line, lw=1.6, label=name
        )
    _name_ends(ax, {name: float(values[inside][-1]) for name, values in given.items()}, high)
    if density is not None:
        bottom, top = ax.get_ylim()
        bottom -= 0.3 * (top - bottom)
        height = 0.24 * (top - bottom)
        ax.fill_between(
            at[inside],
            bottom,
            bottom + height * below[inside] / below[inside].max(),
            color="0.8",
            linewidth=0,
            label="posterior density of the scale",
        )
        ax.set_ylim(bottom, top)
    ax.set_xlim(low, high)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
    return ax


def _name_ends(ax: Axes, ends: Mapping[str, float], right: float) -> None:
    """Name each line at its end, moved where names would be written over each other."""
    bottom, top = ax.get_ylim()
    apart = 0.055 * (top - bottom)
    last = -np.inf
    for i, name in sorted(enumerate(ends), key=lambda each: ends[each[1]]):
        height = max(ends[name], last + apart)
        last = height
        ax.annotate(
            name,
            (right, ends[name]),
            xytext=(1.015, height),
            textcoords=("axes fraction", "data"),
            color=style.series(i).colour,
            va="center",
            annotation_clip=False,
        )
