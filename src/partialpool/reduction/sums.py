"""Exact reductions: the same likelihood from far fewer numbers.

A Gaussian regression needs, of the rows of each group, only the cross-products of their columns;
groups with the same Z'Z share all that is expensive; and rows of counts that are alike in
everything but the response need only its sum. Nothing is approximated.

Cross-products are taken about a reference fit, from residuals, because those about zero lose all
their digits when the response is far from zero. They add up: ``sums(a) + sums(b)`` are the sums
of a and b together, if both have the same reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..errors import DataError
from .pair_sums import CrossedSums, GroupColumns, crossed_sums


@dataclass(frozen=True, eq=False)
class GaussianSums:
    """Cross-products of a Gaussian regression whose effects of one group term are integrated out.

    Attributes
    ----------
    reference : array, (column,)
        Coefficients about which the residuals were taken.
    rows : float
        Sum of the weights.
    XX : array, (column, column)
    Xr : array, (column,)
        X' residuals of the reference fit.
    rr : float
        Their sum of squares.
    ZZ : array, (group, coefficient, coefficient)
    ZX : array, (group, coefficient, column)
    Zr : array, (group, coefficient)
    crossed : CrossedSums or None
        Those of further group terms.
    """

    reference: Floats
    rows: float
    XX: Floats
    Xr: Floats
    rr: float
    ZZ: Floats
    ZX: Floats
    Zr: Floats
    crossed: CrossedSums | None = None

    def __add__(self, other: GaussianSums) -> GaussianSums:
        """Add the sums of other rows of the same groups, about the same reference."""
        if not np.array_equal(self.reference, other.reference):
            raise DataError("sums about different reference fits do not add up")
        if (self.crossed is None) != (other.crossed is None):
            raise DataError("sums of one group term and of several do not add up")
        return GaussianSums(
            self.reference,
            self.rows + other.rows,
            self.XX + other.XX,
            self.Xr + other.Xr,
            self.rr + other.rr,
            self.ZZ + other.ZZ,
            self.ZX + other.ZX,
            self.Zr + other.Zr,
            None if self.crossed is None or other.crossed is None else self.crossed + other.crossed,
        )

    def about(self, reference: Floats) -> GaussianSums:
        """Return the same sums about another fit."""
        step = reference - self.reference
        return GaussianSums(
            reference,
            self.rows,
            self.XX,
            self.Xr - self.XX @ step,
            max(0.0, self.rr - 2 * float(step @ self.Xr) + float(step @ self.XX @ step)),
            self.ZZ,
            self.ZX,
            self.Zr - self.ZX @ step,
            None if self.crossed is None else self.crossed.shifted(step),
        )

    def times(self, matrix: Floats) -> GaussianSums:
        """Return the sums of the columns `X @ matrix`, about the same fit."""
        reference: Floats = np.linalg.inv(matrix) @ self.reference
        return GaussianSums(
            reference,
            self.rows,
            matrix.T @ self.XX @ matrix,
            matrix.T @ self.Xr,
            self.rr,
            self.ZZ,
            self.ZX @ matrix,
            self.Zr,
            None if self.crossed is None else self.crossed.times(matrix),
        )


def least_squares_of(
    parts: Iterable[tuple[Floats, Floats, Floats | None]],
) -> tuple[Floats, Floats | None]:
    """Least-squares coefficients by QR, from some rows after others.

    Parameters
    ----------
    parts : iterable of (X, y, weights)
        Each row counts `weights` times, or once.

    Returns
    -------
    R : array, (column, column)
        Of X = QR, rows weighted.
    coefficients : array, (column,), or None
        None where the columns do not determine a fit.
    """
    R = np.empty((0, 0))
    for X, y, weights in parts:
        both = np.concatenate([X, y[:, None]], axis=1)
        if weights is not None:
            both *= np.sqrt(weights)[:, None]
        before = both if not len(R) else np.concatenate([R, both])
        R = np.asarray(np.linalg.qr(before, mode="r"), dtype=np.float64)
    columns = R.shape[1] - 1
    R = np.where(np.diag(R) < 0, -1.0, 1.0)[:, None] * R[: columns + 1]  # then R is unique
    of_X, of_y = R[:columns, :columns], R[:columns, columns]
    if not _full_rank(of_X):
        return of_X, None
    return of_X, np.asarray(np.linalg.solve(of_X, of_y), dtype=np.float64)


def _full_rank(R: Floats) -> bool:
    size = np.linalg.norm(R, axis=0)
    if R.shape[0] < R.shape[1] or not size.all():
        return False
    return not R.size or bool(np.linalg.matrix_rank(R / size) == R.shape[1])


def gaussian_sums(
    X: Floats,
    Z: Floats,
    codes: NDArray[np.int64],
    groups: int,
    y: Floats,
    *,
    reference: Floats,
    weights: Floats | None = None,
    further: Sequence[GroupColumns] = (),
) -> GaussianSums:
    """Sum the cross-products of rows, group by group.

    Parameters
    ----------
    X : array, (row, column)
        With the intercept, where there is one.
    Z : array, (row, coefficient)
    codes : array of int, (row,)
        Group of each row, from 0.
    groups : int
    y : array, (row,)
        Less its offset.
    reference : array, (column,)
        About which residuals are taken: the least-squares fit, or one that is near it.
    weights : array, (row,), optional
    further : sequence of GroupColumns
        Of group terms whose effects are not integrated out.

    Returns
    -------
    GaussianSums
    """
    w = np.ones(len(y)) if weights is None else weights
    residuals = y - X @ reference
    weighted = Z * w[:, None]
    q, columns = Z.shape[1], X.shape[1]
    ZZ = np.empty((groups, q, q))
    ZX = np.empty((groups, q, columns))
    Zr = np.empty((groups, q))
    for a in range(q):
        Zr[:, a] = np.bincount(codes, weighted[:, a] * residuals, groups)
        for b in range(a + 1):
            ZZ[:, a, b] = ZZ[:, b, a] = np.bincount(codes, weighted[:, a] * Z[:, b], groups)
        for p in range(columns):
            ZX[:, a, p] = np.bincount(codes, weighted[:, a] * X[:, p], groups)
    scaled = X * w[:, None]
    rr = float(np.sum(w * residuals**2))
    crossed = None
    if further:
        crossed = crossed_sums(X, GroupColumns(Z, codes, groups), further, residuals, w)
    return GaussianSums(
        reference, float(w.sum()), X.T @ scaled, scaled.T @ residuals, rr, ZZ, ZX, Zr, crossed
    )


@dataclass(frozen=True, eq=False)
class Patterns:
    """Groups that share their Z'Z.

    Attributes
    ----------
    ZZ : array, (pattern, pair of coefficients)
        Lower triangle of Z'Z, row by row.
    groups : array of int, (pattern,)
        How many groups each has.
    G : array, (pattern, pair of coefficients * pair of columns of [r, X])
        Sums over those groups of products u[i, k] u[j, l] of elements of u = [Zr, ZX], the mean
        of (k, l) and (l, k), for i >= j and k >= l.
    """

    ZZ: Floats
    groups: NDArray[np.int64]
    G: Floats


def lower_pairs(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of a lower triangle with its diagonal, row by row."""
    i, j = np.tril_indices(size)
    return i.astype(np.int64), j.astype(np.int64)


