"""Every CmdStanPy method, against known answers."""

from __future__ import annotations

from pathlib import Path

import cmdstanpy
import numpy as np
import pytest

pytestmark = pytest.mark.cmdstan

MEAN, COV = np.array([1.0, -2.0]), np.array([[1, 0.5], [0.5, 2]])
LINE_SEARCH = {
    "init_alpha": 0.01, "tol_obj": 1e-11, "tol_rel_obj": 1e3, "tol_grad": 1e-7,
    "tol_rel_grad": 1e6, "tol_param": 1e-7, "history_size": 6,
}  # fmt: skip


# --- the installation and the compiled model ---------------------------------


def test_version(cmdstan_path) -> None:
    assert cmdstanpy.cmdstan_path() == str(cmdstan_path)
    assert cmdstanpy.cmdstan_version() == (2, 39)


def test_exe_info(bernoulli, gauss) -> None:
    assert bernoulli.exe_info()["STAN_THREADS"] == "false"
    assert gauss.exe_info()["STAN_THREADS"] == "true"


def test_src_info(gauss) -> None:
    info = gauss.src_info()
    assert set(info["inputs"]) == {"trouble", "K"}
    assert set(info["parameters"]) == {"x"}


def test_format(cmdstan_path, tmp_path) -> None:
    path = tmp_path / "ugly.stan"
    path.write_text("parameters{real x;}model{x~normal(0,1);}")
    cmdstanpy.format_stan_file(path, overwrite_file=True, canonicalize=True)
    assert "  x ~ normal(0, 1);\n" in path.read_text()


def test_a_program_with_an_error_raises(cmdstan_path, tmp_path) -> None:
    path = tmp_path / "broken.stan"
    path.write_text("parameters { real x }")
    with pytest.raises(ValueError, match="Syntax error"):
        cmdstanpy.CmdStanModel(stan_file=path)
    assert not (tmp_path / "broken").exists()


def test_user_header_include_path_name_and_blanks(cmdstan_path, tmp_path) -> None:
    folder = tmp_path / "with blank"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "f.stan").write_text("real twice(real x);\n")
    header = tmp_path / "twice.hpp"
    header.write_text(
        "template <typename T> auto twice(const T& x, std::ostream*) { return 2 * x; }\n"
    )
    path = folder / "external.stan"
    path.write_text(
        "functions {\n#include f.stan\n}\ngenerated quantities { real y = twice(21); }\n"
    )
    model = cmdstanpy.CmdStanModel(
        stan_file=path,
        user_header=header,
        stanc_options={"include-paths": [str(folder / "parts")], "name": "my_name"},
        cpp_options={"STAN_NO_RANGE_CHECKS": "TRUE", "O": 0, "PRECOMPILED_HEADERS": "false"},
    )
    fit = model.sample(chains=1, iter_sampling=1, iter_warmup=1, show_progress=False)
    assert fit.stan_variable("y") == [42]
    assert fit.metadata.cmdstan_config["model"] == "my_name"
    assert model.exe_info()["STAN_NO_RANGE_CHECKS"] == "true"


@pytest.mark.parametrize("option", ["STAN_OPENCL", "STAN_MPI"])
def test_what_is_not_supported_is_refused(cmdstan_path, tmp_path, option) -> None:
    path = tmp_path / "m.stan"
    path.write_text("parameters { real x; }")
    with pytest.raises(ValueError, match=f"{option} is not supported"):
        cmdstanpy.CmdStanModel(stan_file=path, cpp_options={option: "TRUE"})


# --- optimize -----------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["lbfgs", "bfgs", None])
@pytest.mark.parametrize(("jacobian", "mode"), [(False, 0.2), (True, 0.25)])
def test_optimize(bernoulli, bernoulli_data, algorithm, jacobian, mode) -> None:
    options = dict(LINE_SEARCH) if algorithm else {}
    if algorithm == "bfgs":
        del options["history_size"]
    fit = bernoulli.optimize(
        bernoulli_data, seed=1, algorithm=algorithm, jacobian=jacobian, iter=500, **options
    )
    assert fit.converged
    assert fit.optimized_params_dict["theta"] == pytest.approx(mode, abs=1e-4)
    lp = 2 * np.log(mode) + 8 * np.log1p(-mode)
    lp += np.log(mode * (1 - mode)) if jacobian else 0
    assert fit.optimized_params_dict["lp__"] == pytest.approx(lp, abs=1e-6)


