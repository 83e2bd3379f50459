"""The command line without CmdStanPy: grammar, help, files, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from toolchain.stan_csv import read

pytestmark = pytest.mark.cmdstan

QUICK = ("num_samples=20", "num_warmup=20")


def test_info_has_one_equals_sign_per_line(bernoulli, gauss, run) -> None:
    for model, threads in ((bernoulli, "false"), (gauss, "true")):
        result = run(model, "info")
        assert result.returncode == 0
        lines = result.stdout.strip().split("\n")
        assert all(line.count("=") == 1 for line in lines)
        info = {k.strip(): v.strip() for k, v in (line.split("=") for line in lines)}
        assert (info["stan_version_major"], info["stan_version_minor"]) == ("2", "39")
        assert info["STAN_THREADS"] == threads


@pytest.mark.parametrize("where", [("help",), ("sample", "help"), ("sample", "adapt", "help")])
def test_help(bernoulli, run, where) -> None:
    result = run(bernoulli, *where)
    assert result.returncode == 0
    assert ("delta" in result.stdout) == ("adapt" in where)


def test_help_all_names_every_argument(bernoulli, run) -> None:
    text = run(bernoulli, "help-all").stdout
    for name in ("stepsize_jitter", "num_psis_draws", "tol_rel_grad", "sig_figs", "eval_elbo"):
        assert name in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "method"),
        (("sample", "num_samples=-1"), "num_samples"),
        (("sample", "num_samples=10x"), "num_samples"),
        (("sample", "num_samples=99999999999"), "num_samples"),
        (("sample", "num_samples="), "num_samples"),
        (("sample", "num_samples"), "needs a value"),
        (("sample", "num_sample=10"), "mistyped or misplaced"),
        (("sample", "thin=0"), "thin"),
        (("sample", "adapt", "delta=1"), "delta"),
        (("sample", "adapt", "delta=nan"), "delta"),
        (("sample", "adapt", "gamma=inf"), "gamma"),
        (("sample", "adapt=1"), "adapt"),
        (("sample", "algorithm=hmc", "stepsize=0"), "stepsize"),
        (("sample", "algorithm=hmc", "stepsize_jitter=1.5"), "stepsize_jitter"),
        (("sample", "algorithm=hmc", "engine=nut"), "static, nuts"),
        (("sample", "num_warmup=0"), "num_warmup"),
        (("sample", "num_chains=2", "algorithm=hmc", "engine=static"), "num_chains"),
        (("sample", "random", "seed=4294967296"), "seed"),
        (("sample", "output", "sig_figs=19"), "sig_figs"),
        (("sample", "init=-1"), "init"),
        (("sample", "num_threads=2"), "STAN_THREADS"),
        (("sample", "save_warmup=yes"), "save_warmup"),
        (("optimize", "iter=0"), "iter"),
        (("laplace",), "mode"),
        (("generate_quantities",), "fitted_params"),
        (("log_prob",), "constrained_params"),
    ],
)
def test_usage_errors(bernoulli, bernoulli_data, run, arguments, says, tmp_path) -> None:
    result = run(bernoulli, "data", f"file={bernoulli_data}", *arguments)
    assert result.returncode == 64, result
    errors = [line for line in result.stderr.split("\n") if line.startswith("Error: ")]
    assert len(errors) == 1
    assert says in errors[0]
    assert not (tmp_path / "output.csv").exists()


def test_scopes_close_by_themselves(bernoulli, bernoulli_data, run, tmp_path) -> None:
    result = run(
        bernoulli, "id=3", "random", "seed=7", "data", f"file={bernoulli_data}", "init=1",
        "output", "file=out.csv", "refresh=0", "sig_figs=12", "method=sample", *QUICK,
        "algorithm=hmc", "engine=nuts", "max_depth=8", "stepsize=0.5", "metric=dense_e",
        "adapt", "engaged=1", "delta=0.9", "delta=0.95", "num_chains=1",
    )  # fmt: skip
    assert result.returncode == 0, result
    config = read(tmp_path / "out.csv").config
    expected = {
        "id": "3", "seed": "7", "init": "1", "max_depth": "8", "stepsize": "0.5",
        "metric": "dense_e", "delta": "0.95", "sig_figs": "12", "num_chains": "1",
    }  # fmt: skip
    assert {key: config[key] for key in expected} == expected


def test_the_method_may_come_first(bernoulli, bernoulli_data, run, tmp_path) -> None:
    arguments = ("random", "seed=1", "data", f"file={bernoulli_data}")
    run(bernoulli, "sample", *QUICK, *arguments, "output", "file=a.csv")
    run(bernoulli, *arguments, "output", "file=b.csv", "method=sample", *QUICK)
    assert np.array_equal(read(tmp_path / "a.csv").draws, read(tmp_path / "b.csv").draws)


def test_variational_adapt_has_its_own_iter(bernoulli, bernoulli_data, run, tmp_path) -> None:
    run(
        bernoulli, "variational", "iter=1500", "adapt", "engaged=1", "iter=20",
        "tol_rel_obj=0.1", "data", f"file={bernoulli_data}",
    )  # fmt: skip
    text = (tmp_path / "output.csv").read_text()
    assert "#     iter = 1500\n" in text
    assert "#       iter = 20\n" in text
    assert "#     tol_rel_obj = 0.1\n" in text


def test_seed_from_the_clock_is_recorded_and_repeats_the_run(
    bernoulli, bernoulli_data, run, tmp_path
) -> None:
    run(bernoulli, "sample", *QUICK, "data", f"file={bernoulli_data}")
    first = read(tmp_path / "output.csv")
    seed = first.config["seed"]
    assert int(seed) > 0
    run(bernoulli, "sample", *QUICK, "data", f"file={bernoulli_data}", "random", f"seed={seed}")
    assert np.array_equal(first.draws, read(tmp_path / "output.csv").draws)


def test_configuration_and_metric_as_json(gauss, gauss_data, run, tmp_path) -> None:
    result = run(
        gauss, "sample", "num_chains=2", *QUICK, "adapt", "save_metric=1", "algorithm=hmc",
        "metric=dense_e", "data", f"file={gauss_data()}", "output", "file=fit.csv",
        "save_cmdstan_config=1", "id=4",
    )  # fmt: skip
    assert result.returncode == 0, result
    for chain in (4, 5):
        config = json.loads((tmp_path / f"fit_{chain}_config.json").read_text())
        assert config["model_name"] == "gauss_model"
        assert config["id"] == chain
        assert config["output"]["file"] == f"fit_{chain}.csv"
        assert config["method"]["sample"]["algorithm"]["hmc"]["metric"] == {"value": "dense_e"}
        assert config["method"]["sample"]["adapt"]["save_metric"] is True
        metric = json.loads((tmp_path / f"fit_{chain}_metric.json").read_text())
        assert metric["metric_type"] == "dense_e"
        assert np.linalg.eigvalsh(np.array(metric["inv_metric"])).min() > 0
        step = read(tmp_path / f"fit_{chain}.csv").column("stepsize__")[0]
        assert np.isclose(metric["stepsize"], step, rtol=1e-7)
        # and it can be read back as a start
        again = run(
            gauss, "sample", *QUICK, "algorithm=hmc", "metric=dense_e",
            f"metric_file=fit_{chain}_metric.json", "data", f"file={gauss_data()}",
        )  # fmt: skip
        assert again.returncode == 0, again


def test_one_file_per_chain_may_be_listed(gauss, gauss_data, run, tmp_path) -> None:
    for chain in (1, 2):
        (tmp_path / f"init{chain}.json").write_text(json.dumps({"x": [float(chain), 0.0]}))
    result = run(
        gauss, "sample", "num_chains=2", "num_samples=1", "num_warmup=0", "adapt", "engaged=0",
        "algorithm=fixed_param", "data", f"file={gauss_data()}", "init=init1.json,init2.json",
        "output", "file=a.csv,b.csv",
    )  # fmt: skip
    assert result.returncode == 0, result
    assert read(tmp_path / "a.csv").column("x.1")[0] == 1
    assert read(tmp_path / "b.csv").column("x.1")[0] == 2


def test_inits_named_after_chains_must_all_be_there(gauss, gauss_data, run, tmp_path) -> None:
    (tmp_path / "init_1.json").write_text('{"x": [0, 0]}')
    result = run(
        gauss, "sample", "num_chains=2", *QUICK, "data", f"file={gauss_data()}", "init=init.json"
    )
    assert result.returncode == 66
    assert "init_2.json" in result.stderr


def test_rdump_input(bernoulli, run, tmp_path) -> None:
    (tmp_path / "data.R").write_text("N <- 10\ny <- c(0, 1, 0, 0, 0, 0, 0, 0, 0, 1)\n")
    assert run(bernoulli, "sample", *QUICK, "data", "file=data.R").returncode == 0


def test_static_hmc(gauss, gauss_data, run, tmp_path) -> None:
    for metric in ("unit_e", "diag_e", "dense_e"):
        for engaged in (0, 1):
            result = run(
                gauss, "sample", "num_samples=2000", "num_warmup=500", "adapt",
                f"engaged={engaged}", "algorithm=hmc", "engine=static", "int_time=2",
                f"metric={metric}", "stepsize=0.5", "data", f"file={gauss_data()}",
                "random", "seed=1", "output", "refresh=0",
            )  # fmt: skip
            assert result.returncode == 0, result
            csv = read(tmp_path / "output.csv")
            assert "int_time__" in csv.names
            assert len(csv.draws) == 2000
            assert abs(csv.column("x.1").mean() - 1) < 0.2
            assert abs(csv.column("x.2").mean() + 2) < 0.3


def test_pathfinder_writes_single_paths(gauss, gauss_data, run, tmp_path) -> None:
    run(
        gauss, "pathfinder", "save_single_paths=1", "num_paths=2", "num_draws=30",
        "num_psis_draws=40", "data", f"file={gauss_data()}", "output", "file=p.csv",
    )  # fmt: skip
    assert len(read(tmp_path / "p.csv").draws) == 40
    for path in (1, 2):
        single = read(tmp_path / f"p_path_{path}.csv")
        assert len(single.draws) == 30
        assert set(single.column("path__")) == {path}
        assert json.loads((tmp_path / f"p_path_{path}.json").read_text())["0"]["iter"] == 0
    run(
        gauss, "pathfinder", "save_single_paths=1", "num_paths=1", "data", f"file={gauss_data()}",
        "output", "file=q.csv",
    )  # fmt: skip
    assert json.loads((tmp_path / "q.json").read_text())["0"]["iter"] == 0


def test_laplace_writes_the_hessian(gauss, gauss_data, run, tmp_path) -> None:
    (tmp_path / "mode.json").write_text('{"x": [1, -2]}')
    result = run(
        gauss, "laplace", "mode=mode.json", "data", f"file={gauss_data()}", "output",
        "diagnostic_file=h.json",
    )  # fmt: skip
    assert result.returncode == 0, result
    hessian = np.array(json.loads((tmp_path / "h.json").read_text())["Hessian"])
    assert np.allclose(hessian, -np.linalg.inv([[1, 0.5], [0.5, 2]]), atol=1e-6)


def test_log_prob_of_many_points(gauss, gauss_data, run, tmp_path) -> None:
    (tmp_path / "u.json").write_text('{"params_r": [[1, -2], [0, 0], [3, 1]]}')
    run(gauss, "log_prob", "unconstrained_params=u.json", "data", f"file={gauss_data()}")
    many = read(tmp_path / "output.csv")
    assert many.names == ["lp__", "x.1", "x.2"]
    inverse = np.linalg.inv([[1, 0.5], [0.5, 2]])
    for row, point in zip(many.draws, [[1, -2], [0, 0], [3, 1]], strict=True):
        away = np.array(point) - [1, -2]
        assert np.allclose(row, [-away @ inverse @ away / 2, *(-inverse @ away)])
    (tmp_path / "c.csv").write_text("lp__,x.1,x.2\n# note\n0,1,-2\n0,0,0\n0,3,1\n")
    run(
        gauss, "log_prob", "constrained_params=c.csv", "data", f"file={gauss_data()}", "output",
        "file=again.csv",
    )  # fmt: skip
    assert np.array_equal(read(tmp_path / "again.csv").draws, many.draws)


def test_generated_quantities_of_several_chains(gauss, gauss_data, run, tmp_path) -> None:
    data = ("data", f"file={gauss_data()}")
    seed = ("random", "seed=5")
    run(gauss, "sample", "num_chains=2", *QUICK, *data, *seed, "output", "file=f.csv")
    both = run(
        gauss, "generate_quantities", "num_chains=2", "fitted_params=f.csv", *data, *seed,
        "output", "file=g.csv",
    )  # fmt: skip
    assert both.returncode == 0, both
    for chain in (1, 2):
        run(
            gauss, f"id={chain}", "generate_quantities", f"fitted_params=f_{chain}.csv", *data,
            *seed, "output", "file=single.csv",
        )  # fmt: skip
        single = read(tmp_path / "single.csv")
        assert np.array_equal(single.draws, read(tmp_path / f"g_{chain}.csv").draws)
    noise = [
        read(tmp_path / f"g_{c}.csv").column("y") - read(tmp_path / f"f_{c}.csv").column("x.1")
        for c in (1, 2)
    ]
    assert abs(np.corrcoef(*noise)[0, 1]) < 0.8  # not the same stream


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_run_in_order(gauss, gauss_data, tmp_path, stop, code) -> None:
    with subprocess.Popen(
        [gauss.exe_file, "sample", "data", f"file={gauss_data(trouble=3)}", "output", "refresh=1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        while "Iteration" not in process.stdout.readline():
            pass
        process.send_signal(stop)
        rest = process.stdout.read()
        assert process.wait(timeout=30) == code
    assert "Error: interrupted" in rest
    read(tmp_path / "output.csv")  # whole lines only


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG")
def test_dies_with_its_parent_if_asked(gauss, gauss_data, tmp_path) -> None:
    code = (
        "import subprocess, sys, os;"
        f"p = subprocess.Popen([{str(gauss.exe_file)!r}, 'sample', 'data',"
        f" 'file={gauss_data(trouble=3)}'], stdout=subprocess.DEVNULL);"
        "print(p.pid, flush=True); import time; time.sleep(2); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PARTIALPOOL_DIE_WITH_PARENT": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    child = Path(f"/proc/{int(parent.stdout)}")
    for _ in range(100):
        if not child.exists() or "\nState:\tZ" in (child / "status").read_text():
            return
        time.sleep(0.1)
    os.kill(int(parent.stdout), signal.SIGKILL)
    raise AssertionError("the child lived on")


def test_a_full_disk_is_reported(bernoulli, bernoulli_data, run) -> None:
    result = run(bernoulli, "sample", "data", f"file={bernoulli_data}", "output", "file=/dev/full")
    assert result.returncode == 74
    assert 'Error: cannot write "/dev/full": No space left on device' in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("sample", "output", "file=DATA"),
        ("sample", "output", "diagnostic_file=output.csv"),
        ("sample", "init=INIT", "output", "file=./INIT"),
        ("generate_quantities", "fitted_params=INIT", "output", "file=link"),
        ("sample", "output", "profile_file=output.csv"),
    ],
)
def test_no_output_over_another_file(gauss, gauss_data, run, tmp_path, arguments) -> None:
    data = gauss_data()
    (tmp_path / "INIT").write_text('{"x": [0, 0]}')
    (tmp_path / "link").symlink_to(tmp_path / "INIT")
    before = Path(data).read_text()
    arguments = [word.replace("DATA", data) for word in arguments]
    result = run(gauss, "data", f"file={data}", *arguments)
    assert result.returncode in (64, 65), result
    assert Path(data).read_text() == before
    assert (tmp_path / "INIT").read_text() == '{"x": [0, 0]}'
    assert not (tmp_path / "output.csv").exists()


@pytest.mark.parametrize(
    "content", ["", "[1, 2]", '{"N": 1} x', '{"N": 10, "N": 10}', '{"N": ', "N <- c(1"]
)
def test_unreadable_data_name_the_file(bernoulli, run, tmp_path, content) -> None:
    (tmp_path / "odd.json").write_text(content)
    result = run(bernoulli, "sample", "data", "file=odd.json")
    assert result.returncode == 65, result
    assert "odd.json" in result.stderr
    assert not (tmp_path / "output.csv").exists()


def test_odd_paths(bernoulli, run, tmp_path, bernoulli_data) -> None:
    for name in ("with blank", "a=b", "a,b", "it's", 'quo"te', "модель", "x" * 200, "fixed_param"):
        folder = tmp_path / name
        folder.mkdir()
        result = run(
            bernoulli, "sample", *QUICK, "data", f"file={bernoulli_data}", "output",
            f"file={folder}/o.csv",
        )  # fmt: skip
        assert result.returncode == 0, result
        assert len(read(folder / "o.csv").draws) == 20


def test_invalid_bytes_in_a_path_are_not_echoed(bernoulli, bernoulli_data, tmp_path) -> None:
    output = os.fsencode(tmp_path) + b"/\xff\n.csv"
    done = subprocess.run(
        [bernoulli.exe_file, "sample", *QUICK, "data", f"file={bernoulli_data}", "output",
         b"file=" + output],
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    done.stdout.decode("utf-8")
    read(os.fsdecode(output))
