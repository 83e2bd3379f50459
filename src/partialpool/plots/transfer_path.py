"""The estimates of every parameter as the weight of historical data goes from none to full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from . import style
from .panels import panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NEEDED = ("knob", "value", "parameter", "mean", "low", "high", "mean_alone", "mean_history")


def transfer_path(
    path: pd.DataFrame,
    *,
    parameters: Sequence[str] | None = None,
    columns: int = 3,
    ylabel: str = "",
) -> Axes:
    """Draw the mean and 90% interval of every parameter against lambda, a0 or a between-sample sd.

    The weight of the history grows to the right, so a between-sample sd decreases to the right.
    The dashed line is the mean from the new sample alone, the dotted line from the history alone.

    Parameters
    ----------
    path : DataFrame
        The result of `pp.transfer.path` or `pp.transfer.path_of_fits` for one method.
    parameters : sequence of str, optional
        Parameters to draw, a panel for each; by default all.
    columns : int
        Panels in a row.
    ylabel : str
        Axis label, with the unit.

    Returns
    -------
    Axes
        The axes of the first panel; ``.figure.axes`` has all.

    Raises
    ------
    DataError
        If columns are missing, `path` has several methods or fewer than two values, or a
        parameter is not in it.
    """
    missing = [name for name in NEEDED if name not in path.columns]
    if missing:
        raise DataError(
            f"path has no column {', '.join(missing)}: give the result of pp.transfer.path or "
            "pp.transfer.path_of_fits"
        )
    knobs = path["knob"].unique().tolist()
    available = path["parameter"].unique().tolist()
    drawn = available if parameters is None else list(parameters)
    if len(knobs) != 1 or path["value"].nunique() < 2:
        raise DataError(
            "path must be of one method, with at least two values; it has "
            f"{' and '.join(map(str, knobs))}, with {path['value'].nunique()} different values"
        )
    unknown = [name for name in drawn if name not in available]
    if unknown or not drawn:
        raise DataError(
            f"parameters must be some of {', '.join(available)}, not {unknown or drawn}"
        )
    figures = {
        name: lambda ax, name=name: _draw(
            path[path["parameter"] == name].sort_values("value"), knobs[0], ylabel, ax
        )
        for name in drawn
    }
    first = panels(figures, columns=columns, size=(3.6, 3.0), share="columns", legends=False)
    handles, labels = first.get_legend_handles_labels()
    first.figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=4 if len(drawn) > 1 else 2,
        frameon=False,
    )
    return first


def _draw(rows: pd.DataFrame, knob: str, ylabel: str, ax: Axes) -> None:
    """Draw the path of one parameter; `knob` is what grows along the path, such as lambda."""
    x = rows["value"].to_numpy(dtype=np.float64)
    ax.fill_between(
        x,
        rows["low"].to_numpy(),
        rows["high"].to_numpy(),
        color=style.SKY,
        alpha=0.35,
        linewidth=0,
        label="90% interval",
    )
    ax.plot(x, rows["mean"], color=style.BLUE, linewidth=1.6, label="mean")
    for column, line, colour, label in (
        ("mean_alone", "--", style.VERMILLION, "new sample alone"),
        ("mean_history", ":", style.BLACK, "history alone"),
    ):
        ax.axhline(float(rows[column].iloc[0]), color=colour, linestyle=line, lw=1.2, label=label)
    if knob != "a0" and (x > 0).all():
        ax.set_xscale("log")
    ax.set_xlim(*((x[-1], x[0]) if knob.endswith("sd") else (x[0], x[-1])))
    ax.set_xlabel(knob)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
