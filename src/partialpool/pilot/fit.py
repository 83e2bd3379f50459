"""The pilot fit: a quick fit in NumPy from which the sampler's coordinates are made.

The posterior does not depend on it; how fast it is sampled does. If the fit is not finite,
`pilot_fit` returns None, and every term that was to be rescaled is sampled non-centered.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..reduction.sums import GaussianSums
from .likelihood import Linearised
from .quasi_likelihood import QuasiFit, effects_covariance, first_fit


@dataclass(frozen=True, eq=False)
class Term:
    """A group term at the pilot fit, with what its rows say about its effects.

    Z are the term's columns, W the working weights (`likelihood.Linearised`), X the columns of
    the population; sums are over the rows of each group. Terms come one after another in the
    order of `Pilot.turn`: an effect is sampled given those of the terms before it.

    Attributes
    ----------
    effects : array, (group, coefficient)
        Their estimates.
    covariance : array, (coefficient, coefficient)
        Estimated covariance of the effects between groups.
    ZWZ : array, (group, coefficient, coefficient)
        Z'WZ, the effects of later terms integrated out.
    ZWX : array, (group, coefficient, column)
        Z'WX, the effects of later terms, and of earlier terms that are crossed with this one,
        integrated out.
    ZWe : array, (group, coefficient)
        Z'We, with e the residuals of the linearised response about X b. The effects of the terms
        in `above` are not subtracted; the Stan program subtracts them.
    above : mapping of int to array, (group, coefficient above, coefficient)
        By number of an earlier term in which this term's groups are nested: Z'WZ with the Z of
        that term on the left.
    """

    effects: Floats
    covariance: Floats
    ZWZ: Floats
    ZWX: Floats
    ZWe: Floats
    above: Mapping[int, Floats]


@dataclass(frozen=True, eq=False)
class Pilot:
    """The pilot fit, in the units of the program's data.

    Attributes
    ----------
    b : array, (column,)
        Estimates of alpha, if there is an intercept, and beta.
    covariance : array, (column, column)
        Their covariance, the group-level effects integrated out.
    terms : tuple of Term
        In the order of the formula.
    turn : tuple of int
        The terms' numbers in the order in which the program samples them, given the earlier ones:
        terms with few groups come first.
    auxiliaries : mapping of str to float
        Those of sigma, nu and phi that the family has.
    """

    b: Floats
    covariance: Floats
    terms: tuple[Term, ...]
    turn: tuple[int, ...]
    auxiliaries: Mapping[str, float]

    @property
    def variance(self) -> float:
        """The divisor of the working weights: sigma^2, or 1 for a family without sigma."""
        return self.auxiliaries.get("sigma", 1.0) ** 2


def pilot_fit(data: Mapping[str, Any], family: str) -> Pilot | None:
    """Fit a model by penalised quasi-likelihood, quickly and approximately.

    Parameters
    ----------
    data : mapping
        All items of the program's data block except the coordinates.
    family : str
        Name of the response family.

    Returns
    -------
    Pilot or None
        None if a number of the fit is not finite.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            pilot = _pilot(first_fit(data, family).run())
        except np.linalg.LinAlgError:
            return None
    numbers: list[Any] = [pilot.b, pilot.covariance, list(pilot.auxiliaries.values())]
    for term in pilot.terms:
        numbers += [term.effects, term.covariance, term.ZWZ, term.ZWX, term.ZWe]
        numbers += term.above.values()
    return pilot if all(np.isfinite(values).all() for values in numbers) else None


