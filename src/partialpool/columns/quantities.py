"""Expressions with one number for each row: a response, its trials, an offset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import DataError
from ..formula import expressions
from ..formula import tokens as syntax
from ..formula.tree import names_in
from .categories import Categories
from .evaluate import Memory, evaluate
from .row_errors import checked_finite, naming_errors, non_numeric_column


class Quantity:
    """An expression with one number for each row: "log(y)", "10".

    Like `Columns`, it remembers what it needs to evaluate other data.

    Parameters
    ----------
    text : str
        The expression.
    what : str
        What it is, for messages: "The response".
    whole : bool
        Whether a column of whole numbers stays one.
    """

    def __init__(self, text: str, what: str, *, whole: bool = False) -> None:
        self.text = text
        self.what = what
        self.whole = whole
        self.columns = names_in(text)
        self._expression = expressions.read(text, syntax.scan(text))
        self._memory: Memory = {}

    def on(self, frame: pd.DataFrame, where: str) -> NDArray[Any]:
        """Evaluate the expression; the first call must be on the data of the fit.

        Returns
        -------
        array, (row,)
            Truth values become 0 and 1.

        Raises
        ------
        DataError
            If the expression gives no number in some row.
        """
        values = self._values(frame, where)
        if values.dtype.kind not in "biuf" or values.shape != (len(frame),):
            reason = non_numeric_column(self.columns, frame, self.what)
            raise DataError(
                f"{self.what} `{self.text}` must be a number in each row of {where}.{reason}"
            )
        if values.dtype.kind == "b" or (
            values.dtype.kind == "u" and values.max() <= np.iinfo(np.int64).max
        ):
            values = values.astype(np.int64)
        checked_finite(values[:, None], (self.text,), frame, where)
        return values

    def _values(self, frame: pd.DataFrame, where: str) -> NDArray[Any]:
        """Evaluate the expression; an empty array of objects stands for what is not numeric."""
        column = self._expression.column
        if self.whole and column is not None and frame[column].dtype.kind in "iu":
            return frame[column].to_numpy()
        with naming_errors(self.text, where, frame, self.what):
            value = evaluate(self._expression, frame, self._memory, where)
        if isinstance(value, Categories | str) or value is None:
            return np.empty(0, dtype=object)
        return np.full(len(frame), value) if np.ndim(value) == 0 else np.asarray(value)
