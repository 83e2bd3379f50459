"""Read expressions (arithmetic, comparisons, calls) into a checked tree of Python's `ast`.

Names in a formula need not be valid or free names in Python (``Sepal.Length``, `` `my col` ``, a
column called ``np``), so each is replaced by ``_0``, ``_1``, ... before Python's parser reads the
text. Nothing is executed as Python: `columns.evaluate` walks the tree.
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
from .tokens import Token, error_at

_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Load,
    ast.keyword, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd,
    ast.BitOr, ast.USub, ast.UAdd, ast.Not, ast.Invert, ast.And, ast.Or, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip
_CONSTANTS = {"np.pi": np.pi, "np.e": np.e}


class Symbol(NamedTuple):
    """What a name in the tree stands for.

    Attributes
    ----------
    role : {"column", "function", "encoding", "constant"}
    value : object
        The name in the formula, or the value of a constant.
    """

    role: str
    value: Any


@dataclass(frozen=True, eq=False)
class Expression:
    """A parsed expression.

    Attributes
    ----------
    name : str
        The canonical text, which names the coefficients: ``I(x ** 2)``.
    tree : ast.expr
        Python's syntax tree, whose names are keys of `symbols`.
    symbols : dict of str to Symbol
    columns : tuple of str
        The columns of the data that the expression names.
    """

    name: str
    tree: ast.expr
    symbols: dict[str, Symbol] = field(repr=False)
    columns: tuple[str, ...]

    @property
    def column(self) -> str | None:
        """Name of the column if the expression is a column and nothing else; None otherwise."""
        tree = self.tree
        if isinstance(tree, ast.Name) and self.symbols[tree.id].role == "column":
            return str(self.symbols[tree.id].value)
        return None


Term = tuple[Expression, ...]
"""One term of a sum: the expressions whose product it is."""


def read(text: str, tokens: Sequence[Token]) -> Expression:
    """Parse tokens of a formula as an expression.

    Parameters
    ----------
    text : str
        The whole formula, for error messages.
    tokens : sequence of Token
        The part of it to parse.

    Raises
    ------
    FormulaError
        If the tokens are not an expression; the message marks the place in `text`.
    """
    for token in tokens:
        if token.kind == "LEFT_BRACKET":
            message = (
                "Cannot be read from here. There are no lists in formulas; for an order of "
                "categories, make the column a pandas Categorical in this order."
            )
            raise error_at(text, token.start, message)
        if token.kind == "PERCENT_PERCENT":
            message = "Cannot be read from here: the remainder is written as x % 2."
            raise error_at(text, token.start, message)
    syntax.check_operators(text, tokens)
    code, starts, symbols = _as_python(tokens)

    def token_at(offset: int) -> Token:
        return tokens[max(bisect.bisect_right(starts, offset) - 1, 0)]

    try:
        tree = ast.parse(code, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as problem:
        place = token_at((getattr(problem, "offset", None) or 1) - 1).start
        raise error_at(text, place, "Cannot be read from here.") from None
    encodings: set[ast.expr] = set()
    for node in ast.walk(tree):  # a call is visited before its arguments
        if not isinstance(node, _ALLOWED):
            place = token_at(getattr(node, "col_offset", 0)).start
            message = "Cannot be read here: only arithmetic, comparisons and calls are."
            raise error_at(text, place, message)
        if isinstance(node, ast.Call):
            name = _called_function(node, symbols)
            if name == "C":
                second = [word.value for word in node.keywords if word.arg == "contrast"]
                encodings.update(node.args[1:2] + second)
            message = unknown_function(name)
            if name not in syntax.ENCODINGS or node in encodings:
                message = _check_call(name, node)
            if message:
                raise error_at(text, token_at(node.col_offset).start, message)
    return Expression(syntax.canonical(tokens), tree, symbols, syntax.names(tokens))


def _as_python(tokens: Sequence[Token]) -> tuple[str, list[int], dict[str, Symbol]]:
    """Write tokens as Python code.

    Returns
    -------
    code : str
    starts : list of int
        Where each token begins in the code.
    symbols : dict of str to Symbol
        What each name in the code stands for.
    """
    code = ""
    starts: list[int] = []
    symbols: dict[str, Symbol] = {}

    def new_name(role: str, value: Any) -> str:
        name = f"_{len(symbols)}"
        symbols[name] = Symbol(role, value)
        return name

    for token, role in zip(tokens, syntax.roles(tokens), strict=True):
        piece = token.lexeme
        starts.append(len(code))
        if token.kind in ("NUMBER", "STRING", "LITERAL"):
            piece = new_name("constant", token.literal)
        elif role == "constant":
            piece = new_name("constant", _CONSTANTS[piece])
        elif role in ("column", "function", "encoding"):
            piece = new_name(role, token.literal)
        elif token.kind == "LEFT_BRACE":
            piece = new_name("function", "I") + "("
        elif token.kind == "RIGHT_BRACE":
            piece = ")"
        code += piece + " "
    return code, starts, symbols


def _called_function(node: ast.Call, symbols: dict[str, Symbol]) -> str:
    """Return the name of the function that a node calls; "" if it calls something else."""
    if isinstance(node.func, ast.Name) and symbols[node.func.id].role == "function":
        return str(symbols[node.func.id].value)
    return ""


def _check_call(name: str, node: ast.Call) -> str:
    """Return what is wrong with a call's function or arguments; "" if nothing is."""
    function, form = ufunc(name), signature(name)
    n_given = len(node.args) + len(node.keywords)
    if name in syntax.ENCODINGS:
        return "" if n_given <= 1 else f"{name}() takes one level, or nothing."
    if form is not None:
        try:
            form.bind(*node.args, **{str(word.arg): word.value for word in node.keywords})
        except TypeError as problem:
            return f"{name}({', '.join(form.parameters)}): {problem}."
        return ""
    n_arguments = 1 if name == "I" else function.nin if function is not None else None
    if n_arguments is None:
        return unknown_function(name)
    if node.keywords or n_given != n_arguments:
        return (
            f"{name}() takes {'one argument' if n_arguments == 1 else f'{n_arguments} arguments'}."
        )
    return ""
