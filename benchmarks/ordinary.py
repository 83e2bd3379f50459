"""Models that people bring, at the defaults: which fits are flagged, their ESS and their cost.

python benchmarks/ordinary.py [--seeds 1 2 3] [--models pastes ...] [--again]

Writes results/ordinary.md. Every fit is a line of results/ordinary.jsonl beside it, which is not
kept in git; what is in there for this commit of partialpool is not run again unless `--again`.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import datetime
import functools
import json
import logging
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from ordinary_models import MODELS, Task

import partialpool as pp

RESULTS = Path(__file__).parent / "results"
LINES = RESULTS / "ordinary.jsonl"
SHORT = {"marginal": "m", "rescaled": "r", "centered": "c", "noncentered": "n"}
TEXT = """# Ordinary models at the defaults

Made by `python benchmarks/ordinary.py`: stanli, 4 chains of 1,000 draws, partialpool at
{made}. {flagged} of {total} fits are flagged.
The models are in [ordinary_models.py](../ordinary_models.py).

Flagged: fits of all seeds for which `fit.diagnose()` fails a check, and which. Least ESS: the
smaller of bulk and tail, least of all quantities of the posterior, the groups' effects among them,
and of all seeds. CPU seconds of model and fit, and leapfrogs a draw: medians over seeds. Chosen:
program; for each term m (integrated out), r (rescaled), c (centered) or n (non-centered);
iterations of warmup; start.

| model | rows | groups | flagged | least ESS | CPU s | leapfrogs | chosen |
|---|---|---|---|---|---|---|---|
"""


@functools.cache
def commit() -> str:
    """Commit of the package's source, with a + if there are changes that are not committed."""
    root = Path(pp.__file__).parents[2]

    def git(*given: str) -> str:
        run = subprocess.run(["git", "-C", str(root), *given], capture_output=True, text=True)
        return run.stdout.strip()

    found = git("log", "-1", "--format=%h", "--", "src", "stan")
    return found + "+" * bool(git("status", "--porcelain", "--", "src", "stan"))


def measure(task: Task, seed: int) -> dict[str, Any]:
    """What one fit finds and costs; CPU seconds are those of model and fit together."""
    begin = time.process_time()
    model = pp.Model(task.formula, task.data, family=task.family, **task.options)
    fit = model.sample(engine="stanli", seed=seed, progress=False, verbose=False)
    seconds = time.process_time() - begin
    table = pp.diagnostics.convergence(fit.posterior)
    smallest = table[["ess_bulk", "ess_tail"]].min(axis=1)
    stats = fit.sample_stats
    return {
        "failed": [check.name for check in fit.diagnose().failed],
        "ess": float(smallest.min()),
        "ess_of": str(smallest.idxmin()),
        "seconds": seconds,
        "leapfrogs": float(stats["n_steps"].mean()),
        "divergences": int(stats["diverging"].sum()),
        "program": fit.attrs["program"].removeprefix("glmm/"),
        "start": fit.attrs.get("start", ""),
        "warmup": json.loads(fit.attrs["config"])["warmup"],
        "forms": model.parameterizations,
        "groups": [len(term.levels) for term in model.design.groups],
    }


def read() -> dict[tuple[str, str, int], dict[str, Any]]:
    """All lines, the later instead of the earlier, by commit, model and seed."""
    text = LINES.read_text(encoding="utf-8") if LINES.exists() else ""
    rows = [json.loads(line) for line in text.splitlines()]
    return {(row["commit"], row["model"], row["seed"]): row for row in rows}


def run(names: list[str], seeds: list[int], *, again: bool) -> None:
    """Fit what is not there yet, one seed after another, and add its lines."""
    here, known = commit(), read()
    tasks = {name: MODELS[name]() for name in names}
    for seed in seeds:
        for name, task in tasks.items():
            if seed > task.seeds or ((here, name, seed) in known and not again):
                continue
            row = {"commit": here, "model": name, "seed": seed, "rows": len(task.data)}
            try:
                row |= measure(task, seed)
            except Exception as error:  # the table says so; the other models are measured
                row |= {"error": f"{type(error).__name__}: {error}"}
            with LINES.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            said = row.get("error") or (
                f"{row['seconds']:.1f} s, ESS {row['ess']:.0f} {row['ess_of']}, "
                f"{row['leapfrogs']:.1f} leapfrogs {row['failed'] or ''}"
            )
            print(f"{name}, seed {seed}: {said}", flush=True)


def shortened(start: str) -> str:
    """The beginning of what a fit says of its start, without the reason."""
    return start.split(" (")[0].split(", in the metric")[0].split(":")[0]


def cells(name: str, rows: list[dict[str, Any]]) -> str:
    """One line of the table, of all seeds of one model."""
    fine = [row for row in rows if "error" not in row]
    flagged = [row for row in fine if row["failed"]]
    findings = sorted({check for row in flagged for check in row["failed"]})
    findings += sorted({row["error"].split(":")[0] for row in rows if "error" in row})
    count = f"{len(flagged) + len(rows) - len(fine)} of {len(rows)}"
    count += f": {', '.join(findings)}" if findings else ""
    if not fine:
        return f"| {name} | {rows[0]['rows']:,} | | {count} | | | | |"
    worst = min(fine, key=lambda row: row["ess"])
    chosen = {
        f"{row['program']}, {''.join(SHORT[form] for form in row['forms'].values())}, "
        f"{row['warmup']}, {shortened(row['start'])}"
        for row in fine
    }
    return " | ".join(
        (
            f"| {name}",
            f"{rows[0]['rows']:,}",
            " x ".join(f"{n:,}" for n in fine[0]["groups"]),
            count,
            f"{worst['ess']:,.0f} (`{worst['ess_of']}`)",
            f"{np.median([row['seconds'] for row in fine]):.2f}",
            f"{np.median([row['leapfrogs'] for row in fine]):.1f}",
            "; ".join(sorted(chosen)) + " |",
        )
    )


def report(names: list[str], commits: list[str]) -> str:
    """The table; each model at the last commit at which it was run."""
    known = read()
    lines, flagged, total, used = [], 0, 0, set()
    for name in names:
        last = next((c for c in commits if any(key[:2] == (c, name) for key in known)), None)
        rows = [row for key, row in known.items() if key[:2] == (last, name)]
        if not rows:
            continue
        used.add(last)
        total += len(rows)
        flagged += sum("error" in row or bool(row["failed"]) for row in rows)
        lines.append(cells(name, sorted(rows, key=lambda row: row["seed"])))
    made = f"{' and '.join(str(each) for each in sorted(used, key=str))}, {datetime.date.today()}"
    return TEXT.format(made=made, flagged=flagged, total=total) + "\n".join([*lines, ""])


def main() -> None:
    """Fit what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), metavar="NAME")
    parser.add_argument("--again", action="store_true", help="also what is there for this commit")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    run(options.models, options.seeds, again=options.again)
    before = [key[0] for key in reversed(read())]
    text = report(list(MODELS), list(dict.fromkeys(before)))
    (RESULTS / "ordinary.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
