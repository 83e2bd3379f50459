"""The command line as a user types it."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import partialpool as pp
from partialpool import reproduce
from partialpool.command import cli
from partialpool.reproduce import Number, Settings, Study, Table, compare
from partialpool.reproduce.tools.published import Published


def run(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "partialpool", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == code, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("reproduce")
    return run("reproduce", "baseball", "--engine", "stanli", cwd=folder).stdout, folder


def test_reproduce_prints_a_diagnosis_per_fit_and_the_table_first(reproduced) -> None:
    text, _ = reproduced
    for fit in ("complete", "none", "beta", "logit", "normal", "zero_for_four"):
        line = next(line for line in text.splitlines() if line.startswith(f"{fit}: "))
        assert "4 chains x 1000 draws: fine" in line
    clemente = next(line for line in text.splitlines() if "Clemente" in line).split()
    assert clemente[-1] == "0.346"
    assert "0.400" in clemente
    assert "\x1b[" not in text
    assert "published is wrong; ours is exact" in text
    assert " nan" not in text


def test_reproduce_that_cannot_start_leaves_no_folder(tmp_path: Path) -> None:
    wrong = ("reproduce", "eight_schools", "--engine", "none")
    assert "there is no engine 'none'" in run(*wrong, cwd=tmp_path, code=1).stderr
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    run(*wrong, "--out", "mine", cwd=tmp_path, code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_reproduce_writes_what_it_says(reproduced) -> None:
    _, folder = reproduced
    out = folder / "partialpool-baseball"
    assert {f"{name}.nc" for name in ("beta", "logit", "normal", "zero_for_four")} <= {
        path.name for path in out.iterdir()
    }
    for name in ("shrinkage", "funnels", "test_statistics"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert str(pp.load(out / "logit.nc").posterior["player"].values[0]).endswith("Clemente")
    tables = {}
    for name in ("estimates", "published"):
        with (out / f"{name}.csv").open(encoding="utf-8") as file:
            tables[name] = list(csv.DictReader(file))
    assert len(tables["estimates"]) == 18
    assert float(tables["estimates"][0]["James-Stein"]) == pytest.approx(0.290, abs=0.0006)
    assert {row["agrees"] for row in tables["published"]} == {"True"}


def small_study(settings: Settings) -> Study:
    """Two numbers to compare, one of which differs, and one only shown; no figure."""
    program = pp.programs.get("binomial/complete_pooling")
    fit = settings.sample("only", program, program.example_data())
    rows = (
        Published("right", "1.0", 0.0, "", "compare", "a"),
        Published("other", "2.0", 0.0, "", "compare", "why not"),
        Published("seen", "4.0", 0.0, "", "shown", "a failed sampler"),
    )
    frame = pd.DataFrame({"value": [1.25, math.nan]}, index=pd.Index(["x", "y"], name="row"))
    comparison = compare(rows, {"right": Number(1.0), "other": Number(3.0), "seen": Number(9.0)})
    return Study("small", {"t": Table("A heading", frame)}, comparison, {"only": fit}, {})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run `partialpool reproduce small` in this process."""
    module = types.ModuleType("partialpool.reproduce.small")
    module.small = small_study
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(reproduce.STUDIES, "small", "a small study")

    def invoke(*arguments: str) -> str:
        done = CliRunner().invoke(cli.app, ["reproduce", "small", *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    return invoke


def test_reproduce_any_study(small: Callable[..., str], tmp_path: Path) -> None:
    arguments = ["--engine", "stanli", "--draws", "50", "--chains", "2", "--seed", "7"]
    text = small(*arguments, "--out", str(tmp_path))
    assert "only: 2 chains x 50 draws" in text
    assert "A heading" in text
    assert "Of 2 numbers compared, ours agree with 1 " in text
    shown = text[text.index("the other 2 of 3:") :]
    assert "other" in shown
    assert "why not" in shown
    assert "right" not in shown
    assert pp.load(tmp_path / "only.nc").attrs["seed"] == 7
    every = small(*arguments, "--out", str(tmp_path), "--all")
    assert "right" in every[every.index("Of 2") :]


def test_reproduce_as_json(small: Callable[..., str], tmp_path: Path) -> None:
    arguments = ["--engine", "stanli", "--draws", "50", "--json", "--out", str(tmp_path)]
    told = json.loads(small(*arguments))
    assert set(told) == {"study", "tables", "published", "diagnosis", "files"}
    rows = [{"row": "x", "value": 1.25}, {"row": "y", "value": None}]
    assert told["tables"] == {"t": {"heading": "A heading", "rows": rows}}
    assert [row["agrees"] for row in told["published"]] == [True, False, True]
    assert told["diagnosis"]["only"].startswith("4 chains x 50 draws")
    assert sorted(told["files"]) == sorted(str(path) for path in tmp_path.iterdir())


def test_programs_lists_shows_and_prints(tmp_path: Path) -> None:
    assert "binomial/partial_pooling_beta_marginal" in run("programs", cwd=tmp_path).stdout
    shown = run("programs", "binomial/no_pooling", cwd=tmp_path).stdout
    assert "  array[N] int<lower=0, upper=trials> successes;" in shown
    printed = run("programs", "binomial/no_pooling", "--code", cwd=tmp_path).stdout
    assert printed == pp.programs.get("binomial/no_pooling").code
    whole = run("programs", "glmm/poisson", "--code", cwd=tmp_path).stdout
    assert "#include" not in whole
    assert whole == pp.programs.get("glmm/poisson").full_code
    assert "vector rescaled(" in whole
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
    (["reproduce", "football"], 2, "there is no study 'football'; there are: baseball"),
    (["programs", "--code"], 2, "needs the name of a program"),
    (["reproduce", "baseball", "--engine", "jags"], 1, "choose 'auto', 'cmdstan' or 'stanli'"),
    (["reproduce", "baseball", "--data", "rat_tumors"], 2, "No such option"),
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
    studies = run("reproduce", "--help", cwd=tmp_path).stdout
    assert all(name in studies for name in reproduce.STUDIES)
    assert "Example: partialpool sample" in run("sample", "--help", cwd=tmp_path).stdout
