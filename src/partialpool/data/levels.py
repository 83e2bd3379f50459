"""Levels of categorical columns and grouping factors: their order, their codes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..arrays import natural_key
from ..errors import DataError

Codes = NDArray[np.int64]


def listed(values: Sequence[Any], most: int = 5) -> str:
    """Write values out for a message, the first few of many."""
    plain = [value.item() if isinstance(value, np.generic) else value for value in values[:most]]
    shown = ", ".join(repr(value) for value in plain)
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")


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
        if column.dtype == object:
            _check_twins(column)
        codes, uniques = pd.factorize(column, sort=False)
        codes = codes.astype(np.int64, copy=False)
        values = [_plain(value) for value in uniques.tolist()]
        if isinstance(uniques.dtype, np.dtype) and uniques.dtype.kind in "biuf":
            order = np.argsort(np.asarray(uniques))
        else:
            order = np.array(sorted(range(len(values)), key=lambda i: natural_key(values[i])), int)
    place = np.full(len(values), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], [values[i] for i in order]


def _plain(value: Any) -> Any:
    """Return NumPy's number, truth value or text as Python's, which a saved fit gives back."""
    if isinstance(value, (np.bool_, np.integer, np.floating, np.str_)):
        plain = value.item()
        return str(plain) if isinstance(value, np.str_) else plain
    return value


def _check_twins(column: pd.Series[Any]) -> None:
    """Refuse True beside 1, or False beside 0: they are equal, and would be one level."""
    values = column.tolist()
    kinds = set(map(type, values))
    truths = {kind for kind in kinds if issubclass(kind, (bool, np.bool_))}
    if not truths or not any(issubclass(kind, _NUMBERS) for kind in kinds - truths):
        return
    said = {bool(value) for value in values if type(value) in truths}
    numbers = {
        value for value in values if type(value) not in truths and isinstance(value, _NUMBERS)
    }
    for twin in said:
        if twin in numbers:
            raise DataError(
                f"Column {column.name!r} holds {twin} and {int(twin)}, which are equal and would "
                f"be one level: recode one of them, or make all of them text: "
                f"data[{column.name!r}].astype(str)."
            )


_NUMBERS = (int, float, np.number)


def declared(column: pd.Series[Any]) -> list[Hashable]:
    """List the categories of a pandas Categorical, with those that no row has; else nothing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [_plain(value) for value in column.cat.categories.tolist()]
    return []


def recode(column: pd.Series[Any], levels: Sequence[Hashable]) -> Codes:
    """Code a column by levels that are known; -1 stands for others."""
    codes, values = factorise(column)
    places = {level: place for place, level in enumerate(levels)}
    return np.array([places.get(value, -1) for value in values], dtype=np.int64)[codes]


@dataclass(frozen=True)
class Factor:
    """A grouping factor: a column, or the combinations of several that the data hold.

    `_cells` has the codes of each combination, (level, column), in ascending order.
    """

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
        own: list[Codes] = []
        parts: list[list[Hashable]] = []
        for column, values, known in zip(self.columns, self._parts, self._cells.T, strict=True):
            codes, found = factorise(frame[column])
            places = {value: place for place, value in enumerate(values)}
            for value in found:
                places.setdefault(value, len(places))
            parts.append(list(places))
            coded = np.array([places[value] for value in found], dtype=np.int64)[codes]
            own.append(np.concatenate([known, coded]))
        numbers = combined(own, [len(part) for part in parts])
        known, cells = numbers[: len(self.levels)], numbers[len(self.levels) :]
        # `known` rises: appending values keeps the order of the old ones.
        place = np.minimum(np.searchsorted(known, cells), len(known) - 1)
        unseen = np.flatnonzero(known[place] != cells)
        _, first, inverse = np.unique(cells[unseen], return_index=True, return_inverse=True)
        place[unseen] = -1 - inverse
        rows = len(self.levels) + unseen[first]
        new = _labels(parts, np.stack([codes[rows] for codes in own], axis=1))
        if len({*self.levels, *new}) < len(self.levels) + len(new):
            raise DataError(_alike(self.columns, "newdata"))
        return place, tuple(new)


def fit_factor(columns: tuple[str, ...], frame: pd.DataFrame) -> tuple[Factor, Codes]:
    """Code the groups of the data."""
    parts: list[list[Hashable]] = []
    own: list[Codes] = []
    for column in columns:
        codes, values = factorise(frame[column])
        parts.append(values)
        own.append(codes)
    if len(columns) == 1:
        cells, codes = np.arange(len(parts[0]), dtype=np.int64)[:, None], own[0]
    else:
        numbers = combined(own, [len(part) for part in parts])
        _, first, codes = np.unique(numbers, return_index=True, return_inverse=True)
        cells = np.stack([each[first] for each in own], axis=1)
    levels = tuple(_labels(parts, cells))
    name = ":".join(columns)
    if len(levels) == 1:
        raise DataError(
            f"The grouping factor `{name}` has one level only, {levels[0]!r}: a spread between "
            f"groups needs at least two. Leave its term out, or group by another column."
        )
    if len(set(levels)) < len(levels):
        raise DataError(_alike(columns, "data"))
    factor = Factor(columns, levels, tuple(tuple(part) for part in parts), cells)
    return factor, codes.astype(np.int64, copy=False)


def _alike(columns: Sequence[str], where: str) -> str:
    return (
        f"Different groups of `{':'.join(columns)}` in {where} would be labelled alike: make one "
        f"column of {', '.join(columns)} with labels of its own, and group by it."
    )


def combined(columns: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    """Give combinations of codes numbers in ascending order; a product of sizes may be any.

    Parameters
    ----------
    columns : sequence of array of int, (row,)
    sizes : sequence of int
        Codes of a column are below it.
    """
    numbers, total = columns[0], sizes[0]
    for each, below in zip(columns[1:], sizes[1:], strict=True):
        codes, size = each, below
        if total * size > np.iinfo(np.int64).max:  # there are no more of them than rows
            before, numbers = np.unique(numbers, return_inverse=True)
            own, codes = np.unique(codes, return_inverse=True)
            total, size = len(before), len(own)
        numbers = numbers * size + codes
        total *= size
    return numbers


def _labels(parts: Sequence[Sequence[Hashable]], cells: Codes) -> list[Hashable]:
    """Label combinations: one column's own values, several joined by colons."""
    if len(parts) == 1:
        return [parts[0][cell] for cell in cells[:, 0].tolist()]
    columns = [
        [str(part[code]) for code in codes.tolist()]
        for part, codes in zip(parts, cells.T, strict=True)
    ]
    return [":".join(names) for names in zip(*columns, strict=True)]
