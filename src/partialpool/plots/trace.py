"""Trace plots: draws in the order of sampling, to see whether chains mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..summaries.draws import Draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY = 5000
"""Number of draws above which their line is drawn as an image, to keep PDF files small."""


def trace(
    draws: Draws,
    *,
    divergent: Draws | None = None,
    truth: float | None = None,
    log: bool = False,
    ylabel: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the values of a quantity in the order of the draws, the chains side by side.

    Chains that have converged look alike, and like noise. A chain that does not move, drifts, or
    stays in another region than the others has not converged (Vehtari et al. 2021,
    doi:10.1214/20-BA1221). Divergent draws are marked by ticks below the trace.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw)
    divergent : DataArray or array, (chain, draw), optional
        Whether each draw is divergent: ``fit.sample_stats["diverging"]``.
    truth : float, optional
        The true value of simulated data, or an exact value, drawn as a dashed line.
    log : bool
        Whether the axis is logarithmic, as is useful for a scale parameter near 0.
    ylabel : str, optional
        Axis label; by default the name of the DataArray.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If shapes differ, a value is not finite, or `log` is True and a value is not positive.
    """
    values = scalar_draws(draws, what="draws")
    chains, length = values.shape
    diverging = np.zeros(values.shape, dtype=bool)
    if divergent is not None:
        diverging = scalar_draws(divergent, what="divergent") != 0
    if diverging.shape != values.shape:
        raise DataError(f"divergent has shape {diverging.shape}, but draws have {values.shape}")
    if truth is not None and not np.isfinite(truth):
        raise DataError(f"truth must be a finite number, not {truth}")
    if log and (values.min() <= 0 or (truth is not None and truth <= 0)):
        raise DataError("log=True needs positive values; use log=False for this quantity")
    ax = style.new_axes(8, 2.6) if ax is None else ax
    for chain, row in enumerate(values):
        iterations = np.arange(length) + chain * length
        ax.plot(
            iterations,
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
        divergent_iterations = np.flatnonzero(diverging)
        ax.plot(
            divergent_iterations,
            np.full(len(divergent_iterations), 0.02),
            transform=ax.get_xaxis_transform(),
            linestyle="none",
            marker="|",
            markersize=9,
            markeredgewidth=1,
            color="black",
            zorder=4,
            label=f"divergent draws ({len(divergent_iterations):,} of {values.size:,})",
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
