"""Several figures in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from ..errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Share = Literal["none", "columns", "all"]


def panels(
    figures: Mapping[str, Callable[[Axes], object]],
    *,
    columns: int = 2,
    size: tuple[float, float] = (4.5, 4.0),
    share: Share = "none",
    legends: bool = True,
) -> Axes:
    """Draw figures side by side, each under its name.

    >>> panels({"beta": lambda ax: funnel(theta, kappa, ax=ax)})             # doctest: +SKIP

    Parameters
    ----------
    figures : mapping of title to function of axes
        What each draws on the axes it is given.
    columns : int
    size : (width, height)
        Of a panel, in inches.
    share : {"none", "columns", "all"}
        Same limits: of x in every column, or of x and y everywhere. What they share is then
        written at the edge only.
    legends : bool
        False takes the panels' legends away.

    Returns
    -------
    Axes
        Of the first panel; ``.figure.axes`` has all.

    Raises
    ------
    DataError
        If there is no figure or no column, or `share` is unknown.
    """
    import matplotlib.pyplot as plt

    if not figures or columns < 1:
        raise DataError("panels needs a figure or more, and a column or more")
    if share not in ("none", "columns", "all"):
        raise DataError(f"share must be 'none', 'columns' or 'all', not {share!r}")
    sharex: dict[Share, Literal["none", "col", "all"]]
    sharex = {"none": "none", "columns": "col", "all": "all"}
    columns = min(columns, len(figures))
    rows = -(-len(figures) // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(size[0] * columns, size[1] * rows),
        sharex=sharex[share],
        sharey=share == "all",
        squeeze=False,
        layout="constrained",
    )
    for i, (title, draw) in enumerate(figures.items()):
        ax = grid.flat[i]
        draw(ax)
        ax.set_title(title, fontsize="medium")
        for inside in (*ax.patches, *ax.lines, *ax.collections):
            inside.set_in_layout(False)  # they need no room beside the axes: a faster layout
        legend = ax.get_legend()
        if not legends and legend is not None:
            legend.remove()
        if share != "none" and i + columns < len(figures):
            ax.set_xlabel("")
            ax.tick_params(axis="x", labelbottom=False)
        if share == "all" and i % columns:
            ax.set_ylabel("")
            ax.tick_params(axis="y", labelleft=False)
    for ax in grid.flat[len(figures) :]:
        figure.delaxes(ax)
    first: Axes = grid[0, 0]
    return first
