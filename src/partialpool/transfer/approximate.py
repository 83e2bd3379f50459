"""Make a posterior a prior: the multivariate normal of its draws, and a check of its fit."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..arrays import Floats
from ..diagnostics.convergence import convergence
from ..errors import DataError, warn
from ..priors.history import NormalCheck, PosteriorPrior
from ..sampling.fit import Fit
from .population import Coordinates, centers_of, coordinates_of

SETS = 200
"""Number of simulated sets of normal draws, whose largest distance is a limit in `NormalCheck`."""
MOST = 2000
"""Distances are measured on at most this many draws, evenly thinned."""
MATTERS = 0.05
"""Distance above which there is a warning: some probability is wrong by this much."""


def prior_from(fit: Fit, names: Sequence[str] | None = None) -> PosteriorPrior:
    """Make a multivariate normal prior of a fit's posterior, with its correlations.

    The normal has the mean and covariance of the draws on the unconstrained scale: coefficients
    as they are, logs of standard deviations, and so on. How far the draws are from it is measured
    (`NormalCheck`).

    Parameters
    ----------
    fit : ModelFit or Fit
        Of a formula model the population's parameters are taken, not the group-level effects; of
        a program its parameters.
    names : sequence of str, optional
        Take only these parameters: keys of priors (``b``, ``floor``, ``sd(county)``, ``sigma``)
        for a formula model, ``beta`` or ``beta[1]`` for a program. The prior is their marginal
        distribution.

    Returns
    -------
    PosteriorPrior
        Give it to a model, ``pp.fit(formula, data, history=prior)``, or its ``stan_data()`` to
        the programs of ``stan/transfer/``.

    Raises
    ------
    DataError
        If the fit has no such parameter, a parameter is determined by others, or the draws are
        too few.

    Warns
    -----
    DataWarning
        If the draws are far from normal.
    """
    coordinates = coordinates_of(fit, names)
    source = str(fit.attrs.get("formula", fit.program.name))
    mean, cholesky = normal_of(coordinates)
    check = check_normal(coordinates, mean, cholesky)
    _warn_if_far(coordinates.names, check)
    return PosteriorPrior(
        names=coordinates.names,
        transforms=coordinates.transforms,
        mean=mean,
        cholesky=cholesky,
        check=check,
        source=source,
        centers=centers_of(fit),
    )


def normal_of(coordinates: Coordinates) -> tuple[Floats, Floats]:
    """Return the mean of draws, (coordinate,), and the Cholesky factor of their covariance.

    Raises
    ------
    DataError
        If draws are not finite, or a coordinate is constant or determined by others.
    """
    flat = coordinates.draws.reshape(-1, len(coordinates.names))
    finite = np.atleast_1d(np.isfinite(flat).all(axis=0))
    if not finite.all():
        bad = ", ".join(name for name, ok in zip(coordinates.names, finite, strict=True) if not ok)
        raise DataError(
            f"draws of {bad} are at the limit of their range, which is infinite on the "
            "unconstrained scale: leave them out with names=[...]"
        )
    mean = flat.mean(axis=0)
    sd = flat.std(axis=0, ddof=1)
    scaled = (flat - mean) / np.where(sd > 0, sd, 1.0)
    correlation = scaled.T @ scaled / (len(flat) - 1)
    try:
        lower = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        lower = np.zeros_like(correlation)
    diagonal = np.diag(lower)
    if (sd == 0).any() or (diagonal < 1e-7).any():
        bad = coordinates.names[int(np.argmin(np.where(sd > 0, diagonal, -1.0)))]
        raise DataError(
            f"the covariance of the draws of {', '.join(coordinates.names)} is singular: {bad} is "
            "constant, or determined by the others. Leave it out with names=[...]"
        )
    return mean, sd[:, None] * lower


def check_normal(coordinates: Coordinates, mean: Floats, cholesky: Floats) -> NormalCheck:
    """Measure how far draws are from a normal distribution, and how far they can be by chance.

    The draws are thinned to their effective sample size. The limits are the largest distances in
    `SETS` sets of as many independent normal draws, each compared, as the draws are, with the
    normal of its own mean and covariance. Kolmogorov's own limits, for a distribution known
    beforehand, would be too wide (Lilliefors 1967, Journal of the American Statistical Association
    62:399).

    Parameters
    ----------
    coordinates : Coordinates
    mean, cholesky : array, (coordinate,), and array, (coordinate, coordinate)
        As `normal_of` returns them.

    Raises
    ------
    DataError
        If the effective sample size is less than ten times the number of coordinates.
    """
    chains, draws, size = coordinates.draws.shape
    dims = ("chain", "draw", "coordinate")
    flat = coordinates.draws.swapaxes(0, 1).reshape(-1, size)
    # NUTS makes coordinates nearly independent from draw to draw, but not their squared distance
    # from the mean
    squares = np.sum(np.linalg.solve(cholesky, (flat - mean).T) ** 2, axis=0)
    variables = {
        "u": xr.DataArray(coordinates.draws, dims=dims),
        "square": xr.DataArray(squares.reshape(draws, chains).T, dims=dims[:2]),
    }
    table = convergence(xr.Dataset(variables))
    ess = float(np.nanmin(table[["ess_bulk", "ess_tail"]].to_numpy(), initial=chains * draws))
    count = int(np.clip(ess, 0, min(MOST, chains * draws)))
    if count < 10 * size:
        raise DataError(
            f"the effective sample size is {count}: too few for the covariance of {size} "
            "parameters; sample longer"
        )
    thin = flat[np.linspace(0, len(flat) - 1, count).astype(int)]
    z = np.linalg.solve(cholesky, (thin - mean).T).T
    return NormalCheck(
        marginal=_distances((thin - mean) / np.sqrt(np.sum(cholesky**2, axis=1))),
        joint=_joint_distance(z),
        **_limits(count, size),
        size=count,
    )


@functools.lru_cache(maxsize=64)
def _limits(count: int, size: int) -> dict[str, float]:
    """Return the largest distances in sets of `count` normal draws of `size` coordinates."""
    rng = np.random.default_rng([count, size])
    marginal, joint = 0.0, 0.0
    for _ in range(SETS):
        x = rng.standard_normal((count, size))
        x -= x.mean(axis=0)
        lower = np.linalg.cholesky(np.atleast_2d(np.cov(x.T)))
        marginal = max(marginal, _distances(x / x.std(axis=0, ddof=1)).max())
        joint = max(joint, _joint_distance(np.asarray(np.linalg.solve(lower, x.T).T)))
    return {"marginal_limit": marginal, "joint_limit": joint}


def _distances(z: Floats) -> Floats:
    """Return Kolmogorov's distance of each column from the standard normal distribution."""
    from scipy.special import ndtr

    return _kolmogorov(ndtr(np.sort(z, axis=0)))