def patterns_of(sums: GaussianSums) -> NDArray[np.int64]:
    """Return the pattern of each group, from 0: groups with equal Z'Z share one.

    Equal to 12 digits: sums of the same numbers in another order differ in the last.
    """
    diagonal = np.diagonal(sums.ZZ, axis1=1, axis2=2)
    size = np.sqrt(diagonal[:, :, None] * diagonal[:, None, :])
    angles = np.divide(sums.ZZ, size, out=np.zeros_like(sums.ZZ), where=size > 0).round(12) + 0.0
    mantissa, exponent = np.frexp(diagonal)
    lower = angles[:, *np.tril_indices(angles.shape[1], -1)]
    flat = np.concatenate([np.ldexp(mantissa.round(12), exponent), lower], axis=1)
    _, inverse = np.unique(flat, axis=0, return_inverse=True)
    return np.asarray(inverse, dtype=np.int64).ravel()


def patterns(sums: GaussianSums) -> Patterns:
    """Sum over groups with the same Z'Z."""
    which = patterns_of(sums)
    count = int(which.max()) + 1
    _, first = np.unique(which, return_index=True)
    u = np.concatenate([sums.Zr[:, :, None], sums.ZX], axis=2)
    i, j = lower_pairs(u.shape[1])
    k, m = lower_pairs(u.shape[2])
    products = [
        (u[:, a][:, k] * u[:, b][:, m] + u[:, a][:, m] * u[:, b][:, k]) / 2
        for a, b in zip(i, j, strict=True)
    ]
    G = np.zeros((count, len(i) * len(k)))
    np.add.at(G, which, np.concatenate(products, axis=1))
    return Patterns(sums.ZZ[first][:, i, j], np.bincount(which, minlength=count), G)


@dataclass(frozen=True, eq=False)
class Collapsed:
    """Rows that are alike, taken together.

    Attributes
    ----------
    first : array of int, (distinct row,)
        A row of each kind.
    which : array of int, (row,)
        The kind of each row.
    """

    first: NDArray[np.int64]
    which: NDArray[np.int64]

    def total(self, values: Floats) -> Floats:
        """Sum a column over the rows of each kind."""
        return np.bincount(self.which, values, len(self.first)).astype(np.float64)


def collapse(*columns: NDArray[np.generic]) -> Collapsed:
    """Find rows that are equal in all columns, each (row,) or (row, several)."""
    flat = [np.asarray(c, dtype=np.float64).reshape(len(c), -1) for c in columns]
    table = np.ascontiguousarray(np.concatenate(flat, axis=1))
    _, first, which = np.unique(table, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")  # in the order in which they first appear
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Collapsed(
        np.asarray(first[order], dtype=np.int64), np.asarray(rank[which.ravel()], dtype=np.int64)
    )
