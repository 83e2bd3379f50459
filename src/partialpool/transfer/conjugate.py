r"""Closed forms where all is normal: linear regressions whose residual sd is known.

Write A for the new sample's information X'X / sigma^2, H for the history's, and a normal prior
of precision D. Every method below is then a normal distribution of the coefficients, or a
mixture of normals over one unknown number (`mixtures`).
"""

from __future__ import annotations

import math
import numbers

import numpy as np

from ..arrays import Floats
from ..errors import AccuracyError, OptionError
from .distances import MultivariateNormal
from .sums import RegressionSums


def posterior(
    prior: MultivariateNormal, sums: RegressionSums, *, sigma: float, power: float = 1.0
) -> MultivariateNormal:
    """Return the posterior of the coefficients after a sample, its likelihood to a power.

    Parameters
    ----------
    prior : MultivariateNormal
    sums : RegressionSums
    sigma : float
        Residual standard deviation.
    power : float
        a0 of a power prior; 1 for the sample itself.
    """
    precision, weighted = sums.information(sigma)
    total = prior.precision + power * precision
    covariance = np.linalg.inv(total)
    mean = covariance @ (prior.precision @ prior.mean + power * weighted)
    return MultivariateNormal.of(mean, 0.5 * (covariance + covariance.T))


def power_prior(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    a0: float,
) -> MultivariateNormal:
    """Posterior under a power prior of fixed a0: precision D + a0 H + A.

    Ibrahim & Chen 2000, Statistical Science 15:46.
    """
    _check("a0", a0, 1.0)
    return posterior(posterior(prior, history, sigma=sigma, power=a0), new, sigma=sigma)


def kl_regularised(
    ordinary: MultivariateNormal, history: MultivariateNormal, *, strength: float
) -> MultivariateNormal:
    r"""Return the q that maximises E_q[log p(y|t)] - KL(q || prior) - strength KL(q || history).

    For any distributions, with l = strength and
    q* = [p(y|t) prior(t) p_hist(t)^l]^(1/(1+l)) / Z, the objective is

        E_q[log p(y|t) + log prior + l log p_hist - (1 + l) log q]
            = (1 + l) (log Z - KL(q || q*)),

    largest, by Gibbs' inequality, where q = q*, and there alone. Since p(y|t) prior(t) is the
    ordinary posterior up to a constant, q* is the geometric mean of that and p_hist with weights
    1 : l. Of two normals its precision is (P + l H) / (1 + l) and its mean
    (P + l H)^-1 (P m + l H h): a power prior's mean, but the precision does not add up, since the
    penalty does not count as data. However far the means are apart, the covariance is the same.

    Parameters
    ----------
    ordinary : MultivariateNormal
        The posterior of the new sample alone.
    history : MultivariateNormal
        p_hist.
    strength : float
        lambda: 0 gives `ordinary`, infinity gives `history`.
    """
    _check("strength", strength, math.inf)
    P, H = ordinary.precision, history.precision
    total = P + strength * H
    mean = np.linalg.solve(total, P @ ordinary.mean + strength * H @ history.mean)
    covariance = np.linalg.inv(total / (1 + strength))
    return MultivariateNormal.of(mean, 0.5 * (covariance + covariance.T))


