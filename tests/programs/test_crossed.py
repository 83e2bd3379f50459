"""`glmm/gaussian_marginal_crossed`: the density of a dense normal, and of the other programs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs.cases import example_data, program_code, program_path
from programs.cases_crossed import Reference, case, cases, data_of, model_of, points
from programs.cases_marginal import BY_GROUP, CROSSED, Case
from programs.checks import MakeLogDensity, assert_same_density, stanli_only

import partialpool as pp
from partialpool.design.pooling import split
from partialpool.reduction import marginal
from partialpool.source.data import as_json
from partialpool.stan_data import sums as marginal_data

thorough = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def assert_right(
    program: Path,
    one: Case,
    make: MakeLogDensity,
    how: dict[str, str] | None = None,
    *,
    sparse: bool = False,
) -> None:
    model = model_of(one, how)
    assert model.program.name == CROSSED
    data = data_of(model, sparse=sparse)
    assert_same_density(make(program, data), Reference(model, data), points(data))


def test_density_of_any_design_is_the_dense_normals(log_density: MakeLogDensity) -> None:
    @thorough
    @given(cases(), st.booleans())
    def right(given: tuple[Case, dict[str, str]], sparse: bool) -> None:
        assert_right(program_path(CROSSED), given[0], log_density, given[1], sparse=sparse)

    right()


@pytest.mark.parametrize("rotation", range(5))
def test_density_with_every_prior_family(log_density: MakeLogDensity, rotation: int) -> None:
    one = case(q=(3, 2), predictors=2, rotation=rotation, seed=rotation, nested=rotation == 3)
    how = {"g": "marginal", "h": "centered" if rotation % 2 else "noncentered"}
    assert_right(program_path(CROSSED), one, log_density, how)


def test_density_without_a_fixed_part(log_density: MakeLogDensity) -> None:
    for known_se in (False, True):
        one = case(predictors=0, intercept=False, known_se=known_se)
        assert_right(program_path(CROSSED), one, log_density)


@stanli_only
def test_two_terms_of_one_factor(log_density: MakeLogDensity) -> None:
    one = case(q=(2, 1))
    formula = one.formula.replace("(1 + z1 | g)", "(1 | g) + (0 + z1 | g)")
    priors = {k: v for k, v in one.priors.items() if "g" not in k or "sigma" in k}
    model = pp.Model(
        formula,
        one.frame,
        priors=priors,
        parameterization={"g": "marginal", "g.1": "noncentered", "h": "noncentered"},
    )
    data = data_of(model)
    density = log_density(program_path(CROSSED), data)
    assert_same_density(density, Reference(model, data), points(data))


@stanli_only
def test_one_group_of_a_further_term(log_density: MakeLogDensity) -> None:
    """As a fit to a part of the rows may have: there is nothing to reflect."""
    model = model_of(case())
    rest, _ = split(model.design, model.design.groups[1].codes > 0)
    assert len(rest.groups[1].levels) == 1
    found = marginal.reduced(rest, "g")
    assert found is not None
    data = json.loads(
        as_json(
            marginal_data.stan_data(rest, model.prior_table, found, family=model.response_family)
        )
    )
    part: Any = SimpleNamespace(design=rest, parameterizations=model.parameterizations)
    density = log_density(program_path(CROSSED), data)
    assert_same_density(density, Reference(part, data), points(data))


SHIFT = 2.0**27


@stanli_only
def test_a_large_response_keeps_its_digits(log_density: MakeLogDensity) -> None:
    one = case(q=(2, 2), predictors=0)
    y = np.round(one.frame["y"] * 2**20) / 2**20  # so that shifting is exact
    found = []
    for shift in (0.0, SHIFT):
        priors = one.priors | {"Intercept": pp.Normal(shift, 10)}
        moved = Case(one.formula.replace(" + offset(o)", ""), one.frame.assign(y=y + shift), priors)
        data = data_of(model_of(moved))
        value, slope = log_density(program_path(CROSSED), data)(points(data))
        found.append((value - value[0], slope))
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-7)  # alpha has 8 digits
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-7)


@stanli_only
@pytest.mark.parametrize("factor", [1e6, 1e-6])
def test_units_do_not_matter_to_the_sampler(log_density: MakeLogDensity, factor: float) -> None:
    one = case(q=(2, 2))
    one = dataclasses.replace(one, formula=one.formula.replace("offset(o) + ", ""), priors={})
    scaled = dataclasses.replace(one, frame=one.frame.assign(y=one.frame["y"] * factor))
    for how in ("centered", "noncentered"):
        found = []
        for each in (one, scaled):
            data = data_of(model_of(each, {"g": "marginal", "h": how}))
            value, slope = log_density(program_path(CROSSED), data)(points(data))
            found.append((value - value[0], slope))
        np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-8)
        np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-7)


BROKEN = {
    "sign of the determinant": ("- 0.5 * groups[1]", "+ 0.5 * groups[1]"),
    "explained twice": ("explained += dot_product", "explained += 2 * dot_product"),
    "further terms not in u": ("return u - to_matrix(ZWr", "return u + to_matrix(ZWr"),
    "fixed part of u": (
        "vector[P + 1] e = append_row(1, -w)",
        "vector[P + 1] e = append_row(1, w)",
    ),
    "sparse, rows": ("- total[start[ : m]]", "- 0 * total[start[ : m]]"),
    "sparse, columns": ("value .* r[column]", "value + r[column]"),
    "half of W'r": ("- 2 * dot_product(r, WrQ * e)", "- dot_product(r, WrQ * e)"),
    "no W'W": ("+ dot_product(WW_value, r[WW_row]", "+ 0 * dot_product(WW_value, r[WW_row]"),
    "W'W's rows": ("r[WW_row] .* r[WW_column]", "r[WW_row] .* r[WW_row]"),
    "beta without its shift": ("y_unit * xi - QW * r", "y_unit * xi"),
    "no reflection": ("return J == 1 ? r :", "return J >= 1 ? r :"),
    "transposed factor": ("q[t], correlated[t]))';", "q[t], correlated[t]));"),
    "correlations of the first": ("cholesky_corr(cpc, cor_at[t]", "cholesky_corr(cpc, 0"),
    "prior of z": ("target += std_normal_lpdf(z_t)", "target += 2 * std_normal_lpdf(z_t)"),
    "Jacobian of tau": ("log_slope_of_sd(raw_t,", "log_slope_of_sd(0 * raw_t,"),
    "rows that are not one": ("known_se ? 0 : rows", "known_se ? 0 : rows + 1"),
    "sigma forgotten": ("head(tau_signed, q[1]) / s", "head(tau_signed, q[1])"),
}
BROKEN_CENTERED = {
    "unit of r": ("= y_unit * to_vector(r_t)", "= to_vector(r_t)"),
    "prior of the effects": ("_lpdf(z_t | J[t], tau_t / y_unit", "_lpdf(z_t | J[t], tau_t"),
    "log of tau": ("target += sum(raw_t) + effects", "target += effects"),
}  # fmt: skip


@pytest.mark.parametrize("what", [*BROKEN, *BROKEN_CENTERED])
@stanli_only
def test_broken_program_is_caught(log_density: MakeLogDensity, tmp_path: Path, what: str) -> None:
    old, new = (BROKEN | BROKEN_CENTERED)[what]
    code = program_code(CROSSED)
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    one = case(q=(2, 2), rotation=1)
    how = {"g": "marginal", "h": "centered" if what in BROKEN_CENTERED else "noncentered"}
    with pytest.raises(AssertionError, match="differ by"):
        assert_right(broken, one, log_density, how, sparse="sparse" in what)


@stanli_only
def test_what_is_not_broken_is_right_there(log_density: MakeLogDensity) -> None:
    one = case(q=(2, 2), rotation=1)
    for how in ("centered", "noncentered"):
        for sparse in (False, True):
            given = {"g": "marginal", "h": how}
            assert_right(program_path(CROSSED), one, log_density, given, sparse=sparse)


def test_its_functions_are_those_of_the_other_programs() -> None:
    """The same text, but for what the one or the other alone has."""
    codes = {name: program_code(name) for name in (CROSSED, BY_GROUP)}
    functions = codes[BY_GROUP]
    functions = functions[functions.index("functions {") : functions.index("}\ndata {")]
    assert functions in codes[CROSSED]


def test_every_kind_of_model_samples(engine: str) -> None:
    """Sizes of zero included: no fixed part, no intercept, no correlation, no sigma."""
    for one, how in (
        (case(predictors=0, intercept=False), "noncentered"),
        (case(predictors=0, intercept=False, known_se=True), "centered"),
        (case(q=(1, 3), correlated=False, rotation=1), "centered"),
        (case(q=(3, 2), predictors=2, intercept=False, weights=True, rotation=2), "noncentered"),
    ):
        fit = model_of(one, {"g": "marginal", "h": how}).sample(
            engine=engine, seed=1, chains=2, warmup=50, draws=20, verbose=False, progress=False
        )
        assert fit.program.name == CROSSED
        for values in fit.posterior.values():
            assert np.isfinite(values).all()
        assert fit.predict().shape == (2, 20, len(one.frame))


def test_wrong_sizes_are_refused(log_density: MakeLogDensity) -> None:
    data = data_of(model_of(case()))
    for wrong in ({"R": data["R"] + 1}, {"centered": [1, 0]}):
        changed = data | wrong
        if "R" in wrong:
            changed |= {"WrQ": [*data["WrQ"], data["WrQ"][0]]}
            changed |= {"ZW": [[*row, 0.0] for row in data["ZW"]]}
        with pytest.raises(Exception, match="Q, C and R are"):
            log_density(program_path(CROSSED), changed)(points(changed))


def test_which_sums_are_given_whole() -> None:
    """Few or not sparse: whole; else their values that are not 0."""
    rng = np.random.default_rng(1)
    for groups, rows, dense in ((40, 400, 1), (400, 40_000, 1), (400, 3_000, 0)):
        every = np.arange(rows)
        codes = {"g": every % groups, "h": rng.permutation(every) % groups}
        frame = pd.DataFrame(codes | {"y": rng.normal(size=rows)})
        model = pp.Model("y ~ 1 + (1 | g) + (1 | h)", frame, parameterization={"g": "marginal"})
        data = model.stan_data
        assert data["dense"] == dense
        assert np.shape(data["ZW"]) == (groups * dense, groups)
        assert len(data["ZW_column"]) == data["n_ZW"] == data["ZW_start"][-1] - 1
        assert (data["n_ZW"] == 0) == bool(dense)


def test_example_is_the_data_set() -> None:
    penicillin = pp.datasets.load("penicillin")
    formula = "diameter ~ 1 + (1 | plate) + (1 | sample)"
    model = pp.Model(formula, penicillin, parameterization={"plate": "marginal"})
    example, made = example_data(CROSSED), data_of(model)
    assert list(example) == list(made)
    assert json.dumps(example["q"]) == "[1, 1]"
    for variable, value in made.items():
        if variable == "draw_effects":
            assert (example[variable], value) == (1, 0)
        else:
            np.testing.assert_allclose(example[variable], value, rtol=1e-7, atol=1e-7)
