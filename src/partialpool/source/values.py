"""Whatever a user has for values, as the array that a declaration asks for.

Lists, tuples, NumPy arrays and scalars, pandas Series, Index and DataFrame, and what else can give
a NumPy array are taken. Missing values, text, dates and ragged lists are not, and an `int` is a
whole number of 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
"""Range of Stan's integers."""

_SHOWN, _FEW, _WIDTH = 3, 10, 60
_MISSING_TYPES = frozenset({"NAType", "NaTType", "NoneType"})


class Unfit(Exception):
    """A value is not what its declaration asks for; the message is a sentence."""


Labels = Any
"""Row labels of a Series, or None."""


def to_array(name: str, value: Any, kind: str) -> NDArray[Any]:
    """Convert to an array of int64, float64 or complex128, of the value's own shape.

    Parameters
    ----------
    name : str
        What to call the value in messages.
    value
    kind : {"int", "real", "complex"}

    Raises
    ------
    Unfit
        If something in it is not such a number.
    """
    array = _plain(name, value)
    labels = row_labels(value)
    if array.dtype.kind == "O":
        array = _from_objects(name, array, kind, labels)
    if array.dtype.kind in "US":
        text = array.flat[0].item() if array.size else ""
        raise Unfit(f"{name} holds text ({text!r}), where {_needed(kind, text, array)}")
    if array.dtype.kind not in "biufc" or (array.dtype.kind == "c" and kind != "complex"):
        raise Unfit(f"{name} holds {array.dtype} values, where {_NOUNS[kind]} are needed")
    if kind == "int":
        return _integers(name, array, labels)
    numbers = np.array(array, dtype=np.complex128 if kind == "complex" else np.float64, order="C")
    refuse(name, np.isnan(numbers), f"NaN{_NO_MISSING}", labels)
    return numbers


def refuse(name: str, wrong: NDArray[np.bool_], what: str, labels: Labels = None) -> None:
    """Raise `Unfit` if any element is `wrong`: which, and what they are."""
    places = np.argwhere(wrong)
    if len(places):
        are = "is" if len(places) == 1 else "are"
        raise Unfit(f"{positions(name, places, labels)} {are} {what}")


def refuse_first(
    name: str, array: NDArray[Any], wrong: NDArray[np.bool_], why: str, labels: Labels = None
) -> None:
    """Raise `Unfit` if any element is `wrong`, with the value of the first one, and why."""
    places = np.argwhere(wrong)
    if len(places):
        more = f" ({len(places) - 1} more like it)" if len(places) > 1 else ""
        where = positions(name, places[:1], labels)
        raise Unfit(f"{where} is {number(array[tuple(places[0])])}, {why}{more}")


def subscript(place: tuple[int, ...]) -> str:
    """Write ``[1,3]`` for the position (0, 2): Stan counts from 1."""
    return f"[{','.join(str(index + 1) for index in place)}]" if place else ""


def positions(name: str, places: NDArray[np.intp], labels: Labels = None) -> str:
    """List positions: ``y[2], y[5], y[7] and 4 more``, with a Series' labels."""
    listed = [
        name + subscript(tuple(place)) + _labelled(labels, place) for place in places[:_SHOWN]
    ]
    more = len(places) - len(listed)
    if more:
        return f"{', '.join(listed)} and {more} more"
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)


