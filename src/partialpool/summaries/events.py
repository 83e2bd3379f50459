"""The posterior probability of an event: the share of draws in which it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..diagnostics.convergence import flatten
from ..errors import DataError
from .draws import Draws
from .monte_carlo import estimate_mean

if TYPE_CHECKING:
    import pandas as pd


def event_probability(
    draws: Draws | xr.Dataset,
    event: Callable[[Any], Any] | None = None,
    *,
    name: str = "event",
) -> pd.DataFrame:
    """Estimate the probability of an event: the share of draws in which it happens.

    >>> event_probability(theta, lambda t: t > 0.4)                          # doctest: +SKIP
    >>> event_probability(theta, lambda t: (t > 0.35).any("player"))         # doctest: +SKIP
    >>> event_probability(fit.posterior, lambda p: p["mu"] + p["tau"] > 0)   # doctest: +SKIP
    >>> event_probability(theta > 0.4)                                       # doctest: +SKIP

    Parameters
    ----------
    draws : DataArray, Dataset or array, (chain, draw, ...)
        Draws of any quantities if `event` is given; otherwise booleans that say in which draws
        the event happens.
    event : function of draws, optional
        Takes `draws` and returns true or false for every chain and draw. If the result has
        further dimensions, the table has a row for each of their coordinates.
    name : str
        Name of the event. Rows of the table are named ``name``, or ``name[Clemente]`` if there
        are further dimensions.

    Returns
    -------
    DataFrame
        Columns probability, mcse (its Monte-Carlo standard error), ess (effective sample size
        of the event) and draws (their number), indexed by event. If the event happens in all
        draws or in none, mcse and ess are NaN: the draws then say only that the probability is
        within about 3 / ESS of 0 or 1.

    Raises
    ------
    DataError
        If draws are NaN, the event is not boolean or lacks dimension chain or draw, or `name` is
        the name of a coordinate.
    """
    import pandas as pd

    occurrences: Any = draws
    if event is not None:
        _refuse_missing(draws)
        occurrences = event(
            draws if isinstance(draws, xr.DataArray | xr.Dataset) else np.asarray(draws)
        )
    labels, values = flatten(_indicators(occurrences, name).to_dataset(name=name))
    estimate = estimate_mean(values)
    return pd.DataFrame(
        {
            "probability": estimate.mean,
            "mcse": estimate.mcse,
            "ess": estimate.ess,
            "draws": values.shape[0] * values.shape[1],
        },
        index=pd.Index(labels, name="event"),
    )


def _refuse_missing(draws: Draws | xr.Dataset) -> None:
    named = draws.data_vars.items() if isinstance(draws, xr.Dataset) else [("draws", draws)]
    for name, variable in named:
        values = np.asarray(variable)
        if values.dtype.kind == "f" and np.isnan(values).any():
            raise DataError(f"{name} has draws that are NaN, for which no event is true or false")


def _indicators(occurrences: Any, name: str) -> xr.DataArray:
    """Return an event as a boolean DataArray with dimensions chain and draw, after checking it."""
    if isinstance(occurrences, xr.DataArray):
        array = occurrences
    else:
        values = np.asarray(occurrences)
        if values.ndim < 2:
            raise DataError(
                f"{name!r} must be true or false for every chain and draw; its shape is "
                f"{values.shape}"
            )
        other_dims = [f"dim_{i}" for i in range(values.ndim - 2)]
        array = xr.DataArray(values, dims=("chain", "draw", *other_dims))
    if name in array.coords:
        raise DataError(f"name {name!r} is taken by a coordinate of the draws; choose another")
    if array.dtype != bool:
        raise DataError(
            f"{name!r} must be true or false for every draw, but it is {array.dtype}: "
            "compare the draws with something, as in draws > 0.4"
        )
    missing_dims = [dim for dim in ("chain", "draw") if dim not in array.dims]
    if missing_dims:
        raise DataError(
            f"{name!r} has no dimension {' and '.join(missing_dims)}: it must be true or false for "
            "every chain and draw"
        )
    if 0 in array.shape:
        raise DataError(f"{name!r} has no draws: its shape is {array.shape}")
    return array
