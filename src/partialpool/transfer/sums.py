"""All that a Gaussian linear regression needs to know of a sample: its sufficient statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Floats
from ..errors import DataError


@dataclass(frozen=True, eq=False)
class RegressionSums:
    """Sufficient statistics about the least-squares fit, where they keep their digits.

    The log likelihood is -rows log(sigma) - (rss + ||R (beta - beta_hat)||^2) / (2 sigma^2), but
    for a constant. ``sums(a) + sums(b)`` are those of both samples.

    Attributes
    ----------
    rows : float
    beta_hat : array, (column,)
        Least-squares fit; where columns determine each other, the shortest.
    R : array, (column, column)
        Upper triangular, R'R = X'X; rows of zeros where columns determine each other.
    rss : float
        Residual sum of squares, in the square of the unit of y.
    """

    rows: float
    beta_hat: Floats
    R: Floats
    rss: float

    @classmethod
    def of(cls, X: npt.ArrayLike, y: npt.ArrayLike) -> RegressionSums:
        """Reduce a sample.

        Parameters
        ----------
        X : array, (row, column)
            With a column of ones for an intercept.
        y : array, (row,)

        Raises
        ------
        DataError
            If the shapes do not fit, or a value is not finite.
        """
        columns, response = check_sample(X, y)
        return _reduce(columns, response, float(len(response)), 0.0)

    def __add__(self, other: RegressionSums) -> RegressionSums:
        """Add the sums of other rows with the same columns."""
        if len(other.beta_hat) != len(self.beta_hat):
            raise DataError(
                f"sums of {len(self.beta_hat)} and of {len(other.beta_hat)} columns do not add up"
            )
        R = np.concatenate([self.R, other.R])
        fitted = np.concatenate([self.R @ self.beta_hat, other.R @ other.beta_hat])
        return _reduce(R, fitted, self.rows + other.rows, self.rss + other.rss)

    def information(self, sigma: float) -> tuple[Floats, Floats]:
        """X'X / sigma^2, (column, column), and X'y / sigma^2, (column,)."""
        precision: Floats = self.R.T @ self.R / sigma**2
        return precision, precision @ self.beta_hat

    def stan_data(self) -> dict[str, Any]:
        """Return them under the names that the programs of ``transfer/`` have for a history."""
        return {
            "N_history": self.rows,
            "beta_hat_history": self.beta_hat,
            "R_history": self.R,
            "rss_history": self.rss,
        }


def check_sample(X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return columns and response as arrays; `DataError` where they do not fit together."""
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


def _reduce(X: Floats, y: Floats, rows: float, rss: float) -> RegressionSums:
    count = X.shape[1]
    beta_hat = np.linalg.lstsq(X, y)[0] if len(y) else np.zeros(count)
    R = np.zeros((count, count))
    found = np.linalg.qr(X, mode="r")
    R[: len(found)] = found
    residual = y - X @ beta_hat
    return RegressionSums(
        rows, np.asarray(beta_hat, np.float64), R, rss + float(residual @ residual)
    )
