"""What both engines must do alike; `engine` is each of them in turn (tests/conftest.py)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import partialpool as pp
from partialpool.errors import DataError, EngineError, ProgramError, SamplingError

MU, SD, Y = 1.0, 2.0, np.array([0.3, 1.9, -0.4, 2.2, 1.1])
NORMAL = """
data {
  int<lower=1> N;
  vector[N] y;
  real<lower=0> prior_sd;
}
parameters {
  real mu;
  real<lower=0> sigma;
}
model {
  mu ~ normal(0, prior_sd);
  sigma ~ exponential(1);
  y ~ normal(mu, sigma);
}
generated quantities {
  array[N] int<lower=0, upper=1> above;
  for (n in 1 : N) above[n] = normal_rng(mu, sigma) > y[n];
  matrix[2, 3] table;
  for (i in 1 : 2) for (j in 1 : 3) table[i, j] = 10 * i + j + mu;
}
"""
DATA = {"N": 5, "y": Y, "prior_sd": SD}
QUICK = {"chains": 2, "warmup": 150, "draws": 60, "progress": False, "verbose": False}


@pytest.fixture
def normal(write_program) -> pp.StanProgram:
    return write_program("normal", NORMAL)


def log_density(mu: float, sigma: float, *, jacobian: bool) -> float:
    """The model's density, constants included, written independently of Stan."""
    value = stats.norm.logpdf(mu, 0, SD) + stats.expon.logpdf(sigma)
    value += stats.norm.logpdf(Y, mu, sigma).sum()
    return float(value + (np.log(sigma) if jacobian else 0.0))


def test_draws_have_declared_shapes_and_types(normal, engine) -> None:
    fit = normal.sample(DATA, engine=engine, seed=3, dims={"y": ["day"]}, **QUICK)
    post = fit.posterior
    assert {name: post[name].shape for name in post} == {
        "mu": (2, 60),
        "sigma": (2, 60),
        "above": (2, 60, 5),
        "table": (2, 60, 2, 3),
    }
    assert post["above"].dtype.kind == "i"
    assert post["above"].dims == ("chain", "draw", "day")
    expected = 10 * np.array([[1], [2]]) + np.array([1, 2, 3])
    found = post["table"].values - post["mu"].values[:, :, None, None]
    assert np.allclose(found, expected, atol=1e-6)
    sample_stats = fit.sample_stats
    assert set(sample_stats) == {
        "lp",
        "acceptance_rate",
        "step_size",
        "tree_depth",
        "n_steps",
        "diverging",
        "energy",
    }
    assert sample_stats["diverging"].dtype == bool
    assert fit.attrs["engine"] == engine
    assert fit.idata["observed_data"]["y"].shape == (5,)
    assert int(fit.idata["constant_data"]["N"]) == 5


def test_posterior_of_a_conjugate_normal(write_program, engine) -> None:
    """Known sd: mu | y is normal; means within 5 MCSE, and a wrong prior is not."""
    program = write_program(
        "known",
        NORMAL.replace("sigma ~ exponential(1);", "")
        .replace("  real<lower=0> sigma;\n", "")
        .replace("sigma", "1.5")
        .split("generated")[0],
    )
    fit = program.sample(DATA, engine=engine, seed=11, chains=4, draws=2000, progress=False)
    precision = 1 / SD**2 + len(Y) / 1.5**2
    exact = (Y.sum() / 1.5**2) / precision
    row = fit.summary(["mu"]).loc["mu"]
    assert row["ess_bulk"] > 1000
    assert abs(row["mean"] - exact) < 5 * row["mcse_mean"]
    assert abs(row["sd"] - precision**-0.5) < 5 * row["mcse_sd"]
    wrong = (Y.sum() / 1.5**2) / (1 / (0.5 * SD) ** 2 + len(Y) / 1.5**2)
    assert abs(row["mean"] - wrong) > 5 * row["mcse_mean"]


def test_one_seed_one_result(normal, engine) -> None:
    a, b, c = (
        normal.sample(DATA, engine=engine, seed=seed, **QUICK).posterior for seed in (5, 5, 6)
    )
    assert a.identical(b)
    assert not np.array_equal(a["mu"], c["mu"])
    assert not np.array_equal(a["mu"][0], a["mu"][1])


