"""One peer, one task, one seed, in a process of its own: what it took, as JSON.

    python -m peers.run_one REQUEST.json

The request names task, peer, seed, whether to start cold, the data file and the output. A file
beside the output, ``.fitting``, stands from the start of a fit to its end, for the time limit.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONG = 30.0
"""A first run that takes longer is not repeated: its times are those of the first."""
SHORT = 100
"""Warmup and draws of a run that only warms caches up."""


def main() -> None:
    """Read the request, run it, write the outcome."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    output = Path(request["output"])
    outcome: dict[str, Any] = {}

    import pandas as pd

    from .tasks import TASKS

    task = TASKS[request["task"]]
    frame = pd.read_csv(
        request["data"], dtype={task.group: request["group_dtype"]}, float_precision="round_trip"
    )
    outcome["frame_mb"] = float(frame.memory_usage(deep=True).sum()) / 1e6
    reading = time.perf_counter()
    peer, _, variant = request["peer"].partition("-")
    fit, versions, compiling = _peer(peer, variant, request)
    imports = time.perf_counter() - reading
    outcome["versions"] = versions
    if compiling is not None:
        outcome["compile"] = compiling(task, frame)
    if request.get("only_compile"):  # apart, so that the compiler's memory is not the peer's
        return

    def run(draws: int) -> tuple[Any, float]:
        mark = output.with_suffix(".fitting")
        mark.touch()
        began = time.perf_counter()
        fitted = fit(task, frame, seed=request["seed"], draws=draws, folder=output.parent)
        total = time.perf_counter() - began
        mark.unlink()
        return fitted, total

    fitted, total = run(1000 if request["cold"] else SHORT)
    if request["cold"]:
        outcome["first"] = imports + total + (outcome.get("compile") or 0.0)
    if not request["cold"] or total < LONG:
        del fitted
        gc.collect()
        fitted, total = run(1000)
    outcome |= {"sampling": fitted.sampling, "total": total, "peak_mb": peak()}
    outcome |= judged_by(fitted)
    output.write_text(json.dumps(outcome), encoding="utf-8")


def judged_by(fitted: Any) -> dict[str, Any]:
    """Imported late: ArviZ is heavy, and no part of some peers' first run."""
    from .measured import judged

    return judged(fitted)


def _peer(
    peer: str, variant: str, request: dict[str, Any]
) -> tuple[Callable[..., Any], str, Callable[..., float] | None]:
    if peer == "bambi":
        from . import bambi_peer

        return _with(bambi_peer.fit, variant), bambi_peer.versions(variant), None
    from . import ours

    textbook = peer == "stan"
    fit = ours.fit_textbook if textbook else ours.fit
    form, _, engine = variant.rpartition("-")

    def compiling(task: Any, frame: Any) -> float:
        """Each program is compiled once: later runs take its seconds from the record."""
        record = Path(request["compiled"])
        known = json.loads(record.read_text()) if record.exists() else {}
        program, data = ours.program_and_data(task, frame, form if textbook else None)
        if program.sha256 not in known:
            known[program.sha256] = ours.compile_seconds(program, data)
            record.write_text(json.dumps(known))
        return float(known[program.sha256])

    return _with(fit, variant), ours.versions(engine), compiling if engine == "cmdstan" else None


def _with(fit: Callable[..., Any], variant: str) -> Callable[..., Any]:
    return lambda *args, **options: fit(*args, variant=variant, **options)


def peak() -> float:
    """Peak memory (MB) of this process, or of the largest that it started, if that is larger."""
    status = Path("/proc/self/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) * 1024 / 1e6


if __name__ == "__main__":
    main()
