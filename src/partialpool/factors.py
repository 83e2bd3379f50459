"""Levels of categorical columns and grouping factors: their order, their codes."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import DataError

Codes = NDArray[np.int64]
_DIGITS = re.compile(r"(\d+)")


def listed(values: Sequence[Any], most: int = 5) -> str:
    """Write values out for a message, the first few of many."""
    shown = ", ".join(repr(value) for value in values[:most])
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")


def natural_key(value: Any) -> tuple[Any, ...]:
    """Sort numbers by size, text with numbers inside by these: "day 2" before "day 10"."""
    if isinstance(value, (bool, int, float, np.number)):
        return (0, value)
    if isinstance(value, str):
        parts = _DIGITS.split(value)
        return (1, [(part.isdigit(), int(part) if part.isdigit() else part) for part in parts])
    return (2, type(value).__name__, str(value))


def factorise(column: pd.Series[Any]) -> tuple[Codes, list[Hashable]]:
    """Code a column without missing values.

    Categories keep their order, and those that no row has are dropped; other values are sorted.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.int64)
        values = column.cat.categories.tolist()
        used = np.bincount(codes, minlength=len(values)) > 0
        order = np.flatnonzero(used)
    else:
        codes, uniques = pd.factorize(column, sort=False)
        codes = codes.astype(np.int64, copy=False)
        values = uniques.tolist()
        order = np.array(sorted(range(len(values)), key=lambda i: natural_key(values[i])), int)
    place = np.full(len(values), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], [values[i] for i in order]


@dataclass(frozen=True)
class Factor:
    """A grouping factor: a column, or the combinations of several that the data hold."""

    columns: tuple[str, ...]
    levels: tuple[Hashable, ...]
    _parts: tuple[tuple[Hashable, ...], ...]
    _cells: NDArray[np.int64]

    @property
    def name(self) -> str:
        """Name of the factor, "county" or "school:class"."""
        return ":".join(self.columns)

    def on(self, frame: pd.DataFrame) -> tuple[Codes, tuple[Hashable, ...]]:
        """Code other data: unseen levels are -1, -2, ... in the order of `new_levels`."""
        cells = np.zeros(len(frame), dtype=np.int64)
        parts: list[list[Hashable]] = []
        known = self._cells
        sizes = [len(part) for part in self._parts]
        recode = np.zeros(len(known), dtype=np.int64)
        rest = known.copy()
        digits: list[NDArray[np.int64]] = []
        for size in reversed(sizes):
            digits.insert(0, rest % size)
            rest //= size
        for column, own, digit in zip(self.columns, self._parts, digits, strict=True):
            codes, values = factorise(frame[column])
            lookup = {value: index for index, value in enumerate(own)}
            fresh = [value for value in values if value not in lookup]
            lookup |= {value: len(own) + index for index, value in enumerate(fresh)}
            everything = [*own, *fresh]
            parts.append(everything)
            place = np.array([lookup[value] for value in values], dtype=np.int64)
            cells = cells * len(everything) + place[codes]
            recode = recode * len(everything) + digit
        order = np.argsort(recode)
        found = np.searchsorted(recode[order], cells)
        found = np.minimum(found, len(order) - 1)
        seen = recode[order][found] == cells
        codes = np.where(seen, order[found], 0)
        new_cells, inverse = np.unique(cells[~seen], return_inverse=True)
        codes[~seen] = -1 - inverse
        return codes, tuple(_labels(parts, new_cells))


def fit_factor(columns: tuple[str, ...], frame: pd.DataFrame) -> tuple[Factor, Codes]:
    """Code the groups of the data."""
    parts: list[list[Hashable]] = []
    cells = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        codes, values = factorise(frame[column])
        parts.append(values)
        cells = cells * len(values) + codes
    if len(columns) == 1:
        used, codes = np.arange(len(parts[0]), dtype=np.int64), cells
    else:
        used, codes = np.unique(cells, return_inverse=True)
    levels = tuple(_labels(parts, used))
    name = ":".join(columns)
    if len(levels) == 1:
        raise DataError(
            f"The grouping factor `{name}` has one level only, {levels[0]!r}: a spread between "
            f"groups needs at least two. Leave its term out, or group by another column."
        )
    if len(set(levels)) < len(levels):
        raise DataError(
            f"Different groups of `{name}` would be labelled alike: make one column of "
            f"{', '.join(columns)} with labels of its own, and group by it."
        )
    factor = Factor(columns, levels, tuple(tuple(part) for part in parts), used)
    return factor, codes.astype(np.int64, copy=False)


def _labels(parts: Sequence[Sequence[Hashable]], cells: NDArray[np.int64]) -> list[Hashable]:
    if len(parts) == 1:
        return [parts[0][cell] for cell in cells.tolist()]
    labels: list[Hashable] = []
    for cell in cells.tolist():
        names: list[str] = []
        for part in reversed(parts):
            cell, digit = divmod(cell, len(part))
            names.insert(0, str(part[digit]))
        labels.append(":".join(names))
    return labels
