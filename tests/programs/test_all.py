"""`glmm/gaussian_marginal_all`: the density of a dense normal, and its effects given all else."""

from __future__ import annotations

import dataclasses
import itertools
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from programs.cases import example_data, program_code, program_path
from programs.cases_all import (
    ALL,
    SHAPES,
    At,
    Reference,
    case,
    cases,
    data_of,
    points,
    prepared,
)
from programs.cases_marginal import BY_GROUP, Case
from programs.checks import Array, MakeLogDensity, Sample, assert_same_density, stanli_only

import partialpool as pp
from partialpool.posterior import conditional
from partialpool.posterior.conditional import Population
from partialpool.reduction import elimination
from partialpool.reduction.elimination import Elimination
from partialpool.reduction.pair_sums import GroupColumns
from partialpool.stan_data import parameterization
from partialpool.stan_data.history import coordinate_names


@pytest.fixture(autouse=True)
def long_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefer long chains, so that cases this small have one of several terms and terms outside."""
    monkeypatch.setattr(
        elimination,
        "cost",
        lambda terms, chain: sum(terms[t].Z.shape[1] for t in chain) - 100 * len(chain),
    )
    monkeypatch.setattr(parameterization, "MOST", 10**12)


every_shape = pytest.mark.parametrize("shape", SHAPES)
thorough = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def assert_right(
    program: Path, one: Case, make: MakeLogDensity, *, without_rows: bool = False
) -> None:
    made = prepared(one.model(), without_rows=without_rows)
    data = data_of(made, one)
    assert_same_density(make(program, data), Reference(made, data), points(data))


@every_shape
def test_density_of_any_design_is_the_dense_normals(
    log_density: MakeLogDensity, shape: str
) -> None:
    @thorough
    @given(cases(shape))
    def right(given: tuple[Case, bool]) -> None:
        assert_right(program_path(ALL), given[0], log_density, without_rows=given[1])

    right()


@every_shape
@stanli_only
def test_any_order_has_that_density(
    log_density: MakeLogDensity, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all chains of nested terms that there are, not the quickest alone."""
    one = case(shape=shape, q=(2, 1, 2), rotation=2, seed=3)
    plan, count = elimination.plan, len(SHAPES[shape])

    def orders(terms: list[GroupColumns]) -> list[Elimination]:
        return [
            Elimination(chain, tuple(t for t in range(count) if t not in chain), 1)
            for length in range(1, count + 1)
            for chain in itertools.permutations(range(count), length)
            if all(elimination.is_nested(terms[a], terms[b]) for a, b in itertools.pairwise(chain))
        ]

    seen: list[list[Elimination]] = []
    monkeypatch.setattr(
        elimination, "plan", lambda terms: seen.append(orders(terms)) or plan(terms)
    )
    prepared(one.model())
    assert len(seen[-1]) >= count
    for number in range(len(seen[-1])):
        monkeypatch.setattr(elimination, "plan", lambda terms, n=number: orders(terms)[n])
        assert_right(program_path(ALL), one, log_density, without_rows=number % 2 == 1)


@pytest.mark.parametrize("rotation", range(5))
def test_density_with_every_prior_family(log_density: MakeLogDensity, rotation: int) -> None:
    shape = list(SHAPES)[rotation]
    one = case(shape=shape, q=(3, 2), predictors=2, rotation=rotation, seed=rotation)
    assert_right(program_path(ALL), one, log_density)


@pytest.mark.parametrize("known_se", [False, True])
def test_density_without_a_fixed_part(log_density: MakeLogDensity, known_se: bool) -> None:
    for shape in SHAPES:
        one = case(shape=shape, predictors=0, intercept=False, known_se=known_se)
        assert_right(program_path(ALL), one, log_density)


@stanli_only
def test_two_terms_of_one_factor(log_density: MakeLogDensity) -> None:
    """Each is nested in the other."""
    one = case(shape="nested", q=(2, 1))
    formula = one.formula.replace("(1 + z1 | a)", "(1 | a) + (0 + z1 | a)")
    priors = {k: v for k, v in one.priors.items() if "(a" not in k}
    assert_right(program_path(ALL), Case(formula, one.frame, priors), log_density)


