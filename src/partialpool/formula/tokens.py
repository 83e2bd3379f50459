"""Cut formulas into tokens that remember their place, and list the columns that they name.

A formula has two languages. Sums of terms (``a*b + log(x)``) are parsed by `terms`. The inside of
a call or of braces, the response and offsets are arithmetic as in Python and are parsed by
`expressions`. Both take the tokens made here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import FormulaError

OPEN = {"LEFT_PAREN": "RIGHT_PAREN", "LEFT_BRACKET": "RIGHT_BRACKET", "LEFT_BRACE": "RIGHT_BRACE"}
CLOSE = {closing: opening for opening, closing in OPEN.items()}
CONSTANTS = ("np.pi", "np.e")
ENCODINGS = ("Sum", "Treatment")
MISSING = "Cannot be read from here: an operator such as + or : is missing."
OPERANDS = frozenset({"IDENTIFIER", "BQNAME", "NUMBER", "STRING", "LITERAL"})
SIGNS = frozenset({"PLUS", "MINUS", "INVERT"})
_LITERALS = {"True": True, "False": False, "None": None}
_WORDS = frozenset({"and", "or", "not"})
_KINDS = {
    "**": "STAR_STAR", "//": "SLASH_SLASH", "==": "EQUAL_EQUAL", "!=": "BANG_EQUAL",
    "<=": "LESS_EQUAL", ">=": "GREATER_EQUAL", "%%": "PERCENT_PERCENT",
    "(": "LEFT_PAREN", ")": "RIGHT_PAREN", "[": "LEFT_BRACKET", "]": "RIGHT_BRACKET",
    "{": "LEFT_BRACE", "}": "RIGHT_BRACE", ",": "COMMA", ".": "PERIOD", "+": "PLUS",
    "-": "MINUS", "*": "STAR", "/": "SLASH", "=": "EQUAL", "<": "LESS", ">": "GREATER",
    "%": "PERCENT", "~": "TILDE", ":": "COLON", "|": "PIPE", "&": "AMPERSAND",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<NUMBER>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<IDENTIFIER>[^\W\d][\w.]*)"
    r"|(?P<QUOTED>['\"`])"
    rf"|(?P<OPERATOR>{'|'.join(map(re.escape, _KINDS))})"
)


@dataclass(frozen=True)
class Token:
    """A word, number or sign of a formula.

    Attributes
    ----------
    kind : str
        "IDENTIFIER", "NUMBER", "PLUS", ...
    lexeme : str
        As written.
    literal : object
        The value of a number, string or literal, or the name of a column without backquotes.
    start, end : int
        Its place in the formula, as of a slice.
    """

    kind: str
    lexeme: str
    literal: Any
    start: int
    end: int


def error_at(text: str, place: int, message: str) -> FormulaError:
    """Return an error whose message shows the formula with a mark under one place."""
    flat = "".join(" " if char.isspace() else char for char in text)
    return FormulaError(f"{message}\n  {flat}\n  {' ' * place}^")


def scan(text: str) -> tuple[Token, ...]:
    """Cut a formula into tokens and check that brackets match.

    Raises
    ------
    FormulaError
        If a character has no meaning or a bracket does not match; the message marks it.
    """
    tokens: list[Token] = []
    opened: list[Token] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        token = _token(text, place)
        place = token.end
        if token.kind in OPEN:
            opened.append(token)
        elif token.kind in CLOSE:
            if not opened:
                raise error_at(text, token.start, f"'{token.lexeme}' closes no bracket.")
            if opened[-1].kind != CLOSE[token.kind]:
                message = f"'{token.lexeme}' does not close '{opened[-1].lexeme}'."
                raise error_at(text, token.start, message)
            opened.pop()
        elif token.kind == "TILDE" and opened:
            token = Token("INVERT", "~", None, token.start, token.end)
        tokens.append(token)
    if opened:
        raise error_at(text, opened[-1].start, f"'{opened[-1].lexeme}' is never closed.")
    return tuple(tokens)


def _token(text: str, start: int) -> Token:
    """Read the token that begins at `start`."""
    match = _TOKEN.match(text, start)
    if match is None:
        raise error_at(text, start, _unreadable(text[start]))
    kind, lexeme, end = str(match.lastgroup), match.group(), match.end()
    literal: Any = None
    if kind == "NUMBER":
        literal = int(lexeme) if lexeme.isdigit() else float(lexeme)
    elif kind == "QUOTED":
        close = text.find(lexeme, end)
        if close < 0:
            mark = "backquote" if lexeme == "`" else "quotation mark"
            raise error_at(text, start, f"This {mark} is never closed.")
        kind = "BQNAME" if lexeme == "`" else "STRING"
        literal, end = text[end:close], close + 1
    elif kind == "OPERATOR":
        kind = _KINDS[lexeme]
    elif lexeme in _LITERALS:
        kind, literal = "LITERAL", _LITERALS[lexeme]
    elif lexeme in _WORDS:
        kind = "WORD"
    else:
        literal = lexeme
    return Token(kind, text[start:end], literal, start, end)


def _unreadable(char: str) -> str:
    hint = {
        "^": " Write I(x**2) for a power of a column, (a + b)**2 for interactions.",
        "$": " Name the column alone; the data frame is passed as `data`.",
        "@": " Write a:b for an interaction.",
        "!": " Write not (x > 0), or x != 0.",
    }.get(char, " A column with such a character in its name is written in backquotes: `my col`.")
    return f"The character {char!r} has no meaning in a formula.{hint}"


def source(tokens: Sequence[Token]) -> str:
    """Return the text of tokens, with white space made single."""
    pieces: list[str] = []
    for before, token in zip([None, *tokens[:-1]], tokens, strict=True):
        gap = before is not None and token.start > before.end
        pieces.append((" " if gap else "") + token.lexeme)
    return "".join(pieces)


def canonical(tokens: Sequence[Token]) -> str:
    """Return the canonical text of an expression, as in coefficients' names: ``I(x ** 2)``."""
    expression = ""
    before: Token | None = None
    for token in tokens:
        text = token.lexeme
        if token.kind in ("BQNAME", "NUMBER"):
            text = str(token.literal)
        elif token.kind in ("LEFT_BRACE", "RIGHT_BRACE"):
            text = "I(" if token.kind == "LEFT_BRACE" else ")"
        elif token.kind == "COMMA":
            text = ", "
        elif token.kind in SIGNS and not ends_operand(before):
            pass
        elif token.lexeme == "not":
            text = "not "
        elif token.kind not in OPERANDS | OPEN.keys() | CLOSE.keys() | {"EQUAL", "PERIOD"}:
            text = f" {text} "
        expression += text
        before = token
    return expression


