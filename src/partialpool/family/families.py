"""Response families: link, mean, log likelihood and random draws, in NumPy.

Shapes: the linear predictor `eta` and all results are (draw, row), auxiliary parameters
(draw, 1), and `y`, `trials` and `se` (row,). The Stan programs in ``stan/glmm/`` have the same
likelihoods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..errors import DataError, nearest

Array = NDArray[Any]
Auxiliaries = Mapping[str, Array]


@dataclass(frozen=True)
class Rows:
    """Known quantities of the rows, besides the response.

    Attributes
    ----------
    trials : array, (row,), or None
        Numbers of trials in binomial families; None stands for one trial in each row.
    se : array, (row,), or None
        Known standard errors of a gaussian response, in its units.
    """

    trials: Array | None = None
    se: Array | None = None

    @property
    def attempts(self) -> Array:
        """Numbers of trials as integers, (row,), or 1 if `trials` is None."""
        return np.asarray(1 if self.trials is None else self.trials).astype(np.int64)


@dataclass(frozen=True)
class Family:
    """The sampling distribution of the response, with its link.

    Attributes
    ----------
    name : str
        "gaussian".
    program : str
        Name of the Stan program in the catalogue: "glmm/gaussian".
    link : {"identity", "logit", "log"}
    auxiliaries : tuple of str
        Parameters besides the linear predictor: sigma, nu, phi.
    discrete : bool
        Whether the response is a count.
    mean : function of (eta, auxiliaries, rows)
        Expected response, (draw, row).
    sample : function of (generator, eta, auxiliaries, rows)
        Random responses, (draw, row).
    log_likelihood : function of (y, eta, auxiliaries, rows)
        Log density or log probability of y in nats, (draw, row).
    """

    name: str
    program: str
    link: str
    auxiliaries: tuple[str, ...]
    discrete: bool
    mean: Callable[[Array, Auxiliaries, Rows], Array]
    sample: Callable[[np.random.Generator, Array, Auxiliaries, Rows], Array]
    log_likelihood: Callable[[Array, Array, Auxiliaries, Rows], Array]

    @property
    def takes_trials(self) -> bool:
        """Whether the response is a number of successes in trials."""
        return self.name in ("binomial", "beta_binomial")


def get(name: str) -> Family:
    """Return a family by its name.

    Raises
    ------
    DataError
        If there is no such family; the message names the nearest one and lists all.
    """
    if not isinstance(name, str) or name not in FAMILIES:
        near = nearest(name, FAMILIES, cutoff=0.5)
        hint = f"; did you mean {near!r}?" if near else "."
        raise DataError(f"there is no family {name!r}{hint} The families: {', '.join(FAMILIES)}")
    return FAMILIES[name]


def _residual_sd(aux: Auxiliaries, rows: Rows) -> Array:
    """Return the known standard errors, (row,), or sigma, (draw, 1)."""
    return np.asarray(rows.se) if rows.se is not None else aux["sigma"]


def _normal_log(y: Array, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    scale = _residual_sd(aux, rows)
    standardised = (y - eta) / scale
    log_density: Array = -0.5 * standardised**2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
    return log_density


def _student_log(y: Array, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    nu, sigma = aux["nu"], aux["sigma"]
    constant = special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2)
    constant = constant - 0.5 * np.log(nu * np.pi) - np.log(sigma)
    tail: Array = constant - (nu + 1) / 2 * np.log1p(((y - eta) / sigma) ** 2 / nu)
    return tail


def _log_choose(n: Array, k: Array) -> Array:
    """Return the log of the binomial coefficient."""
    total: Array = -np.log1p(n) - special.betaln(n - k + 1, k + 1)
    return total


def _binomial_log(y: Array, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    n = rows.attempts
    total: Array = _log_choose(n, y) + y * special.log_expit(eta)
    return total + (n - y) * special.log_expit(-eta)


def _beta_shapes(eta: Array, aux: Auxiliaries) -> tuple[Array, Array]:
    """Return the shape parameters of the beta distribution of success probabilities."""
    return special.expit(eta) * aux["phi"], special.expit(-eta) * aux["phi"]


def _beta_binomial_log(y: Array, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    a, b = _beta_shapes(eta, aux)
    n = rows.attempts
    total: Array = _log_choose(n, y) + special.betaln(y + a, n - y + b) - special.betaln(a, b)
    return total


def _poisson_log(y: Array, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    total: Array = y * eta - _rate(eta) - special.gammaln(y + 1)
    return total


def _negbinomial_log(y: Array, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    phi = aux["phi"]
    log_total = np.logaddexp(eta, np.log(phi))
    choose = special.gammaln(y + phi) - special.gammaln(phi) - special.gammaln(y + 1)
    total: Array = choose + phi * (np.log(phi) - log_total) + y * (eta - log_total)
    return total


def _sample_normal(rng: np.random.Generator, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    return rng.normal(eta, _residual_sd(aux, rows))


def _sample_student(rng: np.random.Generator, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    drawn: Array = eta + aux["sigma"] * rng.standard_t(np.broadcast_to(aux["nu"], eta.shape))
    return drawn


def _sample_binomial(rng: np.random.Generator, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    return rng.binomial(rows.attempts, special.expit(eta))


def _sample_beta_binomial(
    rng: np.random.Generator, eta: Array, aux: Auxiliaries, rows: Rows
) -> Array:
    a, b = _beta_shapes(eta, aux)
    tiny = np.finfo(float).tiny
    return rng.binomial(rows.attempts, rng.beta(np.maximum(a, tiny), np.maximum(b, tiny)))


def _sample_poisson(rng: np.random.Generator, eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    return rng.poisson(_bounded(_rate(eta)))


def _sample_negbinomial(
    rng: np.random.Generator, eta: Array, aux: Auxiliaries, rows: Rows
) -> Array:
    phi = np.broadcast_to(aux["phi"], eta.shape)
    return rng.poisson(_bounded(rng.gamma(phi, _bounded(_rate(eta)) / phi)))


def _rate(eta: Array) -> Array:
    """Return exp(eta); wide priors may make it infinite, without a warning."""
    with np.errstate(over="ignore"):
        return np.exp(eta)


def _bounded(rate: Array) -> Array:
    """Limit rates to what an integer can hold; only draws from wide priors are larger."""
    return np.minimum(rate, 1e18)


def _identity_mean(eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    return eta


def _success_mean(eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    mean: Array = rows.attempts * special.expit(eta)
    return mean


def _log_mean(eta: Array, aux: Auxiliaries, rows: Rows) -> Array:
    return _rate(eta)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("gaussian", "glmm/gaussian", "identity", ("sigma",), False,
               _identity_mean, _sample_normal, _normal_log),
        Family("student", "glmm/student", "identity", ("sigma", "nu"), False,
               _identity_mean, _sample_student, _student_log),
        Family("bernoulli", "glmm/binomial", "logit", (), True,
               _success_mean, _sample_binomial, _binomial_log),
        Family("binomial", "glmm/binomial", "logit", (), True,
               _success_mean, _sample_binomial, _binomial_log),
        Family("beta_binomial", "glmm/beta_binomial", "logit", ("phi",), True,
               _success_mean, _sample_beta_binomial, _beta_binomial_log),
        Family("poisson", "glmm/poisson", "log", (), True,
               _log_mean, _sample_poisson, _poisson_log),
        Family("negbinomial", "glmm/negbinomial", "log", ("phi",), True,
               _log_mean, _sample_negbinomial, _negbinomial_log),
    )
}  # fmt: skip
