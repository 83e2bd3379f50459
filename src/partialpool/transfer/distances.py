"""Multivariate normal distributions, and distances between them in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import Floats
from ..errors import DataError


@dataclass(frozen=True, eq=False)
class MultivariateNormal:
    """A multivariate normal distribution.

    Attributes
    ----------
    mean : array, (coordinate,)
    covariance : array, (coordinate, coordinate)
        Positive definite.
    """

    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, mean: npt.ArrayLike, covariance: npt.ArrayLike) -> MultivariateNormal:
        """Make a distribution of a mean and a covariance, or of two numbers, mean and variance.

        Raises
        ------
        DataError
            If the shapes do not match, or the covariance is not positive definite.
        """
        center = np.atleast_1d(np.asarray(mean, dtype=np.float64))
        matrix = np.asarray(covariance, dtype=np.float64)
        matrix = matrix.reshape(1, 1) if matrix.ndim == 0 else matrix
        if center.ndim != 1 or matrix.shape != (len(center), len(center)):
            raise DataError(
                f"a mean of shape {center.shape} needs a covariance of shape "
                f"{(*center.shape, *center.shape)}, not {matrix.shape}"
            )
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            raise DataError(
                "the covariance is not positive definite: some coordinate is constant, or "
                "determined by the others"
            ) from None
        return cls(center, matrix)

    @property
    def sd(self) -> Floats:
        """Standard deviation of each coordinate, (coordinate,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), np.float64)

    @property
    def precision(self) -> Floats:
        """Inverse of the covariance, (coordinate, coordinate)."""
        return np.asarray(np.linalg.inv(self.covariance), np.float64)

    def of_columns(self, matrix: npt.ArrayLike) -> MultivariateNormal:
        """Return the distribution of ``matrix @ x``, with `matrix` (row, coordinate)."""
        A = np.atleast_2d(np.asarray(matrix, dtype=np.float64))
        return MultivariateNormal.of(A @ self.mean, A @ self.covariance @ A.T)


def kl_divergence(p: MultivariateNormal, q: MultivariateNormal) -> float:
    """Return the Kullback-Leibler divergence KL(p || q) = E_p[log p - log q], in nats."""
    lower = np.linalg.cholesky(q.covariance)
    root = np.linalg.solve(lower, np.linalg.cholesky(p.covariance))
    shift = np.linalg.solve(lower, p.mean - q.mean)
    logs = np.log(np.abs(np.diag(root)))  # root is triangular: its determinant is their product
    return float(0.5 * (np.sum(root**2) + shift @ shift - len(shift)) - np.sum(logs))


def wasserstein(p: MultivariateNormal, q: MultivariateNormal) -> float:
    """Return the Wasserstein distance of order 2, in the unit of the coordinates.

    Dowson & Landau 1982, Journal of Multivariate Analysis 12:450. It depends on the units, so the
    coordinates should have the same unit, or be standardised.
    """
    root = _root(p.covariance)
    cross = _root(root @ q.covariance @ root)
    squared = np.sum((p.mean - q.mean) ** 2) + np.trace(p.covariance + q.covariance - 2 * cross)
    return float(np.sqrt(max(0.0, squared)))


def overlap(mean: Floats, sd: Floats, other_mean: Floats, other_sd: Floats) -> Floats:
    """Return the overlap of pairs of univariate normals: the area under both densities, 0 to 1.

    Inman & Bradley 1989, Communications in Statistics 18:3851.

    Parameters
    ----------
    mean, sd, other_mean, other_sd : array, (pair,)

    Returns
    -------
    array, (pair,)
    """
    from scipy.stats import norm

    areas = np.empty(len(mean))
    for i, (m, s, n, t) in enumerate(zip(mean, sd, other_mean, other_sd, strict=True)):
        if np.isclose(s, t, rtol=1e-9):
            areas[i] = 2 * norm.sf(abs(m - n) / (s + t))
            continue
        if s > t:
            m, s, n, t = n, t, m, s
        # the densities cross at the ends; between these the narrower one is larger
        d, c = m - n, 2 * np.log(t / s)
        width = s * t * np.sqrt(d**2 + (t**2 - s**2) * c)
        ends = (m * t**2 - n * s**2 + np.array([-1, 1]) * width) / (t**2 - s**2)
        narrow, wide = (np.diff(norm.cdf(ends, a, b))[0] for a, b in ((m, s), (n, t)))
        areas[i] = 1 - narrow + wide
    return areas


def _root(matrix: Floats) -> Floats:
    """Return the symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