def test_optimize_saves_iterations(bernoulli, bernoulli_data) -> None:
    fit = bernoulli.optimize(bernoulli_data, seed=1, save_iterations=True, inits=0, sig_figs=18)
    path = fit.optimized_iterations_np
    assert path[0, fit.column_names.index("theta")] == 0.5
    assert np.all(np.diff(path[:, 0]) >= 0)
    assert np.array_equal(path[-1], fit.optimized_params_np)


def test_a_newton_run_that_ends_nowhere_is_a_failure(bernoulli, bernoulli_data) -> None:
    """Stan 2.39's own defect (stan issue 3429): it would report success."""
    try:
        fit = bernoulli.optimize(bernoulli_data, seed=1, algorithm="newton")
    except RuntimeError as error:
        assert "Error: Optimization terminated with error" in str(error)
    else:
        assert fit.optimized_params_dict["theta"] == pytest.approx(0.2, abs=1e-3)


def test_optimize_that_fails(gauss, gauss_data) -> None:
    with pytest.raises(RuntimeError, match="Initialization failed"):
        gauss.optimize(gauss_data(trouble=1), seed=1)


def test_optimize_stops_at_its_number_of_iterations(gauss, gauss_data) -> None:
    fit = gauss.optimize(gauss_data(), seed=1, iter=1, require_converged=False, inits={"x": [9, 9]})
    assert not np.allclose(fit.stan_variable("x"), MEAN, atol=0.01)


# --- variational ----------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["meanfield", "fullrank"])
def test_variational(gauss, gauss_data, algorithm, tmp_path) -> None:
    fit = gauss.variational(
        gauss_data(), seed=1, algorithm=algorithm, iter=5000, grad_samples=5, elbo_samples=50,
        eta=0.5, adapt_iter=60, tol_rel_obj=0.005, eval_elbo=50, draws=2000,
        save_diagnostics=True, output_dir=tmp_path, require_converged=False,
    )  # fmt: skip
    assert fit.variational_sample.shape[0] == 2000
    assert np.allclose(fit.stan_variable("x"), MEAN, atol=0.4)
    assert fit.eta > 0
    assert fit.metadata.cmdstan_config["algorithm"] == algorithm
    assert "iter,time_in_seconds,ELBO" in Path(*tmp_path.glob("*diagnostic*")).read_text()


def test_variational_without_adaptation(gauss, gauss_data) -> None:
    fit = gauss.variational(
        gauss_data(), seed=1, adapt_engaged=False, eta=0.25, require_converged=False
    )
    assert fit.eta == 0.25


def test_variational_needs_parameters(coin) -> None:
    with pytest.raises(RuntimeError, match="parameters"):
        coin.variational(seed=1)


# --- pathfinder -----------------------------------------------------------------


def test_pathfinder(gauss, gauss_data) -> None:
    fit = gauss.pathfinder(
        gauss_data(), seed=1, draws=3000, num_paths=3, num_elbo_draws=30, num_single_draws=1500,
        max_lbfgs_iters=500, **LINE_SEARCH,
    )  # fmt: skip
    assert fit.is_resampled
    x = fit.stan_variable("x")
    assert x.shape == (3000, 2)
    assert np.allclose(x.mean(axis=0), MEAN, atol=0.2)
    assert np.allclose(np.cov(x.T), COV, atol=0.4)


@pytest.mark.parametrize("options", [{"psis_resample": False}, {"calculate_lp": False}])
def test_pathfinder_without_resampling(gauss, gauss_data, options) -> None:
    fit = gauss.pathfinder(gauss_data(), seed=1, num_paths=2, num_single_draws=100, **options)
    assert not fit.is_resampled
    assert fit.stan_variable("x").shape == (200, 2)


def test_pathfinder_with_one_path(gauss, gauss_data) -> None:
    fit = gauss.pathfinder(gauss_data(), seed=1, num_paths=1, num_single_draws=100)
    assert fit.stan_variable("x").shape == (100, 2)


def test_pathfinder_inits_per_path(gauss, gauss_data) -> None:
    inits = [{"x": [0, 0]}, {"x": [1, 1]}]
    fit = gauss.pathfinder(gauss_data(), seed=1, num_paths=2, inits=inits)
    assert len(fit.stan_variable("x")) == 1000
    chain_inits = fit.create_inits(chains=2, seed=1)
    assert len(chain_inits) == 2


# --- laplace --------------------------------------------------------------------


