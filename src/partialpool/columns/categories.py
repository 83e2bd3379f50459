"""Categories in expressions: comparisons with levels, and contrast codings."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.frame import check_levels
from ..data.levels import Codes, factorise, list_values, recode
from ..errors import nearest

Bools = NDArray[np.bool_]
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le,
    "Gt": operator.gt, "GtE": operator.ge,
}  # fmt: skip
_EQUALITY = ("Eq", "NotEq")
MIRRORED = {"Lt": "Gt", "LtE": "GtE", "Gt": "Lt", "GtE": "LtE", "Eq": "Eq", "NotEq": "NotEq"}


@dataclass(frozen=True)
class Encoding:
    """A contrast coding, which turns categories into columns.

    Attributes
    ----------
    kind : {"treatment", "sum"}
        A coefficient is the difference of a level from the reference level ("treatment") or
        from the mean of all levels ("sum").
    level : object
        The level without a column: the reference of a treatment coding, by default the first,
        or the omitted level of a sum coding, by default the last.
    """

    kind: Literal["treatment", "sum"] = "treatment"
    level: Hashable = None

    def labels(self, name: str, levels: Sequence[Hashable], full: bool) -> list[str]:
        """Return the labels of the columns; a full coding has one column for each level."""
        labels = [str(level) for level in levels]
        if full and self.kind == "treatment":
            return labels
        omitted = self._omitted(name, levels)
        labels = labels[:omitted] + labels[omitted + 1 :]
        return ["mean", *labels] if full else labels

    def values(
        self, name: str, levels: Sequence[Hashable], full: bool, column: int
    ) -> NDArray[np.float64]:
        """Return the values of one column, (level,)."""
        values = np.zeros(len(levels))
        if full and self.kind == "treatment":
            values[column] = 1
            return values
        if full and column == 0:
            return values + 1
        omitted = self._omitted(name, levels)
        place = column - full
        values[place + (place >= omitted)] = 1
        if self.kind == "sum":
            values[omitted] = -1
        return values

    def _omitted(self, name: str, levels: Sequence[Hashable]) -> int:
        """Return the place of the level without a column."""
        if self.level is not None:
            return place_of(name, levels, self.level)
        return 0 if self.kind == "treatment" else len(levels) - 1


@dataclass(frozen=True, eq=False)
class Categories:
    """One category for each row.

    Attributes
    ----------
    name : str
        The expression, for names and messages.
    codes : array of int, (row,)
        Places in `levels`.
    levels : tuple
        In their order.
    encoding : Encoding
    """

    name: str
    codes: Codes
    levels: tuple[Hashable, ...]
    encoding: Encoding = Encoding()

    def used(self) -> list[int]:
        """Return the places of the levels that some row has."""
        counts = np.bincount(self.codes, minlength=len(self.levels))
        return np.flatnonzero(counts).tolist()

    def with_encoding(self, encoding: Encoding | None) -> Categories:
        """Return the categories with another coding; None keeps the present one."""
        return self if encoding is None else replace(self, encoding=encoding)


def of_column(name: str, column: pd.Series[Any]) -> Categories:
    """Return the categories of a column that `data.frame.prepared` made categorical."""
    codes = column.cat.codes.to_numpy().astype(np.int64)
    return Categories(name, codes, tuple(column.cat.categories.tolist()))


def of_values(
    name: str, values: NDArray[Any], where: str, state: dict[str, Any], plain: bool
) -> Categories:
    """Make categories of numbers or truth values.

    Parameters
    ----------
    name : str
    values : array, (row,)
    where : str
        "data" or "newdata", for messages.
    state : dict
        Keeps the levels of the fit. They are found when it is empty.
    plain : bool
        Whether the values are a column of the data. Values that are computed and all whole are
        labelled as integers.
    """
    whole = values.dtype.kind == "f" and not plain
    if whole and bool(((values == np.floor(values)) & (np.abs(values) < 2.0**53)).all()):
        values = values.astype(np.int64)
    column = pd.Series(values)
    if "levels" not in state:
        codes, levels = factorise(column)
        state["levels"] = tuple(levels)
        return Categories(name, codes, tuple(levels))
    codes = recode(column, state["levels"])
    if (codes < 0).any():
        check_levels(name, column, state["levels"], where)
    return Categories(name, codes, state["levels"])


def place_of(name: str, levels: Sequence[Hashable], level: Any) -> int:
    """Return the place of a level; the `ValueError` for an unknown one lists the levels."""
    for place, candidate in enumerate(levels):
        if candidate == level:
            return place
    near = nearest(level, levels, cutoff=0.5)
    hint = f" Did you mean {near!r}?" if near else ""
    alike = [candidate for candidate in levels if str(candidate) == str(level)]
    if alike:
        kind = "text" if isinstance(alike[0], str) else "a number"
        hint = f" Its level is {kind}: write {alike[0]!r}."
    raise ValueError(
        f"`{name}` has no level {level!r}.{hint} Its levels: {list_values(levels, 20)}."
    )


def compare(left: Categories, how: str, right: Any) -> Bools:
    """Compare categories with a level, or with other categories, row by row.

    Which of two is greater follows from the order of the levels.

    Parameters
    ----------
    left : Categories
    how : {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"}
    right : Categories, or a level

    Returns
    -------
    array of bool, (row,)
    """
    if isinstance(right, Categories):
        return _compare_two(left, how, right)
    if isinstance(right, np.ndarray):
        raise ValueError(
            f"`{left.name}` has the levels {list_values(left.levels)} and cannot be compared with "
            f"numbers: compare it with one of its levels, or make a column of numbers of it first."
        )
    place = place_of(left.name, left.levels, right)
    result: Bools = COMPARISONS[how](left.codes, place)
    return result


def _compare_two(left: Categories, how: str, right: Categories) -> Bools:
    """Compare two columns of categories, by order only if their levels are the same."""
    if left.levels == right.levels:
        result: Bools = COMPARISONS[how](left.codes, right.codes)
        return result
    if how not in _EQUALITY:
        raise ValueError(
            f"`{left.name}` and `{right.name}` have different levels: their order cannot be "
            f"compared. Make both pandas Categoricals of the same categories in their order."
        )
    places = {level: place for place, level in enumerate(left.levels)}
    if not places.keys() & set(right.levels):
        raise ValueError(
            f"`{left.name}` and `{right.name}` have no level in common: "
            f"{list_values(left.levels)}, and {list_values(right.levels)}."
        )
    places_of_right = np.array([places.get(level, -1) for level in right.levels], np.int64)
    result = COMPARISONS[how](left.codes, places_of_right[right.codes])
    return result
