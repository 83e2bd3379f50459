"""Sums over rows that determine a likelihood exactly, and the search for equal rows.

The likelihood of a Gaussian regression depends on the rows of a group only through the
cross-products of their columns (`GaussianSums`). Groups with the same Z'Z have the same Cholesky
factors, so their sums can be added up, too (`Patterns`). Rows of counts with the same predictors
can be replaced by one (`collapse`). None of these is an approximation.

Cross-products are of the residuals of a reference fit, because those of the response itself lose
their digits when the response is far from zero. Sums of two sets of rows about the same reference
fit can be added: ``sums(a) + sums(b)``.
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
    """Cross-products of a Gaussian regression, by the groups of one term.

    Attributes
    ----------
    reference : array, (column,)
        Coefficients of the reference fit; r below are its residuals, y - X reference.
    rows : float
        Sum of the weights.
    XX : array, (column, column)
        X'X.
    Xr : array, (column,)
        X'r.
    rr : float
        r'r.
    ZZ : array, (group, coefficient, coefficient)
        Z'Z over the rows of each group, with Z the columns of the group term.
    ZX : array, (group, coefficient, column)
        Z'X over the rows of each group.
    Zr : array, (group, coefficient)
        Z'r over the rows of each group.
    crossed : CrossedSums or None
        Cross-products with the columns of further group terms, if there are any.
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
        """Return the sums over both sets of rows.

        Raises
        ------
        DataError
            If they are about different reference fits, or only one has further group terms.
        """
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
        """Return the same sums about a reference fit with other coefficients, (column,)."""
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
        """Return the sums for the columns ``X @ matrix``, (column, column), about the same fit."""
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
    """Return least-squares coefficients by a QR decomposition, updated block of rows by block.

    Parameters
    ----------
    parts : iterable of (X, y, weights)
        Blocks of rows: arrays (row, column), (row,) and (row,), or None for weights of 1.

    Returns
    -------
    R : array, (column, column)
        R of X = QR, where X has its rows multiplied by the roots of their weights; the diagonal
        is positive.
    coefficients : array, (column,), or None
        None if the columns are linearly dependent.
    """
    R = np.empty((0, 0))
    for X, y, weights in parts:
        Xy = np.concatenate([X, y[:, None]], axis=1)
        if weights is not None:
            Xy *= np.sqrt(weights)[:, None]
        stacked = Xy if not len(R) else np.concatenate([R, Xy])
        R = np.asarray(np.linalg.qr(stacked, mode="r"), dtype=np.float64)
    columns = R.shape[1] - 1
    # R is unique if its diagonal is positive
    R = np.where(np.diag(R) < 0, -1.0, 1.0)[:, None] * R[: columns + 1]
    R_of_X, Q_y = R[:columns, :columns], R[:columns, columns]
    if not _full_rank(R_of_X):
        return R_of_X, None
    return R_of_X, np.asarray(np.linalg.solve(R_of_X, Q_y), dtype=np.float64)


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
    """Sum the weighted cross-products of the rows of each group.

    Parameters
    ----------
    X : array, (row, column)
        Population-level design matrix, with the intercept's column if the model has one.
    Z : array, (row, coefficient)
        Columns of the group term by whose groups rows are summed.
    codes : array of int, (row,)
        Group of each row in that term, from 0.
    groups : int
        Number of groups.
    y : array, (row,)
        Response less its offset.
    reference : array, (column,)
        Coefficients of the reference fit: the least-squares fit, or one near it.
    weights : array, (row,), optional
        1 for every row if not given.
    further : sequence of GroupColumns
        The other group terms.

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
    """Sums over patterns; a pattern is a set of groups with the same Z'Z.

    Attributes
    ----------
    ZZ : array, (pattern, pair of coefficients)
        Lower triangle of Z'Z, row by row.
    groups : array of int, (pattern,)
        Number of groups of each pattern.
    G : array, (pattern, pair of coefficients * pair of columns of [r, X])
        Sums over the groups of a pattern of products u[i, k] u[j, l] of elements of u = [Zr, ZX],
        for i >= j and k >= l; each is the mean of the products for (k, l) and for (l, k).
    """

    ZZ: Floats
    groups: NDArray[np.int64]
    G: Floats


def lower_pairs(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row and column numbers of a lower triangle with its diagonal, row by row."""
    i, j = np.tril_indices(size)
    return i.astype(np.int64), j.astype(np.int64)


def patterns_of(sums: GaussianSums) -> NDArray[np.int64]:
    """Return the number of each group's pattern, from 0: array of int, (group,).

    Groups share a pattern if their Z'Z are equal to 12 digits, since sums of the same numbers in
    another order differ in the last digits.
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
    """Add up the sums of groups with the same Z'Z."""
    pattern_of_group = patterns_of(sums)
    count = int(pattern_of_group.max()) + 1
    _, first = np.unique(pattern_of_group, return_index=True)
    u = np.concatenate([sums.Zr[:, :, None], sums.ZX], axis=2)
    i, j = lower_pairs(u.shape[1])
    k, m = lower_pairs(u.shape[2])
    products = [
        (u[:, a][:, k] * u[:, b][:, m] + u[:, a][:, m] * u[:, b][:, k]) / 2
        for a, b in zip(i, j, strict=True)
    ]
    G = np.zeros((count, len(i) * len(k)))
    np.add.at(G, pattern_of_group, np.concatenate(products, axis=1))
    return Patterns(sums.ZZ[first][:, i, j], np.bincount(pattern_of_group, minlength=count), G)


@dataclass(frozen=True, eq=False)
class Collapsed:
    """Which rows of a table are equal to each other.

    Attributes
    ----------
    first_rows : array of int, (distinct row,)
        Number of the first row of each set of equal rows.
    distinct_row : array of int, (row,)
        For each row, the number of its set of equal rows.
    """

    first_rows: NDArray[np.int64]
    distinct_row: NDArray[np.int64]

    def total(self, values: Floats) -> Floats:
        """Sum values, (row,), over the rows of each set: (distinct row,)."""
        return np.bincount(self.distinct_row, values, len(self.first_rows)).astype(np.float64)


def collapse(*columns: NDArray[np.generic]) -> Collapsed:
    """Find the rows that are equal in all of the arrays, each (row,) or (row, column)."""
    flat = [np.asarray(c, dtype=np.float64).reshape(len(c), -1) for c in columns]
    table = np.ascontiguousarray(np.concatenate(flat, axis=1))
    _, first, inverse = np.unique(table, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")  # in the order in which they first appear
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Collapsed(
        np.asarray(first[order], dtype=np.int64), np.asarray(rank[inverse.ravel()], dtype=np.int64)
    )
