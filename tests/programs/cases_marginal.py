"""Gaussian models with one group term, and their density from a dense multivariate normal."""

from __future__ import annotations

import json
import warnings
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from programs.cases_glmm import joint
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
from partialpool.pilot.coordinates import coordinates
from partialpool.reduction import marginal
from partialpool.source.data import as_json
from partialpool.stan_data import sums as marginal_data
from partialpool.stan_data.rows import stan_data

BY_GROUP, BY_PATTERN = "glmm/gaussian_marginal", "glmm/gaussian_marginal_patterns"
CROSSED, ALL = "glmm/gaussian_marginal_crossed", "glmm/gaussian_marginal_all"
PROGRAMS = (BY_GROUP, BY_PATTERN)
"""Of one group term; those of several have their own cases."""
FEW = {BY_GROUP: 10**9, BY_PATTERN: 0}
"""Values of `marginal.FEW_PATTERNS` that choose the one program or the other."""

DATA_NAMES = frozenset(
    {"K", "has_intercept", "P", "x_mean", "beta_hat", "R_inverse", "rss", "rows", "known_se"}
    | {"q", "correlated", "C", "J", "ZZ", "ZrQ", "draw_effects", "B", "groups", "G"}
    | {"y_unit", "tau_unit", "T", "Q", "R", "centered", "WrQ"}
    | {f"{kind}_{part}" for kind in ("ZW", "WW") for part in ("value", "row", "column")}
    | {"n_ZW", "n_WW", "dense", "ZW", "n_start", "ZW_start"}
    | {"E", "chain", "outside", "QE", "JE", "JI", "HE", "RD", "level", "outer", "WW"}
    | {"D", "joint_at", "own_power"}
)

DIMENSIONS = dict.fromkeys(
    (
        *("xi", "tau_raw", "cpc", "sigma_std", "Intercept", "beta", "alpha", "tau_signed", "tau"),
        *("sigma", "rho", "r", "z", "w", "r_first"),
    ),
    1,
)


def offered(name: str) -> Set[str]:
    """What each program offers: effects of the one term come from sums of single groups alone."""
    own = {"z", "w", "r_first"}
    return (
        set(DIMENSIONS)
        - {BY_GROUP: own, BY_PATTERN: own | {"r"}, CROSSED: set(), ALL: {"z", "w"}}[name]
    )


# --- models ---------------------------------------------------------------------------------------

LOCATIONS = (pp.Flat(), pp.Normal(0.4, 2), pp.StudentT(3.5, -1, 1.5), pp.Cauchy(0.3, 0.8))
POSITIVE = (
    *(pp.HalfNormal(1.3), pp.HalfStudentT(2.5, 0.7), pp.HalfCauchy(1.1)),
    *(pp.Exponential(0.6), pp.Gamma(2.3, 1.7)),
)


@dataclass(frozen=True)
class Case:
    """A formula, its data and priors."""

    formula: str
    frame: pd.DataFrame
    priors: dict[str, Any]
    joined: int = 0
    """Which kinds of parameters have a joint prior, in bits: see `cases_glmm.joint`."""

    def model(self, **options: Any) -> pp.Model:
        with warnings.catch_warnings():  # designs made at random have groups of one row, or twice
            warnings.simplefilter("ignore", pp.DataWarning)
            return pp.Model(self.formula, self.frame, priors=self.priors, **options)

    def with_joint(self, data: dict[str, Any]) -> dict[str, Any]:
        ones = (data["has_intercept"], data["K"], data["q"], data["C"], 1 - data["known_se"])
        rng = np.random.default_rng(self.joined)
        return data | joint([[1] * count for count in ones], self.joined, rng)


