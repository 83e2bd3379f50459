"""Where the scale of a signed standard deviation turns from linear to logarithmic.

The programs of ``stan/glmm/`` sample tau as the absolute value of unit sinh(tau_raw), so that tau =
0 is an ordinary point. No posterior depends on the unit, only how easily it is sampled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..priors import distributions as priors
from .fit import Pilot, Term
from .quasi_likelihood import given_rows

RESCALED = 2
CENTERED = 1
"""Codes of the data item `form`."""
NEAR_ZERO = 1.5
"""Unit of a signed sd, over the sd that its groups' rows tell from 0."""
FAR = 3.0
"""How many standard errors an sd must be from 0 to be sampled on the log scale."""
VALLEY = 0.75
"""How much lower the log density of tau_raw should be at 0 than at its modes of either sign."""
STIFF = 6.0
"""Largest curvature of that density about a mode, times its variance there: 1 of a normal."""
MOST_GROUPS = 30
"""With more groups there is nothing to gain: modes apart are stiff ones."""
CENTRAL = 2.5
"""Fall of the log density from its mode within which it is looked at."""


def resolution(squares: Floats) -> Floats:
    """Return the sd that rows tell from 0: the root of the standard error that tau^2 has there.

    Parameters
    ----------
    squares : array, (coefficient,)
        Sums over groups of squares of the diagonal of Z'Z, over the residual variance.
    """
    return np.asarray((2 / np.maximum(squares, 1e-100)) ** 0.25, dtype=np.float64)


def tau_units(data: Mapping[str, Any], form: Sequence[int], found: Pilot | None) -> Floats:
    """Choose the unit of every sd; 0 (the log scale) where it is far from 0, or not smooth there.

    It is not smooth for centered effects, and under gamma priors of a shape that is not 1. It is
    far from 0 by the information on it at the pilot fit, which is the sum over groups of
    2 reliability^2 / sd^2.

    Parameters
    ----------
    data : mapping
        All that a program declares but for its coordinates.
    form : sequence of int
        Codes of the terms' coordinates.
    found : Pilot, optional

    Returns
    -------
    array, (coefficient of any term,)
    """
    shapes, families = np.asarray(data["prior_tau_df"]), np.asarray(data["prior_tau_family"])
    scale = np.asarray(data["prior_tau_scale"], dtype=np.float64)
    rough = (families == priors.GAMMA) & (shapes != 1)
    fixed = np.asarray(data["tau_fixed"], dtype=bool)
    units = np.zeros(len(scale))
    at = 0
    for t, q in enumerate(data["q"]):
        here = slice(at, at + q)
        at += q
        if found is None or form[t] == CENTERED:
            continue
        term = found.terms[t]
        ZZ = np.diagonal(term.ZWZ, axis1=1, axis2=2) / found.variance
        left = np.diagonal(given_rows(term.ZWZ / found.variance, term.covariance), axis1=1, axis2=2)
        reliability = 1 - left / np.maximum(np.diag(term.covariance), 1e-100)
        far = np.sqrt(2 * np.sum(reliability**2, axis=0)) > FAR
        told = np.minimum(resolution(np.sum(ZZ**2, axis=0)), scale[here])
        if form[t] == RESCALED and len(ZZ) <= MOST_GROUPS:
            free = ~far & ~rough[here] & ~fixed[here] & (told > 0)
            times = _with_valley(term, found.variance, told, scale[here], free)
        else:
            times = np.full(q, NEAR_ZERO)
        units[here] = np.where(far, 0.0, times * told)
    return np.where(rough | fixed, 0.0, units)


def _with_valley(
    term: Term, variance: float, told: Floats, scale: Floats, free: NDArray[np.bool_]
) -> Floats:
    """Make the unit so small that the modes of either sign of tau_raw stand apart.

    A wide single hump of two signs has heavy shoulders, and takes twice the draws. As the unit
    shrinks, tau_raw nears the log scale, whose long tail to 0 makes the other side of the mode
    stiff: where that would be too much, the unit stays as large as it was.

    Returns
    -------
    array, (coefficient,)
        Units, in those of `told`.
    """
    x = np.linspace(0.0, 9.0, 241)
    times = np.full(len(told), NEAR_ZERO)
    for k in np.flatnonzero(free):
        unit = told[k]
        tau = 0.02 * unit * np.sinh(x)
        others = np.delete(np.arange(len(told)), k)
        precision = term.ZWZ[:, k, k] / variance
        of_others = np.einsum("jl,jl->j", term.ZWZ[:, k, others], term.effects[:, others])
        pull = (term.ZWe[:, k] - of_others) / variance
        A = 1 + np.square(tau)[:, None] * precision
        log_density = 0.5 * np.sum((tau[:, None] * pull) ** 2 / A - np.log(A), axis=1)
        log_density -= tau / scale[k]  # the prior, as an exponential one: it matters little here
        for factor in NEAR_ZERO * 2.0 ** -np.arange(0, 3.5, 0.25):
            raw = np.arcsinh(tau / (factor * unit))
            of_raw = log_density + np.log(np.cosh(raw))
            if of_raw.max() - of_raw[0] >= VALLEY:
                if _stiffness(raw, of_raw) <= STIFF:
                    times[k] = factor
                break
    return times


def _stiffness(raw: Floats, log_density: Floats) -> float:
    """Largest curvature in the middle of one sign's density, times its variance."""
    log_density = log_density - log_density.max()
    weights = np.exp(log_density) * np.gradient(raw)
    weights /= weights.sum()
    variance = weights @ np.square(raw - weights @ raw)
    curvature = -np.gradient(np.gradient(log_density, raw), raw)
    return float(variance * curvature[log_density > -CENTRAL].max())
