"""Predictions for new observations from draws of a normal model, and whether they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..errors import DataError
from .draws import Draws, group_draws

if TYPE_CHECKING:
    import pandas as pd


def predict_normal(
    location: xr.DataArray, scale: xr.DataArray | float, *, seed: int
) -> xr.DataArray:
    """Draw one prediction from normal(location, scale) for every draw of the posterior.

    A new observation at x: ``predict_normal(a + b * x, sigma, seed=1)``. One of a new group
    takes two steps, first its mean, ``predict_normal(mu, tau, seed=1)``, then the observation.

    Parameters
    ----------
    location : DataArray, (chain, draw, ...)
        Where the predictions centre. Dimensions besides chain and draw are what is predicted.
    scale : DataArray or float
        Standard deviation about it; broadcast by the names of dimensions.
    seed : int

    Returns
    -------
    DataArray, (chain, draw, ...)

    Raises
    ------
    DataError
        If chain or draw are missing, a value is not finite, or a scale is negative.
    """
    if not isinstance(location, xr.DataArray) or not {"chain", "draw"} <= set(location.dims):
        raise DataError("location must be a DataArray with dimensions chain and draw")
    centre, sd = xr.broadcast(location, xr.DataArray(scale))
    if not (np.isfinite(centre).all() and np.isfinite(sd).all()):
        raise DataError("location and scale must be finite")
    if (sd < 0).any():
        raise DataError("scale must not be negative")
    own = [dim for dim in centre.dims if dim not in ("chain", "draw")]
    centre, sd = (each.transpose("chain", "draw", *own) for each in (centre, sd))
    noise = np.random.default_rng(seed).standard_normal(centre.shape)
    return (centre + sd * noise).rename("prediction")


def coverage(
    predicted: Draws,
    observed: npt.ArrayLike,
    *,
    probabilities: Sequence[float] = (0.5, 0.8, 0.95),
) -> pd.DataFrame:
    """Count the observations within their predictive intervals.

    Parameters
    ----------
    predicted : DataArray or array, (chain, draw, observation)
    observed : array, (observation,)
        None of them used by the fit.
    probabilities : sequence of float
        Of the central intervals.

    Returns
    -------
    DataFrame
        Columns within (how many), of, share, and low and high: the range that holds the count
        in 99% of cases where every interval has its probability and observations are independent
        given the fit. Indexed by probability.

    Raises
    ------
    DataError
        If the lengths differ, an observation is not finite, or a probability is not one.
    """
    import pandas as pd
    from scipy.stats import binom

    draws = group_draws(predicted, what="predicted")
    seen = np.asarray(observed, dtype=np.float64)
    if seen.shape != (len(draws.labels),) or not np.isfinite(seen).all():
        raise DataError(f"observed must be {len(draws.labels)} finite numbers, one a prediction")
    levels = np.atleast_1d(np.asarray(probabilities, dtype=np.float64))
    if not ((levels > 0) & (levels < 1)).all():
        raise DataError(f"probabilities must be between 0 and 1, not {levels.tolist()}")
    low, high = (np.quantile(draws.flat, (1 + sign * levels) / 2, axis=0) for sign in (-1, 1))
    within = ((low <= seen) & (seen <= high)).sum(axis=1)
    return pd.DataFrame(
        {
            "within": within,
            "of": len(seen),
            "share": within / len(seen),
            "low": np.asarray(binom.ppf(0.005, len(seen), levels)).astype(int),
            "high": np.asarray(binom.ppf(0.995, len(seen), levels)).astype(int),
        },
        index=pd.Index(levels, name="probability"),
    )
