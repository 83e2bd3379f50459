"""Shrinkage in closed form: James-Stein, limited translation, empirical Bayes.

All estimators assume independent measurements `y[i] ~ Normal(theta[i], sd[i])` with known `sd`, and
pull them towards a common target: their precision-weighted mean, or a given number. In the
formulas, k is the number of units, m the target, r = 1 if m is estimated and r = 0 if it is given,
and V = sum((y - m)^2 / sd^2). With unequal `sd`, they differ in how far they shrink each unit:

- `james_stein` and `limited_translation` work on y / sd and keep the same share of every deviation
  (apart from the limit), as in the theory of Stein's estimator, whose loss is in units of sd;
- `empirical_bayes_normal` shrinks imprecise units more than precise ones, as a hierarchical model
  does. It is usually the better choice.

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

import numpy as np
import numpy.typing as npt

from ..errors import DataError, OptionError
from .estimates import EmpiricalBayes, LimitedTranslation, Shrinkage
from .measurements import (
    FloatArray,
    Target,
    centre_of,
    measurements,
    numbers,
    numerator_of,
    weights,
)


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
        Known standard deviations of the measurements, in the unit of y.
    towards : "mean" or float, default "mean"
        The target: the precision-weighted mean of `y`, or a number chosen without seeing `y`.
    positive_part : bool, default False
        Whether a negative share is replaced by 0, which lowers the risk for every theta.

    Returns
    -------
    Shrinkage

    Raises
    ------
    DataError
        If `y` or `sd` has another shape, a value is not a finite number, an sd is not above 0, or
        there are too few units.
    OptionError
        If `towards` is neither "mean" nor a finite number.

    Notes
    -----
    .. math:: \hat\theta_i = m + \left(1 - \frac{k - r - 2}{V}\right)(y_i - m).

    The numerator is k - 2 for a given target ([1], pp. 361-379) and k - 3 for the mean ([2], pp.
    285-287; [4], pp. 311-319). The risk, which is the expected sum of squared errors in units of
    sd, is below that of `y` for every theta. With unequal `sd`, this need not hold for the sum of
    squared errors in the unit of `y`.

    If V < k - r - 2, the plain rule overshoots the target: the kept share is negative. If V = 0,
    all measurements and all estimates equal the target, and the share is reported as 0.
    """
    values, scale = measurements(y, sd)
    numerator = numerator_of(values.size, towards)
    target = centre_of(values, scale, towards)
    deviation = values - target
    total = float(np.sum((deviation / scale) ** 2))
    share = 1.0 - numerator / total if total > 0 else 0.0
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

    It is James-Stein's rule with a limit on how far each measurement is moved, so that units that
    differ much from the others are shrunk less.

    Parameters
    ----------
    y, sd, towards, positive_part
        As in `james_stein`.
    d : float, default 1
        The limit on the movement, in the scale of the Notes: 0 leaves `y` as it is, infinity is
        James-Stein.

    Returns
    -------
    LimitedTranslation

    Raises
    ------
    DataError
        As `james_stein`.
    OptionError
        If `d` is below 0 or NaN, or as `james_stein`.

    Notes
    -----
    With B = (k - r - 2) / V (at most 1 for the positive part), z = (y - m) / sd, and 1 - h the
    variance of z under equal theta (1 for a given target; (k - 1) / k for the mean, equal sd),

    .. math:: \hat\theta_i = y_i - B \, \rho_d(u_i) (y_i - m), \quad u_i = B z_i^2 / (1 - h_i),
              \quad \rho_d(u) = \min(1, d / \sqrt{u}).

    The relevance function rho is the weight of the ensemble of units for a unit that is sqrt(u)
    marginal standard deviations away from the target ([3], pp. 807-815, 130-139). No unit
    therefore moves by more than d sqrt(B (1 - h)) times its sd, which for the mean and equal sd is
    d sqrt((k - 1) (k - 3) / (k V)) ([4], pp. 311-319). Some later texts limit the movement to D
    times sd for all V, which is d = D / sqrt(B (1 - h)). For normal theta and equal sd, the share
    of James-Stein's reduction of risk that is kept depends on d and k only: it is 80% for
    d = 0.787 and k = 18, the baseball data of [4].
    """
    if not d >= 0:
        raise OptionError(f"d is {d}: the limit must be 0 or more (infinity for James-Stein).")
    stein = james_stein(y, sd=sd, towards=towards, positive_part=positive_part)
    values, scale = measurements(y, sd)
    pull = 1.0 - stein.shrinkage
    weight = weights(scale)
    variance_factor = 1.0 - weight / weight.sum() if towards == "mean" else np.ones_like(weight)
    limit = scale * (d * np.sqrt(pull * variance_factor) if np.isfinite(d) else np.inf)
    deviation = values - stein.target
    limited = pull * np.abs(deviation) > limit
    estimate = np.where(limited, values - np.copysign(limit, deviation), stein.estimate)
    return LimitedTranslation(estimate, limit, limited, stein)


def empirical_bayes_normal(
    y: npt.ArrayLike, *, sd: npt.ArrayLike, towards: Target = "mean"
) -> EmpiricalBayes:
    r"""Estimate several normal means by Morris's parametric empirical Bayes.

    The variance A of theta is estimated from all units. Each unit is then shrunk according to the
    precision of its measurement.

    Parameters
    ----------
    y, sd
        As in `james_stein`.
    towards : "mean" or float, default "mean"
        The mean of theta: "mean" to estimate it by the mean of `y` weighted with 1 / (A + sd^2),
        or a given number.

    Returns
    -------
    EmpiricalBayes

    Raises
    ------
    DataError, OptionError
        As `james_stein`.

    Notes
    -----
    .. math:: \hat\theta_i = m + (1 - B_i)(y_i - m), \qquad
              B_i = \frac{k - r - 2}{k - r} \frac{\mathrm{sd}_i^2}{A + \mathrm{sd}_i^2}, \qquad
              \sum_i \frac{(y_i - m)^2}{A + \mathrm{sd}_i^2} = k - r,

    and A = 0 if the sum is below k - r at A = 0. The equation is the fixed point of Morris's
    iteration ([5], pp. 47-55), known in meta-analysis as Paule and Mandel's estimator ([6], pp.
    377-385). Its left side decreases with A, so it has at most one solution, which is found by
    bisection. The first factor of B corrects for the estimation of A: even at A = 0, a share
    2 / (k - r) of each deviation is kept. With equal sd and V >= k - r, the result is exactly
    James-Stein's, which it would not be with A estimated by marginal likelihood.
    """
    values, scale = measurements(y, sd)
    degrees_of_freedom = numerator_of(values.size, towards) + 2
    centre = centre_of(values, scale, towards)
    low, high = 0.0, float(np.sum((values - centre) ** 2)) / degrees_of_freedom
    variance = 0.0
    if _sum_of_squares(values, scale, 0.0, towards) > degrees_of_freedom:
        while low < (variance := (low + high) / 2) < high:
            above = _sum_of_squares(values, scale, variance, towards) > degrees_of_freedom
            low, high = (variance, high) if above else (low, variance)
    target = centre_of(values, np.sqrt(variance + scale**2), towards)
    share = 1.0 - (degrees_of_freedom - 2) / degrees_of_freedom * scale**2 / (variance + scale**2)
    estimate = target + share * (values - target)
    return EmpiricalBayes(estimate, share, target, float(np.sqrt(variance)))


def total_squared_error(estimate: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Return the sum of squared differences between estimates and true values.

    Raises
    ------
    DataError
        If the shapes differ, or a value is not a finite number.
    """
    estimates, truths = numbers("estimate", estimate), numbers("truth", truth)
    if estimates.shape != truths.shape:
        raise DataError(f"estimate has shape {estimates.shape}, but truth has {truths.shape}.")
    return float(np.sum((estimates - truths) ** 2))


def _sum_of_squares(
    values: FloatArray, scale: FloatArray, variance: float, towards: Target
) -> float:
    """Return the sum of squared deviations from the target in units of sqrt(variance + sd^2)."""
    scale = np.sqrt(variance + scale**2)
    return float(np.sum(((values - centre_of(values, scale, towards)) / scale) ** 2))