def test_a_history_is_its_joint_prior(log_density: MakeLogDensity) -> None:
    """Parameters are numbered with terms in the program's order, which is not the formula's."""
    one = case(shape="nested", q=(2, 2), seed=1)
    model = one.model()
    fit = model.sample(
        engine="stanli", seed=1, chains=2, warmup=200, draws=200, verbose=False, progress=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pp.DataWarning)  # it is far from normal
        prior = pp.prior_from(fit)
    made = prepared(one.model(history=prior))
    data = data_of(made)
    reference = Reference(made, data)
    as_ordered = dataclasses.replace(made.design, groups=tuple(reference.terms))
    names = coordinate_names(as_ordered, made.family)
    assert [names[at - 1] for at in data["joint_at"]] == list(prior.names)
    assert names != coordinate_names(made.design, made.family)
    assert_same_density(log_density(program_path(ALL), data), reference, points(data))


@every_shape
def test_density_at_sds_of_zero_and_at_large_ones(log_density: MakeLogDensity, shape: str) -> None:
    """Up to ten thousand times the residual sd: rounding is that of a matrix of such a condition.

    Of what is left outside of the chain, both halves must be the same to 1e-8 for Stan to take it.
    """
    one = case(shape=shape, q=(2, 2))
    made = prepared(Case(one.formula, one.frame, {}).model())
    data = data_of(made)
    q = points(data, count=4)
    raw = q[:, data["P"] : data["P"] + data["Q"]]
    raw[0] = 0.0
    raw[1] = 9 * np.sign(raw[1])
    raw[2, ::2], raw[2, 1::2] = 0.0, 9.0
    value, slope = log_density(program_path(ALL), data)(q)
    exact = Reference(made, data)(q)
    np.testing.assert_allclose(value - value[3], exact - exact[3], rtol=1e-7, atol=1e-7)
    assert np.isfinite(slope).all()


SHIFT = 2.0**27


@stanli_only
def test_a_large_response_keeps_its_digits(log_density: MakeLogDensity) -> None:
    one = case(shape="nested and crossed", q=(2, 2), predictors=0)
    y = np.round(one.frame["y"] * 2**20) / 2**20  # so that shifting is exact
    found = []
    for shift in (0.0, SHIFT):
        priors = one.priors | {"Intercept": pp.Normal(shift, 10)}
        moved = Case(one.formula.replace(" + offset(o)", ""), one.frame.assign(y=y + shift), priors)
        data = data_of(prepared(moved.model()))
        value, slope = log_density(program_path(ALL), data)(points(data))
        found.append((value - value[0], slope))
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-7)  # alpha has 8 digits
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-7)


@stanli_only
@pytest.mark.parametrize("factor", [1e6, 1e-6])
def test_units_do_not_matter_to_the_sampler(log_density: MakeLogDensity, factor: float) -> None:
    one = case(shape="nested and crossed", q=(2, 2))
    formula = one.formula.replace("offset(o) + ", "")
    found = []
    for unit in (1.0, factor):
        scaled = Case(formula, one.frame.assign(y=one.frame["y"] * unit), {})
        data = data_of(prepared(scaled.model()))
        value, slope = log_density(program_path(ALL), data)(points(data))
        found.append((value - value[0], slope))
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-8)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-7)


