"""Maximum likelihood of the mixed logistic regressions of `bangladesh`, by quadrature.

The likelihood of a district is an integral over its normal intercept (and slope). It is computed by
Gauss-Hermite quadrature, in two dimensions by the product rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ...errors import DataError

Array = NDArray[np.float64]
NODES = 80
"""Number of nodes in each dimension; from 60 on, five decimals of the estimates do not change."""
NEGLIGIBLE = 1e-18
"""Nodes of the product rule with a smaller weight are left out."""


@dataclass(frozen=True, kw_only=True)
class Population:
    """The population distribution of the districts' intercepts and slopes.

    Without varying slopes, `b_bar`, `sigma_b` and `rho` are 0.

    Attributes
    ----------
    a_bar, b_bar : float
        Means of the intercepts and of the slopes (log odds).
    sigma_a, sigma_b : float
        Standard deviations of the intercepts and of the slopes (log odds).
    rho : float
        Correlation of intercepts and slopes.
    """

    a_bar: float
    sigma_a: float
    b_bar: float = 0.0
    sigma_b: float = 0.0
    rho: float = 0.0


def deviance(population: Population, women: Array, users: Array) -> float:
    """Return -2 log likelihood of single women's answers, so without binomial coefficients.

    Parameters
    ----------
    population : Population
    women, users : array, (1, district) or (2, district)
        Counts of women and of users; with two rows, rural and urban.
    """
    u, v, weight = _nodes(slopes=len(women) == 2)
    a = population.a_bar + population.sigma_a * u
    b = population.b_bar + population.sigma_b * (
        population.rho * u + np.sqrt(1 - population.rho**2) * v
    )
    log_odds = np.stack([a, a + b])[: len(women)]
    log_likelihood = users.T @ special.log_expit(log_odds)
    log_likelihood += (women - users).T @ special.log_expit(-log_odds)
    return float(-2 * special.logsumexp(log_likelihood, axis=1, b=weight).sum())


def maximum_likelihood(women: Array, users: Array) -> tuple[Population, float]:
    """Return the maximum likelihood estimates of the population and their deviance.

    Parameters
    ----------
    women, users : array, (1, district) or (2, district)
        Counts of women and of users; with two rows, rural and urban, slopes vary too.

    Raises
    ------
    DataError
        If the optimizer does not converge, for instance because a standard deviation goes to 0.
    """

    def deviance_at(unconstrained: Array) -> float:
        return deviance(_population(unconstrained), women, users)

    start = np.array([0.0, -0.5] if len(women) == 1 else [0.0, -0.5, 0.0, -0.5, 0.0])
    optimum: Any = optimize.minimize(deviance_at, start, method="BFGS", options={"gtol": 1e-3})
    if not optimum.success:
        raise DataError(f"the maximum of the likelihood was not reached: {optimum.message}")
    return _population(optimum.x), float(optimum.fun)


def _population(unconstrained: Array) -> Population:
    """Return the population for a_bar, log sigma_a (and b_bar, log sigma_b, arctanh rho)."""
    a_bar, log_sigma_a, *slopes = unconstrained.tolist()
    if not slopes:
        return Population(a_bar=a_bar, sigma_a=np.exp(log_sigma_a))
    b_bar, log_sigma_b, arctanh_rho = slopes
    return Population(
        a_bar=a_bar,
        sigma_a=np.exp(log_sigma_a),
        b_bar=b_bar,
        sigma_b=np.exp(log_sigma_b),
        rho=np.tanh(arctanh_rho),
    )


@lru_cache
def _nodes(*, slopes: bool) -> tuple[Array, Array, Array]:
    """Return the nodes of two standard normal variables and their weights, each (node,)."""
    t, w = np.polynomial.hermite_e.hermegauss(NODES)
    w = w / w.sum()
    if not slopes:
        return t, np.zeros(NODES), w
    u, v = np.meshgrid(t, t, indexing="ij")
    weight = np.outer(w, w)
    heavy = weight > NEGLIGIBLE
    return u[heavy], v[heavy], weight[heavy]
