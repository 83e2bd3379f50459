"""`glmm/gaussian_marginal` and its pattern form: the density of a dense multivariate normal."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from programs import cases_marginal
from programs.cases import example_data, program_code, program_path
from programs.cases_marginal import (
    BY_GROUP,
    BY_PATTERN,
    PROGRAMS,
    Case,
    case,
    cases,
    data_of,
    general_data,
    points,
    population,
)
from programs.checks import Array, MakeLogDensity, assert_same_density, stanli_only
from programs.densities_glmm import signed_tau

import partialpool as pp
from partialpool.reduction import marginal

every_program = pytest.mark.parametrize("name", PROGRAMS)
thorough = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def assert_right(program: Path, name: str, one: Case, make: MakeLogDensity) -> None:
    model = one.model()
    data = one.with_joint(data_of(model, name))
    density = make(program, data)
    assert_same_density(density, lambda q: cases_marginal.log_density(q, model, data), points(data))


@every_program
def test_density_of_any_design_is_the_dense_normals(log_density: MakeLogDensity, name: str) -> None:
    @thorough
    @given(cases())
    def right(one: Case) -> None:
        assert_right(program_path(name), name, one, log_density)

    right()


@every_program
@pytest.mark.parametrize("rotation", range(5))
def test_density_with_every_prior_family(
    log_density: MakeLogDensity, name: str, rotation: int
) -> None:
    one = case(q=4, predictors=3, rotation=rotation, seed=rotation)
    assert_right(program_path(name), name, one, log_density)


@every_program
def test_density_without_a_fixed_part(log_density: MakeLogDensity, name: str) -> None:
    for q in (1, 3):
        one = case(q=q, predictors=0, intercept=False)
        assert_right(program_path(name), name, one, log_density)


def twice(one: Case) -> Case:
    """Each group again with another response: there are two or more of each pattern."""
    again = one.frame.assign(g=one.frame["g"] + 9, y=-one.frame["y"])
    return dataclasses.replace(one, frame=pd.concat([one.frame, again], ignore_index=True))


@stanli_only
def test_both_programs_have_one_density(log_density: MakeLogDensity) -> None:
    """Of groups some of which share their Z'Z, with the same constant."""
    for q in (1, 2, 3):
        model = twice(case(q=q, predictors=2, groups=6)).model()
        by_group, by_pattern = (data_of(model, name) for name in PROGRAMS)
        assert (by_group["J"], sum(by_pattern["groups"])) == (12, 12)
        assert by_pattern["B"] <= 6
        q_ = points(by_group, count=20)
        value, slope = log_density(program_path(BY_GROUP), by_group)(q_)
        other, other_slope = log_density(program_path(BY_PATTERN), by_pattern)(q_)
        np.testing.assert_allclose(value, other, rtol=1e-11)
        np.testing.assert_allclose(slope, other_slope, rtol=1e-8, atol=1e-8)


def integrated(q: Array, model: pp.Model, data: dict[str, Any], make: MakeLogDensity) -> Array:
    """gaussian.stan with its group effects integrated out.

    Given all else its log density is quadratic in the effects r, so that its value at r = 0
    and its gradients at 0 and at unit vectors are all that the integral needs.
    """
    general = general_data(model)
    density = make(program_path("glmm/gaussian"), general)
    of, effects = population(q, data), general["R"]
    slopes = of.beta[:, data["has_intercept"] :]
    at_means = of.beta[:, : data["has_intercept"]] + slopes @ model.design.X.mean(axis=0)[:, None]
    free = of.flips[:, : data["C"]] * q[:, data["P"] + data["q"] :][:, : data["C"]]
    first = [at_means, slopes, np.log(of.tau), free]
    last = np.log(of.sigma)[:, None][:, : 1 - data["known_se"]]
    before = sum(block.shape[1] for block in first)
    out = np.empty(len(q))
    for i in range(len(q)):
        r = np.vstack([np.zeros(effects), np.eye(effects)])
        head, tail = np.concatenate([block[i] for block in first]), last[i]
        rows = np.hstack([np.tile(head, (len(r), 1)), r, np.tile(tail, (len(r), 1))])
        value, slope = density(rows)
        g = slope[:, before : before + effects]
        H = g[0] - g[1:]
        out[i] = value[0] + 0.5 * g[0] @ np.linalg.solve(H, g[0]) - 0.5 * np.linalg.slogdet(H)[1]
    return out