def test_parallel_chains_do_not_change_draws(normal, engine) -> None:
    one, two = (
        normal.sample(DATA, engine=engine, seed=5, parallel_chains=n, **QUICK) for n in (1, 2)
    )
    assert np.array_equal(one.posterior["mu"], two.posterior["mu"])


def test_a_seed_that_is_not_given_is_recorded(normal, engine) -> None:
    first = normal.sample(DATA, engine=engine, **QUICK)
    again = normal.sample(DATA, engine=engine, seed=first.attrs["seed"], **QUICK)
    assert np.array_equal(first.posterior["mu"], again.posterior["mu"])


@pytest.fixture
def silent(write_program) -> pp.StanProgram:
    """Without random generated quantities, which would use up the sampler's random numbers."""
    return write_program("silent", NORMAL.split("generated")[0])


def test_thinning_keeps_every_third(silent, engine) -> None:
    options = QUICK | {"draws": 20}
    full = silent.sample(DATA, engine=engine, seed=5, **options).posterior["mu"].values
    thinned = silent.sample(DATA, engine=engine, seed=5, thin=3, **options).posterior["mu"].values
    assert thinned.shape == (2, 7)
    assert np.array_equal(thinned, full[:, ::3])


def test_saved_warmup(silent, engine) -> None:
    fit = silent.sample(DATA, engine=engine, seed=5, save_warmup=True, **QUICK)
    plain = silent.sample(DATA, engine=engine, seed=5, **QUICK)
    assert fit.idata["warmup_posterior"]["mu"].shape == (2, 150)
    assert fit.idata["warmup_sample_stats"]["lp"].shape == (2, 150)
    assert np.array_equal(fit.posterior["mu"], plain.posterior["mu"])


STILL = {
    "warmup": 0,
    "draws": 3,
    "adapt_engaged": False,
    "step_size": 1e-9,
    "max_treedepth": 1,
    "progress": False,
    "verbose": False,
}


def test_inits_are_where_chains_start(normal, engine) -> None:
    starts = [{"mu": 0.5, "sigma": 3.0}, {"mu": -2.0, "sigma": 0.25}]
    fit = normal.sample(DATA, engine=engine, seed=1, chains=2, inits=starts, **STILL)
    for name in ("mu", "sigma"):
        found = fit.posterior[name].values
        assert np.allclose(found, [[start[name]] * 3 for start in starts], atol=1e-6)
    same = normal.sample(DATA, engine=engine, seed=1, chains=2, inits=starts[1], **STILL)
    assert np.allclose(same.posterior["sigma"], 0.25, atol=1e-6)
    zero = normal.sample(DATA, engine=engine, seed=1, chains=2, inits=0, **STILL)
    assert np.allclose(zero.posterior["mu"], 0, atol=1e-6)
    assert np.allclose(zero.posterior["sigma"], 1, atol=1e-6)


def test_inits_out_of_bounds_are_refused(normal, engine) -> None:
    with pytest.raises(DataError, match=r"(?s)real<lower=0> sigma.*-1"):
        normal.sample(DATA, engine=engine, inits={"mu": 0.0, "sigma": -1.0}, **QUICK)
    with pytest.raises(DataError, match="no parameter 'tau'; its parameters are mu, sigma"):
        normal.optimize(DATA, engine=engine, inits={"tau": 0.0})
    with pytest.raises(DataError, match="sigma"):
        normal.log_density(DATA, {"mu": 0.0}, engine=engine)


def test_tree_depth_and_step_size_obey(normal, engine) -> None:
    fit = normal.sample(
        DATA,
        engine=engine,
        seed=2,
        chains=1,
        warmup=0,
        draws=50,
        adapt_engaged=False,
        step_size=0.01,
        max_treedepth=2,
        progress=False,
        verbose=False,
    )
    assert fit.sample_stats["tree_depth"].max() == 2
    assert np.allclose(fit.sample_stats["step_size"], 0.01)
    assert fit.sample_stats["n_steps"].max() == 3


def test_a_higher_adapt_delta_takes_smaller_steps(normal, engine) -> None:
    low, high = (
        normal.sample(DATA, engine=engine, seed=2, adapt_delta=delta, **(QUICK | {"warmup": 400}))
        for delta in (0.6, 0.99)
    )
    assert float(high.sample_stats["step_size"].mean()) < float(
        low.sample_stats["step_size"].mean()
    )