def case(
    *,
    q: int = 2,
    predictors: int = 1,
    intercept: bool = True,
    correlated: bool = True,
    groups: int = 4,
    rows: int = 14,
    weights: str = "none",
    known_se: bool = False,
    rotation: int = 0,
    joined: int | None = 0,
    seed: int = 0,
) -> Case:
    """A made-up unbalanced problem; `rotation` says which priors go to which parameters.

    And, where `joined` is None, which of them have a joint prior too.
    """
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(groups), rng.choice(groups, rows, p=_shares(groups, rng))])
    codes = np.concatenate([codes, np.repeat(0, 5)])  # slopes vary within a group
    n = len(codes)
    names, inner = [f"x{k}" for k in range(predictors)], [f"z{k}" for k in range(1, q)]
    columns: dict[str, Any] = {"g": codes, "y": rng.normal(1, 2, n), "o": rng.normal(size=n)}
    columns |= {name: rng.normal(2, 1, n) for name in names}
    columns |= {name: rng.normal(size=n).round(rng.integers(0, 3)) for name in inner}
    columns |= {"s": rng.uniform(0.3, 2, n)}
    whole = rng.integers(1, 4, n).astype(float)
    columns |= {"w": whole if weights == "whole" else rng.uniform(0.2, 3, n)}
    left = ["se(s)"] * known_se + ["weights(w)"] * (weights != "none")
    bar = "|" if correlated else "||"
    formula = f"y{' | ' * bool(left)}{' + '.join(left)} ~ " + " + ".join(
        [str(int(intercept)), *names, "offset(o)", f"({' + '.join(['1', *inner])} {bar} g)"]
    )
    priors: dict[str, Any] = {
        name: LOCATIONS[(rotation + 1 + k) % 4] for k, name in enumerate(names)
    }
    if intercept:
        priors["Intercept"] = LOCATIONS[rotation % 4]
    for k, name in enumerate(["Intercept", *inner]):
        priors[f"sd(g, {name})"] = POSITIVE[(rotation + k) % 5]
    if q > 1 and correlated:
        priors["cor(g)"] = pp.LKJ(float(rng.uniform(0.6, 3)))
    if not known_se:
        priors["sigma"] = POSITIVE[(rotation + 2) % 5]
    return Case(
        formula, pd.DataFrame(columns), priors, rotation * 7 % 32 if joined is None else joined
    )


