"""Levels of categorical columns and grouping factors: their order and integer codes."""

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
"""Position of each row's level, (row,); -1 where a row has none of the levels."""


def list_values(values: Sequence[Any], most: int = 5) -> str:
    """Write out values for a message: the first `most`, and how many more there are."""
    plain = [value.item() if isinstance(value, np.generic) else value for value in values[:most]]
    shown = ", ".join(repr(value) for value in plain)
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")


def factorise(column: pd.Series[Any]) -> tuple[Codes, list[Hashable]]:
    """Find the levels of a column without missing values, and code its rows by them.

    Returns
    -------
    codes : array of int, (row,)
    levels : list
        A Categorical's categories in their order, without those that no row has; other values
        in natural order.

    Raises
    ------
    DataError
        If the column mixes truth values with numbers that equal them.
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
    """Convert NumPy's numbers, truth values and text to Python's, as a saved fit restores them."""
    if isinstance(value, (np.bool_, np.integer, np.floating, np.str_)):
        plain = value.item()
        return str(plain) if isinstance(value, np.str_) else plain
    return value


def _check_twins(column: pd.Series[Any]) -> None:
    """Refuse a column with True and 1, or False and 0: being equal, they would be one level."""
    values = column.tolist()
    kinds = set(map(type, values))
    truths = {kind for kind in kinds if issubclass(kind, (bool, np.bool_))}
    if not truths or not any(issubclass(kind, _NUMBERS) for kind in kinds - truths):
        return
    truth_values = {bool(value) for value in values if type(value) in truths}
    numbers = {
        value for value in values if type(value) not in truths and isinstance(value, _NUMBERS)
    }
    for twin in truth_values:
        if twin in numbers:
            raise DataError(
                f"Column {column.name!r} holds {twin} and {int(twin)}, which are equal and would "
                f"be one level: recode one of them, or make all of them text: "
                f"data[{column.name!r}].astype(str)."
            )


_NUMBERS = (int, float, np.number)


def declared(column: pd.Series[Any]) -> list[Hashable]:
    """List all categories of a Categorical, also those that no row has; [] for other columns."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [_plain(value) for value in column.cat.categories.tolist()]
    return []


def recode(column: pd.Series[Any], levels: Sequence[Hashable]) -> Codes:
    """Code a column by given levels; values that are not among them get -1."""
    codes, values = factorise(column)
    places = {level: place for place, level in enumerate(levels)}
    return np.array([places.get(value, -1) for value in values], dtype=np.int64)[codes]


@dataclass(frozen=True)
class Factor:
    """A grouping factor: a column, or the combinations of several columns that occur in the data.

    Attributes
    ----------
    columns : tuple of str
    levels : tuple
        Labels of the groups; those of several columns are joined by colons.
    _parts : tuple of tuple
        Levels of each column.
    _cells : array of int, (level, column)
        For each group the codes of its columns' levels, in ascending order.
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
        """Code the rows of other data by the groups of the fit.

        Returns
        -------
        codes : array of int, (row,)
            Position in `levels`; -1, -2, ... for new groups.
        new_levels : tuple
            Labels of the new groups: code -(i + 1) is the i-th.

        Raises
        ------
        DataError
            If two different groups would have one label.
        """
        codes_by_column: list[Codes] = []
        parts: list[list[Hashable]] = []
        for column, values, fitted_codes in zip(
            self.columns, self._parts, self._cells.T, strict=True
        ):
            codes, present = factorise(frame[column])
            places = {value: place for place, value in enumerate(values)}
            for value in present:
                places.setdefault(value, len(places))
            parts.append(list(places))
            coded = np.array([places[value] for value in present], dtype=np.int64)[codes]
            codes_by_column.append(np.concatenate([fitted_codes, coded]))
        numbers = combination_numbers(codes_by_column, [len(part) for part in parts])
        fitted, cells = numbers[: len(self.levels)], numbers[len(self.levels) :]
        # `fitted` ascends, because new values are coded after those of the fit.
        place = np.minimum(np.searchsorted(fitted, cells), len(fitted) - 1)
        unseen = np.flatnonzero(fitted[place] != cells)
        _, first, inverse = np.unique(cells[unseen], return_index=True, return_inverse=True)
        place[unseen] = -1 - inverse
        rows = len(self.levels) + unseen[first]
        new = _labels(parts, np.stack([codes[rows] for codes in codes_by_column], axis=1))
        if len({*self.levels, *new}) < len(self.levels) + len(new):
            raise DataError(_same_label_message(self.columns, "newdata"))
        return place, tuple(new)


def fit_factor(columns: tuple[str, ...], frame: pd.DataFrame) -> tuple[Factor, Codes]:
    """Find the groups of a grouping factor in the data of the fit, and the group of each row.

    Raises
    ------
    DataError
        If there is one group only, or if two different groups would have one label.
    """
    parts: list[list[Hashable]] = []
    codes_by_column: list[Codes] = []
    for column in columns:
        codes, values = factorise(frame[column])
        parts.append(values)
        codes_by_column.append(codes)
    if len(columns) == 1:
        cells, codes = np.arange(len(parts[0]), dtype=np.int64)[:, None], codes_by_column[0]
    else:
        numbers = combination_numbers(codes_by_column, [len(part) for part in parts])
        _, first, codes = np.unique(numbers, return_index=True, return_inverse=True)
        cells = np.stack([column_codes[first] for column_codes in codes_by_column], axis=1)
    levels = tuple(_labels(parts, cells))
    name = ":".join(columns)
    if len(levels) == 1:
        raise DataError(
            f"The grouping factor `{name}` has one level only, {levels[0]!r}: a standard deviation "
            f"between groups needs at least two. Leave its term out, or group by another column."
        )
    if len(set(levels)) < len(levels):
        raise DataError(_same_label_message(columns, "data"))
    factor = Factor(columns, levels, tuple(tuple(part) for part in parts), cells)
    return factor, codes.astype(np.int64, copy=False)


def _same_label_message(columns: Sequence[str], where: str) -> str:
    return (
        f"Different groups of `{':'.join(columns)}` in {where} would be labelled alike: make one "
        f"column of {', '.join(columns)} with a different label for each group, and group by it."
    )


def combination_numbers(columns: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    """Give each combination of several columns' codes a number, in ascending order.

    The product of the sizes may exceed the largest integer: codes are renumbered when it would.

    Parameters
    ----------
    columns : sequence of array of int, (row,)
    sizes : sequence of int
        For each column a number that all its codes are below.

    Returns
    -------
    array of int, (row,)
        Equal for equal combinations; not necessarily consecutive.
    """
    numbers, total = columns[0], sizes[0]
    for column, column_size in zip(columns[1:], sizes[1:], strict=True):
        codes, size = column, column_size
        if total * size > np.iinfo(np.int64).max:  # renumber: at most one number for each row
            distinct_numbers, numbers = np.unique(numbers, return_inverse=True)
            distinct_codes, codes = np.unique(codes, return_inverse=True)
            total, size = len(distinct_numbers), len(distinct_codes)
        numbers = numbers * size + codes
        total *= size
    return numbers


def _labels(parts: Sequence[Sequence[Hashable]], cells: Codes) -> list[Hashable]:
    """Label combinations: the values of one column, or those of several joined by colons."""
    if len(parts) == 1:
        return [parts[0][cell] for cell in cells[:, 0].tolist()]
    columns = [
        [str(part[code]) for code in codes.tolist()]
        for part, codes in zip(parts, cells.T, strict=True)
    ]
    return [":".join(names) for names in zip(*columns, strict=True)]
