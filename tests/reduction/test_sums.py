"""Exact reductions: sums by hand, in pieces, about another fit; patterns; equal rows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import partialpool as pp
from partialpool.errors import DataError
from partialpool.reduction import marginal
from partialpool.reduction import sums as reduce
from partialpool.reduction.sums import GaussianSums

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True, database=None)
FIELDS = [f.name for f in dataclasses.fields(GaussianSums) if f.name != "crossed"]


@dataclasses.dataclass(frozen=True)
class Rows:
    """X, Z, group, y and weights of some rows."""

    X: np.ndarray
    Z: np.ndarray
    codes: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None

    def sums(self, groups: int, reference: np.ndarray) -> GaussianSums:
        return reduce.gaussian_sums(
            self.X, self.Z, self.codes, groups, self.y, reference=reference, weights=self.weights
        )

    def part(self, which: np.ndarray) -> Rows:
        weights = None if self.weights is None else self.weights[which]
        return Rows(self.X[which], self.Z[which], self.codes[which], self.y[which], weights)


def rows(seed: int, *, weighted: bool = True, groups: int = 5) -> Rows:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 40))
    return Rows(
        np.column_stack([np.ones(n), rng.normal(size=(n, int(rng.integers(0, 3))))]),
        rng.normal(size=(n, int(rng.integers(1, 4)))),
        rng.integers(0, groups, n),
        rng.normal(3, 2, n),
        rng.uniform(0.1, 3, n) if weighted else None,
    )


def by_hand(given: Rows, groups: int, reference: np.ndarray) -> dict[str, Any]:
    """Row by row."""
    q, p = given.Z.shape[1], given.X.shape[1]
    found: dict[str, Any] = {
        "reference": reference, "rows": 0.0, "rr": 0.0,
        "XX": np.zeros((p, p)), "Xr": np.zeros(p),
        "ZZ": np.zeros((groups, q, q)), "ZX": np.zeros((groups, q, p)), "Zr": np.zeros((groups, q)),
    }  # fmt: skip
    for n in range(len(given.y)):
        x, z, j = given.X[n], given.Z[n], given.codes[n]
        w = 1.0 if given.weights is None else given.weights[n]
        r = given.y[n] - x @ reference
        found["rows"] += w
        found["rr"] += w * r**2
        found["XX"] += w * np.outer(x, x)
        found["Xr"] += w * x * r
        found["ZZ"][j] += w * np.outer(z, z)
        found["ZX"][j] += w * np.outer(z, x)
        found["Zr"][j] += w * z * r
    return found


def assert_same(sums: GaussianSums, expected: GaussianSums | dict[str, Any]) -> None:
    for name in FIELDS:
        value = expected[name] if isinstance(expected, dict) else getattr(expected, name)
        np.testing.assert_allclose(getattr(sums, name), value, atol=1e-10, err_msg=name)


@SETTINGS
@given(st.integers(0, 10**6), st.booleans())
def test_sums_are_those_by_hand(seed: int, weighted: bool) -> None:
    given = rows(seed, weighted=weighted)
    reference = np.random.default_rng(seed).normal(size=given.X.shape[1])
    assert_same(given.sums(5, reference), by_hand(given, 5, reference))


@SETTINGS
@given(st.integers(0, 10**6), st.booleans(), st.integers(2, 4))
def test_sums_of_pieces_are_the_sums_of_all(seed: int, weighted: bool, pieces: int) -> None:
    given = rows(seed, weighted=weighted)
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=given.X.shape[1])
    piece = rng.integers(0, pieces, len(given.y))
    parts = [given.part(piece == k).sums(5, reference) for k in range(pieces)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    assert_same(total, given.sums(5, reference))


def test_sums_about_different_fits_do_not_add_up() -> None:
    given = rows(1)
    reference = np.zeros(given.X.shape[1])
    with pytest.raises(DataError, match="different reference fits"):
        given.sums(5, reference) + given.sums(5, reference + 1)


@SETTINGS
@given(st.integers(0, 10**6), st.booleans())
def test_about_another_fit_and_of_other_columns(seed: int, weighted: bool) -> None:
    given = rows(seed, weighted=weighted)
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, given.X.shape[1]))
    sums = given.sums(5, first)
    assert_same(sums.about(second), given.sums(5, second))
    assert_same(sums.about(second).about(first), sums)
    matrix = np.triu(rng.uniform(0.5, 2, (len(first), len(first))))
    turned = dataclasses.replace(given, X=given.X @ matrix)
    assert_same(sums.times(matrix), turned.sums(5, np.linalg.solve(matrix, first)))


@SETTINGS
@given(st.integers(0, 10**6))
def test_least_squares_counts_rows_by_their_weights(seed: int) -> None:
    given = rows(seed)
    rng = np.random.default_rng(seed)
    assert given.weights is not None
    for weights in (None, given.weights):
        fitted = fit_of(given.X, given.y, weights)
        sums = dataclasses.replace(given, weights=weights).sums(5, fitted)
        np.testing.assert_allclose(sums.Xr, 0, atol=1e-10)
        for _ in range(5):
            other = fitted + rng.normal(scale=0.1, size=len(fitted))
            assert dataclasses.replace(given, weights=weights).sums(5, other).rr > sums.rr
    count = rng.integers(1, 4, len(given.y))
    repeated = np.repeat(np.arange(len(given.y)), count)
    np.testing.assert_allclose(
        fit_of(given.X, given.y, count.astype(float)),
        fit_of(given.X[repeated], given.y[repeated]),
    )


@pytest.mark.parametrize("shift", [0.0, 2.0**27])
def test_sums_keep_the_digits_of_a_far_response(shift: float) -> None:
    """About the fit; about zero nothing but rounding is left of the residuals."""
    rng = np.random.default_rng(5)
    x = np.round(rng.normal(size=200) * 2**10) / 2**10
    y = np.round(rng.normal(size=200) * 2**10) / 2**10
    X = np.column_stack([np.ones(200), x])
    near = fit_of(X, y)
    exact = float(np.sum((y - X @ near) ** 2))
    far = Rows(X, X[:, :1], np.zeros(200, dtype=np.int64), y + shift, None)
    fit = near + np.array([shift, 0.0])
    np.testing.assert_allclose(far.sums(1, fit).rr, exact, rtol=1e-7)
    about_zero = far.sums(1, np.zeros(2))
    naive = about_zero.rr - about_zero.Xr @ np.linalg.solve(about_zero.XX, about_zero.Xr)
    assert (abs(naive - exact) > 0.01 * exact) == (shift > 0)


def fit_of(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    fitted = reduce.least_squares_of([(X, y, weights)])[1]
    assert fitted is not None
    return fitted


def test_least_squares_in_pieces_and_of_too_few_rows() -> None:
    given = rows(5, groups=4)
    X, y, w = given.X, given.y, np.random.default_rng(2).uniform(0.5, 2, len(given.y))
    whole = fit_of(X, y, w)
    cuts = np.array_split(np.arange(len(y)), 5)
    R, fitted = reduce.least_squares_of((X[part], y[part], w[part]) for part in cuts)
    np.testing.assert_allclose(fitted, whole, rtol=1e-9)
    np.testing.assert_allclose(R.T @ R, X.T @ (w[:, None] * X), rtol=1e-9)
    assert reduce.least_squares_of([(X[:1], y[:1], None)])[1] is None
    twice = np.column_stack([X, X[:, :1]])
    assert reduce.least_squares_of([(twice, y, None)])[1] is None


def test_a_model_is_reduced_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """With further terms, weights and an offset: the sums that it has at once."""
    rng = np.random.default_rng(3)
    n = 120
    data = pd.DataFrame(
        {"y": rng.normal(1e5, 1, n), "x": rng.normal(size=n), "w": rng.uniform(1, 2, n),
         "g": rng.integers(0, 7, n), "h": rng.integers(0, 3, n)}
    )  # fmt: skip
    for further in ("", " + (1 | h)"):
        formula = f"y | weights(w) ~ x + offset(x) + (1 + x | g){further}"
        whole = pp.Model(formula, data).stan_data
        with monkeypatch.context() as patch:
            patch.setattr(marginal, "BLOCK", 31)
            pieces = pp.Model(formula, data).stan_data
        for name, value in whole.items():
            np.testing.assert_allclose(pieces[name], value, rtol=1e-7, atol=1e-7, err_msg=name)


# Patterns --------------------------------------------------------------------------------------


@SETTINGS
@given(st.integers(0, 10**6))
def test_patterns_are_sums_over_groups_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups, n = 30, 90
    Z = np.column_stack([np.ones(n), rng.integers(0, 2, n)]).astype(float)
    codes = np.concatenate([np.arange(groups), rng.integers(0, groups, n - groups)])
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    given = Rows(X, Z, codes, rng.normal(size=n), None)
    sums = given.sums(groups, np.zeros(2))
    which, found = reduce.patterns_of(sums), reduce.patterns(sums)
    kinds = {tuple(each.ravel()) for each in sums.ZZ}
    assert len(found.groups) == len(kinds) < groups
    assert found.groups.sum() == groups
    for pattern in range(len(kinds)):
        members = np.flatnonzero(which == pattern)
        assert found.groups[pattern] == len(members)
        i, j = reduce.lower_pairs(2)
        assert (sums.ZZ[members][:, i, j] == found.ZZ[pattern]).all()
        d = rng.normal(size=2)
        e = np.concatenate([[1.0], -d])
        k, m = reduce.lower_pairs(3)
        once = np.where(k == m, 1, 2) * e[k] * e[m]
        u = sums.Zr[members] - sums.ZX[members] @ d
        squares = found.G[pattern].reshape(3, 6) @ once
        np.testing.assert_allclose(squares, (u.T @ u)[i, j], atol=1e-9)


def test_equal_but_for_rounding_is_equal_and_nothing_else() -> None:
    given = rows(3, groups=2)
    sums = given.sums(2, np.zeros(given.X.shape[1]))
    q = sums.ZZ.shape[1]
    alike = dataclasses.replace(sums, ZZ=np.stack([np.eye(q)] * 2))
    assert len(reduce.patterns(alike).groups) == 1
    rounded = dataclasses.replace(sums, ZZ=np.stack([np.eye(q), np.nextafter(np.eye(q), 2)]))
    assert len(reduce.patterns(rounded).groups) == 1
    for ZZ in (np.eye(q) * (1 + 1e-10), np.eye(q) + 1e-10 * (1 - np.eye(q))):
        other = dataclasses.replace(sums, ZZ=np.stack([np.eye(q), ZZ]))
        assert len(reduce.patterns(other).groups) == 2 - (np.eye(q) == ZZ).all()
    rng = np.random.default_rng(3)
    x = rng.normal(2014, 3, 40)  # a group's rows in another order have the same sums
    shuffled = np.concatenate([x, *(rng.permutation(x) for _ in range(19))])
    Z = np.column_stack([np.ones(800), shuffled - shuffled.mean()])
    codes = np.repeat(np.arange(20), 40)
    again = reduce.gaussian_sums(Z, Z, codes, 20, shuffled, reference=np.zeros(2))
    assert len(np.unique(again.ZZ.reshape(20, -1), axis=0)) > 1
    assert len(reduce.patterns(again).groups) == 1


# Equal rows ------------------------------------------------------------------------------------


@SETTINGS
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_collapse_takes_equal_rows_together(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 3, n), rng.integers(0, 2, (n, 2)).astype(float)
    y = rng.normal(size=n)
    found = reduce.collapse(a, b)
    keys = [(int(a[i]), *b[i]) for i in range(n)]
    distinct = list(dict.fromkeys(keys))
    assert [keys[i] for i in found.first_rows] == distinct
    assert [distinct[k] for k in found.distinct_row] == keys
    assert (np.diff(found.first_rows) > 0).all()
    expected = [sum(y[i] for i in range(n) if keys[i] == key) for key in distinct]
    np.testing.assert_allclose(found.total(y), expected)
    np.testing.assert_allclose(found.total(np.ones(n)).sum(), n)
