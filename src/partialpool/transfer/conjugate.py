r"""Exact posteriors of linear regressions with a known residual sd and a normal prior.

D is the precision of the prior, A the information of the new sample, X'X / sigma^2, and H that of
the history. Every method below has a normal posterior of the coefficients, given the one number
that says how much it borrows; `mixtures` has the methods that estimate this number.
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
    """Return the posterior of the coefficients, with the likelihood of a sample to a power.

    Parameters
    ----------
    prior : MultivariateNormal
    sums : RegressionSums
        Sums of the sample.
    sigma : float
        Residual standard deviation.
    power : float
        Power of the likelihood: 1, or a0 of a power prior.
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
    """Return the posterior with a power prior of known a0; its precision is D + a0 H + A.

    Ibrahim & Chen 2000, Statistical Science 15:46.

    Parameters
    ----------
    prior : MultivariateNormal
        Prior of the coefficients before both samples.
    new, history : RegressionSums
    sigma : float
        Residual standard deviation of both samples.
    a0 : float
        Power of the history's likelihood, from 0 to 1.

    Raises
    ------
    OptionError
        If a0 is not a number from 0 to 1.
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

    whose only maximum, by Gibbs' inequality, is q = q*. Since p(y|t) prior(t) is the ordinary
    posterior up to a constant, q* is the geometric mean of that posterior and p_hist with weights
    1 : l. If both are normal, with means m, h and precisions P, H, then q* is normal with precision
    (P + l H) / (1 + l) and mean (P + l H)^-1 (P m + l H h). This is a power prior's mean, but the
    precisions are averaged and not added, since the penalty does not count as data. The covariance
    does not depend on the distance between the means.

    Parameters
    ----------
    ordinary : MultivariateNormal
        The posterior of the new sample alone.
    history : MultivariateNormal
        p_hist, the posterior of the history.
    strength : float
        lambda, at least 0: 0 gives `ordinary`; the larger it is, the nearer q is to `history`.

    Raises
    ------
    OptionError
        If `strength` is not a finite number of at least 0.
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
    log q = <e, T(t)> - a(e), it depends on p_hist only through the expectations of the sufficient
    statistics, E_hist[T], and has its minimum where E_q[T] = E_hist[T]: q matches moments, whatever
    p_hist is. For the normal family these are the mean h and the covariance C of the history. If
    the ordinary posterior is normal with mean m and precision P, the objective is stationary in
    the mean m_q and the covariance S of q where

        P (m_q - m) + l S^-1 (m_q - h) = 0
        S P S + (l - 1) S - l (C + (m_q - h)(m_q - h)') = 0.

    Each equation has a closed form given the other's solution; they are solved in turn until
    neither changes. The covariance grows with the distance between the means, since q has to cover
    p_hist. That of `kl_regularised`, whose q is where both densities are high, does not.

    Parameters
    ----------
    ordinary : MultivariateNormal
        The posterior of the new sample alone.
    history : MultivariateNormal
        p_hist, the posterior of the history.
    strength : float
        l, at least 0.
    tolerance : float
        Relative change at which the iteration ends.

    Raises
    ------
    OptionError
        If `strength` is not a finite number of at least 0.
    AccuracyError
        If the iteration does not converge in 10,000 steps.
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
        second_moment = root.T @ (history.covariance + np.outer(gap, gap)) @ root
        values, vectors = np.linalg.eigh(second_moment)
        half = 0.5 * (1 - strength)
        values = half + np.sqrt(half**2 + strength * np.maximum(values, 0))
        back = np.linalg.solve(root.T, vectors)
        new_S = (back * values) @ back.T
        change = np.abs(new_S - S).max() / np.abs(new_S).max() + np.abs(new - mean).max()
        S, mean = new_S, np.asarray(new, np.float64)
        if change < tolerance * (1 + np.abs(mean).max()):
            return MultivariateNormal.of(mean, 0.5 * (S + S.T))
    raise AccuracyError(
        f"reverse_kl did not converge in 10,000 steps: try a larger tolerance than {tolerance:g}"
    )


def exchangeable(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    tau: float | Floats,
) -> MultivariateNormal:
    """Return the posterior of the new coefficients if both samples' are normal(mu, tau).

    The posterior of mu given the history is normal; with tau added it is the prior of the new
    coefficients.

    Parameters
    ----------
    prior : MultivariateNormal
        Prior of mu.
    new, history : RegressionSums
    sigma : float
        Residual standard deviation of both samples.
    tau : float or array, (column,)
        Between-sample sd, at least 0: with 0 the samples are pooled; with a large tau the history
        has no influence.

    Raises
    ------
    OptionError
        If tau is negative or not finite.
    """
    between = _variance(tau, len(prior.mean))
    H, weighted = history.information(sigma)
    # the history's information on mu is (H^-1 + T)^-1 = (I + H T)^-1 H, also if H is singular
    inverse = np.linalg.inv(np.eye(len(between)) + H @ between)
    of_mu = inverse @ H
    total = prior.precision + 0.5 * (of_mu + of_mu.T)
    covariance = np.linalg.inv(total)
    mean = covariance @ (prior.precision @ prior.mean + inverse @ weighted)
    given_history = MultivariateNormal.of(mean, 0.5 * (covariance + covariance.T) + between)
    return posterior(given_history, new, sigma=sigma)


def commensurate(
    prior: MultivariateNormal,
    new: RegressionSums,
    history: RegressionSums,
    *,
    sigma: float,
    sd: float | Floats,
) -> MultivariateNormal:
    """Return the posterior of the new coefficients if they are normal(the history's, sd).

    Hobbs, Carlin, Mandrekar & Sargent 2011, Biometrics 67:1047; sd is 1 / sqrt(their tau).

    Parameters
    ----------
    prior : MultivariateNormal
        Prior of the history's coefficients.
    new, history : RegressionSums
    sigma : float
        Residual standard deviation of both samples.
    sd : float or array, (column,)
        Sd of the difference between the samples' coefficients, at least 0.

    Raises
    ------
    OptionError
        If sd is negative or not finite.
    """
    given_history = posterior(prior, history, sigma=sigma)
    covariance = given_history.covariance + _variance(sd, len(prior.mean))
    return posterior(MultivariateNormal.of(given_history.mean, covariance), new, sigma=sigma)


def log_evidence(prior: MultivariateNormal, sums: RegressionSums, *, sigma: float) -> float:
    """Return the log of a sample's marginal likelihood, without the factor (2 pi)^(-rows/2)."""
    after = posterior(prior, sums, sigma=sigma)
    shift, gap = sums.R @ (after.mean - sums.beta_hat), after.mean - prior.mean
    least = sums.rss / sigma**2 + shift @ shift / sigma**2 + gap @ prior.precision @ gap
    logs = np.linalg.slogdet(after.covariance)[1] - np.linalg.slogdet(prior.covariance)[1]
    return float(-sums.rows * np.log(sigma) - 0.5 * least + 0.5 * logs)


def _variance(sd: float | Floats, size: int) -> Floats:
    sds: Floats = np.broadcast_to(np.asarray(sd, dtype=np.float64), (size,))
    if not (np.isfinite(sds).all() and (sds >= 0).all()):
        raise OptionError(f"a between-sample sd must be finite and at least 0, not {sd!r}")
    return np.diag(sds**2)


def _check(name: str, value: object, most: float) -> None:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not 0 <= value <= most or value == math.inf:  # type: ignore[operator]
        limit = "at least 0" if most == math.inf else f"from 0 to {most:g}"
        raise OptionError(f"{name} must be a finite number {limit}, not {value!r}")
