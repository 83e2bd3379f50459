"""Tokens and trees of formulas: formulae's scanner and parser, with places for error messages.

This module imports formulae, so it is imported inside functions only: `import partialpool`
stays light. Four things that formulae reads otherwise than one would expect are put right here:
text left over after a term is an error, ``-x**2`` is refused as ambiguous, numbers may have an
exponent, and parentheses are kept in the names of coefficients (``I((x + 1) * 2)``).
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from formulae.categorical import ENCODINGS
from formulae.expr import Assign, Binary, Unary
from formulae.expr import Call as CallExpr
from formulae.expr import Variable as VariableExpr
from formulae.parser import ParseError, Parser
from formulae.resolver import Resolver
from formulae.scanner import ScanError, Scanner
from formulae.terms import Call, Model, Term, Variable
from formulae.terms.call_resolver import CallResolver

from .errors import FormulaError
from .functions import CONSTANTS, FUNCTIONS, arguments, unknown_function

OPEN = {"LEFT_PAREN": "RIGHT_PAREN", "LEFT_BRACKET": "RIGHT_BRACKET", "LEFT_BRACE": "RIGHT_BRACE"}
CLOSE = {closing: opening for opening, closing in OPEN.items()}


@dataclass(frozen=True)
class Token:
    """A token of formulae's scanner, and where in the text it stands."""

    kind: str
    lexeme: str
    literal: Any
    start: int
    end: int


def pointed(text: str, place: int, message: str) -> FormulaError:
    """Make an error that shows the formula with a mark under the place."""
    flat = "".join(" " if char.isspace() else char for char in text)
    return FormulaError(f"{message}\n  {flat}\n  {' ' * place}^")


class _Scanner(Scanner):  # type: ignore[misc]
    """formulae's scanner, keeping places."""

    current: int

    def add_token(self, kind: str, literal: Any = None) -> None:
        lexeme = self.code[self.start : self.current]
        self.tokens.append(Token(kind, lexeme, literal, self.start, self.current))

    def scan_token(self) -> None:
        if self.peek() == "_":
            self.advance()
            self.identifier()
        elif self.peek().isspace():
            self.advance()
        else:
            super().scan_token()

    def number(self) -> None:
        super().number()
        place = self.current
        if self.peek() not in ("e", "E"):
            return
        self.advance()
        if self.peek() in ("+", "-"):
            self.advance()
        if not self.peek().isdigit():
            self.current = place
            return
        while self.peek().isdigit():
            self.advance()
        self.tokens.pop()
        self.add_token("NUMBER", float(self.code[self.start : self.current]))

    def char(self) -> None:
        self._until(self.code[self.start], "quotation mark")
        self.add_token("STRING", self.code[self.start + 1 : self.current - 1])

    def backquote(self) -> None:
        self._until("`", "backquote")
        self.add_token("BQNAME")

    def _until(self, mark: str, name: str) -> None:
        end = self.code.find(mark, self.start + 1)
        if end < 0:
            raise pointed(self.code, self.start, f"This {name} is never closed.")
        self.current = end + 1


def scan(text: str) -> tuple[Token, ...]:
    """Cut a formula into tokens; brackets are checked to match.

    Raises
    ------
    FormulaError
        Points at the character or bracket that cannot be read.
    """
    scanner = _Scanner(text)
    while not scanner.at_end():
        scanner.start = scanner.current
        try:
            scanner.scan_token()
        except ScanError:
            raise pointed(text, scanner.start, _unreadable(text[scanner.start])) from None
    tokens = tuple(scanner.tokens)
    opened: list[Token] = []
    for token in tokens:
        if token.kind in OPEN:
            opened.append(token)
        elif token.kind in CLOSE:
            if not opened:
                raise pointed(text, token.start, f"'{token.lexeme}' closes nothing.")
            if opened[-1].kind != CLOSE[token.kind]:
                message = f"'{token.lexeme}' does not close '{opened[-1].lexeme}'."
                raise pointed(text, token.start, message)
            opened.pop()
    if opened:
        raise pointed(text, opened[-1].start, f"'{opened[-1].lexeme}' is never closed.")
    return tokens


def _unreadable(char: str) -> str:
    hint = {
        "^": " Write I(x**2) for a power of a column, (a + b)**2 for interactions.",
        "&": " Write a:b for an interaction.",
        "$": " Name the column alone; the data frame is passed as `data`.",
        "@": " Write a:b for an interaction.",
    }.get(char, " A column with such a character in its name is written in backquotes: `my col`.")
    return f"The character {char!r} has no meaning in a formula.{hint}"


def source(tokens: Sequence[Token]) -> str:
    """Give the text of tokens back, white space made single."""
    pieces: list[str] = []
    for before, token in zip([None, *tokens[:-1]], tokens, strict=True):
        gap = before is not None and token.start > before.end
        pieces.append((" " if gap else "") + token.lexeme)
    return "".join(pieces)


def depths(tokens: Sequence[Token]) -> list[int]:
    """Count the brackets open around each token (a bracket is outside itself)."""
    found: list[int] = []
    depth = 0
    for token in tokens:
        depth -= token.kind in CLOSE
        found.append(depth)
        depth += token.kind in OPEN
    return found


