"""Restricted maximum likelihood (REML) of linear mixed models with one grouping factor.

The model is that of the programs in ``linear/``: rows of group j have

    y = X beta + Z b[j] + noise,  b[j] ~ normal(0, covariance),  noise ~ normal(0, sigma)

With a flat prior of beta, both b and beta are integrated out in closed form. The result is the
restricted likelihood, a function of the standard deviations and the correlation only. Its maximum
is the REML estimate, which lme4 and Gelman and Hill's book report; `reml_quadrature` integrates it
to posterior means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...arrays import Floats
from ...errors import DataError

CHUNK = 2000
"""Number of grid points computed at a time, to limit memory."""


@dataclass(frozen=True)
class Sums:
    """Sufficient sums of the data for the restricted likelihood.

    Attributes
    ----------
    rows : int
        Number of observations.
    zz : array, (group, q, q)
        Cross products of the columns of Z within each group.
    zw : array, (group, q, K + 1)
        Cross products of Z with the columns of X and, last, with y, within each group.
    ww : array, (K + 1, K + 1)
        Cross products of the columns of X and y, over all rows.
    """

    rows: int
    zz: Floats
    zw: Floats
    ww: Floats

    @property
    def effects(self) -> int:
        """Number of effects per group, q: 1 for intercepts, 2 for intercepts and slopes."""
        return int(self.zz.shape[-1])


def sums(y: npt.ArrayLike, x: npt.ArrayLike, z: npt.ArrayLike, group: npt.ArrayLike) -> Sums:
    """Return the sufficient sums of the data.

    Parameters
    ----------
    y : array, (row,)
        Response.
    x : array, (row, K)
        Design matrix of the population effects, with a column of ones for the intercept.
    z : array, (row, q)
        Design matrix of the group effects: ones for intercepts, a predictor for slopes.
    group : array of int, (row,)
        Code of each row's group, from 1 as in Stan.

    Raises
    ------
    DataError
        If the numbers of rows differ.
    """
    response = np.asarray(y, dtype=np.float64)
    w = np.column_stack([np.asarray(x, dtype=np.float64), response])
    effects, codes = np.asarray(z, dtype=np.float64), np.asarray(group) - 1
    if not len(w) == len(effects) == len(codes):
        raise DataError(
            f"the numbers of rows differ: {len(w)} of x and y, {len(effects)} of z, {len(codes)} "
            "of group"
        )
    groups = int(codes.max()) + 1
    zz = np.zeros((groups, effects.shape[1], effects.shape[1]))
    zw = np.zeros((groups, effects.shape[1], w.shape[1]))
    np.add.at(zz, codes, effects[:, :, None] * effects[:, None, :])
    np.add.at(zw, codes, effects[:, :, None] * w[:, None, :])
    return Sums(len(response), zz, zw, w.T @ w)


@dataclass(frozen=True)
class Profile:
    """The restricted likelihood and the posterior of beta at each point of a grid.

    Attributes
    ----------
    log_likelihood : array, (point,)
        Restricted log likelihood, up to a constant.
    coefficients : array, (point, K)
        Generalised least squares estimate, which is the mean of beta given the point.
    covariance : array, (point, K, K)
        Covariance of beta given the point.
    """

    log_likelihood: Floats
    coefficients: Floats
    covariance: Floats


def profile(
    data: Sums, scale: npt.ArrayLike, sigma: npt.ArrayLike, rho: npt.ArrayLike | None = None
) -> Profile:
    """Compute the restricted likelihood and the posterior of beta at every point of a grid.

    Parameters
    ----------
    data : Sums
    scale : array, (point, q)
        Standard deviations of the effects between groups.
    sigma : array, (point,)
        Residual standard deviation.
    rho : array, (point,), optional
        Correlation of intercepts and slopes; by default 0.

    Returns
    -------
    Profile
    """
    sds, noise = np.asarray(scale, dtype=np.float64), np.asarray(sigma, dtype=np.float64)
    correlation = np.zeros(len(noise)) if rho is None else np.asarray(rho, dtype=np.float64)
    starts = range(0, len(noise), CHUNK)
    parts = [
        _profile(data, sds[i : i + CHUNK], noise[i : i + CHUNK], correlation[i : i + CHUNK])
        for i in starts
    ]
    return Profile(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _profile(
    data: Sums, scale: Floats, sigma: Floats, rho: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the attributes of `Profile` for the points of one chunk."""
    q, variance = data.effects, sigma**2
    factor = _factor(scale, rho)
    transposed = np.swapaxes(factor, 1, 2)[:, None]
    inner = transposed @ data.zz @ factor[:, None] + variance[:, None, None, None] * np.eye(q)
    cross_products = transposed @ data.zw  # (point, group, q, K + 1)
    explained = (np.swapaxes(cross_products, 2, 3) @ np.linalg.solve(inner, cross_products)).sum(
        axis=1
    )
    weighted = (data.ww - explained) / variance[:, None, None]
    precision, weighted_response = weighted[:, :-1, :-1], weighted[:, :-1, -1]
    covariance = np.linalg.inv(precision)
    coefficients = (covariance @ weighted_response[..., None])[..., 0]
    residual_squares = weighted[:, -1, -1] - (weighted_response * coefficients).sum(axis=1)
    degrees_of_freedom = data.rows - q * len(data.zz)
    log_determinants = (
        degrees_of_freedom * np.log(variance)
        + np.linalg.slogdet(inner)[1].sum(axis=1)
        + np.linalg.slogdet(precision)[1]
    )
    return -0.5 * (log_determinants + residual_squares), coefficients, covariance


