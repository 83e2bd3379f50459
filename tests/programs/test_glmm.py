"""Each program in `glmm/` has the density of the model that its header states."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from programs.cases import example_data, program_code, program_path
from programs.cases_glmm import FAMILIES, design, designs, full, group_term, points
from programs.checks import (
    Array,
    MakeLogDensity,
    Sample,
    assert_means,
    assert_same_density,
    stanli_only,
)
from programs.densities_glmm import correlation_matrix, location_prior, sizes
from programs.densities_glmm import log_density as reference
from scipy import special, stats

import partialpool as pp

every_family = pytest.mark.parametrize("family", FAMILIES)


def path(family: str) -> Path:
    return program_path(f"glmm/{family}")


def assert_right(family: str, program: Path, data: dict[str, Any], make: MakeLogDensity) -> None:
    q = points(family, data)
    assert_same_density(make(program, data), lambda q: reference(family, q, data), q)


def assert_all_right(
    family: str, program: Path, cases: list[dict[str, Any]], make: MakeLogDensity
) -> None:
    for data in cases:
        assert_right(family, program, data, make)


@every_family
def test_density_of_any_design_is_scipys(log_density: MakeLogDensity, family: str) -> None:
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(designs(family))
    def right(data: dict[str, Any]) -> None:
        assume(sum(sizes(family, data)))
        assert_right(family, path(family), data, log_density)

    right()


@every_family
@pytest.mark.parametrize("rotation", range(5))
def test_density_with_every_prior_family_is_scipys(
    log_density: MakeLogDensity, family: str, rotation: int
) -> None:
    assert_right(family, path(family), full(family, rotation), log_density)


def one_trial_each(rotation: int) -> dict[str, Any]:
    data = full("binomial", rotation)
    rows = data["N"]
    return data | {
        "trials": [1] * rows,
        "y": np.minimum(data["y"], 1).tolist(),
        "weights": [1.0] * rows,
    }


@pytest.mark.parametrize("rotation", range(3))
def test_density_of_rows_of_one_trial_is_scipys(log_density: MakeLogDensity, rotation: int) -> None:
    """These have a density of their own, which must not be taken for others."""
    data = one_trial_each(rotation)
    assert_right("binomial", path("binomial"), data, log_density)
    for other in ({"weights": [2.0] * data["N"]}, {"trials": [2] * data["N"]}):
        assert_right("binomial", path("binomial"), data | other, log_density)


OTHERWISE = {
    "eta": ("(y | no_more, eta,", "(y | no_more, 2 * eta,"),
    "trials": ("min(trials) == 1 && max(trials) == 1 && ", ""),
    "weights": ("min(weights) == 1\n                  && max(weights) == 1", "1"),
}


@pytest.mark.parametrize("what", OTHERWISE)
@stanli_only
def test_broken_density_of_one_trial_is_caught(
    log_density: MakeLogDensity, tmp_path: Path, what: str
) -> None:
    old, new = OTHERWISE[what]
    code = program_code("glmm/binomial")
    assert code.count(old) == 1
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    data = one_trial_each(0)
    cases = [data, data | {"weights": [2.0] * data["N"]}, data | {"trials": [2] * data["N"]}]
    with pytest.raises(AssertionError, match="differ by"):
        assert_all_right("binomial", broken, cases, log_density)


BROKEN = {
    "LKJ exponent": ("poisson", "0.5 * (q - 1 - j)", "0.5 * (q - j)"),
    "LKJ forgotten": ("poisson", "target += lkj_cpc(", "real unused = lkj_cpc("),
    "correlation dropped": ("poisson", "L[i, j] = cpc[before + j] * L[i, i]", "L[i, j] = 0"),
    "partial correlations not scaled": ("poisson", "cpc[before + j] * L[i, i]", "cpc[before + j]"),
    "determinant of effects": ("poisson", "- J * sum(log(diagonal(Lambda)))", ""),
    "factor transposed": ("poisson", "to_matrix(z, J, q) * Lambda'", "to_matrix(z, J, q) * Lambda"),
    "tau given but not taken": ("poisson", "tau = given;", "tau = 2 * given;"),
    "prior of given tau": ("poisson", "if (!tau_fixed[k])", "if (tau_fixed[k])"),
    "prior of a signed tau": ("poisson", "tau = abs(signed)", "tau = sqrt(square(signed) + 0.1)"),
    "unit of tau": ("poisson", "unit[k] * sinh(", "sinh("),
    "Jacobian of tau": ("poisson", "log_sum_exp(raw, -raw) : raw", "0 : 0"),
    "log scale of tau": ("poisson", "log_sum_exp(raw, -raw) : raw", "log_sum_exp(raw, -raw) : 0"),
    "pairs of Z'WZ": ("poisson", "share[pair] +=", "share[pair] ="),
    "factors of A": ("poisson", "U[a, b] -= U[a, c] .* U[b, c] .* U[c, c];", ""),
    "A without I": ("poisson", "a == b ? 1 + U[a, b]", "a == b ? 2 + U[a, b]"),
    "u by other slopes": ("poisson", "append_row(1, -xi)", "append_row(1, xi)"),
    "solved forward": ("poisson", "w[a] -= U[a, b] .* w[b];", ""),
    "solved backward": ("poisson", "w[a] -= U[b, a] .* w[b];", ""),
    "scale of z": ("poisson", "./ sqrt(U[a, a])", "./ U[a, a]"),
    "density of z": ("poisson", "dot_self(w[a]) + sum(log(U[a, a]))", "dot_self(w[a])"),
    "densities not added": ("poisson", "target += sum(z_density);", ""),
    "the term above": ("poisson", ".* r_above[m]", ""),
    "another group above": ("poisson", "= group[u, n];", "= 1;"),
    "terms out of turn": ("poisson", "for (t in turn)", "for (t in 1 : T)"),
    "pilot of the slopes": ("poisson", "b_hat + B * xi", "B * xi"),
    "slopes turned": ("poisson", "b_hat + B * xi", "b_hat + B' * xi"),
    "sigma of the pilot": (
        "gaussian",
        "real s = known_se ? 1 : sigma[1]; // unit",
        "real s = 1; //",
    ),
    "scale of the pilot": ("student", "real s = sigma;", "real s = 1;"),
    "rate for mean": ("poisson", "exponential_lpdf(x | 1 / scale)", "exponential_lpdf(x | scale)"),
    "gamma's shape": ("poisson", "gamma_lpdf(x | df,", "gamma_lpdf(x | 2 * df,"),
    "X not centered": ("poisson", "X - rep_matrix(x_mean, N)", "X"),
    "effects of another term": ("poisson", "r_at[t] + (k - 1) * J[t]", "(k - 1) * J[t]"),
    "offset dropped": ("poisson", "known + Xc * beta", "Xc * beta"),
    "Poisson weights": ("poisson", "dot_product(weights, exp(eta))", "sum(exp(eta))"),
    "binomial weights": ("binomial", "weights .* to_vector(trials)", "to_vector(trials)"),
    "weight of sigma": ("gaussian", "real rows = known_se ? 0 : sum(weights)", "real rows = N"),
    "weight of the scale": ("student", "real rows = sum(weights)", "real rows = N"),
    "constant of nu": ("student", "lbeta(0.5 * nu, 0.5)", "lbeta(0.5 * nu, 1)"),
    "weight of trials": ("beta_binomial", "sizes_weight[M] += weights[n]", "sizes_weight[M] += 1"),
    "Stirling's series": ("beta_binomial", "1 / 12.0", "1 / 12.1"),
    "weight of counts": ("negbinomial", "count_weight[M] += weights[n]", "count_weight[M] += 1"),
    "joint prior's Jacobian": ("poisson", "(own_power - 1) * sum", "own_power * sum"),
    "power of a slope's own prior": ("poisson", "power[has_intercept + k]", "power[1]"),
    "power of the LKJ prior": ("poisson", "power[before + j] * (eta", "(eta"),
    "joint prior of phi": ("negbinomial", "[log(phi)]', joint_at", "[phi]', joint_at"),
    "bound of nu": ("student", "log(nu - 1)", "log(nu)"),
    "intercept at the means": ("poisson", "append_row(alpha - x_mean * beta", "append_row(alpha"),
    "counts that look equal": ("negbinomial", "M == 0 || y[n] > count[max(M, 1)]", "M < 2"),
}


@pytest.mark.parametrize("what", BROKEN)
@stanli_only
def test_broken_program_is_caught(log_density: MakeLogDensity, tmp_path: Path, what: str) -> None:
    family, old, new = BROKEN[what]
    code = program_code(f"glmm/{family}")
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    cases = [full(family, rotation) for rotation in range(3)]
    with pytest.raises(AssertionError, match="differ by"):
        assert_all_right(family, broken, cases, log_density)


# --- the six programs are one ---------------------------------------------------------------------

BLOCKS = ("functions", "data", "transformed data", "parameters")
BLOCKS += ("transformed parameters", "model", "generated quantities")


def blocks(family: str) -> dict[str, str]:
    code = path(family).read_text(encoding="utf-8")
    parts = re.split(rf"^({'|'.join(BLOCKS)}) {{\n", code, flags=re.M)
    assert tuple(parts[1::2]) == BLOCKS
    return {"header": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


COMMON = {
    "header": ("//   eta = alpha + (X", "// Example:"),
    "parameters": ("  vector[P] xi;", "standardised unless centered\n"),
    "transformed parameters": ("  vector[has_intercept] alpha;", "of the z of each term\n"),
}
"""How what is common in each block, and not included, begins and ends."""
INCLUDED = {
    "functions": ("priors.stanfunctions", "coordinates.stanfunctions"),
    "data": ("data.stan",),
    "transformed data": ("layout.stan",),
    "transformed parameters": ("effects.stan",),
    "model": ("predictor.stan",),
    "generated quantities": ("correlations.stan",),
}


def common(family: str) -> dict[str, str]:
    found = {}
    for block, (first, last) in COMMON.items():
        text = blocks(family)[block]
        assert text.count(first) == 1
        begin = text.index(first)
        assert block == "header" or begin == 0
        found[block] = text[begin : text.rindex(last) + len(last)]
    return found


@every_family
def test_what_families_share_is_the_same_text(family: str) -> None:
    assert common(family) == common("binomial")
    whole = blocks(family)
    for block, names in INCLUDED.items():
        for name in names:
            assert whole[block].count(f"#include terms/{name}\n") == 1
    assert whole["generated quantities"].count("\n") == 2  # nothing is a family's own there


# --- what the densities have to do with each other ------------------------------------------------


def plain(data: dict[str, Any], form: int) -> dict[str, Any]:
    """The same data with terms of one form, and alpha, beta and log tau as they are."""
    none: dict[str, Any] = {name: [] for name in ("ZWZ", "ZWe", "ZWZ_above")} | dict.fromkeys(
        "GHE", 0
    )
    same = {"b_hat": [0.0] * data["P"], "B": np.eye(data["P"]).tolist()}
    tau = {"tau_unit": [0.0] * data["Q"]}
    return data | none | same | tau | {"form": [form] * data["T"]}


def test_forms_are_each_other_in_other_variables(log_density: MakeLogDensity) -> None:
    """With r = diag(tau) L z, p(z) = p(r) (tau_1 tau_2 sqrt(1 - rho^2))^J."""
    data = example_data("glmm/gaussian")
    rng = np.random.default_rng(3)
    q = np.hstack([rng.normal(size=(20, 5)), rng.normal(size=(20, 36)), np.full((20, 1), 3.0)])
    tau = np.exp(q[:, 2:4])
    rho = 2 * special.expit(q[:, 4:5]) - 1
    u, v = q[:, 5:23], q[:, 23:41]
    moved = q.copy()
    moved[:, 5:23] = tau[:, :1] * u
    moved[:, 23:41] = tau[:, 1:] * (rho * u + np.sqrt(1 - rho**2) * v)
    value, _ = log_density(path("gaussian"), plain(data, 0))(q)
    value_centered, _ = log_density(path("gaussian"), plain(data, 1))(moved)
    log_slope = 18 * (q[:, 2] + q[:, 3] + 0.5 * np.log1p(-(rho[:, 0] ** 2)))
    difference = value - value_centered - log_slope
    np.testing.assert_allclose(difference, difference[0], atol=1e-11 * np.abs(value).max(), rtol=0)
    nothing = {name: np.zeros_like(data[name]).tolist() for name in ("ZWZ", "ZWe")}
    rescaled = plain(data, 2) | nothing | {"G": data["G"], "H": data["H"]}
    without, _ = log_density(path("gaussian"), rescaled)(q)
    difference = value - without
    np.testing.assert_allclose(difference, difference[0], atol=1e-11 * np.abs(value).max(), rtol=0)


def test_a_gaussian_term_of_a_right_pilot_is_standard_normal(log_density: MakeLogDensity) -> None:
    """Where W is right for any sigma, z does not depend on anything: what is marginal is left."""
    data = example_data("glmm/gaussian")
    rng = np.random.default_rng(4)
    q = np.repeat(rng.normal(scale=0.5, size=(1, 42)), 20, axis=0)
    q[:, -1] += 3
    q[:, 5:41] = rng.normal(size=(20, 36))
    value, _ = log_density(path("gaussian"), data)(q)
    difference = value + 0.5 * np.sum(q[:, 5:41] ** 2, axis=1)
    # the example's pilot is written with five digits
    np.testing.assert_allclose(difference, difference[0], atol=0.02, rtol=0)
    value, _ = log_density(path("gaussian"), plain(data, 0))(q)
    assert np.ptp(value + 0.5 * np.sum(q[:, 5:41] ** 2, axis=1)) > 1


@every_family
def test_terms_without_variance_are_no_terms(log_density: MakeLogDensity, family: str) -> None:
    """tau = 0 pools completely: what is left of the term is the density of z."""
    term = group_term(q=2, fixed=[True] * 2)
    data = design(family, rows=6, predictors=1, terms=[term]) | {"prior_tau_scale": [0.0, 0.0]}
    names = ("q", "J", "correlated", "form", "group", "tau_fixed", "prior_cor_eta")
    names += ("turn", "nested", "tau_unit")
    empty: dict[str, Any] = {name: [] for name in names} | dict.fromkeys("TQCR", 0)
    empty |= {f"prior_tau_{part}": [] for part in ("family", "scale", "df")}
    pooled = data | empty | {"Z": [[] for _ in range(6)]}
    q = points(family, data, count=10)
    z = q[:, 2:8]
    value, _ = log_density(path(family), data)(q)
    without, _ = log_density(path(family), pooled)(np.delete(q, np.s_[2:8], axis=1))
    difference = value - without + 0.5 * np.sum(z**2, axis=1)
    np.testing.assert_allclose(difference, difference[0], atol=1e-10 * np.abs(value).max(), rtol=0)


def rising(y: int, mu: Array, phi: Array) -> Array:
    """Sum over k < y of log(mu + k / phi)."""
    return np.asarray(sum((np.log(mu + k / phi) for k in range(y)), np.zeros_like(phi)))


@pytest.mark.parametrize("log_phi", [-8.0, 5.0, 15.0, 30.0, 300.0])
@pytest.mark.parametrize("family", ["beta_binomial", "negbinomial"])
def test_no_digit_is_lost_when_phi_is_large(
    log_density: MakeLogDensity, family: str, log_phi: float
) -> None:
    """The likelihood is a product, which differences of lgamma would give to few digits."""
    y, trials = [0, 3, 8, 9, 250], [0, 40, 9, 9, 2000]
    data = plain(design(family, rows=5, predictors=0, terms=[], rotation=3), 0) | {"y": y}
    data |= {"weights": [1, 0.5, 2, 1, 3], "known": [-1, 2, 0, 4, -2]}
    if family == "beta_binomial":
        data |= {"trials": trials}
    data |= {"prior_phi_family": 5, "prior_phi_scale": 1e300, "prior_phi_df": 2}

    def product(q: Array) -> Array:
        """Of eta, with phi as it is."""
        phi = np.exp(q[:, 1])
        total = np.zeros(len(q))
        for n, weight in enumerate(data["weights"]):
            eta = q[:, 0] + data["known"][n]
            if family == "beta_binomial":
                term = rising(y[n], special.expit(eta), phi)
                term = term + rising(trials[n] - y[n], special.expit(-eta), phi)
                term = term - rising(trials[n], np.ones_like(phi), phi)
            else:
                mean = np.exp(eta)
                term = rising(y[n], np.ones_like(phi), phi) + y[n] * eta
                term = term - (y[n] + phi) * np.log1p(mean / phi)
            total += weight * term
        parts = ("family", "location", "scale", "df")
        alpha = location_prior(q[:, 0], *(data[f"prior_alpha_{part}"] for part in parts))
        return np.asarray(total + alpha + 2 * q[:, 1])  # the gamma prior is phi, and d phi is phi

    q = np.column_stack([np.linspace(-2, 2, 8), np.linspace(log_phi, log_phi + 1, 8)])
    assert_same_density(log_density(path(family), data), product, q)


# --- draws ----------------------------------------------------------------------------------------


def test_what_is_offered_agrees_with_the_parameters(sample: Sample) -> None:
    data = full("gaussian", rotation=1) | {"weights": [1.0] * 9}
    data |= {name: np.ones_like(data[name]) for name in data if name.endswith("_family")}
    draws = sample(path("gaussian"), data, seed=4, draws=50, warmup=100, max_treedepth=5)
    of = {name: x.reshape(-1, *x.shape[2:]) for name, x in draws.items()}
    fixed = np.asarray(data["tau_fixed"], dtype=bool)
    unit = np.asarray(data["tau_unit"])[~fixed]
    signed = np.where(unit > 0, unit * np.sinh(of["tau_raw"]), np.exp(of["tau_raw"]))
    assert len(np.unique(unit > 0)) == len(np.unique(np.sign(signed))) == 2
    np.testing.assert_allclose(of["tau"][:, ~fixed], np.abs(signed), rtol=1e-4)
    sign = np.ones(of["tau"].shape)
    sign[:, ~fixed] = np.sign(signed)
    both = of["xi"] @ np.asarray(data["B"]).T + np.asarray(data["b_hat"])
    np.testing.assert_allclose(np.hstack([of["alpha"], of["beta"]]), both, rtol=1e-3, atol=1e-3)
    given = np.tile(np.asarray(data["prior_tau_scale"])[fixed], (len(of["tau"]), 1))
    np.testing.assert_allclose(of["tau"][:, fixed], given, rtol=1e-5)
    intercept = of["alpha"] - (of["beta"] @ np.asarray(data["x_mean"]))[:, None]
    np.testing.assert_allclose(of["Intercept"], intercept, rtol=1e-3, atol=1e-3)
    at = z_at = cor_at = 0
    for t, q in enumerate(data["q"]):
        count, size = q * (q - 1) // 2 * data["correlated"][t], q * data["J"][t]
        omega = correlation_matrix(of["cpc"][:, cor_at : cor_at + count], q)
        if count:
            i, j = np.tril_indices(q, -1)
            offered = of["rho"][:, cor_at : cor_at + count]
            signs = sign[:, at + i] * sign[:, at + j]
            np.testing.assert_allclose(offered, signs * omega[:, i, j], atol=1e-4)
        factor = (sign * of["tau"])[:, at : at + q, None] * np.linalg.cholesky(omega)
        z = of["z"][:, z_at : z_at + size].reshape(-1, q, data["J"][t])
        expected = z if data["form"][t] == 1 else factor @ z
        offered = of["r"][:, z_at : z_at + size].reshape(z.shape)
        if data["form"][t] < 2:  # densities tell whether rescaled effects are right
            np.testing.assert_allclose(offered, expected, rtol=1e-3, atol=1e-3)
        at, z_at, cor_at = at + q, z_at + size, cor_at + count


def prior_only(eta: float) -> dict[str, Any]:
    """A term of three correlated coefficients, and a row without weight."""
    data = design(
        "poisson",
        rows=1,
        predictors=0,
        terms=[group_term(q=3, J=1, correlated=True)],
        weights="zeros",
        rotation=1,
    )
    parts: dict[str, Any] = {"prior_tau_family": [1, 4, 5], "prior_tau_scale": [2.0, 0.5, 0.4]}
    parts |= {"prior_tau_df": [3.0, 3.0, 2.5], "prior_cor_eta": [eta]}
    return data | parts


def prior_moments(draws: dict[str, Array]) -> Array:
    """Of (chains, draws): the sds, the correlations and their squares, and the determinant."""
    rho = draws["rho"]
    a, b, c = np.moveaxis(rho, -1, 0)
    determinant = 1 + 2 * a * b * c - a**2 - b**2 - c**2
    return np.concatenate([draws["tau"], rho, rho**2, determinant[..., None]], axis=-1)


def exact_prior_moments(eta: float) -> list[float]:
    """Under LKJ(eta), (1 + rho) / 2 ~ Beta(a, a) with a = eta - 1 + 3 / 2.

    The determinant is the product of 1 - cpc^2, where (1 + cpc) / 2 ~ Beta too: a, a for two of
    them and eta, eta for the third.
    """
    a = eta + 0.5
    squares = 1 / (2 * a + 1)
    determinant = (1 - squares) ** 2 * (1 - 1 / (2 * eta + 1))
    taus = [float(stats.halfnorm.mean(scale=2)), 0.5, 2.5 * 0.4]
    return [*taus, 0, 0, 0, squares, squares, squares, determinant]


@stanli_only
def test_without_weight_the_prior_is_sampled(sample: Sample) -> None:
    data = prior_only(2.0)
    moments = prior_moments(sample(path("poisson"), data, seed=11, draws=2000))
    assert_means(moments, exact_prior_moments(2.0), "prior")
    with pytest.raises(AssertionError, match="MCSE"):
        assert_means(moments, exact_prior_moments(1.5), "prior")


@stanli_only
def test_posteriors_of_every_form_agree(sample: Sample) -> None:
    """Of the sleep study: the population, and every driver's effects."""
    data = example_data("glmm/gaussian")
    program = path("gaussian")
    noncentered = sample(program, plain(data, 0), seed=5, draws=2000)
    centered = sample(program, plain(data, 1), seed=6, draws=2000)
    assert_same_means(noncentered, centered)
    rescaled = sample(program, data | {"tau_unit": [10.0, 5.0]}, seed=8, draws=1000)
    assert_same_means(rescaled, centered)
    other = data | {"prior_tau_scale": [25.0, 10.0]}
    with pytest.raises(AssertionError, match="MCSE"):
        assert_same_means(noncentered, sample(program, other, seed=7, draws=1000))


