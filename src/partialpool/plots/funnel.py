"""Neal's funnel: the log of a scale parameter against one group's effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..summaries.draws import Draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY = 5000
"""Number of points above which they are drawn as an image, to keep PDF files small."""


def funnel(
    effect: Draws,
    scale: Draws,
    *,
    divergent: Draws | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the logarithm of a scale parameter against one group's effect.

    In a funnel the effect varies less as the scale nears 0. Divergences that concentrate in the
    narrow neck show that the sampler did not explore it, so that small scales are
    under-represented (Betancourt & Girolami 2015, arXiv:1312.0906).

    Parameters
    ----------
    effect : DataArray or array, (chain, draw)
        The effect of one group: ``fit.posterior["theta"].sel(school="A")``.
    scale : DataArray or array, (chain, draw)
        A positive scale parameter, whose natural logarithm is drawn.
    divergent : DataArray or array, (chain, draw), optional
        Whether each draw is divergent: ``fit.sample_stats["diverging"]``.
    xlabel, ylabel : str, optional
        Axis labels; by default the names of the DataArrays.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If shapes differ, draws are not finite, or a scale is not positive.
    """
    effects, sd = scalar_draws(effect, what="effect"), scalar_draws(scale, what="scale")
    diverging = np.zeros(sd.shape, dtype=bool)
    if divergent is not None:
        diverging = scalar_draws(divergent, what="divergent") != 0
    for name, values in (("effect", effects), ("divergent", diverging)):
        if values.shape != sd.shape:
            raise DataError(f"{name} has shape {values.shape}, but scale has {sd.shape}")
    if (sd <= 0).any():
        raise DataError(
            "scale must be positive, because its logarithm is drawn; if it is a logarithm already, "
            "give its exponential"
        )
    log_scale = np.log(sd)
    ax = style.new_axes(6, 4.5) if ax is None else ax
    ax.plot(
        effects[~diverging],
        log_scale[~diverging],
        linestyle="none",
        marker="o",
        markersize=2.8,
        markeredgewidth=0,
        color="0.6",
        alpha=0.4,
        rasterized=sd.size > MANY,
        label=f"draws ({sd.size:,})",
    )
    if divergent is not None:
        ax.plot(
            effects[diverging],
            log_scale[diverging],
            linestyle="none",
            marker="x",
            markersize=6.5,
            markeredgewidth=2,
            color=style.VERMILLION,
            zorder=3,
            label=f"of them divergent ({np.count_nonzero(diverging):,})",
        )
    ax.set_xlabel(style.name_of(effect, "group effect") if xlabel is None else xlabel)
    ax.set_ylabel(f"log {style.name_of(scale, 'scale')}" if ylabel is None else ylabel)
    style.tidy(ax)
    style.legend_below(ax)
    for handle in ax.get_legend().legend_handles:  # type: ignore[union-attr]
        handle.set_alpha(1)  # type: ignore[union-attr]
    return ax
