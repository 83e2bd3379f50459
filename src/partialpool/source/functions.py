"""Stan's operators and functions in sizes and bounds, on Python numbers and NumPy arrays.

NumPy arrays do not say whether they are Stan arrays, vectors or matrices: what depends on it
(`size` of a matrix, a product of two vectors) raises TypeError, and is left to Stan.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np


def _scalar(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of numbers refuse arrays."""

    def checked(*values: Any) -> Any:
        if any(np.ndim(value) for value in values):
            raise TypeError("known for scalars only")
        return function(*values)

    return checked


def _elementwise(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(left: Any, right: Any) -> Any:
        if len({np.shape(value) for value in (left, right) if np.ndim(value)}) > 1:
            raise ValueError("shapes differ")
        return function(left, right)

    return checked


def _times(left: Any, right: Any) -> Any:
    if np.ndim(left) and np.ndim(right):
        raise TypeError("the product depends on which of the two is a row vector")
    return left * right


def _divide(left: Any, right: Any) -> Any:
    if np.ndim(right):
        raise TypeError("division by a matrix")
    return _quotient(left, right)


def _quotient(left: Any, right: Any) -> Any:
    try:
        return _int_divide(left, right)
    except TypeError:
        return left / right


def _int_divide(left: Any, right: Any) -> Any:
    """Divide integers as Stan does, towards zero."""
    if np.result_type(left, right).kind not in "iub":
        raise TypeError("integers only")
    if np.any(np.equal(right, 0)):
        raise ZeroDivisionError
    quotient = abs(left) // abs(right)
    return np.where(np.sign(left) * np.sign(right) < 0, -quotient, quotient)


def _size(value: Any) -> int:
    if np.ndim(value) > 1:
        raise TypeError("an array of arrays and a matrix differ in size")
    return int(np.size(value))


def _extent(axis: int) -> Callable[[Any], int]:
    def extent(value: Any) -> int:
        if np.ndim(value) != 2:
            raise TypeError("known for matrices only")
        return int(np.shape(value)[axis])

    return extent


def _extreme(of_array: Callable[[Any], Any], of_two: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: of_array(*values) if len(values) == 1 else _scalar(of_two)(*values)


def _array(*values: Any) -> Any:
    return np.array(values)


def _of_reals(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function that Stan has for reals only make reals of integers."""
    return lambda *values: function(*(np.asarray(value, dtype=float) for value in values))


PREFIX: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg,
    "+": operator.pos,
    "!": lambda value: int(not value),
}
"""Stan's prefix operators."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "()": lambda value: value,
    "real": _scalar(float),  # no function of Stan: what a real is set to
    "{}": _array,
    "[,]": _of_reals(_array),
    "'": np.transpose,
    "+": _elementwise(operator.add),
    "-": _elementwise(operator.sub),
    "*": _times,
    "/": _divide,
    "%/%": _int_divide,
    "%": lambda left, right: left - _int_divide(left, right) * right,
    ".*": _elementwise(operator.mul),
    "./": _elementwise(_quotient),
    "^": _scalar(math.pow),
    "pow": _scalar(math.pow),
    "==": _scalar(operator.eq),
    "!=": _scalar(operator.ne),
    "<": _scalar(operator.lt),
    "<=": _scalar(operator.le),
    ">": _scalar(operator.gt),
    ">=": _scalar(operator.ge),
    "size": _size,
    "num_elements": np.size,
    "rows": _extent(0),
    "cols": _extent(1),
    "max": _extreme(np.max, max),
    "min": _extreme(np.min, min),
    "fmax": _scalar(_of_reals(np.fmax)),
    "fmin": _scalar(_of_reals(np.fmin)),
    "sum": np.sum,
    "prod": np.prod,
    "mean": lambda values: np.mean(values) if np.size(values) else math.nan,
    "abs": np.abs,
    "choose": _scalar(math.comb),
    "square": _of_reals(np.square),
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "inv": lambda value: 1.0 / np.asarray(value, dtype=float),
    "floor": _of_reals(np.floor),
    "ceil": _of_reals(np.ceil),
    "to_int": _scalar(math.trunc),
    "positive_infinity": lambda: math.inf,
    "negative_infinity": lambda: -math.inf,
    "machine_precision": lambda: float(np.finfo(float).eps),
    "sqrt2": lambda: math.sqrt(2.0),
    "pi": lambda: math.pi,
    "e": lambda: math.e,
}
"""The functions that stand in sizes and bounds; Stan evaluates all others."""
