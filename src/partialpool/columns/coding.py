"""Choose which factors of each term are coded in full, so that no column is redundant.

A term of factors a and b spans the intercept, a, b and a:b. What earlier terms span already is
left out, and the remaining parts are joined into as few products as possible, as in patsy. A
term comes after the terms whose factors are among its own, wherever they are written, so that
the order of the terms does not change the space that the columns span.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence

Product = tuple[tuple[Hashable, bool], ...]
"""The factors of a product, each with whether it is coded in full."""


def codings(
    terms: Sequence[tuple[frozenset[Hashable], tuple[Hashable, ...]]], *, intercept: bool
) -> list[list[Product]]:
    """Choose the coding of each term's factors.

    Parameters
    ----------
    terms : sequence of (numbers, factors)
        The columns of numbers in a term, and its factors.
    intercept : bool
        Whether the sum has an intercept.

    Returns
    -------
    list of list
        For each term the products of factors whose columns it adds.
    """
    spanned: dict[frozenset[Hashable], set[frozenset[Hashable]]] = {}
    if intercept:
        spanned[frozenset()] = {frozenset()}
    products: dict[int, list[Product]] = {}

    def choose(place: int) -> None:
        numbers, factors = terms[place]
        for earlier, (earlier_numbers, inner) in enumerate(terms):
            if earlier not in products and earlier_numbers == numbers and set(inner) < set(factors):
                choose(earlier)
        spanned_already = spanned.setdefault(numbers, set())
        subsets = itertools.chain.from_iterable(
            itertools.combinations(factors, size) for size in range(len(factors) + 1)
        )
        new = [frozenset(subset) for subset in subsets if frozenset(subset) not in spanned_already]
        spanned_already.update(new)
        lean = [frozenset((factor, False) for factor in subset) for subset in new]
        products[place] = [
            tuple((factor, (factor, True) in joint) for factor in factors if _has(joint, factor))
            for joint in _joined(lean)
        ]

    for place in range(len(terms)):
        if place not in products:
            choose(place)
    return [products[place] for place in range(len(terms))]


def _has(product: frozenset[tuple[Hashable, bool]], factor: Hashable) -> bool:
    """Whether a product contains a factor, in a full or lean coding."""
    return (factor, False) in product or (factor, True) in product


def _joined(
    products: list[frozenset[tuple[Hashable, bool]]],
) -> list[frozenset[tuple[Hashable, bool]]]:
    """Join products that differ by one factor: a and a:b become a:b with b coded in full."""
    for short, long in itertools.combinations(range(len(products)), 2):
        extra = products[long] - products[short]
        if len(extra) == 1 and products[short] < products[long]:
            ((factor, _),) = extra
            whole = products[short] | {(factor, True)}
            shorter = [whole if i == long else product for i, product in enumerate(products)]
            return _joined(shorter[:short] + shorter[short + 1 :])
    return products
