"""Compile the command-line front in an unpacked tree, and try the result on Stan's own example."""

from __future__ import annotations

import csv
import os
import signal
import statistics
import subprocess
import tempfile
from pathlib import Path

from ..errors import EngineError
from .preflight import SPACE_NEXT, make_command

EXAMPLE = "examples/bernoulli/bernoulli"
# these come from a make that runs us, and would reach into ours
_FOREIGN = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "GNUMAKEFLAGS", "MAKEFILES")


def build(tree: Path, cores: int, log: Path) -> None:
    """Compile the front: ``make build -jN`` in `tree`."""
    _make(("build", f"-j{cores}"), tree, log)


def try_example(tree: Path, log: Path) -> None:
    """Compile examples/bernoulli, sample from it and summarise: the acceptance test.

    The executable finds its libraries relative to itself, and so outlives the tree's renaming.
    Its posterior is Beta(3, 9), with mean 1/4.

    Raises
    ------
    EngineError
        If any of that fails or the mean is wrong.
    """
    _make((EXAMPLE, "rpath='$$ORIGIN/../../lib'"), tree, log)
    with tempfile.TemporaryDirectory(prefix=".try-", dir=tree) as folder:
        output = Path(folder) / "output.csv"
        sample = (
            f"{tree / EXAMPLE}", "random", "seed=1", "data", f"file={tree / EXAMPLE}.data.json",
            "output", f"file={output}", "method=sample", "num_samples=1000", "num_warmup=300",
        )  # fmt: skip
        run(sample, tree, log, "the example model could not be sampled")
        mean = _mean_of("theta", output)
        if not 0.2 < mean < 0.3:
            raise EngineError(_failed(f"the example's posterior mean is {mean:.3f}, not 0.25", log))
        for tool in ("stansummary", "diagnose"):
            run((f"{tree / 'bin' / tool}", f"{output}"), tree, log, f"bin/{tool} does not work")


def _make(arguments: tuple[str, ...], tree: Path, log: Path) -> None:
    run((make_command(), *arguments), tree, log, f"make {arguments[0]} failed")


def run(command: tuple[str, ...], tree: Path, log: Path, failure: str) -> None:
    """Run a command in `tree`, its console going to `log`; it ends when we are stopped."""
    environment = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    with log.open("ab") as console:
        console.write(f"$ {' '.join(command)}\n".encode(errors="replace"))
        console.flush()
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait()
        except BaseException:
            _stop(process)
            raise
    if code != 0:
        raise EngineError(_failed(failure, log))


def _stop(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _mean_of(name: str, file: Path) -> float:
    with file.open(encoding="utf-8") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return statistics.fmean(float(row[name]) for row in rows)


def _failed(what: str, log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    said = "\n  ".join(text.splitlines()[-12:])
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return f"the disk became full while CmdStan was built ({what}). {SPACE_NEXT}"
    if "Killed signal" in text or "virtual memory exhausted" in text or "out of memory" in text:
        return (
            f"the compiler ran out of memory ({what}). Next step: fewer at once with --cores 1 "
            "(cores=1); each takes up to 2.5 GB"
        )
    return (
        f"building CmdStan failed: {what}. The last lines, of {log}:\n  {said}\n"
        "Next step: if the compiler is old, try another (CXX=clang++); else report this"
        " with that file"
    )
