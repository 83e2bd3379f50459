"""Check the user's table (columns, missing values, types) and convert its columns."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, OptionError, nearest
from .levels import declared, factorise, list_values, recode
from .spelling import likely_levels

_types = pd.api.types
NA_ACTIONS = ("error", "drop")
_NUMBERS = ("decimal", "floating", "mixed-integer-float")


def as_frame(data: Any, where: str = "data") -> pd.DataFrame:
    """Return the user's data, a DataFrame or a dict of columns, as a DataFrame with rows.

    Raises
    ------
    DataError
        If they are of another type, cannot be made a table, or have no rows.
    """
    if isinstance(data, pd.DataFrame):
        frame = data
    elif isinstance(data, Mapping):
        try:
            frame = pd.DataFrame(dict(data))
        except ValueError as problem:
            raise DataError(f"{where} is a dict that makes no table: {problem}.") from None
    else:
        kind = type(data).__name__
        way = "pass a DataFrame, or a dict of columns"
        if hasattr(data, "to_pandas"):
            way = f"pass {where}.to_pandas()"
        raise DataError(f"{where} is of type {kind}, not a pandas DataFrame: {way}.")
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError(f"The columns of {where} have several levels: give each a single name.")
    if len(frame) == 0:
        raise DataError(f"{where} has no rows.")
    return frame


def select(frame: pd.DataFrame, names: Sequence[str], where: str = "data") -> pd.DataFrame:
    """Return the columns named.

    Raises
    ------
    DataError
        If a column is missing or occurs twice; the message names the nearest column.
    """
    text_names = [name for name in frame.columns if isinstance(name, str)]
    if "Intercept" in names:
        raise DataError("'Intercept' is the name of a model's constant: rename this column.")
    for name in names:
        count = int(sum(column == name for column in frame.columns))
        if count == 0:
            guess = nearest(name, text_names)
            hint = f" Did you mean {guess!r}?" if guess else ""
            if name in [str(column) for column in frame.columns]:
                hint = " Names of columns are text: data.columns = data.columns.astype(str)."
            raise DataError(
                f"{where} has no column {name!r}.{hint} Its columns: {list_values(text_names, 20)}."
            )
        if count > 1:
            raise DataError(
                f"{where} has {count} columns named {name!r}: rename or drop all but one."
            )
    return frame[list(names)]


def complete(frame: pd.DataFrame, na_action: str, where: str = "data") -> pd.DataFrame:
    """Refuse ("error") or drop ("drop") the rows with missing or infinite values."""
    if na_action not in NA_ACTIONS:
        raise OptionError(f"na_action is 'error' or 'drop', not {na_action!r}.")
    names = [str(name) for name in frame.columns]
    missing = {name: _missing(frame[name]) for name in names}
    counts = {name: text for name in names if (text := _count(frame[name], missing[name]))}
    if not counts:
        return frame
    bad = np.logical_or.reduce([missing[name] for name in counts])
    rows = int(bad.sum())
    summary = ", ".join(f"{name!r} {text}" for name, text in counts.items())
    if na_action == "error":
        way = ', or pass na_action="drop"' if where == "data" else ""
        comma = "," if way else " or"
        raise DataError(
            f"{rows} of {len(frame)} rows of {where} have missing or infinite values: {summary}. "
            f"Fill them in{comma} leave these rows out{way}."
        )
    if rows == len(frame):
        raise DataError(f"Every row of {where} has a missing or infinite value: {summary}.")
    complete_rows: pd.DataFrame = frame.loc[~bad]
    return complete_rows


def _missing(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each row's value is missing or infinite."""
    missing = np.asarray(column.isna(), dtype=bool)
    if _types.is_float_dtype(column.dtype):
        missing = missing | np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return missing


def _count(column: Any, missing: np.ndarray[Any, np.dtype[np.bool_]]) -> str:
    """Return how many values are NaN and infinite, "3 NaN and 1 inf"; "" if none is."""
    total = int(missing.sum())
    absent = int(column.isna().sum()) if total else 0
    parts = [f"{absent} NaN"] if absent else []
    parts += [f"{total - absent} inf"] if total > absent else []
    return " and ".join(parts)


@dataclass(frozen=True)
class Kind:
    """The type of a column in the data of the fit, to which other data are converted.

    Attributes
    ----------
    truth : bool
        Whether the column holds truth values; 0 and 1 in other data are then converted to them.
    order : tuple or None
        Categories in their order, also those that a pandas Categorical declares and no row has;
        None for a column of numbers or truth values.
    levels : tuple
        The categories that some row has.
    """

    truth: bool = False
    order: tuple[Hashable, ...] | None = None
    levels: tuple[Hashable, ...] = ()