def number(value: Any) -> str:
    """Write a number as Python does, whole ones without a point."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and plain.is_integer() and abs(plain) < 1e15:
        return str(int(plain))
    return str(plain)


def describe(value: Any) -> str:
    """Say what was given, in a few words."""
    if value is None or isinstance(value, bool | int | float | complex | np.generic):
        return str(value)
    if isinstance(value, str | bytes):
        return f"the text {value!r}" if len(value) <= 40 else f"a text of {len(value)} characters"
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        size = f"{shape[0]} value{_s(shape[0])}" if len(shape) == 1 else f"shape {shape}"
        return f"{kind} of {size}" + (f", {value.dtype}" if hasattr(value, "dtype") else "")
    if isinstance(value, list | tuple | range):
        if len(value) <= _FEW and len(text := repr(value)) <= _WIDTH and "\n" not in text:
            return text
        inner = [len(item) for item in value if isinstance(item, list | tuple | np.ndarray)]
        if inner and len(inner) == len(value):
            lengths = str(inner[0]) if len(set(inner)) == 1 else f"{min(inner)} to {max(inner)}"
            return f"{kind} of {len(value)} lists of {lengths}"
        return f"{kind} of {len(value)} value{_s(len(value))}"
    if isinstance(value, Mapping):
        return f"{kind} with {len(value)} entr{'y' if len(value) == 1 else 'ies'}"
    return f"a {kind}"


_NO_MISSING = ": Stan has no missing values, so leave them out or model them"
_NOUNS = {"int": "whole numbers", "real": "numbers", "complex": "complex numbers"}


def _labelled(labels: Labels, place: NDArray[np.intp]) -> str:
    if labels is None:
        return ""
    label = labels[place[0]]
    return f" (index {label.item() if isinstance(label, np.generic) else label!r})"


def _needed(kind: str, text: Any, array: NDArray[Any]) -> str:
    """Say what is needed in place of text, and how to get there."""
    hint = ""
    try:
        float(text)
        hint = "; pandas.to_numeric makes numbers of it"
    except ValueError:
        if kind == "int" and array.ndim:
            hint = "; to number groups from 1, use pandas.factorize(values)[0] + 1"
    return f"{_NOUNS[kind]} are needed{hint}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _plain(name: str, value: Any) -> NDArray[Any]:
    if value is None or type(value).__name__ in _MISSING_TYPES:
        raise Unfit(f"{name} is {value}{_NO_MISSING}")
    if isinstance(value, np.ma.MaskedArray):
        refuse(name, np.ma.getmaskarray(value), f"masked{_NO_MISSING}")
        value = value.data
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    listed = isinstance(value, Iterable) and not isinstance(value, Sequence)
    if isinstance(value, Mapping | set | frozenset) or (
        listed and not hasattr(value, "__array__") and not hasattr(value, "__array_interface__")
    ):
        raise Unfit(f"{name} is a {type(value).__name__}, which cannot be made into an array")
    try:
        array = np.asarray(value)
        if array.dtype.kind == "U" and not isinstance(value, str | np.ndarray):
            array = np.asarray(value, dtype=object)  # to tell the text from the numbers beside it
    except ValueError:
        raise Unfit(f"{name} is a list of lists of unequal lengths") from None
    return array


def row_labels(value: Any) -> Labels:
    """Row labels of a pandas Series, where they say more than positions do."""
    index = getattr(value, "index", None)
    if index is None or not hasattr(value, "iloc") or getattr(value, "ndim", 0) != 1:
        return None
    counts = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
    return None if counts else index


def _from_objects(name: str, array: NDArray[Any], kind: str, labels: Labels) -> NDArray[Any]:
    def where(test: Any) -> NDArray[np.bool_]:
        flags = [bool(test(item)) for item in array.ravel()]
        return np.array(flags, dtype=bool).reshape(array.shape)

    missing = where(lambda item: type(item).__name__ in _MISSING_TYPES)
    refuse(name, missing, f"missing{_NO_MISSING}", labels)
    text = where(lambda item: isinstance(item, str | bytes))
    if text.any():
        first = array[text][0]
        refuse(name, text, f"text ({first!r}), where {_needed(kind, first, array)}", labels)
    if where(lambda item: isinstance(item, list | tuple | np.ndarray)).any():
        raise Unfit(f"{name} is a list of lists of unequal lengths")
    items = array.ravel().tolist()
    whole = all(isinstance(item, bool | int | np.integer | np.bool_) for item in items)
    try:
        if whole and all(-(2**63) <= item < 2**63 for item in items):
            return np.array(items, dtype=np.int64).reshape(array.shape)
        if any(isinstance(item, complex) for item in items):
            return np.array(items, dtype=np.complex128).reshape(array.shape)
        return np.array([float(item) for item in items], dtype=np.float64).reshape(array.shape)
    except (TypeError, ValueError, OverflowError):
        kinds = sorted({type(item).__name__ for item in items})
        raise Unfit(f"{name} holds {', '.join(kinds)}, where {_NOUNS[kind]} are needed") from None


def _integers(name: str, array: NDArray[Any], labels: Labels) -> NDArray[np.int64]:
    if array.dtype.kind == "f":
        refuse(name, np.isnan(array), f"NaN{_NO_MISSING}", labels)
        refuse_first(name, array, array != np.trunc(array), "not a whole number", labels)
    beyond = (array < INT_MIN) | (array > INT_MAX)
    limits = f"outside the range of Stan's integers, {INT_MIN} to {INT_MAX}"
    refuse_first(name, array, beyond, limits, labels)
    return np.array(array, dtype=np.int64, order="C")
