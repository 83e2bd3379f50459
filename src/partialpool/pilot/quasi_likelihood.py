"""Penalised quasi-likelihood in NumPy: a quick fit of a regression with group terms.

The response linearised at the present fit, its working weights, and effects and standard deviations
by EM, term by term (Breslow & Clayton 1993, JASA 88:9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..reduction.sums import GaussianSums, gaussian_sums
from .likelihood import Working, auxiliaries, first_auxiliaries, first_location, working

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
class Rows:
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
        """The known part of eta."""
        return np.asarray(self.data["known"], dtype=np.float64)


def start(data: Mapping[str, Any], family: str) -> QuasiFit:
    """Return the fit before the first round; `data` and `family` as in `pilot.pilot_fit`."""
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
    rows = Rows(
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
    return QuasiFit(rows, b, effects, covariances, first_auxiliaries(family, data))


def _penalty(data: Mapping[str, Any], name: str) -> tuple[Floats, Floats]:
    """Precisions and locations of normal priors like those of alpha or beta."""
    family, location, scale = (
        np.atleast_1d(np.asarray(data[f"prior_{name}_{part}"], dtype=np.float64))
        for part in ("family", "location", "scale")
    )
    return np.where(family > 0, 1 / np.square(scale), 0.0), np.where(family > 0, location, 0.0)


@dataclass(frozen=True, eq=False)
class QuasiFit:
    """Where the rounds stand."""

    rows: Rows
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
        """The linear predictor."""
        return np.asarray(sum(self.parts(), self.rows.known + self.rows.X @ self.b))

    @property
    def variance(self) -> float:
        """By which working weights are divided: sigma^2, or 1."""
        return self.auxiliaries.get("sigma", 1.0) ** 2

    def run(self) -> QuasiFit:
        """Go on until nothing moves, or for `ROUNDS`."""
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
        return fit

    def near(self, other: QuasiFit, eta: Floats) -> bool:
        """Whether nothing moved by more than `ENOUGH` since another fit with that eta."""
        away = [np.max(np.abs(self.eta - eta), initial=0.0) / np.sqrt(self.variance)]
        for new, old in zip(self.covariances, other.covariances, strict=True):
            sd, before = np.sqrt(np.diag(new)), np.sqrt(np.diag(old))
            away.append(np.max(np.abs(sd - before) / np.maximum(sd, 1e-8)))
        away += [abs(np.log(x / other.auxiliaries[name])) for name, x in self.auxiliaries.items()]
        return bool(max(away) < ENOUGH)

    def working(self) -> Working:
        """Linearise the likelihood here."""
        return working(self.rows.family, self.rows.data, self.eta, self.auxiliaries)

    def with_auxiliaries(self, here: Working) -> QuasiFit:
        """Take a step of sigma, nu, phi."""
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

    def solved(self, here: Working) -> QuasiFit:
        """Take a step of b, where there are no group terms."""
        rows = self.rows
        XWX = rows.X.T @ (rows.X * here.weight[:, None]) / self.variance + np.diag(rows.ridge)
        slope = rows.X.T @ here.score / self.variance + rows.ridge * (rows.anchor - self.b)
        step = np.linalg.solve(XWX, slope)
        return replace(self, b=self.b + step * self._share(rows.X @ step))

    def updated(self, t: int, here: Working, eta: Floats) -> QuasiFit:
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
            spread = np.tensordot(PC @ inverse, PC, axes=([0, 2], [0, 2]))
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


def given_rows(S: Floats, Sigma: Floats) -> Floats:
    """Covariance of each group's effects, (S_j + Sigma^-1)^-1, also where Sigma is singular."""
    size, vectors = np.linalg.eigh(Sigma)
    root = vectors * np.sqrt(np.maximum(size, 0))
    inner = np.linalg.inv(np.eye(len(Sigma)) + root.T @ S @ root)
    return np.asarray(root @ inner @ root.T)


def _put(each: tuple[Floats, ...], place: int, new: Floats) -> tuple[Floats, ...]:
    return (*each[:place], new, *each[place + 1 :])
