"""Draws in the order the sampler made them, to see whether the chains move and agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..summaries.draws import Draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY = 5000
"""Draws above which their line is drawn as an image: a PDF stays small."""


def trace(
    draws: Draws,
    *,
    divergent: Draws | None = None,
    truth: float | None = None,
    log: bool = False,
    ylabel: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the values of a quantity draw by draw, the chains side by side.

    Chains that have found the posterior look alike and like noise; one that stands still, drifts,
    or keeps to itself has not (Vehtari et al. 2021, doi:10.1214/20-BA1221). Divergent draws are
    ticks under the trace.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw)
    divergent : DataArray or array, (chain, draw), optional
        ``fit.sample_stats["diverging"]``.
    truth : float, optional
        Value that the data were simulated with, or an exact one: a dashed line.
    log : bool
        Logarithmic axis, for a scale that nears 0.
    ylabel : str, optional
        By default the name of the DataArray.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If shapes differ, draws are not finite, or `log` is given values that are not positive.
    """
    values = scalar_draws(draws, what="draws")
    chains, length = values.shape
    marked = np.zeros(values.shape, dtype=bool)
    if divergent is not None:
        marked = scalar_draws(divergent, what="divergent") != 0
    if marked.shape != values.shape:
        raise DataError(f"divergent has shape {marked.shape}, but draws have {values.shape}")
    if truth is not None and not np.isfinite(truth):
        raise DataError(f"truth must be a finite number, not {truth}")
    if log and (values.min() <= 0 or (truth is not None and truth <= 0)):
        raise DataError("log=True needs values above 0")
    ax = style.new_axes(8, 2.6) if ax is None else ax
    for chain, row in enumerate(values):
        at = np.arange(length) + chain * length
        ax.plot(
            at,
            row,
            color=style.BLUE if chain % 2 == 0 else "0.45",
            linewidth=0.5,
            rasterized=values.size > MANY,
        )
        if chain:
            ax.axvline(chain * length - 0.5, color="black", linewidth=0.8)
    if log:
        ax.set_yscale("log")
    if truth is not None:
        ax.axhline(
            truth,
            color=style.VERMILLION,
            linestyle="--",
            linewidth=1.8,
            zorder=3,
            label=f"truth: {truth:.4g}",
        )
    if divergent is not None:
        where = np.flatnonzero(marked)
        ax.plot(
            where,
            np.full(len(where), 0.02),
            transform=ax.get_xaxis_transform(),
            linestyle="none",
            marker="|",
            markersize=9,
            markeredgewidth=1,
            color="black",
            zorder=4,
            label=f"divergent draws ({len(where):,} of {values.size:,})",
        )
        ax.margins(y=0.12)
    ax.set_xlim(-0.5, values.size - 0.5)
    ax.set_xticks((np.arange(chains) + 0.5) * length, [f"chain {i}" for i in range(chains)])
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel(style.name_of(draws, "") if ylabel is None else ylabel)
    style.tidy(ax)
    if truth is not None or divergent is not None:
        style.legend_below(ax)
    return ax