def prepared(frame: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, dict[str, Kind]]:
    """Convert columns of the data of the fit to the types that formulas are evaluated on.

    Numbers and truth values become NumPy arrays, everything else an ordered Categorical.

    Returns
    -------
    DataFrame
        The columns named.
    dict of str to Kind
        The type of each.

    Raises
    ------
    DataError
        If a column holds dates, times or complex numbers.
    """
    columns: dict[str, Any] = {}
    kinds: dict[str, Kind] = {}
    for name in names:
        values: Any = as_numbers(frame[name])
        if values is None:
            _refuse_dates(frame[name])
            codes, levels = factorise(frame[name])
            order = declared(frame[name]) or levels
            kinds[name] = Kind(order=tuple(order), levels=tuple(levels))
            if len(order) > len(levels):
                codes = recode(frame[name], order)
            values = _categorical(codes, order)
        else:
            kinds[name] = Kind(truth=values.dtype == bool)
        columns[name] = values
    return _with_index(columns, frame), kinds


def prepared_again(
    frame: pd.DataFrame, names: Sequence[str], kinds: Mapping[str, Kind], where: str
) -> pd.DataFrame:
    """Convert columns of other data to the types that they have in the data of the fit.

    Raises
    ------
    DataError
        If a column holds a level that the fit's did not, or no numbers where the fit's did.
    """
    columns: dict[str, Any] = {}
    for name in names:
        kind = kinds[name]
        if kind.order is not None:
            check_levels(name, frame[name], kind.levels, where)
            columns[name] = _categorical(recode(frame[name], kind.order), kind.order)
            continue
        values = as_numbers(frame[name])
        if values is None:
            raise DataError(
                f"Column {name!r} of {where} holds {described_values(frame[name])}, where the "
                f"data of the fit held numbers."
            )
        if kind.truth and bool(np.isin(values, (0, 1)).all()):
            values = values.astype(bool)
        elif values.dtype == bool and not kind.truth:
            values = values.astype(np.int64)
        columns[name] = values
    return _with_index(columns, frame)


def _categorical(codes: Any, order: Sequence[Hashable]) -> pd.Categorical:
    categories = pd.Index(list(order), dtype=object, tupleize_cols=False)
    return pd.Categorical.from_codes(codes, categories=categories, ordered=True)


def check_levels(name: str, values: Any, known: Sequence[Hashable], where: str) -> None:
    """Raise `DataError` if values hold a level that the data of the fit did not."""
    codes, present = factorise(pd.Series(values))
    places = set(known)
    levels = [value for value in present if value not in places]
    if levels:
        unseen = np.array([value not in places for value in present])
        likely = likely_levels(levels, known)
        hint = f" Did you mean {next(iter(likely.values()))!r}?" if likely else ""
        raise DataError(
            f"`{name}` in {where} holds {list_values(levels)} ({int(unseen[codes].sum())} of "
            f"{len(codes)} rows), which the data of the fit did not: its effect is unknown.{hint} "
            f"Known: {list_values(known, 20)}. Leave these rows out, or recode them."
        )


def described_values(column: pd.Series[Any]) -> str:
    """Describe the values of a column that does not hold numbers: "text such as '3 rooms'"."""
    values = column.tolist()
    if _types.is_datetime64_any_dtype(column.dtype):
        return f"dates such as {values[0]}"
    for value in values:
        if isinstance(value, str) and not is_number(value):
            return f"text such as {value!r}"
    return f"{type(values[0]).__name__} such as {values[0]!r}"


def is_number(value: str) -> bool:
    """Whether Python reads a text as a number."""
    try:
        float(value)
    except ValueError:
        return False
    return True


def _refuse_dates(column: pd.Series[Any]) -> None:
    """Raise `DataError` for a column of dates, times, periods or complex numbers."""
    kind = getattr(column.dtype, "kind", "O")
    if kind in "mMc" or isinstance(column.dtype, pd.PeriodDtype):
        example = "" if kind == "c" else ", for example the days since the first"
        raise DataError(
            f"Column {column.name!r} holds {described_values(column)}: make a number of it "
            f"first{example}."
        )


def _with_index(columns: Mapping[str, Any], frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(dict(columns), index=frame.index, copy=False)


def as_numbers(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[Any]] | None:
    """Return a column of numbers or truth values as an array, (row,); None for other columns.

    Whole numbers stay integers here; arithmetic converts them to floats later.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return None
    if column.dtype == object:
        column = column.infer_objects()
        if column.dtype == object and _types.infer_dtype(column, skipna=False) in _NUMBERS:
            column = column.astype(float)
    if _types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.bool_)
    if _types.is_unsigned_integer_dtype(column.dtype):
        return column.to_numpy(dtype=np.uint64)
    if _types.is_integer_dtype(column.dtype):
        return column.to_numpy(dtype=np.int64)
    if _types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64)
    return None
