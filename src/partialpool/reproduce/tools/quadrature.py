"""Exact posteriors of normal models: all but the scales integrated out in closed form.

Given its scales (sigma, tau, sigma_b), each of the small examples is a regression with normal
coefficients, whose posterior is normal and whose evidence is known. What is left are integrals
over one or two scales. Their logarithms are taken at equally spaced nodes, where the integrands
are smooth and fall off at both ends, so that sums are exact to many digits. Every posterior is
then a mixture of normals, with a weight per node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from ...arrays import Floats

LogPrior = Callable[[Floats], Any]
FLAT = 0.0
"""Precision of a flat prior."""


@dataclass(frozen=True)
class Mixture:
    """A mixture of normal distributions.

    Attributes
    ----------
    weight, location, scale : array, (component,)
    """

    weight: Floats
    location: Floats
    scale: Floats

    def mean(self) -> float:
        """Return the mean."""
        return float(self.weight @ self.location)

    def sd(self) -> float:
        """Return the standard deviation."""
        away = self.location - self.mean()
        return float(np.sqrt(self.weight @ (self.scale**2 + away**2)))

    def cdf(self, x: npt.ArrayLike) -> Floats:
        """Return the probability of less than x, an array of any shape."""
        z = (np.asarray(x, dtype=float)[..., None] - self.location) / self.scale
        return np.asarray(special.ndtr(z) @ self.weight)

    def pdf(self, x: npt.ArrayLike) -> Floats:
        """Return the density at x, an array of any shape."""
        z = (np.asarray(x, dtype=float)[..., None] - self.location) / self.scale
        return np.asarray(np.exp(-0.5 * z**2) @ (self.weight / self.scale / np.sqrt(2 * np.pi)))

    def quantile(self, probability: float) -> float:
        """Return the value below which the probability is as given."""
        ends = self.location[:, None] + self.scale[:, None] * np.array([-10.0, 10.0])
        heavy = self.weight > 1e-12
        return float(
            optimize.brentq(
                lambda x: float(self.cdf(x)) - probability,
                ends[heavy].min(),
                ends[heavy].max(),
                xtol=1e-10,
            )
        )


@dataclass(frozen=True)
class NormalRegression:
    """The posterior of y ~ normal(X beta, sqrt(variance)), where scales decide the variance.

    Attributes
    ----------
    nodes : tuple of arrays, (node,)
        Equally spaced logarithms of each scale; the rule is their product.
    weight : array, (node x node ...,)
        Posterior probability of each combination.
    scales : tuple of arrays, (node x node ...,)
    mean : array, (node x node ..., coefficient)
        Of beta given the scales.
    covariance : array, (node x node ..., coefficient, coefficient)
    """

    nodes: tuple[Floats, ...]
    weight: Floats
    scales: tuple[Floats, ...]
    mean: Floats
    covariance: Floats

    def linear(self, row: npt.ArrayLike, variance: npt.ArrayLike = 0.0) -> Mixture:
        """Return the posterior of row @ beta, or of a prediction with that variance about it."""
        x = np.asarray(row, dtype=float)
        spread = np.einsum("i,nij,j->n", x, self.covariance, x)
        return Mixture(self.weight, self.mean @ x, np.sqrt(spread + np.asarray(variance)))

    def scale_mean(self, position: int, power: int = 1) -> float:
        """Return the mean of a power of a scale."""
        return float(self.weight @ self.scales[position] ** power)

    def scale_cdf(self, position: int, x: npt.ArrayLike) -> Floats:
        """Return the probability that a scale is less than x, an array of any shape."""
        at = np.log(np.asarray(x, dtype=float))
        return np.asarray(self._log_density(position).antiderivative()(at), dtype=np.float64)

    def scale_quantile(self, position: int, probability: float) -> float:
        """Return the value below which a scale is with a probability."""
        low, high = self.nodes[position][[0, -1]]
        cdf = self._log_density(position).antiderivative()
        return float(np.exp(optimize.brentq(lambda at: cdf(at) - probability, low, high)))

    def scale_pdf(self, position: int, x: npt.ArrayLike) -> Floats:
        """Return the density of a scale at x > 0, an array of any shape."""
        given = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.asarray(self._log_density(position)(np.log(given))) / given
        return np.where(given > 0, at, np.nan)

    def _log_density(self, position: int) -> Any:
        """Return the density of the logarithm of a scale, as a spline through the nodes."""
        from scipy.interpolate import CubicSpline

        shape = tuple(len(each) for each in self.nodes)
        others = tuple(i for i in range(len(shape)) if i != position)
        at = self.nodes[position]
        probability = self.weight.reshape(shape).sum(axis=others)
        return CubicSpline(at, probability / (at[1] - at[0]))


def normal_regression(
    y: npt.ArrayLike,
    design: npt.ArrayLike,
    variance: Callable[..., Any],
    *,
    nodes: tuple[Floats, ...],
    log_priors: tuple[LogPrior, ...],
    prior_precision: npt.ArrayLike = FLAT,
) -> NormalRegression:
    """Integrate over the scales of a regression with normal coefficients.

    Parameters
    ----------
    y : array, (row,)
    design : array, (row, coefficient)
    variance : function of the scales, each (node, 1)
        Returns (node, row): the variance of each y about design @ beta.
    nodes : tuple of arrays
        Equally spaced logarithms of each scale.
    log_priors : tuple of functions
        Log density of each scale, on its own scale.
    prior_precision : float or array, (coefficient,)
        Of independent normal(0, ...) priors of beta; 0 is flat.

    Returns
    -------
    NormalRegression
    """
    outcome, x = np.asarray(y, dtype=float), np.asarray(design, dtype=float)
    logs = tuple(each.ravel() for each in np.meshgrid(*nodes, indexing="ij"))
    scales = tuple(np.exp(each) for each in logs)
    spread = variance(*(each[:, None] for each in scales)) * np.ones(len(outcome))
    prior = np.broadcast_to(np.asarray(prior_precision, dtype=float), x.shape[1:])
    precision = np.einsum("ri,nr,rj->nij", x, 1 / spread, x) + np.diag(prior)
    covariance = np.linalg.inv(precision)
    mean = np.einsum("nij,nj->ni", covariance, (outcome / spread) @ x)
    residual = outcome - mean @ x.T
    log_density = (
        -0.5 * (np.log(spread) + residual**2 / spread).sum(axis=1)
        - 0.5 * (prior * mean**2).sum(axis=1)
        - 0.5 * np.linalg.slogdet(precision)[1]
    )
    for log_scale, scale, log_prior in zip(logs, scales, log_priors, strict=True):
        log_density = log_density + log_prior(scale) + log_scale
    weight = np.exp(log_density - special.logsumexp(log_density))
    return NormalRegression(nodes, weight, scales, mean, covariance)


def unit_effect(
    posterior: NormalRegression,
    y: float,
    *,
    mean: npt.ArrayLike,
    between: Floats,
    fixed: npt.ArrayLike | None = None,
    x: float = 1.0,
    residual: npt.ArrayLike = 0.0,
) -> Mixture:
    """Posterior of effect ~ normal(mean @ beta, between), of which one observation is known.

    It is y ~ normal(fixed @ beta + effect x, residual).

    Parameters
    ----------
    posterior : NormalRegression
        Of all observations, the effects integrated out.
    y : float
    mean : array, (coefficient,)
    between : array, (node x node ...,)
        The scale of the effects.
    fixed : array, (coefficient,), optional
        By default 0.
    x : float
    residual : float or array, (node x node ...,)
        Standard deviation of y about its mean: known, or a scale too.
    """
    level = np.asarray(mean, dtype=float)
    other = np.zeros(len(level)) if fixed is None else np.asarray(fixed, dtype=float)
    noise = np.broadcast_to(np.asarray(residual, dtype=float), between.shape)
    total = between**2 * x**2 + noise**2
    gain = between**2 * x / total
    row = level - gain[:, None] * (other + x * level)
    spread = np.einsum("ni,nij,nj->n", row, posterior.covariance, row)
    return Mixture(
        posterior.weight,
        (posterior.mean * row).sum(axis=1) + gain * y,
        np.asarray(np.sqrt(between**2 * noise**2 / total + spread)),
    )


def half_cauchy(scale: float) -> LogPrior:
    """Log density of a half-Cauchy prior."""
    return lambda x: stats.halfcauchy.logpdf(x, scale=scale)


def half_normal(scale: float) -> LogPrior:
    """Log density of a half-normal prior."""
    return lambda x: stats.halfnorm.logpdf(x, scale=scale)


def uniform(high: float = np.inf) -> LogPrior:
    """Log density, up to a constant, of a uniform prior between 0 and `high`."""
    return lambda x: np.where(x <= high, 0.0, -np.inf)
