"""partialpool alone: sampling time against rows and against groups, and peak memory.

    python benchmarks/scaling.py [--engine stanli] [--seeds 1 2 3]

Simulated Gaussian data with varying slopes, as in peers.py; each fit in a fresh process, after a
small fit that loads everything. Writes benchmarks/results/scaling.csv and scaling.png.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import dataclasses
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
IN_100_GROUPS = [(rows, 100) for rows in (1_000, 10_000, 100_000, 1_000_000)]
OF_100_ROWS = [(100 * groups, groups) for groups in (10, 100, 1_000, 10_000)]
KINDS = ("sampling", "total", "grown_mb", "frame_mb", "ess", "r_hat")


def main() -> None:
    """Run every size in a process of its own; or, with --one, one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="stanli", choices=["stanli", "cmdstan"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--one", nargs=3, type=int, metavar=("ROWS", "GROUPS", "SEED"))
    parser.add_argument("--figure-only", action="store_true", help="run nothing")
    options = parser.parse_args()
    if options.one:
        rows, groups, seed = options.one
        print(json.dumps(one(rows, groups, seed, options.engine)))
        return
    file = options.results / "scaling.csv"
    if not options.figure_only:
        measure(file, options.seeds, options.engine)
    with file.open(encoding="utf-8", newline="") as stream:
        draw(medians(list(csv.DictReader(stream))), file.with_suffix(".png"))


def measure(file: Path, seeds: list[int], engine: str) -> None:
    """A row a run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, ["rows", "groups", "seed", "engine", *KINDS], lineterminator="\n"
        )
        writer.writeheader()
        for rows, groups in dict.fromkeys([*IN_100_GROUPS, *OF_100_ROWS]):
            for seed in seeds:
                asked = ["--one", str(rows), str(groups), str(seed), "--engine", engine]
                done = subprocess.run(
                    [sys.executable, __file__, *asked], capture_output=True, text=True, check=False
                )
                if done.returncode:
                    sys.exit(f"{rows} rows in {groups} groups: {done.stderr[-2000:]}")
                told = json.loads(done.stdout.strip().splitlines()[-1])
                record = {"rows": rows, "groups": groups, "seed": seed, "engine": engine}
                writer.writerow(record | {name: f"{told[name]:.6g}" for name in KINDS})
                stream.flush()
                print(record | told, file=sys.stderr)


def one(rows: int, groups: int, seed: int, engine: str) -> dict[str, float]:
    """Fit once, and say what it took.

    grown_mb is the peak of the process during the fit over what it held before, with the table:
    what the fit adds. Nothing that the first, small fit leaves behind is in it. ESS and R-hat are
    those of the population.
    """
    from peers import ours
    from peers.measured import judged
    from peers.tasks import TASKS, simulated_gaussian

    task = TASKS["gaussian-1e4"]
    there = Path("/tmp")
    ours.fit(task, simulated_gaussian(1000, 10), variant=engine, seed=1, draws=100, folder=there)
    frame = simulated_gaussian(rows, groups)
    gc.collect()
    trim()
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts again from here
    began = time.perf_counter()
    fitted = ours.fit(task, frame, variant=engine, seed=seed, draws=1000, folder=there)
    total = time.perf_counter() - began
    grown = status("VmHWM") - before
    outcome = judged(dataclasses.replace(fitted, effects=iter(())))
    return {
        "sampling": fitted.sampling,
        "total": total,
        "grown_mb": grown,
        "frame_mb": float(frame.memory_usage(deep=True).sum()) / 1e6,
        "ess": outcome["ess"],
        "r_hat": outcome["r_hat"],
    }


def status(name: str) -> float:
    """A line of Linux's account of this process (MB)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024 / 1e6


def trim() -> None:
    """Give freed memory back, so that it does not hide what the fit takes."""
    ctypes.CDLL(None).malloc_trim(0)


def medians(records: list[Mapping[str, str]]) -> dict[tuple[int, int], dict[str, float]]:
    """Over seeds, by (rows, groups)."""
    keys = dict.fromkeys((int(each["rows"]), int(each["groups"])) for each in records)
    return {
        key: {
            name: statistics.median(
                float(each[name])
                for each in records
                if (int(each["rows"]), int(each["groups"])) == key
            )
            for name in KINDS
        }
        for key in keys
    }


def draw(of: Mapping[tuple[int, int], Mapping[str, float]], file: Path) -> None:
    """Three panels: seconds against rows, seconds against groups, memory against the table's."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.5), layout="constrained")
    panels: list[tuple[Any, list[tuple[int, int]], int, str]] = [
        (axes[0], IN_100_GROUPS, 0, "rows, in 100 groups"),
        (axes[1], OF_100_ROWS, 1, "groups, of 100 rows each"),
    ]
    for axis, sizes, at, label in panels:
        known = [size for size in sizes if size in of]
        x = [size[at] for size in known]
        for name, shown, marker in (("total", "whole fit", "s"), ("sampling", "sampling", "o")):
            axis.plot(x, [of[size][name] for size in known], marker=marker, label=shown)
        axis.set(xscale="log", yscale="log", xlabel=label, ylabel="seconds")
        axis.legend()
    for sizes, label, marker in ((IN_100_GROUPS, "in 100 groups", "o"),
                                 (OF_100_ROWS, "groups of 100 rows", "s")):  # fmt: skip
        known = [size for size in sizes if size in of]
        frames = [of[size]["frame_mb"] for size in known]
        axes[2].plot(frames, [of[s]["grown_mb"] for s in known], marker=marker, label=label)
    every = sorted(of[size]["frame_mb"] for size in of)
    axes[2].plot(every, [2 * each for each in every], "k--", lw=1, label="twice the DataFrame")
    axes[2].set(xscale="log", yscale="log", xlabel="DataFrame (MB)", ylabel="peak above it (MB)")
    axes[2].legend()
    figure.savefig(file, dpi=120)


if __name__ == "__main__":
    main()