@pytest.mark.parametrize(("metric", "shape"), [("diag_e", (2, 2)), ("dense_e", (2, 2, 2))])
def test_metric_is_adapted_and_can_be_handed_on(normal, engine, metric, shape) -> None:
    pilot = normal.sample(DATA, engine=engine, seed=2, metric=metric, **(QUICK | {"warmup": 400}))
    state = pilot.idata["sampler_state"]
    assert state["inv_metric"].shape == shape
    later = normal.sample(
        DATA,
        engine=engine,
        seed=3,
        chains=2,
        warmup=0,
        draws=40,
        adapt_engaged=False,
        metric=metric,
        inv_metric=state["inv_metric"].values[0],
        step_size=float(state["step_size"][0]),
        progress=False,
        verbose=False,
    )
    assert np.allclose(later.sample_stats["step_size"], float(state["step_size"][0]), rtol=1e-5)
    assert np.allclose(
        later.idata["sampler_state"]["inv_metric"].values[1],
        state["inv_metric"].values[0],
        rtol=1e-4,
    )


def test_unit_metric(normal, engine) -> None:
    fit = normal.sample(DATA, engine=engine, seed=2, metric="unit_e", **QUICK)
    assert fit.posterior["mu"].shape == (2, 60)


@pytest.mark.parametrize("point", [(0.3, 0.7), (-1.2, 2.5), (4.0, 0.1)])
def test_log_density_and_gradient(normal, engine, point) -> None:
    def at(mu: float, sigma: float) -> float:
        params = {"mu": mu, "sigma": sigma}
        return normal.log_density(DATA, params, engine=engine).value

    reference = log_density(1.0, 1.0, jacobian=True)
    difference = at(*point) - at(1.0, 1.0)
    assert difference == pytest.approx(log_density(*point, jacobian=True) - reference, rel=1e-9)
    mu, sigma = point
    gradient = normal.log_density(DATA, {"mu": mu, "sigma": sigma}, engine=engine).gradient
    h = 1e-6
    by_mu = log_density(mu + h, sigma, jacobian=True) - log_density(mu - h, sigma, jacobian=True)
    up, down = sigma * np.exp(h), sigma * np.exp(-h)
    by_log = log_density(mu, up, jacobian=True) - log_density(mu, down, jacobian=True)
    assert gradient == pytest.approx([by_mu / (2 * h), by_log / (2 * h)], rel=1e-5)


def mode(*, jacobian: bool) -> np.ndarray:
    from scipy.optimize import minimize

    found = minimize(
        lambda q: -log_density(q[0], np.exp(q[1]), jacobian=jacobian), [0.0, 0.0], tol=1e-12
    )
    return np.array([found.x[0], np.exp(found.x[1])])


def test_mode_with_the_jacobian(normal, engine) -> None:
    found = normal.optimize(DATA, engine=engine, seed=4, jacobian=True)
    assert found.converged
    assert [found.values["mu"], found.values["sigma"]] == pytest.approx(
        mode(jacobian=True), rel=1e-4
    )
    assert set(found.values) == {"mu", "sigma"}  # the rest is random
    stopped = normal.optimize(DATA, engine=engine, seed=4, iterations=1)
    assert not stopped.converged
    assert stopped.lp < found.lp


def test_a_saved_fit_comes_back_whole(normal, engine, tmp_path: Path) -> None:
    fit = normal.sample(DATA, engine=engine, seed=8, save_warmup=True, **QUICK)
    back = pp.load(fit.save(tmp_path / "fit.nc"))
    assert back.attrs == fit.attrs
    assert back.program.code == normal.code
    assert back.config["warmup"] == 150
    for group in ("posterior", "sample_stats", "observed_data", "warmup_posterior"):
        theirs = back.idata[group]
        assert all(np.array_equal(theirs[name], fit.idata[group][name]) for name in theirs)
    assert back.diagnose() == fit.diagnose()


