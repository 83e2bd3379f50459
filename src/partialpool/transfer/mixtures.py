"""Methods that decide by themselves how much to borrow: mixtures of normals over one number.

With a known residual sd, the posterior given a0, or the between-sample sd, is normal
(`conjugate`); how likely each value of that is follows from the evidence. So the posterior is a
mixture of normals by one-dimensional quadrature, to many digits.
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


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """A posterior that is a mixture of normals over an unknown number.

    Attributes
    ----------
    knob : array, (node,)
        Values of that number: a0, or a between-sample sd.
    weights : array, (node,)
        Their posterior probabilities; they add up to 1.
    parts : tuple of MultivariateNormal
        The posterior given each.
    """

    knob: Floats
    weights: Floats
    parts: tuple[MultivariateNormal, ...]

    @property
    def mean(self) -> Floats:
        """Posterior mean of the coefficients."""
        found: Floats = self.weights @ np.array([part.mean for part in self.parts])
        return found

    @property
    def covariance(self) -> Floats:
        """Posterior covariance of the coefficients."""
        gaps = np.array([part.mean for part in self.parts]) - self.mean
        within = np.array([part.covariance for part in self.parts])
        between = gaps[:, :, None] * gaps[:, None, :]
        found: Floats = np.einsum("n,nij->ij", self.weights, within + between)
        return found

    @property
    def sd(self) -> Floats:
        """Posterior standard deviation of each coefficient."""
        found: Floats = np.sqrt(np.diag(self.covariance))
        return found

    @property
    def knob_mean(self) -> float:
        """Posterior mean of the unknown number."""
        return float(self.weights @ self.knob)

    def cdf(self, x: npt.ArrayLike) -> Floats:
        """Posterior probability that each coefficient is at most x, (coefficient,)."""
        from scipy.special import ndtr

        at = np.asarray(x, dtype=np.float64)
        each = [ndtr((at - part.mean) / part.sd) for part in self.parts]
        found: Floats = self.weights @ np.array(each)
        return found


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
    """Posterior under the normalised power prior, a0 ~ beta(alpha, beta).

    Duan, Ye & Smith 2006, Environmetrics 17:95: the power prior of each a0 is a distribution,
    so that the new sample's evidence under it says how likely a0 is. Nodes are closer near 0, where
    a0 of a large history matters.
    """
    from scipy.stats import beta as beta_distribution

    if not (alpha > 0 and beta > 0):
        raise OptionError(f"alpha and beta must be positive, not {alpha!r} and {beta!r}")
    t, w = _gauss(nodes)
    a0 = np.asarray(beta_distribution.ppf(t**4, alpha, beta))
    before = [conjugate.posterior(prior, history, sigma=sigma, power=float(a)) for a in a0]
    logs = np.array([conjugate.log_evidence(each, new, sigma=sigma) for each in before])
    parts = tuple(conjugate.posterior(each, new, sigma=sigma) for each in before)
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
    """Posterior of the new coefficients under exchangeability, one tau for all unknown.

    Parameters
    ----------
    log_prior : function of array
        Log density of the between-sample sd, up to a constant.
    largest : float
        Value above which it cannot be; nodes lie between 0 and it, closer near 0.
    """
    tau, logs = _nodes(largest, nodes)
    parts, evidence = [], []
    for each in tau.tolist():
        spread = each**2 * np.eye(len(prior.mean))
        wide = MultivariateNormal.of(prior.mean, prior.covariance + spread)
        first = conjugate.log_evidence(wide, history, sigma=sigma)
        moved = conjugate.exchangeable(prior, _no_rows(new), history, sigma=sigma, tau=each)
        evidence.append(first + conjugate.log_evidence(moved, new, sigma=sigma))
        parts.append(conjugate.posterior(moved, new, sigma=sigma))
    return _mixture(tau, np.array(evidence) + logs + log_prior(tau), tuple(parts))


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
    """Posterior under a commensurate prior of spike and slab, one precision for all columns.

    Hobbs, Sargent & Carlin 2012, Bayesian Analysis 7:639: 1 / sd^2 is that of the spike with a
    chance, else uniform between those of the two ends of the slab.

    Returns
    -------
    NormalMixture
        Its knob is the sd between new and historical coefficients, that of the spike first.
    """
    before = conjugate.posterior(prior, history, sigma=sigma)
    t, w = _gauss(nodes)
    low, high = slab[1] ** -2.0, slab[0] ** -2.0
    precision = low + (high - low) * t
    sd = np.concatenate([[spike_sd], precision**-0.5])
    chances = np.concatenate([[spike_chance], (1 - spike_chance) * w])
    parts, evidence = [], []
    for each in sd.tolist():
        spread = before.covariance + each**2 * np.eye(len(prior.mean))
        moved = MultivariateNormal.of(before.mean, spread)
        evidence.append(conjugate.log_evidence(moved, new, sigma=sigma))
        parts.append(conjugate.posterior(moved, new, sigma=sigma))
    with np.errstate(divide="ignore"):
        return _mixture(sd, np.array(evidence) + np.log(chances), tuple(parts))


def _no_rows(sums: RegressionSums) -> RegressionSums:
    return RegressionSums(0.0, np.zeros_like(sums.beta_hat), np.zeros_like(sums.R), 0.0)


def _nodes(largest: float, count: int) -> tuple[Floats, Floats]:
    """Nodes from 0 to `largest`, and the logs of their weights: Gauss-Legendre in the cube root."""
    if not (np.isfinite(largest) and largest > 0):
        raise OptionError(f"largest must be positive and finite, not {largest!r}")
    t, w = _gauss(count)
    return largest * t**3, np.log(w * largest * 3 * t**2)


def _gauss(count: int) -> tuple[Floats, Floats]:
    """Return about `count` nodes and weights on (0, 1): Gauss-Legendre of 20 on equal parts."""
    x, w = np.polynomial.legendre.leggauss(20)
    parts = max(1, -(-count // 20))
    nodes = (np.arange(parts)[:, None] + 0.5 * (x + 1)) / parts
    return nodes.ravel(), np.tile(0.5 * w / parts, parts)


def _mixture(knob: Floats, logs: Floats, parts: tuple[MultivariateNormal, ...]) -> NormalMixture:
    weights = np.exp(logs - logs.max())
    return NormalMixture(knob, weights / weights.sum(), parts)
