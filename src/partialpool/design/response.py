"""The response of a design, what belongs to it, and the offset: one value a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns.quantities import Quantity
from ..data.levels import listed
from ..errors import DataError
from ..formula.tree import Formula

Array = NDArray[Any]
PARTS = ("trials", "weights", "se")


@dataclass(frozen=True, eq=False)
class Response:
    """The response and what belongs to it, one value a row.

    Attributes
    ----------
    y : ndarray
        A column of whole numbers stays one; truth values are 0 and 1; all else is floats.
    name : str
        The expression: "log(y)".
    trials, weights, se : ndarray or None
        As the formula gives them.
    """

    y: Array
    name: str
    trials: Array | None = None
    weights: Array | None = None
    se: Array | None = None


class Expressions:
    """What a formula has beside its terms: the response, what belongs to it, the offsets."""

    def __init__(self, formula: Formula) -> None:
        self.response = Quantity(formula.response, "The response", whole=True)
        self.offsets = [Quantity(text, "offset()") for text in formula.offsets]
        self.parts = {
            name: Quantity(text, f"{name}()", whole=name == "trials")
            for name in PARTS
            if (text := getattr(formula, name)) is not None
        }

    def evaluate_response(self, frame: pd.DataFrame) -> Response:
        """Evaluate the response and what belongs to it on the data of the fit."""
        y = self.response.on(frame, "data")
        return Response(y=y, name=self.response.text, **self.evaluate_parts(frame, "data"))

    def evaluate_parts(self, frame: pd.DataFrame, where: str) -> dict[str, Array | None]:
        """Evaluate trials, weights, se: None without them or without their columns."""
        found: dict[str, Array | None] = dict.fromkeys(PARTS)
        for name, part in self.parts.items():
            if set(part.columns) <= set(frame.columns):
                values = part.on(frame, where)
                _check(name, part.text, values, frame, where)
                found[name] = values.astype(np.int64) if name == "trials" else values
        return found

    def evaluate_offset(self, frame: pd.DataFrame, where: str) -> NDArray[np.float64]:
        """Add the offsets up."""
        total = np.broadcast_to(0.0, len(frame))  # which takes no memory
        for part in self.offsets:
            total = total + part.on(frame, where)
        return total


def _check(name: str, text: str, values: Array, frame: pd.DataFrame, where: str) -> None:
    if name == "trials":
        bad, wanted = (values < 0) | (values != np.floor(values)), "a whole number, 0 or more"
    else:
        bad, wanted = (
            (values < 0, "0 or more") if name == "weights" else (values <= 0, "greater than 0")
        )
    if bad.any():
        rows = frame.index[np.flatnonzero(bad)].tolist()
        raise DataError(
            f"{name}({text}) must be {wanted}; it is {values[bad][0]:g} in {len(rows)} of "
            f"{len(values)} rows of {where} (row {listed(rows, 4)})."
        )
