"""partialpool beside its peers, on one machine: minimum bulk ESS per second, and total time.

    python benchmarks/peers.py [--tasks radon ...] [--peers brms ...] [--seeds 1 2 3]
                               [--time-limit 300] [--cache DIR] [--again] [--list]

Writes a row a run to benchmarks/results/peers.csv, and from all of its rows the tables in
benchmarks/results/peers.md and between the markers in README.md. A run that is in the CSV, and
did not fail, is not made again (unless --again), so that a benchmark that was cut goes on.
benchmarks/README.md says what is measured, and how.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from pathlib import Path

from peers import install, results, table
from peers.cells import LEFT_OUT, PEERS, cells
from peers.run import Place, run
from peers.tasks import TASKS

HERE = Path(__file__).parent
RESULTS = HERE / "results"
README = HERE.parent / "README.md"


def main() -> None:
    """Run what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS], default=[*TASKS], metavar="TASK")
    parser.add_argument("--peers", nargs="+", choices=[*PEERS], default=[*PEERS], metavar="PEER")
    parser.add_argument("--seeds", nargs="+", type=int, help="only these of the tasks' own")
    parser.add_argument("--time-limit", type=float, default=300.0, help="seconds for one fit")
    parser.add_argument(
        "--cache", type=Path, default=Path("~/.cache/partialpool-benchmarks").expanduser()
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of CSV and tables")
    parser.add_argument("--again", action="store_true", help="also what was run before")
    parser.add_argument("--list", action="store_true", help="list tasks, peers, what is left out")
    parser.add_argument("--tables-only", action="store_true", help="run nothing")
    options = parser.parse_args()
    if options.list:
        return print_list()
    file = options.results / "peers.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not options.tables_only:
        run_missing(options, file)
    rows = results.read(file)
    (options.results / "peers.md").write_text(table.report(rows), encoding="utf-8")
    if options.results == RESULTS:
        table.put_between_markers(README, table.overview(rows))
    return None


def run_missing(options: argparse.Namespace, file: Path) -> None:
    """Run cell by cell, each written when it is done."""
    place = Place(options.cache.resolve(), options.time_limit)
    kept = [] if options.again else results.read(file)
    done = {row.key for row in kept if row.status != "failed"}
    todo = [
        cell
        for cell in cells(options.peers, options.tasks)
        if cell not in done and (options.seeds is None or cell[2] in options.seeds)
    ]
    began = time.perf_counter()
    for number, (task, peer, seed) in enumerate(todo, 1):
        outcome = run(place, task, peer, seed)
        row = results.Row.of(task, peer, seed, outcome, date=datetime.date.today())
        results.write(file, row)
        minutes = (time.perf_counter() - began) / 60
        install.say(f"{number}/{len(todo)} {minutes:.1f} min: {row.line()}")


def print_list() -> None:
    """What there is."""
    for task in TASKS.values():
        print(f"{task.name:22} {task.title}; seeds {', '.join(map(str, task.seeds))}")
    for peer, label in PEERS.items():
        print(f"{peer:26} {label}")
    for (peer, task), reason in LEFT_OUT.items():
        print(f"left out: {peer} on {task}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
