"""Sums over pairs of groups: by dense matrices, in pieces, about another fit; their number."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialpool.errors import DataError
from partialpool.reduction import pair_sums as crossed
from partialpool.reduction import sums as reduce
from partialpool.reduction.pair_sums import GroupColumns
from partialpool.reduction.sums import GaussianSums

SETTINGS = settings(max_examples=30, deadline=None, derandomize=True, database=None)


@dataclasses.dataclass(frozen=True)
class Rows:
    """X, y, weights and three group terms, the first of which is integrated out."""

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    terms: tuple[GroupColumns, ...]

    def sums(self, reference: np.ndarray) -> GaussianSums:
        first, *further = self.terms
        return reduce.gaussian_sums(
            self.X, first.Z, first.codes, first.groups, self.y,
            reference=reference, weights=self.weights, further=further,
        )  # fmt: skip

    def part(self, which: np.ndarray) -> Rows:
        terms = tuple(GroupColumns(t.Z[which], t.codes[which], t.groups) for t in self.terms)
        return Rows(self.X[which], self.y[which], self.weights[which], terms)


def rows(seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 40))

    def term() -> GroupColumns:
        groups = int(rng.integers(1, 6))
        Z = rng.normal(size=(n, int(rng.integers(1, 4)))) * rng.integers(0, 2, (n, 1))
        return GroupColumns(Z, rng.integers(0, groups, n), groups)

    X = np.column_stack([np.ones(n), rng.normal(size=(n, int(rng.integers(0, 3))))])
    return Rows(X, rng.normal(3, 2, n), rng.uniform(0.1, 3, n), (term(), term(), term()))


def dense(term: GroupColumns) -> np.ndarray:
    """Columns by coefficient, then group, row by row."""
    out = np.zeros((len(term.codes), term.effects))
    for n, code in enumerate(term.codes):
        for k in range(term.Z.shape[1]):
            out[n, k * term.groups + code] = term.Z[n, k]
    return out


def assert_same(sums: GaussianSums, other: GaussianSums) -> None:
    assert sums.crossed is not None
    assert other.crossed is not None
    for name in ("ZW", "WW"):
        one, two = (getattr(each.crossed, name).toarray() for each in (sums, other))
        np.testing.assert_allclose(one, two, atol=1e-10)
    np.testing.assert_allclose(sums.crossed.WX, other.crossed.WX, atol=1e-10)
    np.testing.assert_allclose(sums.crossed.Wr, other.crossed.Wr, atol=1e-10)


@SETTINGS
@given(st.integers(0, 10**6))
def test_sums_are_those_of_dense_matrices(seed: int) -> None:
    given = rows(seed)
    reference = np.random.default_rng(seed).normal(size=given.X.shape[1])
    found = given.sums(reference).crossed
    assert found is not None
    Z, W = dense(given.terms[0]), np.hstack([dense(term) for term in given.terms[1:]])
    scaled = given.weights[:, None] * W
    np.testing.assert_allclose(found.ZW.toarray(), Z.T @ scaled, atol=1e-10)
    np.testing.assert_allclose(found.WW.toarray(), W.T @ scaled, atol=1e-10)
    np.testing.assert_allclose(found.WX, scaled.T @ given.X, atol=1e-10)
    np.testing.assert_allclose(found.Wr, scaled.T @ (given.y - given.X @ reference), atol=1e-10)
    for matrix in (found.ZW, found.WW):
        assert matrix.has_sorted_indices
        assert (matrix.data != 0).all()
    _, entries = crossed.pairs(given.terms[0], given.terms[1:])
    assert found.ZW.nnz + found.WW.nnz <= entries


@SETTINGS
@given(st.integers(0, 10**6), st.integers(2, 4))
def test_sums_of_pieces_and_about_another_fit(seed: int, pieces: int) -> None:
    given = rows(seed)
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, given.X.shape[1]))
    piece = rng.integers(0, pieces, len(given.y))
    total = given.part(piece == 0).sums(first)
    for k in range(1, pieces):
        total = total + given.part(piece == k).sums(first)
    assert_same(total, given.sums(first))
    assert_same(given.sums(first).about(second), given.sums(second))
    matrix = np.triu(rng.uniform(0.5, 2, (len(first), len(first))))
    turned = dataclasses.replace(given, X=given.X @ matrix)
    assert_same(given.sums(first).times(matrix), turned.sums(np.linalg.solve(matrix, first)))


def test_sums_of_one_term_and_of_several_do_not_add_up() -> None:
    given = rows(1)
    reference = np.zeros(given.X.shape[1])
    alone = dataclasses.replace(given, terms=given.terms[:1]).sums(reference)
    assert alone.crossed is None
    with pytest.raises(DataError, match="of one group term and of several"):
        given.sums(reference) + alone


def test_pairs_are_counted() -> None:
    """Of two crossed factors, a pair for each cell; of nested ones, one for each inner group."""
    ones = np.ones((24, 1))
    plate, sample = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    of: Any = lambda codes, groups: GroupColumns(ones, codes, groups)  # noqa: E731
    assert crossed.pairs(of(plate, 6), [of(sample, 4)]) == (24, 24 + 4)
    assert crossed.pairs(of(plate, 6), [of(plate // 2, 3)]) == (6, 6 + 3)
    both = [of(sample, 4), of(plate // 2, 3)]
    assert crossed.pairs(of(plate, 6), both) == (30, 24 + 6 + 4 + 3 + 2 * 12)
