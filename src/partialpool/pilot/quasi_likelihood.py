"""Penalised quasi-likelihood in NumPy: a quick approximate fit of a regression with group terms.

In each round the likelihood is linearised at the current fit (working weights and scores); then the
coefficients, effects and standard deviations are updated by EM (Breslow & Clayton 1993, JASA 88:9):
those of all terms at once if there are several with few effects, else of one term after another,
with the effects of the others held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..arrays import Floats
from ..reduction.sums import GaussianSums, gaussian_sums
from .fixed_rows import FixedRows, by_term, effect_columns, fixed_rows
from .likelihood import Linearised, auxiliaries, first_auxiliaries, first_location, linearised

ROUNDS, EM_STEPS, EM_STEPS_OF_ALL = 25, 4, 2
"""Most rounds (linearisations), and steps of EM in a round: for each term, and for all at once."""
TOLERANCE = 0.01
"""The rounds end when eta changes by less than this times sigma (or 1), and standard deviations
and sigma, nu and phi by less than this in relation to their size."""
FARTHEST = 3.0
"""Largest change of eta in a round, on a log or logit link."""
JOINT = 600
"""Number of effects up to which those of several terms are updated at once."""
START = 0.5
"""Standard deviation of group effects from which EM starts, in units of eta."""
LARGEST_CORRELATION = 0.9
"""Factor of the estimated correlations, so that none is 1 or -1."""


@dataclass(frozen=True, eq=False)
class QuasiFit:
    """The estimates after a round.

    Attributes
    ----------
    rows : FixedRows
        The data.
    b : array, (column,)
        Coefficients of X: alpha, if there is an intercept, and beta.
    effects : tuple of array, (group, coefficient)
        Effects of each group term.
    covariances : tuple of array, (coefficient, coefficient)
        Covariance of each term's effects between groups.
    auxiliaries : mapping
        Those of sigma, nu and phi that the family has.
    """

    rows: FixedRows
    b: Floats
    effects: tuple[Floats, ...]
    covariances: tuple[Floats, ...]
    auxiliaries: Mapping[str, float]

    def contributions(self) -> list[Floats]:
        """Return what each term adds to eta, (row,)."""
        terms = zip(self.rows.Z, self.effects, self.rows.codes, strict=True)
        return [np.einsum("nk,nk->n", Z, effects[codes]) for Z, effects, codes in terms]

    @property
    def eta(self) -> Floats:
        """The linear predictor, (row,)."""
        return np.asarray(sum(self.contributions(), self.rows.offset + self.rows.X @ self.b))

    @property
    def variance(self) -> float:
        """The divisor of the working weights: sigma^2, or 1 for a family without sigma."""
        return self.auxiliaries.get("sigma", 1.0) ** 2

    def run(self) -> QuasiFit:
        """Return the fit after as many rounds as it takes to converge, at most `ROUNDS`."""
        fit = self
        for number in range(ROUNDS):
            before, linear, eta = fit, fit.linearised(), fit.eta
            if not fit.effects:
                fit = fit.with_coefficients(linear)
            if len(fit.effects) > 1 and sum(e.size for e in fit.effects) <= JOINT:
                fit = fit.with_all_terms(linear, eta)
            else:
                for t in range(len(fit.effects)):
                    fit = fit.with_term(t, linear, eta)
            if number < 3 or number % 4 == 0 or fit.rows.family == "gaussian":
                fit = fit.with_auxiliaries(linear)
            if fit.converged(before, eta):
                break
        return fit

    def converged(self, before: QuasiFit, eta: Floats) -> bool:
        """Tell whether no estimate differs from the fit `before`, with this eta, by `TOLERANCE`."""
        changes = [np.max(np.abs(self.eta - eta), initial=0.0) / np.sqrt(self.variance)]
        for new, old in zip(self.covariances, before.covariances, strict=True):
            sd, old_sd = np.sqrt(np.diag(new)), np.sqrt(np.diag(old))
            changes.append(np.max(np.abs(sd - old_sd) / np.maximum(sd, 1e-8)))
        changes += [
            abs(np.log(value / before.auxiliaries[name]))
            for name, value in self.auxiliaries.items()
        ]
        return bool(max(changes) < TOLERANCE)

    def linearised(self) -> Linearised:
        """Linearise the likelihood at this fit."""
        return linearised(self.rows.family, self.rows.data, self.eta, self.auxiliaries)

    def with_auxiliaries(self, linear: Linearised) -> QuasiFit:
        """Return the fit with new estimates of sigma, nu and phi."""
        if not self.auxiliaries:
            return self
        spent = float(len(self.b))
        for t, covariance in enumerate(self.covariances):
            sums = self.sums(t, linear, self.eta)
            of_effects = effects_covariance(sums.ZZ / self.variance, covariance)
            spent += float(np.einsum("jab,jba->", sums.ZZ, of_effects)) / self.variance
        rows = self.rows
        estimates = auxiliaries(rows.family, rows.data, self.eta, self.auxiliaries, spent=spent)
        return replace(self, auxiliaries=estimates)

    def sums(self, t: int, linear: Linearised, eta: Floats) -> GaussianSums:
        """Return the cross-products of term t with the response linearised at eta.

        The contributions of the other terms are taken off the response.
        """
        rows = self.rows
        others = sum((p for u, p in enumerate(self.contributions()) if u != t), rows.offset)
        return gaussian_sums(
            rows.X,
            rows.Z[t],
            rows.codes[t],
            len(self.effects[t]),
            eta + linear.score / linear.weight - others,
            reference=self.b,
            weights=linear.weight,
        )

    def with_coefficients(self, linear: Linearised) -> QuasiFit:
        """Return the fit after a Newton step of b, for a model without group terms."""
        rows = self.rows
        XWX = rows.X.T @ (rows.X * linear.weight[:, None]) / self.variance + np.diag(rows.ridge)
        gradient = rows.X.T @ linear.score / self.variance + rows.ridge * (rows.anchor - self.b)
        step = np.linalg.solve(XWX, gradient)
        return replace(self, b=self.b + step * self._step_factor(rows.X @ step))

    def with_term(self, t: int, linear: Linearised, eta: Floats) -> QuasiFit:
        """Return the fit with new b, and new effects and covariance of term t, by steps of EM.

        The effects of the other terms are held at their estimates.
        """
        rows, sums, s2 = self.rows, self.sums(t, linear, eta), self.variance
        S, C, v = sums.ZZ / s2, sums.ZX / s2, sums.Zr / s2
        XWX = sums.XX / s2 + np.diag(rows.ridge)
        gradient = sums.Xr / s2 + rows.ridge * (rows.anchor - self.b)
        Sigma = self.covariances[t]
        step, effects = np.zeros_like(self.b), self.effects[t]
        for _ in range(EM_STEPS):
            P = effects_covariance(S, Sigma)
            PC, Pv = P @ C, np.einsum("jab,jb->ja", P, v)
            b_precision = XWX - np.einsum("jap,jar->pr", C, PC)
            b_covariance = np.linalg.inv(b_precision)
            step = b_covariance @ (gradient - np.einsum("jap,ja->p", C, Pv))
            effects = Pv - PC @ step
            from_b = np.tensordot(PC @ b_covariance, PC, axes=([0, 2], [0, 2]))
            moment = (effects.T @ effects + P.sum(axis=0) + from_b) / len(v)
            Sigma = self._allowed(t, moment)
        change = np.einsum("nk,nk->n", rows.Z[t], (effects - self.effects[t])[rows.codes[t]])
        factor = self._step_factor(change, rows.codes[t], len(v))[:, None]
        old = self.effects[t]
        return replace(
            self,
            b=self.b + step * self._step_factor(rows.X @ step),
            effects=_replaced(self.effects, t, old + (effects - old) * factor),
            covariances=_replaced(self.covariances, t, Sigma),
        )

    def with_all_terms(self, linear: Linearised, eta: Floats) -> QuasiFit:
        """Return the fit with new b, effects and covariances of all terms, by steps of EM.

        Effects are jointly normal given the linearised likelihood, so that what one term takes
        from another is part of their uncertainty.
        """
        rows, s2 = self.rows, self.variance
        sizes = [effects.shape for effects in self.effects]
        D = sparse.hstack(
            [sparse.csr_array(rows.X), effect_columns(rows, [J for J, _ in sizes])], format="csr"
        )
        weighted = D.multiply((linear.weight / s2)[:, None]).T.tocsr()
        information = (weighted @ D).toarray()
        response = eta + linear.score / linear.weight - rows.offset
        columns = len(self.b)
        pull = np.asarray(weighted @ response)
        pull[:columns] += rows.ridge * rows.anchor
        information[np.arange(columns), np.arange(columns)] += rows.ridge
        parts = np.split(np.arange(columns, len(pull)), np.cumsum([J * q for J, q in sizes])[:-1])
        covariances = list(self.covariances)
        values, effect = np.zeros(len(pull)), np.arange(columns, len(pull))
        for _ in range(EM_STEPS_OF_ALL):
            # effects are Lambda times standard normals, so that an sd may be 0
            factor = _block_diagonal(columns, sizes, covariances)
            A = factor.T @ (factor.T @ information).T
            A[effect, effect] += 1
            covariance = factor @ (factor @ np.linalg.inv(A)).T
            values = covariance @ pull
            for t, (part, (J, q)) in enumerate(zip(parts, sizes, strict=True)):
                effects = values[part].reshape(J, q)
                own = covariance[np.ix_(part, part)].reshape(J, q, J, q)
                moment = (effects.T @ effects + np.einsum("jajb->ab", own)) / J
                covariances[t] = self._allowed(t, moment)
        b, new = values[:columns], [values[p].reshape(s) for p, s in zip(parts, sizes, strict=True)]
        moved = replace(self, b=b, effects=tuple(new))
        factor_of = self._step_factor(moved.eta - self.eta)[0]
        return replace(
            self,
            b=self.b + (b - self.b) * factor_of,
            effects=tuple(
                old + (e - old) * factor_of for old, e in zip(self.effects, new, strict=True)
            ),
            covariances=tuple(covariances),
        )

    def _allowed(self, t: int, moment: Floats) -> Floats:
        """Return the covariance nearest to the second moments that term t may have.

        Given sds keep their values, sds are at most ``rows.most``, and correlations are 0 if the
        term has none, else multiplied by `LARGEST_CORRELATION`.
        """
        fixed, old_sd = self.rows.fixed[t], np.sqrt(np.diag(self.covariances[t]))
        sd = np.sqrt(np.diag(moment))
        correlation = np.eye(len(sd))
        if self.rows.data["correlated"][t]:
            estimate = np.clip(moment / np.maximum(np.outer(sd, sd), 1e-300), -1, 1)
            correlation = np.where(correlation > 0, 1.0, estimate * LARGEST_CORRELATION)
        sd = np.where(fixed, old_sd, np.minimum(sd, self.rows.most[t]))
        return np.asarray(correlation * np.outer(sd, sd))

    def _step_factor(
        self, change: Floats, codes: NDArray[np.int64] | None = None, groups: int = 1
    ) -> Floats:
        """Return the factors, (group,), by which a step is shortened.

        They keep the change of eta, (row,), within `FARTHEST`; without `codes` all rows are one
        group.
        """
        largest = np.zeros(groups)
        if self.rows.family not in ("gaussian", "student"):
            group = np.zeros(len(change), dtype=np.int64) if codes is None else codes
            np.maximum.at(largest, group, np.abs(change))
        return np.minimum(1.0, FARTHEST / np.maximum(largest, FARTHEST))


def first_fit(data: Mapping[str, Any], family: str) -> QuasiFit:
    """Return the fit before the first round; `data` and `family` are as in `fit.pilot_fit`."""
    rows = fixed_rows(data, family)
    b = np.zeros(rows.X.shape[1])
    if data["has_intercept"]:
        b[0] = first_location(family, data)
    effects, covariances = [], []
    scales = by_term(np.asarray(data["prior_tau_scale"], dtype=np.float64), data)
    for Z, J, fixed, most, scale in zip(
        rows.Z, data["J"], rows.fixed, rows.most, scales, strict=True
    ):
        q = len(scale)
        size = np.sqrt(np.maximum(np.mean(Z**2, axis=0), 1e-12)) if len(Z) else np.ones(q)
        sd = np.where(fixed, scale, np.minimum(START / size, most))
        effects.append(np.zeros((J, q)))
        covariances.append(np.diag(np.square(sd)))
    start = first_auxiliaries(family, data)
    return QuasiFit(rows, b, tuple(effects), tuple(covariances), start)


def _block_diagonal(
    columns: int, sizes: Sequence[tuple[int, ...]], covariances: Sequence[Floats]
) -> Any:
    """Return the matrix by which standard normals are multiplied to be b and effects.

    Parameters
    ----------
    columns : int
        Number of coefficients b, which are not standardised.
    sizes : sequence of (groups, coefficients)
    covariances : sequence of array, (coefficient, coefficient)
    """
    blocks: list[Any] = [sparse.csr_array(np.eye(columns))]
    for (J, _), Sigma in zip(sizes, covariances, strict=True):
        size, vectors = np.linalg.eigh(Sigma)
        root = vectors * np.sqrt(np.maximum(size, 0))
        blocks.append(sparse.kron(sparse.eye_array(J), root))
    return sparse.block_diag(blocks, format="csr")


def effects_covariance(S: Floats, Sigma: Floats) -> Floats:
    """Return the covariance of each group's effects given the rows, (S_j + Sigma^-1)^-1.

    Parameters
    ----------
    S : array, (group, coefficient, coefficient)
        Z'WZ over the residual variance: the information of each group's rows.
    Sigma : array, (coefficient, coefficient)
        Covariance of the effects between groups; it may be singular.

    Returns
    -------
    array, (group, coefficient, coefficient)
    """
    size, vectors = np.linalg.eigh(Sigma)
    root = vectors * np.sqrt(np.maximum(size, 0))
    inner = np.linalg.inv(np.eye(len(Sigma)) + root.T @ S @ root)
    return np.asarray(root @ inner @ root.T)


def _replaced(arrays: tuple[Floats, ...], t: int, new: Floats) -> tuple[Floats, ...]:
    return (*arrays[:t], new, *arrays[t + 1 :])
