"""The response of a design, what belongs to it, and the offset: one value a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .columns import evaluate
from .errors import DataError
from .factors import listed
from .formula import Formula, names_in

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Response:
    """The response and what belongs to it, one value a row.

    Attributes
    ----------
    y : ndarray
        Whole numbers stay integers; truth values are 0 and 1.
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


def response(formula: Formula, frame: pd.DataFrame) -> Response:
    """Evaluate the response."""
    y = evaluate(formula.response, frame, "The response")
    return Response(y=y, name=formula.response, **parts(formula, frame, "data"))


def parts(formula: Formula, frame: pd.DataFrame, where: str) -> dict[str, Array | None]:
    """Evaluate trials, weights and standard errors; None where a column is not in the frame."""
    found: dict[str, Array | None] = {}
    for name in ("trials", "weights", "se"):
        text: str | None = getattr(formula, name)
        found[name] = None
        if text is None or not set(names_in(text)) <= set(frame.columns):
            continue
        values = evaluate(text, frame, f"{name}()", where)
        found[name] = values
        if name == "trials":
            bad, wanted = (values < 0) | (values != np.floor(values)), "a whole number, 0 or more"
        else:
            bad, wanted = values <= 0, "greater than 0"
        if bad.any():
            rows = frame.index[np.flatnonzero(bad)].tolist()
            raise DataError(
                f"{name}({text}) must be {wanted}; it is {values[bad][0]:g} in {len(rows)} of "
                f"{len(values)} rows of {where} (row {listed(rows, 4)})."
            )
    return found


def offset(formula: Formula, frame: pd.DataFrame, where: str) -> NDArray[np.float64]:
    """Add the offsets up."""
    total = np.zeros(len(frame))
    for text in formula.offsets:
        total += evaluate(text, frame, "offset()", where)
    return total
