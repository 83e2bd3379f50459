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
    plain = [value.item() if isinstance(value, np.generic) else value for value in values[:most]]
    shown = ", ".join(repr(value) for value in plain)
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")


def natural_key(value: Any) -> tuple[Any, ...]:
    """Sort numbers by size, text with numbers inside by these: "day 2" before "day 10"."""
    if isinstance(value, (bool, int, float, np.number)):
        return (0, value)
    if isinstance(value, str):
        parts: list[str | int] = list(_DIGITS.split(value))
        parts[1::2] = [int(digits) for digits in parts[1::2]]
        return (1, parts, value)
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
        if isinstance(uniques.dtype, np.dtype) and uniques.dtype.kind in "biuf":
            order = np.argsort(np.asarray(uniques))
        else:
            order = np.array(sorted(range(len(values)), key=lambda i: natural_key(values[i])), int)
    place = np.full(len(values), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], [values[i] for i in order]


def declared(column: pd.Series[Any]) -> list[Hashable]:
    """List the categories of a pandas Categorical, with those that no row has; else nothing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.categories.tolist()
    return []


def recode(column: pd.Series[Any], levels: Sequence[Hashable]) -> Codes:
    """Code a column by levels that are known; -1 stands for others."""
    codes, values = factorise(column)
    places = {level: place for place, level in enumerate(levels)}
    return np.array([places.get(value, -1) for value in values], dtype=np.int64)[codes]


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
        own = _digits(self._cells, [len(part) for part in self._parts])
        cells = np.zeros(len(frame), dtype=np.int64)
        known = np.zeros(len(self._cells), dtype=np.int64)
        parts: list[list[Hashable]] = []
        for column, values, digits in zip(self.columns, self._parts, own, strict=True):
            codes, found = factorise(frame[column])
            places = {value: place for place, value in enumerate(values)}
            for value in found:
                places.setdefault(value, len(places))
            parts.append(list(places))
            cells = cells * len(places) + np.array([places[value] for value in found])[codes]
            known = known * len(places) + digits
        # `known` rises as `_cells` does: appending values keeps the order of the old ones.
        place = np.minimum(np.searchsorted(known, cells), len(known) - 1)
        unseen = known[place] != cells
        new, inverse = np.unique(cells[unseen], return_inverse=True)
        place[unseen] = -1 - inverse
        return place, tuple(_labels(parts, new))


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


def _digits(cells: Codes, sizes: Sequence[int]) -> list[Codes]:
    """Take numbers of combinations apart into the codes of each column."""
    found: list[Codes] = []
    for size in reversed(sizes):
        cells, digit = np.divmod(cells, size)
        found.insert(0, digit)
    return found


def _labels(parts: Sequence[Sequence[Hashable]], cells: Codes) -> list[Hashable]:
    """Label combinations: one column's own values, several joined by colons."""
    if len(parts) == 1:
        return [parts[0][cell] for cell in cells.tolist()]
    digits = _digits(cells, [len(part) for part in parts])
    columns = [
        [str(part[code]) for code in codes.tolist()]
        for part, codes in zip(parts, digits, strict=True)
    ]
    return [":".join(names) for names in zip(*columns, strict=True)]
