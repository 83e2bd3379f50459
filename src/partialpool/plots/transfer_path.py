"""Every parameter as a method goes from ignoring a history to copying it."""

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
    """Draw the mean and 90% interval of every parameter along lambda, a0 or a between-sample sd.

    The history counts for more to the right: a between-sample sd is drawn from large to small.
    Dashed and dotted lines are the means of the new sample and of the history by themselves.

    Parameters
    ----------
    path : DataFrame
        From `pp.transfer.path` or `pp.transfer.path_of_fits`, of one method.
    parameters : sequence of str, optional
        Those to draw, a panel each; all if not given.
    columns : int
        Panels side by side.
    ylabel : str
        With the unit.

    Returns
    -------
    Axes
        Of the first panel; ``.figure.axes`` has all.

    Raises
    ------
    DataError
        If columns are missing, there are several methods or fewer than two values, or a parameter
        is not there.
    """
    missing = [name for name in NEEDED if name not in path.columns]
    if missing:
        raise DataError(f"path lacks {', '.join(missing)}: take that of pp.transfer.path(...)")
    knobs = path["knob"].unique().tolist()
    known = path["parameter"].unique().tolist()
    wanted = known if parameters is None else list(parameters)
    if len(knobs) != 1 or path["value"].nunique() < 2:
        raise DataError("a path is of one method and of two values or more")
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise DataError(f"the path has no {unknown[0] if unknown else 'such parameter'!r}: {known}")
    figures = {
        name: lambda ax, name=name: _draw(
            path[path["parameter"] == name].sort_values("value"), knobs[0], ylabel, ax
        )
        for name in wanted
    }
    first = panels(figures, columns=columns, size=(3.6, 3.0), share="columns", legends=False)
    handles, labels = first.get_legend_handles_labels()
    first.figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=4 if len(wanted) > 1 else 2,
        frameon=False,
    )
    return first


def _draw(here: pd.DataFrame, knob: str, ylabel: str, ax: Axes) -> None:
    x = here["value"].to_numpy(dtype=np.float64)
    ax.fill_between(
        x,
        here["low"].to_numpy(),
        here["high"].to_numpy(),
        color=style.SKY,
        alpha=0.35,
        linewidth=0,
        label="90% interval",
    )
    ax.plot(x, here["mean"], color=style.BLUE, linewidth=1.6, label="mean")
    for column, line, colour, label in (
        ("mean_alone", "--", style.VERMILLION, "new sample alone"),
        ("mean_history", ":", style.BLACK, "history alone"),
    ):
        ax.axhline(float(here[column].iloc[0]), color=colour, linestyle=line, lw=1.2, label=label)
    if knob != "a0" and (x > 0).all():
        ax.set_xscale("log")
    ax.set_xlim(*((x[-1], x[0]) if knob.endswith("sd") else (x[0], x[-1])))
    ax.set_xlabel(knob)
    ax.set_ylabel(ylabel)
    style.tidy(ax)
