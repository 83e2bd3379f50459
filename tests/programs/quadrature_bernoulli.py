"""Exact posteriors of the intercept programs of `bernoulli/`, by quadrature (see quadrature.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from programs.densities import Array, Data, column
from programs.densities_bernoulli import districts, normal_prior, positive_prior, town_and_country
from programs.quadrature import grid, weights
from scipy import special, stats


@dataclass(frozen=True)
class FixedEffectsPosterior:
    """bernoulli/fixed_effects: the districts are independent."""

    data: Data

    def mean(self, function: Callable[[Array], Array]) -> Array:
        """E f(a) of every district."""
        a = np.linspace(-15, 15, 3001)
        prior = normal_prior(a, "a", self.data)
        yes, no = special.log_expit(a), special.log_expit(-a)
        women, users = districts(self.data)
        posterior = [
            weights(prior + k * yes + (n - k) * no) for n, k in zip(women, users, strict=True)
        ]
        return np.asarray(posterior @ function(a))

    def moments(self) -> tuple[Array, Array]:
        """Means and standard deviations of a."""
        mean = self.mean(lambda a: a)
        return mean, np.sqrt(self.mean(np.square) - mean**2)


@dataclass(frozen=True)
class VaryingInterceptPosterior:
    """bernoulli/varying_intercept_*: districts integrated out one by one, given a_bar and sigma."""

    data: Data

    @cached_property
    def _a_bars(self) -> Array:
        return np.linspace(-12, 12, 161)

    @cached_property
    def _log_sigmas(self) -> Array:
        """Up to sigma = 20, where exponential(1) has left 2e-9."""
        return np.linspace(-14, 3, 171)

    @cached_property
    def _nodes(self) -> Array:
        return grid(self._log_sigmas, self._a_bars)

    def inner(self, function: Callable[[Array, Array], Array]) -> Array:
        """Integral of p(y | a) f(a, z) p(z) over z of every district, (nodes, J)."""
        women, users = districts(self.data)
        rows = []
        for sigma in np.exp(self._log_sigmas):
            step = min(0.2, 0.15 / sigma)  # no coarser than 117 women can tell
            z = np.arange(-9, 9, step)
            a = column(self._a_bars) + sigma * z
            yes, no = special.log_expit(a), special.log_expit(-a)
            times = function(a, z) * stats.norm.pdf(z) * step
            of_district = [
                (np.exp(k * yes + (n - k) * no) * times).sum(axis=1)
                for n, k in zip(women, users, strict=True)
            ]
            rows.append(np.column_stack(of_district))
        return np.vstack(rows)

    @cached_property
    def _likelihood(self) -> Array:
        return self.inner(lambda a, z: np.ones_like(a))

    @cached_property
    def _weights(self) -> Array:
        log_sigma, a_bar = self._nodes.T
        prior = normal_prior(a_bar, "a_bar", self.data)
        prior = prior + positive_prior(np.exp(log_sigma), "sigma", self.data) + log_sigma
        positive = np.maximum(self._likelihood, 1e-300)  # far from the data it underflows
        return weights(prior + np.log(positive).sum(axis=1))

    def mean(self, function: Callable[[Array, Array], Array]) -> float:
        """E f(a_bar, sigma)."""
        log_sigma, a_bar = self._nodes.T
        return float(self._weights @ function(a_bar, np.exp(log_sigma)))

    def district_mean(self, function: Callable[[Array, Array], Array]) -> Array:
        """E f(a, z) of every district."""
        heavy = self._weights > 1e-15
        given = self.inner(function)[heavy] / self._likelihood[heavy]
        return np.asarray(self._weights[heavy] @ given)


def mean_and_sd(mean: Callable[..., Array], value: Callable[..., Array]) -> tuple[Array, Array]:
    """Of a function, from a posterior's means of functions."""
    first = mean(value)
    return first, np.sqrt(mean(lambda *x: value(*x) ** 2) - first**2)


def deviance(
    data: Data,
    *,
    a_bar: float,
    b_bar: float = 0.0,
    sigma_a: float,
    sigma_b: float = 0.0,
    rho: float = 0.0,
) -> float:
    """-2 log likelihood of intercepts and slopes, the districts integrated out (Gauss-Hermite)."""
    t, w = np.polynomial.hermite_e.hermegauss(40)
    u, v = grid(t, t).T
    weight = np.outer(w, w).ravel() / w.sum() ** 2
    a = a_bar + sigma_a * u
    b = b_bar + sigma_b * (rho * u + np.sqrt(1 - rho**2) * v)
    log_odds = np.stack([a, a + b])
    women, users = (cells.reshape(2, -1) for cells in town_and_country(data))
    given = users.T @ special.log_expit(log_odds)
    given += (women - users).T @ special.log_expit(-log_odds)
    return float(-2 * special.logsumexp(given, axis=1, b=weight).sum())
