"""Gaussian models with several group terms, and their density from a dense multivariate normal.

Given the effects of the terms that are sampled, those of the first are integrated out by writing
down the covariance of all rows.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from programs.cases_marginal import LOCATIONS, POSITIVE, Case
from programs.checks import Array
from programs.densities import log_slope_of_expit, total
from programs.densities_glmm import (
    correlation_matrix,
    location_prior,
    log_jacobian_of_correlations,
    positive_prior,
    signed_tau,
)
from scipy import special, stats

import partialpool as pp
from partialpool.design.design import GroupDesign
from partialpool.reduction import marginal
from partialpool.source.data import as_json
from partialpool.stan_data import sums as marginal_data

FACTORS = ("g", "h", "k")


def case(
    *,
    q: tuple[int, ...] = (1, 1),
    groups: tuple[int, ...] = (5, 3),
    correlated: bool = True,
    nested: bool = False,
    predictors: int = 1,
    intercept: bool = True,
    rows: int = 20,
    weights: bool = False,
    known_se: bool = False,
    shift: float = 0.0,
    rotation: int = 0,
    seed: int = 0,
) -> Case:
    """A made-up problem: groups of g hold some rows each, h is crossed with or nested in them."""
    rng = np.random.default_rng(seed)
    factors = FACTORS[: len(q)]
    codes = {
        name: rng.permutation(np.concatenate([np.arange(J), rng.integers(0, J, rows - J)]))
        for name, J in zip(factors, groups, strict=True)
    }
    if nested:  # every group of g is within one of h
        codes["h"] = codes["g"] % groups[1]
    names = [f"x{k}" for k in range(predictors)]
    inner = [f"z{k}" for k in range(1, max(q))]
    columns: dict[str, Any] = {"y": shift + rng.normal(1, 2, rows), "o": rng.normal(size=rows)}
    columns |= {name: [f"{name}{i:02}" for i in of] for name, of in codes.items()}
    columns |= {name: rng.normal(2, 1, rows) for name in names}
    columns |= {name: rng.normal(size=rows) for name in inner}
    columns |= {"s": rng.uniform(0.3, 2, rows), "w": rng.uniform(0.2, 3, rows)}
    left = ["se(s)"] * known_se + ["weights(w)"] * weights
    bar = "|" if correlated else "||"
    terms = [
        f"({' + '.join(['1', *inner][:n])} {bar} {f})" for f, n in zip(factors, q, strict=True)
    ]
    parts = [str(int(intercept)), *names, "offset(o)", *terms]
    priors: dict[str, Any] = {
        name: LOCATIONS[(rotation + 1 + k) % 4] for k, name in enumerate(names)
    }
    if intercept:
        priors["Intercept"] = LOCATIONS[rotation % 4]
    for i, (factor, n) in enumerate(zip(factors, q, strict=True)):
        for k, name in enumerate(["Intercept", *inner][:n]):
            priors[f"sd({factor}, {name})"] = POSITIVE[(rotation + i + k) % 5]
        if n > 1 and correlated:
            priors[f"cor({factor})"] = pp.LKJ(float(rng.uniform(0.6, 3)))
    if not known_se:
        priors["sigma"] = POSITIVE[(rotation + 2) % 5]
    formula = f"y{' | ' * bool(left)}{' + '.join(left)} ~ " + " + ".join(parts)
    return Case(formula, pd.DataFrame(columns), priors)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Case, dict[str, str]]:
    """Any of them, and how each term is dealt with: any of them may be integrated out."""
    count = draw(st.integers(2, 3))
    switch = st.booleans()
    one = case(
        q=tuple(draw(st.lists(st.integers(1, 5 - count), min_size=count, max_size=count))),
        groups=tuple(draw(st.lists(st.integers(2, 4), min_size=count, max_size=count))),
        correlated=draw(switch),
        nested=draw(switch),
        predictors=draw(st.integers(0, 2)),
        intercept=draw(switch),
        weights=draw(switch),
        known_se=draw(switch),
        rotation=draw(st.integers(0, 19)),
        seed=draw(st.integers(0, 1000)),
    )
    out = draw(st.sampled_from(FACTORS[:count]))
    others = {f: draw(st.sampled_from(["centered", "noncentered"])) for f in FACTORS[:count]}
    return one, others | {out: "marginal"}


def model_of(one: Case, how: dict[str, str] | None = None) -> pp.Model:
    """The model; the first term is integrated out, the others are non-centered, by default."""
    factors = [f for f in FACTORS if f in one.frame]
    given = {f: "marginal" if f == "g" else "noncentered" for f in factors} if how is None else how
    return one.model(parameterization=given)


def data_of(model: pp.Model, *, sparse: bool = False) -> dict[str, Any]:
    """Data of the program, with Z'W whole (as it is where it is small) or sparse."""
    (out,) = (term for term, how in model.parameterizations.items() if how == "marginal")
    found = marginal.reduced(model.design, out)
    assert found is not None
    centered = {term: how == "centered" for term, how in model.parameterizations.items()}
    small, share = marginal_data.SMALL, marginal_data.SPARSE
    try:
        if sparse:
            marginal_data.SMALL = marginal_data.SPARSE = 0
        made = marginal_data.stan_data(
            model.design, model.prior_table, found, centered, family=model.response_family
        )
    finally:
        marginal_data.SMALL, marginal_data.SPARSE = small, share
    assert made["dense"] == int(not sparse)
    plain: dict[str, Any] = json.loads(as_json(made))
    return plain


