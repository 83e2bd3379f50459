"""The expressions of a declaration: sizes such as ``2 * N + 1``, bounds such as ``max(x)``.

An expression is a small frozen tree. It prints as Stan and is evaluated on the values of the
data, as far as that can be done without Stan.

>>> size = Call("+", (Call("*", (Literal(2), Variable("N"))), Literal(1)))
>>> str(size), size.evaluate({"N": 4}), size.evaluate({})
('2 * N + 1', 9, None)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .functions import CannotEvaluate, apply

_TERNARY, _POSTFIX, _ATOM = 1, 20, 30

BINARY: dict[str, int] = {
    "||": 2,
    "&&": 3,
    "==": 4,
    "!=": 4,
    "<": 5,
    "<=": 5,
    ">": 5,
    ">=": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "%": 7,
    ".*": 7,
    "./": 7,
    "\\": 8,
    "%/%": 9,
    "^": 12,
    ".^": 12,
}
"""Precedence of Stan's binary operators."""

UNARY = {"!": 10, "+": 10, "-": 10}
"""Precedence of Stan's prefix operators."""

TERNARY = "?:"
INDEX = "[]"
RANGE = ":"
TRANSPOSE = "'"
ARRAY = "{}"
ROW_VECTOR = "[,]"


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
            return self._value(env)
        except CannotEvaluate:
            return None

    def variables(self) -> tuple[str, ...]:
        """Names of the variables in it, in order, each once."""
        return tuple(dict.fromkeys(self._names()))

    def in_constraint(self) -> str:
        """Stan's spelling between ``<`` and ``>``, where comparisons need parentheses."""
        return _wrap(self, BINARY["+"])

    def _value(self, env: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    def _names(self) -> list[str]:
        return []

    def _precedence(self) -> int:
        return _ATOM


@dataclass(frozen=True, slots=True)
class Literal(Expr):
    """A number or a string, as written."""

    value: int | float | str

    def __str__(self) -> str:
        """Stan's spelling."""
        return f'"{self.value}"' if isinstance(self.value, str) else repr(self.value)

    def _value(self, env: Mapping[str, Any]) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Variable(Expr):
    """A variable by its name."""

    name: str

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def _value(self, env: Mapping[str, Any]) -> Any:
        if self.name not in env:
            raise CannotEvaluate(self.name)
        return env[self.name]

    def _names(self) -> list[str]:
        return [self.name]


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function or an operator, applied.

    Attributes
    ----------
    function : str
        A function's name, an operator's sign, or one of ``?:`` (conditional), ``[]`` (indexing:
        the thing, then its indices), ``:`` (a range of indices: none, one or two ends), ``'``
        (transpose), ``{}`` (array), ``[,]`` (row vector or matrix).
    args : tuple of Expr
    """

    function: str
    args: tuple[Expr, ...]

    def __str__(self) -> str:
        """Stan's spelling, with no more parentheses than it needs."""
        args, own = self.args, self._precedence()
        listed = ", ".join(map(str, args))
        match self.function:
            case "?:":
                condition, yes, no = args
                return f"{_wrap(condition, own + 1)} ? {yes} : {_wrap(no, own)}"
            case "[]":
                return f"{_wrap(args[0], _POSTFIX)}[{', '.join(map(str, args[1:]))}]"
            case ":":
                return " : ".join(map(str, args)) if len(args) != 1 else f"{args[0]} :"
            case "'":
                return f"{_wrap(args[0], _POSTFIX)}'"
            case "{}":
                return f"{{{listed}}}"
            case "[,]":
                return f"[{listed}]"
            case sign if sign in UNARY and len(args) == 1:
                return f"{sign}{_wrap(args[0], own)}"
            case sign if sign in BINARY and len(args) == 2:
                right_to_left = sign in ("^", ".^")
                left = _wrap(args[0], own + right_to_left)
                right = _wrap(args[1], own + (not right_to_left))
                return f"{left} {sign} {right}"
            case name:
                return f"{name}({listed})"

    def _precedence(self) -> int:
        if self.function in UNARY and len(self.args) == 1:
            return UNARY[self.function]
        if self.function in BINARY and len(self.args) == 2:
            return BINARY[self.function]
        return {TERNARY: _TERNARY, RANGE: 0}.get(self.function, _POSTFIX)

    def _value(self, env: Mapping[str, Any]) -> Any:
        return apply(self.function, self.args, lambda argument: argument._value(env))

    def _names(self) -> list[str]:
        return [name for argument in self.args for name in argument._names()]


def _wrap(expression: Expr, least: int) -> str:
    text = str(expression)
    return text if expression._precedence() >= least else f"({text})"