def assert_same_means(one: dict[str, Array], other: dict[str, Array]) -> None:
    """Means within five Monte-Carlo standard errors, where both have an ESS of 400."""
    for name in ("Intercept", "beta", "tau", "rho", "sigma", "r"):
        for k in range(one[name].shape[2]):
            a, b = one[name][:, :, k], other[name][:, :, k]
            ess = min(float(az.ess(x, method="bulk")) for x in (a, b))
            assert ess >= 400, f"{name}[{k}]: effective sample size {ess:.0f} < 400"
            mcse = np.hypot(*(float(az.mcse(x, method="mean")) for x in (a, b)))
            distance = abs(a.mean() - b.mean()) / mcse
            assert distance <= 5, f"{name}[{k}]: means differ by {distance:.1f} MCSE"


# --- data -----------------------------------------------------------------------------------------


TWO_TAU = {"tau_fixed": [0, 0], "prior_tau_family": [1, 1], "prior_tau_scale": [1.0, 1.0]}
TWO_TAU |= {"prior_tau_df": [1.0, 1.0], "tau_unit": [0.0, 0.0]}


@stanli_only
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"group": [[1, 2, 4, 1]]}, "group.*is 4 of 3"),
        ({"Q": 2, "Z": [[1.0, 1.0]] * 4, **TWO_TAU}, "Q, C, R, P, G, H and E are"),
        ({"R": 5}, "Q, C, R, P, G, H and E are"),
        ({"C": 1}, "Q, C, R, P, G, H and E are"),
        ({"P": 2, "b_hat": [0.0] * 2, "B": [[1.0, 0.0], [0.0, 1.0]]}, "Q, C, R, P, G"),
        ({"G": 1, "ZWZ": [1.0]}, "Q, C, R, P, G, H and E are"),
        ({"H": 1, "ZWe": [1.0]}, "Q, C, R, P, G, H and E are"),
        ({"E": 1, "ZWZ_above": [1.0]}, "Q, C, R, P, G, H and E are"),
    ],
)
def test_sizes_that_disagree_are_refused(
    log_density: MakeLogDensity, wrong: dict[str, Any], message: str
) -> None:
    data = design("poisson", rows=4, predictors=0, terms=[group_term()])
    q = points("poisson", data)
    assert np.isfinite(log_density(path("poisson"), data)(q)[0]).all()
    with pytest.raises(Exception, match=message):
        log_density(path("poisson"), data | wrong)(q)


