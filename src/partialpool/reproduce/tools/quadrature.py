"""Exact posteriors of normal models: closed forms given the scales, quadrature over the scales.

Given its scales (sigma, tau, sigma_b), each of the small examples is a regression with normal
coefficients, whose posterior is normal and whose marginal likelihood is known. The remaining
integrals are over one or two scales. They are computed as sums over equally spaced values of the
scales' logarithms, on which the integrands are smooth and go to 0 at both ends, so that the sums
are exact to many digits. Every posterior is then a mixture of normals, with a weight per node.
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
        Probability, mean and standard deviation of each component; the weights sum to 1.
    """

    weight: Floats
    location: Floats
    scale: Floats

    def mean(self) -> float:
        """Return the mean."""
        return float(self.weight @ self.location)

    def sd(self) -> float:
        """Return the standard deviation."""
        deviation = self.location - self.mean()
        return float(np.sqrt(self.weight @ (self.scale**2 + deviation**2)))

    def cdf(self, x: npt.ArrayLike) -> Floats:
        """Return the cumulative probability at x, an array of any shape."""
        z = (np.asarray(x, dtype=float)[..., None] - self.location) / self.scale
        return np.asarray(special.ndtr(z) @ self.weight)

    def pdf(self, x: npt.ArrayLike) -> Floats:
        """Return the density at x, an array of any shape."""
        z = (np.asarray(x, dtype=float)[..., None] - self.location) / self.scale
        return np.asarray(np.exp(-0.5 * z**2) @ (self.weight / self.scale / np.sqrt(2 * np.pi)))

    def quantile(self, probability: float) -> float:
        """Return the quantile at a probability."""
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
    """The posterior of y ~ normal(X beta, sqrt(variance)), with a variance that depends on scales.

    Attributes
    ----------
    nodes : tuple of arrays, (node,)
        Equally spaced logarithms of each scale, whose combinations are the quadrature nodes.
    weight : array, (node x node ...,)
        Posterior probability of each combination.
    scales : tuple of arrays, (node x node ...,)
        Value of each scale in each combination.
    mean : array, (node x node ..., coefficient)
        Posterior mean of beta given the scales.
    covariance : array, (node x node ..., coefficient, coefficient)
        Posterior covariance of beta given the scales.
    """

    nodes: tuple[Floats, ...]
    weight: Floats
    scales: tuple[Floats, ...]
    mean: Floats
    covariance: Floats

    def linear(self, row: npt.ArrayLike, variance: npt.ArrayLike = 0.0) -> Mixture:
        """Return the posterior of row @ beta, or of a prediction with mean row @ beta.

        Parameters
        ----------
        row : array, (coefficient,)
        variance : float or array, (node x node ...,)
            Variance of the prediction about row @ beta; 0 for row @ beta itself.
        """
        x = np.asarray(row, dtype=float)
        variance_of_mean = np.einsum("i,nij,j->n", x, self.covariance, x)
        return Mixture(self.weight, self.mean @ x, np.sqrt(variance_of_mean + np.asarray(variance)))

    def scale_mean(self, position: int, power: int = 1) -> float:
        """Return the posterior mean of a power of the scale at a position in `scales`."""
        return float(self.weight @ self.scales[position] ** power)

    def scale_cdf(self, position: int, x: npt.ArrayLike) -> Floats:
        """Return the probability that a scale is less than x, an array of any shape."""
        log_scale = np.log(np.asarray(x, dtype=float))
        return np.asarray(
            self._density_of_log(position).antiderivative()(log_scale), dtype=np.float64
        )

    def scale_quantile(self, position: int, probability: float) -> float:
        """Return the quantile of a scale at a probability."""
        low, high = self.nodes[position][[0, -1]]
        cdf = self._density_of_log(position).antiderivative()
        return float(
            np.exp(optimize.brentq(lambda log_scale: cdf(log_scale) - probability, low, high))
        )

    def scale_pdf(self, position: int, x: npt.ArrayLike) -> Floats:
        """Return the density of a scale at x > 0, an array of any shape."""
        values = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            density = np.asarray(self._density_of_log(position)(np.log(values))) / values
        return np.where(values > 0, density, np.nan)

    def _density_of_log(self, position: int) -> Any:
        """Return the density of the logarithm of a scale, as a spline through the nodes.

        The result is a function of the logarithm of the scale.
        """
        from scipy.interpolate import CubicSpline

        shape = tuple(len(axis) for axis in self.nodes)
        others = tuple(i for i in range(len(shape)) if i != position)
        log_scale = self.nodes[position]
        probability = self.weight.reshape(shape).sum(axis=others)
        return CubicSpline(log_scale, probability / (log_scale[1] - log_scale[0]))


