"""The command line as a user types it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

import partialpool as pp


def run(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "partialpool", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == code, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("reproduce")
    return run("reproduce", "baseball", "--engine", "stanli", cwd=folder).stdout, folder


def test_reproduce_prints_the_table_and_a_diagnosis_per_fit(reproduced) -> None:
    text, _ = reproduced
    for column in ("complete", "none", "beta", "logit", "normal"):
        line = next(line for line in text.splitlines() if line.startswith(f"{column} "))
        assert "4 chains x 1000 draws: fine" in line
    clemente = next(line for line in text.splitlines() if "Clemente" in line).split()
    assert clemente[-1] == "0.346"
    assert "0.400" in clemente
    assert "\x1b[" not in text


def test_reproduce_writes_what_it_says(reproduced) -> None:
    _, folder = reproduced
    out = folder / "partialpool-baseball"
    names = {"complete.nc", "none.nc", "beta.nc", "logit.nc", "normal.nc"}
    assert {path.name for path in out.iterdir()} == names | {"baseball.csv", "shrinkage.png"}
    assert (out / "shrinkage.png").read_bytes().startswith(b"\x89PNG")
    assert str(pp.load(out / "logit.nc").posterior["player"].values[0]).endswith("Clemente")
    with (out / "baseball.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18
    assert float(rows[0]["James-Stein"]) == pytest.approx(0.290, abs=0.0006)


def test_reproduce_as_json(tmp_path: Path) -> None:
    arguments = ["--engine", "stanli", "--draws", "200", "--json", "--out", "here"]
    told = json.loads(run("reproduce", "baseball", *arguments, cwd=tmp_path).stdout)
    errors = {row["estimate"]: row["squared_error"] for row in told["errors"]}
    assert errors["raw"] == pytest.approx(17.54, abs=0.01)
    assert errors["James-Stein"] == pytest.approx(5.01, abs=0.01)
    assert all(errors[name] < errors["raw"] / 2 for name in ("beta", "logit", "normal"))
    assert all((tmp_path / name).is_file() for name in told["files"])


def test_programs_lists_shows_and_prints(tmp_path: Path) -> None:
    assert "binomial/partial_pooling_beta_marginal" in run("programs", cwd=tmp_path).stdout
    shown = run("programs", "binomial/no_pooling", cwd=tmp_path).stdout
    assert "  array[N] int<lower=0, upper=trials> successes;" in shown
    printed = run("programs", "binomial/no_pooling", "--code", cwd=tmp_path).stdout
    assert printed == pp.programs.get("binomial/no_pooling").code
    told = json.loads(run("programs", "--json", cwd=tmp_path).stdout)
    assert [row["program"] for row in told] == list(pp.programs.names())


def test_sample_by_name_and_by_path(tmp_path: Path) -> None:
    program = pp.programs.get("normal_known_variance/noncentered")
    data = tmp_path / "d.json"
    data.write_text(program.example_path.read_text())
    own = tmp_path / "own.stan"
    own.write_text(program.code)
    options = ["--seed", "1", "--engine", "stanli"]
    for name in (program.name, "own.stan"):
        text = run("sample", name, "d.json", "-o", "f.nc", *options, cwd=tmp_path).stdout
        assert "theta[0]" in text
        assert "fine (R-hat" in text
        assert pp.load(tmp_path / "f.nc").posterior["mu"].shape == (4, 1000)


def test_sample_tells_of_problems_by_its_exit_code(tmp_path: Path) -> None:
    program = pp.programs.get("normal_known_variance/centered")
    (tmp_path / "d.json").write_text(program.example_path.read_text())
    arguments = ["sample", program.name, "d.json", "-o", "f.nc", "--seed", "1"]
    arguments += ["--engine", "stanli", "--chains", "1", "--json"]
    told = json.loads(run(*arguments, cwd=tmp_path, code=3).stdout)
    assert told["diagnosis"]["ok"] is False
    assert told["summary"]["mu"]["sd"] > 0
    assert (tmp_path / "f.nc").is_file()


MISTAKES = [
    (["sample", "binomial/nopooling", "d.json", "-o", "f.nc"], 1, "Did you mean"),
    (["sample", "binomial/no_pooling", "none.json", "-o", "f.nc"], 1, "cannot read none.json"),
    (["sample", "binomial/no_pooling", "bad.json", "-o", "f.nc"], 1, "bad.json is not JSON"),
    (["sample", "binomial/no_pooling", "list.json", "-o", "f.nc"], 1, "one JSON object"),
    (["sample", "binomial/no_pooling", "d.json", "-o", "no/f.nc"], 1, "there is no folder no"),
    (["sample", "binomial/no_pooling", "d.json", "-o", "f.nc"], 1, "trials"),
    (["sample", "binomial/no_pooling", "d.json"], 2, "--out"),
    (["reproduce", "football"], 2, "there is no example 'football'"),
    (["programs", "--code"], 2, "needs the name of a program"),
    (["reproduce", "baseball", "--engine", "jags"], 1, "choose 'auto', 'cmdstan' or 'stanli'"),
    (["reproduce", "baseball", "--data", "rat_tumors"], 2, "one of baseball_1970"),
    (["reproduce", "baseball", "--out", "d.json"], 1, "cannot write to the folder d.json"),
    (["sample", "binomial/no_pooling", "d.json", "-o", "."], 1, "it is a folder"),
    (["nonsense"], 2, "No such command"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), MISTAKES)
def test_mistakes(arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"N": 2, "successes": [1, 2]}')
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.json").write_text("[1]")
    done = run(*arguments, cwd=tmp_path, code=code)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor(tmp_path: Path) -> None:
    told = json.loads(run("doctor", "--json", cwd=tmp_path).stdout)
    assert told["partialpool"] == pp.__version__
    assert "stanli" in told["engines"]
    assert ("No CmdStan" in " ".join(told["advice"])) == (told["CmdStan"] == "not found")
    assert "engine 'auto' is" in run("doctor", cwd=tmp_path).stdout


def test_doctor_names_a_cmdstan_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDSTAN", "/nonexistent")
    told = json.loads(run("doctor", "--json", cwd=tmp_path).stdout)
    assert told["CmdStan"] == "CMDSTAN=/nonexistent, not usable"
    assert "unset it" in " ".join(told["advice"])
    assert {"C++ compiler", "make", "cache"} <= set(told)


def test_version(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout == f"partialpool {pp.__version__}\n"


def test_help_teaches(tmp_path: Path) -> None:
    text = run("--help", cwd=tmp_path).stdout
    for command in ("reproduce", "programs", "sample", "doctor", "install-cmdstan"):
        assert command in text
    assert "Example: partialpool sample" in run("sample", "--help", cwd=tmp_path).stdout
