"""Gaussian models all of whose group effects are integrated out, and their density.

The reference writes down the covariance of all rows: it eliminates nothing.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from programs.cases_crossed import columns_of_effects
from programs.cases_glmm import joint
from programs.cases_marginal import ALL, LOCATIONS, POSITIVE, Case
from programs.checks import Array
from programs.densities import log_slope_of_expit, total
from programs.densities_glmm import (
    correlation_matrix,
    joint_prior,
    location_prior,
    log_jacobian_of_correlations,
    positive_prior,
    power,
    signed_tau,
)
from scipy import special

import partialpool as pp
from partialpool.design.design import Design, GroupDesign
from partialpool.reduction import marginal
from partialpool.source.data import as_json
from partialpool.stan_data.prepare import Prepared

SHAPES: dict[str, dict[str, str]] = {
    "crossed": {"a": "", "b": ""},
    "three crossed": {"a": "", "b": "", "c": ""},
    "nested": {"a": "b", "b": ""},
    "chain of three": {"a": "b", "b": "c", "c": ""},
    "nested and crossed": {"a": "b", "b": "", "c": ""},
    "two families and one crossed": {"a": "b", "b": "", "c": "d", "d": "", "e": ""},
}
"""Factors of each kind of design, and the factor that each is nested in."""


def codes(shape: str, rows: int, rng: np.random.Generator) -> dict[str, Array]:
    """Group of each row, by factor; the groups of an outer factor have 1 to 3 inner ones."""
    parents = SHAPES[shape]
    found: dict[str, Array] = {}
    for name in parents:
        if not parents[name]:
            groups = int(rng.integers(2, 5))
            every = np.concatenate([np.arange(groups), rng.integers(0, groups, rows - groups)])
            found[name] = rng.permutation(every)
    while len(found) < len(parents):
        for name in parents:
            if name not in found and parents[name] in found:
                inner = found[parents[name]] * 3 + rng.integers(0, 3, rows)
                found[name] = np.unique(inner, return_inverse=True)[1]
    return found


def case(
    *,
    shape: str = "nested",
    q: tuple[int, ...] = (),
    correlated: bool = True,
    predictors: int = 1,
    intercept: bool = True,
    rows: int = 24,
    weights: bool = False,
    known_se: bool = False,
    rotation: int = 0,
    joined: int = 0,
    seed: int = 0,
) -> Case:
    """A made-up problem; levels and terms are in no order that says which is nested in which.

    `q`: coefficients of the terms, by factor; 1 where it ends.
    """
    rng = np.random.default_rng([seed, rows])
    by_factor = codes(shape, rows, rng)
    factors = sorted(by_factor)
    sizes = dict(zip(factors, (*q, *[1] * len(factors)), strict=False))
    names, inner = [f"x{k}" for k in range(predictors)], [f"z{k}" for k in range(1, 4)]
    columns: dict[str, Any] = {"y": rng.normal(1, 2, rows), "o": rng.normal(size=rows)}
    for name, of in by_factor.items():
        columns[name] = [f"{name}{i:02}" for i in rng.permutation(int(of.max()) + 1)[of]]
    columns |= {name: rng.normal(2, 1, rows) for name in names}
    columns |= {name: rng.normal(size=rows) for name in inner}
    columns |= {"s": rng.uniform(0.3, 2, rows), "w": rng.uniform(0.2, 3, rows)}
    left = ["se(s)"] * known_se + ["weights(w)"] * weights
    bar = "|" if correlated else "||"
    shuffled = rng.permutation(factors).tolist()
    terms = [f"({' + '.join(['1', *inner][: sizes[f]])} {bar} {f})" for f in shuffled]
    formula = f"y{' | ' * bool(left)}{' + '.join(left)} ~ " + " + ".join(
        [str(int(intercept)), *names, "offset(o)", *terms]
    )
    priors: dict[str, Any] = {
        name: LOCATIONS[(rotation + 1 + k) % 4] for k, name in enumerate(names)
    }
    if intercept:
        priors["Intercept"] = LOCATIONS[rotation % 4]
    for i, factor in enumerate(factors):
        for k, name in enumerate(["Intercept", *inner][: sizes[factor]]):
            priors[f"sd({factor}, {name})"] = POSITIVE[(rotation + i + k) % 5]
        if sizes[factor] > 1 and correlated:
            priors[f"cor({factor})"] = pp.LKJ(float(rng.uniform(0.6, 3)))
    if not known_se:
        priors["sigma"] = POSITIVE[(rotation + 2) % 5]
    return Case(formula, pd.DataFrame(columns), priors, joined)


@st.composite
def cases(draw: st.DrawFn, shape: str) -> tuple[Case, bool]:
    """Any of a shape, and whether each term has a group without rows too."""
    count = len(SHAPES[shape])
    most = 3 if count < 4 else 2
    one = case(
        shape=shape,
        q=tuple(draw(st.lists(st.integers(1, most), min_size=count, max_size=count))),
        correlated=draw(st.booleans()),
        predictors=draw(st.integers(0, 2)),
        intercept=draw(st.booleans()),
        weights=draw(st.booleans()),
        known_se=draw(st.booleans()),
        rotation=draw(st.integers(0, 19)),
        joined=draw(st.sampled_from([0, *range(32)])),
        seed=draw(st.integers(0, 1000)),
    )
    return one, draw(st.booleans())


def with_a_group_without_rows(design: Design) -> Design:
    """Of each term, the second: no order of the others says where it belongs."""
    groups = [
        dataclasses.replace(
            term,
            codes=term.codes + (term.codes > 0),
            levels=(term.levels[0], "none", *term.levels[1:]),
        )
        for term in design.groups
    ]
    return dataclasses.replace(design, groups=tuple(groups))


def prepared(model: pp.Model, *, without_rows: bool = False) -> Prepared:
    """The model with all its effects integrated out, if it is, and maybe groups without rows."""
    assert set(model.parameterizations.values()) == {"marginal"}
    made = model.prepared
    if without_rows:
        made = made.of_rows(with_a_group_without_rows(made.design))
    assert made.program.name == ALL
    assert made.reduced is not None
    assert made.reduced.elimination is not None
    return made


def data_of(made: Prepared, one: Case | None = None) -> dict[str, Any]:
    """Data of the program, with the joint prior of a case."""
    data: dict[str, Any] = json.loads(as_json(made.data))
    if one is None or not one.joined:
        return data
    counts = (data["has_intercept"], data["K"], data["Q"], data["C"], 1 - data["known_se"])
    rng = np.random.default_rng(one.joined)
    return data | joint([[1] * count for count in counts], one.joined, rng)


def points(data: dict[str, Any], *, count: int = 3) -> Array:
    """Of either sign of tau_raw; not so near 0 that the kink of a prior is between differences."""
    lengths = [data["P"], data["Q"], data["C"], 1 - data["known_se"]]
    q = np.random.default_rng([count, *lengths]).normal(scale=0.8, size=(count, sum(lengths)))
    raw = q[:, data["P"] : data["P"] + data["Q"]]
    raw += 0.05 * np.sign(raw)
    return q


def ordered_terms(made: Prepared) -> list[GroupDesign]:
    """The terms in the program's order: the first of the chain, then as in the formula."""
    assert made.reduced is not None
    label, groups = made.reduced.label, made.design.groups
    return sorted(groups, key=lambda term: (term.label != label, groups.index(term)))