@pytest.mark.parametrize("jacobian", [True, False])
def test_laplace_of_a_normal_is_exact(gauss, gauss_data, jacobian) -> None:
    fit = gauss.laplace_sample(gauss_data(), seed=1, jacobian=jacobian, draws=4000)
    x = fit.stan_variable("x")
    assert np.allclose(x.mean(axis=0), MEAN, atol=4 * np.sqrt(2 / 4000))
    assert np.allclose(np.cov(x.T), COV, atol=0.2)
    # the approximation is the target: log p - log q is constant
    gap = fit.method_variables()["log_p__"] - fit.method_variables()["log_q__"]
    assert np.ptp(gap) < 1e-3


def test_laplace_at_no_mode_leaves_no_file(bernoulli, run, tmp_path, bernoulli_data) -> None:
    flat = tmp_path / "flat.json"
    flat.write_text('{"N": 0, "y": []}')
    (tmp_path / "mode.json").write_text('{"theta": 0.5}')
    result = run(
        bernoulli, "laplace", "mode=mode.json", "jacobian=0", "data", f"file={flat}", "output",
        "file=l.csv",
    )  # fmt: skip
    assert result.returncode != 0
    assert "not positive definite" in result.stderr
    assert not (tmp_path / "l.csv").exists()


def test_laplace_of_a_csv_mode_and_from_csv(bernoulli, bernoulli_data, tmp_path) -> None:
    mode = bernoulli.optimize(bernoulli_data, seed=1, jacobian=True)
    fit = bernoulli.laplace_sample(bernoulli_data, mode=mode, seed=1, output_dir=tmp_path)
    again = cmdstanpy.from_csv(tmp_path)
    assert np.array_equal(again.draws(), fit.draws())
    assert fit.mode.optimized_params_dict["theta"] == pytest.approx(0.25, abs=1e-4)


# --- generated quantities ---------------------------------------------------------


def test_generate_quantities_of_every_kind_of_fit(gauss, gauss_data) -> None:
    data = gauss_data()
    for fit in (
        gauss.sample(data, seed=1, chains=2, iter_sampling=50, show_progress=False),
        gauss.optimize(data, seed=1),
        gauss.variational(data, seed=1, draws=40, require_converged=False),
    ):
        quantities = gauss.generate_quantities(data, fit, seed=2)
        y = quantities.stan_variable("y")
        x = np.atleast_2d(fit.stan_variable("x"))
        z = quantities.stan_variable("z")
        if len(x) == 100:
            assert np.allclose(z, x[:, 0] + 1j * x[:, 1], atol=1e-6)
            assert np.allclose(quantities.stan_variable("pair")[0][1], x[0], atol=1e-6)
            noise = y - x[:, 0]
            assert abs(np.corrcoef(noise[:50], noise[50:])[0, 1]) < 0.6
        assert np.isfinite(y).all()


def test_generate_quantities_from_saved_warmup(gauss, gauss_data) -> None:
    fit = gauss.sample(
        gauss_data(), seed=1, chains=1, iter_warmup=30, iter_sampling=20, save_warmup=True,
        show_progress=False,
    )  # fmt: skip
    quantities = gauss.generate_quantities(gauss_data(), fit, seed=2)
    assert quantities.draws(inc_warmup=True).shape[0] == 50


def test_generate_quantities_that_fail_raise(gauss, gauss_data, tmp_path) -> None:
    fit = gauss.sample(gauss_data(), seed=1, chains=1, iter_sampling=5, show_progress=False)
    with pytest.raises(RuntimeError, match="no quantities today"):
        gauss.generate_quantities(gauss_data(trouble=2), fit, seed=1)


def test_a_model_without_generated_quantities_raises(bernoulli, bernoulli_data) -> None:
    fit = bernoulli.sample(bernoulli_data, seed=1, chains=1, show_progress=False)
    with pytest.raises(RuntimeError, match="doesn't generate any quantities"):
        bernoulli.generate_quantities(bernoulli_data, fit, seed=1)


# --- log_prob and diagnose ----------------------------------------------------------


@pytest.mark.parametrize(
    ("jacobian", "lp", "gradient"),
    [(True, -7.0214667713, -1.188472607), (False, -5.5395901199, -1.4903938392)],
)
def test_log_prob_reference(bernoulli, bernoulli_data, jacobian, lp, gradient) -> None:
    table = bernoulli.log_prob(
        {"theta": 0.34903938392023830482}, bernoulli_data, jacobian=jacobian, sig_figs=14
    )
    assert table["lp__"][0] == pytest.approx(lp, abs=1e-9)
    assert table["theta"][0] == pytest.approx(gradient, abs=1e-9)


