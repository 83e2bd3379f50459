"""Stan's text taken apart: its tokens, and the expressions that they make.

>>> Parser("2 * N + 1").expression()
Call(function='+', args=(Call(function='*', args=(Literal(text='2'), Variable(name='N'))), \
Literal(text='1')))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple, NoReturn, TypeVar

from ..errors import ProgramError
from .expressions import BINARY, Call, Expr, Literal, Variable
from .functions import PREFIX

T = TypeVar("T")

_TOKEN = re.compile(
    r"""
    (?P<nothing> \s+ | //[^\n\r]* | /\*.*?\*/ )
  | (?P<name> [A-Za-z]\w* )
  | (?P<literal> (?: \d[\d_]*\.?[\d_]* | \.\d[\d_]* ) (?: [eE][+-]?\d[\d_]* )? i? | "[^"\n]*" )
  | (?P<sign> %/% | [+\-*/]= | \.[*/^]=? | [=!<>]= | && | \|\| | . )
    """,
    re.VERBOSE | re.DOTALL,
)

CONDITIONAL = -1
"""Precedence of Stan's conditional: less than that of any operator."""

_RIGHT_TO_LEFT = frozenset({"^", ".^"})

OPEN, CLOSE = frozenset("([{"), frozenset(")]}")


class Token(NamedTuple):
    """A word of a program.

    Attributes
    ----------
    kind : str
        ``name`` (keywords too), ``literal``, ``sign``, or ``end`` after the last one.
    text : str
    place : int
        Where it starts in the program.
    """

    kind: str
    text: str
    place: int


class Parser:
    """A place in a program's tokens, from which things are read.

    Parameters
    ----------
    code : str
        Without `#include`.

    Attributes
    ----------
    tokens : list of Token
        Comments and blanks are left out.
    definitions : dict of str to Expr
        Constants that expressions may name.
    user_functions : set of str
        Names of the functions that the program defines: only Stan knows their values.
    """

    def __init__(self, code: str) -> None:
        self._code = code
        self.tokens = [
            Token(match.lastgroup or "", match[0], match.start())
            for match in _TOKEN.finditer(code)
            if match.lastgroup != "nothing"
        ]
        self.tokens.append(Token("end", "", len(code)))
        self._next = 0
        self.definitions: dict[str, Expr] = {}
        self.user_functions: set[str] = set()

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self._next]

    def take(self) -> Token:
        """Return the next token and go past it."""
        token = self.token
        if token.kind == "end":
            self.fail("more text")
        self._next += 1
        return token

    def accept(self, text: str) -> bool:
        """Go past the next token if it is `text`."""
        if self.token.text != text:
            return False
        self._next += 1
        return True

    def expect(self, text: str) -> None:
        """Go past `text`, which must come next."""
        if not self.accept(text):
            self.fail(f"{text!r}")

    def name(self) -> str:
        """Return the name that must come next."""
        if self.token.kind != "name":
            self.fail("a name")
        return self.take().text

    def fail(self, expected: str) -> NoReturn:
        """Raise ProgramError: the next token is not what must stand there."""
        before = self._code[: self.token.place].split("\n")
        where = f"line {len(before)}, column {len(before[-1])}"
        met = repr(self.token.text) if self.token.text else "the end of the program"
        raise ProgramError(f"{where}: {expected} is expected, but {met} is there")

    def skip(self, until: Collection[str], past: Collection[str] = ()) -> None:
        """Go up to one of `until` outside brackets, or past a last bracket of `past`."""
        depth = 0
        while depth or self.token.text not in until:
            text = self.take().text
            depth += (text in OPEN) - (text in CLOSE)
            if depth == 0 and text in past:
                return

    def listed(self, item: Callable[[], T], end: str) -> tuple[T, ...]:
        """Return items with commas between them, and go past `end`."""
        items: list[T] = []
        while not self.accept(end):
            if items and self.accept("|"):  # a density has its first comma so
                if self.accept(end):
                    break
            elif items:
                self.expect(",")
            items.append(item())
        return tuple(items)

    def expression(self, least: int = CONDITIONAL) -> Expr:
        """Return an expression whose operators outside parentheses have precedence `least`."""
        left = self._operand()
        while True:
            sign = self.token.text
            if least <= CONDITIONAL and self.accept("?"):
                yes = self.expression()
                self.expect(":")
                left = Call("?:", (left, yes, self.expression()))
            elif sign in BINARY and BINARY[sign] >= least:
                self.take()
                binds = BINARY[sign] + (sign not in _RIGHT_TO_LEFT)
                left = Call(sign, (left, self.expression(binds)))
            else:
                return left

    def _operand(self) -> Expr:
        if self.token.text in PREFIX:
            sign = self.take().text
            return Call(sign, (self.expression(BINARY["^"]),))
        operand = self._atom()
        while True:
            if self.accept("'"):
                operand = Call("'", (operand,))
            elif self.accept("["):
                operand = Call("[]", (operand, *self.listed(self._index, "]")))
            elif self.token.kind == "literal" and self.token.text.startswith("."):
                operand = Call(".", (operand, Literal(self.take().text[1:])))
            else:
                return operand

    def _atom(self) -> Expr:
        if self.token.kind == "literal":
            return Literal(self.take().text)
        if self.token.kind == "name":
            name = self.take().text
            if self.accept("("):
                arguments = self.listed(self.expression, ")")
                return Call(name, arguments, is_user_defined=name in self.user_functions)
            return Variable(name, self.definitions.get(name))
        for sign, function in (("(", "()"), ("{", "{}"), ("[", "[,]")):
            if self.accept(sign):
                return Call(function, self.listed(self.expression, function[-1]))
        self.fail("an expression")

    def _index(self) -> Expr:
        if self.token.text in (",", "]"):
            return Call(":", ())
        if self.accept(":"):
            if self.token.text in (",", "]"):
                return Call(":", ())
            return Call(":", (Literal("1"), self.expression()))
        first = self.expression()
        if not self.accept(":"):
            return first
        return Call(":", (first,) if self.token.text in (",", "]") else (first, self.expression()))
