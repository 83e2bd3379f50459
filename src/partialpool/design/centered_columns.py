"""Columns with means taken off the numbers in products: the same span, other coefficients.

With m the mean of x, the product (x - m) z is x:z - m z: a combination of columns, if z is one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..arrays import Floats

TINY = 1e-9
"""Shifts below this many standard deviations of a column are rounding."""


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
    """Find W that takes means off the numbers in products of columns; None where none changes.

    A number is centered in a product only where the columns that this takes off are there: the
    span of the columns, and with it the model, stays what it is.

    Parameters
    ----------
    parts : sequence of tuple of str
        What each column is a product of.
    means : mapping of str to float
        Of the numbers among these.
    columns : array, (row, column)
    constant : bool
        Whether there is an intercept beside them.
    level : array, (column,), or None
        Without one, what makes a constant of the columns, as those of all categories do.
    levels : sequence of tuple of str
        Of each factor the columns of all its levels: the one that a lean coding leaves out is a
        constant less the others.
    stays : function of int to bool
        Whether a column's coefficient must keep its meaning.
    """
    least = 2 if level is None else 1
    if max(map(len, parts), default=0) < least:
        return None
    place = {frozenset(of): k for k, of in enumerate(parts) if of}
    spread = columns.std(axis=0)
    W = np.eye(len(parts))
    of_level = [] if level is None else np.flatnonzero(level).tolist()
    constant = constant or bool(of_level and not any(stays(k) for k in of_level))

    def allowed(of: frozenset[str], centered: tuple[str, ...]) -> bool:
        for left in _subsets(centered):
            rest = of - frozenset(left)
            of_rest = expressed(rest, place, levels, constant=constant)
            if rest and (of_rest is None or any(stays(k) for k in of_rest)):
                return False
            if not rest and (not constant or place[of] in of_level):
                return False
        return True

    for of, column in place.items():
        numbers = sorted(part for part in of if means.get(part, 0.0) != 0.0)
        if len(of) < least or not numbers:
            continue
        sizes = range(len(numbers), 0, -1)
        choices = itertools.chain.from_iterable(itertools.combinations(numbers, n) for n in sizes)
        centered = next((some for some in choices if allowed(of, some)), ())
        for left in _subsets(centered):
            rest = of - frozenset(left)
            shift = float(np.prod([-means[part] for part in left]))
            if not rest and level is not None and abs(shift) > TINY * spread[column]:
                W[:, column] += shift * level
            for k, weight in (expressed(rest, place, levels, constant=constant) or {}).items():
                if abs(shift) * spread[k] > TINY * spread[column]:
                    W[k, column] += weight * shift
    return None if np.array_equal(W, np.eye(len(parts))) else W


def expressed(
    product: frozenset[str],
    place: Mapping[frozenset[str], int],
    levels: Sequence[tuple[str, ...]],
    *,
    constant: bool,
) -> dict[int, float] | None:
    """Write a product as a combination of columns, by their places, and a constant.

    Returns
    -------
    dict or None
        Without the constant; None where the columns do not have the product in their span.
    """
    if not product:
        return {} if constant else None
    if product in place:
        return {place[product]: 1.0}
    for factor in levels:
        for own in product.intersection(factor):
            rest = product - {own}
            others = [rest | {level} for level in factor if level != own]
            whole = expressed(rest, place, [f for f in levels if f != factor], constant=constant)
            if whole is not None and all(other in place for other in others):
                found = dict(whole)
                for other in others:
                    found[place[other]] = found.get(place[other], 0.0) - 1.0
                return found
    return None


def _subsets(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """List the subsets of some parts but the empty one."""
    sizes = range(1, len(parts) + 1)
    return [some for n in sizes for some in itertools.combinations(parts, n)]


def combined(columns: Floats, W: Floats) -> Floats:
    """Return the columns C W, element by element: equal rows stay equal to the last digit."""
    result = np.array(columns, dtype=np.float64)
    for k in range(W.shape[1]):
        for i in np.flatnonzero(W[:, k]).tolist():
            if i != k:
                result[:, k] += W[i, k] * columns[:, i]
    return result
