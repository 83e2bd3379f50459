"""Several figures in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def panels(
    figures: Mapping[str, Callable[[Axes], object]],
    *,
    columns: int = 2,
    size: tuple[float, float] = (4.5, 4.0),
    share: bool = False,
    legends: bool = True,
) -> Axes:
    """Draw figures side by side, each under its name.

    >>> panels({"beta": lambda ax: funnel(theta, kappa, ax=ax)})             # doctest: +SKIP

    Parameters
    ----------
    figures : mapping of title to function of axes
        What each draws on the axes it is given. A title that begins with a space is not written.
    columns : int
    size : (width, height)
        Of a panel, in inches.
    share : bool
        Same limits everywhere; numbers are then written at the left and lower edge only.
    legends : bool
        False takes the panels' legends away.

    Returns
    -------
    Axes
        Of the first panel; ``.figure.axes`` has all.

    Raises
    ------
    DataError
        If there is no figure, or no column.
    """
    import matplotlib.pyplot as plt

    if not figures or columns < 1:
        raise DataError("panels needs a figure or more, and a column or more")
    columns = min(columns, len(figures))
    rows = -(-len(figures) // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(size[0] * columns, size[1] * rows),
        sharex=share,
        sharey=share,
        squeeze=False,
        layout="constrained",
    )
    for ax, (title, draw) in zip(grid.flat, figures.items(), strict=False):
        draw(ax)
        if not title.startswith(" "):
            ax.set_title(title, fontsize="medium")
        if not legends and ax.get_legend() is not None:
            ax.get_legend().remove()
        if share:
            ax.label_outer()
    for ax in grid.flat[len(figures) :]:
        figure.delaxes(ax)
    first: Axes = grid[0, 0]
    return first
