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
"""Number of pairs computed at a time, to limit memory."""


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
        By default every pair of groups once, in the order of the groups.
    labels : sequence of str, optional
        Names of the groups; by default the coords.

    Returns
    -------
    DataFrame
        Columns probability, of first > second; mcse and ess, its Monte-Carlo standard error and
        effective sample size (both NaN if first > second in all draws or in none); tied, the
        probability that the two are equal; difference, the posterior mean of first - second in
        the unit of the draws. Indexed by first and second. P(second > first) is
        1 - probability - tied.

    Raises
    ------
    DataError
        If the draws are not finite or not (chain, draw, group), there are fewer than two groups,
        or a pair names a group that is not there, or the same group twice.
    """
    import pandas as pd

    groups = group_draws(draws, what="draws", labels=labels)
    if len(groups.labels) < 2:
        raise DataError(
            f"comparisons need two groups or more; there is only one, {groups.labels[0]!r}"
        )
    requested = itertools.combinations(groups.labels, 2) if pairs is None else pairs
    named_pairs = [tuple(map(str, pair)) for pair in requested]
    position = {label: i for i, label in enumerate(groups.labels)}
    for pair in named_pairs:
        unknown = [label for label in pair if label not in position]
        if unknown:
            raise DataError(
                f"there is no {groups.dim} {unknown[0]!r}; there are {', '.join(groups.labels)}"
            )
        if len(pair) != 2 or pair[0] == pair[1]:
            raise DataError(f"a pair is two different groups, not {pair!r}")
    index = np.array([[position[a], position[b]] for a, b in named_pairs]).reshape(-1, 2)
    columns: dict[str, list[float]] = {
        name: [] for name in ("probability", "mcse", "ess", "tied", "difference")
    }
    for start in range(0, len(index), BLOCK):
        first, second = index[start : start + BLOCK].T
        differences = groups.values[:, :, first] - groups.values[:, :, second]
        estimate = estimate_mean(differences > 0)
        columns["probability"] += estimate.mean.tolist()
        columns["mcse"] += estimate.mcse.tolist()
        columns["ess"] += estimate.ess.tolist()
        columns["tied"] += (differences == 0).mean(axis=(0, 1)).tolist()
        columns["difference"] += differences.mean(axis=(0, 1)).tolist()
    return pd.DataFrame(
        columns, index=pd.MultiIndex.from_tuples(named_pairs, names=["first", "second"])
    )
