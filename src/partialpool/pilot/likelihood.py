"""Working weights and scores of each response family, and rough estimates of sigma, nu and phi.

The score of a row is the derivative of its log likelihood by the linear predictor; its weight is
the Fisher information on the linear predictor. Both are multiplied by sigma^2 if the family has a
sigma. They are those of iteratively reweighted least squares (McCullagh & Nelder 1989, Generalized
linear models, section 2.5; for student, Lange, Little & Taylor 1989, JASA 84:881).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..arrays import Floats
from ..priors import distributions as priors

Data = Mapping[str, Any]
FARTHEST_ETA = 30.0
"""On a log or logit link, linear predictors are limited to this absolute value."""
LEAST = 1e-12
"""Smallest working weight, so that none is 0."""
GRID = 10.0 ** np.linspace(-1.5, 3.5, 21)
"""Values of phi that are tried."""


@dataclass(frozen=True, eq=False)
class Linearised:
    """The log likelihood near a linear predictor.

    Attributes
    ----------
    weight : array, (row,)
        Working weights, positive.
    score : array, (row,)
        Scores.
    """

    weight: Floats
    score: Floats


def linearised(family: str, data: Data, eta: Floats, auxiliary: Mapping[str, float]) -> Linearised:
    """Return the working weights and scores at a linear predictor.

    Parameters
    ----------
    family : str
        gaussian, student, bernoulli, binomial, beta_binomial, poisson or negbinomial.
    data : mapping
        With y, weights, trials, known_se and se, as in the data block of the programs in
        ``stan/glmm/``.
    eta : array, (row,)
        The linear predictor.
    auxiliary : mapping
        Those of sigma, nu and phi that the family has.
    """
    y, power = (np.asarray(data[name], dtype=np.float64) for name in ("y", "weights"))
    if family == "gaussian":
        weight = power / np.square(data["se"]) if data["known_se"] else power
        score = weight * (y - eta)
    elif family == "student":
        nu, sigma = auxiliary["nu"], auxiliary["sigma"]
        weight = power * (nu + 1) / (nu + 3)
        score = power * (nu + 1) * (y - eta) / (nu + np.square((y - eta) / sigma))
    else:
        eta = np.clip(eta, -FARTHEST_ETA, FARTHEST_ETA)
        if family in ("poisson", "negbinomial"):
            mean = np.exp(eta)
            overdispersion = 1 + mean / auxiliary["phi"] if family == "negbinomial" else 1.0
            variance = mean
        else:
            trials = np.asarray(data["trials"], dtype=np.float64)
            chance = special.expit(eta)
            mean, variance = trials * chance, trials * chance * special.expit(-eta)
            overdispersion = 1.0
            if family == "beta_binomial":
                overdispersion = 1 + np.maximum(trials - 1, 0) / (auxiliary["phi"] + 1)
        weight, score = power * variance / overdispersion, power * (y - mean) / overdispersion
    return Linearised(np.maximum(weight, LEAST), np.asarray(score))


def first_location(family: str, data: Data) -> float:
    """Return the intercept at which a model without predictors gives the mean response."""
    y, power = (np.asarray(data[name], dtype=np.float64) for name in ("y", "weights"))
    offset = np.asarray(data["known"], dtype=np.float64)
    if family in ("gaussian", "student"):
        return float(np.median(y - offset)) if len(y) else 0.0
    total = power @ y + 0.5
    if family in ("poisson", "negbinomial"):
        exposure = np.exp(np.clip(offset, -FARTHEST_ETA, FARTHEST_ETA))
        return float(np.log(total) - np.log(power @ exposure + 0.5))
    trials = power @ np.asarray(data["trials"], dtype=np.float64) + 1
    return float(special.logit(total / trials) - (offset.mean() if len(y) else 0.0))


def auxiliaries(
    family: str, data: Data, eta: Floats, before: Mapping[str, float], *, spent: float
) -> dict[str, float]:
    """Estimate those of sigma, nu and phi that the family has, at a linear predictor.

    sigma is estimated by a step of EM; nu and phi by the best value on a grid.

    Parameters
    ----------
    family : str
    data : mapping
        As in `linearised`, with the priors of nu and phi.
    eta : array, (row,)
        The linear predictor.
    before : mapping
        The previous estimates.
    spent : float
        Degrees of freedom of eta.
    """
    y, power = (np.asarray(data[name], dtype=np.float64) for name in ("y", "weights"))
    if family in ("gaussian", "student"):
        if family == "gaussian" and data["known_se"]:
            return {}
        df = max(power.sum() - spent, 0.05 * power.sum(), LEAST)
        squares = np.square(y - eta)
        if family == "gaussian":
            return {"sigma": _positive(np.sqrt(power @ squares / df))}
        nu, sigma = before["nu"], before["sigma"]
        weights = power * (nu + 1) / (nu + squares / sigma**2)
        sigma = _positive(np.sqrt(weights @ squares / df))
        return {"sigma": sigma, "nu": _nu(squares / sigma**2, power, data)}
    if family not in ("beta_binomial", "negbinomial"):
        return {}
    likelihood = [power @ _log_likelihood(family, data, y, eta, phi) for phi in GRID]
    return {"phi": _mode(GRID, np.array(likelihood), data, "phi")}


def first_auxiliaries(family: str, data: Data) -> dict[str, float]:
    """Return the first estimates of those of sigma, nu and phi that the family has."""
    y = np.asarray(data["y"], dtype=np.float64)
    if family == "gaussian":
        return {} if data["known_se"] else {"sigma": _positive(np.std(y))}
    if family == "student":
        return {"sigma": _positive(np.std(y)), "nu": 8.0}
    return {"phi": 10.0} if family in ("beta_binomial", "negbinomial") else {}


def _positive(x: Any) -> float:
    return float(max(x, 1e-6))


def _nu(squares: Floats, power: Floats, data: Data) -> float:
    """Estimate nu from the squared standardised residuals, (row,)."""
    grid = np.geomspace(1.5, 60, 12)
    constant = special.betaln(0.5 * grid, 0.5) + 0.5 * np.log(grid)
    tails = [power @ np.log1p(squares / nu) for nu in grid]
    return _mode(grid, -power.sum() * constant - 0.5 * (grid + 1) * tails, data, "nu")


def _log_likelihood(family: str, data: Data, y: Floats, eta: Floats, phi: float) -> Floats:
    """Return each row's log likelihood as a function of phi, up to a constant: (row,)."""
    eta = np.clip(eta, -FARTHEST_ETA, FARTHEST_ETA)
    if family == "negbinomial":
        gammas = special.gammaln(y + phi) - special.gammaln(phi)
        log_sum = np.logaddexp(np.log(phi), eta)
        return np.asarray(gammas + phi * (np.log(phi) - log_sum) + y * (eta - log_sum))
    trials = np.asarray(data["trials"], dtype=np.float64)
    a, b = special.expit(eta) * phi, special.expit(-eta) * phi
    return np.asarray(special.betaln(y + a, trials - y + b) - special.betaln(a, b))


def _mode(grid: Floats, likelihood: Floats, data: Data, name: str) -> float:
    """Return the mode of the log likelihood plus a log prior, by a parabola through three values.

    The prior is an exponential distribution with about the mean of the prior of `name`.

    Parameters
    ----------
    grid : array, (value,)
        Values of the parameter, evenly spaced in the log.
    likelihood : array, (value,)
        Log likelihood.
    data : mapping
    name : {"nu", "phi"}
    """
    scale = float(data[f"prior_{name}_scale"])
    if data[f"prior_{name}_family"] == priors.GAMMA:
        scale *= float(data[f"prior_{name}_df"])
    density = np.where(np.isfinite(likelihood), likelihood, -np.inf) - grid / scale + np.log(grid)
    k = int(np.argmax(density))
    step = 0.0
    if 0 < k < len(grid) - 1 and np.isfinite(density[k - 1 : k + 2]).all():
        curvature = density[k - 1] - 2 * density[k] + density[k + 1]
        step = 0.5 * (density[k - 1] - density[k + 1]) / curvature if curvature < 0 else 0.0
    return float(grid[k] * (grid[1] / grid[0]) ** step)
