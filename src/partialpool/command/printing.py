"""Printing for the command line: tables for people, JSON for machines."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table


def print_comparison(screen: Console, comparison: Any, *, all_rows: bool) -> None:
    """Print published numbers beside ours.

    Parameters
    ----------
    screen : Console
    comparison : DataFrame
        With columns published, exact, ours, mcse, verdict and note.
    all_rows : bool
        Print all rows; otherwise the numbers that agree are only counted.
    """
    agreeing = comparison["verdict"] == "agrees"
    compared = comparison["verdict"] != "not compared"
    shown = comparison if all_rows else comparison[~agreeing]
    others = f" (--all prints them); the other {len(shown)} of {len(comparison)}:"
    screen.print(
        f"\nOf {compared.sum()} numbers compared, ours agree with {agreeing.sum()} within "
        "rounding and 5 Monte-Carlo standard errors" + ("." if all_rows or shown.empty else others),
        style="bold",
        highlight=False,
    )
    if shown.empty:
        return
    columns = ["published", "exact", "ours", "mcse", "verdict"]
    table = shown[columns].reset_index().fillna({"published": "", "exact": ""})
    print_table(screen, table, significant=5)
    notes = dict.fromkeys(shown.loc[~agreeing, "note"])
    for note in notes if not all_rows else ():
        screen.print(f"  {note}", highlight=False)


def records(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a DataFrame as dictionaries for JSON, with None for NaN and infinity."""
    rows: list[dict[str, Any]] = frame.reset_index().to_dict(orient="records")
    return [
        {
            str(key): None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        for row in rows
    ]


def print_json(value: Any) -> None:
    """Print a value as JSON on one line; NumPy's numbers become Python's."""
    print(json.dumps(value, ensure_ascii=False, default=lambda number: number.item()))


def console() -> Console:
    """Return the terminal as a rich console; plain text, 200 columns wide, if redirected."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stdout.isatty():
            return Console()
    return Console(width=200, force_terminal=False, color_system=None)


def print_table(
    screen: Console, table: Any, *, decimals: int | None = None, significant: int | None = None
) -> None:
    """Print a DataFrame, its floats rounded to `decimals` or to `significant` digits."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    numeric = {str(name): table[name].dtype.kind in "fi" for name in table.columns}
    for name, is_numeric in numeric.items():
        grid.add_column(name.replace("_", " "), justify="right" if is_numeric else "left")
    for row in table.itertuples(index=False):
        grid.add_row(*_cells(row, decimals, significant))
    screen.print(grid)


def _cells(row: Any, decimals: int | None, significant: int | None) -> Iterator[str]:
    for value in row:
        if isinstance(value, float) and math.isnan(value):
            yield ""
        elif isinstance(value, float) and decimals is not None:
            yield f"{value:.{decimals}f}"
        elif isinstance(value, float) and significant is not None:
            yield f"{value:.{significant}g}"
        else:
            yield str(value)