def names(tokens: Sequence[Token]) -> tuple[str, ...]:
    """List the columns that tokens name, in order: not functions, not names of arguments."""
    found: dict[str, None] = {}
    places = zip(tokens, [*tokens[1:], None], depths(tokens), strict=True)
    for token, after, depth in places:
        if token.kind == "BQNAME":
            found[token.lexeme[1:-1]] = None
        elif token.kind == "IDENTIFIER":
            called = after is not None and after.kind in ("LEFT_PAREN", "EQUAL")
            coding = depth > 0 and token.lexeme in ENCODINGS
            if not called and not coding and token.lexeme not in CONSTANTS:
                found[token.lexeme] = None
    return tuple(found)


def check_functions(text: str, tokens: Sequence[Token]) -> None:
    """Raise where a function is called that formulas do not know."""
    for token, after in itertools.pairwise(tokens):
        if after.kind != "LEFT_PAREN" or token.kind != "IDENTIFIER":
            continue
        name = token.lexeme
        if name in FUNCTIONS:
            continue
        if arguments(name) is not None:
            continue
        raise pointed(text, token.start, unknown_function(name))


class _Kept:
    """An expression in parentheses, that shows them in the coefficient's name."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __str__(self) -> str:
        return f"({self.inner})"

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and bool(self.inner == other.inner)

    def accept(self, visitor: Any) -> Any:
        return self.inner.accept(visitor)

    def eval(self, data: Any, env: Any) -> Any:
        return self.inner.eval(data, env)


class _CallResolver(CallResolver):  # type: ignore[misc]
    def visitGroupingExpr(self, expr: Any) -> Any:
        return _Kept(expr.expression.accept(self))


class _Resolver(Resolver):  # type: ignore[misc]
    def visitCallExpr(self, expr: Any) -> Any:
        return Term(Call(_CallResolver(expr).resolve()))


def _tree(text: str, tokens: Sequence[Token]) -> Any:
    check_functions(text, tokens)
    last = tokens[-1].end
    parser = Parser([*tokens, Token("EOF", "", None, last, last)])
    try:
        tree = parser.parse()
    except (ParseError, AttributeError):
        message = "Cannot be read from here."
        if parser.peek().kind == "LEFT_BRACKET":
            message += (
                " There are no lists in formulas; for an order of categories, make the column "
                "a pandas Categorical in this order."
            )
        raise pointed(text, parser.peek().start, message) from None
    if not parser.at_end():
        message = "Cannot be read from here: an operator such as + or : is missing."
        raise pointed(text, parser.peek().start, message)
    for node in _walk(tree):
        if isinstance(node, CallExpr) and isinstance(node.callee, VariableExpr):
            name = node.callee.name
            wanted = arguments(name.lexeme)
            named = any(isinstance(argument, Assign) for argument in node.args)
            if wanted is not None and (len(node.args) != wanted or named):
                count = "one argument" if wanted == 1 else f"{wanted} arguments"
                raise pointed(text, name.start, f"{name.lexeme}() takes {count}.")
        if (
            isinstance(node, Binary)
            and node.operator.kind == "STAR_STAR"
            and isinstance(node.left, Unary)
        ):
            message = "A sign before a power is ambiguous: write -(x**2) or (-x)**2."
            raise pointed(text, node.left.operator.start, message)
    return tree


def _walk(node: Any) -> Iterable[Any]:
    yield node
    inner = [value for value in vars(node).values() if not isinstance(value, (Token, str))]
    for value in inner:
        for child in value if isinstance(value, list) else [value]:
            if hasattr(child, "accept"):
                yield from _walk(child)


def terms(text: str, tokens: Sequence[Token]) -> Any:
    """Resolve a sum of terms into formulae's Model."""
    tree = _tree(text, tokens)
    try:
        found = _Resolver(tree).resolve()
        model = found if isinstance(found, Model) else Model(found)
        for term in model.common_terms:  # in a/b and (a + b)**2 they share their parts, and so
            if isinstance(term, Term):  # the coding of the last would be that of all
                term.components = copy.deepcopy(term.components)
        columns = names(tokens)
        for part in model.common_components:
            if isinstance(part, Variable) and (
                part.reference is not None or part.name not in columns
            ):
                raise ValueError("terms are columns and functions of them, such as I(2 * x)")
        seen: dict[frozenset[str], str] = {}
        for term in model.common_terms:
            parts = frozenset(part.name for part in getattr(term, "components", ()))
            if seen.setdefault(parts, term.name) != term.name:
                raise ValueError(f"{seen[parts]} and {term.name} are the same term")
        return model
    except Exception as problem:
        told = str(problem).rstrip(".")
        if not isinstance(problem, (TypeError, ValueError)) or "operand" in told:
            told = "arithmetic and comparisons are written inside I(), such as I(x - z), I(x > 0)"
        message = f"`{source(tokens)}` cannot be read as terms of a model: {told}."
        raise pointed(text, tokens[0].start, message) from None


def expression(text: str, tokens: Sequence[Token]) -> Any:
    """Resolve an arithmetic expression (a response, an offset) into what formulae evaluates."""
    tree = _tree(text, tokens)
    try:
        return _CallResolver(tree).resolve()
    except Exception as problem:
        message = f"`{source(tokens)}` cannot be read as an expression. ({problem})"
        raise pointed(text, tokens[0].start, message) from None
