"""Group means given the between-group sd: from complete pooling to no pooling."""

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
    """Draw each group's posterior mean as a function of the between-group sd.

    At scale 0 all groups have the same mean (complete pooling); as the scale grows, each mean
    approaches the group's own estimate (no pooling). The posterior density of the scale, in grey
    at the bottom, shows which scales are plausible (Gelman et al. 2013, Bayesian Data Analysis, 3rd
    edition, section 5.5). Each line is labelled at its right end.

    Parameters
    ----------
    scale : array, (node,)
        Values of the between-group sd: not negative, and increasing.
    means : mapping of group to array, (node,)
        Conditional posterior mean of each group at every value of `scale`.
    density : array, (node,), optional
        Posterior density of the scale; only its shape is drawn, not its height.
    limits : (low, high), optional
        Range of the scale to draw; by default all of it.
    xlabel, ylabel : str
        Axis labels, with units.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If lengths differ, a value is not finite, the scale does not increase, or fewer than two
        of its values are within the limits.
    """
    if not means:
        raise DataError("means is empty: give the means of at least one group by its name")
    at = np.asarray(scale, dtype=np.float64)
    if at.ndim != 1 or not np.isfinite(at).all() or (np.diff(at) <= 0).any() or (at < 0).any():
        raise DataError("scale must be increasing numbers that are not negative")
    columns: dict[str, Any] = {
        name: np.asarray(values, dtype=float) for name, values in means.items()
    }
    heights = np.zeros(len(at)) if density is None else np.asarray(density, dtype=float)
    for name, values in {**columns, "density": heights}.items():
        if values.shape != at.shape or not np.isfinite(values).all():
            raise DataError(f"{name} must be {len(at)} finite numbers, one per value of scale")
    low, high = (float(at[0]), float(at[-1])) if limits is None else limits
    inside = (at >= low) & (at <= high)
    if np.count_nonzero(inside) < 2:
        raise DataError(f"fewer than two values of scale are within the limits {(low, high)}")
    ax = style.new_axes(7, 4.8) if ax is None else ax
    for i, (name, values) in enumerate(columns.items()):
        look = style.series(i)
        ax.plot(
            at[inside], values[inside], color=look.colour, linestyle=look.line, lw=1.6, label=name
        )
    _name_ends(ax, {name: float(values[inside][-1]) for name, values in columns.items()}, high)
    if density is not None:
        bottom, top = ax.get_ylim()
        bottom -= 0.3 * (top - bottom)
        height = 0.24 * (top - bottom)
        ax.fill_between(
            at[inside],
            bottom,
            bottom + height * heights[inside] / heights[inside].max(),
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
    """Write each line's name at its right end, moved upwards if names would overlap."""
    bottom, top = ax.get_ylim()
    line_height = 0.055 * (top - bottom)
    previous = -np.inf
    for i, name in sorted(
        enumerate(ends), key=lambda position_and_name: ends[position_and_name[1]]
    ):
        height = max(ends[name], previous + line_height)
        previous = height
        ax.annotate(
            name,
            (right, ends[name]),
            xytext=(1.015, height),
            textcoords=("axes fraction", "data"),
            color=style.series(i).colour,
            va="center",
            annotation_clip=False,
        )
