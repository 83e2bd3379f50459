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
# if a make runs partialpool, it sets these, and they would change what our make does
_VARIABLES_OF_OUTER_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "GNUMAKEFLAGS", "MAKEFILES")


def build(tree: Path, cores: int, log: Path) -> None:
    """Compile the command-line front with `cores` compilers at once: ``make build -jN``."""
    _make(("build", f"-j{cores}"), tree, log)


def try_example(tree: Path, log: Path) -> None:
    """Test the installation: compile examples/bernoulli, sample from it, summarise the draws.

    The posterior of theta is Beta(3, 9), with mean 1/4. The executable is linked to its libraries
    by a relative path, so that it still works after `tree` has been renamed.

    Raises
    ------
    EngineError
        If one of these steps fails or the posterior mean is wrong.
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
    """Run a command in `tree` and append what it prints to `log`.

    If this process is interrupted, the command and its children are stopped too.

    Parameters
    ----------
    command : tuple of str
    tree : Path
        The working directory.
    log : Path
    failure : str
        What the error says has failed.

    Raises
    ------
    EngineError
        If the command's exit code is not 0.
    """
    environment = {
        key: value for key, value in os.environ.items() if key not in _VARIABLES_OF_OUTER_MAKE
    }
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


def _failed(failure: str, log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    last_lines = "\n  ".join(text.splitlines()[-12:])
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return f"the disk became full while CmdStan was built ({failure}). {SPACE_NEXT}"
    if "Killed signal" in text or "virtual memory exhausted" in text or "out of memory" in text:
        return (
            f"the compiler ran out of memory ({failure}). Next step: run one compiler at a time "
            "with --cores 1 (cores=1); each takes up to 2.5 GB"
        )
    return (
        f"building CmdStan failed: {failure}. The last lines of {log}:\n  {last_lines}\n"
        "Next step: if the compiler is old, try another (CXX=clang++); otherwise report this to "
        "partialpool, with that file"
    )
