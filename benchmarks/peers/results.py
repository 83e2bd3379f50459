"""A row a run, in a CSV file that grows while the benchmark runs."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONVERGED = 1.01
"""The largest R-hat of a fit that counts (Vehtari et al. 2021)."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run; None is what was not measured.

    Attributes
    ----------
    status : str
        ok, stopped (over the time limit) or failed.
    ess, r_hat : float
        The smallest bulk ESS and the largest R-hat over the population and all group effects.
    sampling, total, first, compile : float
        Seconds: of sampling; from DataFrame to InferenceData or R's fit, nothing compiled anew;
        the same in a fresh process with nothing compiled, imports and compilers counted; of the
        C++ compiler.
    peak_mb, frame_mb : float
        Peak memory of the process; the DataFrame.
    estimates : str
        JSON: mean and sd of each parameter of the population.
    """

    task: str
    peer: str
    seed: int
    status: str
    reason: str = ""
    ess: float | None = None
    r_hat: float | None = None
    quantities: int | None = None
    least_ess_of: str = ""
    sampling: float | None = None
    total: float | None = None
    first: float | None = None
    compile: float | None = None
    peak_mb: float | None = None
    frame_mb: float | None = None
    versions: str = ""
    machine: str = ""
    date: str = ""
    estimates: str = ""

    @classmethod
    def of(
        cls, task: str, peer: str, seed: int, outcome: Mapping[str, Any], *, date: datetime.date
    ) -> Row:
        """From what a run told."""
        names = {field.name for field in dataclasses.fields(cls)}
        given = {name: value for name, value in outcome.items() if name in names}
        given["estimates"] = json.dumps(outcome.get("estimates", {}))
        given |= {"date": date.isoformat(), "machine": machine()}
        return cls(task=task, peer=peer, seed=seed, **given)

    @property
    def key(self) -> tuple[str, str, int]:
        """What a run is kept under."""
        return self.task, self.peer, self.seed

    @property
    def converged(self) -> bool:
        """Does its ESS count?"""
        return self.status == "ok" and self.r_hat is not None and self.r_hat <= CONVERGED

    @property
    def moments(self) -> dict[str, tuple[float, float]]:
        """Posterior mean and sd of each parameter of the population."""
        given = json.loads(self.estimates or "{}")
        return {name: (float(mean), float(sd)) for name, (mean, sd) in given.items()}

    def line(self) -> str:
        """For the console."""
        said = f"{self.task} {self.peer} seed {self.seed}: {self.reason or self.status} "
        if self.ess is not None and self.r_hat is not None:
            said += f"ESS {self.ess:.0f} ({self.least_ess_of}) R-hat {self.r_hat:.3f} "
            said += f"in {self.sampling:.2f} s "
        return said + (f"total {self.total:.2f} s" if self.total is not None else "")


def machine() -> str:
    """Processor and cores."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} cores"


def read(file: Path) -> list[Row]:
    """All rows; of a run made twice, the later."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [_row(record) for record in csv.DictReader(stream)]
    return [*{row.key: row for row in rows}.values()]


def _row(record: Mapping[str, str]) -> Row:
    given: dict[str, Any] = {}
    for each in dataclasses.fields(Row):
        text, kind = record[each.name], str(each.type)
        if "float" in kind:
            given[each.name] = float(text) if text else None
        elif "int" in kind:
            given[each.name] = int(text) if text else None
        else:
            given[each.name] = text
    return Row(**given)


def write(file: Path, row: Row) -> None:
    """Put a row in its place; the file is never half written."""
    rows = {**{old.key: old for old in read(file)}, row.key: row}
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, [each.name for each in dataclasses.fields(Row)], lineterminator="\n"
        )
        writer.writeheader()
        for each in sorted(rows.values(), key=lambda row: row.key):
            writer.writerow(
                {
                    name: "" if value is None else _short(value)
                    for name, value in dataclasses.asdict(each).items()
                }
            )
    part.replace(file)


def _short(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value
