"""Write a column or an index as an array of numbers with a JSON description, and restore it.

Numbers are stored unchanged, dates and times as integers, and other values as integer codes of
labels in the description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.levels import factorise
from .labels import NotStorable, decoded, decoded_zone, encoded, encoded_zone, is_storable

if TYPE_CHECKING:
    import pandas as pd

Stored = tuple[dict[str, Any], NDArray[Any]]
"""The JSON description of a column, and its numbers, (row,)."""
PLAIN = "biuf"
_ALWAYS_STORABLE = (str, bool, int, float, type(None))


def stored(values: pd.Series[Any] | pd.Index[Any]) -> Stored:
    """Return the JSON description of a column of any dtype, and its values as numbers, (row,)."""
    import pandas as pd

    dtype: Any = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = np.asarray(pd.Categorical(values).codes, dtype=np.int64)
        return {**_categories(dtype.categories), "ordered": bool(dtype.ordered)}, codes
    if isinstance(dtype, pd.SparseDtype):
        return stored(pd.Series(np.asarray(values)))
    if isinstance(dtype, pd.DatetimeTZDtype):
        index = pd.DatetimeIndex(values)
        return {"as": "instants", "unit": dtype.unit, "zone": _zone_or_utc(dtype.tz)}, index.asi8
    if isinstance(dtype, pd.PeriodDtype):
        freq = str(dtype).removeprefix("period[").removesuffix("]")
        return {"as": "periods", "freq": freq}, pd.PeriodIndex(values).asi8
    if isinstance(dtype, np.dtype):
        if dtype.kind in "mM":
            return {"as": "moments", "dtype": str(dtype)}, values.to_numpy().view(np.int64)
        if dtype.kind in PLAIN:
            return {"as": "numbers", "dtype": str(dtype)}, _plain(values.to_numpy())
    elif _is_masked(dtype) and not values.isna().any():
        numbers = values.to_numpy(dtype=dtype.numpy_dtype)
        return {"as": "numbers", "dtype": str(dtype)}, _plain(numbers)
    return _labelled(values)


def _plain(numbers: NDArray[Any]) -> NDArray[Any]:
    """Convert numbers to a type that NetCDF has: truth values to int8, odd floats to float64."""
    if numbers.dtype.kind == "b":
        return numbers.astype(np.int8)
    if numbers.dtype.kind == "f" and numbers.dtype.itemsize not in (4, 8):
        return numbers.astype(np.float64)
    return numbers


def _is_masked(dtype: Any) -> bool:
    return isinstance(getattr(dtype, "numpy_dtype", None), np.dtype) and hasattr(dtype, "na_value")


def _labelled(values: Any) -> Stored:
    """Store a column as codes of its labels; labels of unknown types become text."""
    import pandas as pd

    codes, labels = _coded(values)
    index = pd.Index(_objects(labels), dtype=object, tupleize_cols=False)
    dtype = values.dtype
    plain = isinstance(dtype, np.dtype) and dtype.kind == "O"
    if plain and not all(map(is_storable, labels)):
        if all(isinstance(label, int) for label in labels):  # members of an IntEnum, for example
            return {"as": "labels", "labels": [int(label) for label in labels]}, codes
        codes, levels = factorise(pd.Series(values.array, name="x"))
        index = pd.Index(_objects(levels), dtype=object, tupleize_cols=False)
        return {**_categories(index), "ordered": False}, codes
    if isinstance(dtype, pd.StringDtype):
        missing = "nan" if dtype.na_value is np.nan else "NA"
        texts = [encoded(label) for label in labels]
        return {"as": "labels", "labels": texts, "string": [dtype.storage, missing]}, codes
    if isinstance(dtype, pd.IntervalDtype):
        intervals = pd.IntervalIndex(labels, dtype=dtype)
        ends = [_nested(intervals.left), _nested(intervals.right)]
        return {"as": "intervals", "ends": ends, "closed": intervals.closed}, codes
    extension = {} if plain else {"dtype": str(dtype)}
    return {"as": "labels", "labels": [encoded(label) for label in index], **extension}, codes


def _categories(categories: Any) -> dict[str, Any]:
    """Describe categories; those of unknown types become distinct texts in the same order."""
    import pandas as pd

    if categories.dtype == object and not all(map(is_storable, categories)):
        texts: dict[str, None] = {}
        for label in categories:
            text = str(label)
            while text in texts:
                text += "'"
            texts[text] = None
        categories = pd.Index(list(texts), dtype=object)
    return {"as": "categories", "of": _nested(categories)}


def _nested(index: Any) -> dict[str, Any]:
    """Describe an index with its values in the description."""
    kind, values = stored(index)
    return {**kind, "values": values.tolist()}


def _coded(values: Any) -> tuple[NDArray[np.int64], list[Any]]:
    """Code labels in the order of their first appearance; missing values get -1.

    Unlike `pandas.factorize`, it distinguishes True, 1 and 1.0, and 0.0 and -0.0.

    Returns
    -------
    codes : array of int, (row,)
    labels : list
    """
    import pandas as pd

    row_labels = values.astype(object).tolist()
    if set(map(type, row_labels)) == {str}:
        text_codes, texts = pd.factorize(values)
        return text_codes.astype(np.int64), texts.tolist()
    missing = np.asarray(values.isna(), dtype=bool)
    places: dict[Any, int] = {}
    labels: list[Any] = []
    codes = np.full(len(values), -1, dtype=np.int64)
    for row, label in enumerate(row_labels):
        if missing[row]:
            continue
        key = (type(label), label, repr(label)) if _has_twins(label) else (type(label), label)
        place = places.setdefault(key, len(labels))
        if place == len(labels):
            labels.append(label)
        codes[row] = place
    return codes, labels


def _has_twins(label: Any) -> bool:
    """Whether equal labels of this type may differ: 0.0 and -0.0, (1,) and (True,)."""
    return not isinstance(label, (str, bool, int))


def _objects(labels: Any) -> NDArray[np.object_]:
    """Return labels as an array of objects, (label,), in which a tuple is one element."""
    array = np.empty(len(labels), dtype=object)
    for place, label in enumerate(labels):
        array[place] = label
    return array


def _zone_or_utc(tz: Any) -> Any:
    """Describe a time zone; one of an unknown type becomes UTC."""
    try:
        return encoded_zone(tz)
    except NotStorable:
        return {"offset": [0, 0, 0], "name": None}


def restored(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
    """Restore a column that `stored` wrote, as an array or extension array, (row,)."""
    return _READERS[kind["as"]](kind, values)


def _numbers(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
    import pandas as pd

    dtype: Any = pd.api.types.pandas_dtype(kind["dtype"])
    return values.astype(dtype) if isinstance(dtype, np.dtype) else pd.array(values, dtype=dtype)


def _moments(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
    return np.ascontiguousarray(values, dtype=np.int64).view(kind["dtype"])


def _instants(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
    import pandas as pd

    plain = np.ascontiguousarray(values, dtype=np.int64).view(f"datetime64[{kind['unit']}]")
    return pd.DatetimeIndex(plain).tz_localize("UTC").tz_convert(decoded_zone(kind["zone"])).array


def _periods(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
    import pandas as pd

    read: Any = pd.PeriodIndex
    return read.from_ordinals(values, freq=kind["freq"]).array


def _from_categories(kind: Mapping[str, Any], codes: NDArray[Any]) -> Any:
    import pandas as pd

    of = kind["of"]
    labels = restored(of, np.asarray(of["values"]))
    index = pd.Index(labels, dtype=labels.dtype, tupleize_cols=False)
    return pd.Categorical.from_codes(codes, categories=index, ordered=kind["ordered"])


def _intervals(kind: Mapping[str, Any], codes: NDArray[Any]) -> Any:
    import pandas as pd

    left, right = (pd.Index(restored(end, np.asarray(end["values"]))) for end in kind["ends"])
    intervals = pd.IntervalIndex.from_arrays(left, right, closed=kind["closed"])
    return intervals.take(codes, allow_fill=True, fill_value=None).array


def _labels(kind: Mapping[str, Any], codes: NDArray[Any]) -> Any:
    import pandas as pd

    labels = _objects(
        [*(decoded(label) for label in kind["labels"]), None]
    )  # code -1 takes the last, None
    values = labels[np.asarray(codes, dtype=np.int64)]
    dtype: Any = None
    try:
        if "string" in kind:
            storage, missing = kind["string"]
            na: Any = np.nan if missing == "nan" else pd.NA
            dtype = pd.StringDtype(storage, na_value=na)
        elif "dtype" in kind:
            dtype = pd.api.types.pandas_dtype(kind["dtype"])
    except (ImportError, TypeError):  # the library of the column's dtype is not installed here
        dtype = "string" if "string" in kind else None
    return values if dtype is None else pd.array(values, dtype=dtype)


_READERS: dict[str, Callable[[Mapping[str, Any], NDArray[Any]], Any]] = {
    "numbers": _numbers,
    "moments": _moments,
    "instants": _instants,
    "periods": _periods,
    "categories": _from_categories,
    "intervals": _intervals,
    "labels": _labels,
}


def unstorable_type(values: pd.Series[Any] | pd.Index[Any]) -> str | None:
    """Name the type of labels that cannot be restored unchanged; None if all can."""
    import pandas as pd

    dtype: Any = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return unstorable_type(dtype.categories)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _unstorable_zone(dtype.tz)
    if isinstance(dtype, pd.IntervalDtype):
        subtype: Any = dtype.subtype
        return _unstorable_zone(subtype.tz) if isinstance(subtype, pd.DatetimeTZDtype) else None
    if isinstance(dtype, np.dtype):
        if dtype.kind == "f" and dtype.itemsize > 8:
            numbers = values.to_numpy()
            return None if (numbers.astype(np.float64) == numbers).all() else str(dtype)
        return _unstorable_object(values) if dtype.kind not in "biufmMc" else None
    if isinstance(dtype, (pd.StringDtype, pd.SparseDtype)):
        return None
    try:
        return None if pd.api.types.pandas_dtype(str(dtype)) == dtype else str(dtype)
    except TypeError:
        return str(dtype)


def _unstorable_zone(tz: Any) -> str | None:
    """Describe a time zone that cannot be restored; None if it can."""
    try:
        encoded_zone(tz)
    except NotStorable as error:
        return f"times in a zone of type {error}"
    return None


def _unstorable_object(values: Any) -> str | None:
    """Name the type of the first label that cannot be restored; None if all can."""
    labels = values.tolist()
    if set(map(type, labels)) <= set(_ALWAYS_STORABLE):
        return None
    return next((type(label).__name__ for label in labels if not is_storable(label)), None)
