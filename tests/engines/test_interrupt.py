"""Ctrl-C, termination and kill: no process of ours lives on, and the prompt comes back soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SLOW = """
parameters { vector[400] x; }
model {
  x ~ std_normal();
  for (i in 1 : 400)
    for (j in 1 : 400) x[i] ~ normal(x[j], 1);
}
"""
SCRIPT = """
import sys, partialpool as pp
program = pp.StanProgram.from_file("slow.stan")
print("ready", flush=True)
try:
    program.sample({}, engine=sys.argv[1], seed=1, warmup=5000, draws=5000, progress=False)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(7)
"""


def start(engine: str, folder: Path) -> subprocess.Popen[str]:
    (folder / "slow.stan").write_text(SLOW)
    compile_first = (
        "import partialpool as pp; from partialpool.engines import select\n"
        "from partialpool.engines.cmdstan import compiled as cache\n"
        "from partialpool.engines.cmdstan.engine import FLAGS\n"
        "program = pp.StanProgram.from_file('slow.stan')\n"
        f"engine = select({engine!r})\n"
        "if engine.name == 'cmdstan':\n"
        "    cache.executable(program, engine.cmdstan, flags=FLAGS)\n"
    )
    subprocess.run([sys.executable, "-c", compile_first], cwd=folder, check=True)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, engine],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(folder)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    if engine == "cmdstan":
        wait_until(lambda: psutil.Process(process.pid).children(recursive=True), 30)
    time.sleep(1.5)
    assert process.poll() is None
    return process


def wait_until(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def of_session(leader: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, ProcessLookupError):
            continue
    return found


def test_ctrl_c_ends_everything(engine: str, tmp_path: Path) -> None:
    process = start(engine, tmp_path)
    os.kill(process.pid, signal.SIGINT)  # to Python alone: a notebook's stop button
    assert process.wait(timeout=15) == 7
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.read() == "interrupted\n"
    assert of_session(process.pid) == []
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("partialpool-")]


@pytest.mark.parametrize("fatal", [signal.SIGTERM, signal.SIGKILL])
def test_no_orphan_when_python_is_ended(engine: str, fatal: signal.Signals, tmp_path: Path) -> None:
    process = start(engine, tmp_path)
    os.kill(process.pid, fatal)
    assert process.wait(timeout=15) == -fatal
    assert process.stdout is not None
    process.stdout.close()
    wait_until(lambda: of_session(process.pid) == [], 15)
