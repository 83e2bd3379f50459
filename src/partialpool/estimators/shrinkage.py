"""Shrinkage in closed form: James-Stein, limited translation, empirical Bayes.

All see independent measurements `y[i] ~ Normal(theta[i], sd[i])` with known `sd`, and pull them
towards a common target: their precision-weighted mean, or a given number. In the formulas k is the
number of units, m the target, r = 1 where m is estimated and r = 0 where it is given, and
V = sum((y - m)^2 / sd^2). With unequal `sd` they differ in what they give each unit:

- `james_stein` and `limited_translation` work on y / sd and keep the same share of every deviation
  (but for the limit): the theory of Stein's estimator, for the loss in units of sd;
- `empirical_bayes_normal` shrinks imprecise units more than precise ones, as a hierarchical model
  does. It is usually what is wanted.

References
----------
.. [1] James and Stein (1961). Estimation with quadratic loss. Proc. 4th Berkeley Symp. 1, 361-379.
.. [2] Lindley (1962). Discussion of Professor Stein's paper. J. Roy. Statist. Soc. B 24, 285-287.
.. [3] Efron and Morris (1971, 1972). Limiting the risk of Bayes and empirical Bayes estimators,
   parts I and II. J. Amer. Statist. Assoc. 66, 807-815 and 67, 130-139.
.. [4] Efron and Morris (1975). Data analysis using Stein's estimator and its generalizations.
   J. Amer. Statist. Assoc. 70, 311-319.
.. [5] Morris (1983). Parametric empirical Bayes inference: theory and applications. J. Amer.
   Statist. Assoc. 78, 47-55.
.. [6] Paule and Mandel (1982). Consensus values and weighting factors. J. Res. NBS 87, 377-385.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import DataError, OptionError
from .arcsine import (
    FloatArray,
    arcsine_transform,
    inverse_arcsine_transform,
    numbers,
    refuse_where,
)

__all__ = [
    "EmpiricalBayes",
    "LimitedTranslation",
    "Shrinkage",
    "arcsine_transform",
    "empirical_bayes_normal",
    "inverse_arcsine_transform",
    "james_stein",
    "limited_translation",
    "total_squared_error",
]

Target = Literal["mean"] | float


@dataclass(frozen=True, eq=False)
class Shrinkage:
    """A James-Stein estimate.

    Attributes
    ----------
    estimate : ndarray of shape (k,)
        The estimates of theta.
    shrinkage : float
        The share of every deviation from the target that is kept: 1 is no pooling, 0 is complete
        pooling; below 0 (never for the positive part) the estimates lie beyond the target.
    target : float
        What the measurements are pulled towards.
    sum_of_squares : float
        V, the sum of squared deviations from the target in units of sd.
    """

    estimate: FloatArray
    shrinkage: float
    target: float
    sum_of_squares: float


@dataclass(frozen=True, eq=False)
class LimitedTranslation:
    """A limited translation estimate.

    Attributes
    ----------
    estimate : ndarray of shape (k,)
        The estimates of theta.
    limit : ndarray of shape (k,)
        The furthest that each measurement may be moved, in its own units.
    limited : ndarray of bool of shape (k,)
        Where James-Stein would have moved it further.
    james_stein : Shrinkage
        The estimate without limits.
    """

    estimate: FloatArray
    limit: FloatArray
    limited: npt.NDArray[np.bool_]
    james_stein: Shrinkage


@dataclass(frozen=True, eq=False)
class EmpiricalBayes:
    """An empirical Bayes estimate under theta[i] ~ Normal(target, between_sd).

    Attributes
    ----------
    estimate : ndarray of shape (k,)
        The estimates of theta.
    shrinkage : ndarray of shape (k,)
        The share of each deviation from the target that is kept: 1 is no pooling, 0 is complete.
    target : float
        The mean of theta, estimated or given.
    between_sd : float
        The estimated standard deviation of theta: tau in a hierarchical model.
    """

    estimate: FloatArray
    shrinkage: FloatArray
    target: float
    between_sd: float


def james_stein(
    y: npt.ArrayLike,
    *,
    sd: npt.ArrayLike = 1.0,
    towards: Target = "mean",
    positive_part: bool = False,
) -> Shrinkage:
    r"""Estimate several normal means by James and Stein's rule.

    Parameters
    ----------
    y : array_like of shape (k,)
        One measurement per unit; at least 4, or 3 with a given target.
    sd : float or array_like of shape (k,), default 1
        Their known standard deviations.
    towards : "mean" or float, default "mean"
        The target: the precision-weighted mean of `y`, or a number chosen without seeing `y`.
    positive_part : bool, default False
        Whether the kept share may not fall below 0, which has lower risk everywhere.

    Returns
    -------
    Shrinkage

    Notes
    -----
    .. math:: \hat\theta_i = m + \left(1 - \frac{k - r - 2}{V}\right)(y_i - m):

    k - 2 for a given target ([1], pp. 361-379), k - 3 for the mean ([2], pp. 285-287; [4], pp.
    311-319). Its risk, the expected sum of squared errors in units of sd, is below that of `y`
    for every theta. With unequal `sd` that says nothing of the sum in the units of `y`.

    Where V < k - r - 2 the plain rule overshoots the target: the kept share is negative. Where
    V = 0, every measurement is on the target; so is every estimate, and the share is given as 0.
    """
    values, scale = _measurements(y, sd)
    spare = _spare(values.size, towards)
    target = _target(values, scale, towards)
    deviation = values - target
    total = float(np.sum((deviation / scale) ** 2))
    share = 1.0 - spare / total if total > 0 else 0.0
    if positive_part:
        share = max(share, 0.0)
    estimate = target + share * deviation if total > 0 else values
    return Shrinkage(estimate, share, target, total)


def limited_translation(
    y: npt.ArrayLike,
    *,
    d: float = 1.0,
    sd: npt.ArrayLike = 1.0,
    towards: Target = "mean",
    positive_part: bool = False,
) -> LimitedTranslation:
    r"""Estimate several normal means by Efron and Morris's limited translation rule.

    It follows James-Stein, but moves no measurement further than a limit, so that units unlike the
    others are spared.

    Parameters
    ----------
    y, sd, towards, positive_part
        As in `james_stein`.
    d : float, default 1
        The limit: 0 leaves `y` as it is, infinity is James-Stein.

    Returns
    -------
    LimitedTranslation

    Notes
    -----
    With B = (k - r - 2) / V (at most 1 for the positive part), z = (y - m) / sd, and 1 - h the
    variance of z under equal theta (1 for a given target; (k - 1) / k for the mean, equal sd),

    .. math:: \hat\theta_i = y_i - B \, \rho_d(u_i) (y_i - m), \quad u_i = B z_i^2 / (1 - h_i),
              \quad \rho_d(u) = \min(1, d / \sqrt{u}).

    The relevance function rho says how far the ensemble is relevant to a unit that stands sqrt(u)
    standard deviations of the marginal distribution from it ([3], pp. 807-815, 130-139). So no
    unit moves by more than d sqrt(B (1 - h)) of its own standard deviations, which for the mean
    and equal sd is d sqrt((k - 1) (k - 3) / (k V)) ([4], pp. 311-319). Some later texts limit the
    move to D standard deviations whatever V is: that is d = D / sqrt(B (1 - h)). For normal theta
    and equal sd, the share of James-Stein's savings over `y` that is kept depends on d and k alone:
    80% for d = 0.787 and k = 18, the baseball data of [4].
    """
    if not d >= 0:
        raise OptionError(f"d is {d}: the limit must be 0 or more (infinity for James-Stein).")
    stein = james_stein(y, sd=sd, towards=towards, positive_part=positive_part)
    values, scale = _measurements(y, sd)
    pull = 1.0 - stein.shrinkage
    weight = _weights(scale)
    own = 1.0 - weight / weight.sum() if towards == "mean" else np.ones_like(weight)
    limit = scale * (d * np.sqrt(pull * own) if np.isfinite(d) else np.inf)
    deviation = values - stein.target
    limited = pull * np.abs(deviation) > limit
    estimate = np.where(limited, values - np.copysign(limit, deviation), stein.estimate)
    return LimitedTranslation(estimate, limit, limited, stein)


def empirical_bayes_normal(
    y: npt.ArrayLike, *, sd: npt.ArrayLike, towards: Target = "mean"
) -> EmpiricalBayes:
    r"""Estimate several normal means by Morris's parametric empirical Bayes.

    The variance A of theta is estimated from all units; each unit is then shrunk according to its
    own precision.

    Parameters
    ----------
    y, sd
        As in `james_stein`.
    towards : "mean" or float, default "mean"
        The mean of theta: estimated by the mean weighted with 1 / (A + sd^2), or given.

    Returns
    -------
    EmpiricalBayes

    Notes
    -----
    .. math:: \hat\theta_i = m + (1 - B_i)(y_i - m), \qquad
              B_i = \frac{k - r - 2}{k - r} \frac{\mathrm{sd}_i^2}{A + \mathrm{sd}_i^2}, \qquad
              \sum_i \frac{(y_i - m)^2}{A + \mathrm{sd}_i^2} = k - r,

    and A = 0 where the sum is already smaller there. The equation is the fixed point of Morris's
    iteration ([5], pp. 47-55), in meta-analysis Paule and Mandel's estimator ([6], pp. 377-385);
    its left side falls with A, so that it has one solution, found here by bisection. The first
    factor of B allows for A being estimated: even at A = 0 a share 2 / (k - r) is kept. With equal
    sd and V >= k - r it is exactly James-Stein, which an estimate of A by marginal likelihood would
    not give.
    """
    values, scale = _measurements(y, sd)
    freedom = _spare(values.size, towards) + 2
    centre = _target(values, scale, towards)
    low, high = 0.0, float(np.sum((values - centre) ** 2)) / freedom
    variance = 0.0
    if _spread(values, scale, 0.0, towards) > freedom:
        while low < (variance := (low + high) / 2) < high:
            above = _spread(values, scale, variance, towards) > freedom
            low, high = (variance, high) if above else (low, variance)
    target = _target(values, np.sqrt(variance + scale**2), towards)
    share = 1.0 - (freedom - 2) / freedom * scale**2 / (variance + scale**2)
    estimate = target + share * (values - target)
    return EmpiricalBayes(estimate, share, target, float(np.sqrt(variance)))


def total_squared_error(estimate: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Sum the squared differences between estimates and true values of the same shape."""
    estimates, truths = numbers("estimate", estimate), numbers("truth", truth)
    if estimates.shape != truths.shape:
        raise DataError(f"estimate has shape {estimates.shape}, but truth has {truths.shape}.")
    return float(np.sum((estimates - truths) ** 2))


