"""The mean of draws with its Monte-Carlo standard error.

The error is sd / sqrt(ESS), with the effective sample size of the averaged quantity itself (an
indicator, a weight), from split chains: Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021,
Bayesian Analysis 16:667, doi:10.1214/20-BA1221.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..diagnostics.blocks import by_blocks
from ..diagnostics.effective_size import effective_sizes, split_chains
from ..diagnostics.statistics import SHORTEST


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
    (columns,) = by_blocks([np.asarray(values)], 3, _estimates)
    return Estimate(*columns.T)


def _estimates(draws: Floats) -> Floats:
    """Return mean, Monte-Carlo error and ESS of draws, (quantity, chain, draw), in columns."""
    flat = draws.reshape(len(draws), -1)
    ess = np.full(len(draws), np.nan)
    varies = np.flatnonzero(np.ptp(flat, axis=1) > 0)
    if draws.shape[2] >= SHORTEST:
        ess[varies] = effective_sizes(split_chains(draws[varies]))
    sd = np.sqrt(np.var(flat, axis=1) * (flat.shape[1] / (flat.shape[1] - 1)))
    return np.column_stack([flat.mean(axis=1), sd / np.sqrt(ess), ess])
