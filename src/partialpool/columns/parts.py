"""Parts of terms, columns and calls of functions: what each learnt, and its columns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..arrays import Floats
from ..data.frame import check_levels
from ..data.levels import listed
from ..errors import DataError
from ..formula.expressions import Expression
from .categories import Categories, Encoding
from .evaluate import Memory, evaluate


class Component(NamedTuple):
    """A column of one part of a term: of numbers, or of categories in a full or lean coding."""

    place: int  # of the part among those of the sum
    full: bool
    column: int
    name: str


@dataclass(eq=False)
class Part:
    """A column or call of a sum of terms, and what the data of the fit taught it."""

    expression: Expression
    memory: Memory = field(default_factory=dict)
    levels: tuple[Hashable, ...] | None = None  # of categories, those that some row has
    used: Sequence[int] = ()  # their places among all that are declared
    encoding: Encoding = field(default_factory=Encoding)
    count: int = 0  # columns of numbers

    @property
    def name(self) -> str:
        """As coefficients are named: ``poly(x, 2)``."""
        return self.expression.name

    def fit(self, frame: pd.DataFrame, where: str) -> Any:
        """Evaluate on the data of the fit: columns of numbers, or `Categories`."""
        value = self._value(frame, where)
        if isinstance(value, np.ndarray):
            self.count = value.shape[1]
            if not self.count:
                raise DataError(f"`{self.name}` gives no column, or none that can be named.")
            return value
        self.used, self.encoding = value.used(), value.encoding
        self.levels = tuple(value.levels[place] for place in self.used)
        if len(self.levels) < 2:
            raise DataError(
                f"`{self.name}` has one level only, {listed(self.levels)}, so it has no effect to "
                f"estimate. Leave it out of the formula, or add rows with another level."
            )
        return value

    def again(self, frame: pd.DataFrame, where: str) -> Any:
        """Evaluate on other data."""
        value = self._value(frame, where)
        if self.levels is not None:
            held = [value.levels[place] for place in value.used()]
            if not set(held) <= set(self.levels):
                rows = pd.Series([value.levels[code] for code in value.codes.tolist()])
                check_levels(self.name, rows, self.levels, where)
        return value

    def _value(self, frame: pd.DataFrame, where: str) -> Any:
        value = evaluate(self.expression, frame, self.memory, where)
        if isinstance(value, Categories):
            return value
        if isinstance(value, str) or value is None:
            raise DataError(f"`{self.name}` is {value!r}, which is no column.")
        found = np.asarray(value, dtype=np.float64)
        if found.ndim == 0:
            found = np.full(len(frame), found)
        return found[:, None] if found.ndim == 1 else found

    def components(self, place: int, full: bool) -> list[Component]:
        """List the part's columns; of categories, in a full or lean coding."""
        if self.levels is None:
            names = [f"{self.name}[{i}]" for i in range(self.count)]
            names = names if self.count > 1 else [self.name]
        else:
            labels = self.encoding.labels(self.name, self.levels, full)
            names = [f"{self.name}[{label}]" for label in labels]
        return [Component(place, full, column, name) for column, name in enumerate(names)]

    def column(self, value: Any, component: Component) -> Floats:
        """Take one of the part's columns from what `fit` or `again` gave."""
        found: Floats
        if self.levels is None:
            found = value[:, component.column]
        else:
            _, full, column, _ = component
            declared = np.zeros(len(value.levels))
            declared[self.used] = self.encoding.values(self.name, self.levels, full, column)
            found = declared[value.codes]
        return found
