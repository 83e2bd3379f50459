"""Working weights and scores of each response family, and rough auxiliary parameters.

The score of a row is the slope of its log likelihood in the linear predictor, its weight the
Fisher information there, both times sigma^2 where the family has a sigma: iteratively
reweighted least squares (McCullagh & Nelder 1989, Generalized linear models, section 2.5; for
student, Lange, Little & Taylor 1989, JASA 84:881).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..arrays import Floats

Data = Mapping[str, Any]
FARTHEST_ETA = 30.0
"""Linear predictors beyond it are taken for it, on a log or logit link."""
LEAST = 1e-12
GRID = 10.0 ** np.linspace(-1.5, 3.5, 21)
"""Values of phi that are tried; of nu, those from 1.5 to 60."""


@dataclass(frozen=True, eq=False)
class Working:
    """Weights (positive) and scores, (row,)."""

    weight: Floats
    score: Floats


def working(family: str, data: Data, eta: Floats, auxiliary: Mapping[str, float]) -> Working:
    """Weights and scores at a linear predictor.

    Parameters
    ----------
    family : str
        gaussian, student, bernoulli, binomial, beta_binomial, poisson, negbinomial.
    data : mapping
        y, weights, trials, known_se and se, as the programs in ``stan/glmm/`` have them.
    eta : array, (row,)
    auxiliary : mapping
        sigma and nu, or phi.
    """
    y, power = (np.asarray(data[name], dtype=np.float64) for name in ("y", "weights"))
    if family == "gaussian":
        known = bool(data["known_se"])
        weight = power / np.square(data["se"]) if known else power
        score = weight * (y - eta)
    elif family == "student":
        nu, sigma = auxiliary["nu"], auxiliary["sigma"]
        weight = power * (nu + 1) / (nu + 3)
        score = power * (nu + 1) * (y - eta) / (nu + np.square((y - eta) / sigma))
    else:
        eta = np.clip(eta, -FARTHEST_ETA, FARTHEST_ETA)
        if family in ("poisson", "negbinomial"):
            mean = np.exp(eta)
            spread = 1 + mean / auxiliary["phi"] if family == "negbinomial" else 1.0
            variance = mean
        else:
            trials = np.asarray(data["trials"], dtype=np.float64)
            chance = special.expit(eta)
            mean, variance = trials * chance, trials * chance * special.expit(-eta)
            extra = np.maximum(trials - 1, 0)
            spread = 1 + extra / (auxiliary["phi"] + 1) if family == "beta_binomial" else 1.0
        weight, score = power * variance / spread, power * (y - mean) / spread
    return Working(np.maximum(weight, LEAST), np.asarray(score))


def first_location(family: str, data: Data) -> float:
    """Return the linear predictor, less its known part, that the mean response stands for."""
    y, power = (np.asarray(data[name], dtype=np.float64) for name in ("y", "weights"))
    known = np.asarray(data["known"], dtype=np.float64)
    if family in ("gaussian", "student"):
        return float(np.median(y - known)) if len(y) else 0.0
    total = power @ y + 0.5
    if family in ("poisson", "negbinomial"):
        exposure = np.exp(np.clip(known, -FARTHEST_ETA, FARTHEST_ETA))
        return float(np.log(total) - np.log(power @ exposure + 0.5))
    trials = power @ np.asarray(data["trials"], dtype=np.float64) + 1
    return float(special.logit(total / trials) - (known.mean() if len(y) else 0.0))


def auxiliaries(
    family: str, data: Data, eta: Floats, before: Mapping[str, float], *, spent: float
) -> dict[str, float]:
    """Sigma, nu and phi at a linear predictor: a step of EM, or the best of a grid.

    Parameters
    ----------
    before : mapping
        What they were.
    spent : float
        Degrees of freedom that eta took.
    """
    y, power = (np.asarray(data[name], dtype=np.float64) for name in ("y", "weights"))
    if family in ("gaussian", "student"):
        if family == "gaussian" and data["known_se"]:
            return {}
        left = max(power.sum() - spent, 0.05 * power.sum(), LEAST)
        squares = np.square(y - eta)
        if family == "gaussian":
            return {"sigma": _positive(np.sqrt(power @ squares / left))}
        nu, sigma = before["nu"], before["sigma"]
        rows = power * (nu + 1) / (nu + squares / sigma**2)
        sigma = _positive(np.sqrt(rows @ squares / left))
        return {"sigma": sigma, "nu": _nu(squares / sigma**2, power, data)}
    if family not in ("beta_binomial", "negbinomial"):
        return {}
    likelihood = [power @ _of_phi(family, data, y, eta, phi) for phi in GRID]
    return {"phi": _best(GRID, np.array(likelihood), data, "phi")}


def first_auxiliaries(family: str, data: Data) -> dict[str, float]:
    """Where sigma, nu and phi start."""
    y = np.asarray(data["y"], dtype=np.float64)
    if family == "gaussian":
        return {} if data["known_se"] else {"sigma": _positive(np.std(y))}
    if family == "student":
        return {"sigma": _positive(np.std(y)), "nu": 8.0}
    return {"phi": 10.0} if family in ("beta_binomial", "negbinomial") else {}


def _positive(x: Any) -> float:
    return float(max(x, 1e-6))


def _nu(squares: Floats, power: Floats, data: Data) -> float:
    grid = np.geomspace(1.5, 60, 12)
    constant = special.betaln(0.5 * grid, 0.5) + 0.5 * np.log(grid)
    tails = [power @ np.log1p(squares / nu) for nu in grid]
    return _best(grid, -power.sum() * constant - 0.5 * (grid + 1) * tails, data, "nu")


def _of_phi(family: str, data: Data, y: Floats, eta: Floats, phi: float) -> Floats:
    eta = np.clip(eta, -FARTHEST_ETA, FARTHEST_ETA)
    if family == "negbinomial":
        ways = special.gammaln(y + phi) - special.gammaln(phi)
        both = np.logaddexp(np.log(phi), eta)
        return np.asarray(ways + phi * (np.log(phi) - both) + y * (eta - both))
    trials = np.asarray(data["trials"], dtype=np.float64)
    a, b = special.expit(eta) * phi, special.expit(-eta) * phi
    return np.asarray(special.betaln(y + a, trials - y + b) - special.betaln(a, b))


def _best(grid: Floats, likelihood: Floats, data: Data, name: str) -> float:
    """Return the mode of likelihood and a rough prior, between the values of an even log grid."""
    scale = float(data[f"prior_{name}_scale"])
    if data[f"prior_{name}_family"] == 5:
        scale *= float(data[f"prior_{name}_df"])
    total = np.where(np.isfinite(likelihood), likelihood, -np.inf) - grid / scale + np.log(grid)
    k = int(np.argmax(total))
    step = 0.0
    if 0 < k < len(grid) - 1 and np.isfinite(total[k - 1 : k + 2]).all():
        bend = total[k - 1] - 2 * total[k] + total[k + 1]
        step = 0.5 * (total[k - 1] - total[k + 1]) / bend if bend < 0 else 0.0
    return float(grid[k] * (grid[1] / grid[0]) ** step)
