"""Linear regressions with groups, without a sampler: the restricted likelihood and REML.

The model is that of the programs in ``linear/``: rows of group j have

    y = X beta + Z b[j] + noise,  b[j] ~ normal(0, covariance),  noise ~ normal(0, sigma)

With a flat prior of beta, both b and beta integrate out in closed form, and what is left is the
restricted likelihood: a function of the few standard deviations and the correlation. Its maximum
is REML, which lme4 and Gelman and Hill's book print; `reml_quadrature` makes posterior means of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...arrays import Floats
from ...errors import DataError

CHUNK = 2000
"""Points of a grid that are computed at once."""


@dataclass(frozen=True)
class Sums:
    """All that the restricted likelihood needs of the data.

    Attributes
    ----------
    rows : int
    zz : array, (group, q, q)
        Cross products of the columns of Z within each group.
    zw : array, (group, q, K + 1)
        Those of Z with the columns of X and with y, which comes last.
    ww : array, (K + 1, K + 1)
        Those of X and y, over all rows.
    """

    rows: int
    zz: Floats
    zw: Floats
    ww: Floats

    @property
    def effects(self) -> int:
        """Effects per group: 1 for intercepts, 2 for intercepts and slopes."""
        return int(self.zz.shape[-1])


def sums(y: npt.ArrayLike, x: npt.ArrayLike, z: npt.ArrayLike, group: npt.ArrayLike) -> Sums:
    """Reduce data to `Sums`.

    Parameters
    ----------
    y : array, (row,)
    x : array, (row, K)
        With a column of ones, if there is to be an intercept.
    z : array, (row, q)
        What a group has effects of: ones for its intercept, a predictor for its slope.
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
        raise DataError(f"rows differ: {len(w)} of x and y, {len(effects)} of z, {len(codes)}")
    groups = int(codes.max()) + 1
    zz = np.zeros((groups, effects.shape[1], effects.shape[1]))
    zw = np.zeros((groups, effects.shape[1], w.shape[1]))
    np.add.at(zz, codes, effects[:, :, None] * effects[:, None, :])
    np.add.at(zw, codes, effects[:, :, None] * w[:, None, :])
    return Sums(len(response), zz, zw, w.T @ w)


@dataclass(frozen=True)
class Profile:
    """What follows from given standard deviations, a value per point of a grid.

    Attributes
    ----------
    log_likelihood : array, (point,)
        Restricted, up to a constant.
    coefficients : array, (point, K)
        The generalised least squares estimate: the mean of beta given the point.
    covariance : array, (point, K, K)
        Of beta given the point.
    """

    log_likelihood: Floats
    coefficients: Floats
    covariance: Floats


def profile(
    data: Sums, scale: npt.ArrayLike, sigma: npt.ArrayLike, rho: npt.ArrayLike | None = None
) -> Profile:
    """Integrate the effects and beta out, at every point.

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
    q, variance = data.effects, sigma**2
    factor = _factor(scale, rho)
    across = np.swapaxes(factor, 1, 2)[:, None]
    inner = across @ data.zz @ factor[:, None] + variance[:, None, None, None] * np.eye(q)
    pull = across @ data.zw  # (point, group, q, K + 1)
    explained = (np.swapaxes(pull, 2, 3) @ np.linalg.solve(inner, pull)).sum(axis=1)
    weighted = (data.ww - explained) / variance[:, None, None]
    precision, toward = weighted[:, :-1, :-1], weighted[:, :-1, -1]
    covariance = np.linalg.inv(precision)
    coefficients = (covariance @ toward[..., None])[..., 0]
    rest = weighted[:, -1, -1] - (toward * coefficients).sum(axis=1)
    free = data.rows - q * len(data.zz)
    log_determinants = (
        free * np.log(variance)
        + np.linalg.slogdet(inner)[1].sum(axis=1)
        + np.linalg.slogdet(precision)[1]
    )
    return -0.5 * (log_determinants + rest), coefficients, covariance


def _factor(scale: Floats, rho: Floats) -> Floats:
    """Cholesky factor of the effects' covariance, (point, q, q)."""
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
    scale : array, (q,)
        Standard deviations of the effects between groups.
    rho : float
        Their correlation; 0 unless it was estimated.
    sigma : float
        Residual standard deviation.
    """

    coefficients: Floats
    standard_errors: Floats
    scale: Floats
    rho: float
    sigma: float


def reml(data: Sums, *, correlated: bool = False) -> Reml:
    """Maximise the restricted likelihood.

    Parameters
    ----------
    data : Sums
    correlated : bool
        Estimate the correlation of intercepts and slopes; otherwise it is 0.

    Raises
    ------
    DataError
        If `correlated` and the groups do not have two effects.
    """
    from scipy import optimize

    q = data.effects
    if correlated and q != 2:
        raise DataError(f"a correlation is of two effects; the groups have {q}")

    def at(u: Any) -> tuple[Floats, Floats, Floats | None]:
        sds = np.exp(u[None, : q + 1])
        return sds[:, :q], sds[:, q], np.tanh(u[-1:]) if correlated else None

    def loss(u: Any) -> float:
        return -float(profile(data, *at(u)).log_likelihood[0])

    found = optimize.minimize(
        loss,
        np.full(q + 1 + correlated, -0.5),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 5000, "maxfev": 5000},
    )
    scale, sigma, rho = at(found.x)
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
    """Mean of every group's effects given all else, (group, q).

    Parameters
    ----------
    data : Sums
    coefficients : array, (K,)
    scale : array, (q,)
    sigma, rho : float
    """
    factor = _factor(np.asarray(scale, dtype=np.float64)[None], np.array([rho]))[0]
    inner = factor.T @ data.zz @ factor + sigma**2 * np.eye(data.effects)
    rest = data.zw[:, :, -1] - data.zw[:, :, :-1] @ np.asarray(coefficients, dtype=np.float64)
    z: Floats = np.linalg.solve(inner, (rest @ factor)[..., None])[..., 0]
    own: Floats = z @ factor.T
    return own
