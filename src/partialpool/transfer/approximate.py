"""A posterior made into a prior: the multivariate normal of its draws, and how well that fits."""

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
"""Sets of normal draws, the worst of which is what chance explains."""
MOST = 2000
"""Draws up to which distances are measured, thinned evenly beyond."""
MATTERS = 0.05
"""Distance above which a warning is given: some probability is wrong by five in a hundred."""


def prior_from(fit: Fit, names: Sequence[str] | None = None) -> PosteriorPrior:
    """Make the posterior of a fit the prior of another: a normal, with the correlations kept.

    The normal has the mean and covariance of the draws on the unconstrained scale: coefficients
    as they are, logs of standard deviations, and so on. How far the draws are from it is measured
    (`NormalCheck`), with a warning where that matters.

    Parameters
    ----------
    fit : ModelFit or Fit
        Of a formula model, the population is taken, never the groups; of a program, its
        parameters.
    names : sequence of str, optional
        Some parameters only: as priors are named (``b``, ``floor``, ``sd(county)``, ``sigma``);
        of a program ``beta``, ``beta[1]``. Their margin is taken: the others are averaged over.

    Returns
    -------
    PosteriorPrior
        Give it to a model, ``pp.fit(formula, data, history=prior)``, or, as ``stan_data()``, to
        the programs of ``transfer/``.

    Raises
    ------
    DataError
        For a name that there is not, draws that determine each other, or too few draws.

    Warns
    -----
    DataWarning
        Where the draws are far from normal.
    """
    found = coordinates_of(fit, names)
    source = str(fit.attrs.get("formula", fit.program.name))
    mean, cholesky = normal_of(found)
    check = check_normal(found, mean, cholesky)
    _warn(found.names, check)
    return PosteriorPrior(
        found.names, found.transforms, mean, cholesky, check, source, centers_of(fit)
    )


def normal_of(found: Coordinates) -> tuple[Floats, Floats]:
    """Mean and Cholesky factor of the covariance of draws.

    Raises
    ------
    DataError
        If draws are not finite, or some coordinate is determined by others.
    """
    flat = found.draws.reshape(-1, len(found.names))
    finite = np.atleast_1d(np.isfinite(flat).all(axis=0))
    if not finite.all():
        bad = ", ".join(name for name, ok in zip(found.names, finite, strict=True) if not ok)
        raise DataError(
            f"draws of {bad} are at the edge of their range, where the unconstrained scale ends: "
            "leave them out with names=[...]"
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
        bad = found.names[int(np.argmin(np.where(sd > 0, diagonal, -1.0)))]
        raise DataError(
            f"the draws of {', '.join(found.names)} have no covariance to take: {bad} is constant, "
            "or determined by the others. Leave it out with names=[...]"
        )
    return mean, sd[:, None] * lower


def check_normal(found: Coordinates, mean: Floats, cholesky: Floats) -> NormalCheck:
    """Measure how far draws are from a normal, and what chance alone would give.

    Distances are of draws thinned to as many as they are worth, and of `SETS` sets of as many
    independent normal draws, each less its own mean and with its own covariance, as here. With
    parameters from the sample, Kolmogorov's own limits would be too wide (Lilliefors 1967,
    Journal of the American Statistical Association 62:399).
    """
    chains, draws, size = found.draws.shape
    dims = ("chain", "draw", "coordinate")
    flat = found.draws.swapaxes(0, 1).reshape(-1, size)
    # long steps make coordinates nearly independent from draw to draw, but not how far out one is
    squares = np.sum(np.linalg.solve(cholesky, (flat - mean).T) ** 2, axis=0)
    of_both = {
        "u": xr.DataArray(found.draws, dims=dims),
        "square": xr.DataArray(squares.reshape(draws, chains).T, dims=dims[:2]),
    }
    table = convergence(xr.Dataset(of_both))
    worth = float(np.nanmin(table[["ess_bulk", "ess_tail"]].to_numpy(), initial=chains * draws))
    count = int(np.clip(worth, 0, min(MOST, chains * draws)))
    if count < 10 * size:
        raise DataError(
            f"these draws are worth {count} independent ones: too few for the covariance of "
            f"{size} parameters; sample longer"
        )
    thin = flat[np.linspace(0, len(flat) - 1, count).astype(int)]
    z = np.linalg.solve(cholesky, (thin - mean).T).T
    margins = _distances((thin - mean) / np.sqrt(np.sum(cholesky**2, axis=1)))
    one, together = _limits(count, size)
    return NormalCheck(margins, _joint_distance(z), one, together, count)


@functools.lru_cache(maxsize=64)
def _limits(count: int, size: int) -> tuple[float, float]:
    """Largest distances in sets of normal draws: of any coordinate, and of all together."""
    rng = np.random.default_rng([count, size])
    largest, together = 0.0, 0.0
    for _ in range(SETS):
        x = rng.standard_normal((count, size))
        x -= x.mean(axis=0)
        lower = np.linalg.cholesky(np.atleast_2d(np.cov(x.T)))
        largest = max(largest, _distances(x / x.std(axis=0, ddof=1)).max())
        together = max(together, _joint_distance(np.asarray(np.linalg.solve(lower, x.T).T)))
    return largest, together


def _distances(z: Floats) -> Floats:
    """Kolmogorov distance of each column from the standard normal distribution."""
    from scipy.special import ndtr

    return _kolmogorov(ndtr(np.sort(z, axis=0)))


def _joint_distance(z: Floats) -> float:
    from scipy.special import gammainc

    squares = np.sort(np.sum(z**2, axis=1))[:, None]
    return float(_kolmogorov(gammainc(0.5 * z.shape[1], 0.5 * squares))[0])


def _kolmogorov(probabilities: Floats) -> Floats:
    steps = np.arange(len(probabilities) + 1)[:, None] / len(probabilities)
    above = (steps[1:] - probabilities).max(axis=0)
    found: Floats = np.maximum(above, (probabilities - steps[:-1]).max(axis=0))
    return found


def _warn(names: Sequence[str], check: NormalCheck) -> None:
    far = check.marginal > max(check.marginal_limit, MATTERS)
    what = [
        f"{name} ({distance:.3f})"
        for name, distance, bad in zip(names, check.marginal, far, strict=True)
        if bad
    ]
    if not what and check.joint > max(check.joint_limit, MATTERS):
        what = [f"all together ({check.joint:.3f})"]
    if what:
        warn(
            f"the posterior is far from normal on the unconstrained scale: {', '.join(what)}, by "
            "Kolmogorov's distance, the largest error of any probability. As a prior it would say "
            "something else than the fit: leave these out with names=[...], or use the history's "
            "rows (pp.transfer.power_prior_model)",
        )