@dataclass(frozen=True, eq=False)
class _SharedRows:
    """Pairs of groups of two terms that have rows in common.

    Attributes
    ----------
    first, second : array of int, (pair,)
        The pair's group of the first and of the second term.
    ZWZ : array, (pair, coefficient of the first term, coefficient of the second)
        Z'WZ over the rows in common.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    ZWZ: Floats


def _pilot(fit: QuasiFit) -> Pilot:
    """Make a pilot fit of a finished quasi-likelihood fit."""
    linear, eta, s2, X = fit.linearised(), fit.eta, fit.variance, fit.rows.X
    precision = X.T @ (X * linear.weight[:, None]) / s2 + np.diag(fit.rows.ridge)
    given_effects = np.linalg.inv(precision) if len(precision) else precision
    # the covariance of b given all effects, plus what each term by itself adds to it
    covariance = given_effects.copy()
    sums = [fit.sums(t, linear, eta) for t in range(len(fit.effects))]
    for of_term, Sigma in zip(sums, fit.covariances, strict=True):
        P = effects_covariance(of_term.ZZ / s2, Sigma)
        lost = np.einsum("jap,jab,jbr->pr", of_term.ZX, P, of_term.ZX, optimize=True) / s2**2
        covariance += np.linalg.inv(precision - lost) - given_effects
    covariance = 0.5 * (covariance + covariance.T)
    turn = tuple(sorted(range(len(sums)), key=lambda t: len(fit.effects[t])))
    terms: dict[int, Term] = {}
    for place, t in enumerate(turn):
        terms[t] = _term(fit, t, turn[:place], turn[place + 1 :], sums, terms, linear)
    ordered = tuple(terms[t] for t in range(len(sums)))
    return Pilot(fit.b, covariance, ordered, turn, dict(fit.auxiliaries))


def _term(
    fit: QuasiFit,
    t: int,
    before: Sequence[int],
    after: Sequence[int],
    sums: Sequence[GaussianSums],
    earlier: Mapping[int, Term],
    linear: Linearised,
) -> Term:
    """Make the `Term` of number t, given the terms `before` it, those `after` it integrated out."""
    s2 = fit.variance
    ZWZ, ZWX, above = sums[t].ZZ.copy(), sums[t].ZX.copy(), {}
    for u in after:
        shared = _shared_rows(fit, t, u, linear.weight)
        P = effects_covariance(sums[u].ZZ / s2, fit.covariances[u])[shared.second]
        BP = shared.ZWZ @ P / s2
        np.add.at(ZWZ, shared.first, -BP @ shared.ZWZ.swapaxes(1, 2))
        np.add.at(ZWX, shared.first, -BP @ sums[u].ZX[shared.second])
    if after:  # with several later terms the difference may not be positive definite
        size, vectors = np.linalg.eigh(ZWZ)
        ZWZ = vectors * np.maximum(size, 0)[:, None, :] @ vectors.swapaxes(1, 2)
    scores = (fit.rows.Z[t] * linear.score[:, None]).T
    codes, groups = fit.rows.codes[t], len(fit.effects[t])
    gradient = np.stack([np.bincount(codes, column, groups) for column in scores], axis=1)
    ZWe = gradient + np.einsum("jab,jb->ja", ZWZ, fit.effects[t])
    for u in before:
        shared, term = _shared_rows(fit, t, u, linear.weight), earlier[u]
        if len(np.unique(shared.first)) == len(shared.first):  # t is nested in u
            ZWZ_above = np.zeros((groups, term.effects.shape[1], fit.effects[t].shape[1]))
            ZWZ_above[shared.first] = shared.ZWZ.swapaxes(1, 2)
            above[u] = ZWZ_above
            effects = term.effects[shared.second]
            ZWe[shared.first] += np.einsum("jab,jb->ja", shared.ZWZ, effects)
        else:
            P = effects_covariance(term.ZWZ / s2, term.covariance)
            np.add.at(ZWX, shared.first, -shared.ZWZ @ (P @ term.ZWX / s2)[shared.second])
    return Term(fit.effects[t], fit.covariances[t], ZWZ, ZWX, ZWe, above)


def _shared_rows(fit: QuasiFit, t: int, u: int, weight: Floats) -> _SharedRows:
    """Sum Z'WZ of the terms t and u over the rows of each pair of their groups."""
    rows, groups = fit.rows, len(fit.effects[u])
    pairs, pair_of_row = np.unique(rows.codes[t] * groups + rows.codes[u], return_inverse=True)
    ZWZ = np.empty((len(pairs), rows.Z[t].shape[1], rows.Z[u].shape[1]))
    for a, first in enumerate(rows.Z[t].T):
        for b, second in enumerate(rows.Z[u].T):
            ZWZ[:, a, b] = np.bincount(pair_of_row, weight * first * second, len(pairs))
    return _SharedRows(pairs // groups, pairs % groups, ZWZ)
