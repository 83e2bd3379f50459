"""Sampling through CmdStanPy: metrics, warmup, thinning, chains, starts, failures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cmdstanpy
import numpy as np
import pytest
from toolchain.stan_csv import read

pytestmark = pytest.mark.cmdstan

QUIET = {"seed": 1234, "show_progress": False}
MEAN, COV = np.array([1.0, -2.0]), np.array([[1, 0.5], [0.5, 2]])


def test_bernoulli_posterior_is_beta(bernoulli, bernoulli_data) -> None:
    fit = bernoulli.sample(bernoulli_data, chains=4, iter_sampling=4000, **QUIET)
    theta = fit.stan_variable("theta")
    # Beta(3, 9): mean 1/4, variance 27/(144*13); about 5000 effective draws
    assert theta.mean() == pytest.approx(0.25, abs=4 * np.sqrt(27 / 144 / 13 / 5000))
    assert theta.var() == pytest.approx(27 / 144 / 13, rel=0.1)
    assert fit.divergences.sum() == 0


@pytest.mark.parametrize("metric", ["diag_e", "dense_e", "unit_e"])
@pytest.mark.parametrize("engaged", [True, False])
@pytest.mark.parametrize(("save_warmup", "thin"), [(False, 1), (True, 3)])
def test_row_counts_and_moments(gauss, gauss_data, metric, engaged, save_warmup, thin) -> None:
    fit = gauss.sample(
        gauss_data(), chains=2, iter_warmup=200, iter_sampling=1000, metric=metric,
        adapt_engaged=engaged, step_size=0.7, save_warmup=save_warmup, thin=thin,
        max_treedepth=9, **QUIET,
    )  # fmt: skip
    assert fit.draws().shape == (math.ceil(1000 / thin), 2, len(fit.column_names))
    if save_warmup:
        rows = math.ceil(200 / thin) + math.ceil(1000 / thin)
        assert fit.draws(inc_warmup=True).shape[0] == rows
    assert fit.metric_type == metric
    assert fit.step_size.shape == (2,)
    if metric == "diag_e":
        assert fit.inv_metric.shape == (2, 2)
    if metric == "dense_e":
        assert fit.inv_metric.shape == (2, 2, 2)
    if not engaged:
        assert np.allclose(fit.step_size, 0.7)
    tolerance = 5 * np.sqrt(2 / 300)
    assert np.allclose(fit.stan_variable("x").mean(axis=0), MEAN, atol=tolerance)


@pytest.mark.parametrize("metric", ["diag_e", "dense_e", "unit_e"])
def test_one_process_and_four_processes_agree_bit_by_bit(gauss, gauss_data, metric) -> None:
    options = {
        "data": gauss_data(), "chains": 4, "iter_warmup": 150, "iter_sampling": 50,
        "metric": metric, "sig_figs": 17, "save_warmup": True, "chain_ids": 3,
    } | QUIET  # fmt: skip
    together = gauss.sample(**options, force_one_process_per_chain=False)
    apart = gauss.sample(**options, force_one_process_per_chain=True)
    assert together.runset.one_process_per_chain is False
    assert together.chain_ids == apart.chain_ids == [3, 4, 5, 6]
    a, b = together.draws(inc_warmup=True), apart.draws(inc_warmup=True)
    assert a.shape == (200, 4, len(together.column_names))
    assert np.array_equal(a, b)
    assert not np.array_equal(a[:, 0], a[:, 1])


def test_threaded_and_unthreaded_builds_agree(compiled, gauss, gauss_data) -> None:
    options = {"data": gauss_data(), "chains": 2, "iter_sampling": 50, "sig_figs": 17} | QUIET
    assert np.array_equal(
        gauss.sample(**options).draws(), compiled("gauss").sample(**options).draws()
    )


def test_several_chains_without_threads(bernoulli, bernoulli_data) -> None:
    options = {"data": bernoulli_data, "chains": 3, "iter_sampling": 30} | QUIET
    one = bernoulli.sample(**options, force_one_process_per_chain=False)
    assert np.array_equal(one.draws(), bernoulli.sample(**options).draws())


def test_seeds_and_ids(bernoulli, bernoulli_data) -> None:
    def draws(**options):
        options = {"chains": 2, "iter_sampling": 20, "show_progress": False} | options
        return bernoulli.sample(bernoulli_data, **options).draws()

    first = draws(seed=1)
    assert np.array_equal(first, draws(seed=1))
    assert not np.array_equal(first, draws(seed=2))
    assert np.array_equal(first[:, 1], draws(seed=[5, 1])[:, 1])
    assert np.array_equal(first[:, 1], draws(seed=1, chains=1, chain_ids=[2])[:, 0])


def test_parallel_chains_and_threads_per_chain(gauss, gauss_data) -> None:
    fit = gauss.sample(
        gauss_data(), chains=2, parallel_chains=2, threads_per_chain=2, iter_sampling=20, **QUIET
    )
    assert fit.draws().shape[:2] == (20, 2)
    assert read(fit.runset.csv_files[0]).config["num_threads"] == "4"


def test_inits(bernoulli, bernoulli_data, tmp_path) -> None:
    def start(inits, chains=1):
        fit = bernoulli.sample(
            bernoulli_data, chains=chains, inits=inits, fixed_param=True, iter_sampling=1, **QUIET
        )
        return fit.stan_variable("theta").tolist()

    assert start(0) == [0.5]
    assert start({"theta": 0.125}) == [0.125]
    assert start([{"theta": 0.125}, {"theta": 0.25}], chains=2) == [0.125, 0.25]
    path = tmp_path / "init.json"
    path.write_text('{"theta": 0.75}')
    assert start(str(path)) == [0.75]
    narrow = start(0.01, chains=4)
    assert len(set(narrow)) == 4
    assert np.allclose(narrow, 0.5, atol=0.0025 + 1e-8)


def test_inits_per_chain_in_one_process(gauss, gauss_data) -> None:
    fit = gauss.sample(
        gauss_data(), chains=2, inits=[{"x": [1, 1]}, {"x": [2, 2]}], iter_warmup=1,
        iter_sampling=1, adapt_engaged=False, step_size=1e-9, max_treedepth=1, **QUIET,
    )  # fmt: skip
    assert np.allclose(fit.draws_pd("x")["x[1]"], [1, 2], atol=1e-6)


def test_metrics(gauss, gauss_data, tmp_path) -> None:
    path = tmp_path / "metric.json"
    path.write_text(json.dumps({"inv_metric": [0.5, 3]}))
    options = {
        "data": gauss_data(), "chains": 2, "adapt_engaged": False, "iter_warmup": 1,
        "iter_sampling": 5, "step_size": 0.5,
    } | QUIET  # fmt: skip
    assert np.allclose(gauss.sample(**options, inv_metric=str(path)).inv_metric, [[0.5, 3]] * 2)
    fit = gauss.sample(**options, inv_metric={"inv_metric": COV})
    assert fit.metric_type == "dense_e"
    assert np.allclose(fit.inv_metric, [COV] * 2)
    fit = gauss.sample(**options, inv_metric=[{"inv_metric": [1, 2]}, {"inv_metric": [3, 4]}])
    assert np.allclose(fit.inv_metric, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        ([1.0, 2.0, 3.0], r"variable name=inv_metric.*dims found=\(3\)"),
        ([[1, 2], [2, 1]], "not positive definite"),
        ([-1, 1], "not positive definite"),
    ],
)
def test_bad_metrics(gauss, gauss_data, metric, says) -> None:
    with pytest.raises(RuntimeError, match=says):
        gauss.sample(gauss_data(), chains=1, inv_metric={"inv_metric": np.array(metric)}, **QUIET)


def test_adaptation_options_reach_the_sampler(bernoulli, bernoulli_data) -> None:
    fit = bernoulli.sample(
        bernoulli_data, chains=1, adapt_delta=0.95, adapt_init_phase=20, adapt_metric_window=30,
        adapt_step_size=40, iter_warmup=200, iter_sampling=300, refresh=50, sig_figs=10, **QUIET,
    )  # fmt: skip
    config = fit.metadata.cmdstan_config
    assert (config["delta"], config["init_buffer"]) == (0.95, 20)
    assert (config["window"], config["term_buffer"], config["refresh"]) == (30, 40, 50)
    default = bernoulli.sample(bernoulli_data, chains=1, iter_warmup=200, **QUIET)
    assert fit.step_size[0] < default.step_size[0]


def test_sig_figs(bernoulli, bernoulli_data) -> None:
    fine = bernoulli.sample(bernoulli_data, chains=1, sig_figs=17, **QUIET).draws()
    coarse = bernoulli.sample(bernoulli_data, chains=1, sig_figs=3, **QUIET).draws()
    assert np.array_equal(coarse, np.vectorize(lambda x: float(f"{x:.3g}"))(fine))


def test_diagnostic_file(gauss, gauss_data, tmp_path) -> None:
    gauss.sample(
        gauss_data(), chains=2, iter_sampling=25, save_diagnostics=True, output_dir=tmp_path,
        **QUIET,
    )  # fmt: skip
    files = sorted(tmp_path.glob("*diagnostic*.csv"))
    assert len(files) == 2
    for path in files:
        csv = read(path)
        assert csv.names[-6:] == ["x.1", "x.2", "p_x.1", "p_x.2", "g_x.1", "g_x.2"]
        assert len(csv.draws) == 25
        x = csv.draws[:, -6:-4]
        gradient = (x - MEAN) @ np.linalg.inv(COV)
        assert np.allclose(csv.draws[:, -2:], gradient, atol=1e-5)


def test_file_layout(bernoulli, bernoulli_data, tmp_path) -> None:
    fit = bernoulli.sample(
        bernoulli_data, chains=1, iter_warmup=40, iter_sampling=11, save_warmup=True, thin=2,
        output_dir=tmp_path, **QUIET,
    )  # fmt: skip
    lines = Path(fit.runset.csv_files[0]).read_text().split("\n")
    first = lines.index(next(line for line in lines if not line.startswith("#")))
    assert lines[0] == "# stan_version_major = 2"
    assert lines[first].startswith("lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,")
    end = lines.index("# Adaptation terminated")
    assert end == first + 1 + 20
    assert lines[end + 1].startswith("# Step size = ")
    assert lines[end + 2] == "# Diagonal elements of inverse mass matrix:"
    draws = lines[end + 4 : end + 4 + 6]
    assert all(line and line[0] not in "#" for line in draws)
    rest = lines[end + 10 :]
    assert rest[0] == "# "
    assert rest[1].startswith("#  Elapsed Time: ")
    assert [line.split("(")[-1] for line in rest[1:4]] == ["Warm-up)", "Sampling)", "Total)"]
    assert rest[4:] == ["# ", ""]


def test_no_parameters(coin) -> None:
    fit = coin.sample(chains=2, iter_sampling=200, **QUIET)
    assert set(fit.stan_variable("heads")) == {0, 1}
    assert 0.3 < fit.stan_variable("heads").mean() < 0.7
    fixed = coin.sample(chains=2, iter_sampling=200, fixed_param=True, **QUIET)
    assert fixed.draws().shape[0] == 200


def test_fixed_param_threads(gauss, gauss_data) -> None:
    fit = gauss.sample(
        gauss_data(), chains=2, fixed_param=True, iter_sampling=7, thin=2,
        force_one_process_per_chain=True, **QUIET,
    )  # fmt: skip
    x = fit.draws()[:, :, fit.column_names.index("x[1]")]
    assert x.shape == (4, 2)
    assert np.all(x == x[0])


@pytest.mark.parametrize(("warmup", "samples"), [(1, 1), (5, 0), (0, 3)])
def test_very_short_runs(bernoulli, bernoulli_data, warmup, samples) -> None:
    fit = bernoulli.sample(
        bernoulli_data, chains=1, iter_warmup=warmup, iter_sampling=samples,
        adapt_engaged=warmup > 0, **QUIET,
    )  # fmt: skip
    assert fit.draws().shape[0] == samples


def test_progress(gauss, gauss_data) -> None:
    fit = gauss.sample(gauss_data(), chains=2, seed=1, show_progress=True, refresh=10)
    assert fit.chains == 2


def test_arviz_reads_it(bernoulli, bernoulli_data, tmp_path) -> None:
    import arviz

    fit = bernoulli.sample(bernoulli_data, chains=2, iter_sampling=30, output_dir=tmp_path, **QUIET)
    tree = arviz.from_cmdstanpy(fit)
    assert tree["posterior"]["theta"].shape == (2, 30)
    if hasattr(arviz, "from_cmdstan"):  # ArviZ 0.x reads the files by itself
        tree = arviz.from_cmdstan(sorted(map(str, tmp_path.glob("*.csv"))))
        assert tree["posterior"]["theta"].shape == (2, 30)


# --- failures: each must raise, and say why -----------------------------------------


def test_missing_and_wrong_data(bernoulli, tmp_path) -> None:
    with pytest.raises(RuntimeError, match=r"variable name=y; .*dims found=\(\)"):
        bernoulli.sample({"N": 3}, chains=1, **QUIET)
    with pytest.raises(RuntimeError, match="mismatch in dimension declared and found"):
        bernoulli.sample({"N": 3, "y": [0, 1]}, chains=1, **QUIET)
    with pytest.raises(RuntimeError, match=r"y\[1\] is 7"):
        bernoulli.sample({"N": 1, "y": [7]}, chains=1, **QUIET)
    with pytest.raises(RuntimeError, match="int variable contained non-int values"):
        bernoulli.sample({"N": 1, "y": [2**31]}, chains=1, **QUIET)


def test_inits_outside_the_support(bernoulli, bernoulli_data) -> None:
    with pytest.raises(RuntimeError, match=r"lub_free|less than or equal|is 2"):
        bernoulli.sample(bernoulli_data, chains=1, inits={"theta": 2}, **QUIET)


@pytest.mark.parametrize("apart", [True, False])
def test_no_init_accepted(gauss, gauss_data, apart) -> None:
    with pytest.raises(RuntimeError, match="Initialization failed"):
        gauss.sample(gauss_data(trouble=1), chains=2, force_one_process_per_chain=apart, **QUIET)


def test_a_missing_data_file(bernoulli, tmp_path, run) -> None:
    result = run(bernoulli, "sample", "data", "file=nowhere.json")
    assert result.returncode == 66
    assert 'Error: cannot open data file "nowhere.json"' in result.stderr


def test_an_unwritable_output_folder(bernoulli, bernoulli_data, run) -> None:
    result = run(
        bernoulli, "sample", "data", f"file={bernoulli_data}", "output", "file=no/such/out.csv"
    )
    assert result.returncode == 74
    assert "No such file or directory" in result.stderr


def test_a_timeout_raises(gauss, gauss_data) -> None:
    with pytest.raises(TimeoutError):
        gauss.sample(gauss_data(trouble=3), chains=1, timeout=1, **QUIET)


def test_exe_file_alone_is_enough(bernoulli, bernoulli_data) -> None:
    model = cmdstanpy.CmdStanModel(exe_file=bernoulli.exe_file)
    assert model.sample(bernoulli_data, chains=1, iter_sampling=5, **QUIET).num_draws_sampling == 5
