"""What each step of partialpool's sampling buys: one column after another, on stanli, in one run.

python benchmarks/steps.py        writes results/steps.md
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import partialpool as pp

STEPS: dict[str, dict[str, dict[str, Any]]] = {
    "non-centered": {"model": {"parameterization": "noncentered"}, "sample": {"metric": "diag_e"}},
    "integrated out, or rescaled": {"model": {}, "sample": {"metric": "diag_e"}},
    "+ from the mode, in its metric": {"model": {}, "sample": {"adapt_delta": 0.8}},
    "+ longer steps, of half a turn at most, where near normal": {"model": {}, "sample": {}},
}
TOO_LONG = {("simulated, 1e5 rows in 1,000 groups", "non-centered")}
SEEDS = (1, 2, 3)


def simulated(groups: int, rows: int) -> pd.DataFrame:
    """Varying intercepts (sd 0.5) and slopes (sd 0.3) of a continuous predictor."""
    rng = np.random.default_rng(1)
    r = rng.normal(size=(groups, 2)) @ np.array([[0.5, 0], [-0.1, 0.3]]).T
    g, x = np.repeat(np.arange(groups), rows), rng.normal(size=groups * rows)
    y = 1 + 0.5 * x + r[g, 0] + r[g, 1] * x + rng.normal(size=len(x))
    return pd.DataFrame({"y": y, "x": x, "g": g})


def tasks() -> dict[str, tuple[str, pd.DataFrame, str]]:
    """Formula, data and family by name."""
    load = pp.datasets.load
    return {
        "radon": ("log_radon ~ floor + (1 + floor | county)", load("radon"), "gaussian"),
        "sleepstudy": ("reaction ~ days + (1 + days | subject)", load("sleepstudy"), "gaussian"),
        "simulated, 1e5 rows in 1,000 groups": (
            "y ~ x + (1 + x | g)", simulated(1000, 100), "gaussian",
        ),
        "Bangladesh": (
            "use_contraception ~ urban + (1 + urban | district)", load("bangladesh"), "bernoulli",
        ),
        "baseball": (
            "hits | trials(at_bats) ~ 1 + (1 | player)", load("baseball_1970"), "binomial",
        ),
    }  # fmt: skip


def measure(formula: str, data: pd.DataFrame, family: str, step: str) -> str:
    """Least bulk ESS of the population, leapfrog steps a draw, seconds; medians over the seeds."""
    found = []
    for seed in SEEDS:
        model = pp.Model(formula, data, family=family, **STEPS[step]["model"])
        options = STEPS[step]["sample"]
        fit = model.sample(engine="stanli", seed=seed, progress=False, verbose=False, **options)
        ess = float(fit.summary()["ess_bulk"].min())
        steps = float(fit.sample_stats["n_steps"].mean())
        found.append((ess, steps, float(fit.attrs["seconds"])))
    ess, steps, seconds = np.median(np.array(found), axis=0)
    return f"{ess:,.0f}; {steps:.1f}; {seconds:.2f} s; {ess / seconds:,.0f}/s"


def main() -> None:
    """Run everything and write the table."""
    lines = [
        "# What each step buys",
        "",
        "Made by `python benchmarks/steps.py`: stanli, 4 chains of 1,000 draws, warmup 1,000 but",
        "where the start makes it 100 or 149; least bulk ESS of the population; leapfrog",
        f"steps a draw; seconds of sampling; ESS per second. Medians of {len(SEEDS)} seeds, "
        f"{datetime.date.today()}.",
        "",
        "| task | " + " | ".join(STEPS) + " |",
        "|---" * (1 + len(STEPS)) + "|",
    ]
    for name, (formula, data, family) in tasks().items():
        cells = [
            "not run: minutes" if (name, step) in TOO_LONG else measure(formula, data, family, step)
            for step in STEPS
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    path = Path(__file__).parent / "results" / "steps.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
