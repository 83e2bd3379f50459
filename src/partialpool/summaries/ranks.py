"""Which group is best, second, ..., as far as the draws can tell.

Groups are ranked within every draw; rank 1 is best. Tied groups share: their rank is the middle
of the places they take, and each takes an equal part of the probability of every such place.
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
        Probabilities between 0 and 1; a column each, ``q10`` for 0.1. They are ranks that occur
        in the draws: no interpolation.
    labels : sequence of str, optional
        Names of the groups; by default the coords.

    Returns
    -------
    DataFrame
        Columns mean, mcse (of the mean), ess and one per quantile, indexed by group, in the
        order given.

    Raises
    ------
    DataError
        If the draws are not finite or not (chain, draw, group), there are fewer than two groups,
        or `best` or a quantile is not one.
    """
    import pandas as pd

    if not all(0 < q < 1 for q in quantiles):
        raise DataError(f"quantiles must be probabilities between 0 and 1, not {list(quantiles)}")
    given = _checked(draws, best, labels)
    lowest, highest = _places(given, best)
    middle = (lowest + highest) / 2
    estimate = estimate_mean(middle.reshape(given.values.shape))
    columns = {"mean": estimate.mean, "mcse": estimate.mcse, "ess": estimate.ess}
    rows = np.quantile(middle, quantiles, axis=0, method="inverted_cdf")
    columns |= {f"q{100 * q:g}": row for q, row in zip(quantiles, rows, strict=True)}
    return pd.DataFrame(columns, index=pd.Index(given.labels, name=given.dim))


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

    given = _checked(draws, best, labels)
    lowest, highest = _places(given, best)
    ranks = np.arange(1, len(given.labels) + 1)
    share = 1 / (highest - lowest + 1)
    table = np.column_stack(
        [(share * ((lowest <= rank) & (rank <= highest))).mean(axis=0) for rank in ranks]
    )
    return pd.DataFrame(
        table,
        index=pd.Index(given.labels, name=given.dim),
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
        Columns probability (they sum to 1; k groups tied for the best count 1/k each), mcse
        (NaN where all draws agree) and ess, indexed by group, in the order given.

    Raises
    ------
    DataError
        As `rank_distribution`.
    """
    import pandas as pd

    given = _checked(draws, best, labels)
    values = given.values if best == "largest" else -given.values
    first = values == values.max(axis=2, keepdims=True)
    estimate = estimate_mean(first / first.sum(axis=2, keepdims=True))
    return pd.DataFrame(
        {"probability": estimate.mean, "mcse": estimate.mcse, "ess": estimate.ess},
        index=pd.Index(given.labels, name=given.dim),
    )


def _checked(draws: Draws, best: str, labels: Sequence[str] | None) -> GroupDraws:
    if best not in ("largest", "smallest"):
        raise DataError(f"best must be 'largest' or 'smallest', not {best!r}")
    given = group_draws(draws, what="draws", labels=labels)
    if len(given.labels) < 2:
        raise DataError("ranks need two groups or more")
    return given


def _places(given: GroupDraws, best: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last place that each group takes in each draw, (chain x draw, group)."""
    from scipy.stats import rankdata

    values = -given.flat if best == "largest" else given.flat
    lowest = rankdata(values, method="min", axis=1)
    highest = rankdata(values, method="max", axis=1)
    return lowest.astype(np.int64), highest.astype(np.int64)