def _factor(scale: Floats, rho: Floats) -> Floats:
    """Return the Cholesky factor of the group effects' covariance matrix, (point, q, q)."""
    factor = scale[:, :, None] * np.eye(scale.shape[1])
    if scale.shape[1] == 2:
        factor[:, 1, 0] = scale[:, 1] * rho
        factor[:, 1, 1] = scale[:, 1] * np.sqrt(1 - rho**2)
    return factor


@dataclass(frozen=True)
class Reml:
    """Restricted maximum likelihood estimates.

    Attributes
    ----------
    coefficients, standard_errors : array, (K,)
        Estimates of beta and their standard errors.
    scale : array, (q,)
        Between-group standard deviations of the effects.
    rho : float
        Correlation of the effects; 0 unless it was estimated.
    sigma : float
        Residual standard deviation.
    """

    coefficients: Floats
    standard_errors: Floats
    scale: Floats
    rho: float
    sigma: float


def reml(data: Sums, *, correlated: bool = False) -> Reml:
    """Return the restricted maximum likelihood estimates.

    Parameters
    ----------
    data : Sums
    correlated : bool
        Whether to estimate the correlation of intercepts and slopes; otherwise it is 0.

    Raises
    ------
    DataError
        If `correlated` and the groups do not have two effects.
    """
    from scipy import optimize

    q = data.effects
    if correlated and q != 2:
        raise DataError(f"correlated=True needs two effects per group; there are {q}")

    def constrained(unconstrained: Any) -> tuple[Floats, Floats, Floats | None]:
        sds = np.exp(unconstrained[None, : q + 1])
        return sds[:, :q], sds[:, q], np.tanh(unconstrained[-1:]) if correlated else None

    def loss(unconstrained: Any) -> float:
        return -float(profile(data, *constrained(unconstrained)).log_likelihood[0])

    optimum = optimize.minimize(
        loss,
        np.full(q + 1 + correlated, -0.5),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 5000, "maxfev": 5000},
    )
    scale, sigma, rho = constrained(optimum.x)
    best = profile(data, scale, sigma, rho)
    return Reml(
        best.coefficients[0],
        np.sqrt(np.diagonal(best.covariance[0])),
        scale[0],
        0.0 if rho is None else float(rho[0]),
        float(sigma[0]),
    )


def effects(
    data: Sums, *, coefficients: npt.ArrayLike, scale: npt.ArrayLike, sigma: float, rho: float = 0.0
) -> Floats:
    """Return the conditional mean of every group's effects given all parameters, (group, q).

    Parameters
    ----------
    data : Sums
    coefficients : array, (K,)
        Population effects, beta.
    scale : array, (q,)
        Between-group standard deviations of the effects.
    sigma : float
        Residual standard deviation.
    rho : float
        Correlation of intercepts and slopes.
    """
    factor = _factor(np.asarray(scale, dtype=np.float64)[None], np.array([rho]))[0]
    inner = factor.T @ data.zz @ factor + sigma**2 * np.eye(data.effects)
    residual_products = data.zw[:, :, -1] - data.zw[:, :, :-1] @ np.asarray(
        coefficients, dtype=np.float64
    )
    z: Floats = np.linalg.solve(inner, (residual_products @ factor)[..., None])[..., 0]
    group_effects: Floats = z @ factor.T
    return group_effects
