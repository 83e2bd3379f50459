"""A quick fit in NumPy, about which a program of ``stan/glmm/`` lays its coordinates.

The posterior does not depend on it, only how quickly it is sampled: a fit that is not finite is
no fit (None), and then every term is sampled non-centered.
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
from .likelihood import Working
from .quasi_likelihood import QuasiFit, given_rows, start


@dataclass(frozen=True, eq=False)
class Term:
    """A group term at the pilot fit.

    Attributes
    ----------
    effects : array, (group, coefficient)
    covariance : array, (coefficient, coefficient)
        Of the effects between groups.
    ZWZ : array, (group, coefficient, coefficient)
        Of the working weights, the terms after this one in turn integrated out.
    ZWX : array, (group, coefficient, column)
        The same of the columns of X, and of what the terms before this one take from them.
    ZWe : array, (group, coefficient)
        The same of working residuals about b, less the effects of terms above this one.
    above : mapping of int to array, (group, coefficient above, coefficient)
        Z'WZ with the terms before this one in turn in which its groups are nested.
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
        alpha and beta.
    covariance : array, (column, column)
        Of them, group effects integrated out.
    terms : tuple of Term
    turn : tuple of int
        The terms, those of few groups first: each given those before it.
    auxiliaries : mapping of str to float
        sigma, nu, phi, as the family has them.
    """

    b: Floats
    covariance: Floats
    terms: tuple[Term, ...]
    turn: tuple[int, ...]
    auxiliaries: Mapping[str, float]

    @property
    def variance(self) -> float:
        """By which working weights are divided: sigma^2, or 1."""
        return self.auxiliaries.get("sigma", 1.0) ** 2


def pilot_fit(data: Mapping[str, Any], family: str) -> Pilot | None:
    """Fit a model quickly and roughly.

    Parameters
    ----------
    data : mapping
        What the data block of the family's program declares, but for its coordinates.
    family : str

    Returns
    -------
    Pilot or None
        None where the fit is not finite.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = _laid_out(start(data, family).run())
        except np.linalg.LinAlgError:
            return None
    numbers: list[Any] = [found.b, found.covariance, list(found.auxiliaries.values())]
    for term in found.terms:
        numbers += [term.effects, term.covariance, term.ZWZ, term.ZWX, term.ZWe]
        numbers += term.above.values()
    return found if all(np.isfinite(each).all() for each in numbers) else None


@dataclass(frozen=True, eq=False)
class _Shared:
    """Pairs of groups, of two terms, that share rows."""

    own: NDArray[np.int64]
    other: NDArray[np.int64]
    ZWZ: Floats


def _laid_out(fit: QuasiFit) -> Pilot:
    here, eta, s2, X = fit.working(), fit.eta, fit.variance, fit.rows.X
    alone = X.T @ (X * here.weight[:, None]) / s2 + np.diag(fit.rows.ridge)
    least = np.linalg.inv(alone) if len(alone) else alone
    covariance = least.copy()
    sums = [fit.sums(t, here, eta) for t in range(len(fit.effects))]
    for each, Sigma in zip(sums, fit.covariances, strict=True):
        P = given_rows(each.ZZ / s2, Sigma)
        shared = np.einsum("jap,jab,jbr->pr", each.ZX, P, each.ZX, optimize=True) / s2**2
        covariance += np.linalg.inv(alone - shared) - least
    covariance = 0.5 * (covariance + covariance.T)
    turn = tuple(sorted(range(len(sums)), key=lambda t: len(fit.effects[t])))
    terms: dict[int, Term] = {}
    for place, t in enumerate(turn):
        terms[t] = _term(fit, t, turn[:place], turn[place + 1 :], sums, terms, here)
    ordered = tuple(terms[t] for t in range(len(sums)))
    return Pilot(fit.b, covariance, ordered, turn, dict(fit.auxiliaries))


def _term(
    fit: QuasiFit,
    t: int,
    before: Sequence[int],
    after: Sequence[int],
    sums: Sequence[GaussianSums],
    done: Mapping[int, Term],
    here: Working,
) -> Term:
    """Lay out a term: those before it as they are, those after it integrated out."""
    own, s2 = sums[t], fit.variance
    ZWZ, ZWX, above = own.ZZ.copy(), own.ZX.copy(), {}
    for u in after:
        both = _shared(fit, t, u, here.weight)
        P = given_rows(sums[u].ZZ / s2, fit.covariances[u])[both.other]
        BP = both.ZWZ @ P / s2
        np.add.at(ZWZ, both.own, -BP @ both.ZWZ.swapaxes(1, 2))
        np.add.at(ZWX, both.own, -BP @ sums[u].ZX[both.other])
    if after:
        size, vectors = np.linalg.eigh(ZWZ)
        ZWZ = vectors * np.maximum(size, 0)[:, None, :] @ vectors.swapaxes(1, 2)
    of_z = (fit.rows.Z[t] * here.score[:, None]).T
    codes, groups = fit.rows.codes[t], len(fit.effects[t])
    slope = np.stack([np.bincount(codes, each, groups) for each in of_z], axis=1)
    ZWe = slope + np.einsum("jab,jb->ja", ZWZ, fit.effects[t])
    for u in before:
        both, term = _shared(fit, t, u, here.weight), done[u]
        if len(np.unique(both.own)) == len(both.own):  # nested
            into = np.zeros((groups, term.effects.shape[1], fit.effects[t].shape[1]))
            into[both.own] = both.ZWZ.swapaxes(1, 2)
            above[u] = into
            effects = term.effects[both.other]
            ZWe[both.own] += np.einsum("jab,jb->ja", both.ZWZ, effects)
        else:
            P = given_rows(term.ZWZ / s2, term.covariance)
            np.add.at(ZWX, both.own, -both.ZWZ @ (P @ term.ZWX / s2)[both.other])
    return Term(fit.effects[t], fit.covariances[t], ZWZ, ZWX, ZWe, above)


def _shared(fit: QuasiFit, t: int, u: int, weight: Floats) -> _Shared:
    """Sum Z'WZ of two terms over the rows of each pair of their groups."""
    rows, groups = fit.rows, len(fit.effects[u])
    pairs, place = np.unique(rows.codes[t] * groups + rows.codes[u], return_inverse=True)
    both = np.empty((len(pairs), rows.Z[t].shape[1], rows.Z[u].shape[1]))
    for a, first in enumerate(rows.Z[t].T):
        for b, second in enumerate(rows.Z[u].T):
            both[:, a, b] = np.bincount(place, weight * first * second, len(pairs))
    return _Shared(pairs // groups, pairs % groups, both)
