"""The pilot fit: a quick fit in NumPy from which the sampler's coordinates are made.

The posterior does not depend on it; how fast it is sampled does. If the fit is not finite,
`pilot_fit` returns None, and every term that was to be rescaled is sampled non-centered.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..sampling.warm_start import one_thread
from .elimination import Information
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
    with warnings.catch_warnings(), np.errstate(all="ignore"), one_thread():
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
    groups = [len(effects) for effects in fit.effects]
    information = Information.of(fit.rows, groups, linear.weight)
    terms: dict[int, Term] = {}
    products: dict[tuple[int, int], Any] = {}
    for place in reversed(range(len(turn))):  # later terms are eliminated before earlier ones
        t = turn[place]
        terms[t] = _term(fit, t, turn[:place], information, linear)
        products |= {(t, u): information.between(t, u) for u in turn[:place]}
        if place:
            information = information.without(t, fit.covariances[t] / s2)
    for place, t in enumerate(turn):
        terms[t] = _given_crossed(fit, terms, t, turn[:place], products)
    ordered = tuple(terms[t] for t in range(len(sums)))
    return Pilot(fit.b, covariance, ordered, turn, dict(fit.auxiliaries))


def _term(
    fit: QuasiFit, t: int, before: Sequence[int], information: Information, linear: Linearised
) -> Term:
    """Make the `Term` of number t, given the terms `before` it, those after it integrated out."""
    ZWZ, ZWX = information.of_groups(t)
    scores = (fit.rows.Z[t] * linear.score[:, None]).T
    codes, (groups, q) = fit.rows.codes[t], fit.effects[t].shape
    gradient = np.stack([np.bincount(codes, column, groups) for column in scores], axis=1)
    ZWe = gradient + np.einsum("jab,jb->ja", ZWZ, fit.effects[t])
    above = {}
    for u in before:
        outer = _outer_groups(fit, t, u)
        if outer is None:
            continue
        products, inner = information.between(t, u), np.arange(groups)
        across = np.zeros((groups, fit.effects[u].shape[1], q))
        for a, b in itertools.product(range(across.shape[1]), range(q)):
            across[:, a, b] = products[inner * q + b, outer * across.shape[1] + a]
        above[u] = across
        ZWe += np.einsum("jab,ja->jb", across, fit.effects[u][outer])
    return Term(fit.effects[t], fit.covariances[t], ZWZ, ZWX, ZWe, above)


def _outer_groups(fit: QuasiFit, t: int, u: int) -> NDArray[np.int64] | None:
    """Return the group of term u in which each group of term t is nested, or None if one is not.

    A group without rows is put in the first group.
    """
    codes, outer = fit.rows.codes[t], fit.rows.codes[u]
    group_of = np.zeros(len(fit.effects[t]), dtype=np.int64)
    group_of[codes] = outer
    return group_of if np.array_equal(group_of[codes], outer) else None


def _given_crossed(
    fit: QuasiFit,
    terms: Mapping[int, Term],
    t: int,
    before: Sequence[int],
    products: Mapping[tuple[int, int], Any],
) -> Term:
    """Take from Z'WX what X b implies for the effects of earlier terms that t is crossed with.

    Parameters
    ----------
    products : mapping of pair of int to sparse array
        `Information.between` of each term and each earlier one, by their numbers.
    """
    term = terms[t]
    ZWX = term.ZWX.copy()
    for u in before:
        if u not in term.above:
            other = terms[u]
            P = effects_covariance(other.ZWZ / fit.variance, other.covariance)
            expected = (P @ other.ZWX / fit.variance).reshape(other.effects.size, ZWX.shape[2])
            ZWX -= (products[t, u] @ expected).reshape(ZWX.shape)
    return replace(term, ZWX=ZWX)
