"""Center the numbers inside products of columns, without changing the columns' span.

With m the mean of x, the centered product (x - m) z is x:z - m z: a linear combination of the
columns x:z and z, if there is a column z.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..arrays import Floats

TINY = 1e-9
"""Shifts by less than this many standard deviations of a column are taken for rounding."""


def of_products(
    parts: Sequence[tuple[str, ...]],
    means: Mapping[str, float],
    columns: Floats,
    *,
    constant: bool,
    level: Floats | None,
    levels: Sequence[tuple[str, ...]] = (),
    stays: Callable[[int], bool],
) -> Floats | None:
    """Find the matrix W for which columns @ W has the numbers in products centered.

    A number in a product is centered only if the columns that this subtracts exist, so that the
    span of the columns, and with it the model, does not change.

    Parameters
    ----------
    parts : sequence of tuple of str
        For each column, the names of the columns whose product it is.
    means : mapping of str to float
        Means of the numeric parts.
    columns : array, (row, column)
    constant : bool
        Whether there is an intercept beside the columns.
    level : array, (column,), or None
        If there is no intercept, the weights with which the columns add up to 1 in every row, as
        the columns of all categories do; None if there are none.
    levels : sequence of tuple of str
        For each factor, the names of the columns of all its levels. The one that a lean coding
        leaves out is the intercept minus the others.
    stays : function of int to bool
        Whether the coefficient of a column must keep its meaning.

    Returns
    -------
    array, (column, column), or None
        None if nothing can be centered.
    """
    min_parts = 2 if level is None else 1
    if max(map(len, parts), default=0) < min_parts:
        return None
    place = {frozenset(names): k for k, names in enumerate(parts) if names}
    sds = columns.std(axis=0)
    W = np.eye(len(parts))
    of_level = [] if level is None else np.flatnonzero(level).tolist()
    constant = constant or bool(of_level and not any(stays(k) for k in of_level))

    def allowed(product: frozenset[str], centered: tuple[str, ...]) -> bool:
        for removed in _subsets(centered):
            remaining = product - frozenset(removed)
            combination = expressed(remaining, place, levels, constant=constant)
            if remaining and (combination is None or any(stays(k) for k in combination)):
                return False
            if not remaining and (not constant or place[product] in of_level):
                return False
        return True

    for product, column in place.items():
        numbers = sorted(part for part in product if means.get(part, 0.0) != 0.0)
        if len(product) < min_parts or not numbers:
            continue
        sizes = range(len(numbers), 0, -1)
        choices = itertools.chain.from_iterable(itertools.combinations(numbers, n) for n in sizes)
        centered = next((choice for choice in choices if allowed(product, choice)), ())
        for removed in _subsets(centered):
            remaining = product - frozenset(removed)
            shift = float(np.prod([-means[part] for part in removed]))
            if not remaining and level is not None and abs(shift) > TINY * sds[column]:
                W[:, column] += shift * level
            for k, weight in (expressed(remaining, place, levels, constant=constant) or {}).items():
                if abs(shift) * sds[k] > TINY * sds[column]:
                    W[k, column] += weight * shift
    return None if np.array_equal(W, np.eye(len(parts))) else W


def expressed(
    product: frozenset[str],
    place: Mapping[frozenset[str], int],
    levels: Sequence[tuple[str, ...]],
    *,
    constant: bool,
) -> dict[int, float] | None:
    """Express a product as a linear combination of columns and the intercept.

    Parameters
    ----------
    product : frozenset of str
        Names of the columns whose product it is.
    place : mapping of frozenset of str to int
        Places of the columns, by what they are products of.
    levels : sequence of tuple of str
        As in `of_products`.
    constant : bool
        Whether there is an intercept.

    Returns
    -------
    dict of int to float, or None
        Weights of columns by their places, without the intercept's. None if the product is not
        in the columns' span.
    """
    if not product:
        return {} if constant else None
    if product in place:
        return {place[product]: 1.0}
    for factor in levels:
        for omitted in product.intersection(factor):
            remaining = product - {omitted}
            siblings = [remaining | {level} for level in factor if level != omitted]
            further = [names for names in levels if names != factor]
            level_sum = expressed(remaining, place, further, constant=constant)
            if level_sum is not None and all(sibling in place for sibling in siblings):
                weights = dict(level_sum)
                for sibling in siblings:
                    weights[place[sibling]] = weights.get(place[sibling], 0.0) - 1.0
                return weights
    return None


def _subsets(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """List the subsets of parts, without the empty one."""
    sizes = range(1, len(parts) + 1)
    return [subset for n in sizes for subset in itertools.combinations(parts, n)]


def combined(columns: Floats, W: Floats) -> Floats:
    """Return columns @ W, (row, column), for a W with ones on its diagonal.

    It is computed elementwise, so that equal rows stay equal to the last digit.
    """
    result = np.array(columns, dtype=np.float64)
    for k in range(W.shape[1]):
        for i in np.flatnonzero(W[:, k]).tolist():
            if i != k:
                result[:, k] += W[i, k] * columns[:, i]
    return result
