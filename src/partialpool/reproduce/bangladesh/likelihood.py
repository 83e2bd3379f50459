"""Maximum likelihood of the logistic regressions of `bangladesh`, by Gauss and Hermite's rule.

A district's likelihood is an integral over its intercept and slope, which are normal: a weighted
sum over the nodes of the rule, a product of it where there are two.
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
"""In each dimension; from 60 on, five decimals of the estimates do not change."""
NEGLIGIBLE = 1e-18


@dataclass(frozen=True, kw_only=True)
class Population:
    """What the districts come from; without slopes, those of the slopes are 0.

    Attributes
    ----------
    a_bar, b_bar : float
        Means of the intercepts and slopes.
    sigma_a, sigma_b : float
        Their standard deviations.
    rho : float
        Their correlation.
    """

    a_bar: float
    sigma_a: float
    b_bar: float = 0.0
    sigma_b: float = 0.0
    rho: float = 0.0


def deviance(at: Population, women: Array, users: Array) -> float:
    """-2 log likelihood, without the binomial coefficients: of single women, not of counts.

    Parameters
    ----------
    at : Population
    women, users : array, (1, district) or (2, district)
        Counts; where there are two rows, the country's and the towns'.
    """
    u, v, weight = _nodes(slopes=len(women) == 2)
    a = at.a_bar + at.sigma_a * u
    b = at.b_bar + at.sigma_b * (at.rho * u + np.sqrt(1 - at.rho**2) * v)
    log_odds = np.stack([a, a + b])[: len(women)]
    given = users.T @ special.log_expit(log_odds)
    given += (women - users).T @ special.log_expit(-log_odds)
    return float(-2 * special.logsumexp(given, axis=1, b=weight).sum())


def maximum_likelihood(women: Array, users: Array) -> tuple[Population, float]:
    """Find the population under which the counts are most probable, and its deviance.

    Parameters
    ----------
    women, users : array, (1, district) or (2, district)
        With two rows, slopes vary too.

    Raises
    ------
    DataError
        If there is no maximum within reach: a standard deviation is best at 0, say.
    """

    def of(q: Array) -> float:
        return deviance(_population(q), women, users)

    start = np.array([0.0, -0.5] if len(women) == 1 else [0.0, -0.5, 0.0, -0.5, 0.0])
    found: Any = optimize.minimize(of, start, method="BFGS", options={"gtol": 1e-3})
    if not found.success:
        raise DataError(f"maximum likelihood was not found: {found.message}")
    return _population(found.x), float(found.fun)


def _population(q: Array) -> Population:
    """From the unconstrained scale."""
    a_bar, log_sigma_a, *slopes = q.tolist()
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
    t, w = np.polynomial.hermite_e.hermegauss(NODES)
    w = w / w.sum()
    if not slopes:
        return t, np.zeros(NODES), w
    u, v = np.meshgrid(t, t, indexing="ij")
    weight = np.outer(w, w)
    heavy = weight > NEGLIGIBLE
    return u[heavy], v[heavy], weight[heavy]