def _spread(values: FloatArray, scale: FloatArray, variance: float, towards: Target) -> float:
    scale = np.sqrt(variance + scale**2)
    return float(np.sum(((values - _target(values, scale, towards)) / scale) ** 2))


def _weights(scale: FloatArray) -> FloatArray:
    weight: FloatArray = (scale.min() / scale) ** 2
    return weight


def _target(values: FloatArray, scale: FloatArray, towards: Target) -> float:
    if towards != "mean":
        return float(towards)
    weight = _weights(scale)
    # Summed from the first value, so that equal values have that very value as their mean.
    return float(values[0] + np.sum(weight * (values - values[0])) / weight.sum())


def _spare(k: int, towards: Target) -> int:
    if towards != "mean" and (isinstance(towards, str) or not np.isfinite(towards)):
        raise OptionError(f'towards is {towards!r}: give "mean" or a finite number.')
    least, goal = (4, "their mean") if towards == "mean" else (3, "a given target")
    if k < least:
        raise DataError(f"Shrinking towards {goal} takes at least {least} units; there are {k}.")
    return k - least + 1


def _measurements(y: npt.ArrayLike, sd: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    values, scale = numbers("y", y), numbers("sd", sd)
    if values.ndim != 1:
        raise DataError(f"y must hold one measurement per unit; it has shape {values.shape}.")
    if scale.shape not in ((), values.shape):
        needed = f"one number or one for each of the {values.size} measurements"
        raise DataError(f"sd must hold {needed}; it has shape {scale.shape}.")
    refuse_where(scale, scale <= 0, "sd is not above 0")
    return values, np.broadcast_to(scale, values.shape)