def points(data: dict[str, Any], *, count: int = 3) -> Array:
    """Of either sign of tau_raw; not so near 0 that the kink of a prior is between differences."""
    lengths = [data["P"], data["Q"], data["C"], data["R"], 1 - data["known_se"]]
    q = np.random.default_rng([count, *lengths]).normal(scale=0.8, size=(count, sum(lengths)))
    raw = q[:, data["P"] : data["P"] + data["Q"]]
    raw += 0.05 * np.sign(raw)
    return q


def reflection(groups: int) -> Array:
    """The symmetric orthogonal matrix with 1 / sqrt(groups) in its first column and row."""
    v = np.full(groups, groups**-0.5) - np.eye(groups)[0]
    return np.asarray(np.eye(groups) - (2 * np.outer(v, v) / (v @ v) if groups > 1 else 0))


def columns_of_effects(term: GroupDesign) -> Array:
    """W of a term, zeros and all, by coefficient, then group."""
    member = np.eye(len(term.levels))[term.codes]
    return np.hstack([column[:, None] * member for column in term.Z.T])


class Reference:
    """The log density, at the rows of a matrix of points."""

    def __init__(self, model: pp.Model, data: dict[str, Any]) -> None:
        self.model, self.data = model, data
        (label,) = (f for f, how in model.parameterizations.items() if how == "marginal")
        groups = model.design.groups
        self.terms = sorted(groups, key=lambda term: (term.label != label, groups.index(term)))
        response = model.design.response
        assert response is not None
        self.y, self.se, self.weights = response.y, response.se, response.weights
        self.X = marginal.columns(model.design)
        self.W = np.hstack([columns_of_effects(term) for term in self.terms[1:]])
        precision = np.ones(len(self.y)) if self.weights is None else self.weights
        precision = precision if self.se is None else precision / self.se**2
        R_inverse = np.reshape(data["R_inverse"], (data["P"], data["P"]))
        self.R_inverse = R_inverse
        self.QW = (self.X @ R_inverse).T @ (precision[:, None] * self.W)

    def __call__(self, q: Array) -> Array:
        return np.array([self.at(row) for row in q])

    def at(self, q: Array) -> float:
        data = self.data
        lengths = np.cumsum([data["P"], data["Q"], data["C"], data["R"]])
        xi, raw, free, z, log_sigma = np.split(q, lengths)
        partial = 2 * special.expit(free) - 1
        lp = float(total(log_slope_of_expit(free[None]))[0] + log_sigma.sum())
        tau, covariances, effects = [], [], []
        tau_at = cor_at = r_at = 0
        for t, term in enumerate(self.terms):
            n, groups = len(term.coefficients), len(term.levels)
            pairs = n * (n - 1) // 2 if term.correlated else 0
            unit = np.asarray(data["tau_unit"])[tau_at : tau_at + n]
            here = raw[tau_at : tau_at + n]
            centered = self.model.parameterizations[term.label] == "centered"
            if centered:
                signed, slopes = unit * np.exp(here), here
            else:
                signed, slopes = signed_tau(here, unit)
            lp += float(np.sum(slopes))
            own = partial[None, cor_at : cor_at + pairs]
            omega = correlation_matrix(own, n)[0]
            if pairs:
                lp += (data["prior_cor_eta"][t] - 1) * float(np.linalg.slogdet(omega)[1])
                lp += float(log_jacobian_of_correlations(own, n)[0])
            covariance = np.outer(signed, signed) * omega
            if t > 0:
                own_z = z[r_at : r_at + n * groups].reshape(n, groups) @ reflection(groups)
                if centered:
                    r = data["y_unit"] * own_z
                    lp += float(np.sum(_normal(r.T, covariance)))
                else:
                    r = (signed[:, None] * np.linalg.cholesky(omega)) @ own_z
                    lp += float(np.sum(stats.norm.logpdf(own_z)))
                effects.append(r.ravel())
                r_at += n * groups
            tau.append(np.abs(signed))
            covariances.append(covariance)
            tau_at, cor_at = tau_at + n, cor_at + pairs
        r2 = np.concatenate(effects)
        beta = np.asarray(data["beta_hat"]) + self.R_inverse @ (data["y_unit"] * xi - self.QW @ r2)
        sigma = float(data["y_unit"] * np.exp(log_sigma.sum()))
        lp += self._priors(beta, np.concatenate(tau), sigma)
        return lp + self._rows(beta, r2, covariances[0], sigma)

    def _priors(self, beta: Array, tau: Array, sigma: float) -> float:
        data, design = self.data, self.model.design
        slopes, lp = beta[data["has_intercept"] :], 0.0
        four, three = ("family", "location", "scale", "df"), ("family", "scale", "df")
        if data["has_intercept"]:
            at_means = beta[0] + slopes @ design.X.mean(axis=0)
            lp += float(location_prior(at_means, *(data[f"prior_alpha_{p}"] for p in four)))
        for k, slope in enumerate(slopes):
            lp += float(location_prior(slope, *(data[f"prior_beta_{p}"][k] for p in four)))
        for k, each in enumerate(tau):
            lp += float(positive_prior(each, *(data[f"prior_tau_{p}"][k] for p in three)))
        if not data["known_se"]:
            lp += float(positive_prior(np.array(sigma), *(data[f"prior_sigma_{p}"] for p in three)))
        return lp

    def _rows(self, beta: Array, r2: Array, covariance: Array, sigma: float) -> float:
        """A row of weight w has its density to the power w, up to a constant."""
        term = self.terms[0]
        mean = self.X @ beta + self.model.design.offset + self.W @ r2
        same = term.codes[:, None] == term.codes
        variance = np.full(len(self.y), sigma**2) if self.se is None else self.se**2
        power = 0.0
        if self.weights is not None:
            variance = variance / self.weights
            power = 0.0 if self.se is not None else float(np.sum(1 - self.weights) * np.log(sigma))
        dense = term.Z @ covariance @ term.Z.T * same + np.diag(variance)
        return power + float(_normal((self.y - mean)[None], dense)[0])


def _normal(x: Array, covariance: Array) -> Array:
    """Normal log densities of the rows of x, up to a constant."""
    lower = np.linalg.cholesky(covariance)
    z = np.linalg.solve(lower, x.T)
    return np.asarray(-np.log(np.diag(lower)).sum() - 0.5 * np.sum(z**2, axis=0))