@dataclasses.dataclass(frozen=True)
class At:
    """What one point stands for."""

    beta: Array
    tau: Array
    covariances: list[Array]
    """Of the effects of a group, by term."""
    sigma: float
    log_prior: float


class Reference:
    """The log density, at the rows of a matrix of points."""

    def __init__(self, made: Prepared, data: dict[str, Any]) -> None:
        self.data, self.design = data, made.design
        self.terms = ordered_terms(made)
        response = made.design.response
        assert response is not None
        self.y, self.se, self.weights = response.y, response.se, response.weights
        self.X = marginal.columns(made.design)
        self.columns = [columns_of_effects(term) for term in self.terms]

    def __call__(self, q: Array) -> Array:
        return np.array([self.at(row) for row in q])

    def at(self, q: Array) -> float:
        """Log density of the rows, each of weight w to the power w, and the prior."""
        point = self.point(q)
        covariance = np.diag(self.variances(point.sigma))
        for W, own in zip(self.columns, self.effects(point), strict=True):
            covariance = covariance + W @ own @ W.T
        lower = np.linalg.cholesky(covariance)
        z = np.linalg.solve(lower, self.y - self.mean(point))
        lp = point.log_prior - float(np.log(np.diag(lower)).sum() + 0.5 * z @ z)
        if self.weights is not None and self.se is None:
            lp += float(np.sum(1 - self.weights) * np.log(point.sigma))
        return lp

    def mean(self, point: At) -> Array:
        return np.asarray(self.X @ point.beta + self.design.offset)

    def variances(self, sigma: float) -> Array:
        own = np.full(len(self.y), sigma**2) if self.se is None else self.se**2
        return own if self.weights is None else own / self.weights

    def effects(self, point: At) -> list[Array]:
        """Prior covariances of the effects of each term, by coefficient, then group."""
        return [
            np.kron(own, np.eye(len(term.levels)))
            for term, own in zip(self.terms, point.covariances, strict=True)
        ]

    def moments(self, point: At) -> tuple[Array, Array]:
        """Mean and covariance of the effects of all terms given the rows."""
        W = np.hstack(self.columns)
        sizes = np.cumsum([0, *(of.shape[1] for of in self.columns)])
        prior = np.zeros((sizes[-1], sizes[-1]))
        for start, stop, own in zip(sizes, sizes[1:], self.effects(point), strict=False):
            prior[start:stop, start:stop] = own
        rows = W @ prior @ W.T + np.diag(self.variances(point.sigma))
        gain = np.linalg.solve(rows, W @ prior).T
        return gain @ (self.y - self.mean(point)), prior - gain @ W @ prior

    def point(self, q: Array) -> At:
        data = self.data
        xi, raw, free, log_sigma = np.split(q, np.cumsum([data["P"], data["Q"], data["C"]]))
        R_inverse = np.reshape(data["R_inverse"], (data["P"], data["P"]))
        beta = np.asarray(data["beta_hat"]) + data["y_unit"] * R_inverse @ xi
        signed, slopes = signed_tau(raw, np.asarray(data["tau_unit"]))
        lp = float(slopes.sum() + log_slope_of_expit(free).sum() + log_sigma.sum())
        partial = 2 * special.expit(free) - 1
        before = data["has_intercept"] + data["K"] + data["Q"]
        covariances, flips = [], []
        tau_at = cor_at = 0
        for t, term in enumerate(self.terms):
            n = len(term.coefficients)
            pairs = n * (n - 1) // 2 if term.correlated else 0
            own = partial[None, cor_at : cor_at + pairs]
            omega = correlation_matrix(own, n)[0]
            here = signed[tau_at : tau_at + n]
            if pairs:
                lkj = (data["prior_cor_eta"][t] - 1) * float(np.linalg.slogdet(omega)[1])
                lkj += float(log_jacobian_of_correlations(own, n)[0])
                lp += power(before + cor_at, data) * lkj
                flips.append(np.sign(np.outer(here, here))[np.tril_indices(n, -1)])
            covariances.append(np.outer(here, here) * omega)
            tau_at, cor_at = tau_at + n, cor_at + pairs
        tau = np.abs(signed)
        sigma = float(data["y_unit"] * np.exp(log_sigma.sum())) if not data["known_se"] else 1.0
        lp += self._priors(beta, tau, sigma)
        logs = np.log(np.maximum(tau, np.finfo(float).tiny))
        log_sigmas = np.log([sigma])[: len(log_sigma)]
        u = np.concatenate([beta, logs, np.concatenate([np.empty(0), *flips]) * free, log_sigmas])
        jacobian = [np.zeros(len(beta)), logs, log_slope_of_expit(free), log_sigmas]
        lp += float(total(joint_prior(u[None], np.concatenate(jacobian)[None], data)[None])[0])
        return At(beta, tau, covariances, sigma, lp)

    def _priors(self, beta: Array, tau: Array, sigma: float) -> float:
        data, lp = self.data, 0.0
        first, count = data["has_intercept"], data["K"]
        four, three = ("family", "location", "scale", "df"), ("family", "scale", "df")
        if first:
            at_means = beta[0] + beta[1:] @ self.design.X.mean(axis=0)
            own = location_prior(at_means, *(data[f"prior_alpha_{p}"] for p in four))
            lp += power(0, data) * float(own)
        for k, slope in enumerate(beta[first:]):
            own = location_prior(slope, *(data[f"prior_beta_{p}"][k] for p in four))
            lp += power(first + k, data) * float(own)
        for k, each in enumerate(tau):
            own = positive_prior(each, *(data[f"prior_tau_{p}"][k] for p in three))
            lp += power(first + count + k, data) * float(own)
        if not data["known_se"]:
            own = positive_prior(np.array(sigma), *(data[f"prior_sigma_{p}"] for p in three))
            lp += power(first + count + len(tau) + data["C"], data) * float(own)
        return lp
