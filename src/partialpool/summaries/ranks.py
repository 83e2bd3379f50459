"""Posterior distributions of ranks: which group is best, second, and so on.

Groups are ranked within every draw; rank 1 is best. The rank of tied groups is the mean of the
places that they share, and the probability of each of these places is divided equally among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .draws import Draws, GroupDraws, group_draws
from .monte_carlo import estimate_mean

if TYPE_CHECKING:
    import pandas as pd

Best = Literal["largest", "smallest"]
QUANTILES = (0.1, 0.5, 0.9)


def rank_distribution(
    draws: Draws,
    *,
    best: Best,
    quantiles: Sequence[float] = QUANTILES,
    labels: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Summarise the rank of every group.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw, group)
    best : {"largest", "smallest"}
        Which value is rank 1.
    quantiles : sequence of float
        Probabilities between 0 and 1, with a column for each, such as ``q10`` for 0.1. Quantiles
        are not interpolated: each is a rank that occurs in the draws.
    labels : sequence of str, optional
        Names of the groups; by default the coords.

    Returns
    -------
    DataFrame
        Columns mean, mcse (of the mean), ess and one per quantile, indexed by group, in the
        order of the draws.

    Raises
    ------
    DataError
        If the draws are not finite or not (chain, draw, group), there are fewer than two groups,
        `best` is neither of the two, or a quantile is not between 0 and 1.
    """
    import pandas as pd

    if not all(0 < q < 1 for q in quantiles):
        raise DataError(f"quantiles must be probabilities between 0 and 1, not {list(quantiles)}")
    groups = _rankable(draws, best, labels)
    lowest, highest = _places(groups, best)
    rank = (lowest + highest) / 2
    estimate = estimate_mean(rank.reshape(groups.values.shape))
    columns = {"mean": estimate.mean, "mcse": estimate.mcse, "ess": estimate.ess}
    rows = np.quantile(rank, quantiles, axis=0, method="inverted_cdf")
    columns |= {f"q{100 * q:g}": row for q, row in zip(quantiles, rows, strict=True)}
    return pd.DataFrame(columns, index=pd.Index(groups.labels, name=groups.dim))


def rank_probability(
    draws: Draws, *, best: Best, labels: Sequence[str] | None = None
) -> pd.DataFrame:
    """Estimate the probability of every rank for every group.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw, group)
    best : {"largest", "smallest"}
        Which value is rank 1.
    labels : sequence of str, optional
        Names of the groups; by default the coords.

    Returns
    -------
    DataFrame, (group, rank)
        Ranks 1 to the number of groups; rows and columns each sum to 1.

    Raises
    ------
    DataError
        As `rank_distribution`.
    """
    import pandas as pd

    groups = _rankable(draws, best, labels)
    lowest, highest = _places(groups, best)
    ranks = np.arange(1, len(groups.labels) + 1)
    share = 1 / (highest - lowest + 1)
    table = np.column_stack(
        [(share * ((lowest <= rank) & (rank <= highest))).mean(axis=0) for rank in ranks]
    )
    return pd.DataFrame(
        table,
        index=pd.Index(groups.labels, name=groups.dim),
        columns=pd.Index(ranks, name="rank"),
    )


def probability_best(
    draws: Draws, *, best: Best, labels: Sequence[str] | None = None
) -> pd.DataFrame:
    """Estimate the probability of being the best of all groups.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw, group)
    best : {"largest", "smallest"}
        Which value is best.
    labels : sequence of str, optional
        Names of the groups; by default the coords.

    Returns
    -------
    DataFrame
        Columns probability (they sum to 1; if k groups tie for the best, each counts 1/k), mcse
        and ess (NaN if the group is best in all draws or in none), indexed by group, in the order
        of the draws.

    Raises
    ------
    DataError
        As `rank_distribution`.
    """
    import pandas as pd

    groups = _rankable(draws, best, labels)
    values = groups.values if best == "largest" else -groups.values
    is_best = values == values.max(axis=2, keepdims=True)
    estimate = estimate_mean(is_best / is_best.sum(axis=2, keepdims=True))
    return pd.DataFrame(
        {"probability": estimate.mean, "mcse": estimate.mcse, "ess": estimate.ess},
        index=pd.Index(groups.labels, name=groups.dim),
    )


def _rankable(draws: Draws, best: str, labels: Sequence[str] | None) -> GroupDraws:
    """Return draws of two or more groups, after checking them and `best`."""
    if best not in ("largest", "smallest"):
        raise DataError(f"best must be 'largest' or 'smallest', not {best!r}")
    groups = group_draws(draws, what="draws", labels=labels)
    if len(groups.labels) < 2:
        raise DataError(f"ranks need two groups or more; there is only one, {groups.labels[0]!r}")
    return groups


def _places(groups: GroupDraws, best: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and last place of each group in each draw, (chain x draw, group).

    The two differ where groups are tied.
    """
    from scipy.stats import rankdata

    values = -groups.flat if best == "largest" else groups.flat
    lowest = rankdata(values, method="min", axis=1)
    highest = rankdata(values, method="max", axis=1)
    return lowest.astype(np.int64), highest.astype(np.int64)
