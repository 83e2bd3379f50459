"""Run one cell of the table in a process of its own, with a time limit on a fit."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import install
from .cells import IN_R
from .tasks import TASKS, Task

BENCHMARKS = Path(__file__).parents[1]
BEFORE = 600.0
"""Seconds that a process may take for all but fits: imports, C++ compilation, ESS."""
POLL = 0.05


@dataclass(frozen=True)
class Place:
    """Where data, caches and outcomes are, and how long a fit may take."""

    cache: Path
    time_limit: float

    def __post_init__(self) -> None:
        """Make the folders."""
        for name in ("data", "runs", "jit", "compiled"):
            (self.cache / name).mkdir(parents=True, exist_ok=True)


def run(place: Place, name: str, peer: str, seed: int) -> dict[str, Any]:
    """Return what the run tells: `status` is ok, stopped or failed."""
    task = TASKS[name]
    output = place.cache / "runs" / f"{name}.{peer}.{seed}.json"
    for old in (output, output.with_suffix(".fitting")):
        old.unlink(missing_ok=True)
    cold = seed == min(task.seeds)
    request = {
        "task": name,
        "peer": peer,
        "seed": seed,
        "cold": cold,
        "data": str(data_of(place, task)),
        "group_dtype": "int64" if len(task.seeds) == 1 else "str",
        "output": str(output),
        "cache": str(place.cache),
        "compiled": str(place.cache / "compiled" / "seconds.json"),
        "model": model_of(task),
    }
    asked = output.with_suffix(".request")
    asked.write_text(json.dumps(request), encoding="utf-8")
    began = time.perf_counter()
    log = output.with_suffix(".log")
    try:
        command = command_of(place, peer, asked)
    except install.MissingPeerError as error:
        return {"status": "failed", "reason": f"failed: {str(error).splitlines()[0]}"}
    environment, mark = environment_of(place, name, peer, cold=cold), output.with_suffix(".fitting")
    if peer.endswith("-cmdstan"):
        first = asked.with_suffix(".compile")
        first.write_text(json.dumps(request | {"only_compile": True}), encoding="utf-8")
        started([*command[:-1], str(first)], log, environment, mark, BEFORE)
    process, stopped = started(command, log, environment, mark, place.time_limit)
    if stopped:
        return {"status": "stopped", "reason": stopped}
    if process.returncode or not output.exists():
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return {"status": "failed", "reason": f"failed: {reason(said)}"}
    outcome: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return {"status": "ok", "wall": time.perf_counter() - began, **outcome}


def reason(said: list[str]) -> str:
    """What a process that failed said last: R's error and what follows it, or Python's."""
    errors = [number for number, line in enumerate(said) if line.startswith("Error")]
    told = said[errors[-1] :] if errors else said[-1:]
    return " ".join(line.strip() for line in told)[:200]


def started(
    command: list[str], log: Path, environment: Mapping[str, str], fitting: Path, limit: float
) -> tuple[subprocess.Popen[bytes], str]:
    """Run a command to its end, or to the time limit: the process, and why it was stopped."""
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=BENCHMARKS,
            env=environment,
            start_new_session=True,
        )
        return process, watch(process, fitting, limit)


def watch(process: subprocess.Popen[bytes], fitting: Path, limit: float) -> str:
    """Wait; end the process and all that it started where a fit takes longer than `limit`."""
    began = time.monotonic()
    try:
        while process.poll() is None:
            time.sleep(POLL)
            try:
                fits_for = time.time() - fitting.stat().st_mtime
            except FileNotFoundError:
                fits_for = 0.0
            if fits_for > limit:
                return f"stopped at {limit:.0f} s"
            if time.monotonic() - began > BEFORE + 2 * limit:
                return f"stopped: not done after {BEFORE + 2 * limit:.0f} s"
        return ""
    finally:
        with_children(process)


def with_children(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the process's own session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def command_of(place: Place, peer: str, request: Path) -> list[str]:
    """How to start the peer."""
    if peer in IN_R:
        return [install.r(), str(BENCHMARKS / "peers" / "peers.R"), str(request)]
    python = str(install.python(place.cache)) if peer.startswith("bambi") else sys.executable
    return [python, "-m", "peers.run_one", str(request)]


def environment_of(place: Place, name: str, peer: str, *, cold: bool) -> Mapping[str, str]:
    """Caches of just-in-time compilers apart for each cell, and empty for the first seed."""
    jit = place.cache / "jit" / f"{name}.{peer}"
    if cold:
        shutil.rmtree(jit, ignore_errors=True)
    jit.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PYTENSOR_FLAGS": f"base_compiledir={jit / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(jit / "numba"),
        "JAX_COMPILATION_CACHE_DIR": str(jit / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        # numpyro runs chains at once only on several devices: its documentation's own advice
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        "PYTHONWARNINGS": "ignore",
        "MPLBACKEND": "Agg",
    }
    if peer.startswith("bambi"):
        environment.pop("PYTHONPATH", None)
    elif peer not in IN_R:
        environment["PARTIALPOOL_CACHE"] = str(place.cache / "compiled")
        if "cmdstan" in peer:
            environment["CMDSTAN"] = _cmdstan()
    return environment


def _cmdstan() -> str:
    """The CmdStan in use, which may live in the cache that is replaced."""
    import partialpool as pp

    return str(pp.cmdstan_path())


def data_of(place: Place, task: Task) -> Path:
    """Return the task's table as CSV; written once."""
    path = place.cache / "data" / f"{task.name}.csv"
    if not path.exists():
        part = path.with_suffix(".part")
        task.data().to_csv(part, index=False)
        part.replace(path)
    return path


def model_of(task: Task) -> dict[str, Any]:
    """The task as JSON, for R."""
    names = ("name", "family", "y", "x", "group", "trials", "right")
    return {
        **{name: getattr(task, name) for name in names},
        "priors": dataclasses.asdict(task.priors),
    }