BROKEN = {
    "sign of the determinant": ("* log(s) - 0.5 * log_det", "* log(s) + 0.5 * log_det"),
    "explained by the chain twice": (
        "explained += dot_product(h_a,", "explained += 2 * dot_product(h_a,"
    ),
    "explained outside": ("explained += dot_self(h_L)", "explained -= dot_self(h_L)"),
    "determinant of L": ("log_det += 2 * sum", "log_det += sum"),
    "fixed part of u": ("append_row(1, -y_unit * xi)", "append_row(1, y_unit * xi)"),
    "distance of beta": ("square(y_unit) * dot_self(xi)", "dot_self(xi)"),
    "rows that are not one": ("known_se ? 0 : rows)", "known_se ? 0 : rows + 1)"),
    "sigma forgotten": ("factors(tau_signed / s,", "factors(tau_signed,"),
    "correlations of the first": (
        "before += correlated[t] ? choose(q[t], 2) : 0", "before += 0"
    ),
    "sds of the first": ("    at += q[t];\n    ", "    at += 0;\n    "),
    "A of a pair": ("A[b, k, 1 : m] -= sums_within", "A[b, k, 1 : m] += sums_within"),
    "pulls before": ("h[b, 1 : m] -= sums_within", "h[b, 1 : m] += sums_within"),
    "where groups begin": ("return (total[to] - total[from])", "return total[to]"),
    "groups of the next term alone": ("above = outer[group_at[d - 1] + group_in[c, d - 1, j]]",
                                      "above = outer[group_at[d - 1] + j]"),
    "columns outside": ("ZW_M[a, 1 : n] += M_a[i]", "ZW_M[a, 1 : n] += M_a[1]"),
    "columns before": ("ZW_M[b, 1 : m, k] -= sums", "ZW_M[b, 1 : m, k] += sums"),
    "what is left outside": ("left -= ZW_M[a, 1 : n]' * B", "left += ZW_M[a, 1 : n]' * B"),
    "pulls outside": ("left_u -= B' * h_a", "left_u += B' * h_a"),
    "factors outside": ("left = factor_transpose_times(M_D, left, q[outside], J[outside])'",
                        "left = left'"),
    "unit outside": ("left'), 1))", "left'), 2))"),
    "pairs, pulls": ("M_1 * h[1, 1 : n] ./ A[1, 1, 1 : n]", "M_1 * h[1, 1 : n]"),
    "pairs, weights": ("square(M_1) * inv(A", "square(M_1) * inv_sqrt(A"),
    "pairs, which": ("pair_at[(m - 1) * RD + k] = pair", "pair_at[(m - 1) * RD + k] = 1"),
    "Jacobian of tau": ("+= log_slope_of_sd(tau_raw", "+= log_slope_of_sd(0 * tau_raw"),
    "log scale of tau": (": exp(raw[k])", ": exp(2 * raw[k])"),
    "own prior of tau": ("power[has_intercept + K + k]", "power[own + 1]"),
    "powers of correlations": ("tail(head(power, own), C)", "rep_vector(1, C)"),
    "signs of a joint prior": ("signed[c] *= tau[k + i] * tau[k + j]", "signed[c] *= 1"),
    "shape of LKJ": ("prior_cor_eta[t]", "prior_cor_eta[1]"),
}  # fmt: skip
CAUGHT = "differ by|log density evaluation failed|out of bounds"
"""What is said of a wrong density, and of a matrix that is not positive definite."""


def broken_cases() -> list[Case]:
    """Between them they use every statement: one term before others, a chain, a longer chain."""
    return [
        case(shape="crossed", q=(1, 1), rotation=1, joined=13),
        case(shape="nested and crossed", q=(2, 1, 2), rotation=2, joined=13),
        case(shape="chain of three", q=(2, 2, 2), rotation=3, joined=13, rows=40),
    ]


@pytest.mark.parametrize("what", BROKEN)
@stanli_only
def test_broken_program_is_caught(log_density: MakeLogDensity, tmp_path: Path, what: str) -> None:
    old, new = BROKEN[what]
    code = program_code(ALL)
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    caught = 0
    for one in broken_cases():
        try:
            assert_right(broken, one, log_density)
        except (AssertionError, RuntimeError) as error:
            assert re.search(CAUGHT, str(error))
            caught += 1
    assert caught


@stanli_only
def test_what_is_not_broken_is_right_there(log_density: MakeLogDensity) -> None:
    for one in broken_cases():
        assert_right(program_path(ALL), one, log_density)


def test_its_priors_are_those_of_the_other_programs() -> None:
    """The same text, up to the functions of the elimination."""
    codes = {name: program_code(name) for name in (ALL, BY_GROUP)}
    begin, end = "  // Log density of a location", "  // The log of its slope"
    priors = codes[BY_GROUP][codes[BY_GROUP].index(begin) : codes[BY_GROUP].index(end)]
    assert priors in codes[ALL]


