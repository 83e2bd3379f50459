"""A value as its declaration asks for it: type, shape and bounds.

Whether a `simplex` sums to 1, a `cov_matrix` is positive definite and the like is left to Stan,
whose complaint names the variable too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .declaration import Declaration
from .expressions import Call, Expr, Literal, Variable
from .values import (
    Labels,
    Unfit,
    number,
    refuse,
    refuse_first,
    row_labels,
    subscript,
    to_array,
)

Env = Mapping[str, Any]

_FROM_ZERO = ": Stan counts from 1, so add 1 to codes that start at 0"


def fit_value(name: str, declaration: Declaration, value: Any, env: Env) -> Any:
    """Convert and check one value.

    Parameters
    ----------
    name : str
        What to call it: the variable, or ``t.2`` for a component of a tuple.
    declaration : Declaration
    value
    env : mapping
        Values of the variables declared before it, on which its sizes and bounds depend.

    Returns
    -------
    int, float, complex, array or tuple

    Raises
    ------
    Unfit
        If it does not fit; the message is a sentence.
    """
    if declaration.base == "tuple":
        return _tuple(name, declaration, value, env)
    kind = "complex" if declaration.is_complex else "int" if declaration.is_int else "real"
    labels = row_labels(value)
    array = _shaped(name, declaration, to_array(name, value, kind), env)
    if kind == "real":
        _check_infinite(name, declaration, array, env, labels)
    if kind != "complex":
        _check_bounds(name, declaration, array, env, labels)
    return array if declaration.ndim else array.item()


def _tuple(name: str, declaration: Declaration, value: Any, env: Env) -> Any:
    """Check a tuple, or the list of tuples that an array of them is."""
    if isinstance(value, Mapping):  # as in JSON
        value = [value.get(element.name) for element in declaration.elements]
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Unfit(f"{name} must be a {'list of tuples' if declaration.ndim else 'tuple'}")
    if declaration.array_sizes:
        size, *others = declaration.array_sizes
        _check_sizes(name, (len(value),), (size,), ("value",), env)
        inner = replace(declaration, array_sizes=tuple(others))
        return [
            _tuple(name + subscript((place,)), inner, item, env) for place, item in enumerate(value)
        ]
    if len(value) != len(declaration.elements):
        raise Unfit(f"{name} has {len(value)} values, but {len(declaration.elements)} are declared")
    return tuple(
        fit_value(f"{name}.{element.name}", element, item, env)
        for element, item in zip(declaration.elements, value, strict=True)
    )


def _shaped(name: str, declaration: Declaration, array: NDArray[Any], env: Env) -> NDArray[Any]:
    expected = declaration.shape(env)
    if array.ndim < declaration.ndim and array.size == 0 and expected and 0 in expected:
        return np.empty(expected, dtype=array.dtype)  # a list loses the sizes beside a 0
    if array.ndim != declaration.ndim:
        raise Unfit(_wrong_ndim(name, declaration, array, expected))
    words: tuple[str, ...] = ("value",) if array.ndim == 1 else ()
    if len(declaration.sizes) == 2 and not declaration.array_sizes:
        words = ("row", "column")
    hint = "; its transpose would fit" if array.ndim == 2 and array.T.shape == expected else ""
    _check_sizes(name, array.shape, declaration.size_expressions, words, env, hint)
    return array


def _wrong_ndim(
    name: str, declaration: Declaration, array: NDArray[Any], expected: tuple[int, ...] | None
) -> str:
    if declaration.ndim == 0:
        hint = f": write {number(array.flat[0])}" if array.size == 1 else ""
        given = f"an array of shape {array.shape}"
        return f"{name} is declared as one number, but {given} is given{hint}"
    dimensions = _count(declaration.ndim, "dimension")
    declared = f"declared with {dimensions}, [{', '.join(declaration.dims)}]"
    if array.ndim == 0:
        hint = ": write [" + number(array.item()) + "]" if expected == (1,) else ""
        return f"{name} is {declared}, but one number is given{hint}"
    hint = f"; reshape it to {expected}" if expected and math.prod(expected) == array.size else ""
    given = f"an array of {_count(array.ndim, 'dimension')}, shape {array.shape}, is given"
    return f"{name} is {declared}, but {given}{hint}"


def _check_sizes(
    name: str,
    given: tuple[int, ...],
    sizes: tuple[Expr, ...],
    words: tuple[str, ...],
    env: Env,
    hint: str = "",
) -> None:
    """Compare sizes; `words` says what the elements of each dimension are, if they have a name."""
    wrong = []
    for place, (count, size) in enumerate(zip(given, sizes, strict=True)):
        value = size.evaluate(env)
        if isinstance(value, int) and value != count:  # else only Stan knows
            has = _count(count, words[place]) if words else f"size {count} in dimension {place + 1}"
            wrong.append(f"{name} has {has}, but {_why(size, value, env)}")
    if wrong:
        raise Unfit("; ".join(wrong) + hint)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _why(size: Expr, value: int, env: Env) -> str:
    if isinstance(size, Literal):
        return f"is declared with {value}"
    used = () if isinstance(size, Variable) else size.variables()
    values = {str(variable): variable.evaluate(env) for variable in used}
    scalars = [f"{name} = {number(x)}" for name, x in values.items() if np.ndim(x) == 0]
    return f"{size} = {value}" + (f" ({', '.join(scalars)})" if scalars else "")


def _check_infinite(
    name: str, declaration: Declaration, array: NDArray[Any], env: Env, labels: Labels
) -> None:
    if array.ndim == 0:
        return
    for sign, bound, side in ((1, declaration.upper, "upper"), (-1, declaration.lower, "lower")):
        infinite, hint = array == sign * math.inf, ""
        if bound is not None:
            limit = _limit_for(array, bound, env)
            infinite &= True if limit is None else limit != sign * math.inf
        else:
            infinity = Call("positive_infinity" if sign > 0 else "negative_infinity", ())
            keyword: dict[str, Any] = {side: infinity}
            hint = f"; if it is meant, declare {replace(declaration, **keyword)}"
        refuse(name, infinite, f"infinite{hint}", labels)


def _limit_for(array: NDArray[Any], bound: Expr, env: Env) -> Any:
    """Evaluate a bound, for all elements or for each; None if only Stan knows."""
    limit = bound.evaluate(env)
    return limit if limit is not None and np.shape(limit) in ((), array.shape) else None


def _check_bounds(
    name: str, declaration: Declaration, array: NDArray[Any], env: Env, labels: Labels
) -> None:
    for bound, word, beyond in (
        (declaration.lower, "least", np.less),
        (declaration.upper, "most", np.greater),
    ):
        limit = None if bound is None else _limit_for(array, bound, env)
        if bound is None or limit is None:
            continue
        wrong = np.asarray(beyond(array, limit))
        if wrong.any():
            first = tuple(np.argwhere(wrong)[0])
            from_zero = bound == Literal("1") and array.ndim and array.min() == 0
            hint = _FROM_ZERO if declaration.is_int and from_zero else ""
            why = f"but must be at {word} {_limit(bound, limit, first)}{hint}"
            refuse_first(name, array, wrong, why, labels)


def _limit(bound: Expr, limit: Any, place: tuple[int, ...]) -> str:
    if np.ndim(limit) == 0:
        value = number(limit)
        return value if str(bound) in (value, str(limit)) else f"{bound} = {value}"
    is_atom = isinstance(bound, Variable) or (isinstance(bound, Call) and bound.function == "()")
    return f"{bound if is_atom else f'({bound})'}{subscript(place)} = {number(limit[place])}"
