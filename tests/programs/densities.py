"""Log densities of the Stan programs, written again from the mathematics with SciPy.

Every function takes points on Stan's unconstrained scale, one a row, and returns one log density a
row, with the Jacobian of the transform to the constrained scale. Nothing here reads a Stan program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]
Data = Mapping[str, Any]
Parameters = dict[str, Array]
"""A scalar parameter has the shape (points,), a vector (points, length)."""

FLAT, NORMAL, STUDENT_T, CAUCHY, EXPONENTIAL = range(5)
"""The family codes of the priors."""


@dataclass(frozen=True)
class Reference:
    """A model: how many unconstrained numbers it has, what they mean, and how likely they are."""

    size: Callable[[Data], int]
    constrain: Callable[[Array, Data], Parameters]
    log_jacobian: Callable[[Array, Data], Array]
    log_posterior: Callable[[Parameters, Data], Array]

    def __call__(self, q: Array, data: Data) -> Array:
        """Log density at the rows of q on the unconstrained scale."""
        return self.log_posterior(self.constrain(q, data), data) + self.log_jacobian(q, data)


# --- transforms: chances by the logistic function, positive numbers by the exponential ------------


def log_slope_of_expit(q: Array) -> Array:
    return np.asarray(special.log_expit(q) + special.log_expit(-q))


def total(terms: Any) -> Array:
    """The sum over units of (points, units)."""
    return np.asarray(np.sum(terms, axis=1), dtype=float)


def column(x: Array) -> Array:
    return x[:, np.newaxis]


# --- binomial -------------------------------------------------------------------------------------


def binomial_likelihood(theta: Array, data: Data) -> Array:
    """Of (points, N) chances of success."""
    return total(stats.binom.logpmf(data["successes"], data["trials"], theta))


def binomial_logit_likelihood(alpha: Array, data: Data) -> Array:
    """Of (points, N) log odds; the chances themselves would round to 1. Constants left out."""
    y, n = np.asarray(data["successes"]), np.asarray(data["trials"])
    return total(y * special.log_expit(alpha) + (n - y) * special.log_expit(-alpha))


def beta_prior(x: Array, name: str, data: Data) -> Array:
    return np.asarray(stats.beta.logpdf(x, data[f"prior_{name}_alpha"], data[f"prior_{name}_beta"]))


def pareto_prior(kappa: Array, data: Data) -> Array:
    return np.asarray(
        stats.pareto.logpdf(kappa, data["prior_kappa_shape"], scale=data["prior_kappa_min"])
    )


def phi_only(q: Array, data: Data) -> Parameters:
    return {"phi": special.expit(q[:, 0])}


def complete_pooling_binomial(p: Parameters, data: Data) -> Array:
    theta = np.repeat(column(p["phi"]), data["N"], axis=1)
    return beta_prior(p["phi"], "phi", data) + binomial_likelihood(theta, data)


def no_pooling_binomial(p: Parameters, data: Data) -> Array:
    prior = total(beta_prior(p["theta"], "theta", data))
    return prior + binomial_likelihood(p["theta"], data)


def phi_kappa(q: Array, data: Data) -> Parameters:
    return {"phi": special.expit(q[:, 0]), "kappa": data["prior_kappa_min"] + np.exp(q[:, 1])}


def phi_kappa_jacobian(q: Array, data: Data) -> Array:
    return log_slope_of_expit(q[:, 0]) + q[:, 1]


def hyper_beta(p: Parameters, data: Data) -> Array:
    return beta_prior(p["phi"], "phi", data) + pareto_prior(p["kappa"], data)


def beta_shapes(p: Parameters) -> tuple[Array, Array]:
    return column(p["phi"] * p["kappa"]), column((1 - p["phi"]) * p["kappa"])


def partial_pooling_beta(p: Parameters, data: Data) -> Array:
    theta = total(stats.beta.logpdf(p["theta"], *beta_shapes(p)))
    return hyper_beta(p, data) + theta + binomial_likelihood(p["theta"], data)


def partial_pooling_beta_marginal(p: Parameters, data: Data) -> Array:
    y = stats.betabinom.logpmf(data["successes"], data["trials"], *beta_shapes(p))
    return hyper_beta(p, data) + total(y)


def hyper_logit(p: Parameters, data: Data) -> Array:
    mu = stats.norm.logpdf(p["mu"], data["prior_mu_location"], data["prior_mu_scale"])
    sigma = stats.halfnorm.logpdf(p["sigma"], scale=data["prior_sigma_scale"])
    return np.asarray(mu + sigma)


def partial_pooling_logit_centered(p: Parameters, data: Data) -> Array:
    alpha = total(stats.norm.logpdf(p["alpha"], column(p["mu"]), column(p["sigma"])))
    return hyper_logit(p, data) + alpha + binomial_logit_likelihood(p["alpha"], data)


def partial_pooling_logit_noncentered(p: Parameters, data: Data) -> Array:
    alpha = column(p["mu"]) + column(p["sigma"]) * p["z"]
    z = total(stats.norm.logpdf(p["z"]))
    return hyper_logit(p, data) + z + binomial_logit_likelihood(alpha, data)


# --- normal, known variance -----------------------------------------------------------------------


def location_prior(x: Array, name: str, data: Data) -> Array:
    if data[f"prior_{name}_family"] == FLAT:
        return np.zeros_like(x)
    location, scale = data[f"prior_{name}_location"], data[f"prior_{name}_scale"]
    return np.asarray(stats.norm.logpdf(x, location, scale))


def scale_prior(tau: Array, data: Data) -> Array:
    scale, df, family = data["prior_tau_scale"], data["prior_tau_df"], data["prior_tau_family"]
    if family == FLAT:
        return np.zeros_like(tau)
    distribution = {
        NORMAL: stats.norm(scale=scale),
        STUDENT_T: stats.t(df, scale=scale),
        CAUCHY: stats.cauchy(scale=scale),
        EXPONENTIAL: stats.expon(scale=scale),
    }[family]
    return np.asarray(distribution.logpdf(tau) - np.log(distribution.sf(0)))


def normal_likelihood(theta: Array, data: Data) -> Array:
    """Of (points, J) effects, or of one effect a point for all units as (points, 1)."""
    return total(stats.norm.logpdf(data["y"], theta, data["sigma"]))


def complete_pooling_normal(p: Parameters, data: Data) -> Array:
    return location_prior(p["mu"], "mu", data) + normal_likelihood(column(p["mu"]), data)


def no_pooling_normal(p: Parameters, data: Data) -> Array:
    prior = total(location_prior(p["theta"], "theta", data))
    return prior + normal_likelihood(p["theta"], data)


def hyper_normal(p: Parameters, data: Data) -> Array:
    return location_prior(p["mu"], "mu", data) + scale_prior(p["tau"], data)


def centered(p: Parameters, data: Data) -> Array:
    theta = total(stats.norm.logpdf(p["theta"], column(p["mu"]), column(p["tau"])))
    return hyper_normal(p, data) + theta + normal_likelihood(p["theta"], data)


def noncentered(p: Parameters, data: Data) -> Array:
    theta = column(p["mu"]) + column(p["tau"]) * p["z"]
    prior = hyper_normal(p, data) + total(stats.norm.logpdf(p["z"]))
    return prior + normal_likelihood(theta, data)


def marginal(p: Parameters, data: Data) -> Array:
    """The data are normal about mu with covariance diag(sigma^2) + tau^2 I."""
    variance = np.square(data["sigma"]) + column(p["tau"]) ** 2
    distance = (np.asarray(data["y"]) - column(p["mu"])) ** 2 / variance
    return hyper_normal(p, data) - 0.5 * total(np.log(2 * np.pi * variance) + distance)


# --- what the unconstrained numbers are, in the order of declaration ------------------------------


def mean_scale_vector(scale: str, vector: str) -> Callable[[Array, Data], Parameters]:
    def constrain(q: Array, data: Data) -> Parameters:
        return {"mu": q[:, 0], scale: np.exp(q[:, 1]), vector: q[:, 2:]}

    return constrain


def log_scale_jacobian(q: Array, data: Data) -> Array:
    return q[:, 1]


def no_jacobian(q: Array, data: Data) -> Array:
    return np.zeros(len(q))


REFERENCES: dict[str, Reference] = {
    "binomial/complete_pooling": Reference(
        lambda data: 1,
        phi_only,
        lambda q, data: log_slope_of_expit(q[:, 0]),
        complete_pooling_binomial,
    ),
    "binomial/no_pooling": Reference(
        lambda data: data["N"],
        lambda q, data: {"theta": special.expit(q)},
        lambda q, data: total(log_slope_of_expit(q)),
        no_pooling_binomial,
    ),
    "binomial/partial_pooling_beta": Reference(
        lambda data: 2 + data["N"],
        lambda q, data: {**phi_kappa(q, data), "theta": special.expit(q[:, 2:])},
        lambda q, data: phi_kappa_jacobian(q, data) + total(log_slope_of_expit(q[:, 2:])),
        partial_pooling_beta,
    ),
    "binomial/partial_pooling_beta_marginal": Reference(
        lambda data: 2, phi_kappa, phi_kappa_jacobian, partial_pooling_beta_marginal
    ),
    "binomial/partial_pooling_logit_centered": Reference(
        lambda data: 2 + data["N"],
        mean_scale_vector("sigma", "alpha"),
        log_scale_jacobian,
        partial_pooling_logit_centered,
    ),
    "binomial/partial_pooling_logit_noncentered": Reference(
        lambda data: 2 + data["N"],
        mean_scale_vector("sigma", "z"),
        log_scale_jacobian,
        partial_pooling_logit_noncentered,
    ),
    "normal_known_variance/complete_pooling": Reference(
        lambda data: 1, lambda q, data: {"mu": q[:, 0]}, no_jacobian, complete_pooling_normal
    ),
    "normal_known_variance/no_pooling": Reference(
        lambda data: data["J"], lambda q, data: {"theta": q}, no_jacobian, no_pooling_normal
    ),
    "normal_known_variance/centered": Reference(
        lambda data: 2 + data["J"], mean_scale_vector("tau", "theta"), log_scale_jacobian, centered
    ),
    "normal_known_variance/noncentered": Reference(
        lambda data: 2 + data["J"], mean_scale_vector("tau", "z"), log_scale_jacobian, noncentered
    ),
    "normal_known_variance/marginal": Reference(
        lambda data: 2,
        lambda q, data: {"mu": q[:, 0], "tau": np.exp(q[:, 1])},
        log_scale_jacobian,
        marginal,
    ),
}
