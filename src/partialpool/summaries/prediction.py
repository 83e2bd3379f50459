"""Predictions of a normal model for new observations, and the coverage of their intervals."""

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

    For a new observation at x: ``predict_normal(a + b * x, sigma, seed=1)``. For an observation
    of a new group, first draw the group's mean, ``mean = predict_normal(mu, tau, seed=1)``, then
    the observation, ``predict_normal(mean, sigma, seed=2)``.

    Parameters
    ----------
    location : DataArray, (chain, draw, ...)
        Means of the predictions. Each coordinate of the dimensions besides chain and draw is a
        quantity to predict.
    scale : DataArray or float
        Standard deviations of the predictions; broadcast by the names of dimensions.
    seed : int
        Seed of the random numbers.

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
    other_dims = [dim for dim in centre.dims if dim not in ("chain", "draw")]
    centre, sd = (parameter.transpose("chain", "draw", *other_dims) for parameter in (centre, sd))
    noise = np.random.default_rng(seed).standard_normal(centre.shape)
    return (centre + sd * noise).rename("prediction")


def coverage(
    predicted: Draws,
    observed: npt.ArrayLike,
    *,
    probabilities: Sequence[float] = (0.5, 0.8, 0.95),
) -> pd.DataFrame:
    """Count the observations that lie within their predictive intervals.

    Parameters
    ----------
    predicted : DataArray or array, (chain, draw, observation)
    observed : array, (observation,)
        Observations that were not used in the fit.
    probabilities : sequence of float
        Probabilities of the central predictive intervals.

    Returns
    -------
    DataFrame
        Columns within (the number of observations in their intervals), of (the number of
        observations), share (their ratio), low and high, indexed by probability. If intervals
        have their nominal coverage and observations are independent given the fit, `within` is
        between low and high in 99% of cases.

    Raises
    ------
    DataError
        If the lengths differ, an observation is not finite, or a probability is not between 0
        and 1.
    """
    import pandas as pd
    from scipy.stats import binom

    draws = group_draws(predicted, what="predicted")
    observations = np.asarray(observed, dtype=np.float64)
    if observations.shape != (len(draws.labels),) or not np.isfinite(observations).all():
        raise DataError(
            f"observed must be {len(draws.labels)} finite numbers, one for each prediction"
        )
    levels = np.atleast_1d(np.asarray(probabilities, dtype=np.float64))
    if not ((levels > 0) & (levels < 1)).all():
        raise DataError(f"probabilities must be between 0 and 1, not {levels.tolist()}")
    low, high = (np.quantile(draws.flat, (1 + sign * levels) / 2, axis=0) for sign in (-1, 1))
    within = ((low <= observations) & (observations <= high)).sum(axis=1)
    return pd.DataFrame(
        {
            "within": within,
            "of": len(observations),
            "share": within / len(observations),
            "low": np.asarray(binom.ppf(0.005, len(observations), levels)).astype(int),
            "high": np.asarray(binom.ppf(0.995, len(observations), levels)).astype(int),
        },
        index=pd.Index(levels, name="probability"),
    )
