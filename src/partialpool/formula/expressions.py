"""Expressions: arithmetic as Python reads it, checked, as a tree of Python's own `ast`.

Words of a formula are no names of Python (``Sepal.Length``, `` `my col` ``, a column called
``np``), so each is written as ``_0``, ``_1``, ... before Python's parser sees it.  Nothing is ever
executed as Python: `evaluate` walks the tree.
"""

from __future__ import annotations

import ast
import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from . import tokens as syntax
from .functions import signature, ufunc, unknown_function
from .tokens import Token, pointed

_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Load,
    ast.keyword, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd,
    ast.BitOr, ast.USub, ast.UAdd, ast.Not, ast.Invert, ast.And, ast.Or, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip
_CONSTANTS = {"np.pi": np.pi, "np.e": np.e}


class Symbol(NamedTuple):
    """What a name in the tree stands for: a column, a function, an encoding or a constant."""

    role: str
    value: Any


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression, read.

    Attributes
    ----------
    name : str
        As coefficients are named: ``I(x ** 2)``.
    tree : ast.expr
        Its names are keys of `symbols`.
    symbols : dict of Symbol
    columns : tuple of str
        The columns that it names.
    """

    name: str
    tree: ast.expr
    symbols: dict[str, Symbol] = field(repr=False)
    columns: tuple[str, ...]

    @property
    def column(self) -> str | None:
        """The column, where the expression is a column and nothing else."""
        tree = self.tree
        if isinstance(tree, ast.Name) and self.symbols[tree.id].role == "column":
            return str(self.symbols[tree.id].value)
        return None


Term = tuple[Expression, ...]
"""A product of expressions: one term of a sum."""


def read(text: str, tokens: Sequence[Token]) -> Expression:
    """Read tokens of a formula as an expression.

    Raises
    ------
    FormulaError
        Points at the place in `text` that cannot be read.
    """
    for token in tokens:
        if token.kind == "LEFT_BRACKET":
            message = (
                "Cannot be read from here. There are no lists in formulas; for an order of "
                "categories, make the column a pandas Categorical in this order."
            )
            raise pointed(text, token.start, message)
        if token.kind == "PERCENT_PERCENT":
            message = "Cannot be read from here: the remainder is written as x % 2."
            raise pointed(text, token.start, message)
    syntax.check_operators(text, tokens)
    code, starts, symbols = _as_python(tokens)

    def at(offset: int) -> Token:
        return tokens[max(bisect.bisect_right(starts, offset) - 1, 0)]

    try:
        tree = ast.parse(code, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as problem:
        place = at((getattr(problem, "offset", None) or 1) - 1).start
        raise pointed(text, place, "Cannot be read from here.") from None
    encodings: set[ast.expr] = set()
    for node in ast.walk(tree):  # a call comes before its arguments
        if not isinstance(node, _ALLOWED):
            place = at(getattr(node, "col_offset", 0)).start
            raise pointed(text, place, "Cannot be read here: this is no arithmetic.")
        if isinstance(node, ast.Call):
            name = _function(node, symbols)
            if name == "C":
                second = [word.value for word in node.keywords if word.arg == "contrast"]
                encodings.update(node.args[1:2] + second)
            message = unknown_function(name)
            if name not in syntax.ENCODINGS or node in encodings:
                message = _check_call(name, node)
            if message:
                raise pointed(text, at(node.col_offset).start, message)
    return Expression(syntax.canonical(tokens), tree, symbols, syntax.names(tokens))


def _as_python(tokens: Sequence[Token]) -> tuple[str, list[int], dict[str, Symbol]]:
    """Write tokens as Python, with the place of each, and what its names stand for."""
    code = ""
    starts: list[int] = []
    symbols: dict[str, Symbol] = {}

    def named(role: str, value: Any) -> str:
        name = f"_{len(symbols)}"
        symbols[name] = Symbol(role, value)
        return name

    for token, role in zip(tokens, syntax.roles(tokens), strict=True):
        piece = token.lexeme
        starts.append(len(code))
        if token.kind in ("NUMBER", "STRING", "LITERAL"):
            piece = named("constant", token.literal)
        elif role == "constant":
            piece = named("constant", _CONSTANTS[piece])
        elif role in ("column", "function", "encoding"):
            piece = named(role, token.literal)
        elif token.kind == "LEFT_BRACE":
            piece = named("function", "I") + "("
        elif token.kind == "RIGHT_BRACE":
            piece = ")"
        code += piece + " "
    return code, starts, symbols


def _function(node: ast.Call, symbols: dict[str, Symbol]) -> str:
    if isinstance(node.func, ast.Name) and symbols[node.func.id].role == "function":
        return str(symbols[node.func.id].value)
    return ""


def _check_call(name: str, node: ast.Call) -> str:
    """Say what is wrong with a call: its function, or its arguments."""
    function, called = ufunc(name), signature(name)
    count = len(node.args) + len(node.keywords)
    if name in syntax.ENCODINGS:
        return "" if count <= 1 else f"{name}() takes one level, or nothing."
    if called is not None:
        try:
            called.bind(*node.args, **{str(word.arg): word.value for word in node.keywords})
        except TypeError as problem:
            return f"{name}({', '.join(called.parameters)}): {problem}."
        return ""
    wanted = 1 if name == "I" else function.nin if function is not None else None
    if wanted is None:
        return unknown_function(name)
    if node.keywords or count != wanted:
        return f"{name}() takes {'one argument' if wanted == 1 else f'{wanted} arguments'}."
    return ""
