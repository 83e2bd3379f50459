"""Errors of evaluating expressions, with the expression, the column and the rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..arrays import Floats
from ..data.frame import described_values
from ..data.levels import list_values
from ..errors import DataError, PartialPoolError
from .evaluate import NotNumbersError


def non_numeric_column(names: Sequence[str], frame: pd.DataFrame, what: str = "") -> str:
    """Return a sentence on the first of some columns that is not numeric; "" if all are."""
    for name in names:
        column = frame.get(name)
        if column is None or not isinstance(column.dtype, pd.CategoricalDtype):
            continue
        used = column.cat.remove_unused_categories().cat.categories.tolist()
        sentence = f" Column {name!r} holds {described_values(pd.Series(used, dtype=object))}."
        if what == "The response" and len(used) == 2:
            return f"{sentence} For a response of two outcomes write ({name} == {used[-1]!r}) ~ ..."
        return f"{sentence} Make numbers of it first, for example pd.to_numeric(data[{name!r}])."
    return ""


def checked_finite(
    matrix: Any, names: Sequence[str], frame: pd.DataFrame, where: str
) -> NDArray[np.float64]:
    """Return a matrix of floats, (row, column), after checking that all values are finite.

    Raises
    ------
    DataError
        Names the column and the rows with values that are not finite.
    """
    values: Floats = np.asarray(matrix, dtype=np.float64)
    # A value that is not finite makes its column's sum so: only such columns are searched.
    with np.errstate(all="ignore"):
        suspects = np.flatnonzero(~np.isfinite(values.sum(axis=0)))
    for column in suspects.tolist():
        bad = np.flatnonzero(~np.isfinite(values[:, column]))
        if len(bad):
            labels = frame.index[bad].tolist()
            way = "Leave these rows out, or change the expression."
            if np.isnan(values[:, column]).all():
                way = "Perhaps a column in it is constant, or of the wrong sign."
            raise DataError(
                f"`{names[column]}` is not finite in {len(bad)} of {len(frame)} rows of {where} "
                f"(row {list_values(labels, 4)}): it is {values[bad[0], column]} there. {way}"
            )
    return values


@contextlib.contextmanager
def naming_errors(text: str, where: str, frame: pd.DataFrame, what: str = "") -> Iterator[None]:
    """Silence NumPy's warnings, and raise errors as `DataError` that names the expression.

    Parameters
    ----------
    text : str
        The expression or sum of terms.
    where : str
        Name of the data in messages.
    frame : DataFrame
    what : str
        What the expression is, for messages: "The response".
    """
    terms = text.removeprefix("1 + ").removeprefix("0 + ")
    name = f"{what} `{text}`" if what else f"`{terms}`"
    try:
        with np.errstate(all="ignore"):
            yield
    except NotNumbersError as problem:
        reason = non_numeric_column([problem.column], frame, what)
        raise DataError(f"{name} cannot be computed from {where}:{reason}") from None
    except PartialPoolError:
        raise
    except Exception as problem:
        raise DataError(f"{name} cannot be computed from {where}: {problem}") from problem
