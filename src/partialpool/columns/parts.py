"""Parts of terms: single columns and calls of functions, which remember the fit's data."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..arrays import Floats
from ..data.frame import check_levels
from ..data.levels import list_values
from ..errors import DataError
from ..formula.expressions import Expression
from .categories import Categories, Encoding
from .evaluate import Memory, evaluate


class Component(NamedTuple):
    """One column of a part of a term.

    Attributes
    ----------
    place : int
        Place of the part among the parts of the sum.
    full : bool
        Whether categories are in a full coding.
    column : int
        Place of the column among the part's.
    name : str
    """

    place: int
    full: bool
    column: int
    name: str


@dataclass(eq=False)
class Part:
    """A column or a call in a sum of terms, and what it remembers of the data of the fit.

    Attributes
    ----------
    expression : Expression
    memory : Memory
        State of stateful functions in the expression.
    levels : tuple or None
        The categories that some row has; None for numbers.
    used : sequence of int
        Their places among all declared categories.
    encoding : Encoding
    count : int
        Number of columns of numbers.
    """

    expression: Expression
    memory: Memory = field(default_factory=dict)
    levels: tuple[Hashable, ...] | None = None
    used: Sequence[int] = ()
    encoding: Encoding = field(default_factory=Encoding)
    count: int = 0

    @property
    def name(self) -> str:
        """The canonical text of the expression, which names coefficients: ``poly(x, 2)``."""
        return self.expression.name

    def fit(self, frame: pd.DataFrame, where: str) -> Any:
        """Evaluate on the data of the fit and remember the levels or the number of columns.

        Returns
        -------
        array, (row, column), or Categories
        """
        value = self._value(frame, where)
        if isinstance(value, np.ndarray):
            self.count = value.shape[1]
            if not self.count:
                raise DataError(f"`{self.name}` gives no columns.")
            return value
        self.used, self.encoding = value.used(), value.encoding
        self.levels = tuple(value.levels[place] for place in self.used)
        if len(self.levels) < 2:
            raise DataError(
                f"`{self.name}` has one level only, {list_values(self.levels)}, so it has no "
                f"effect to estimate. Leave it out of the formula, or add rows with another level."
            )
        return value

    def on(self, frame: pd.DataFrame, where: str) -> Any:
        """Evaluate on other data; return the same as `fit`."""
        value = self._value(frame, where)
        if self.levels is not None:
            present = [value.levels[place] for place in value.used()]
            if not set(present) <= set(self.levels):
                rows = pd.Series([value.levels[code] for code in value.codes.tolist()])
                check_levels(self.name, rows, self.levels, where)
        return value

    def _value(self, frame: pd.DataFrame, where: str) -> Any:
        """Evaluate the expression to `Categories` or an array, (row, column)."""
        value = evaluate(self.expression, frame, self.memory, where)
        if isinstance(value, Categories):
            return value
        if isinstance(value, str) or value is None:
            raise DataError(f"`{self.name}` is {value!r} and not a column.")
        array = np.asarray(value, dtype=np.float64)
        if array.ndim == 0:
            array = np.full(len(frame), array)
        return array[:, None] if array.ndim == 1 else array

    def components(self, place: int, full: bool) -> list[Component]:
        """List the part's columns; categories get a full or a lean coding."""
        if self.levels is None:
            names = [f"{self.name}[{i}]" for i in range(self.count)]
            names = names if self.count > 1 else [self.name]
        else:
            labels = self.encoding.labels(self.name, self.levels, full)
            names = [f"{self.name}[{label}]" for label in labels]
        return [Component(place, full, column, name) for column, name in enumerate(names)]

    def column(self, value: Any, component: Component) -> Floats:
        """Return one column, (row,), of the value that `fit` or `on` returned."""
        values: Floats
        if self.levels is None:
            values = value[:, component.column]
        else:
            _, full, column, _ = component
            declared = np.zeros(len(value.levels))
            declared[self.used] = self.encoding.values(self.name, self.levels, full, column)
            values = declared[value.codes]
        return values