def ends_operand(token: Token | None) -> bool:
    """Whether an operand may end with this token."""
    return token is not None and (token.kind in OPERANDS or token.kind in CLOSE)


def check_operators(text: str, tokens: Sequence[Token]) -> None:
    """Raise `FormulaError` if two operands stand beside each other without an operator."""
    for before, token in itertools.pairwise(tokens):
        begins = token.kind in OPERANDS or token.kind in OPEN or token.lexeme == "not"
        if not (begins and ends_operand(before)) or token.kind == "LEFT_BRACKET":
            continue
        if token.kind != "LEFT_PAREN" or before.kind != "IDENTIFIER":
            raise error_at(text, token.start, MISSING)


def depths(tokens: Sequence[Token]) -> list[int]:
    """Count the brackets around each token; a bracket itself has the depth outside it."""
    token_depths: list[int] = []
    depth = 0
    for token in tokens:
        depth -= token.kind in CLOSE
        token_depths.append(depth)
        depth += token.kind in OPEN
    return token_depths


@dataclass
class _Bracket:
    """An open bracket: the function that it calls, and the argument being read.

    Attributes
    ----------
    function : str
        "" for a bracket that calls nothing.
    argument : int
        Number of commas so far.
    keyword : str
        Name of the argument, if it was written.
    """

    function: str
    argument: int = 0
    keyword: str = ""


def roles(tokens: Sequence[Token]) -> list[str]:
    """Return each token's role: "column", "function", "keyword", "encoding", "constant" or "".

    A word is a function only if it is called, and an encoding only as the second argument of
    C(); otherwise it is a column, whatever its name.
    """
    token_roles: list[str] = []
    opened: list[_Bracket] = []
    for before, token, after in zip([None, *tokens[:-1]], tokens, [*tokens[1:], None], strict=True):
        role = ""
        if token.kind in OPEN:
            called = before is not None and before.kind == "IDENTIFIER"
            called = called and token.kind == "LEFT_PAREN"
            opened.append(_Bracket(before.lexeme if before is not None and called else ""))
        elif token.kind in CLOSE:
            opened = opened[:-1]
        elif token.kind == "COMMA" and opened:
            opened[-1].argument, opened[-1].keyword = opened[-1].argument + 1, ""
        elif token.kind == "BQNAME":
            role = "column"
        elif token.kind == "IDENTIFIER":
            bracket = opened[-1] if opened else _Bracket("")
            if after is not None and after.kind == "LEFT_PAREN":
                role = "function"
            elif after is not None and after.kind == "EQUAL" and bracket.function:
                role, bracket.keyword = "keyword", token.lexeme
            elif token.lexeme in CONSTANTS:
                role = "constant"
            elif (
                token.lexeme in ENCODINGS
                and bracket.function == "C"
                and (
                    bracket.keyword == "contrast" or (bracket.argument == 1 and not bracket.keyword)
                )
            ):
                role = "encoding"
            else:
                role = "column"
        token_roles.append(role)
    return token_roles


def names(tokens: Sequence[Token]) -> tuple[str, ...]:
    """List the columns that tokens name, in order of their first appearance."""
    pairs = zip(tokens, roles(tokens), strict=True)
    return tuple(dict.fromkeys(token.literal for token, role in pairs if role == "column"))
