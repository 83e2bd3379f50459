"""Evaluate expressions on a table, to numbers, truth values or categories for each row.

Whole numbers become floats before anything is computed. Truth values are columns of them or
results of comparisons; and, or, not (or ``&``, ``|``, ``~``) combine them, and in arithmetic they
are 0 and 1. Stateful functions keep what they learn from the data of the fit in a `Memory`, which
holds no rows of the data.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pandas as pd

from ..errors import warn
from ..formula.expressions import Expression
from ..formula.functions import CATEGORIES, signature, transforms, ufunc
from .categories import (
    COMPARISONS,
    MIRRORED,
    Categories,
    Encoding,
    compare,
    of_column,
    of_values,
)

Memory = dict[int, dict[str, Any]]
"""State of each call of a stateful function, by the call's place in the expression."""

_EXACT = 2**53
_ARITHMETIC = {
    "Add": np.add, "Sub": np.subtract, "Mult": np.multiply, "Div": np.true_divide,
    "FloorDiv": np.floor_divide, "Mod": np.remainder, "Pow": np.power,
}  # fmt: skip


class NotNumbersError(TypeError):
    """Arithmetic was asked for with a column that does not hold numbers."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def evaluate(expression: Expression, frame: pd.DataFrame, memory: Memory, where: str) -> Any:
    """Evaluate an expression on a table from `data.frame.prepared` or `prepared_again`.

    Returns
    -------
    array of float or bool, (row,) or (row, column); Categories; or a constant

    Raises
    ------
    NotNumbersError
        If a column of categories is used as a number.
    ValueError
        If values do not suit an operator or a function.
    """
    return _Evaluation(expression, frame, memory, where).value(expression.tree)


def numbers(value: Any) -> Any:
    """Convert numbers and truth values to floats; refuse everything else."""
    if isinstance(value, Categories):
        raise NotNumbersError(value.name)
    if isinstance(value, str) or value is None:
        raise ValueError(f"{value!r} is not a number.")
    return np.asarray(value, dtype=np.float64)


def column_values(name: str, column: pd.Series[Any], where: str) -> Any:
    """Return a column as floats, truth values or categories, with a warning beyond 2**53."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return of_column(name, column)
    values = column.to_numpy()
    if values.dtype.kind not in "iu":
        return values
    if where == "data" and len(values) and max(-int(values.min()), int(values.max())) > _EXACT:
        warn(
            f"Column {name!r} holds whole numbers beyond 2**53, such as {values.max()}, which "
            f"arithmetic rounds. If they are identifiers, group by them, (1 | {name}), "
            f"or make categories of them, C({name})."
        )
    return values.astype(np.float64)


