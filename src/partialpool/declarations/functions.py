"""What Stan's functions do, for those that stand in sizes and bounds of a data block.

NumPy arrays do not say whether they are Stan arrays, vectors or matrices, so that what depends on
it (`size` of a matrix, a product of two vectors) is left to Stan, by raising `CannotEvaluate`.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


class CannotEvaluate(Exception):
    """An expression has no value that can be worked out here."""


_SLICE = ":"


def apply(function: str, arguments: Sequence[Any], evaluate: Callable[[Any], Any]) -> Any:
    """Value of `function` on `arguments`.

    Parameters
    ----------
    function : str
        As in `expressions.Call`.
    arguments : sequence
        Unevaluated: a conditional needs one of its branches only.
    evaluate : callable
        Gives an argument's value, or raises `CannotEvaluate`.

    Raises
    ------
    CannotEvaluate
        If the function is not in the table, or has no value there.
    """
    try:
        with np.errstate(all="ignore"):
            match function:
                case "?:":
                    condition, yes, no = arguments
                    return evaluate(yes if evaluate(condition) else no)
                case "&&":
                    left, right = arguments
                    return int(bool(evaluate(left)) and bool(evaluate(right)))
                case "||":
                    left, right = arguments
                    return int(bool(evaluate(left)) or bool(evaluate(right)))
                case "[]":
                    indices = [_index(index, evaluate) for index in arguments[1:]]
                    return _plain(_indexed(evaluate(arguments[0]), indices))
            values = [evaluate(argument) for argument in arguments]
            return _plain(_known(function, len(values))(*values))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise CannotEvaluate(function) from error


def _known(function: str, count: int) -> Callable[..., Any]:
    if count == 1 and function in _PREFIX:
        return _PREFIX[function]
    return _FUNCTIONS[function]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    plain = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return int(plain) if isinstance(plain, bool) else plain


def _index(index: Any, evaluate: Callable[[Any], Any]) -> Any:
    if getattr(index, "function", None) == _SLICE:
        ends = [evaluate(end) for end in index.args]
        return slice(ends[0] - 1 if ends else None, ends[1] if len(ends) > 1 else None)
    return evaluate(index)


def _indexed(value: Any, indices: Sequence[Any]) -> Any:
    axis = 0
    value = np.asarray(value)
    for index in indices:
        length = value.shape[axis]
        if isinstance(index, slice):
            if (index.start or 0) < 0 or (index.stop or 0) > length:
                raise IndexError(index)
            value = value[(slice(None),) * axis + (index,)]
            axis += 1
        else:
            places = np.asarray(index)
            if np.any(places < 1) or np.any(places > length):
                raise IndexError(index)
            value = np.take(value, places - 1, axis=axis)
            axis += places.ndim
    return value


def _is_int(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "iub"


def _scalar_only(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def checked(*values: Any) -> Any:
        if any(np.ndim(value) for value in values):
            raise TypeError("known for scalars only")
        return function(*values)

    return checked


def _times(left: Any, right: Any) -> Any:
    if np.ndim(left) and np.ndim(right):
        raise TypeError("the product depends on which of the two is a row vector")
    return left * right


def _divide(left: Any, right: Any) -> Any:
    if np.ndim(right):
        raise TypeError("division by a matrix")
    return _int_divide(left, right) if _is_int(left) and _is_int(right) else left / right


def _int_divide(left: Any, right: Any) -> Any:
    if not _is_int(left) or not _is_int(right):
        raise TypeError("integers only")
    if np.any(np.equal(right, 0)):
        raise ZeroDivisionError
    quotient = abs(left) // abs(right)
    return np.where(np.sign(left) * np.sign(right) < 0, -quotient, quotient)


def _remainder(left: Any, right: Any) -> Any:
    return left - _int_divide(left, right) * right


def _same_shape(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(left: Any, right: Any) -> Any:
        shapes = {np.shape(value) for value in (left, right) if np.ndim(value)}
        if len(shapes) > 1:
            raise ValueError("shapes differ")
        return function(left, right)

    return checked


def _size(value: Any) -> int:
    if np.ndim(value) > 1:
        raise TypeError("an array of arrays and a matrix differ in size")
    return int(np.size(value))


def _matrix_extent(axis: int) -> Callable[[Any], int]:
    def extent(value: Any) -> int:
        if np.ndim(value) != 2:
            raise TypeError("known for matrices only")
        return int(np.shape(value)[axis])

    return extent


def _extreme(of_one: Callable[[Any], Any], of_two: Callable[[Any, Any], Any]) -> Any:
    def extreme(*values: Any) -> Any:
        return of_one(values[0]) if len(values) == 1 else of_two(*values)

    return extreme


def _array(*values: Any) -> Any:
    return np.array(values)


def _rep(value: Any, *sizes: int) -> Any:
    return np.broadcast_to(value, tuple(sizes) + np.shape(value)).copy()


def _range_of_indices(*_: Any) -> Any:
    raise TypeError("a range of indices has no value of its own")


_PREFIX: dict[str, Callable[..., Any]] = {
    "-": operator.neg,
    "+": operator.pos,
    "!": lambda value: int(not value),
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": _same_shape(operator.add),
    "-": _same_shape(operator.sub),
    "*": _times,
    "/": _divide,
    "%/%": _int_divide,
    "%": _remainder,
    ".*": _same_shape(operator.mul),
    "./": _same_shape(operator.truediv),
    "^": _scalar_only(math.pow),
    "pow": _scalar_only(math.pow),
    "==": _scalar_only(operator.eq),
    "!=": _scalar_only(operator.ne),
    "<": _scalar_only(operator.lt),
    "<=": _scalar_only(operator.le),
    ">": _scalar_only(operator.gt),
    ">=": _scalar_only(operator.ge),
    ":": _range_of_indices,
    "'": np.transpose,
    "{}": _array,
    "[,]": _array,
    "size": _size,
    "num_elements": np.size,
    "rows": _matrix_extent(0),
    "cols": _matrix_extent(1),
    "max": _extreme(np.max, _scalar_only(max)),
    "min": _extreme(np.min, _scalar_only(min)),
    "fmax": _scalar_only(max),
    "fmin": _scalar_only(min),
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "abs": np.abs,
    "fabs": np.abs,
    "choose": _scalar_only(math.comb),
    "square": np.square,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "inv": lambda value: 1.0 / np.asarray(value, dtype=float),
    "floor": np.floor,
    "ceil": np.ceil,
    "to_int": _scalar_only(math.trunc),
    "rep_array": _rep,
    "rep_vector": _scalar_only(_rep),
    "rep_row_vector": _scalar_only(_rep),
    "rep_matrix": _scalar_only(_rep),
    "positive_infinity": lambda: math.inf,
    "negative_infinity": lambda: -math.inf,
    "machine_precision": lambda: float(np.finfo(float).eps),
    "pi": lambda: math.pi,
    "e": lambda: math.e,
    "sqrt2": lambda: math.sqrt(2.0),
}