def test_wrong_sizes_are_refused(log_density: MakeLogDensity) -> None:
    made = prepared(case(shape="nested and crossed").model())
    data = data_of(made)
    swapped = data | {"chain": data["chain"][::-1]}
    for wrong, message in (
        (data | {"R": data["R"] + 1}, "Q, C and R are"),
        (data | {"outer": [data["J"][1] + 1, *data["outer"][1:]]}, "are not sorted by those of"),
        (data | {"outer": data["outer"][::-1]}, "are not sorted by those of"),
        (swapped, "must"),
    ):
        with pytest.raises(Exception, match=message):
            log_density(program_path(ALL), wrong)(points(data))


def test_every_kind_of_model_samples(engine: str) -> None:
    """Sizes of zero included: no fixed part, no intercept, no correlation, no sigma."""
    for one in (
        case(predictors=0, intercept=False),
        case(shape="crossed", predictors=0, intercept=False, known_se=True),
        case(shape="nested and crossed", q=(1, 3), correlated=False, rotation=1),
        case(shape="two families and one crossed", q=(2, 2), predictors=2, weights=True),
    ):
        fit = one.model().sample(
            engine=engine, seed=1, chains=2, warmup=50, draws=20, verbose=False, progress=False
        )
        assert fit.program.name == ALL
        for values in fit.posterior.values():
            assert np.isfinite(values).all()
        assert fit.predict().shape == (2, 20, len(one.frame))


# --- effects drawn afterwards ---------------------------------------------------------------------


def at_one_point(code: str) -> str:
    """The program with its parameters as data: it draws the effects again and again."""
    (parameters,) = re.findall(r"\nparameters \{\n(.*?)\n\}\n", code, re.DOTALL)
    code = code.replace("\n}\ntransformed data {", f"\n{parameters}\n}}\ntransformed data {{")
    code = code.replace(f"parameters {{\n{parameters}\n}}", "parameters {\n  real nothing;\n}")
    begin, end = code.index("\nmodel {"), code.index("\ngenerated quantities {")
    return code[:begin] + "\nmodel {\n  nothing ~ std_normal();\n}" + code[end:]


def values_at(q: Array, data: dict[str, Any]) -> dict[str, Any]:
    xi, raw, free, log_sigma = np.split(q, np.cumsum([data["P"], data["Q"], data["C"]]))
    values = {"xi": xi, "tau_raw": raw, "cpc": np.tanh(free / 2), "sigma_std": np.exp(log_sigma)}
    return {name: value.tolist() for name, value in values.items()}


def far_from(found: Array, mean: Array, covariance: Array) -> float:
    """Largest distance of moments of independent draws, in standard errors."""
    n = len(found)
    sd = np.sqrt(np.diag(covariance))
    of_mean = np.abs(found.mean(axis=0) - mean) / (sd / np.sqrt(n))
    error = np.sqrt((np.outer(sd**2, sd**2) + covariance**2) / n)
    of_covariance = np.abs(np.cov(found.T) - covariance) / error
    return float(max(of_mean.max(), of_covariance.max()))


def drawn_at(
    sample: Sample, folder: Path, code: str, reference: Reference, q: Array, *, own: bool
) -> dict[str, Array]:
    program = folder / "at_one_point.stan"
    program.write_text(at_one_point(code), encoding="utf-8")
    data = reference.data | {"draw_effects": int(own)} | values_at(q, reference.data)
    draws = sample(program, data, seed=3, draws=5000, warmup=100)
    return {name: draws[name].reshape(20_000, -1) for name in ("r_first", "r")}


CONDITIONAL = {
    "crossed": case(shape="crossed", q=(1, 1), rotation=1),
    "nested": case(shape="nested", q=(2, 2), weights=True, seed=2),
    "chain of three": case(shape="chain of three", q=(1, 2, 1), known_se=True, rows=40),
    "nested and crossed": case(shape="nested and crossed", q=(2, 1, 2), rotation=4),
    "two families and one crossed": case(
        shape="two families and one crossed", q=(2,), correlated=False, weights=True
    ),
}


