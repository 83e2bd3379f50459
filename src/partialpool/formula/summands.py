"""Split the sums of a formula into summands, and check and rewrite them as text."""

from __future__ import annotations

from collections.abc import Sequence

from . import expressions
from . import tokens as syntax
from .expressions import Term
from .tokens import Token, scan

_SIGNS = {"PLUS": 1, "MINUS": -1}
_OPERATORS = frozenset({"STAR", "STAR_STAR", "SLASH", "COLON", "EQUAL_EQUAL", "BANG_EQUAL"})

Summand = tuple[int, tuple[Token, ...]]
"""The sign of a summand, 1 or -1, and its tokens."""


def split_sum(text: str, tokens: Sequence[Token]) -> list[Summand]:
    """Split a sum into summands at the signs outside all brackets."""
    summands: list[Summand] = []
    current: list[Token] = []
    sign = 1
    for token, depth in zip(tokens, syntax.depths(tokens), strict=True):
        outer = depth == 0 and token.kind in _SIGNS
        if outer and not current:
            sign *= _SIGNS[token.kind]
        elif outer and current[-1].kind not in _OPERATORS:
            summands.append((sign, tuple(current)))
            current, sign = [], _SIGNS[token.kind]
        else:
            current.append(token)
    if not current:
        raise syntax.error_at(text, tokens[-1].start, "A term is missing after this sign.")
    return [*summands, (sign, tuple(current))]


def is_call(summand: Sequence[Token], name: str) -> bool:
    """Whether the tokens of a summand are one call of a function and nothing else."""
    if len(summand) < 3 or summand[0].lexeme != name or summand[1].kind != "LEFT_PAREN":
        return False
    return syntax.depths(summand).index(0, 2) == len(summand) - 1


def is_group(summand: Sequence[Token]) -> bool:
    """Whether the tokens of a summand are a group term: parentheses with a '|' in them."""
    if summand[0].kind != "LEFT_PAREN" or len(summand) < 2:
        return False
    depth = syntax.depths(summand)
    inside = any(t.kind == "PIPE" and d == 1 for t, d in zip(summand, depth, strict=True))
    return inside and depth.index(0, 1) == len(summand) - 1


def refuse_minus(text: str, sign: int, summand: Sequence[Token]) -> None:
    """Raise `FormulaError` if a summand that can only be added has a minus sign."""
    if sign < 0:
        message = f"`{syntax.source(summand)}` can be added to a formula, not subtracted."
        raise syntax.error_at(text, summand[0].start, message)


def refuse_pipe(text: str, summand: Sequence[Token]) -> None:
    """Raise `FormulaError` for a '|' outside calls and braces, inside which it means "or"."""
    in_call: list[bool] = []
    for previous, token in zip([None, *summand[:-1]], summand, strict=True):
        if token.kind in syntax.OPEN:
            calls = previous is not None and previous.kind == "IDENTIFIER"
            in_call.append(calls or token.kind == "LEFT_BRACE")
        elif token.kind in syntax.CLOSE:
            in_call = in_call[:-1]
        elif token.kind == "PIPE" and not any(in_call):
            message = (
                "'|' belongs in a group term, in parentheses and added to the others: "
                "y ~ x + (1 + x | group)."
            )
            raise syntax.error_at(text, token.start, message)


def argument_of(text: str, summand: Sequence[Token]) -> str:
    """Return the argument of `name(argument)` as text, after checking that it is one expression."""
    inner = summand[2:-1]
    name = summand[0].lexeme
    if not inner:
        raise syntax.error_at(text, summand[0].start, f"{name}() is empty: name a column in it.")
    for token, depth in zip(inner, syntax.depths(inner), strict=True):
        if token.kind in ("COMMA", "EQUAL") and depth == 0:
            message = f"{name}() takes one expression, such as {name}(column)."
            raise syntax.error_at(text, token.start, message)
    expressions.read(text, inner)
    return syntax.source(inner)


def sum_as_text(text: str, summands: Sequence[Summand]) -> str:
    """Write a sum of terms with its intercept, "0" or "1", first; the last 0, 1 or -1 decides."""
    intercept = True
    before = ""
    for sign, summand in summands:
        if len(summand) == 1 and summand[0].kind == "NUMBER" and summand[0].literal in (0, 1):
            intercept = (summand[0].literal == 1) == (sign > 0)
            continue
        if summand[0].kind == "PERIOD":
            message = "'.' for all other columns is not known here: write the columns out."
            raise syntax.error_at(text, summand[0].start, message)
        terms = read_terms(text, summand)
        if sign < 0 and not _contains(terms, before):
            message = (
                f"`{syntax.source(summand)}` cannot be subtracted: it is not among the terms "
                f"before it. Arithmetic is written inside I(), such as I(x - z)."
            )
            raise syntax.error_at(text, summand[0].start, message)
        before += f" {'+' if sign > 0 else '-'} {syntax.source(summand)}"
    return f"{int(intercept)}{before}"


def read_terms(text: str, tokens: Sequence[Token]) -> tuple[Term, ...]:
    """Parse a sum of terms, as `terms.read` does; formulaic, slow to import, is imported here."""
    from .terms import read

    return read(text, tokens)


def _contains(terms: Sequence[Term], text: str) -> bool:
    """Whether a sum of terms, written as text, contains all of `terms`."""
    whole = f"0{text}"
    present = {frozenset(part.name for part in term) for term in read_terms(whole, scan(whole))}
    return all(frozenset(part.name for part in term) in present for term in terms)
