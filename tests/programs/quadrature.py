"""Exact posteriors by quadrature: what a sampler must reproduce.

Each rule is a product of equally spaced nodes on the unconstrained scale, where these posteriors
are smooth and fall off on all sides, so that the trapezoidal rule is exact to many digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from programs.densities import REFERENCES, Data, column
from scipy import interpolate, special, stats

Array = NDArray[np.float64]


def weights(log_density: Array) -> Array:
    """Probabilities of equally spaced nodes."""
    return np.asarray(np.exp(log_density - special.logsumexp(log_density)))


def grid(first: Array, second: Array) -> Array:
    return np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)


def marginal_cdf(nodes: Array, probability: Array) -> Callable[[float], float]:
    """Of one coordinate of a product rule, from the probabilities of its nodes."""
    cdf = interpolate.CubicSpline(nodes, probability / (nodes[1] - nodes[0])).antiderivative()
    return lambda x: float(cdf(x))


@dataclass(frozen=True)
class BetaPosterior:
    """binomial/partial_pooling_beta."""

    data: Data

    @cached_property
    def _log_kappas(self) -> Array:
        """Nodes of log(kappa - prior_kappa_min)."""
        return np.linspace(-6, 22, 700)

    @cached_property
    def _nodes(self) -> Array:
        return grid(np.linspace(-2.2, 0.2, 81), self._log_kappas)

    @cached_property
    def _weights(self) -> Array:
        reference = REFERENCES["binomial/partial_pooling_beta_marginal"]
        return weights(reference(self._nodes, self.data))

    @cached_property
    def _shapes(self) -> tuple[Array, Array]:
        """Of the beta distribution of every theta at every node with weight."""
        phi, kappa = special.expit(self._nodes[:, 0]), self.kappa_of(self._nodes[:, 1])
        y, n = np.array(self.data["successes"]), np.array(self.data["trials"])
        return column(phi * kappa) + y, column((1 - phi) * kappa) + n - y

    def kappa_of(self, q: Array) -> Array:
        return np.asarray(self.data["prior_kappa_min"] + np.exp(q))

    def phi_moments(self) -> tuple[float, float]:
        phi = special.expit(self._nodes[:, 0])
        return float(self._weights @ phi), float(self._weights @ phi**2)

    def theta_moments(self) -> tuple[Array, Array]:
        """E theta and E theta^2 of every unit."""
        a, b = self._shapes
        mean = a / (a + b)
        return self._weights @ mean, self._weights @ (mean * (a + 1) / (a + b + 1))

    def kappa_cdf(self, kappa: float) -> float:
        probability = self._weights.reshape(-1, len(self._log_kappas)).sum(axis=0)
        cdf = marginal_cdf(self._log_kappas, probability)
        return cdf(np.log(kappa - self.data["prior_kappa_min"]))

    def theta_cdf(self, unit: int, theta: float) -> float:
        a, b = self._shapes
        heavy = self._weights > 1e-12
        return float(self._weights[heavy] @ special.betainc(a[heavy, unit], b[heavy, unit], theta))

    def all_below(self, theta: float) -> float:
        """P(no unit's chance exceeds theta)."""
        a, b = self._shapes
        heavy = self._weights > 1e-12
        return float(self._weights[heavy] @ special.betainc(a[heavy], b[heavy], theta).prod(axis=1))


@dataclass(frozen=True)
class LogitPosterior:
    """binomial/partial_pooling_logit_*: the units integrated out one by one, given mu and sigma."""

    data: Data

    @cached_property
    def _log_sigmas(self) -> Array:
        return np.linspace(-14, 1.5, 156)

    @cached_property
    def _nodes(self) -> Array:
        return grid(np.linspace(-2, 0, 81), self._log_sigmas)

    @cached_property
    def _kinds(self) -> tuple[list[tuple[int, int]], NDArray[np.intp]]:
        """Distinct (successes, trials), and which of them each unit is."""
        pairs = list(zip(self.data["successes"], self.data["trials"], strict=True))
        kinds = sorted(set(pairs))
        return kinds, np.array([kinds.index(pair) for pair in pairs])

    def _integrate(self, kind: int, z: Array, dz: Array, power: int = 0) -> Array:
        """Integral of p(y | theta) theta^power p(z) over z, for a kind of unit, at every node."""
        successes, trials = self._kinds[0][kind]
        mu, sigma = column(self._nodes[:, 0]), column(np.exp(self._nodes[:, 1]))
        theta = special.expit(mu + sigma * z)
        likelihood = theta ** (successes + power) * (1 - theta) ** (trials - successes)
        return np.asarray((likelihood * stats.norm.pdf(z) * dz).sum(axis=1))

    def _moments_given_hyper(self, power: int) -> Array:
        """E[likelihood theta^power], (nodes, units)."""
        z = np.linspace(-9, 9, 91)
        dz = np.full_like(z, z[1] - z[0])
        kinds, of_unit = self._kinds
        columns = [self._integrate(kind, z, dz, power) for kind in range(len(kinds))]
        return np.column_stack(columns)[:, of_unit]

    @cached_property
    def _likelihood(self) -> Array:
        return self._moments_given_hyper(0)

    @cached_property
    def _weights(self) -> Array:
        mu, log_sigma = self._nodes.T
        prior = stats.norm.logpdf(mu, self.data["prior_mu_location"], self.data["prior_mu_scale"])
        scale = self.data["prior_sigma_scale"]
        prior = prior + stats.halfnorm.logpdf(np.exp(log_sigma), scale=scale) + log_sigma
        return weights(prior + np.log(self._likelihood).sum(axis=1))

    def mu_moments(self) -> tuple[float, float]:
        mu = self._nodes[:, 0]
        return float(self._weights @ mu), float(self._weights @ mu**2)

    def sigma_cdf(self, sigma: float) -> float:
        probability = self._weights.reshape(-1, len(self._log_sigmas)).sum(axis=0)
        return marginal_cdf(self._log_sigmas, probability)(np.log(sigma))

    def theta_moments(self) -> tuple[Array, Array]:
        """E theta and E theta^2 of every unit."""
        first, second = (self._moments_given_hyper(power) / self._likelihood for power in (1, 2))
        return self._weights @ first, self._weights @ second

    def _below(self, theta: float, kind: int) -> Array:
        """P(a unit's chance < theta | mu, sigma, y) at every node: Gauss-Legendre to the bound."""
        mu, sigma = self._nodes[:, 0], np.exp(self._nodes[:, 1])
        half = (column(np.clip((special.logit(theta) - mu) / sigma, -9, 9)) + 9) / 2
        x, w = np.polynomial.legendre.leggauss(50)
        integral = self._integrate(kind, -9 + half * (x + 1), half * w)
        some_unit = int(np.argmax(self._kinds[1] == kind))
        return np.asarray(integral / self._likelihood[:, some_unit])

    def theta_cdf(self, unit: int, theta: float) -> float:
        return float(self._weights @ self._below(theta, int(self._kinds[1][unit])))

    def all_below(self, theta: float) -> float:
        """P(no unit's chance exceeds theta)."""
        product = np.ones(len(self._nodes))
        for kind, count in enumerate(np.bincount(self._kinds[1])):
            product *= self._below(theta, kind) ** count
        return float(self._weights @ product)


@dataclass(frozen=True)
class NormalPosterior:
    """normal_known_variance/{centered,noncentered,marginal}."""

    data: Data

    @cached_property
    def _nodes(self) -> Array:
        return grid(np.linspace(-30, 40, 301), np.linspace(-14, 9, 700))

    @cached_property
    def _weights(self) -> Array:
        reference = REFERENCES["normal_known_variance/marginal"]
        return weights(reference(self._nodes, self.data))

    def mean(self, function: Callable[[Array, Array], Array]) -> Array:
        """E f(mu, tau)."""
        mu, tau = self._nodes[:, 0], np.exp(self._nodes[:, 1])
        return np.asarray(self._weights @ function(mu, tau))

    def theta_moments(self) -> tuple[Array, Array]:
        precision = 1 / np.square(self.data["sigma"])
        mu, between = column(self._nodes[:, 0]), column(np.exp(-2 * self._nodes[:, 1]))
        mean = (precision * self.data["y"] + between * mu) / (precision + between)
        return self._weights @ mean, self._weights @ (mean**2 + 1 / (precision + between))
