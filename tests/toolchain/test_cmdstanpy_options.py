"""The options that all methods share: files, digits, console, profile, time limit."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytestmark = pytest.mark.cmdstan

COMMON = {
    "sig_figs": 12,
    "save_profile": True,
    "show_console": True,
    "refresh": 7,
    "time_fmt": "%Y",
    "timeout": 50,
}
COMMON_OF_QUANTITIES = {
    "sig_figs": 12,
    "show_console": True,
    "refresh": 7,
    "time_fmt": "%Y",
    "timeout": 50,
}
NUMBER = re.compile(r"-?\d\.\d+")


def check(folder, capfd, *, refresh: int | None = 7) -> None:
    """Check the files' names and digits, and that the console was shown."""
    (csv,) = (path for path in folder.glob("*.csv") if "profile" not in path.name)
    assert re.fullmatch(r"gauss-\d{4}(_\d)?\.csv", csv.name)
    last = [line for line in csv.read_text().splitlines() if line and line[0] != "#"][-1]
    assert max(len(number) for number in NUMBER.findall(last)) >= 13
    shown = capfd.readouterr().out
    assert "method = " in shown
    if refresh is not None:
        assert f"refresh = {refresh}" in shown
    profiles = list(folder.glob("*profile*"))
    assert all("target" in path.read_text() for path in profiles)


def test_of_sample(gauss, gauss_data, tmp_path, capfd) -> None:
    fit = gauss.sample(
        gauss_data(), seed=1, chains=1, iter_warmup=20, iter_sampling=20, output_dir=tmp_path,
        show_progress=False, **COMMON,
    )  # fmt: skip
    check(tmp_path, capfd)
    assert len(fit.stan_variable("x")) == 20


def test_of_optimize(gauss, gauss_data, tmp_path, capfd) -> None:
    gauss.optimize(gauss_data(), seed=1, output_dir=tmp_path, **COMMON)
    check(tmp_path, capfd)


def test_of_pathfinder(gauss, gauss_data, tmp_path, capfd) -> None:
    fit = gauss.pathfinder(
        gauss_data(), seed=1, num_paths=2, num_threads=2, output_dir=tmp_path, **COMMON
    )
    check(tmp_path, capfd)
    one = gauss.pathfinder(gauss_data(), seed=1, num_paths=2, num_threads=1)
    assert sorted(map(len, (fit.draws(), one.draws()))) == [1000, 1000]


def test_of_laplace(gauss, gauss_data, tmp_path, capfd) -> None:
    fit = gauss.laplace_sample(
        gauss_data(), seed=1, draws=30, output_dir=tmp_path / "laplace", **COMMON,
        opt_args={"algorithm": "bfgs", "iter": 500},
    )  # fmt: skip
    assert fit.mode.metadata.cmdstan_config["algorithm"] == "bfgs"
    for path in (tmp_path / "laplace").glob("*opt*"):
        path.unlink()
    check(tmp_path / "laplace", capfd)


def test_of_variational(gauss, gauss_data, tmp_path, capfd) -> None:
    fit = gauss.variational(
        gauss_data(), seed=1, inits={"x": [1.0, -2.0]}, require_converged=False, draws=30,
        output_dir=tmp_path, **COMMON,
    )  # fmt: skip
    check(tmp_path, capfd)
    assert len(fit.variational_sample) == 30


def test_of_generate_quantities(gauss, gauss_data, tmp_path, capfd) -> None:
    fit = gauss.sample(gauss_data(), seed=1, chains=1, iter_sampling=5, show_progress=False)
    capfd.readouterr()
    quantities = gauss.generate_quantities(
        gauss_data(), fit, seed=1, gq_output_dir=tmp_path, **COMMON_OF_QUANTITIES
    )
    check(tmp_path, capfd)
    assert quantities.stan_variable("y").shape == (5,)


def test_of_diagnose(gauss, gauss_data) -> None:
    options = {"data": gauss_data(), "inits": {"x": [0.1, 0.3]}, "epsilon": 0.5, "error": 1e-20}
    table = gauss.diagnose(**options, require_gradients_ok=False, sig_figs=4)
    assert len(table) == 2
    assert np.abs(table["error"]).max() > 1e-20
    with pytest.raises(RuntimeError):
        gauss.diagnose(**options, require_gradients_ok=True, sig_figs=4)