def test_examples_are_the_data_sets() -> None:
    sleep = pp.datasets.load("sleepstudy")
    for name in ("glmm/gaussian", "glmm/student"):
        data = example_data(name)
        assert data["y"] == sleep["reaction"].to_list()
        assert data["X"] == sleep[["days"]].to_numpy().tolist()
        assert data["group"] == [codes_of(sleep["subject"])]
        assert data["Z"] == [[1, days] for days in sleep["days"]]
    women = pp.datasets.load("bangladesh")
    data = example_data("glmm/binomial")
    assert data["y"] == women["use_contraception"].to_list()
    assert data["Z"] == [[1, urban] for urban in women["urban"]]
    assert data["group"] == [codes_of(women["district"])]
    cells = women.groupby(["district", "urban"])["use_contraception"].agg(["size", "sum"])
    data = example_data("glmm/beta_binomial")
    assert (data["trials"], data["y"]) == (cells["size"].to_list(), cells["sum"].to_list())
    cells = cells.reset_index()
    assert data["X"] == cells[["urban"]].to_numpy().tolist()
    assert data["group"] == [codes_of(cells["district"])]
    ticks = pp.datasets.load("grouse_ticks")
    terms = {"glmm/poisson": ["brood", "chick"], "glmm/negbinomial": ["brood"]}
    for name, factors in terms.items():
        data = example_data(name)
        assert data["y"] == ticks["ticks"].to_list()
        assert data["group"] == [codes_of(ticks[factor]) for factor in factors]
        year, height = ticks["year"], ticks["height"]
        columns = np.column_stack([year == 1996, year == 1997, height / 100])
        np.testing.assert_array_equal(data["X"], columns)


def codes_of(labels: Any) -> list[int]:
    """Numbers from 1 in the order of the labels."""
    ranks: list[int] = labels.rank(method="dense").astype(int).to_list()
    return ranks
