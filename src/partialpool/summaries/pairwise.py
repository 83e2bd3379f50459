"""Comparisons of two groups: the probability that one is larger than the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from .draws import Draws, group_draws
from .monte_carlo import estimate_mean

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 256
"""Pairs held in memory at once."""


def pairwise_probability(
    draws: Draws,
    *,
    pairs: Iterable[tuple[str, str]] | None = None,
    labels: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Estimate P(first > second) for pairs of groups.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw, group)
    pairs : iterable of (label, label), optional
        By default every pair once, first before second in the order of the groups.
    labels : sequence of str, optional
        Names of the groups; by default the coords.

    Returns
    -------
    DataFrame
        Columns probability, of first > second; mcse, its Monte-Carlo standard error, and ess
        (both NaN where all draws agree); tied, the probability that they are equal; difference,
        the mean of first - second in the unit of the draws. Indexed by first and second.
        P(second > first) is 1 - probability - tied.

    Raises
    ------
    DataError
        If the draws are not finite or not (chain, draw, group), there are fewer than two groups,
        or a pair names an unknown group or the same one twice.
    """
    import pandas as pd

    given = group_draws(draws, what="draws", labels=labels)
    if len(given.labels) < 2:
        raise DataError("comparisons need two groups or more")
    asked = itertools.combinations(given.labels, 2) if pairs is None else pairs
    wanted = [tuple(map(str, pair)) for pair in asked]
    position = {label: i for i, label in enumerate(given.labels)}
    for pair in wanted:
        unknown = [label for label in pair if label not in position]
        if unknown:
            raise DataError(
                f"there is no {given.dim} {unknown[0]!r}; there are {', '.join(given.labels)}"
            )
        if len(pair) != 2 or pair[0] == pair[1]:
            raise DataError(f"a pair is two different groups, not {pair!r}")
    index = np.array([[position[a], position[b]] for a, b in wanted]).reshape(-1, 2)
    columns: dict[str, list[float]] = {
        name: [] for name in ("probability", "mcse", "ess", "tied", "difference")
    }
    for start in range(0, len(index), BLOCK):
        first, second = index[start : start + BLOCK].T
        apart = given.values[:, :, first] - given.values[:, :, second]
        estimate = estimate_mean(apart > 0)
        columns["probability"] += estimate.mean.tolist()
        columns["mcse"] += estimate.mcse.tolist()
        columns["ess"] += estimate.ess.tolist()
        columns["tied"] += (apart == 0).mean(axis=(0, 1)).tolist()
        columns["difference"] += apart.mean(axis=(0, 1)).tolist()
    return pd.DataFrame(columns, index=pd.MultiIndex.from_tuples(wanted, names=["first", "second"]))
