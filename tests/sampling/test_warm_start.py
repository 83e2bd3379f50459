"""Starts near the mode: Stan's scales, known posteriors, options that win, the same draws."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.engines.config import SamplerConfig
from partialpool.engines.stanli import StanliEngine
from partialpool.sampling import curvature
from partialpool.sampling import methods as run
from partialpool.sampling import warm_start as start
from partialpool.sampling.inference_data import group
from partialpool.sampling.warm_start import ModeHint, NoStart, WarmStart
from partialpool.source.unconstrained import constrained, places

QUIET: dict[str, Any] = {"engine": "stanli", "seed": 1, "verbose": False, "progress": False}
SCALES = """
data { int N; real low; }
parameters {
  real a; vector[N] b; vector<lower=low>[2] c; real<upper=3> d; real<lower=-1, upper=2> e;
  array[2] real f;
}
model { a ~ normal(0, 1); b ~ normal(0, 1); c ~ normal(0, 1); d ~ normal(0, 1); f ~ normal(0, 1); }
"""
NORMAL = """
data { vector[3] m; matrix[3, 3] S; }
parameters { vector[3] x; }
model { x ~ multi_normal(m, S); }
"""
FUNNEL = """
parameters { real t; vector[6] x; }
model { t ~ normal(0, 3); x ~ normal(0, exp(t / 2)); }
"""


def program(code: str) -> pp.StanProgram:
    return pp.StanProgram("test", None, code)


def found(
    code: str, data: dict[str, Any], values: dict[str, Any], **more: Any
) -> WarmStart | NoStart:
    of = program(code)
    density = StanliEngine().density(of, data, seed=1)
    return start.find(density, of, data, ModeHint(values, **more), chains=4, seed=1)


def assert_no_start(start: WarmStart | NoStart, reason: str) -> None:
    assert isinstance(start, NoStart)
    assert re.search(reason, start.reason), start.reason


NO_STARTS = {
    "transform of some parameter's type": (
        "parameters { sum_to_zero_vector[3] x; } model { x ~ normal(0, 1); }",
        {"x": np.zeros(3)}, (),
    ),
    "no parameters but standardised": (
        "parameters { vector[2] z; } model { z ~ normal(0, 1); }", {"z": np.zeros(2)}, ("z",)
    ),
    "search for the mode failed": (
        "parameters { real<lower=0> x; } model { x ~ normal(0, 1); }", {"x": -1.0}, ()
    ),
    "Hessian .* is not finite": (
        "parameters { real x; } model { target += x < 1 ? 0 : negative_infinity(); }",
        {"x": 0.5}, (),
    ),
    "no proper maximum": (
        "parameters { real x; real y; } model { x + y ~ normal(0, 1); }", {"x": 0.5, "y": 0.0}, ()
    ),
    "curvature of the log density": (
        "parameters { real x; } model { target += -0.5 * x^2 - 5 * x^6; }", {"x": 0.5}, ()
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", NO_STARTS)
def test_there_is_a_reason_where_there_is_no_start(reason: str) -> None:
    code, values, standard = NO_STARTS[reason]
    assert_no_start(found(code, {}, values, standard=standard), reason)


def test_a_fit_says_how_its_chains_started(sleep: pp.Model) -> None:
    short = {**QUIET, "draws": 20, "chains": 1}
    assert "about the mode" in sleep.sample(**short).attrs["start"]
    given = sleep.sample(**short, inits=0.1, warmup=50).attrs["start"]
    assert given == "Stan's own warmup: the user gave inits"
    plain = program("parameters { real x; } model { x ~ normal(0, 1); }").sample({}, **short)
    assert "no point is known from which to look for the mode" in plain.attrs["start"]


def test_scales_are_stans() -> None:
    data = {"N": 3, "low": 0.5}
    of = program(SCALES)
    parameters = of.declarations.parameters
    q = np.random.default_rng(1).normal(size=10)
    values = constrained(parameters, data, q)
    assert {name: np.shape(value) for name, value in values.items()} == {
        "a": (), "b": (3,), "c": (2,), "d": (), "e": (), "f": (2,),
    }  # fmt: skip
    back = StanliEngine().density(of, data, seed=1).unconstrain(values)
    np.testing.assert_allclose(back, q, rtol=1e-12)


@pytest.mark.parametrize(
    "declared", ["simplex[3] p", "matrix[2, 2] p", "vector[2] u; vector<lower=u>[2] p"]
)
def test_other_types_have_no_start(declared: str) -> None:
    of = program(f"parameters {{ {declared}; }} model {{ }}")
    assert places(of.declarations.parameters, {}) is None


def test_normal_is_found_exactly() -> None:
    m = [1.0, -2.0, 300.0]
    S = np.array([[1, 0.5, 0], [0.5, 2, 30], [0, 30, 1e4]])
    one = found(NORMAL, {"m": m, "S": S.tolist()}, {"x": np.zeros(3)})
    assert isinstance(one, WarmStart)
    np.testing.assert_allclose(one.mode, m, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(one.inv_metric, S, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(one.moments, 1, rtol=1e-3)
    assert one.near_normal
    assert one.stiffness == pytest.approx(1, rel=1e-3)
    away = np.array([each["x"] for each in one.inits]) - m
    squares = np.einsum("ci,ij,cj->c", away, np.linalg.inv(S), away) / start.SPREAD**2
    assert (squares < 20).all()
    assert len(set(squares)) == 4


def test_funnel_has_no_start() -> None:
    assert_no_start(found(FUNNEL, {}, {"t": 1.0, "x": np.ones(6)}), "no proper maximum|curvature")


def test_standard_parameters_are_left_alone() -> None:
    code = """
    parameters { real mu; vector[100] z; }
    model { mu ~ normal(2, 0.1); z ~ std_normal(); }
    """
    one = found(code, {}, {"mu": 0.0, "z": np.zeros(100)}, standard=("z",))
    assert isinstance(one, WarmStart)
    np.testing.assert_allclose(one.inv_metric, [0.01, *[1.0] * 100], rtol=1e-3)
    z = np.array([each["z"] for each in one.inits])
    assert 0.8 < z.std() < 1.2


def test_what_depends_on_the_standard_ones_has_no_start() -> None:
    code = """
    parameters {{ real mu; vector[100] z; }}
    model {{ mu ~ normal({} * sum(z) / 10, 0.1); z ~ std_normal(); }}
    """
    values = {"mu": 0.0, "z": np.zeros(100)}
    assert isinstance(found(code.format(0.03), {}, values, standard=("z",)), WarmStart)
    assert_no_start(found(code.format(0.3), {}, values, standard=("z",)), "correlated with")


@pytest.fixture(scope="module")
def sleep() -> pp.Model:
    return pp.Model("reaction ~ days + (1 + days | subject)", pp.datasets.load("sleepstudy"))


def config(fit: pp.ModelFit) -> dict[str, Any]:
    used: dict[str, Any] = json.loads(fit.attrs["config"])
    return used


def test_options_that_are_given_win(sleep: pp.Model) -> None:
    few = {**QUIET, "draws": 20, "chains": 2}
    plain = config(sleep.sample(**few))
    assert (plain["warmup"], plain["metric"]) == (start.SHORT, "dense_e")
    assert len(plain["inits"]) == 2
    given = config(sleep.sample(**few, warmup=40, adapt_delta=0.9))
    assert (given["warmup"], given["adapt_delta"]) == (40, 0.9)
    assert given["inv_metric"] == plain["inv_metric"]
    own: dict[str, Any]
    for own in ({"metric": "diag_e"}, {"inits": 0.5}, {"step_size": 0.3}):
        used = config(sleep.sample(**few, **own, warmup=60))
        assert (used["inv_metric"], used["inits"]) == (None, own.get("inits"))


def test_configure_without_a_start_changes_nothing() -> None:
    given = SamplerConfig(seed=3)
    assert start.configure(given, NoStart("a test"), ()) is given


def test_long_steps_where_near_normal() -> None:
    one = WarmStart(np.zeros(1), np.ones((1, 1)), [{}] * 4, np.ones(1), 1.2)
    assert one.near_normal
    plain = SamplerConfig(seed=3)
    long = start.configure(plain, one, ())
    assert (long.adapt_delta, long.max_treedepth) == (start.LONG_STEPS, start.DEPTH)
    assert start.configure(plain, one, ("max_treedepth",)).max_treedepth == 10
    shorter_steps = start.configure(plain, one, ("adapt_delta",))
    assert (shorter_steps.adapt_delta, shorter_steps.max_treedepth) == (0.8, 10)
    for other in (
        dataclasses.replace(one, stiffness=3.0),
        dataclasses.replace(one, moments=np.array([1.5])),
    ):
        rougher = start.configure(plain, other, ())
        assert (rougher.adapt_delta, rougher.max_treedepth) == (start.SHORT_STEPS, 10)
    rough = start.configure(plain, dataclasses.replace(one, stiffness=5.0), ())
    assert (rough.warmup, rough.adapt_delta) == (start.MEDIUM, start.SHORTEST_STEPS)


def test_steps_where_effects_are_sampled_are_those_of_stan_in_shorter_trees() -> None:
    given = (np.zeros(100), np.ones((100, 100)), [{}] * 4, np.ones(100), start.TAME)
    plain = SamplerConfig(seed=3)
    close = start.configure(plain, start.ConditionalStart(*given, short_trees=True), ())
    assert (close.adapt_delta, close.max_treedepth) == (0.8, start.DEPTH)
    far = start.configure(plain, start.ConditionalStart(*given), ())
    assert (far.adapt_delta, far.max_treedepth) == (start.SHORT_STEPS, 10)


@pytest.mark.parametrize(("size", "depth"), [(2005, 3), (8000, 4), (20_000, 4)])
def test_trajectories_are_long_enough(size: int, depth: int) -> None:
    """Of standard normals: shorter ones mix more slowly, longer ones come back.

    `benchmarks/steps.py` has what this buys; the depths are those that gave the most effective
    draws per gradient, the worse of bulk and tail, of 3, 4, 5 and 10.
    """
    one = WarmStart(np.zeros(size), np.ones(size), [{}] * 4, np.ones(1), 1.0)
    assert one.treedepth() == depth


def test_correlations_that_a_diagonal_metric_leaves_take_longer_trajectories() -> None:
    code = """
    parameters {{ vector[2] x; vector[62] z; }}
    model {{ x ~ multi_normal([0, 0]', [[1, {0}], [{0}, 1]]); z ~ std_normal(); }}
    """
    values = {"x": np.zeros(2), "z": np.zeros(62)}
    depths = {}
    for rho in (0.0, 0.9, 0.998):
        one = found(code.format(rho), {}, values, standard=("z",))
        assert isinstance(one, WarmStart)
        assert one.stretch == pytest.approx(np.sqrt((1 + rho) / (1 - rho)), rel=1e-3)
        depths[rho] = one.treedepth()
    assert depths[0.0] == start.DEPTH
    assert depths[0.998] >= 6
    hint = ModeHint(values, standard=("z",))
    options = {**QUIET, "hint": hint}
    fit = run.sample(program(code.format(0.998)), {}, **options)
    assert float(az.ess(fit.posterior)["x"].min()) > 1000
    short = run.sample(program(code.format(0.998)), {}, **options, max_treedepth=start.DEPTH)
    assert float(az.ess(short.posterior)["x"].min()) < 500


@pytest.mark.parametrize("size", [3, 10, 40])
def test_largest_curvature_is_found_without_the_whole_hessian(size: int) -> None:
    rng = np.random.default_rng(size)
    root = rng.normal(size=(size, size))
    matrix = root @ root.T
    exact = float(np.linalg.eigvalsh(matrix)[-1])
    used = []

    def times(v: np.ndarray) -> np.ndarray:
        used.append(v)
        return np.asarray(matrix @ v)

    assert curvature.largest(times, size) == pytest.approx(exact, rel=0.05)
    assert len(used) <= curvature.LANCZOS
    assert curvature.largest(lambda v: np.full(size, np.nan), size) == np.inf


def test_reaching_a_limit_is_a_finding_only_where_the_user_set_it() -> None:
    model = pp.Model("y ~ 1 + (1 | g)", groups_of(100, 0.7))
    own = model.sample(**{**QUIET, "draws": 50}, max_treedepth=1)
    assert own.treedepth_limit == 1
    assert not own.diagnose()["tree depth"].ok
    chosen = model.sample(**{**QUIET, "draws": 50})
    assert config(chosen)["max_treedepth"] == start.DEPTH
    assert chosen.treedepth_limit is None
    assert "tree depth" not in {check.name for check in chosen.diagnose().checks}
    default = model.sample(**{**QUIET, "draws": 50}, metric="diag_e", warmup=200)
    assert default.treedepth_limit == 10


def test_metric_is_kept_by_every_engine(sleep: pp.Model, engine: str) -> None:
    """In a warmup as short as ours."""
    options = {**QUIET, "engine": engine, "draws": 20, "chains": 2, "warmup": start.SHORT}
    given = np.diag(np.linspace(1, 2, 6))
    fit = sleep.program.sample(sleep.stan_data, metric="dense_e", inv_metric=given, **options)
    kept = group(fit.idata, "sampler_state")["inv_metric"]
    np.testing.assert_allclose(kept, [given, given])
    assert sleep.sample(**{**options, "warmup": 30}).posterior.sizes["draw"] == 20


def groups_of(count: int, sd: float) -> pd.DataFrame:
    rng = np.random.default_rng(count)
    g = np.repeat(np.arange(count), 6)
    return pd.DataFrame({"g": g, "y": rng.normal(size=6 * count) + sd * rng.normal(size=count)[g]})


@pytest.mark.parametrize(("count", "sd"), [(30, 0.0), (5, 2.0), (40, 0.5)])
def test_posterior_is_that_of_a_long_warmup(count: int, sd: float) -> None:
    """Few groups, no variation between them, much: from the mode, and as Stan starts by itself."""
    model = pp.Model("y ~ 1 + (1 | g)", groups_of(count, sd))
    short = model.sample(**QUIET)
    long = model.sample(**{**QUIET, "seed": 2}, metric="diag_e", warmup=1000)
    for name in ("beta", "sd_g", "sigma"):
        a, b = short.posterior[name], long.posterior[name]
        assert float(az.ess(short.posterior)[name].min()) > 400
        error = np.hypot(az.mcse(short.posterior)[name], az.mcse(long.posterior)[name])
        difference = abs(a.mean(("chain", "draw")) - b.mean(("chain", "draw")))
        assert (difference < 5 * error).all()
        shifted = abs(a.mean(("chain", "draw")) + a.std() - b.mean(("chain", "draw")))
        assert (shifted > 5 * error).all()
    assert float(az.rhat(short.posterior)["sd_g"].max()) < 1.01
    assert int(short.sample_stats["diverging"].sum()) == 0


def test_one_seed_gives_one_result(sleep: pp.Model) -> None:
    few = {**QUIET, "draws": 30, "chains": 2}
    one, same = sleep.sample(**few), sleep.sample(**few)
    np.testing.assert_array_equal(one.posterior["beta"], same.posterior["beta"])
    other = sleep.sample(**{**few, "seed": 2})
    assert (one.posterior["beta"] != other.posterior["beta"]).any()


def test_print_says_where_it_starts(sleep: pp.Model) -> None:
    assert "  start    about the mode" in str(sleep)
    few = pp.Model("y ~ 1 + (1 | g)", groups_of(5, 1.0), parameterization="noncentered")
    assert "  start" not in str(few)


def test_refits_start_anew_and_keep_what_was_given(
    sleep: pp.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = sleep.sample(**{**QUIET, "draws": 50, "chains": 2}, adapt_delta=0.7)
    used: list[SamplerConfig] = []

    def configure(*given: Any) -> SamplerConfig:
        used.append(real(*given))
        return used[-1]

    real = start.configure
    monkeypatch.setattr(start, "configure", configure)
    fit.kfold(2)
    assert [(each.adapt_delta, each.draws, each.chains) for each in used] == [(0.7, 50, 2)] * 2
    metrics = [each.inv_metric for each in used]
    assert metrics[0] is not None
    assert not np.array_equal(metrics[0], metrics[1])


def test_signs_of_a_programs_own_parameters_are_no_problem() -> None:
    """A sd near 0 changes its sign: its R-hat is large, and means nothing."""
    model = pp.Model("y ~ 1 + (1 | g)", groups_of(40, 0.5))
    fit = model.sample(**QUIET)
    assert float(az.rhat(fit.posterior)["sd_g"].max()) < 1.01
    assert fit.kfold(2).problems == ()
