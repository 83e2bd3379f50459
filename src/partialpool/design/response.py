"""The response of a design, its trials, weights and standard errors, and the offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns.quantities import Quantity
from ..data.levels import list_values
from ..errors import DataError
from ..formula.tree import Formula

Array = NDArray[Any]
PARTS = ("trials", "weights", "se")


@dataclass(frozen=True, eq=False)
class Response:
    """The response, with its trials, weights and standard errors.

    Attributes
    ----------
    y : array, (row,)
        Integers for a column of whole numbers or truth values, floats otherwise.
    name : str
        The expression: "log(y)".
    trials, weights, se : array, (row,), or None
        None if the formula does not have them.
    """

    y: Array
    name: str
    trials: Array | None = None
    weights: Array | None = None
    se: Array | None = None


class Expressions:
    """The expressions of a formula: the response, its trials, weights, se, and the offsets."""

    def __init__(self, formula: Formula) -> None:
        self.response = Quantity(formula.response, "The response", whole=True)
        self.offsets = [Quantity(text, "offset()") for text in formula.offsets]
        self.parts = {
            name: Quantity(text, f"{name}()", whole=name == "trials")
            for name in PARTS
            if (text := getattr(formula, name)) is not None
        }

    def evaluate_response(self, frame: pd.DataFrame) -> Response:
        """Evaluate the response, trials, weights and se on the data of the fit."""
        y = self.response.on(frame, "data")
        return Response(y=y, name=self.response.text, **self.evaluate_parts(frame, "data"))

    def evaluate_parts(self, frame: pd.DataFrame, where: str) -> dict[str, Array | None]:
        """Evaluate trials, weights and se.

        Returns
        -------
        dict of str to array, (row,), or None
            None for a part that the formula does not have or whose columns `frame` lacks.
        """
        parts: dict[str, Array | None] = dict.fromkeys(PARTS)
        for name, part in self.parts.items():
            if set(part.columns) <= set(frame.columns):
                values = part.on(frame, where)
                _check(name, part.text, values, frame, where)
                parts[name] = values.astype(np.int64) if name == "trials" else values
        return parts

    def evaluate_offset(self, frame: pd.DataFrame, where: str) -> NDArray[np.float64]:
        """Evaluate the offsets and return their sum, (row,)."""
        total = np.broadcast_to(0.0, len(frame))  # a view that needs no memory
        for part in self.offsets:
            total = total + part.on(frame, where)
        return total


def _check(name: str, text: str, values: Array, frame: pd.DataFrame, where: str) -> None:
    """Raise `DataError` for trials, weights or standard errors outside their range."""
    if name == "trials":
        bad, requirement = (values < 0) | (values != np.floor(values)), "a whole number, 0 or more"
    elif name == "weights":
        bad, requirement = values < 0, "0 or more"
    else:
        bad, requirement = values <= 0, "greater than 0"
    if bad.any():
        rows = frame.index[np.flatnonzero(bad)].tolist()
        raise DataError(
            f"{name}({text}) must be {requirement}; it is {values[bad][0]:g} in {len(rows)} of "
            f"{len(values)} rows of {where} (row {list_values(rows, 4)})."
        )
