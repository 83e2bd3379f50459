"""How much pooling a fit did: 0 none, 1 complete.

Both factors are made from the errors of a batch of coefficients: what each group's coefficient
differs by from what its level of the model predicts (``alpha - mu``; with a group predictor,
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
    """Pooling of a batch of coefficients.

    Attributes
    ----------
    value : float
        lambda: 0 where groups are estimated by themselves, 1 where all are put in one; above 0.5
        the groups' level of the model says more than their own data do.
    mcse, ess : float
        Monte-Carlo standard error of `value`, and the effective sample size behind it.
    """

    value: float
    mcse: float
    ess: float


def pooling_factor(errors: Draws) -> PoolingFactor:
    """Estimate the pooling factor of a batch.

    lambda = 1 - Var_j(E[e_j]) / E[Var_j(e_j)], with variances over the groups j (divisor J - 1)
    and expectations over the posterior: Gelman & Pardoe 2006, Technometrics 48(2):241,
    doi:10.1198/004017005000000517.

    Parameters
    ----------
    errors : DataArray or array, (chain, draw, group)
        Each group's coefficient less what its level predicts, in any unit.

    Returns
    -------
    PoolingFactor

    Raises
    ------
    DataError
        If the draws are not finite or not (chain, draw, group), there are fewer than two groups,
        or all errors are equal.
    """
    given = group_draws(errors, what="errors")
    if len(given.labels) < 2:
        raise DataError("a pooling factor needs two groups or more")
    between = given.values.var(axis=2, ddof=1)
    mean = given.flat.mean(axis=0)
    of_means, expected = mean.var(ddof=1), between.mean()
    if expected == 0:
        raise DataError("the errors of all groups are equal in every draw: pooling is undefined")
    centred = mean - mean.mean()
    slope = 2 * ((given.values - mean) @ centred) / (len(mean) - 1)
    influence = (of_means * (between - expected) / expected - slope) / expected
    estimate = estimate_mean(influence[:, :, None])
    return PoolingFactor(
        float(1 - of_means / expected), float(estimate.mcse[0]), float(estimate.ess[0])
    )


def group_pooling_factor(
    errors: Draws, scale: Draws, *, labels: Sequence[str] | None = None
) -> pd.DataFrame:
    """Estimate the pooling factor of every group.

    omega_j = min(1, Var(e_j) / E[scale^2]), posterior variance over group-level variance: Gelman &
    Hill 2007, section 21.6. With known scale and normal data it is the weight that the group's
    level has in its estimate.

    Parameters
    ----------
    errors : DataArray or array, (chain, draw, group)
        Each group's coefficient less what its level predicts.
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
        If draws are not finite, shapes do not fit, or a scale is negative or always 0.
    """
    import pandas as pd

    given = group_draws(errors, what="errors", labels=labels)
    sd = scalar_draws(scale, what="scale")
    if sd.shape != given.values.shape[:2]:
        raise DataError(
            f"scale has (chain, draw) {sd.shape}, but errors have {given.values.shape[:2]}"
        )
    if (sd < 0).any() or not sd.any():
        raise DataError("scale must be a standard deviation: not negative, and not always 0")
    spread = (given.values - given.flat.mean(axis=0)) ** 2
    variance = sd[:, :, None] ** 2
    ratio = spread.mean(axis=(0, 1)) / variance.mean()
    estimate = estimate_mean((spread - ratio * variance) / variance.mean())
    return pd.DataFrame(
        {"pooling_factor": np.minimum(ratio, 1.0), "mcse": estimate.mcse, "ess": estimate.ess},
        index=pd.Index(given.labels, name=given.dim),
    )