def normal_regression(
    y: npt.ArrayLike,
    design: npt.ArrayLike,
    variance: Callable[..., Any],
    *,
    nodes: tuple[Floats, ...],
    log_priors: tuple[LogPrior, ...],
    prior_precision: npt.ArrayLike = FLAT,
) -> NormalRegression:
    """Return the posterior of a regression with normal coefficients, by quadrature over scales.

    Parameters
    ----------
    y : array, (row,)
        Observations.
    design : array, (row, coefficient)
        Design matrix.
    variance : function of the scales, each (node, 1)
        Returns the variance of each y about design @ beta, (node, row).
    nodes : tuple of arrays
        Equally spaced logarithms of each scale, over a range outside which the posterior
        probability is negligible.
    log_priors : tuple of functions
        Log prior density of each scale, as a function of the scale (not of its logarithm).
    prior_precision : float or array, (coefficient,)
        1 / variance of the independent normal priors of beta, with mean 0; 0 is flat.

    Returns
    -------
    NormalRegression
    """
    outcome, x = np.asarray(y, dtype=float), np.asarray(design, dtype=float)
    logs = tuple(log_scale.ravel() for log_scale in np.meshgrid(*nodes, indexing="ij"))
    scales = tuple(np.exp(log_scale) for log_scale in logs)
    variances = variance(*(scale[:, None] for scale in scales)) * np.ones(len(outcome))
    prior = np.broadcast_to(np.asarray(prior_precision, dtype=float), x.shape[1:])
    precision = np.einsum("ri,nr,rj->nij", x, 1 / variances, x) + np.diag(prior)
    covariance = np.linalg.inv(precision)
    mean = np.einsum("nij,nj->ni", covariance, (outcome / variances) @ x)
    residual = outcome - mean @ x.T
    log_density = (
        -0.5 * (np.log(variances) + residual**2 / variances).sum(axis=1)
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
    """Return the posterior of the random effect of a unit that has one observation.

    The model is effect ~ normal(mean @ beta, between), y ~ normal(fixed @ beta + effect x,
    residual).

    Parameters
    ----------
    posterior : NormalRegression
        Posterior of beta and the scales from all observations, with the effects integrated out.
    y : float
        The observation of the unit.
    mean : array, (coefficient,)
        Coefficients of beta in the mean of the effect.
    between : array, (node x node ...,)
        Standard deviation of the effects.
    fixed : array, (coefficient,), optional
        Coefficients of beta in the mean of y; by default 0.
    x : float
        Predictor of the effect.
    residual : float or array, (node x node ...,)
        Standard deviation of y about its mean: a known number, or one of the scales.

    Returns
    -------
    Mixture
    """
    in_effect = np.asarray(mean, dtype=float)
    in_response = np.zeros(len(in_effect)) if fixed is None else np.asarray(fixed, dtype=float)
    noise = np.broadcast_to(np.asarray(residual, dtype=float), between.shape)
    total = between**2 * x**2 + noise**2
    gain = between**2 * x / total
    row = in_effect - gain[:, None] * (in_response + x * in_effect)
    variance_of_mean = np.einsum("ni,nij,nj->n", row, posterior.covariance, row)
    return Mixture(
        posterior.weight,
        (posterior.mean * row).sum(axis=1) + gain * y,
        np.asarray(np.sqrt(between**2 * noise**2 / total + variance_of_mean)),
    )


def half_cauchy(scale: float) -> LogPrior:
    """Return the log density of a half-Cauchy prior."""
    return lambda x: stats.halfcauchy.logpdf(x, scale=scale)


def half_normal(scale: float) -> LogPrior:
    """Return the log density of a half-normal prior."""
    return lambda x: stats.halfnorm.logpdf(x, scale=scale)


def uniform(high: float = np.inf) -> LogPrior:
    """Return the log density, up to a constant, of a uniform prior between 0 and `high`."""
    return lambda x: np.where(x <= high, 0.0, -np.inf)