def test_log_prob_is_the_samplers(gauss, gauss_data) -> None:
    fit = gauss.sample(
        gauss_data(), seed=1, chains=1, iter_sampling=3, sig_figs=17, show_progress=False
    )
    for x, lp in zip(fit.stan_variable("x"), fit.method_variables()["lp__"][:, 0], strict=True):
        assert gauss.log_prob({"x": x.tolist()}, gauss_data(), sig_figs=17)["lp__"][0] == lp


def test_log_prob_names_a_missing_parameter(gauss, gauss_data, caplog) -> None:
    with pytest.raises(RuntimeError):
        gauss.log_prob({"wrong": 1}, gauss_data())
    assert "variable name=x; dims declared=(2)" in caplog.text


def test_diagnose(gauss, gauss_data) -> None:
    table = gauss.diagnose(data=gauss_data(), inits={"x": [0, 0]}, epsilon=1e-5, error=1e-5)
    assert list(table["value"]) == [0, 0]
    assert np.allclose(table["model"], np.linalg.solve(COV, MEAN), rtol=1e-5)
    assert np.abs(table["error"]).max() < 1e-5


def test_diagnose_reports_differences(bernoulli, bernoulli_data, run, tmp_path) -> None:
    result = run(
        bernoulli, "diagnose", "test=gradient", "error=1e-30", "epsilon=0.1", "data",
        f"file={bernoulli_data}", "random", "seed=1",
    )  # fmt: skip
    assert result.returncode == 1
    assert "Error: 1 gradient" in result.stderr


# --- profile, diagnostics, tables ------------------------------------------------------


def test_profile(gauss, gauss_data, tmp_path) -> None:
    gauss.sample(
        gauss_data(), seed=1, chains=1, save_profile=True, output_dir=tmp_path, show_progress=False
    )
    (profile,) = tmp_path.glob("*profile*")
    header, row = profile.read_text().strip().split("\n")
    assert header == (
        "name,thread_id,total_time,forward_time,reverse_time,chain_stack,no_chain_stack,"
        "autodiff_calls,no_autodiff_calls"
    )
    name, _, total, forward, reverse, *_, calls, _ = row.split(",")
    assert name == "target"
    assert float(total) == pytest.approx(float(forward) + float(reverse), rel=1e-5)
    assert int(calls) > 2000


def test_no_profile_file_without_profile_statements(bernoulli, bernoulli_data, run, tmp_path):
    run(bernoulli, "sample", "data", f"file={bernoulli_data}")
    assert not (tmp_path / "profile.csv").exists()


@pytest.mark.filterwarnings("ignore:The 'float_precision' argument")  # CmdStanPy and pandas 3
def test_summary_and_diagnose_tables(bernoulli, bernoulli_data) -> None:
    fit = bernoulli.sample(bernoulli_data, seed=1, show_progress=False)
    summary = fit.summary(percentiles=(10, 50, 90), sig_figs=4)
    assert list(summary.index) == ["lp__", "theta"]
    assert summary.loc["theta", "Mean"] == pytest.approx(0.25, abs=0.02)
    assert summary.loc["theta", "StdDev"] == pytest.approx(np.sqrt(27 / 144 / 13), abs=0.02)
    assert {"10%", "50%", "90%", "R_hat", "ESS_bulk"} <= set(summary.columns)
    assert "no problems detected" in fit.diagnose()


def test_from_csv_of_every_method(gauss, gauss_data, tmp_path) -> None:
    data = gauss_data()
    fits = {
        "sample": gauss.sample(
            data, seed=1, chains=2, iter_sampling=20, show_progress=False,
            output_dir=tmp_path / "sample",
        ),
        "optimize": gauss.optimize(data, seed=1, output_dir=tmp_path / "optimize"),
        "variational": gauss.variational(
            data, seed=1, output_dir=tmp_path / "variational", require_converged=False
        ),
        "pathfinder": gauss.pathfinder(data, seed=1, output_dir=tmp_path / "pathfinder"),
    }  # fmt: skip
    for name, fit in fits.items():
        again = cmdstanpy.from_csv(sorted(map(str, (tmp_path / name).glob("*.csv"))))
        assert type(again) is type(fit)
        assert np.array_equal(again.stan_variable("x"), fit.stan_variable("x"))


def test_save_csvfiles_and_json_input(bernoulli, tmp_path) -> None:
    fit = bernoulli.sample(
        {"N": 2, "y": [0, 1]}, seed=1, chains=2, iter_sampling=10, show_progress=False
    )
    fit.save_csvfiles(tmp_path / "kept")
    kept = sorted(map(str, (tmp_path / "kept").glob("*.csv")))
    assert len(kept) == 2
    assert np.array_equal(cmdstanpy.from_csv(kept).draws(), fit.draws())
