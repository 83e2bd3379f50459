"""Effective sample sizes of the same quantities under several fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENOUGH = 400.0
"""Bulk and tail ESS recommended by Vehtari et al. 2021: 100 for each of four chains."""


def ess_bars(
    fits: Mapping[str, Mapping[str, float]],
    *,
    enough: float | None = ENOUGH,
    xlabel: str = "effective sample size (draws)",
    ax: Axes | None = None,
) -> Axes:
    """Draw the effective sample sizes of several fits as bars, on a logarithmic scale.

    Parameters
    ----------
    fits : mapping of name to Series or mapping
        Effective sample size by quantity: ``fit.summary()["ess_bulk"]``. Quantities that all
        fits have are drawn, in the order of the first fit. NaN (a constant) has no bar.
    enough : float or None
        Recommended size, drawn as a vertical line; None for no line.
    xlabel : str
        Axis label, with the unit: draws, or draws per second.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no fit, no quantity that all fits have, a size is negative, or no size is a
        positive number.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    if not fits:
        raise DataError("fits is empty: give effective sample sizes by the name of each fit")
    sizes: dict[str, dict[str, Any]] = {
        name: {str(quantity): value for quantity, value in table.items()}
        for name, table in fits.items()
    }
    first = next(iter(sizes.values()))
    rows = [q for q in first if all(q in table for table in sizes.values())][::-1]
    if not rows:
        raise DataError(f"no quantity is in all of {', '.join(sizes)}")
    lengths = np.array([[table[q] for q in rows] for table in sizes.values()], dtype=np.float64)
    if (lengths < 0).any():
        raise DataError("an effective sample size is negative")
    finite = lengths[np.isfinite(lengths) & (lengths > 0)]
    if not finite.size:
        raise DataError("no effective sample size is a positive number")
    ax = style.row_axes(len(rows), lines=len(sizes)) if ax is None else ax
    height = 0.8 / len(sizes)
    for i, (name, row) in enumerate(zip(sizes, lengths, strict=True)):
        look = style.series(i)
        ax.barh(
            np.arange(len(rows)) + 0.4 - (i + 0.5) * height,
            np.where(np.isfinite(row), row, 0.0),
            height=height,
            facecolor=look.colour,
            edgecolor="white",
            hatch=look.hatch,
            linewidth=0.4,
            label=name,
        )
    if enough is not None:
        ax.axvline(enough, color="black", linestyle="--", linewidth=1, label=f"enough: {enough:g}")
    ax.set_xscale("log")
    ax.set_xlim(left=min(finite.min(), enough or finite.min()) / 2)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    style.label_rows(ax, rows)
    ax.set_xlabel(xlabel)
    style.tidy(ax)
    style.legend_below(ax, columns=min(4, len(sizes) + (enough is not None)))
    return ax