@pytest.mark.parametrize("known_se", [False, True])
def test_density_is_the_general_programs_integral(
    log_density: MakeLogDensity, known_se: bool
) -> None:
    for seed in range(3):
        one = case(
            q=seed + 1, predictors=2, known_se=known_se, weights="fractional",
            intercept=seed < 2, rotation=seed, seed=seed,
        )  # fmt: skip
        model = one.model()
        data = data_of(model, BY_GROUP)
        q = points(data, count=6)
        value, _ = log_density(program_path(BY_GROUP), data)(q)
        raw, tau = q[:, data["P"] : data["P"] + data["q"]], population(q, data).tau
        slopes = signed_tau(raw, np.asarray(data["tau_unit"]))[1]
        jacobian = slopes.sum(axis=1) - np.log(tau).sum(axis=1)
        difference = value - jacobian - integrated(q, model, data, log_density)
        np.testing.assert_allclose(difference, difference[0], atol=1e-8 * np.abs(value).max())


BROKEN = {
    "sign of the determinant": (BY_GROUP, "- 0.5 * groups[1]", "+ 0.5 * groups[1]"),
    "explained twice": (BY_GROUP, "explained += dot_product", "explained += 2 * dot_product"),
    "not divided by D": (BY_GROUP, "dot_product(h, h ./ d)", "dot_product(h, h)"),
    "sigma forgotten": (BY_GROUP, "(tau_signed / s,", "(tau_signed,"),
    "factor transposed": (BY_GROUP, "e * M[ : , a]'", "e * M[a, : ]"),
    "fixed part of u": (BY_GROUP, "append_row(1, -y_unit", "append_row(1, y_unit"),
    "factorisation": (BY_GROUP, "d -= f .* g", "d -= 0.9 * f .* g"),
    "columns before": (BY_GROUP, "g -= F[a, c] .* F[b, c] .* D[c];", ""),
    "pulls before": (BY_GROUP, "h -= f .* x[b];", ""),
    "half of S": (BY_GROUP, "+ M[j, a] * M[i, b]", ""),
    "rows that are not one": (BY_GROUP, "known_se ? 0 : rows", "known_se ? 0 : rows + 1"),
    "distance of beta": (BY_GROUP, "square(y_unit) * dot_self(xi)", "dot_self(xi)"),
    "prior of sigma": (BY_GROUP, "if (!known_se)", "if (known_se > 1)"),
    "intercept's place": (BY_GROUP, "Intercept + x_mean * beta", "Intercept - x_mean * beta"),
    "Jacobian of tau": (BY_GROUP, "_of_sd(tau_raw, tau", "_of_sd(0 * tau_raw, tau"),
    "determinants twice": (BY_PATTERN, "dot_product(groups, log", "dot_product(groups, 2 * log"),
    "sign of e": (BY_PATTERN, "append_row(1, -y_unit", "append_row(1, y_unit"),
    "columns left as they are": (BY_PATTERN, "N[a, b] -= F[b, c] .* N[a, c]", "N[a, b] -= 0"),
    "half of N": (BY_PATTERN, "N[b, a] = N[a, b]", "N[b, a] = 0 * N[a, b]"),
    "tempered Jacobian": (BY_GROUP, "(own_power - 1) * sum", "own_power * sum"),
    "joint prior at 0": (BY_PATTERN, "append_row(Intercept, beta)", "append_row(alpha, beta)"),
    "own prior of tau": (BY_PATTERN, "power[has_intercept + K + k]", "power[own + 1]"),
    "signs of a joint prior": (BY_GROUP, "signed[c] *= tau[k + i] * tau[k + j]", "signed[c] *= 1"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
@stanli_only
def test_broken_program_is_caught(log_density: MakeLogDensity, tmp_path: Path, what: str) -> None:
    name, old, new = BROKEN[what]
    code = program_code(name)
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    one = twice(case(q=3, predictors=2, rotation=1, joined=13))
    assert_right(program_path(name), name, one, log_density)
    with pytest.raises(AssertionError, match="differ by"):
        assert_right(broken, name, one, log_density)


def test_priors_are_those_of_the_general_program() -> None:
    """The same text, up to the group term."""

    def shared(name: str) -> str:
        code = program_code(name)
        begin = code.index("  // Log density of a location")
        return code[begin : code.index("    return total;\n", begin)]

    for name in PROGRAMS:
        assert shared(name) == shared("glmm/gaussian")


# --- digits ---------------------------------------------------------------------------------------


def densities(model: pp.Model, make: MakeLogDensity) -> list[tuple[Array, Array]]:
    """Of both programs, less their first value."""
    found = []
    for name in PROGRAMS:
        data = data_of(model, name)
        value, slope = make(program_path(name), data)(points(data, count=8))
        found.append((value - value[0], slope))
    return found


def yearly() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    g = np.repeat(np.arange(9), 6)
    y = np.round(rng.normal(size=9)[g] + rng.normal(size=54), 6)
    return pd.DataFrame({"g": g, "year": np.tile(np.arange(2015.0, 2021), 9), "y": y})


SHIFT = 2.0**27


@stanli_only
def test_a_large_response_keeps_its_digits(log_density: MakeLogDensity) -> None:
    frame = yearly()
    frame["y"] = np.round(frame["y"] * 2**20) / 2**20  # so that shifting is exact
    formula = "y ~ center(year) + (1 + center(year) | g)"
    near = pp.Model(formula, frame, priors={"Intercept": pp.Normal(0, 10)})
    far = pp.Model(
        formula, frame.assign(y=frame["y"] + SHIFT), priors={"Intercept": pp.Normal(SHIFT, 10)}
    )
    for (value, slope), (other, other_slope) in zip(
        densities(near, log_density), densities(far, log_density), strict=True
    ):
        np.testing.assert_allclose(value, other, atol=1e-7)  # alpha itself has 8 digits
        np.testing.assert_allclose(slope, other_slope, atol=1e-7)


@stanli_only
@pytest.mark.parametrize("inner", ["1", "1 + year"])
def test_a_year_keeps_its_digits(log_density: MakeLogDensity, inner: str) -> None:
    """Against the dense normal, and against years from 0 where the groups have an intercept only.

    With (1 + year | g) the variance in 2015 of effects at year 0 is that of a difference: the
    dense normal itself has lost digits there, so the comparison is with whole numbers that
    are exact.
    """
    frame = yearly()
    model = pp.Model(f"y ~ year + ({inner} | g)", frame)
    for name in PROGRAMS:
        data = data_of(model, name)
        q = points(data, count=8)
        value, _ = log_density(program_path(name), data)(q)
        exact = cases_marginal.log_density(q, model, data)
        np.testing.assert_allclose(value - value[0], exact - exact[0], atol=1e-6)
    if inner == "1":
        early = pp.Model("y ~ year + (1 | g)", frame.assign(year=frame["year"] - 2017))
        pairs = zip(densities(model, log_density), densities(early, log_density), strict=True)
        for (value, slope), (other, other_slope) in pairs:
            np.testing.assert_allclose(value, other, atol=1e-9)
            np.testing.assert_allclose(slope, other_slope, atol=1e-8)


@stanli_only
@pytest.mark.parametrize("factor", [1e6, 1e-6])
def test_units_do_not_matter_to_the_sampler(log_density: MakeLogDensity, factor: float) -> None:
    """Of response and predictor: the sampler sees the same density, up to a constant."""
    frame = yearly()
    formula = "y ~ year + (1 + center(year) | g)"
    plain = densities(pp.Model(formula, frame), log_density)
    for changed in ({"y": frame["y"] * factor}, {"year": frame["year"] * factor}):
        other = densities(pp.Model(formula, frame.assign(**changed)), log_density)
        for (value, slope), (expected, expected_slope) in zip(other, plain, strict=True):
            np.testing.assert_allclose(value, expected, atol=1e-8)
            np.testing.assert_allclose(slope, expected_slope, atol=1e-7)


@pytest.mark.parametrize("few", [0, 10**9])
def test_every_kind_of_model_samples(
    engine: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes of zero included: no fixed part, no intercept, no correlation, no sigma."""
    monkeypatch.setattr(marginal, "FEW_PATTERNS", few)
    for one in (
        case(q=1, predictors=0, intercept=False),
        case(q=1, predictors=0, intercept=False, known_se=True),
        case(q=2, predictors=0, correlated=False, rotation=1),
        case(q=3, predictors=2, intercept=False, weights="fractional", rotation=2),
    ):
        fit = one.model().sample(
            engine=engine, seed=1, chains=2, warmup=50, draws=20, verbose=False, progress=False
        )
        for values in fit.posterior.values():
            assert np.isfinite(values).all()
        assert fit.predict().shape == (2, 20, len(one.frame))


# --- examples -------------------------------------------------------------------------------------


def test_examples_are_the_data_sets() -> None:
    sleep = pp.Model("reaction ~ days + (1 + days | subject)", pp.datasets.load("sleepstudy"))
    radon = pp.Model("log_radon ~ floor + (1 | county)", pp.datasets.load("radon"))
    for name, model in ((BY_GROUP, sleep), (BY_PATTERN, radon)):
        example, made = example_data(name), data_of(model, name)
        assert list(example) == list(made)
        for variable, value in made.items():
            if variable == "draw_effects":
                assert (example[variable], value) == (1, 0)
            else:
                np.testing.assert_allclose(example[variable], value, rtol=1e-7, atol=1e-7)