def reverse_kl(
    ordinary: MultivariateNormal,
    history: MultivariateNormal,
    *,
    strength: float,
    tolerance: float = 1e-13,
) -> MultivariateNormal:
    r"""Return the normal q that maximises E_q[log p(y|t)] - KL(q || prior) - l KL(history || q).

    The penalty is -l E_hist[log q] and a constant. In an exponential family, where
    log q = <e, T(t)> - a(e), it depends on p_hist by its mean sufficient statistics E_hist[T]
    alone, and by itself is least where E_q[T] = E_hist[T]: q matches moments, whatever p_hist is.
    For the normal family these are mean h and covariance C of the history. With the ordinary
    posterior normal, of mean m and precision P, the objective is least in m_q, S where

        P (m_q - m) + l S^-1 (m_q - h) = 0
        S P S + (l - 1) S - l (C + (m_q - h)(m_q - h)') = 0,

    each of which has a closed form given the other; they are taken in turn. The covariance grows
    with the distance between the means, since q must cover p_hist, where `kl_regularised` seeks
    where both are high and knows no distance.

    Raises
    ------
    AccuracyError
        If the two equations do not settle in 10,000 turns.
    """
    _check("strength", strength, math.inf)
    if strength == 0:
        return ordinary
    P = ordinary.precision
    root = np.linalg.cholesky(P)
    S, mean = ordinary.covariance, ordinary.mean
    for _ in range(10_000):
        inverse = strength * np.linalg.inv(S)
        new = np.linalg.solve(P + inverse, P @ ordinary.mean + inverse @ history.mean)
        gap = new - history.mean
        about = root.T @ (history.covariance + np.outer(gap, gap)) @ root
        values, vectors = np.linalg.eigh(about)
        half = 0.5 * (1 - strength)
        values = half + np.sqrt(half**2 + strength * np.maximum(values, 0))
        back = np.linalg.solve(root.T, vectors)
        found = (back * values) @ back.T
        change = np.abs(found - S).max() / np.abs(found).max() + np.abs(new - mean).max()
        S, mean = found, np.asarray(new, np.float64)
        if change < tolerance * (1 + np.abs(mean).max()):
            return MultivariateNormal.of(mean, 0.5 * (S + S.T))
    raise AccuracyError("the two equations of reverse_kl did not settle in 10,000 turns")


def exchangeable(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    tau: float | Floats,
) -> MultivariateNormal:
    """Posterior of the new coefficients where both samples' are normal(mu, tau), tau given.

    mu has the prior. The history's say of mu is taken first: its coefficients are
    normal(mu, tau), so that mu after it is normal; the new ones add tau again.

    Parameters
    ----------
    tau : float or array, (column,)
        Between-sample sd, at least 0: 0 pools the samples, a large one ignores the history.
    """
    between = _variance(tau, len(prior.mean))
    H, weighted = history.information(sigma)
    # information of the history's sums on mu: (H^-1 + T)^-1, also where H is singular
    left = np.linalg.inv(np.eye(len(between)) + H @ between)
    of_mu = left @ H
    total = prior.precision + 0.5 * (of_mu + of_mu.T)
    covariance = np.linalg.inv(total)
    mean = covariance @ (prior.precision @ prior.mean + left @ weighted)
    moved = MultivariateNormal.of(mean, 0.5 * (covariance + covariance.T) + between)
    return posterior(moved, new, sigma=sigma)


def commensurate(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    sd: float | Floats,
) -> MultivariateNormal:
    """Posterior where the new coefficients are normal(the history's, sd), sd given.

    Hobbs, Carlin, Mandrekar & Sargent 2011, Biometrics 67:1047; sd is 1 / sqrt(their tau).
    """
    before = posterior(prior, history, sigma=sigma)
    spread = before.covariance + _variance(sd, len(prior.mean))
    return posterior(MultivariateNormal.of(before.mean, spread), new, sigma=sigma)


def log_evidence(prior: MultivariateNormal, sums: RegressionSums, *, sigma: float) -> float:
    """Log of the integral of a sample's likelihood over the prior, (2 pi)^(-rows/2) left out."""
    after = posterior(prior, sums, sigma=sigma)
    shift, gap = sums.R @ (after.mean - sums.beta_hat), after.mean - prior.mean
    least = sums.rss / sigma**2 + shift @ shift / sigma**2 + gap @ prior.precision @ gap
    logs = np.linalg.slogdet(after.covariance)[1] - np.linalg.slogdet(prior.covariance)[1]
    return float(-sums.rows * np.log(sigma) - 0.5 * least + 0.5 * logs)


def _variance(sd: float | Floats, size: int) -> Floats:
    spread: Floats = np.broadcast_to(np.asarray(sd, dtype=np.float64), (size,))
    if not (np.isfinite(spread).all() and (spread >= 0).all()):
        raise OptionError(f"a between-sample sd must be finite and at least 0, not {sd!r}")
    return np.diag(spread**2)


def _check(name: str, value: object, most: float) -> None:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not 0 <= value <= most or value == math.inf:  # type: ignore[operator]
        limit = "at least 0" if most == math.inf else f"from 0 to {most:g}"
        raise OptionError(f"{name} must be a finite number {limit}, not {value!r}")
