"""Pooling factors: how far a fit pooled its groups, from 0 (no pooling) to 1 (complete pooling).

Both factors are computed from the group-level errors of a batch of coefficients: each group's
coefficient minus its prediction by the group-level model (``alpha - mu``; with a group predictor u,
``alpha - gamma_0 - gamma_1 * u``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from .draws import Draws, group_draws, scalar_draws
from .monte_carlo import estimate_mean

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PoolingFactor:
    """The pooling factor of a batch of coefficients.

    Attributes
    ----------
    value : float
        lambda: 0 if every group is estimated by itself, 1 if all groups are estimated as one.
        Above 0.5, the estimates owe more to the group-level model than to each group's data.
    mcse, ess : float
        Monte-Carlo standard error of `value`, and its effective sample size.
    """

    value: float
    mcse: float
    ess: float


def pooling_factor(errors: Draws) -> PoolingFactor:
    """Estimate the pooling factor of a batch of coefficients.

    lambda = 1 - Var_j(E[e_j]) / E[Var_j(e_j)], with variances over the groups j (divisor J - 1)
    and expectations over the posterior: Gelman & Pardoe 2006, Technometrics 48(2):241,
    doi:10.1198/004017005000000517.

    Parameters
    ----------
    errors : DataArray or array, (chain, draw, group)
        Each group's coefficient minus its group-level prediction, in any unit.

    Returns
    -------
    PoolingFactor

    Raises
    ------
    DataError
        If the draws are not finite or not (chain, draw, group), there are fewer than two groups,
        or all errors are equal.
    """
    draws = group_draws(errors, what="errors")
    if len(draws.labels) < 2:
        raise DataError(
            f"a pooling factor needs two groups or more; there is only one, {draws.labels[0]!r}"
        )
    between = draws.values.var(axis=2, ddof=1)
    mean = draws.flat.mean(axis=0)
    variance_of_means, mean_variance = mean.var(ddof=1), between.mean()
    if mean_variance == 0:
        raise DataError("the errors of all groups are equal in every draw: pooling is undefined")
    centred = mean - mean.mean()
    slope = 2 * ((draws.values - mean) @ centred) / (len(mean) - 1)
    influence = (
        variance_of_means * (between - mean_variance) / mean_variance - slope
    ) / mean_variance
    estimate = estimate_mean(influence[:, :, None])
    return PoolingFactor(
        float(1 - variance_of_means / mean_variance),
        float(estimate.mcse[0]),
        float(estimate.ess[0]),
    )


def group_pooling_factor(
    errors: Draws, scale: Draws, *, labels: Sequence[str] | None = None
) -> pd.DataFrame:
    """Estimate the pooling factor of every group.

    omega_j = min(1, Var(e_j) / E[scale^2]), posterior variance over group-level variance: Gelman &
    Hill 2007, section 21.6. With a known scale and normal data, it is the weight of the
    group-level prediction in the group's estimate.

    Parameters
    ----------
    errors : DataArray or array, (chain, draw, group)
        Each group's coefficient minus its group-level prediction.
    scale : DataArray or array, (chain, draw)
        Standard deviation of the errors, in the same unit.
    labels : sequence of str, optional
        Names of the groups; by default the coords.

    Returns
    -------
    DataFrame
        Columns pooling_factor, mcse and ess, indexed by group.

    Raises
    ------
    DataError
        If draws are not finite, the chains and draws of `errors` and `scale` differ in number,
        or `scale` is negative in a draw or 0 in all.
    """
    import pandas as pd

    draws = group_draws(errors, what="errors", labels=labels)
    sd = scalar_draws(scale, what="scale")
    if sd.shape != draws.values.shape[:2]:
        raise DataError(
            f"scale has (chain, draw) {sd.shape}, but errors have {draws.values.shape[:2]}"
        )
    if (sd < 0).any() or not sd.any():
        raise DataError("scale must be a standard deviation: not negative, and not always 0")
    squared_errors = (draws.values - draws.flat.mean(axis=0)) ** 2
    variance = sd[:, :, None] ** 2
    ratio = squared_errors.mean(axis=(0, 1)) / variance.mean()
    estimate = estimate_mean((squared_errors - ratio * variance) / variance.mean())
    return pd.DataFrame(
        {"pooling_factor": np.minimum(ratio, 1.0), "mcse": estimate.mcse, "ess": estimate.ess},
        index=pd.Index(draws.labels, name=draws.dim),
    )
