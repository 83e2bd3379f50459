"""What CmdStan can do and stanli cannot, and the guard around CmdStanPy."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import partialpool as pp
from partialpool.engines import select
from partialpool.engines.cmdstan import compiled as cache
from partialpool.engines.cmdstan.engine import FLAGS, CmdStanEngine

pytestmark = [pytest.mark.cmdstan, pytest.mark.usefixtures("cmdstan")]

GAUSS = """
data { vector[2] m; cov_matrix[2] S; }
parameters { vector[2] x; }
model { x ~ multi_normal(m, S); }
generated quantities { real total = sum(x); real noise = normal_rng(0, 1); }
"""
M, S = np.array([1.0, -2.0]), np.array([[2.0, 0.9], [0.9, 1.0]])
DATA = {"m": M, "S": S}


@pytest.fixture
def gauss(write_program) -> pp.StanProgram:
    return write_program("gauss", GAUSS)


def test_laplace_of_a_gaussian_is_exact(gauss) -> None:
    fit = gauss.laplace(DATA, draws=4000, seed=2, engine="cmdstan", dims={"x": ["axis"]})
    x = fit.posterior["x"].values[0]
    assert x.shape == (4000, 2)
    assert np.abs(x.mean(axis=0) - M).max() < 5 * np.sqrt(2 / 4000)
    assert np.allclose(np.cov(x.T), S, atol=0.2)
    ratio = fit.sample_stats["lp"] - fit.sample_stats["lp_approx"]
    assert float(ratio.std()) < 1e-4
    with pytest.raises(pp.EngineError, match="come from laplace"):
        fit.diagnose()


def test_pathfinder_of_a_gaussian(gauss) -> None:
    fit = gauss.pathfinder(DATA, draws=2000, paths=4, seed=2, engine="cmdstan")
    x = fit.posterior["x"].values[0]
    assert x.shape == (2000, 2)
    assert np.abs(x.mean(axis=0) - M).max() < 0.25
    assert set(fit.sample_stats) == {"lp", "lp_approx"}


@pytest.mark.parametrize(("algorithm", "correlation"), [("meanfield", 0.0), ("fullrank", 0.636)])
def test_variational_of_a_gaussian(write_program, algorithm: str, correlation: float) -> None:
    # ADVI stops by the relative change of its objective, which must not be near 0
    far = write_program("far", GAUSS.replace("model {", "model { target += -50;"))
    fit = far.variational(DATA, draws=4000, algorithm=algorithm, seed=2, engine="cmdstan")
    x = fit.posterior["x"].values[0]
    assert np.abs(x.mean(axis=0) - M).max() < 0.5
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(correlation, abs=0.25)


def test_generated_quantities_follow_the_draws(gauss) -> None:
    fit = gauss.sample(DATA, engine="stanli", seed=1, chains=3, draws=50, verbose=False)
    made = gauss.generate_quantities(DATA, fit, engine="cmdstan", seed=5)
    assert set(made.posterior) == {"total", "noise"}
    total = fit.posterior["x"].sum(fit.posterior["x"].dims[-1])
    assert np.allclose(made.posterior["total"], total, atol=1e-12)
    noise = made.posterior["noise"].values
    assert not np.array_equal(noise[0], noise[1])
    again = gauss.generate_quantities(DATA, fit, engine="cmdstan", seed=5)
    assert np.array_equal(again.posterior["noise"], noise)


def test_generated_quantities_of_another_program(gauss, write_program) -> None:
    fit = gauss.sample(DATA, engine="stanli", seed=1, chains=2, draws=20, verbose=False)
    other = write_program("other", "parameters { real z; } generated quantities { real w = z; }")
    with pytest.raises(pp.DataError, match="other declares z, which this fit of gauss does not"):
        other.generate_quantities({}, fit, engine="cmdstan")


def test_matrices_keep_their_order_through_stan_csv(write_program) -> None:
    program = write_program(
        "order",
        "parameters { matrix[2, 3] a; array[2] vector[2] b; } "
        "model { to_vector(a) ~ std_normal(); for (i in 1:2) b[i] ~ std_normal(); } "
        "generated quantities { matrix[2, 3] c = a; array[2] vector[2] d = b; }",
    )
    fit = program.sample({}, engine="stanli", seed=1, chains=2, draws=10, verbose=False)
    made = program.generate_quantities({}, fit, engine="cmdstan")
    assert np.allclose(made.posterior["c"], fit.posterior["a"], atol=1e-14)
    assert np.allclose(made.posterior["d"], fit.posterior["b"], atol=1e-14)


def test_mode_without_the_jacobian(write_program) -> None:
    program = write_program("gamma", "parameters { real<lower=0> s; } model { s ~ gamma(3, 2); }")
    with_jacobian = program.optimize({}, engine="cmdstan", jacobian=True, seed=1)
    without = program.optimize({}, engine="cmdstan", jacobian=False, seed=1)
    assert float(with_jacobian.values["s"]) == pytest.approx(3 / 2, rel=1e-4)
    assert float(without.values["s"]) == pytest.approx(2 / 2, rel=1e-4)


def test_density_without_the_jacobian(write_program) -> None:
    program = write_program("gamma", "parameters { real<lower=0> s; } model { s ~ gamma(3, 2); }")
    a = program.log_density({}, {"s": 0.7}, engine="cmdstan", jacobian=True)
    b = program.log_density({}, {"s": 0.7}, engine="cmdstan", jacobian=False)
    assert a.value - b.value == pytest.approx(np.log(0.7), abs=1e-12)


def test_output_dir_keeps_each_fits_files_apart(gauss, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    options = {"engine": "cmdstan", "output_dir": folder, "chains": 2, "draws": 20}
    for _ in range(2):
        gauss.sample(DATA, seed=1, verbose=False, progress=False, **options)
    fits = sorted(folder.iterdir())
    assert len(fits) == 2
    for fit in fits:
        assert len(list(fit.glob("*.csv"))) == 2


TUPLES = """
parameters { real mu; }
model { mu ~ std_normal(); }
generated quantities {
  tuple(real, vector[2]) t = (mu, [mu, 2 * mu]');
  array[3] tuple(real, complex) u;
  for (i in 1 : 3) u[i] = (i * mu, to_complex(i, mu));
}
"""


def test_components_of_tuples(write_program) -> None:
    program = write_program("tuples", TUPLES)
    fit = program.sample({}, engine="cmdstan", seed=1, draws=50, progress=False, verbose=False)
    mu = fit.posterior["mu"].values[..., np.newaxis]
    assert np.allclose(fit.posterior["t:1"].values, mu[..., 0])
    assert np.allclose(fit.posterior["t:2"].values, mu * [1, 2])
    assert np.allclose(fit.posterior["u:1"].values, mu * [1, 2, 3])
    assert np.allclose(fit.posterior["u:2"].values, np.array([1, 2, 3]) + 1j * mu)
    assert {"u:2[0].real", "u:2[2].imag"} <= set(fit.summary().index)
    quantities = program.generate_quantities({}, fit, engine="cmdstan", seed=1)
    assert np.allclose(quantities.posterior["t:2"].values, mu * [1, 2])


def test_programs_of_one_text_and_two_names_do_not_evict_each_other(write_program) -> None:
    code = "parameters { real<lower=0> s; } model { s ~ gamma(3, 2); }"
    engine = select("cmdstan")
    assert isinstance(engine, CmdStanEngine)
    paths = [
        cache.executable(write_program(name, code), engine.cmdstan, flags=FLAGS)
        for name in ("gamma", "gamma_too", "gamma")
    ]
    assert paths[0] == paths[2] != paths[1]
    assert paths[0].is_file()


def test_advi_that_has_not_converged_gives_its_draws_when_asked(write_program) -> None:
    program = write_program("far", "parameters { real x; } model { x ~ normal(1e3, 1e-3); }")
    options = {"engine": "cmdstan", "seed": 1, "iterations": 100, "draws": 20}
    with pytest.raises(pp.SamplingError, match="may not have converged"):
        program.variational({}, **options)
    fit = program.variational({}, require_converged=False, **options)
    assert fit.posterior["x"].shape == (1, 20)


def test_fits_in_threads_do_not_mix(gauss) -> None:
    def run(seed: int) -> np.ndarray:
        fit = gauss.sample(
            DATA, engine="cmdstan", seed=seed, chains=2, draws=50, progress=False, verbose=False
        )
        return fit.posterior["x"].values

    before = os.environ.get("STAN_NUM_THREADS")  # CmdStanPy by itself, in other tests, leaves it
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, range(1, 7)))
    for seed, found in enumerate(together, start=1):
        assert np.array_equal(found, run(seed))
    assert os.environ.get("STAN_NUM_THREADS") == before


BUILD = """
import partialpool as pp
from partialpool.engines import select
from partialpool.engines.cmdstan import compiled as cache
from partialpool.engines.cmdstan.engine import FLAGS
program = pp.StanProgram("once", None, "parameters { real q; } model { q ~ normal(0, 3); }")
print(cache.executable(program, select("cmdstan").cmdstan, flags=FLAGS))
"""


def build(count: int) -> set[str]:
    """Build in several processes at once."""
    command = [sys.executable, "-c", BUILD]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    said = {process.communicate()[0].strip() for process in running}
    assert [process.returncode for process in running] == [0] * count
    return said


def test_processes_that_want_one_program_build_it_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PARTIALPOOL_CACHE", str(tmp_path))
    paths = build(4)
    assert len(paths) == 1
    assert len(list(tmp_path.glob("programs/*/*/built.json"))) == 1
    path = Path(paths.pop())
    first = path.stat().st_mtime_ns
    assert build(1) == {str(path)}
    assert path.stat().st_mtime_ns == first
    path.write_bytes(path.read_bytes()[:1000])  # cut short: built again, not run
    assert build(1) == {str(path)}
    assert path.stat().st_mtime_ns != first


def test_each_ingredient_changes_the_key(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PARTIALPOOL_CACHE", str(tmp_path))
    built: list[Path] = []
    monkeypatch.setattr(cache, "_build", lambda source, name, home, *rest: built.append(home))
    installed = select("cmdstan").cmdstan  # type: ignore[attr-defined]
    program = pp.StanProgram("a", None, "parameters { real q; } model { }")
    variants = [
        (program, installed, {}, ()),
        (pp.StanProgram("a", None, program.code + "\n"), installed, {}, ()),
        (program, installed, {"STAN_THREADS": "true"}, ()),
        (program, installed, {}, ("--O1",)),
        (program, cache.CmdStan(installed.path, "2.38.0", installed.compiler, ""), {}, ()),
        (program, cache.CmdStan(installed.path, installed.version, "g++ 11", ""), {}, ()),
        (program, cache.CmdStan(installed.path, installed.version, "g++", "O=1"), {}, ()),
    ]
    for chosen, cmdstan, flags, stanc_flags in variants:
        with pytest.raises(pp.EngineError, match="does not start"):
            cache.executable(chosen, cmdstan, flags=flags, stanc_flags=stanc_flags)
    assert len(set(built)) == len(variants)


def test_what_stan_says_of_a_failure_is_in_the_message(write_program) -> None:
    program = write_program(
        "fails", 'parameters { real x; } model { reject("no luck with x = ", x); }'
    )
    with pytest.raises(pp.SamplingError, match="fails: .*no luck"):
        program.sample({}, engine="cmdstan", verbose=False, progress=False)


def test_no_compiler(monkeypatch, write_program) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(pp.EngineError, match=r"'no-such-compiler' cannot be run: install one"):
        select("cmdstan")