class _Evaluation:
    """A walk through the tree of an expression; each method evaluates one kind of node."""

    def __init__(
        self, expression: Expression, frame: pd.DataFrame, memory: Memory, where: str
    ) -> None:
        self.name = expression.name
        self.symbols = expression.symbols
        self.frame = frame
        self.memory = memory
        self.where = where

    def value(self, node: ast.expr) -> Any:
        """Evaluate any node."""
        match node:
            case ast.Name():
                symbol = self.symbols[node.id]
                if symbol.role == "column":
                    column = self.frame[symbol.value]
                    return column_values(symbol.value, column, self.where)
                return symbol.value
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
                join = np.logical_and if isinstance(node.op, ast.BitAnd) else np.logical_or
                return join(self.truth(node.left), self.truth(node.right))
            case ast.BinOp():
                return self.apply(_ARITHMETIC[type(node.op).__name__], [node.left, node.right])
            case ast.UnaryOp(op=ast.Not() | ast.Invert()):
                return np.logical_not(self.truth(node.operand))
            case ast.UnaryOp():
                sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
                return sign * numbers(self.value(node.operand))
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                joined = self.truth(node.values[0])
                for operand in node.values[1:]:
                    joined = join(joined, self.truth(operand))
                return joined
            case ast.Compare():
                return self.compared(node)
            case ast.Call():
                return self.called(node)
        raise TypeError(type(node).__name__)

    def apply(self, function: Any, nodes: list[ast.expr]) -> Any:
        """Apply an elementwise function to the values of nodes, as numbers."""
        values = [numbers(self.value(node)) for node in nodes]
        if len({value.ndim for value in values if value.ndim}) > 1:
            raise ValueError("it combines several columns, such as those of poly(), with one.")
        result = function(*values)
        return result if result.dtype == bool else result.astype(np.float64, copy=False)

    def truth(self, node: ast.expr) -> Any:
        """Evaluate an operand of and, or, not, which must be truth values."""
        value = self.value(node)
        if isinstance(value, bool) or getattr(value, "dtype", None) == np.bool_:
            return value
        raise ValueError(
            "and, or, not (and &, |, ~) join truth values, and here is none: write comparisons, "
            "each in parentheses, such as (x > 0) & (z != 0)."
        )

    def compared(self, node: ast.Compare) -> Any:
        """Compare as Python does: ``-1 < x < 1`` joins two comparisons by "and"."""
        values = [self.value(operand) for operand in (node.left, *node.comparators)]
        result: Any = True
        for left, op, right in zip(values, node.ops, values[1:], strict=False):
            how = type(op).__name__
            if isinstance(left, Categories):
                comparison = compare(left, how, right)
            elif isinstance(right, Categories):
                comparison = compare(right, MIRRORED[how], left)
            elif isinstance(left, str) or isinstance(right, str):
                text = left if isinstance(left, str) else right
                raise ValueError(f"it compares numbers with the text {text!r}.")
            else:
                comparison = COMPARISONS[how](numbers(left), numbers(right))
            result = np.logical_and(result, comparison) if len(node.ops) > 1 else comparison
        return result

    def called(self, node: ast.Call) -> Any:
        """Evaluate a call of I(), a NumPy function, a category function or a transform."""
        name = self.symbols[node.func.id].value if isinstance(node.func, ast.Name) else ""
        if name == "I":
            return self.value(node.args[0])
        function, form = ufunc(name), signature(name)
        if function is not None:
            return self.apply(function, node.args)
        if form is None:
            raise ValueError(f"{name}() cannot be used here.")
        words = {str(word.arg): word.value for word in node.keywords}
        (_, argument), *others = form.bind(*node.args, **words).arguments.items()
        state = self.memory.setdefault(node.col_offset, {})
        if name in CATEGORIES:
            return self.categories(name, argument, others[0][1] if others else None, state)
        x = numbers(self.value(argument))
        if x.ndim != 1:
            raise ValueError(f"{name}() takes one column.")
        options = {word: self.option(name, word, value) for word, value in others}
        columns = transforms()[name](x, **options, _state=state)
        if name in ("bs", "cr", "cs"):
            self.warn_beyond(x, state["range"])
        return np.asarray(getattr(columns, "__wrapped__", columns), dtype=np.float64)

    def option(self, name: str, word: str, node: ast.expr) -> Any:
        """Return the constant that is the argument `word` of a function."""
        sign = 1
        while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign, node = -sign if isinstance(node.op, ast.USub) else sign, node.operand
        if not isinstance(node, ast.Name) or self.symbols[node.id].role != "constant":
            raise ValueError(f"{word} of {name}() must be a constant, such as {word}=2.")
        value = self.symbols[node.id].value
        return -value if sign < 0 else value

    def categories(
        self, name: str, node: ast.expr, second: ast.expr | None, state: dict[str, Any]
    ) -> Categories:
        """Evaluate C(), S() or T(): categories with the coding of the second argument."""
        encoding = self.encoding(name, second)
        plain = isinstance(node, ast.Name) and self.symbols[node.id].role == "column"
        if isinstance(node, ast.Name) and plain:
            column = self.frame[self.symbols[node.id].value]
            if isinstance(column.dtype, pd.CategoricalDtype):
                value: Any = of_column(self.symbols[node.id].value, column)
            else:
                value = column.to_numpy()
                value = value.astype(np.int64) if value.dtype == bool else value
        else:
            value = self.value(node)
        if isinstance(value, Categories):
            return value.with_encoding(encoding)
        if np.ndim(value) != 1:
            raise ValueError(f"{name}() takes one column.")
        made = of_values(self.name, np.asarray(value), self.where, state, plain)
        return made.with_encoding(encoding)

    def encoding(self, name: str, node: ast.expr | None) -> Encoding | None:
        """Read the second argument: Treatment('level') or Sum of C(), the level of T() or S()."""
        if name != "C":
            kind = "treatment" if name == "T" else "sum"
            level = None if node is None else self.option(name, CATEGORIES[name], node)
            return Encoding(kind, level)  # type: ignore[arg-type]
        if node is None:
            return None
        called = node.func if isinstance(node, ast.Call) else node
        contrast = self.symbols[called.id].value if isinstance(called, ast.Name) else None
        if contrast not in ("Treatment", "Sum"):
            raise ValueError("the second argument of C() is Treatment('level') or Sum.")
        level = None
        if isinstance(node, ast.Call) and (node.args or node.keywords):
            inner = node.args[0] if node.args else node.keywords[0].value
            level = self.option(contrast, "the level", inner)
        return Encoding("treatment" if contrast == "Treatment" else "sum", level)

    def warn_beyond(self, x: Any, limits: tuple[float, float]) -> None:
        """Warn if a spline is evaluated outside the range of the data of the fit."""
        low, high = limits
        count = int(((x < low) | (x > high)).sum())
        if count:
            warn(
                f"{count} of {len(x)} rows of {self.where} lie beyond the data of the fit in "
                f"`{self.name}`, which were from {low:.4g} to {high:.4g}: a spline is "
                f"extrapolated there, and predictions mean little."
            )
