"""The tables of peers.md and of the README, from the rows of peers.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .cells import LEFT_OUT, PEERS, does
from .results import CONVERGED, Row
from .summary import Cell, Ratios, ratios, summarise
from .tasks import TASKS

BEGIN, END = "<!-- peers:begin -->", "<!-- peers:end -->"
COLUMNS = {
    "partialpool": ("partialpool-",),
    "best textbook Stan": ("stan-",),
    "bambi, nutpie": ("bambi-nutpie",),
    "bambi, PyMC": ("bambi-pymc",),
    "bambi, numpyro": ("bambi-numpyro",),
    "brms": ("brms",),
    "rstanarm": ("rstanarm",),
    "lme4": ("lme4",),
}
"""Of the overview: the best of the peers whose names begin so."""

NOT_RUN = (
    "Left out to keep the benchmark within an hour or so. The times were measured by hand before "
    "it was written, on two cores, on simulated data of the same sizes but another seed."
)


def overview(rows: Sequence[Row]) -> str:
    """Write the README's table: ESS per second of sampling, and seconds of the whole run."""
    cells = summarise(rows)
    lines = [
        "| task | " + " | ".join(COLUMNS) + " | ESS/s, times the fastest peer's | "
        "whole run, times as fast as bambi's best |",
        "|---|" + "---|" * (len(COLUMNS) + 2),
    ]
    for task in _tasks(cells):
        here = [cell for cell in cells.values() if cell.task == task]
        shown = [_brief(_best(here, prefixes)) for prefixes in COLUMNS.values()]
        ratio = ratios(here, task)
        end = [_times(ratio.per_second), _times(ratio.total)]
        lines.append("| " + " | ".join([TASKS[task].title, *shown, *end]) + " |")
    dates = sorted({row.date for row in rows})
    machines = ", ".join(sorted({row.machine for row in rows}))
    return "\n".join(
        [
            *lines,
            "",
            "Minimum bulk ESS over all parameters and group effects per second of sampling, then "
            "seconds from DataFrame to InferenceData with everything compiled: medians over seeds, "
            f"4 chains of 1000 + 1000, each peer at its defaults; partialpool and textbook Stan on "
            f"the better of CmdStan and stanli. {_span(dates)}; {machines}; "
            f"{'; '.join(_versions(rows))}.",
        ]
    )


def report(rows: Sequence[Row]) -> str:
    """Write peers.md: a table a task, then ratios, what was left out, and versions."""
    cells = summarise(rows)
    lines = [
        "# partialpool beside its peers",
        "",
        "Made by `python benchmarks/peers.py` from [peers.csv](peers.csv); "
        "[how, and what is fair](../README.md).",
        "",
        *_ratio_table(cells),
    ]
    for task in _tasks(cells):
        lines += ["", f"## {TASKS[task].title}", "", *_task_table(cells, task)]
    left_out = [
        f"- {PEERS[peer]}, {task}: {reason}"
        for (peer, task), reason in LEFT_OUT.items()
        if does(peer, TASKS[task])
    ]
    if left_out:
        lines += ["", "## Not run", "", NOT_RUN, "", *left_out]
    lines += ["", "## Versions", "", *[f"- {each}" for each in _versions(rows)]]
    dates = sorted({row.date for row in rows})
    lines += [f"- {', '.join(sorted({row.machine for row in rows}))}", f"- {_span(dates)}"]
    return "\n".join(lines) + "\n"


def put_between_markers(file: Path, text: str) -> None:
    """Replace what stands between the markers in a Markdown file.

    Raises
    ------
    ValueError
        If the file has not one of each, in order.
    """
    whole = file.read_text(encoding="utf-8")
    if whole.count(BEGIN) != 1 or whole.count(END) != 1 or whole.index(BEGIN) > whole.index(END):
        raise ValueError(f"{file} must have one line {BEGIN} and, after it, one {END}")
    before, after = whole.split(BEGIN)[0], whole.split(END)[1]
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _tasks(cells: Mapping[tuple[str, str], Cell]) -> list[str]:
    return [task for task in TASKS if any(key[0] == task for key in cells)]


def _best(here: list[Cell], prefixes: tuple[str, ...]) -> Cell | None:
    mine = [cell for cell in here if cell.peer.startswith(prefixes)]
    return max(
        mine,
        key=lambda cell: (cell.verdict == "ok", cell.per_second or 0.0, -(cell.total or 0.0)),
        default=None,
    )


def _brief(cell: Cell | None) -> str:
    if cell is None:
        return ""
    if cell.verdict == "did not converge":
        return f"did not converge (R-hat {cell.r_hat:.2f}), {_seconds(cell.total)}"
    if cell.verdict != "ok":
        return cell.verdict.partition(":")[0]
    if cell.per_second is None:
        return _seconds(cell.total)
    return f"{_count(cell.per_second)}/s, {_seconds(cell.total)}"


def _ratio_table(cells: Mapping[tuple[str, str], Cell]) -> list[str]:
    lines = [
        "partialpool, on the better of its two engines, beside the best of all others whose fits "
        f"converged (R-hat at most {CONVERGED}):",
        "",
        "| task | ESS per second of sampling | ESS per second of the whole run "
        "| whole run, times as fast as bambi's quickest | fastest peer by ESS per second |",
        "|---|---:|---:|---:|---|",
    ]
    for task in _tasks(cells):
        of: Ratios = ratios(cells.values(), task)
        fastest = PEERS.get(of.fastest, "none that was run and converged")
        shown = " | ".join(map(_times, (of.per_second, of.per_total, of.total)))
        lines.append(f"| {TASKS[task].title} | {shown} | {fastest} |")
    return lines


def _task_table(cells: Mapping[tuple[str, str], Cell], task: str) -> list[str]:
    lines = [
        "| | min. bulk ESS | of | largest R-hat | sampling (s) | ESS per s of sampling | whole run "
        "(s) | ESS per s of whole run | first run (s) | of it C++ (s) | peak memory (MB) "
        "| means off by (sd) |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for peer, label in PEERS.items():
        cell = cells.get((task, peer))
        if cell is None:
            continue
        if cell.verdict == "ok":
            some = 0 < cell.converged < cell.runs
            label += f" ({cell.converged} of {cell.runs} seeds converged)" if some else ""
            ess = _count(cell.ess)
        else:
            ess = cell.verdict
        counted = cell.verdict == "ok"
        values = [
            label,
            ess,
            cell.least_ess_of,
            "" if cell.r_hat is None else f"{cell.r_hat:.3f}",
            _number(cell.sampling),
            _count(cell.per_second) if counted else "",
            _number(cell.total),
            _count(cell.per_total) if counted else "",
            _number(cell.first),
            _number(cell.compile),
            _count(cell.peak_mb),
            "" if cell.off_by is None else f"{cell.off_by:.2f}",
        ]
        lines.append("| " + " | ".join(values) + " |")
    return lines


def _versions(rows: Sequence[Row]) -> list[str]:
    """Every package once, with all the versions that made these rows."""
    listed: dict[str, None] = {}
    for row in rows:
        listed.update(dict.fromkeys(each for each in row.versions.split(", ") if each))
    return [", ".join(sorted(listed, key=str.lower))] if listed else []


def _span(dates: list[str]) -> str:
    return dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}" if dates else ""


def _count(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{_number(value)} s"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"