def _joint_distance(z: Floats) -> float:
    """Return Kolmogorov's distance of the rows' sums of squares from chi-squared."""
    from scipy.special import gammainc

    squares = np.sort(np.sum(z**2, axis=1))[:, None]
    return float(_kolmogorov(gammainc(0.5 * z.shape[1], 0.5 * squares))[0])


def _kolmogorov(probabilities: Floats) -> Floats:
    """Return the distances of columns of sorted probabilities from the uniform distribution."""
    steps = np.arange(len(probabilities) + 1)[:, None] / len(probabilities)
    above = (steps[1:] - probabilities).max(axis=0)
    below = (probabilities - steps[:-1]).max(axis=0)
    return np.asarray(np.maximum(above, below), dtype=np.float64)


def _warn_if_far(names: Sequence[str], check: NormalCheck) -> None:
    far = check.marginal > max(check.marginal_limit, MATTERS)
    distances = [
        f"{name} ({distance:.3f})"
        for name, distance, bad in zip(names, check.marginal, far, strict=True)
        if bad
    ]
    if not distances and check.joint > max(check.joint_limit, MATTERS):
        distances = [f"all together ({check.joint:.3f})"]
    if distances:
        warn(
            f"the posterior is far from normal on the unconstrained scale: {', '.join(distances)}, "
            "by Kolmogorov's distance, the largest error of any probability. The normal prior "
            "differs that much from the fit's posterior: leave these parameters out with "
            "names=[...], or use the history's rows (pp.transfer.power_prior_model)",
        )
