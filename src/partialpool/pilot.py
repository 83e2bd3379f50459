"""A quick fit in NumPy, about which a program of ``stan/glmm/`` lays its coordinates.

Penalised quasi-likelihood: the response linearised at the present fit, its working weights, and
effects and standard deviations by EM, term by term (Breslow & Clayton 1993, JASA 88:9). The
posterior does not depend on it, only how quickly it is sampled: a fit that is not finite is
no fit (None), and then every term is sampled non-centered.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .reduce import GaussianSums, gaussian_sums
from .working import Working, auxiliaries, first_auxiliaries, first_location, working

Floats = NDArray[np.float64]
ROUNDS, EM_STEPS = 25, 4
"""Linearisations, and steps of EM for the standard deviations in each."""
ENOUGH = 0.01
"""A change of eta (of sigma) and a relative one of sds below which rounds end."""
FARTHEST = 3.0
"""How far eta may move in a round, on a log or logit link."""
START = 0.5
"""Standard deviation of group effects from which EM starts, in units of eta."""
LARGEST_CORRELATION = 0.9


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
            found = _Fit(*_start(data, family)).run()
        except np.linalg.LinAlgError:
            return None
    numbers: list[Any] = [found.b, found.covariance, list(found.auxiliaries.values())]
    for term in found.terms:
        numbers += [term.effects, term.covariance, term.ZWZ, term.ZWX, term.ZWe]
        numbers += term.above.values()
    return found if all(np.isfinite(each).all() for each in numbers) else None


@dataclass(frozen=True, eq=False)
class _Rows:
    """What never changes."""

    data: Mapping[str, Any]
    family: str
    X: Floats
    Z: tuple[Floats, ...]
    codes: tuple[NDArray[np.int64], ...]
    fixed: tuple[NDArray[np.bool_], ...]
    most: tuple[Floats, ...]
    ridge: Floats
    anchor: Floats

    @property
    def known(self) -> Floats:
        return np.asarray(self.data["known"], dtype=np.float64)


def _start(
    data: Mapping[str, Any], family: str
) -> tuple[_Rows, Floats, tuple[Floats, ...], tuple[Floats, ...], dict[str, float]]:
    n, K = int(data["N"]), int(data["K"])
    X = np.asarray(data["X"], dtype=np.float64).reshape(n, K)
    ridge, anchor = _penalty(data, "beta")
    b = np.zeros(K)
    if data["has_intercept"]:
        X = np.concatenate([np.ones((n, 1)), X - np.asarray(data["x_mean"], dtype=float)], axis=1)
        of_alpha = _penalty(data, "alpha")
        ridge, anchor = np.append(of_alpha[0], ridge), np.append(of_alpha[1], anchor)
        b = np.append(first_location(family, data), b)
    parts = np.cumsum(data["q"], dtype=np.int64)[:-1]
    columns = np.asarray(data["Z"], dtype=np.float64).reshape(n, -1)
    tau = np.asarray(data["prior_tau_scale"], dtype=np.float64)
    fixed = np.asarray(data["tau_fixed"], dtype=bool)
    light = np.isin(data["prior_tau_family"], (1, 4)) & ~fixed
    most = np.where(light, 4 * tau, np.inf)
    size = np.sqrt(np.maximum(np.mean(columns**2, axis=0), 1e-12)) if n else np.ones(len(tau))
    first = np.where(fixed, tau, np.minimum(START / size, most))
    split = [
        tuple(np.split(each, parts, axis=-1)) if len(data["q"]) else ()
        for each in (columns, fixed, most, first)
    ]
    rows = _Rows(
        data,
        family,
        X,
        split[0],
        tuple(np.asarray(g, dtype=np.int64) - 1 for g in data["group"]),
        split[1],
        split[2],
        ridge,
        anchor,
    )
    effects = tuple(np.zeros((J, len(t))) for J, t in zip(data["J"], split[3], strict=True))
    covariances = tuple(np.diag(np.square(t)) for t in split[3])
    return rows, b, effects, covariances, first_auxiliaries(family, data)


def _penalty(data: Mapping[str, Any], name: str) -> tuple[Floats, Floats]:
    """Precisions and locations of normal priors like those of alpha or beta."""
    family, location, scale = (
        np.atleast_1d(np.asarray(data[f"prior_{name}_{part}"], dtype=np.float64))
        for part in ("family", "location", "scale")
    )
    return np.where(family > 0, 1 / np.square(scale), 0.0), np.where(family > 0, location, 0.0)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Where the rounds stand."""

    rows: _Rows
    b: Floats
    effects: tuple[Floats, ...]
    covariances: tuple[Floats, ...]
    auxiliaries: Mapping[str, float]

    def parts(self) -> list[Floats]:
        """Return what each term adds to eta."""
        each = zip(self.rows.Z, self.effects, self.rows.codes, strict=True)
        return [np.einsum("nk,nk->n", Z, effects[codes]) for Z, effects, codes in each]

    @property
    def eta(self) -> Floats:
        return np.asarray(sum(self.parts(), self.rows.known + self.rows.X @ self.b))

    @property
    def variance(self) -> float:
        return self.auxiliaries.get("sigma", 1.0) ** 2

    def run(self) -> Pilot:
        fit = self
        for place in range(ROUNDS):
            before, here, eta = fit, fit.working(), fit.eta
            if not fit.effects:
                fit = fit.solved(here)
            for t in range(len(fit.effects)):
                fit = fit.updated(t, here, eta)
            if place < 3 or place % 4 == 0 or fit.rows.family == "gaussian":
                fit = fit.with_auxiliaries(here)
            if fit.near(before, eta):
                break
        return fit.pilot()

    def near(self, other: _Fit, eta: Floats) -> bool:
        """Whether nothing moved by more than `ENOUGH` since another fit with that eta."""
        away = [np.max(np.abs(self.eta - eta), initial=0.0) / np.sqrt(self.variance)]
        for new, old in zip(self.covariances, other.covariances, strict=True):
            sd, before = np.sqrt(np.diag(new)), np.sqrt(np.diag(old))
            away.append(np.max(np.abs(sd - before) / np.maximum(sd, 1e-8)))
        away += [abs(np.log(x / other.auxiliaries[name])) for name, x in self.auxiliaries.items()]
        return bool(max(away) < ENOUGH)

    def working(self) -> Working:
        return working(self.rows.family, self.rows.data, self.eta, self.auxiliaries)

    def with_auxiliaries(self, here: Working) -> _Fit:
        if not self.auxiliaries:
            return self
        spent = float(len(self.b))
        for t, covariance in enumerate(self.covariances):
            sums = self.sums(t, here, self.eta)
            known = given_rows(sums.ZZ / self.variance, covariance)
            spent += float(np.einsum("jab,jba->", sums.ZZ, known)) / self.variance
        rows = self.rows
        found = auxiliaries(rows.family, rows.data, self.eta, self.auxiliaries, spent=spent)
        return replace(self, auxiliaries=found)

    def sums(self, t: int, here: Working, eta: Floats) -> GaussianSums:
        """Cross-products of term t: the response linearised at eta, less the other terms."""
        rows = self.rows
        others = sum((p for u, p in enumerate(self.parts()) if u != t), rows.known)
        return gaussian_sums(
            rows.X,
            rows.Z[t],
            rows.codes[t],
            len(self.effects[t]),
            eta + here.score / here.weight - others,
            reference=self.b,
            weights=here.weight,
        )

    def solved(self, here: Working) -> _Fit:
        """Take a step of b, where there are no group terms."""
        rows = self.rows
        XWX = rows.X.T @ (rows.X * here.weight[:, None]) / self.variance + np.diag(rows.ridge)
        slope = rows.X.T @ here.score / self.variance + rows.ridge * (rows.anchor - self.b)
        step = np.linalg.solve(XWX, slope)
        return replace(self, b=self.b + step * self._share(rows.X @ step))

    def updated(self, t: int, here: Working, eta: Floats) -> _Fit:
        """Take a step of b and of term t, with the effects of the other terms as they are."""
        rows, sums, s2 = self.rows, self.sums(t, here, eta), self.variance
        S, C, v = sums.ZZ / s2, sums.ZX / s2, sums.Zr / s2
        XWX = sums.XX / s2 + np.diag(rows.ridge)
        slope = sums.Xr / s2 + rows.ridge * (rows.anchor - self.b)
        Sigma = self.covariances[t]
        step, effects = np.zeros_like(self.b), self.effects[t]
        for _ in range(EM_STEPS):
            P = given_rows(S, Sigma)
            PC, Pv = P @ C, np.einsum("jab,jb->ja", P, v)
            V = XWX - np.einsum("jap,jar->pr", C, PC)
            inverse = np.linalg.inv(V)
            step = inverse @ (slope - np.einsum("jap,ja->p", C, Pv))
            effects = Pv - PC @ step
            spread = np.einsum("jap,pr,jbr->ab", PC, inverse, PC, optimize=True)
            moment = (effects.T @ effects + P.sum(axis=0) + spread) / len(v)
            Sigma = self._allowed(t, moment)
        away = np.einsum("nk,nk->n", rows.Z[t], (effects - self.effects[t])[rows.codes[t]])
        share = self._share(away, rows.codes[t], len(v))[:, None]
        old = self.effects[t]
        return replace(
            self,
            b=self.b + step * self._share(rows.X @ step),
            effects=_put(self.effects, t, old + (effects - old) * share),
            covariances=_put(self.covariances, t, Sigma),
        )

    def _allowed(self, t: int, moment: Floats) -> Floats:
        """Return a covariance near the moments: given sds, no correlation, none too large."""
        fixed, old = self.rows.fixed[t], np.sqrt(np.diag(self.covariances[t]))
        sd = np.sqrt(np.diag(moment))
        correlation = np.eye(len(sd))
        if self.rows.data["correlated"][t]:
            found = (
                np.clip(moment / np.maximum(np.outer(sd, sd), 1e-300), -1, 1) * LARGEST_CORRELATION
            )
            correlation = np.where(correlation > 0, 1.0, found)
        sd = np.where(fixed, old, np.minimum(sd, self.rows.most[t]))
        return np.asarray(correlation * np.outer(sd, sd))

    def _share(
        self, away: Floats, codes: NDArray[np.int64] | None = None, groups: int = 1
    ) -> Floats:
        """Return what share of a step keeps eta within `FARTHEST`, by group."""
        worst = np.zeros(groups)
        if self.rows.family not in ("gaussian", "student"):
            place = np.zeros(len(away), dtype=np.int64) if codes is None else codes
            np.maximum.at(worst, place, np.abs(away))
        return np.minimum(1.0, FARTHEST / np.maximum(worst, FARTHEST))

    def pilot(self) -> Pilot:
        here, eta, s2, X = self.working(), self.eta, self.variance, self.rows.X
        alone = X.T @ (X * here.weight[:, None]) / s2 + np.diag(self.rows.ridge)
        least = np.linalg.inv(alone) if len(alone) else alone
        covariance = least.copy()
        sums = [self.sums(t, here, eta) for t in range(len(self.effects))]
        for each, Sigma in zip(sums, self.covariances, strict=True):
            P = given_rows(each.ZZ / s2, Sigma)
            shared = np.einsum("jap,jab,jbr->pr", each.ZX, P, each.ZX, optimize=True) / s2**2
            covariance += np.linalg.inv(alone - shared) - least
        covariance = 0.5 * (covariance + covariance.T)
        turn = tuple(sorted(range(len(sums)), key=lambda t: len(self.effects[t])))
        terms: dict[int, Term] = {}
        for place, t in enumerate(turn):
            terms[t] = self._term(t, turn[:place], turn[place + 1 :], sums, terms, here)
        ordered = tuple(terms[t] for t in range(len(sums)))
        return Pilot(self.b, covariance, ordered, turn, dict(self.auxiliaries))

    def _term(
        self,
        t: int,
        before: Sequence[int],
        after: Sequence[int],
        sums: Sequence[GaussianSums],
        done: Mapping[int, Term],
        here: Working,
    ) -> Term:
        """Lay out a term: those before it as they are, those after it integrated out."""
        own, s2 = sums[t], self.variance
        ZWZ, ZWX, above = own.ZZ.copy(), own.ZX.copy(), {}
        for u in after:
            both = self._shared(t, u, here.weight)
            P = given_rows(sums[u].ZZ / s2, self.covariances[u])[both.other]
            BP = both.ZWZ @ P / s2
            np.add.at(ZWZ, both.own, -BP @ both.ZWZ.swapaxes(1, 2))
            np.add.at(ZWX, both.own, -BP @ sums[u].ZX[both.other])
        if after:
            size, vectors = np.linalg.eigh(ZWZ)
            ZWZ = vectors * np.maximum(size, 0)[:, None, :] @ vectors.swapaxes(1, 2)
        of_z = (self.rows.Z[t] * here.score[:, None]).T
        codes, groups = self.rows.codes[t], len(self.effects[t])
        slope = np.stack([np.bincount(codes, each, groups) for each in of_z], axis=1)
        ZWe = slope + np.einsum("jab,jb->ja", ZWZ, self.effects[t])
        for u in before:
            both, term = self._shared(t, u, here.weight), done[u]
            if len(np.unique(both.own)) == len(both.own):  # nested
                into = np.zeros((groups, term.effects.shape[1], self.effects[t].shape[1]))
                into[both.own] = both.ZWZ.swapaxes(1, 2)
                above[u] = into
                effects = term.effects[both.other]
                ZWe[both.own] += np.einsum("jab,jb->ja", both.ZWZ, effects)
            else:
                P = given_rows(term.ZWZ / s2, term.covariance)
                np.add.at(ZWX, both.own, -both.ZWZ @ (P @ term.ZWX / s2)[both.other])
        return Term(self.effects[t], self.covariances[t], ZWZ, ZWX, ZWe, above)

    def _shared(self, t: int, u: int, weight: Floats) -> _Shared:
        """Sum Z'WZ of two terms over the rows of each pair of their groups."""
        rows, groups = self.rows, len(self.effects[u])
        pairs, place = np.unique(rows.codes[t] * groups + rows.codes[u], return_inverse=True)
        both = np.empty((len(pairs), rows.Z[t].shape[1], rows.Z[u].shape[1]))
        for a, first in enumerate(rows.Z[t].T):
            for b, second in enumerate(rows.Z[u].T):
                both[:, a, b] = np.bincount(place, weight * first * second, len(pairs))
        return _Shared(pairs // groups, pairs % groups, both)


@dataclass(frozen=True, eq=False)
class _Shared:
    """Pairs of groups, of two terms, that share rows."""

    own: NDArray[np.int64]
    other: NDArray[np.int64]
    ZWZ: Floats


def given_rows(S: Floats, Sigma: Floats) -> Floats:
    """Covariance of each group's effects, (S_j + Sigma^-1)^-1, also where Sigma is singular."""
    size, vectors = np.linalg.eigh(Sigma)
    root = vectors * np.sqrt(np.maximum(size, 0))
    inner = np.linalg.inv(np.eye(len(Sigma)) + root.T @ S @ root)
    return np.asarray(root @ inner @ root.T)


def _put(each: tuple[Floats, ...], place: int, new: Floats) -> tuple[Floats, ...]:
    return (*each[:place], new, *each[place + 1 :])
