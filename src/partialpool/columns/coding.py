"""Which categories of a sum of terms are coded in full, so that no column repeats others.

A term of factors a and b spans what a, b, their product and the intercept span.  What earlier
terms span already is left out; what is left is put together again into as few products as it
takes (as patsy does).  A term is looked at after those that it holds, wherever they are
written: the columns then span the same space in any order.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence

Product = tuple[tuple[Hashable, bool], ...]
"""Factors of a term, each with whether it is coded in full."""


def codings(
    terms: Sequence[tuple[frozenset[Hashable], tuple[Hashable, ...]]], *, intercept: bool
) -> list[list[Product]]:
    """Choose the coding of each term's factors.

    Parameters
    ----------
    terms : sequence of (numbers, factors)
        The columns of numbers in a term, and its factors.
    intercept : bool

    Returns
    -------
    list of list
        For each term the products of factors that it takes.
    """
    spanned: dict[frozenset[Hashable], set[frozenset[Hashable]]] = {}
    if intercept:
        spanned[frozenset()] = {frozenset()}
    found: dict[int, list[Product]] = {}

    def choose(place: int) -> None:
        numbers, factors = terms[place]
        for other, (own, inner) in enumerate(terms):
            if other not in found and own == numbers and set(inner) < set(factors):
                choose(other)
        known = spanned.setdefault(numbers, set())
        subsets = itertools.chain.from_iterable(
            itertools.combinations(factors, size) for size in range(len(factors) + 1)
        )
        new = [frozenset(each) for each in subsets if frozenset(each) not in known]
        known.update(new)
        found[place] = [
            tuple((factor, (factor, True) in each) for factor in factors if _has(each, factor))
            for each in _joined([frozenset((factor, False) for factor in each) for each in new])
        ]

    for place in range(len(terms)):
        if place not in found:
            choose(place)
    return [found[place] for place in range(len(terms))]


def _has(product: frozenset[tuple[Hashable, bool]], factor: Hashable) -> bool:
    return (factor, False) in product or (factor, True) in product


def _joined(
    products: list[frozenset[tuple[Hashable, bool]]],
) -> list[frozenset[tuple[Hashable, bool]]]:
    """Put products together: a and a:b make a product with b in full."""
    for short, long in itertools.combinations(range(len(products)), 2):
        extra = products[long] - products[short]
        if len(extra) == 1 and products[short] < products[long]:
            ((factor, _),) = extra
            whole = products[short] | {(factor, True)}
            rest = [whole if i == long else each for i, each in enumerate(products)]
            return _joined(rest[:short] + rest[short + 1 :])
    return products
