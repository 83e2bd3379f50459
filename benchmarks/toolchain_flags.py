"""What faster compiler flags cost and give: compile time, time per gradient, time to sample.

    python benchmarks/toolchain_flags.py [--output benchmarks/toolchain_flags.md] [PROGRAM ...]

Everything happens in a copy of the CmdStan that partialpool uses, which is deleted afterwards.
Times are seconds of one CPU (user and system), so that other work on the machine disturbs them
less; on an idle machine they are what a clock on the wall shows.

A gradient is timed in static HMC with trajectories of 100 steps and next to no output; sampling
is NUTS, 1000 warmup and 1000 sampling iterations, one chain, with its output.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from partialpool.toolchain import cmdstan_path

STAN = Path(__file__).parents[1] / "stan"
PROGRAMS = (
    "normal_known_variance/noncentered",
    "binomial/partial_pooling_logit_noncentered",
    "linear/varying_intercept_noncentered",
)
FLAGS: dict[str, tuple[str, ...]] = {
    "default": (),
    "no precompiled header": ("PRECOMPILED_HEADERS=false",),
    "-march=native": ("CXXFLAGS=-march=native",),
    "stanc --O1": ("STANCFLAGS=--O1",),
    "-march=native, stanc --O1": ("CXXFLAGS=-march=native", "STANCFLAGS=--O1"),
}
STEPS, TRAJECTORIES = 100, 1000


@dataclass(frozen=True)
class Row:
    program: str
    flags: str
    compile: float
    gradient: float
    sample: float
    draws: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "programs", nargs="*", default=[p for p in PROGRAMS if stan_file(p).exists()]
    )
    parser.add_argument("--output", type=Path, help="also write the table there")
    parser.add_argument("--repeats", type=int, default=3, help="the fastest is reported")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flags-") as folder:
        cmdstan = Path(folder) / "cmdstan"
        shutil.copytree(cmdstan_path(), cmdstan, symlinks=True)
        shutil.rmtree(cmdstan / "build", ignore_errors=True)
        table = report(cmdstan, list(measure(cmdstan, options.programs, options.repeats)))
    print(table)
    if options.output:
        options.output.write_text(table + "\n", encoding="utf-8")


def measure(cmdstan: Path, programs: list[str], repeats: int) -> Iterator[Row]:
    for flags, settings in FLAGS.items():
        hide_precompiled(cmdstan, flags == "no precompiled header")
        # what all models share is compiled once for each set of compiler flags: not part of a model
        front = cpu(["make", "-j2", "front", *settings], cwd=cmdstan)
        note(f"{flags}: front {front:.0f} s")
        for program in programs:
            target = cmdstan.parent / "models" / program
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(stan_file(program), target.with_suffix(".stan"))
            compiled = []
            for _ in range(2):
                target.unlink(missing_ok=True)
                compiled.append(cpu(["make", str(target), *settings], cwd=cmdstan))
            row = Row(program, flags, min(compiled), *sampled(target, data_file(program), repeats))
            note(str(row))
            yield row


def hide_precompiled(cmdstan: Path, hide: bool) -> None:
    """The compiler takes one that lies beside the header, whatever make was told."""
    for header in cmdstan.glob("build/*/prelude.hpp.gch*"):
        header.rename(header.with_name("prelude.hpp.gch" + ".hidden" * hide))


def sampled(model: Path, data: Path, repeats: int) -> tuple[float, float, str]:
    output = model.with_suffix(".csv")
    common = [str(model), "random", "seed=1", "data", f"file={data}", "output", f"file={output}",
              "refresh=0"]  # fmt: skip
    static = [*common, "method=sample", "num_warmup=0", f"num_samples={TRAJECTORIES}",
              f"thin={TRAJECTORIES}", "adapt", "engaged=0", "algorithm=hmc", "engine=static",
              f"int_time={STEPS * 1e-4}", "stepsize=1e-4"]  # fmt: skip
    nuts = [*common, "method=sample"]
    start = min(cpu([str(model), "info"]) for _ in range(repeats))
    gradients = min(cpu(static) for _ in range(repeats)) - start
    seconds = min(cpu(nuts) for _ in range(repeats))
    return gradients / (STEPS * TRAJECTORIES) * 1e6, seconds, digest(output)


def digest(output: Path) -> str:
    lines = [line for line in output.read_text().splitlines() if line and line[0] != "#"]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def cpu(command: list[str], cwd: Path | None = None) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{ran.stdout}{ran.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(cmdstan: Path, rows: list[Row]) -> str:
    default = {row.program: row for row in rows if row.flags == "default"}
    compiler = subprocess.run(
        [os.environ.get("CXX", "g++"), "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]
    lines = [
        f"{compiler}; {processor()}; CPU seconds, the least of several runs.",
        "",
        "| program | flags | compile (s) | gradient (µs) | NUTS 1000 + 1000 (s) "
        "| speed of a gradient | same draws as default |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for row in sorted(rows, key=lambda row: row.program):
        base = default[row.program]
        lines.append(
            f"| {row.program} | {row.flags} | {row.compile:.1f} | {row.gradient:.2f} "
            f"| {row.sample:.2f} | {base.gradient / row.gradient:.2f} x "
            f"| {'yes' if row.draws == base.draws else 'no'} |"
        )
    ratios = {
        flags: statistics.geometric_mean(
            default[row.program].gradient / row.gradient for row in rows if row.flags == flags
        )
        for flags in FLAGS
    }
    means = ", ".join(f"{flags} {ratio:.2f}" for flags, ratio in ratios.items())
    lines += ["", f"Speed of a gradient over all programs (geometric mean, default = 1): {means}."]
    return "\n".join(lines)


def processor() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def stan_file(program: str) -> Path:
    return STAN / f"{program}.stan"


def data_file(program: str) -> Path:
    return STAN / f"{program}.data.json"


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
