"""Choose the unit of each group-level standard deviation, where its scale turns logarithmic.

The programs of ``stan/glmm/`` sample tau as the absolute value of unit * sinh(tau_raw): linear in
tau_raw below the unit, exponential above it, so that tau = 0 is an interior point of tau_raw. The
posterior does not depend on the unit; how fast it is sampled does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..priors import distributions as priors
from .fit import Pilot, Term
from .quasi_likelihood import effects_covariance

RESCALED = 2
CENTERED = 1
"""Codes of the data item `form`."""
NEAR_ZERO = 1.5
"""The unit, as a multiple of `resolution`, unless `_separating_units` makes it smaller."""
FAR = 3.0
"""An sd that is more standard errors from 0 than this is sampled on the log scale."""
VALLEY = 0.75
"""How much lower the log density of tau_raw should be at 0 than at its two modes."""
STIFF = 6.0
"""Largest curvature of that log density about a mode, times its variance there (1 of a normal)."""
MOST_GROUPS = 30
"""With more groups than this no unit separates the modes without exceeding `STIFF`."""
CENTRAL = 2.5
"""The curvature is taken where the log density is at most this much below its mode."""


def resolution(squares: Floats) -> Floats:
    """Return the smallest sd that the rows can distinguish from 0, (coefficient,).

    It is the root of the standard error of tau^2 at tau = 0.

    Parameters
    ----------
    squares : array, (coefficient,)
        Sums over groups of the squared diagonal of Z'WZ over the residual variance.
    """
    return np.asarray((2 / np.maximum(squares, 1e-100)) ** 0.25, dtype=np.float64)


def tau_units(data: Mapping[str, Any], form: Sequence[int], pilot: Pilot | None) -> Floats:
    """Choose the unit of every sd; a unit of 0 stands for the log scale.

    An sd is sampled on the log scale if it is far from 0 or if its density is not smooth there.
    It is far if it is more than `FAR` standard errors from 0, by its information at the pilot fit,
    the sum over groups of 2 reliability^2 / sd^2. The density is not smooth for centered effects,
    and under gamma priors with a shape other than 1.

    Parameters
    ----------
    data : mapping
        All items of the program's data block except the coordinates.
    form : sequence of int
        Code of each term's parameterization.
    pilot : Pilot, optional
        Without a pilot fit every unit is 0.

    Returns
    -------
    array, (coefficient,)
        For the coefficients of all terms, one term after another.
    """
    shapes, families = np.asarray(data["prior_tau_df"]), np.asarray(data["prior_tau_family"])
    scale = np.asarray(data["prior_tau_scale"], dtype=np.float64)
    rough = (families == priors.GAMMA) & (shapes != 1)
    fixed = np.asarray(data["tau_fixed"], dtype=bool)
    units = np.zeros(len(scale))
    at = 0
    for t, q in enumerate(data["q"]):
        columns = slice(at, at + q)
        at += q
        if pilot is None or form[t] == CENTERED:
            continue
        term = pilot.terms[t]
        information = term.ZWZ / pilot.variance
        ZZ = np.diagonal(information, axis1=1, axis2=2)
        uncertainty = np.diagonal(
            effects_covariance(information, term.covariance), axis1=1, axis2=2
        )
        reliability = 1 - uncertainty / np.maximum(np.diag(term.covariance), 1e-100)
        far = np.sqrt(2 * np.sum(reliability**2, axis=0)) > FAR
        smallest = np.minimum(resolution(np.sum(ZZ**2, axis=0)), scale[columns])
        if form[t] == RESCALED and len(ZZ) <= MOST_GROUPS:
            free = ~far & ~rough[columns] & ~fixed[columns] & (smallest > 0)
            factors = _separating_units(term, pilot.variance, smallest, scale[columns], free)
        else:
            factors = np.full(q, NEAR_ZERO)
        units[columns] = np.where(far, 0.0, factors * smallest)
    return np.where(rough | fixed, 0.0, units)


def _separating_units(
    term: Term, variance: float, smallest: Floats, scale: Floats, free: NDArray[np.bool_]
) -> Floats:
    """Return units at which the density of tau_raw has two separate modes, one of either sign.

    With a larger unit the two modes merge into one wide mode with heavy shoulders, which takes
    twice the draws. With a smaller unit tau_raw nears the log scale, on which the long tail towards
    0 makes the curvature on the other side of the mode large in comparison. If the curvature would
    exceed `STIFF`, the unit remains `NEAR_ZERO`.

    Parameters
    ----------
    term : Term
    variance : float
        Divisor of the working weights.
    smallest : array, (coefficient,)
        `resolution`, at most the prior's scale.
    scale : array, (coefficient,)
        Scale of the sd's prior.
    free : array of bool, (coefficient,)
        The sds whose unit is to be chosen; the others get `NEAR_ZERO`.

    Returns
    -------
    array, (coefficient,)
        Units, as multiples of `smallest`.
    """
    x = np.linspace(0.0, 9.0, 241)
    factors = np.full(len(smallest), NEAR_ZERO)
    for k in np.flatnonzero(free):
        tau = 0.02 * smallest[k] * np.sinh(x)
        others = np.delete(np.arange(len(smallest)), k)
        precision = term.ZWZ[:, k, k] / variance
        of_others = np.einsum("jl,jl->j", term.ZWZ[:, k, others], term.effects[:, others])
        score = (term.ZWe[:, k] - of_others) / variance
        A = 1 + np.square(tau)[:, None] * precision
        log_density = 0.5 * np.sum((tau[:, None] * score) ** 2 / A - np.log(A), axis=1)
        # an exponential prior stands for the real one, which matters little here
        log_density -= tau / scale[k]
        for factor in NEAR_ZERO * 2.0 ** -np.arange(0, 3.5, 0.25):
            raw = np.arcsinh(tau / (factor * smallest[k]))
            raw_log_density = log_density + np.log(np.cosh(raw))
            if raw_log_density.max() - raw_log_density[0] >= VALLEY:
                if _stiffness(raw, raw_log_density) <= STIFF:
                    factors[k] = factor
                break
    return factors


def _stiffness(raw: Floats, log_density: Floats) -> float:
    """Return the largest curvature of one sign's log density about its mode, times its variance.

    Parameters
    ----------
    raw : array, (value,)
        Values of tau_raw, at least 0.
    log_density : array, (value,)
        Log density at these values, up to a constant.
    """
    log_density = log_density - log_density.max()
    weights = np.exp(log_density) * np.gradient(raw)
    weights /= weights.sum()
    variance = weights @ np.square(raw - weights @ raw)
    curvature = -np.gradient(np.gradient(log_density, raw), raw)
    return float(variance * curvature[log_density > -CENTRAL].max())
