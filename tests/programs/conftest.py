"""How the program tests reach an engine. Only this file knows which one it is."""

from __future__ import annotations

import functools
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stanli
from programs.cases import ONE_OF_EACH
from programs.checks import Array, LogDensity, MakeLogDensity, Sample

import partialpool as pp
from partialpool.engines import select
from partialpool.engines.cmdstan import compiled as cache
from partialpool.engines.cmdstan.engine import FLAGS, CmdStanEngine
from partialpool.source.data import as_json


def _stanli_log_density(program: Path, data: Mapping[str, Any]) -> LogDensity:
    model = stanli.Model(stan_file=str(program), data=dict(data))

    def log_density(q: Array) -> tuple[Array, Array]:
        pairs = [model.log_prob_grad(row) for row in q]
        return np.array([value for value, _ in pairs]), np.array([slope for _, slope in pairs])

    return log_density


def _executable(program: Path) -> Path:
    engine = select("cmdstan")
    assert isinstance(engine, CmdStanEngine)
    return cache.executable(pp.StanProgram.from_file(program), engine.cmdstan, flags=FLAGS)


def _cmdstan_log_density(program: Path, data: Mapping[str, Any]) -> LogDensity:
    """Run the compiled program as a user of plain CmdStan does."""
    exe = _executable(program)

    def log_density(q: Array) -> tuple[Array, Array]:
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder, name) for name in ("data.json", "points.json", "out.csv")}
            files["data.json"].write_text(as_json(data))
            files["points.json"].write_text(json.dumps({"params_r": q.tolist()}))
            command = [
                *(exe, "log_prob", f"unconstrained_params={files['points.json']}", "jacobian=1"),
                *("data", f"file={files['data.json']}"),
                *("output", f"file={files['out.csv']}", "sig_figs=17"),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stdout + done.stderr)
            written = files["out.csv"].read_text().splitlines()
        rows = [line for line in written if not line.startswith("#")][1:]
        table = np.loadtxt(rows, delimiter=",", ndmin=2)
        return table[:, 0], table[:, 1:]

    return log_density


@functools.lru_cache(maxsize=4)
def _draws(engine: str, program: Path, code: str, data: str, **options: Any) -> dict[str, Array]:
    """Draws of a program, its text and its data as JSON; read-only, since tests share them."""
    fit = pp.StanProgram.from_file(program).sample(
        json.loads(data), engine=engine, progress=False, verbose=False, **options
    )
    draws = {str(name): np.array(values.values) for name, values in fit.posterior.items()}
    for values in draws.values():
        values.flags.writeable = False
    return draws


def _sample_with(engine: str) -> Sample:
    def sample(
        program: Path,
        data: Mapping[str, Any],
        *,
        seed: int,
        draws: int = 1000,
        adapt_delta: float = 0.8,
        warmup: int = 1000,
        max_treedepth: int = 10,
    ) -> dict[str, Array]:
        return _draws(
            engine,
            program,
            program.read_text(encoding="utf-8"),
            as_json(data),
            seed=seed,
            draws=draws,
            adapt_delta=adapt_delta,
            warmup=warmup,
            max_treedepth=max_treedepth,
        ).copy()

    return sample


@pytest.fixture
def log_density(engine: str) -> MakeLogDensity:
    """Of (program, data): the log density and its gradient at many points."""
    return {"stanli": _stanli_log_density, "cmdstan": _cmdstan_log_density}[engine]


@pytest.fixture
def sample(engine: str) -> Sample:
    """Of (program, data, seed=): (chains, draws, ...) for every variable."""
    return _sample_with(engine)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On CmdStan one program of each kind is tested by default, and all of them by `-m full`."""
    here = Path(__file__).parent
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        on_cmdstan = item.path.parent == here and parameters.get("engine") == "cmdstan"
        if on_cmdstan and parameters.get("name") not in ONE_OF_EACH:
            item.add_marker(pytest.mark.full)
