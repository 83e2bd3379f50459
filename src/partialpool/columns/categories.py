"""Categories in expressions: compared with levels, and coded as columns of numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..data.frame import check_levels
from ..data.levels import Codes, factorise, listed, recode
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
    """How categories become columns: "treatment" compares with a level, "sum" with their mean.

    `level` is the one left out; the first by default in a treatment coding, the last in a sum.
    """

    kind: Literal["treatment", "sum"] = "treatment"
    level: Hashable = None

    def labels(self, name: str, levels: Sequence[Hashable], full: bool) -> list[str]:
        """Label the columns; a full coding holds the intercept."""
        found = [str(level) for level in levels]
        if full and self.kind == "treatment":
            return found
        out = self._out(name, levels)
        found = found[:out] + found[out + 1 :]
        return ["mean", *found] if full else found

    def values(
        self, name: str, levels: Sequence[Hashable], full: bool, column: int
    ) -> NDArray[np.float64]:
        """Give what each level has in a column."""
        found = np.zeros(len(levels))
        if full and self.kind == "treatment":
            found[column] = 1
            return found
        if full and column == 0:
            return found + 1
        out = self._out(name, levels)
        place = column - full
        found[place + (place >= out)] = 1
        if self.kind == "sum":
            found[out] = -1
        return found

    def _out(self, name: str, levels: Sequence[Hashable]) -> int:
        if self.level is not None:
            return place_of(name, levels, self.level)
        return 0 if self.kind == "treatment" else len(levels) - 1


@dataclass(frozen=True, eq=False)
class Categories:
    """Categories, one a row: places in `levels`, which are in their order."""

    name: str
    codes: Codes
    levels: tuple[Hashable, ...]
    encoding: Encoding = Encoding()

    def used(self) -> list[int]:
        """Places of the levels that some row has."""
        counts = np.bincount(self.codes, minlength=len(self.levels))
        return np.flatnonzero(counts).tolist()

    def coded_by(self, encoding: Encoding | None) -> Categories:
        """Give them another coding; None keeps theirs."""
        return self if encoding is None else replace(self, encoding=encoding)


def of_column(name: str, column: pd.Series[Any]) -> Categories:
    """Take the categories of a column that `table.prepared` made categorical."""
    codes = column.cat.codes.to_numpy().astype(np.int64)
    return Categories(name, codes, tuple(column.cat.categories.tolist()))


def of_values(
    name: str, values: NDArray[Any], where: str, state: dict[str, Any], plain: bool
) -> Categories:
    """Make categories of numbers or truth values; `state` keeps the levels of the fit.

    Numbers computed from whole numbers are labelled as these, unless they are a `plain` column.
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
    """Find a level, or say which there are."""
    for place, known in enumerate(levels):
        if known == level:
            return place
    near = nearest(level, levels, cutoff=0.5)
    hint = f" Did you mean {near!r}?" if near else ""
    alike = [each for each in levels if str(each) == str(level)]
    if alike:
        kind = "text" if isinstance(alike[0], str) else "a number"
        hint = f" Its level is {kind}: write {alike[0]!r}."
    raise ValueError(f"`{name}` has no level {level!r}.{hint} Its levels: {listed(levels, 20)}.")


def compare(left: Categories, how: str, right: Any) -> Bools:
    """Compare categories with a level, or with other categories, row by row.

    Which is greater is said by the order of the levels.
    """
    if isinstance(right, Categories):
        return _compare_two(left, how, right)
    if isinstance(right, np.ndarray):
        raise ValueError(
            f"`{left.name}` has the levels {listed(left.levels)} and cannot be compared with "
            f"numbers: compare it with one of its levels, or make a column of numbers of it first."
        )
    place = place_of(left.name, left.levels, right)
    found: Bools = COMPARISONS[how](left.codes, place)
    return found


def _compare_two(left: Categories, how: str, right: Categories) -> Bools:
    if left.levels == right.levels:
        found: Bools = COMPARISONS[how](left.codes, right.codes)
        return found
    if how not in _EQUALITY:
        raise ValueError(
            f"`{left.name}` and `{right.name}` have different levels: which is greater cannot be "
            f"told. Make both pandas Categoricals of the same categories in their order."
        )
    places = {level: place for place, level in enumerate(left.levels)}
    if not places.keys() & set(right.levels):
        raise ValueError(
            f"`{left.name}` and `{right.name}` have no level in common: "
            f"{listed(left.levels)}, and {listed(right.levels)}."
        )
    others = np.array([places.get(level, -1) for level in right.levels], dtype=np.int64)
    found = COMPARISONS[how](left.codes, others[right.codes])
    return found
