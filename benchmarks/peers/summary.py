"""Medians over seeds, what counts as converged, and ratios to the fastest peer."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .results import Row

OURS = "partialpool"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A peer on a task: medians over the seeds whose fits converged.

    Attributes
    ----------
    verdict : str
        ok, did not converge, stopped at ... s, or failed; ok where most seeds converged. lme4,
        which does not sample, is ok without an ESS.
    converged, runs : int
        Seeds that converged, and all.
    per_second, per_total : float or None
        Bulk ESS per second of sampling, and of the whole run.
    off_by : float or None
        The largest difference of a posterior mean of the population from partialpool's, in
        posterior standard deviations.
    """

    task: str
    peer: str
    verdict: str
    runs: int
    converged: int
    ess: float | None = None
    least_ess_of: str = ""
    r_hat: float | None = None
    sampling: float | None = None
    total: float | None = None
    per_second: float | None = None
    per_total: float | None = None
    first: float | None = None
    compile: float | None = None
    peak_mb: float | None = None
    off_by: float | None = None

    @property
    def counts(self) -> bool:
        """Does it have an ESS to be compared?"""
        return self.verdict == "ok" and self.per_second is not None


def summarise(rows: Sequence[Row]) -> dict[tuple[str, str], Cell]:
    """By (task, peer)."""
    keys = dict.fromkeys((row.task, row.peer) for row in rows)
    return {key: _cell([row for row in rows if (row.task, row.peer) == key], rows) for key in keys}


def _cell(runs: list[Row], rows: Sequence[Row]) -> Cell:
    task, peer = runs[0].task, runs[0].peer
    good = [row for row in runs if row.converged]
    without_draws = [row for row in runs if row.status == "ok" and row.ess is None]
    done = [row for row in runs if row.status == "ok"]
    if without_draws or 2 * len(good) > len(runs):
        verdict, used = "ok", good or without_draws
    elif 2 * len(done) > len(runs):
        verdict, used = "did not converge", done
    else:
        verdict, used = next(row.reason for row in runs if row.status != "ok"), []

    def median(of: Callable[[Row], float | None], among: list[Row] | None = None) -> float | None:
        values = [value for row in (among or used) if (value := of(row)) is not None]
        return statistics.median(values) if values else None

    def largest(of: Callable[[Row], float | None]) -> float | None:
        return max((value for row in done if (value := of(row)) is not None), default=None)

    return Cell(
        task=task,
        peer=peer,
        verdict=verdict,
        runs=len(runs),
        converged=len(good),
        ess=median(lambda row: row.ess),
        least_ess_of=_most_common(row.least_ess_of for row in used),
        r_hat=largest(lambda row: row.r_hat),
        sampling=median(lambda row: row.sampling),
        total=median(lambda row: row.total),
        per_second=median(lambda row: _ratio(row.ess, row.sampling)),
        per_total=median(lambda row: _ratio(row.ess, row.total)),
        first=median(lambda row: row.first, runs),
        compile=median(lambda row: row.compile, runs),
        peak_mb=largest(lambda row: row.peak_mb),
        off_by=_off_by(used, [row for row in rows if row.task == task]),
    )


def _most_common(names: Iterable[str]) -> str:
    listed = list(names)
    return statistics.mode(listed) if listed else ""


def _ratio(of: float | None, to: float | None) -> float | None:
    return None if of is None or to is None or to <= 0 else of / to


def _off_by(runs: list[Row], rows: list[Row]) -> float | None:
    ours = [row for row in rows if row.peer.startswith(OURS) and row.converged]
    theirs = [row for row in runs if row.moments]
    if not ours or not theirs or theirs[0].peer.startswith(OURS):
        return None
    shared = set(theirs[0].moments) & set(ours[0].moments)

    def mean(among: list[Row], name: str) -> float:
        return statistics.fmean(row.moments[name][0] for row in among)

    sds = {name: statistics.fmean(row.moments[name][1] for row in ours) for name in shared}
    return max((abs(mean(theirs, n) - mean(ours, n)) / sds[n] for n in shared), default=None)


@dataclass(frozen=True, kw_only=True)
class Ratios:
    """partialpool, on the better of its engines, against the best of the others; None: nothing.

    Attributes
    ----------
    per_second, per_total : float or None
        Its ESS per second of sampling, and of the whole run, over the fastest peer's.
    total : float or None
        The whole run of the quickest Python peer (bambi) over its own.
    fastest : str
        The peer of the highest ESS per second of sampling.
    """

    per_second: float | None
    per_total: float | None
    total: float | None
    fastest: str


def ratios(cells: Iterable[Cell], task: str) -> Ratios:
    """Compare on one task, among fits that converged."""
    here = [cell for cell in cells if cell.task == task and cell.counts]
    ours = [cell for cell in here if cell.peer.startswith(OURS)]
    peers = [cell for cell in here if not cell.peer.startswith(OURS)]
    python = [cell for cell in peers if cell.peer.startswith("bambi")]

    def best(of: Callable[[Cell], float | None], among: list[Cell]) -> float | None:
        return max((value for cell in among if (value := of(cell)) is not None), default=None)

    def speed(cell: Cell) -> float | None:
        return _ratio(1.0, cell.total)

    fastest = max(peers, key=lambda cell: cell.per_second or -math.inf, default=None)
    return Ratios(
        per_second=_ratio(
            best(lambda cell: cell.per_second, ours), best(lambda cell: cell.per_second, peers)
        ),
        per_total=_ratio(
            best(lambda cell: cell.per_total, ours), best(lambda cell: cell.per_total, peers)
        ),
        total=_ratio(best(speed, ours), best(speed, python)),
        fastest=fastest.peer if fastest else "",
    )
