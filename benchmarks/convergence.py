"""What diagnosis and tables of a fit cost, beside the fit and beside ArviZ.

python benchmarks/convergence.py [--without-arviz]      writes results/convergence.md

CPU seconds of one process, least of some repetitions; linear algebra on one thread. Runs with older
versions of partialpool too: PYTHONPATH=OTHER/src python benchmarks/convergence.py --print
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import dataclasses
import datetime
import importlib
import importlib.metadata
import logging
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import partialpool as pp

FORMULA = "log_radon ~ floor + (1 + floor | county)"
REPEATS = 5
MANY = 5000
"""Quantities of the large posterior, of 4 chains of 1,000 draws."""
ARVIZ = "R-hat, bulk and tail ESS, MCSE of mean and sd by ArviZ"


def seconds(run: Callable[[], object], repeats: int = REPEATS) -> float:
    """Least CPU seconds of some runs."""
    found = []
    for _ in range(repeats):
        begin = time.process_time()
        run()
        found.append(time.process_time() - begin)
    return min(found)


def peak(run: Callable[[], object]) -> float:
    """Most memory, in MB, that a run takes."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def after(fit: Any, *names: str) -> float:
    """Least CPU seconds of the last of some methods, each called once on a fit that is new."""
    found = []
    for _ in range(REPEATS):
        new = dataclasses.replace(fit)
        for name in names[:-1]:
            getattr(new, name)()
        found.append(seconds(getattr(new, names[-1]), 1))
    return min(found)


def by_arviz(posterior: xr.Dataset) -> None:
    """The five statistics of convergence by ArviZ, as partialpool had them before."""
    arviz: Any = importlib.import_module("arviz")
    arviz.rhat(posterior, method="rank")
    arviz.ess(posterior, method="bulk")
    arviz.ess(posterior, method="tail", prob=(0.05, 0.95))
    arviz.mcse(posterior, method="mean")
    arviz.mcse(posterior, method="sd")


def radon(*, arviz: bool) -> dict[str, float]:
    """CPU seconds by what is done with a fit of 85 counties' intercepts and slopes."""

    def sample() -> Any:
        model = pp.Model(FORMULA, pp.datasets.load("radon"))
        return model.sample(engine="stanli", seed=1, progress=False, verbose=False)

    fit = sample()
    found = {"model and fit": seconds(sample, 3)}
    for name in ("diagnose", "summary", "ranef", "coef"):
        found[f"`{name}()` alone"] = after(fit, name)
    found["`diagnose()`, `summary()`, `ranef()` and `coef()`, one after another"] = sum(
        after(fit, *("diagnose", "summary", "ranef", "coef")[: k + 1]) for k in range(4)
    )
    found["`ranef()` after `diagnose()`"] = after(fit, "diagnose", "ranef")
    found["`coef()` for the second time"] = after(fit, "coef", "coef")
    if arviz:
        module: Any = importlib.import_module("arviz")
        found["`az.summary(fit.idata)`"] = seconds(lambda: module.summary(fit.idata), 3)
        found[ARVIZ] = seconds(lambda: by_arviz(fit.posterior), 3)
    return found


def many(*, arviz: bool) -> dict[str, tuple[float, float]]:
    """CPU seconds and MB of memory for the statistics of many quantities."""
    draws = np.random.default_rng(1).normal(size=(4, 1000, MANY))
    posterior = xr.Dataset({"x": (("chain", "draw", "quantity"), draws)})
    runs = {
        "`pp.diagnostics.convergence`": lambda: pp.diagnostics.convergence(posterior),
        "`pp.summaries.summary`": lambda: pp.summaries.summary(posterior),
    }
    found = {name: (seconds(run, 2), peak(run)) for name, run in runs.items()}
    if arviz:
        found[ARVIZ] = (seconds(lambda: by_arviz(posterior), 1), np.nan)
    return found


def report(*, arviz: bool) -> str:
    """Measure everything; return the tables."""
    versions = " and ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("arviz", "numpy")
    )
    lines = [
        "# Diagnosis and tables beside the fit",
        "",
        f"Made by `python benchmarks/convergence.py`: CPU seconds, least of up to {REPEATS} runs,",
        f"with {versions}, {datetime.date.today()}.",
        "",
        f"The radon data, `{FORMULA}`, 4 chains of 1,000 draws on",
        "stanli. Alone: of a fit of which nothing has been computed before.",
        "",
        "| | CPU s |",
        "|---|---|",
        *(f"| {name} | {value:.3f} |" for name, value in radon(arviz=arviz).items()),
        "",
        f"{MANY:,} quantities, 4 chains of 1,000 draws ({MANY * 4000 * 8 / 1e6:.0f} MB). Memory is",
        "what is taken beyond the draws:",
        "",
        "| | CPU s | memory, MB |",
        "|---|---|---|",
        *(
            f"| {name} | {value:.2f} | {'' if np.isnan(memory) else f'{memory:.0f}'} |"
            for name, (value, memory) in many(arviz=arviz).items()
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-arviz", action="store_true", help="leave out ArviZ's own times")
    parser.add_argument("--print", action="store_true", help="print the tables only")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    text = report(arviz=not options.without_arviz)
    print(text)
    if not options.print:
        path = Path(__file__).parent / "results" / "convergence.md"
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