def _shares(groups: int, rng: np.random.Generator) -> Array:
    return np.asarray(rng.dirichlet(np.full(groups, 0.7)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any of them."""
    return case(
        q=draw(st.integers(1, 4)),
        predictors=draw(st.integers(0, 3)),
        intercept=draw(st.booleans()),
        correlated=draw(st.booleans()),
        groups=draw(st.integers(2, 6)),
        rows=draw(st.integers(4, 12)),
        weights=draw(st.sampled_from(["none", "whole", "fractional"])),
        known_se=draw(st.booleans()),
        rotation=draw(st.integers(0, 19)),
        joined=None,
        seed=draw(st.integers(0, 1000)),
    )


def data_of(model: pp.Model, program: str) -> dict[str, Any]:
    """Data of either program, whichever the model would take."""
    few, marginal.FEW_PATTERNS = marginal.FEW_PATTERNS, FEW[program]
    work, marginal.WORK = marginal.WORK, 10**9
    try:
        found = marginal.reduced(model.design)
        assert found is not None
        made = marginal_data.stan_data(
            model.design, model.prior_table, found, family=model.response_family
        )
    finally:
        marginal.FEW_PATTERNS = few
        marginal.WORK = work
    plain: dict[str, Any] = json.loads(as_json(made))
    return plain


# --- their densities ------------------------------------------------------------------------------


def size(data: dict[str, Any]) -> int:
    """Unconstrained numbers of xi, tau_raw, cpc and sigma_std."""
    return int(data["P"] + data["q"] + data["C"] + 1 - data["known_se"])


def points(data: dict[str, Any], *, count: int = 4) -> Array:
    """Of either sign of tau_raw; not so near 0 that the kink of a prior is between differences."""
    q = np.random.default_rng([count, size(data)]).normal(size=(count, size(data)))
    raw = q[:, data["P"] : data["P"] + data["q"]]
    raw += 0.05 * np.sign(raw)
    return q


@dataclass(frozen=True)
class Population:
    """What the points stand for; `flips` (pair) is the sign that sds give their correlation."""

    beta: Array
    tau: Array
    omega: Array
    sigma: Array
    flips: Array


def population(q: Array, data: dict[str, Any]) -> Population:
    xi, raw, free, log_sigma = _blocks(q, data)
    R_inverse = np.reshape(data["R_inverse"], (data["P"], data["P"]))
    beta = np.asarray(data["beta_hat"]) + data["y_unit"] * xi @ R_inverse.T
    signed, _ = signed_tau(raw, np.asarray(data["tau_unit"]))
    sign = np.sign(signed)[:, :, None] * np.sign(signed)[:, None, :]
    omega = sign * correlation_matrix(2 * special.expit(free) - 1, data["q"])
    below = np.tril_indices(data["q"], -1)
    sigma = data["y_unit"] * np.exp(total(log_sigma)) if not data["known_se"] else np.ones(len(q))
    return Population(beta, np.abs(signed), omega, sigma, sign[:, *below])


def _blocks(q: Array, data: dict[str, Any]) -> list[Array]:
    return np.split(q, np.cumsum([data["P"], data["q"], data["C"]]), axis=1)


def log_prior(q: Array, model: pp.Model, data: dict[str, Any]) -> Array:
    """Of everything but the rows, with the Jacobian of the transforms."""
    _, raw, free, log_sigma = _blocks(q, data)
    of = population(q, data)
    slopes_of_sd = signed_tau(raw, np.asarray(data["tau_unit"]))[1]
    lp = total(slopes_of_sd) + total(log_slope_of_expit(free)) + total(log_sigma)
    partial = 2 * special.expit(free) - 1
    first, k_x = data["has_intercept"], data["K"]
    if data["C"]:
        lkj = (data["prior_cor_eta"] - 1) * np.linalg.slogdet(of.omega)[1]
        lkj = lkj + log_jacobian_of_correlations(partial, data["q"])
        lp = lp + power(first + k_x + data["q"], data) * lkj
    slopes = of.beta[:, first:]
    for k in range(k_x):
        parts = ("family", "location", "scale", "df")
        own = location_prior(slopes[:, k], *(data[f"prior_beta_{p}"][k] for p in parts))
        lp = lp + power(first + k, data) * own
    if first:
        at_means = of.beta[:, 0] + slopes @ model.design.X.mean(axis=0)
        parts = ("family", "location", "scale", "df")
        own = location_prior(at_means, *(data[f"prior_alpha_{p}"] for p in parts))
        lp = lp + power(0, data) * own
    for k in range(data["q"]):
        parts = ("family", "scale", "df")
        own = positive_prior(of.tau[:, k], *(data[f"prior_tau_{p}"][k] for p in parts))
        lp = lp + power(first + k_x + k, data) * own
    log_sigmas = np.log(of.sigma)[:, None][:, : log_sigma.shape[1]]
    if not data["known_se"]:
        own = positive_prior(
            of.sigma, *(data[f"prior_sigma_{p}"] for p in ("family", "scale", "df"))
        )
        lp = lp + power(first + k_x + data["q"] + data["C"], data) * own
    logs = np.log(of.tau)
    u = np.hstack([of.beta, logs, of.flips[:, : data["C"]] * free, log_sigmas])
    none = np.zeros_like(of.beta)
    return lp + joint_prior(u, np.hstack([none, logs, log_slope_of_expit(free), log_sigmas]), data)


def log_density(q: Array, model: pp.Model, data: dict[str, Any]) -> Array:
    """Log density at the rows of q, from the multivariate normal of all rows together."""
    lp = log_prior(q, model, data)
    return np.array([log_normal(*row, model) for row in _each(population(q, data))]) + lp


def _each(of: Population) -> list[tuple[Array, Array, Array, float]]:
    return list(zip(of.beta, of.tau, of.omega, of.sigma, strict=True))


def moments(
    beta: Array, tau: Array, omega: Array, sigma: float, model: pp.Model
) -> tuple[Array, Array]:
    """Mean and covariance of the rows; weights divide the variance."""
    design = model.design
    (term,) = design.groups
    response = design.response
    assert response is not None
    same = term.codes[:, None] == term.codes
    between = term.Z @ (tau[:, None] * omega * tau) @ term.Z.T * same
    variance = np.full(len(response.y), sigma**2) if response.se is None else response.se**2
    if response.weights is not None:
        variance = variance / response.weights
    return marginal.columns(design) @ beta + design.offset, between + np.diag(variance)


def log_normal(beta: Array, tau: Array, omega: Array, sigma: float, model: pp.Model) -> float:
    """Log likelihood: a row of weight w has its density to the power w, up to a constant."""
    mean, covariance = moments(beta, tau, omega, sigma, model)
    response = model.design.response
    assert response is not None
    lower = np.linalg.cholesky(covariance)
    z = np.linalg.solve(lower, response.y - mean)
    power = 0.0
    if response.weights is not None and response.se is None:
        power = float(np.sum(1 - response.weights) * np.log(sigma))
    return float(power - np.log(np.diag(lower)).sum() - 0.5 * z @ z)


def general_data(model: pp.Model) -> dict[str, Any]:
    """The same model as data of gaussian.stan, centered: its z are the group effects."""
    design, table = model.design, model.prior_table
    made = stan_data(design, model.response_family, table)
    made |= coordinates(made, ["centered"], None)
    plain: dict[str, Any] = json.loads(as_json(made))
    return plain
