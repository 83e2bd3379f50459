"""Style of all figures: colours for colour-blind readers, markers, sizes, row labels, legends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..errors import DataError
from ..summaries.draws import Draws

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "black", "0.6"
COLOURS = (BLUE, VERMILLION, GREEN, BLACK, ORANGE, PURPLE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3)))
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo", "+++")
CROWDED = 30
"""Number of rows above which labels are smaller and closer together."""


@dataclass(frozen=True)
class Series:
    """Colour, marker, line style and hatch of one of several fits or chains in a figure."""

    colour: str
    marker: str
    line: Any
    hatch: str


def series(position: int) -> Series:
    """Return the style of the first (0), second, ... of several fits or chains in one figure."""
    i = position % len(COLOURS)
    return Series(COLOURS[i], MARKERS[i], LINES[i], HATCHES[i])


def new_axes(width: float = 7.0, height: float = 4.5) -> Axes:
    """Return the axes of a new figure; width and height are in inches."""
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    return ax


def row_axes(rows: int, *, lines: int = 1) -> Axes:
    """Return the axes of a new figure tall enough for `rows` rows with `lines` fits in each."""
    row_height = (0.28 if rows <= CROWDED else 0.15) * max(1.0, 0.55 * lines)
    return new_axes(height=max(2.5, 1.3 + row_height * rows))


def label_rows(ax: Axes, labels: Sequence[str]) -> None:
    """Write the labels of rows 0, 1, 2, ..., from the bottom upwards, on the y axis."""
    size = "medium" if len(labels) <= CROWDED else 7
    ax.set_yticks(np.arange(len(labels)), list(labels), fontsize=size)
    ax.set_ylim(-0.7, len(labels) - 0.3)
    if len(labels) > CROWDED:
        ax.tick_params(axis="y", length=2)


def legend_below(ax: Axes, *, columns: int = 2) -> None:
    """Put the legend below the label of the x axis, at any height of the axes."""
    below = 1.2 if not ax.get_xlabel() else 2.6
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        borderaxespad=below + 1.4,
        ncols=columns,
        frameon=False,
    )


def tidy(ax: Axes) -> None:
    """Hide the upper and the right side of the frame."""
    ax.spines[["top", "right"]].set_visible(False)


def columns(labels: Sequence[str], values_by_name: Mapping[str, npt.ArrayLike]) -> dict[str, Any]:
    """Return columns as arrays, after checking that each has one finite number per label.

    Raises
    ------
    DataError
        If the lengths differ, or a value is not finite.
    """
    checked: dict[str, Any] = {}
    for name, values in values_by_name.items():
        column = np.asarray(values, dtype=np.float64)
        if column.shape != (len(labels),):
            raise DataError(f"{name} has shape {column.shape}, but there are {len(labels)} labels")
        bad = [str(labels[i]) for i in np.flatnonzero(~np.isfinite(column)).tolist()]
        if bad:
            raise DataError(f"{name} is not finite for {', '.join(bad[:5])}")
        checked[name] = column
    return checked


def name_of(draws: Draws, otherwise: str) -> str:
    """Return the name of draws of one quantity with its scalar coords, such as theta[A].

    The result is `otherwise` if the draws are an array or have no name.
    """
    if not isinstance(draws, xr.DataArray) or draws.name is None:
        return otherwise
    scalar_coords = [
        str(coord.item())
        for name, coord in draws.coords.items()
        if coord.ndim == 0 and name not in ("chain", "draw")
    ]
    return f"{draws.name}[{', '.join(scalar_coords)}]" if scalar_coords else str(draws.name)
