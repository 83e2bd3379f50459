"""A column, or an index, as an array of numbers and a description in JSON; and back.

Numbers are stored as they are, moments as integers, and all else as codes of its labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.levels import factorise
from .labels import NotKept, decoded, encoded, from_zone, is_kept, zone

if TYPE_CHECKING:
    import pandas as pd

Stored = tuple[dict[str, Any], NDArray[Any]]
PLAIN = "biuf"
_ALWAYS_KEPT = (str, bool, int, float, type(None))


def stored(values: pd.Series[Any] | pd.Index[Any]) -> Stored:
    """Describe a column of any dtype, and make numbers of it."""
    import pandas as pd

    dtype: Any = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = np.asarray(pd.Categorical(values).codes, dtype=np.int64)
        return {**_categories(dtype.categories), "ordered": bool(dtype.ordered)}, codes
    if isinstance(dtype, pd.SparseDtype):
        return stored(pd.Series(np.asarray(values)))
    if isinstance(dtype, pd.DatetimeTZDtype):
        index = pd.DatetimeIndex(values)
        return {"as": "instants", "unit": dtype.unit, "zone": _zone_of(dtype.tz)}, index.asi8
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
    """Numbers of a type that NetCDF has."""
    if numbers.dtype.kind == "b":
        return numbers.astype(np.int8)
    if numbers.dtype.kind == "f" and numbers.dtype.itemsize not in (4, 8):
        return numbers.astype(np.float64)
    return numbers


def _is_masked(dtype: Any) -> bool:
    return isinstance(getattr(dtype, "numpy_dtype", None), np.dtype) and hasattr(dtype, "na_value")


def _labelled(values: Any) -> Stored:
    import pandas as pd

    codes, labels = _coded(values)
    index = pd.Index(_objects(labels), dtype=object, tupleize_cols=False)
    dtype = values.dtype
    plain = isinstance(dtype, np.dtype) and dtype.kind == "O"
    if plain and not all(map(is_kept, labels)):
        if all(isinstance(label, int) for label in labels):  # such as those of an IntEnum
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
    own = {} if plain else {"dtype": str(dtype)}
    return {"as": "labels", "labels": [encoded(label) for label in index], **own}, codes


def _categories(categories: Any) -> dict[str, Any]:
    """Describe categories; of those that cannot be kept, as different texts in their order."""
    import pandas as pd

    if categories.dtype == object and not all(map(is_kept, categories)):
        texts: dict[str, None] = {}
        for label in categories:
            text = str(label)
            while text in texts:
                text += "'"
            texts[text] = None
        categories = pd.Index(list(texts), dtype=object)
    return {"as": "categories", "of": _nested(categories)}


def _nested(index: Any) -> dict[str, Any]:
    kind, values = stored(index)
    return {**kind, "values": values.tolist()}


def _coded(values: Any) -> tuple[NDArray[np.int64], list[Any]]:
    """Give labels numbers in the order of their first appearance, and missing ones -1.

    Unlike pandas', it tells True from 1 and 1.0, and 0.0 from -0.0.
    """
    import pandas as pd

    every = values.astype(object).tolist()
    if set(map(type, every)) == {str}:
        found, texts = pd.factorize(values)
        return found.astype(np.int64), texts.tolist()
    missing = np.asarray(values.isna(), dtype=bool)
    places: dict[Any, int] = {}
    labels: list[Any] = []
    codes = np.full(len(values), -1, dtype=np.int64)
    for row, label in enumerate(every):
        if missing[row]:
            continue
        key = (type(label), label, repr(label)) if _has_twins(label) else (type(label), label)
        place = places.setdefault(key, len(labels))
        if place == len(labels):
            labels.append(label)
        codes[row] = place
    return codes, labels


def _has_twins(label: Any) -> bool:
    """Whether equal labels of one type may differ: -0.0, (1,) and (True,), Decimal("1.0")."""
    return not isinstance(label, (str, bool, int))


def _objects(labels: Any) -> NDArray[np.object_]:
    """Labels as an array, of which tuples are elements."""
    found = np.empty(len(labels), dtype=object)
    for place, label in enumerate(labels):
        found[place] = label
    return found


def _zone_of(place: Any) -> Any:
    try:
        return zone(place)
    except NotKept:
        return {"offset": [0, 0, 0], "name": None}


def restored(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
    """Make the column again, as an array or extension array."""
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
    return pd.DatetimeIndex(plain).tz_localize("UTC").tz_convert(from_zone(kind["zone"])).array


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
    every = pd.IntervalIndex.from_arrays(left, right, closed=kind["closed"])
    return every.take(codes, allow_fill=True, fill_value=None).array


def _labels(kind: Mapping[str, Any], codes: NDArray[Any]) -> Any:
    import pandas as pd

    labels = _objects([*(decoded(label) for label in kind["labels"]), None])  # None is code -1
    values = labels[np.asarray(codes, dtype=np.int64)]
    dtype: Any = None
    try:
        if "string" in kind:
            storage, missing = kind["string"]
            na: Any = np.nan if missing == "nan" else pd.NA
            dtype = pd.StringDtype(storage, na_value=na)
        elif "dtype" in kind:
            dtype = pd.api.types.pandas_dtype(kind["dtype"])
    except (ImportError, TypeError):  # without the library that the column was made with
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


def not_kept(values: pd.Series[Any] | pd.Index[Any]) -> str | None:
    """Say of which type labels are that will not come back as they are; None if all do."""
    import pandas as pd

    dtype: Any = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return not_kept(dtype.categories)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _zone_lost(dtype.tz)
    if isinstance(dtype, pd.IntervalDtype):
        subtype: Any = dtype.subtype
        return _zone_lost(subtype.tz) if isinstance(subtype, pd.DatetimeTZDtype) else None
    if isinstance(dtype, np.dtype):
        if dtype.kind == "f" and dtype.itemsize > 8:
            numbers = values.to_numpy()
            return None if (numbers.astype(np.float64) == numbers).all() else str(dtype)
        return _of_objects(values) if dtype.kind not in "biufmMc" else None
    if isinstance(dtype, (pd.StringDtype, pd.SparseDtype)):
        return None
    try:
        return None if pd.api.types.pandas_dtype(str(dtype)) == dtype else str(dtype)
    except TypeError:
        return str(dtype)


def _zone_lost(place: Any) -> str | None:
    try:
        zone(place)
    except NotKept as error:
        return f"times in a zone of type {error}"
    return None


def _of_objects(values: Any) -> str | None:
    every = values.tolist()
    if set(map(type, every)) <= set(_ALWAYS_KEPT):
        return None
    return next((type(label).__name__ for label in every if not is_kept(label)), None)
