"""Choose the order in which the effects of all group terms of a Gaussian model are eliminated.

The effects of all terms are jointly normal, and integrating them out takes a Cholesky factor of
their precision matrix A. Terms of a chain, in which each is nested in the next, are eliminated one
after the other: A stays diagonal by group. The effects of all other terms are left with a dense
matrix. How long that takes depends on the chain (Bates et al. 2015, Journal of Statistical Software
67:1, for the sparse factor).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pair_sums import GroupColumns

MOST = 300_000
"""Cost of a log density (`Elimination.cost`) up to which the effects of all group terms are
integrated out. With more it is quicker to sample those of all terms but one."""
OF_COLUMN, OF_PAIR = 20, 6
"""Cost of an element of the matrices that stand for the terms outside of the chain, and of a
product of two. Where the chain is one term of one coefficient they are data, and a product costs
1."""


@dataclass(frozen=True)
class Elimination:
    """The order in which the effects of all group terms are eliminated.

    Attributes
    ----------
    chain : tuple of int
        Numbers of the terms that are eliminated group by group, each nested in the next.
    outside : tuple of int
        Numbers of the other terms, whose effects are left with a dense matrix.
    cost : int
        About how long the log density takes, in multiplications within long vectors: 1,000 of them
        take a third of a microsecond on a machine of 2024.
    """

    chain: tuple[int, ...]
    outside: tuple[int, ...]
    cost: int


def plan(terms: Sequence[GroupColumns]) -> Elimination:
    """Choose the chain with which the log density costs least."""
    numbers = range(len(terms))
    within = {
        (inner, outer)
        for inner, outer in itertools.permutations(numbers, 2)
        if is_nested(terms[inner], terms[outer])
    }
    # of terms with the same groups the one that is named first is the inner one
    enclosing = {
        inner: [
            outer
            for outer in numbers
            if (inner, outer) in within and (outer > inner or (outer, inner) not in within)
        ]
        for inner in numbers
    }
    plans = [
        Elimination(
            chain,
            tuple(number for number in numbers if number not in chain),
            cost(terms, chain),
        )
        for chain in _chains(enclosing)
    ]
    return min(plans, key=lambda one: one.cost)


def _chains(enclosing: Mapping[int, Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """Yield every sequence of terms in which each is nested in the next.

    Parameters
    ----------
    enclosing : mapping of int to sequence of int
        By number of a term: the terms in which it is nested.
    """
    chains: list[tuple[int, ...]] = [(number,) for number in enclosing]
    while chains:
        yield from chains
        chains = [
            (*chain, outer)
            for chain in chains
            for outer in enclosing[chain[-1]]
            if outer not in chain
        ]


def is_nested(inner: GroupColumns, outer: GroupColumns) -> bool:
    """Tell whether the rows of each group of `inner` are in one group of `outer`."""
    pairs = np.unique(inner.codes * outer.groups + outer.codes)
    return len(pairs) == len(np.unique(inner.codes))


def cost(terms: Sequence[GroupColumns], chain: Sequence[int]) -> int:
    """Estimate what a log density costs with this chain; see `Elimination`."""
    dense = sum(
        term.groups * term.Z.shape[1] for number, term in enumerate(terms) if number not in chain
    )
    sizes = [terms[number].groups for number in chain for _ in range(terms[number].Z.shape[1])]
    total: int = dense**3 // 3
    for place, groups in enumerate(sizes):
        later = len(sizes) - place - 1
        total += groups * (1 + later * (later + 3) // 2)
        if len(sizes) > 1:
            total += groups * dense * (OF_COLUMN * (1 + later) + OF_PAIR * dense)
    if len(sizes) == 1:
        total += sizes[0] * dense * (dense + 1) // 2
    return total


@dataclass(frozen=True, eq=False)
class SortedChain:
    """The groups of a chain's terms, sorted so that groups nested in one group stand together.

    Attributes
    ----------
    levels : tuple of array of int, each (group,)
        Of each term of the chain: the codes of its groups, sorted.
    outer : tuple of array of int, each (group,)
        Of each term but the last, in the same order: the place, in the sorted groups of the next
        term, of the group that each is nested in.
    """

    levels: tuple[NDArray[np.int64], ...]
    outer: tuple[NDArray[np.int64], ...]


def sorted_chain(terms: Sequence[GroupColumns]) -> SortedChain:
    """Sort the groups of the terms of a chain, given from the innermost to the outermost.

    A group without rows is put in the first group of the next term: its sums are 0.
    """
    levels = [np.arange(terms[-1].groups)]
    outer: list[NDArray[np.int64]] = []
    for inner, enclosing in reversed(list(itertools.pairwise(terms))):
        parents = np.zeros(inner.groups, dtype=np.int64)
        parents[inner.codes] = enclosing.codes
        place = np.empty(enclosing.groups, dtype=np.int64)
        place[levels[0]] = np.arange(enclosing.groups)
        order = np.argsort(place[parents], kind="stable")
        levels.insert(0, order)
        outer.insert(0, place[parents[order]])
    return SortedChain(tuple(levels), tuple(outer))
