"""The mean of draws with its Monte-Carlo standard error.

The error is sd / sqrt(ESS), with the effective sample size of the averaged quantity itself (an
indicator, a weight), from split chains: Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021,
Bayesian Analysis 16:667, doi:10.1214/20-BA1221. ArviZ computes the ESS.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import Floats
from ..diagnostics.convergence import SHORTEST


@dataclass(frozen=True)
class Estimate:
    """Means over draws, one value per quantity, with their Monte-Carlo standard errors.

    Attributes
    ----------
    mean : array, (quantity,)
    mcse : array, (quantity,)
        Monte-Carlo standard error of the mean; NaN where `ess` is NaN.
    ess : array, (quantity,)
        Effective sample size; NaN where all draws are equal, or a chain has fewer than 4.
    """

    mean: Floats
    mcse: Floats
    ess: Floats


def estimate_mean(values: NDArray[Any]) -> Estimate:
    """Return means over chains and draws with their Monte-Carlo standard errors.

    Parameters
    ----------
    values : array, (chain, draw, quantity)
        Finite numbers, or booleans: the mean of an indicator estimates a probability.

    Returns
    -------
    Estimate
    """
    values = np.asarray(values, dtype=np.float64)
    count = values.shape[2]
    flat = values.reshape(-1, count)
    ess = np.full(count, np.nan)
    varies = np.ptp(flat, axis=0) > 0
    if values.shape[1] >= SHORTEST and varies.any():
        ess[varies] = _ess(values[:, :, varies])
    sd = flat.std(axis=0, ddof=1) if len(flat) > 1 else np.full(count, np.nan)
    return Estimate(flat.mean(axis=0), sd / np.sqrt(ess), ess)


def _ess(values: Floats) -> Floats:
    arviz: Any = importlib.import_module("arviz")

    draws = xr.Dataset({"x": (("chain", "draw", "quantity"), values)})
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # ArviZ warns about a chain that does not move; the small ESS shows it to the user
        warnings.simplefilter("ignore")
        return np.asarray(arviz.ess(draws, method="mean")["x"].values, np.float64)