def test_nothing_is_left_behind(normal, engine, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = (os.getcwd(), dict(os.environ))
    normal.sample(DATA, engine=engine, seed=8, **QUICK)
    assert (os.getcwd(), dict(os.environ)) == before
    assert [path.name for path in tmp_path.iterdir()] == ["normal.stan"]


def test_a_program_that_does_not_compile(write_program, engine) -> None:
    program = write_program("wrong", "parameters { real mu; } model { mu ~ normal(0, tau); }")
    with pytest.raises(ProgramError, match=r'(?s)wrong\.stan.*line 1.*"tau" not in scope'):
        program.sample({}, engine=engine)


def test_what_only_stan_can_check_comes_back_as_data_error(write_program, engine) -> None:
    program = write_program(
        "sums",
        "data { vector[3] y; } transformed data { real<upper=1> total = sum(y); } "
        "parameters { real mu; } model { mu ~ normal(total, 1); }",
    )
    with pytest.raises((DataError, SamplingError), match="total"):
        program.sample({"y": [1.0, 2.0, 3.0]}, engine=engine, **QUICK)


def test_no_start_with_a_finite_density(write_program, engine) -> None:
    program = write_program(
        "nowhere", "parameters { real mu; } model { target += negative_infinity(); }"
    )
    with pytest.raises(SamplingError, match=r"(?i)nowhere: .*initializ"):
        program.sample({}, engine=engine, **QUICK)


def test_an_exception_in_generated_quantities_is_not_hidden(write_program, engine) -> None:
    """Stan gives NaN for such a draw; the diagnosis says so."""
    program = write_program(
        "broken",
        "parameters { real mu; } model { mu ~ std_normal(); } "
        'generated quantities { real x; if (mu > 0) reject("mu is positive"); x = mu; }',
    )
    try:
        fit = program.sample({}, engine=engine, seed=1, **QUICK)
    except SamplingError as error:
        assert "mu is positive" in str(error)
    else:
        assert not fit.diagnose()["draws not finite"].ok


def test_a_program_without_parameters(write_program, engine) -> None:
    program = write_program(
        "none", "data { real m; } generated quantities { real x = normal_rng(m, 1); }"
    )
    fit = program.sample({"m": 4.0}, engine=engine, seed=1, chains=4, draws=500, progress=False)
    assert abs(float(fit.posterior["x"].mean()) - 4.0) < 5 / np.sqrt(2000)
    assert fit.diagnose().ok
    with pytest.raises(EngineError, match="no parameters to take from a fit"):
        program.generate_quantities({"m": 4.0}, fit, engine=engine)


def test_variables_of_size_zero_keep_their_shape(write_program, engine) -> None:
    program = write_program(
        "empty",
        "data { int K; } parameters { vector[K] b; real a; } "
        "model { b ~ std_normal(); a ~ std_normal(); } generated quantities { vector[K] c = b; }",
    )
    fit = program.sample({"K": 0}, engine=engine, seed=1, **QUICK)
    assert fit.posterior["b"].shape == fit.posterior["c"].shape == (2, 60, 0)
    assert list(fit.summary().index) == ["a"]


def test_profiles_are_not_left_in_the_users_folder(
    write_program, engine, tmp_path: Path, monkeypatch
) -> None:
    program = write_program(
        "timed", 'parameters { real x; } model { profile("all") { x ~ std_normal(); } }'
    )
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    program.sample({}, engine=engine, seed=1, **QUICK)
    program.optimize({}, engine=engine, seed=1)
    assert list(folder.iterdir()) == []


def test_paths_with_blanks_and_letters_of_all_kinds(write_program, engine) -> None:
    program = write_program("modèle é 2", NORMAL)
    fit = program.sample(DATA, engine=engine, seed=3, **QUICK)
    assert fit.program.name == "modèle é 2"


def test_includes_are_followed(write_program, engine, tmp_path: Path) -> None:
    (tmp_path / "prior.stan").write_text("mu ~ normal(5, 0.001);", encoding="utf-8")
    program = write_program("with", "parameters { real mu; }\nmodel {\n#include prior.stan\n}")
    fit = program.sample({}, engine=engine, seed=3, **QUICK)
    assert abs(float(fit.posterior["mu"].mean()) - 5) < 0.01
    (tmp_path / "prior.stan").write_text("mu ~ normal(-5, 0.001);", encoding="utf-8")
    fit = program.sample({}, engine=engine, seed=3, **QUICK)
    assert abs(float(fit.posterior["mu"].mean()) + 5) < 0.01
    fit.save(tmp_path / "fit.nc")
    (tmp_path / "prior.stan").unlink()
    again = pp.load(tmp_path / "fit.nc")  # has all that it needs to run
    assert again.program.sha256 == fit.attrs["program_sha256"]
    assert list(again.program.parameters) == ["mu"]
    draws = again.program.sample({}, engine=engine, seed=3, **QUICK)
    assert np.array_equal(draws.posterior["mu"], fit.posterior["mu"])
