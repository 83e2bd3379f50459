"""Densities of priors, with a histogram of the posterior."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..summaries.draws import Draws, scalar_draws
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class HasDensity(Protocol):
    """A frozen SciPy distribution, or any other object with a method `pdf`."""

    def pdf(self, x: Any, /) -> Any:
        """Return the density at x, an array."""


Density: TypeAlias = HasDensity | Callable[[NDArray[np.float64]], Any]


def prior_density(
    priors: Mapping[str, Density],
    *,
    limits: tuple[float, float],
    posterior: Draws | None = None,
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the densities of one or several priors, and a histogram of the posterior.

    Parameters
    ----------
    priors : mapping of name to distribution or function
        An object with a method ``pdf`` (``scipy.stats.halfnorm(scale=2)``), or a function that
        takes an array of values and returns their densities.
    limits : (low, high)
        Range of values to draw, in the parameter's unit.
    posterior : DataArray or array, (chain, draw), optional
        Draws of the parameter.
    xlabel : str
        Axis label, with the unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no prior, the limits do not increase, a prior has no density, or a density is
        negative or nowhere finite.
    """
    if not priors:
        raise DataError("priors is empty: give at least one prior by its name")
    low, high = map(float, limits)
    if not (np.isfinite([low, high]).all() and low < high):
        raise DataError(f"limits must be two increasing numbers, not {limits}")
    x = np.linspace(low, high, 801)
    curves = {name: _density(name, prior, x) for name, prior in priors.items()}
    ax = style.new_axes(6, 4) if ax is None else ax
    if posterior is not None:
        values = scalar_draws(posterior, what="posterior").ravel()
        inside = values[(values >= low) & (values <= high)]
        weight = np.full(len(inside), 40 / ((high - low) * len(values)))
        share = len(inside) / len(values)
        ax.hist(
            inside,
            bins=np.linspace(low, high, 41).tolist(),
            weights=weight,
            color="0.85",
            edgecolor="0.6",
            linewidth=0.5,
            label="posterior" if share == 1 else f"posterior ({share:.1%} of it within)",
        )
    for i, (name, curve) in enumerate(curves.items()):
        look = style.series(i)
        ax.plot(x, curve, color=look.colour, linestyle=look.line, linewidth=1.8, label=name)
    ax.set_xlim(low, high)
    ax.set_ylim(bottom=0)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("density")
    style.tidy(ax)
    style.legend_below(ax)
    return ax


def _density(name: str, prior: Density, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density of a prior at x, with NaN where it is infinite."""
    function: Any = getattr(prior, "pdf", prior)
    if not callable(function):
        raise DataError(f"prior {name!r} must have a method pdf or be a function, not {prior!r}")
    with np.errstate(divide="ignore"):
        values = np.broadcast_to(np.asarray(function(x), dtype=np.float64), x.shape).copy()
    values[np.isinf(values)] = np.nan  # a pole, as at the ends of a beta(1/2, 1/2) density
    if (values < 0).any() or not np.isfinite(values).any():
        raise DataError(f"prior {name!r} has a density that is negative, or finite nowhere")
    return values