def at(one: Case) -> tuple[Reference, Array, At]:
    made = prepared(one.model(), without_rows=True)
    reference = Reference(made, data_of(made))
    q = points(reference.data)[1]
    return reference, q, reference.point(q)


@pytest.mark.parametrize("shape", CONDITIONAL)
@stanli_only
def test_effects_have_their_conditional_distribution(
    sample: Sample, tmp_path: Path, shape: str
) -> None:
    """Of all terms jointly, those of the first drawn by the program or by Python."""
    reference, q, point = at(CONDITIONAL[shape])
    mean, covariance = reference.moments(point)
    code = program_code(ALL)
    drawn = drawn_at(sample, tmp_path, code, reference, q, own=True)
    found = np.hstack([drawn["r_first"], drawn["r"]])
    assert far_from(found, mean, covariance) < 5
    assert far_from(found, mean + 0.06 * np.sqrt(np.diag(covariance)), covariance) > 5
    assert far_from(found, mean, 1.15 * covariance) > 5

    drawn = drawn_at(sample, tmp_path, code, reference, q, own=False)
    assert drawn["r_first"].size == 0
    term, n = reference.terms[0], len(drawn["r"])
    known = reference.data["known_se"]
    of = Population(
        np.repeat(point.beta[None], n, axis=0),
        np.repeat(np.linalg.cholesky(point.covariances[0])[None], n, axis=0),
        np.full(n, 1.0 if known else point.sigma),
        drawn["r"],
    )
    reduced = prepared(CONDITIONAL[shape].model(), without_rows=True).reduced
    assert reduced is not None
    assert reduced.label == term.label
    first = conditional.draw_effects(reduced.sums, of, seed=5)
    found = np.hstack([np.swapaxes(first, 1, 2).reshape(n, -1), drawn["r"]])
    assert far_from(found, mean, covariance) < 5
    again = np.random.default_rng(1).permutation(drawn["r"])
    assert far_from(np.hstack([found[:, : first[0].size], again]), mean, covariance) > 5


BROKEN_DRAWS = {
    "mean outside": ("(h_L / s + to_vector", "(h_L + to_vector", "crossed"),
    "effects outside": ("r_D = factor_times(", "r_D = 1.1 * factor_times(", "crossed"),
    "pairs": ("mean_a -= M[t, 1, 1] *", "mean_a += M[t, 1, 1] *", "crossed"),
    "columns outside": ("mean_a -= ZW_M[a, 1 : n] * r_D", "mean_a += ZW_M[a, 1 : n] * r_D",
                        "nested and crossed"),
    "outer groups": ("v[b, group_in[c, term[b], 1 : n]]", "v[b, rep_array(1, n)]", "nested"),
    "spread": ("./ sqrt(A[a, a, 1 : n])", "./ A[a, a, 1 : n]", "nested"),
    "factor": ("for (b in 1 : coefficient[a])", "for (b in coefficient[a] : coefficient[a])",
               "nested"),
    "order of groups": ("* n + level[group_at[c] + j]", "* n + j", "nested"),
    "sigma": ("r_a += s * M[t", "r_a += M[t", "nested"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN_DRAWS)
@stanli_only
def test_effects_drawn_wrongly_are_caught(sample: Sample, tmp_path: Path, what: str) -> None:
    old, new, shape = BROKEN_DRAWS[what]
    code = program_code(ALL)
    assert old in code
    reference, q, point = at(CONDITIONAL[shape])
    drawn = drawn_at(sample, tmp_path, code.replace(old, new), reference, q, own=True)
    found = np.hstack([drawn["r_first"], drawn["r"]])
    assert not far_from(found, *reference.moments(point)) < 5


# --- examples -------------------------------------------------------------------------------------


def test_example_is_the_data_set() -> None:
    model = pp.Model("strength ~ 1 + (1 | batch / cask)", pp.datasets.load("pastes"))
    example, made = example_data(ALL), data_of(prepared(model))
    assert list(example) == list(made)
    for variable, value in made.items():
        if variable == "draw_effects":
            assert (example[variable], value) == (1, 0)
        else:
            np.testing.assert_allclose(example[variable], value, rtol=1e-7, atol=1e-7)
