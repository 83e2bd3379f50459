"""The installation under test, and a few tiny models compiled once per session."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import cmdstanpy
import pytest
from filelock import FileLock

MODELS = Path(__file__).parent / "models"
BERNOULLI = {"N": 10, "y": [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]}
GAUSS = {"trouble": 0, "K": 0}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cmdstan_path(cmdstan: Path) -> Iterator[Path]:
    """The installation, made known to CmdStanPy as a plain script does it."""
    before = os.environ.get("CMDSTAN")
    cmdstanpy.set_cmdstan_path(str(cmdstan))
    yield cmdstan
    if before is None:
        os.environ.pop("CMDSTAN", None)
    else:
        os.environ["CMDSTAN"] = before


@pytest.fixture(scope="session")
def compiled(
    cmdstan_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., cmdstanpy.CmdStanModel]:
    """Compile a model of `models/` by CmdStanPy, once per threading, for all workers."""
    base = tmp_path_factory.getbasetemp()
    session = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    @functools.cache
    def compile_model(name: str, threads: bool = False) -> cmdstanpy.CmdStanModel:
        folder = session / "models" / ("threads" if threads else "serial")
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / f"{name}.stan"
        with FileLock(folder / f"{name}.lock"):
            if not source.exists():
                shutil.copy(MODELS / source.name, source)
            # CmdStanPy sends "False" as well: that must mean off.
            return cmdstanpy.CmdStanModel(stan_file=source, cpp_options={"STAN_THREADS": threads})

    return compile_model


@pytest.fixture(scope="session")
def bernoulli(compiled: Callable[..., cmdstanpy.CmdStanModel]) -> cmdstanpy.CmdStanModel:
    """One process per chain."""
    return compiled("bernoulli")


@pytest.fixture(scope="session")
def gauss(compiled: Callable[..., cmdstanpy.CmdStanModel]) -> cmdstanpy.CmdStanModel:
    """Threads."""
    return compiled("gauss", threads=True)


@pytest.fixture(scope="session")
def coin(compiled: Callable[..., cmdstanpy.CmdStanModel]) -> cmdstanpy.CmdStanModel:
    """No parameters."""
    return compiled("coin")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stan writes a profile into the working directory where CmdStanPy names no other."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bernoulli_data(tmp_path: Path) -> str:
    """A data file."""
    path = tmp_path / "bernoulli.data.json"
    path.write_text(json.dumps(BERNOULLI), encoding="utf-8")
    return str(path)


@pytest.fixture
def gauss_data(tmp_path: Path) -> Callable[..., str]:
    """Data files of the normal model."""

    def write(**changes: int) -> str:
        path = tmp_path / "gauss.data.json"
        path.write_text(json.dumps(GAUSS | changes), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run an executable in the test's own folder, as a shell user would."""

    def start(
        model: cmdstanpy.CmdStanModel, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(model.exe_file), *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return start
