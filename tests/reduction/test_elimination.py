"""The order of elimination: the cheapest chain of all, and groups sorted so that it can be used."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import partialpool as pp
from partialpool.reduction import elimination, marginal
from partialpool.reduction.elimination import is_nested, plan, sorted_chain
from partialpool.reduction.pair_sums import GroupColumns

thorough = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def term(codes: NDArray[np.int64], q: int = 1, *, groups: int = 0) -> GroupColumns:
    Z = np.random.default_rng(q).normal(size=(len(codes), q))
    return GroupColumns(Z, codes, max(groups, int(codes.max()) + 1))


@st.composite
def designs(draw: st.DrawFn) -> list[GroupColumns]:
    """One to four terms: each is new, or nested in one of those before, with shuffled codes."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows = 40
    terms: list[GroupColumns] = []
    for _ in range(draw(st.integers(1, 4))):
        codes = rng.integers(0, draw(st.integers(1, 12)), rows)
        if terms and draw(st.booleans()):
            inner = rng.integers(0, 3, rows)
            codes = draw(st.sampled_from(terms)).codes * 3 + inner
        _, codes = np.unique(codes, return_inverse=True)
        empty = draw(st.integers(0, 2))
        shuffled = rng.permutation(int(codes.max()) + 1 + empty)
        terms.append(term(shuffled[codes], draw(st.integers(1, 3)), groups=len(shuffled)))
    return draw(st.permutations(terms))


def nested_by_hand(inner: GroupColumns, outer: GroupColumns) -> bool:
    return all(len(set(outer.codes[inner.codes == j])) <= 1 for j in range(inner.groups))


def all_chains(terms: list[GroupColumns]) -> list[tuple[int, ...]]:
    """Every order of every subset in which each is nested in all that follow."""
    return [
        chain
        for length in range(1, len(terms) + 1)
        for chain in itertools.permutations(range(len(terms)), length)
        if all(nested_by_hand(terms[a], terms[b]) for a, b in itertools.combinations(chain, 2))
    ]


@thorough
@given(designs())
def test_no_chain_is_cheaper(terms: list[GroupColumns]) -> None:
    found = plan(terms)
    costs = {chain: elimination.cost(terms, chain) for chain in all_chains(terms)}
    assert found.cost == min(costs.values()) == costs[found.chain]
    assert sorted(found.chain + found.outside) == list(range(len(terms)))
    assert list(found.outside) == sorted(found.outside)


@thorough
@given(designs())
def test_nested_is_each_group_within_one(terms: list[GroupColumns]) -> None:
    for inner, outer in itertools.product(terms, terms):
        assert is_nested(inner, outer) == nested_by_hand(inner, outer)


@thorough
@given(designs())
def test_sorted_groups_stand_together(terms: list[GroupColumns]) -> None:
    for numbers in all_chains(terms):
        chain = [terms[number] for number in numbers]
        found = sorted_chain(chain)
        assert len(found.outer) == len(chain) - 1
        for own, levels in zip(chain, found.levels, strict=True):
            assert sorted(levels) == list(range(own.groups))
        for place, (inner, outer) in enumerate(itertools.pairwise(chain)):
            above = found.outer[place]
            assert (np.diff(above) >= 0).all()
            enclosing = found.levels[place + 1][above]
            for level, parent in zip(found.levels[place], enclosing, strict=True):
                assert set(outer.codes[inner.codes == level]) <= {parent}
        above = np.arange(chain[0].groups)
        for own in found.outer:
            above = own[above]
            assert (np.diff(above) >= 0).all()  # by those of each later term too


def test_many_nested_groups_are_a_chain_and_few_crossed_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    rows = 6_000
    inner, crossed = np.arange(rows) % 3_000, rng.integers(0, 12, rows)
    nested = [term(inner // 10), term(inner, 2)]
    assert plan(nested).chain == (1, 0)
    assert plan([*nested, term(crossed)]).chain == (1, 0)
    assert plan([term(crossed), term(inner)]).chain == (1,)


def test_products_of_columns_outside_are_counted() -> None:
    """With one coefficient in the chain the cost is that of the products that are summed up."""
    groups, outside = 50, 7
    terms = [term(np.arange(200) % groups), term(np.arange(200) % outside)]
    pairs = groups * outside * (outside + 1) // 2
    assert pairs < elimination.cost(terms, (0,)) < 1.5 * pairs


@pytest.mark.parametrize(
    ("formula", "label", "chain", "outside"),
    [
        ("strength ~ 1 + (1 | batch / cask)", "batch:cask", (0, 1), ()),
        ("strength ~ 1 + (1 | batch) + (1 | cask)", "batch", (0,), (1,)),
        ("strength ~ 1 + (1 | cask) + (1 | batch)", "batch", (0,), (1,)),
        ("strength ~ 1 + (1 | cask) + (1 | batch) + (1 | batch:cask)", "batch:cask", (0,), (1, 2)),
    ],
)
def test_terms_are_numbered_with_the_first_before_the_others(
    formula: str, label: str, chain: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    design = pp.Model(formula, pp.datasets.load("pastes")).design
    found, order = marginal.order_of_elimination(design)
    assert (found, order.chain, order.outside) == (label, chain, outside)
