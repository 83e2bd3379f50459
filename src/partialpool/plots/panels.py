"""Several figures side by side in one."""

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
    """Draw figures side by side, each below its title.

    >>> panels({"beta": lambda ax: funnel(theta, kappa, ax=ax)})             # doctest: +SKIP

    Parameters
    ----------
    figures : mapping of title to function of axes
        Each function draws one panel on the axes that it is given.
    columns : int
        Panels in a row.
    size : (width, height)
        Size of a panel, in inches.
    share : {"none", "columns", "all"}
        Axis limits that panels share: none, those of x in each column, or those of x and y in all
        panels. Shared axes are labelled at the edge of the figure only.
    legends : bool
        Whether to keep the panels' legends.

    Returns
    -------
    Axes
        The axes of the first panel; ``.figure.axes`` has all.

    Raises
    ------
    DataError
        If there is no figure, `columns` is below 1, or `share` is none of the three.
    """
    import matplotlib.pyplot as plt

    if not figures or columns < 1:
        raise DataError(
            f"panels needs at least one figure and one column; there are {len(figures)} figures, "
            f"and columns is {columns}"
        )
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
        for artist in (*ax.patches, *ax.lines, *ax.collections):
            artist.set_in_layout(False)  # none reaches beyond the axes, and the layout is faster
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
