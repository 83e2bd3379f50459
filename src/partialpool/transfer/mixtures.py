"""Methods that estimate how much to borrow from a history: mixtures of normals over one number.

With a known residual sd, the posterior given a0 or the between-sample sd is normal (`conjugate`).
The posterior probability of each value of this number follows from the marginal likelihood. So the
posterior is a mixture of normals, computed to many digits by one-dimensional quadrature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import Floats
from ..errors import OptionError
from . import conjugate
from .distances import MultivariateNormal
from .sums import RegressionSums

LogDensity = Callable[[Floats], Floats]
NODES = 400
"""Number of quadrature nodes."""


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """A posterior that is a mixture of normals over an unknown number.

    Attributes
    ----------
    knob : array, (node,)
        Values of the unknown number: a0, or a between-sample sd.
    weights : array, (node,)
        Posterior probabilities of these values; they sum to 1.
    parts : tuple of MultivariateNormal
        The posterior of the coefficients given each value.
    """

    knob: Floats
    weights: Floats
    parts: tuple[MultivariateNormal, ...]

    @property
    def mean(self) -> Floats:
        """Posterior mean of the coefficients, (coefficient,)."""
        mean: Floats = self.weights @ np.array([part.mean for part in self.parts])
        return mean

    @property
    def covariance(self) -> Floats:
        """Posterior covariance of the coefficients, (coefficient, coefficient)."""
        gaps = np.array([part.mean for part in self.parts]) - self.mean
        within = np.array([part.covariance for part in self.parts])
        between = gaps[:, :, None] * gaps[:, None, :]
        covariance: Floats = np.einsum("n,nij->ij", self.weights, within + between)
        return covariance

    @property
    def sd(self) -> Floats:
        """Posterior standard deviation of each coefficient, (coefficient,)."""
        sd: Floats = np.sqrt(np.diag(self.covariance))
        return sd

    @property
    def knob_mean(self) -> float:
        """Posterior mean of the unknown number."""
        return float(self.weights @ self.knob)

    def cdf(self, x: npt.ArrayLike) -> Floats:
        """Return the posterior probability that each coefficient is at most x, (coefficient,)."""
        from scipy.special import ndtr

        values = np.asarray(x, dtype=np.float64)
        given_knob = [ndtr((values - part.mean) / part.sd) for part in self.parts]
        probability: Floats = self.weights @ np.array(given_knob)
        return probability


def power_prior_normalised(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    alpha: float = 1.0,
    beta: float = 1.0,
    nodes: int = NODES,
) -> NormalMixture:
    """Return the posterior with the normalised power prior, a0 ~ beta(alpha, beta).

    Duan, Ye & Smith 2006, Environmetrics 17:95. The power prior of each a0 is normalised to a
    distribution, so the new sample's marginal likelihood is the likelihood of a0. Nodes are closer
    together near 0, since small changes of a0 matter there if the history is large.

    Parameters
    ----------
    prior : MultivariateNormal
        Prior of the coefficients before both samples.
    new, history : RegressionSums
    sigma : float
        Residual standard deviation of both samples.
    alpha, beta : float
        Of the beta prior of a0.
    nodes : int
        About how many quadrature nodes there are.

    Raises
    ------
    OptionError
        If alpha or beta is not positive.
    """
    from scipy.stats import beta as beta_distribution

    if not (alpha > 0 and beta > 0):
        raise OptionError(f"alpha and beta must be positive, not {alpha!r} and {beta!r}")
    t, w = _gauss(nodes)
    a0 = np.asarray(beta_distribution.ppf(t**4, alpha, beta))
    power_priors = [conjugate.posterior(prior, history, sigma=sigma, power=float(a)) for a in a0]
    logs = np.array([conjugate.log_evidence(p, new, sigma=sigma) for p in power_priors])
    parts = tuple(conjugate.posterior(p, new, sigma=sigma) for p in power_priors)
    return _mixture(a0, logs + np.log(w * t**3), parts)


def exchangeable_mixture(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    log_prior: LogDensity,
    largest: float,
    nodes: int = NODES,
) -> NormalMixture:
    """Return the posterior of the new coefficients under exchangeability, with an unknown tau.

    All columns have the same tau.

    Parameters
    ----------
    prior : MultivariateNormal
        Prior of mu, the mean of both samples' coefficients.
    new, history : RegressionSums
    sigma : float
        Residual standard deviation of both samples.
    log_prior : function of array, (node,)
        Log prior density of the between-sample sd tau, up to a constant.
    largest : float
        Largest tau; the nodes are from 0 to it, closer together near 0.
    nodes : int
        About how many quadrature nodes there are.

    Raises
    ------
    OptionError
        If `largest` is not positive and finite.
    """
    taus, log_weights = _nodes(largest, nodes)
    parts, evidence = [], []
    for tau in taus.tolist():
        between = tau**2 * np.eye(len(prior.mean))
        of_history = MultivariateNormal.of(prior.mean, prior.covariance + between)
        first = conjugate.log_evidence(of_history, history, sigma=sigma)
        of_new = conjugate.exchangeable(prior, _no_rows(new), history, sigma=sigma, tau=tau)
        evidence.append(first + conjugate.log_evidence(of_new, new, sigma=sigma))
        parts.append(conjugate.posterior(of_new, new, sigma=sigma))
    return _mixture(taus, np.array(evidence) + log_weights + log_prior(taus), tuple(parts))


def commensurate_mixture(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    spike_chance: float,
    spike_sd: float,
    slab: tuple[float, float],
    nodes: int = NODES,
) -> NormalMixture:
    """Return the posterior with a spike-and-slab commensurate prior, the same sd for all columns.

    Hobbs, Sargent & Carlin 2012, Bayesian Analysis 7:639. The new coefficients are normal about
    the history's. The precision of that normal, 1 / sd^2, has a given value with probability
    `spike_chance`, and otherwise a uniform distribution.

    Parameters
    ----------
    prior : MultivariateNormal
        Prior of the history's coefficients.
    new, history : RegressionSums
    sigma : float
        Residual standard deviation of both samples.
    spike_chance : float
        Prior probability of the spike.
    spike_sd : float
        The sd at the spike.
    slab : (smallest, largest)
        Range of the sd otherwise; the precision is uniform between those of its ends.
    nodes : int
        About how many quadrature nodes there are.

    Returns
    -------
    NormalMixture
        Its knob is the sd between new and historical coefficients, `spike_sd` first.
    """
    given_history = conjugate.posterior(prior, history, sigma=sigma)
    t, w = _gauss(nodes)
    low, high = slab[1] ** -2.0, slab[0] ** -2.0
    precision = low + (high - low) * t
    sds = np.concatenate([[spike_sd], precision**-0.5])
    chances = np.concatenate([[spike_chance], (1 - spike_chance) * w])
    parts, evidence = [], []
    for sd in sds.tolist():
        covariance = given_history.covariance + sd**2 * np.eye(len(prior.mean))
        of_new = MultivariateNormal.of(given_history.mean, covariance)
        evidence.append(conjugate.log_evidence(of_new, new, sigma=sigma))
        parts.append(conjugate.posterior(of_new, new, sigma=sigma))
    with np.errstate(divide="ignore"):
        return _mixture(sds, np.array(evidence) + np.log(chances), tuple(parts))


def _no_rows(sums: RegressionSums) -> RegressionSums:
    return RegressionSums(0.0, np.zeros_like(sums.beta_hat), np.zeros_like(sums.R), 0.0)


def _nodes(largest: float, count: int) -> tuple[Floats, Floats]:
    """Return nodes from 0 to `largest` and their log weights: Gauss-Legendre in the cube root."""
    if not (np.isfinite(largest) and largest > 0):
        raise OptionError(f"largest must be positive and finite, not {largest!r}")
    t, w = _gauss(count)
    return largest * t**3, np.log(w * largest * 3 * t**2)


def _gauss(count: int) -> tuple[Floats, Floats]:
    """Return about `count` nodes and weights on (0, 1): 20 of Gauss-Legendre on each equal part."""
    x, w = np.polynomial.legendre.leggauss(20)
    parts = max(1, -(-count // 20))
    nodes = (np.arange(parts)[:, None] + 0.5 * (x + 1)) / parts
    return nodes.ravel(), np.tile(0.5 * w / parts, parts)


def _mixture(knob: Floats, logs: Floats, parts: tuple[MultivariateNormal, ...]) -> NormalMixture:
    """Make a mixture whose weights have these logs, up to a constant."""
    weights = np.exp(logs - logs.max())
    return NormalMixture(knob, weights / weights.sum(), parts)
