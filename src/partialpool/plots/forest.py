"""Posterior intervals of every group from several fits, on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..arrays import natural_order
from ..errors import DataError
from ..summaries.draws import Draws, GroupDraws, group_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Sort = Literal["name", "estimate", "given"]


def forest(
    fits: Mapping[str, Draws],
    *,
    labels: Sequence[str] | None = None,
    sort: Sort = "name",
    probabilities: tuple[float, float] = (0.5, 0.9),
    reference: float | None = None,
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a row per group with each fit's median and two central intervals.

    Parameters
    ----------
    fits : mapping of name to draws (chain, draw, group)
        Draws for the same groups, in any order; they are matched by label.
    labels : sequence of str, optional
        Names of the groups, needed if draws are arrays; by default the coords.
    sort : {"name", "estimate", "given"}
        Rows from top to bottom: by name, by the first fit's median (the largest on top), or as
        in the first fit.
    probabilities : two floats
        Probabilities of the thick and of the thin central interval.
    reference : float, optional
        Position of a vertical line, such as 0 or the completely pooled estimate.
    xlabel : str
        Axis label, with the unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the fits have different groups, the probabilities do not increase between 0 and 1, or
        `sort` is none of the three.
    """
    if not fits:
        raise DataError("fits is empty: give draws by the name of each fit")
    inner, outer = probabilities
    if not 0 < inner < outer < 1:
        raise DataError(f"probabilities must increase between 0 and 1, not {probabilities}")
    if sort not in ("name", "estimate", "given"):
        raise DataError(f"sort must be 'name', 'estimate' or 'given', not {sort!r}")
    groups_of_fits = {
        name: group_draws(draws, what=name, labels=labels) for name, draws in fits.items()
    }
    first, *others = groups_of_fits.items()
    for name, draws in others:
        unshared = sorted(set(draws.labels) ^ set(first[1].labels))
        if unshared:
            raise DataError(
                f"{name} and {first[0]} differ in their groups: {', '.join(unshared[:5])}"
            )
    rows = _rows(first[1], sort)
    ax = style.row_axes(len(rows), lines=len(groups_of_fits)) if ax is None else ax
    if reference is not None:
        ax.axvline(reference, color=style.GREY, linewidth=1, zorder=0)
    tails = [(1 - outer) / 2, (1 - inner) / 2, 0.5, (1 + inner) / 2, (1 + outer) / 2]
    step = 0.0 if len(groups_of_fits) == 1 else 0.6 / (len(groups_of_fits) - 1)
    crowded = len(rows) > style.CROWDED
    for i, (name, draws) in enumerate(groups_of_fits.items()):
        look = style.series(i)
        order = [draws.labels.index(label) for label in rows]
        low, left, middle, right, high = np.quantile(draws.flat[:, order], tails, axis=0)
        y = np.arange(len(rows)) + (0.3 - i * step if len(groups_of_fits) > 1 else 0.0)
        ax.hlines(y, low, high, color=look.colour, linewidth=0.8)
        ax.hlines(y, left, right, color=look.colour, linewidth=1.6 if crowded else 2.4)
        ax.plot(
            middle,
            y,
            linestyle="none",
            marker=look.marker,
            markersize=3 if crowded else 5,
            color=look.colour,
            markerfacecolor="white" if i % 2 else look.colour,
            label=name,
            zorder=3,
        )
    style.label_rows(ax, rows)
    ax.set_xlabel(xlabel)
    style.tidy(ax)
    if len(groups_of_fits) > 1:
        style.legend_below(ax, columns=min(4, len(groups_of_fits)))
    return ax


def _rows(draws: GroupDraws, sort: Sort) -> list[str]:
    """Return the labels from the bottom row to the top row."""
    order = np.arange(len(draws.labels))
    if sort == "name":
        order = natural_order(draws.labels)
    elif sort == "estimate":
        order = np.argsort(-np.median(draws.flat, axis=0), kind="stable")
    return [draws.labels[i] for i in order[::-1]]
