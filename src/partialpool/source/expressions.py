"""The expressions of a declaration: sizes such as ``2 * N + 1``, bounds such as ``max(x)``.

An expression is a small frozen tree. It prints as Stan, and has a value for given data as far as
that value can be computed without Stan (`functions`). The user's own functions are left to Stan.

>>> size = Call("+", (Call("*", (Literal("2"), Variable("N"))), Literal("1")))
>>> str(size), size.evaluate({"N": 4}), size.evaluate({})
('2 * N + 1', 9, None)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .functions import FUNCTIONS, PREFIX

_SIGNS = ("||", "&&", "== !=", "< <= > >=", "+ -", "* / % .* ./", "\\", "%/%", "^ .^")
BINARY = {sign: level for level, signs in enumerate(_SIGNS) for sign in signs.split()}
"""Precedence of Stan's binary operators."""


class Expr:
    """A size or a bound: a `Literal`, a `Variable` or a `Call`."""

    __slots__ = ()

    def evaluate(self, env: Mapping[str, Any]) -> Any:
        """Value on the data `env`.

        Parameters
        ----------
        env : mapping
            Names to values: Python numbers and NumPy arrays.

        Returns
        -------
        int, float, array or None
            None where the expression has a variable that is not in `env`, a function that is
            not known here (one of the user's own, say), or no value at all.
        """
        try:
            with np.errstate(all="ignore"):
                return _value(self, env)
        except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
            return None

    def variables(self) -> tuple[Variable, ...]:
        """Return the variables in it, in order, each once."""
        return ()


@dataclass(frozen=True, slots=True)
class Literal(Expr):
    """A number or a string, as it stands in the program."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Variable(Expr):
    """A variable by its name.

    Attributes
    ----------
    name : str
    definition : Expr or None
        What a constant of transformed data stands for: 3 after ``int K = 3;``. It is the value
        where the data have no such variable, and plays no part in comparisons.
    """

    name: str
    definition: Expr | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def variables(self) -> tuple[Variable, ...]:
        """Return this variable."""
        return (self,)


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function or an operator, applied.

    Attributes
    ----------
    function : str
        A function's name, an operator's sign, or one of ``?:`` (conditional), ``[]`` (indexing:
        the thing, then its indices), ``:`` (a range of indices: none, one or two ends), ``'``
        (transpose), ``{}`` (array), ``[,]`` (row vector or matrix), ``()`` (parentheses), ``.``
        (a component of a tuple).
    args : tuple of Expr
    is_user_defined : bool
        Whether the program defines a function of that name, which may be one of Stan's too.
    """

    function: str
    args: tuple[Expr, ...]
    is_user_defined: bool = field(default=False, compare=False, repr=False)

    def __str__(self) -> str:
        """Stan's spelling; parentheses are part of the tree."""
        function, args = self.function, [str(argument) for argument in self.args]
        listed = ", ".join(args)
        match function, args:
            case "?:", [condition, yes, no]:
                return f"{condition} ? {yes} : {no}"
            case "[]", [indexed, *indices]:
                return f"{indexed}[{', '.join(indices)}]"
            case ":", [first]:
                return f"{first} :"
            case ":", _:
                return " : ".join(args) or ":"
            case "'", [transposed]:
                return f"{transposed}'"
            case ".", [whole, number]:
                return f"{whole}.{number}"
            case "{}" | "()", _:
                return f"{function[0]}{listed}{function[1]}"
            case "[,]", _:
                return f"[{listed}]"
            case sign, [left, right] if sign in BINARY:
                return f"{left} {sign} {right}"
            case sign, [operand] if sign in PREFIX:
                return f"{sign}{operand}"
            case name, [first, *rest] if name.endswith(("pdf", "pmf", "cdf")):
                return f"{name}({first} | {', '.join(rest)})"
        return f"{function}({listed})"

    def variables(self) -> tuple[Variable, ...]:
        """Return the variables in it, in order, each once."""
        return tuple(dict.fromkeys(name for argument in self.args for name in argument.variables()))


def _value(expression: Expr, env: Mapping[str, Any]) -> Any:
    match expression:
        case Literal(text):
            return float(text) if set(text) & set(".eE") else int(text)
        case Variable(name, definition):
            return _value(definition, env) if definition and name not in env else _plain(env[name])
        case Call(name, is_user_defined=True):
            raise LookupError(name)
        case Call("?:", (condition, yes, no)):
            chosen, other = (yes, no) if _value(condition, env) else (no, yes)
            value = _value(chosen, env)
            is_real = isinstance(value, int) and isinstance(other.evaluate(env), float)
            return float(value) if is_real else value
        case Call("&&", (left, right)):
            return int(bool(_value(left, env)) and bool(_value(right, env)))
        case Call("||", (left, right)):
            return int(bool(_value(left, env)) or bool(_value(right, env)))
        case Call("[]", (indexed, *indices)):
            return _indexed(indexed, indices, env)
        case Call(function, args):
            functions = PREFIX if len(args) == 1 and function in PREFIX else FUNCTIONS
            return _plain(functions[function](*[_value(argument, env) for argument in args]))
    raise TypeError(f"not an expression: {expression!r}")


def _plain(value: Any) -> Any:
    """Give a NumPy scalar as a Python number, and a truth value as Stan's 0 or 1."""
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    plain = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return int(plain) if isinstance(plain, bool) else plain


def _indexed(indexed: Expr, indices: Sequence[Expr], env: Mapping[str, Any]) -> Any:
    """Value of ``x[i, 2 : 3, ]``; Stan counts from 1."""
    value, axis = np.asarray(_value(indexed, env)), 0
    for index in indices:
        if isinstance(index, Call) and index.function == ":":
            ends = [_value(end, env) for end in index.args]
            first = ends[0] if ends else 1
            last = ends[1] if len(ends) > 1 else value.shape[axis]
            places = np.arange(first, last + 1)
        else:
            places = np.asarray(_value(index, env))
        if np.any(places < 1) or np.any(places > value.shape[axis]):
            raise IndexError(str(index))
        value = np.take(value, places - 1, axis=axis)
        axis += places.ndim
    return _plain(value)
