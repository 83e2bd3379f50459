"""The sufficient statistics of a sample for a Gaussian linear regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Floats
from ..errors import DataError


@dataclass(frozen=True, eq=False)
class RegressionSums:
    """Sufficient statistics of a linear regression, in terms of the least-squares fit.

    The log likelihood is -rows log(sigma) - (rss + ||R (beta - beta_hat)||^2) / (2 sigma^2), up to
    a constant. Residuals of the least-squares fit are summed, and not y itself, so that no digits
    are lost if y is far from 0. ``sums(a) + sums(b)`` are the sums of both samples together.

    Attributes
    ----------
    rows : float
        Number of rows.
    beta_hat : array, (column,)
        Least-squares coefficients; if columns are linearly dependent, those of the smallest norm.
    R : array, (column, column)
        Upper triangular, with R'R = X'X; its last rows are 0 if X has fewer rows than columns.
    rss : float
        Residual sum of squares, in the square of the unit of y.
    """

    rows: float
    beta_hat: Floats
    R: Floats
    rss: float

    @classmethod
    def of(cls, X: npt.ArrayLike, y: npt.ArrayLike) -> RegressionSums:
        """Compute the sums of a sample.

        Parameters
        ----------
        X : array, (row, column)
            With a column of ones if there is an intercept.
        y : array, (row,)

        Raises
        ------
        DataError
            If the shapes do not match, or a value is not finite.
        """
        columns, response = check_sample(X, y)
        return _sums(columns, response, float(len(response)), 0.0)

    def __add__(self, other: RegressionSums) -> RegressionSums:
        """Return the sums of both samples; `DataError` if the numbers of columns differ."""
        if len(other.beta_hat) != len(self.beta_hat):
            raise DataError(
                f"sums of {len(self.beta_hat)} and of {len(other.beta_hat)} columns cannot be added"
            )
        R = np.concatenate([self.R, other.R])
        fitted = np.concatenate([self.R @ self.beta_hat, other.R @ other.beta_hat])
        return _sums(R, fitted, self.rows + other.rows, self.rss + other.rss)

    def information(self, sigma: float) -> tuple[Floats, Floats]:
        """Return X'X / sigma^2, (column, column), and X'y / sigma^2, (column,)."""
        precision: Floats = self.R.T @ self.R / sigma**2
        return precision, precision @ self.beta_hat

    def stan_data(self) -> dict[str, Any]:
        """Return the sums as the history in the data of the programs of ``stan/transfer/``."""
        return {
            "N_history": self.rows,
            "beta_hat_history": self.beta_hat,
            "R_history": self.R,
            "rss_history": self.rss,
        }


def check_sample(X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return X, (row, column), and y, (row,), as arrays of floats.

    Raises
    ------
    DataError
        If the shapes do not match, or a value is not finite.
    """
    columns, response = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if columns.ndim != 2 or response.shape != columns.shape[:1] or not columns.shape[1]:
        raise DataError(
            f"X must be (rows, columns) and y (rows,); their shapes are {columns.shape} and "
            f"{response.shape}"
        )
    if not (np.isfinite(columns).all() and np.isfinite(response).all()):
        bad = ~(np.isfinite(columns).all(axis=1) & np.isfinite(response))
        raise DataError(
            f"{int(bad.sum())} row(s) of X and y are not finite, the first is row "
            f"{int(np.argmax(bad))}: leave them out"
        )
    return columns, response


def _sums(X: Floats, y: Floats, rows: float, rss: float) -> RegressionSums:
    """Compute sums from X and y, which may be sums already: their `rows` and `rss` are given."""
    count = X.shape[1]
    beta_hat = np.linalg.lstsq(X, y)[0] if len(y) else np.zeros(count)
    R = np.zeros((count, count))
    factor = np.linalg.qr(X, mode="r")
    R[: len(factor)] = factor
    residual = y - X @ beta_hat
    return RegressionSums(
        rows, np.asarray(beta_hat, np.float64), R, rss + float(residual @ residual)
    )
