"""Parse sums of terms with formulaic's parser.

``a*b + log(x)`` is cut into atoms (columns and calls) and operators, and formulaic expands them
into terms, which are products of atoms. Only `-` and `**` are stricter than in formulaic: they
refuse operands for which they would silently do nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from formulaic.errors import FormulaicError
from formulaic.parser import DefaultOperatorResolver
from formulaic.parser.types import FormulaParser, Operator, OrderedSet
from formulaic.parser.types import Token as Piece

from ..errors import FormulaError
from . import expressions
from . import tokens as syntax
from .expressions import Expression, Term
from .tokens import Token, error_at

_OPERATORS = {
    "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/", "COLON": ":", "STAR_STAR": "**",
}  # fmt: skip
_ARITHMETIC = "arithmetic and comparisons are written inside I(), such as I(2 * x), I(x > 0)"
_COLUMNS = "terms are columns and functions of them, such as I(2 * x)"


class _Operators(DefaultOperatorResolver):  # type: ignore[misc]
    """The operators that a sum of terms may contain."""

    @property
    def operators(self) -> list[Operator]:
        """Formulaic's operators, with stricter versions of `-` and `**`."""
        stricter = [
            Operator("-", arity=2, precedence=100, associativity="left", to_terms=_difference),
            Operator("**", arity=2, precedence=500, associativity="right", to_terms=_power),
        ]
        unchanged = ("+", "*", "/", ":")
        return [
            operator for operator in super().operators if operator.symbol in unchanged
        ] + stricter


def _difference(left: OrderedSet[Any], right: OrderedSet[Any]) -> OrderedSet[Any]:
    """Remove terms from a sum; all of them must be in it."""
    for term in right:
        if term not in left:
            raise ValueError("what is subtracted is not among the terms before it")
    return left - right


def _power(terms: OrderedSet[Any], power: OrderedSet[Any]) -> OrderedSet[Any]:
    """Return the products of up to `power` different terms of a sum."""
    (exponent,) = (factor.expr for term in power for factor in term.factors)
    if not exponent.isdigit() or int(exponent) < 1:
        raise ValueError("a power is 2, 3, ...")
    if len(terms) == 1:
        raise ValueError(
            "a power of one term is the term itself; a square is written inside I(), I(x ** 2)"
        )
    sizes = range(1, int(exponent) + 1)
    chosen = itertools.chain.from_iterable(itertools.combinations(terms, size) for size in sizes)
    return OrderedSet(dict.fromkeys(reduce(_times, factors) for factors in chosen))


def _times(left: Any, right: Any) -> Any:
    return left * right


def read(text: str, tokens: Sequence[Token]) -> tuple[Term, ...]:
    """Parse a sum of terms; a 0 or 1 at its beginning, the intercept, is skipped.

    Parameters
    ----------
    text : str
        The whole formula, for error messages.
    tokens : sequence of Token
        The sum of terms in it.

    Raises
    ------
    FormulaError
        If the tokens are not a sum of terms; the message marks the place in `text`.
    """
    syntax.check_operators(text, tokens)
    atoms: dict[str, Expression] = {}
    number = bool(tokens) and tokens[0].kind == "NUMBER" and tokens[0].literal in (0, 1)
    has_intercept = number and (len(tokens) == 1 or tokens[1].kind in syntax.SIGNS)
    summands = tokens[1:] if has_intercept else tokens
    if has_intercept and summands and summands[0].kind == "PLUS":
        summands = summands[1:]
    if not summands:
        return ()
    place = summands[0].start

    def error(reason: str) -> FormulaError:
        message = f"`{syntax.source(summands)}` cannot be read as terms of a model: {reason}."
        return error_at(text, place, message)

    try:
        parser = FormulaParser(operator_resolver=_Operators())
        pieces = list(_pieces(text, summands, atoms))
        tree = parser.get_ast_from_tokens(pieces, context={})
        sums: Iterable[Any] = parser.get_terms_from_ast(tree, context={}).root
        return tuple(tuple(atoms[factor.expr] for factor in term.factors) for term in sums)
    except FormulaError:
        raise
    except ValueError as problem:
        raise error(str(problem)) from None
    except (FormulaicError, TypeError, KeyError, AttributeError):
        raise error(_ARITHMETIC) from None


def _pieces(text: str, tokens: Sequence[Token], atoms: dict[str, Expression]) -> Iterable[Piece]:
    """Yield formulaic's tokens, one for each atom and operator; add the atoms to `atoms`."""
    depth = syntax.depths(tokens)
    index = 0
    while index < len(tokens):
        start, token = index, tokens[index]
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        index += 1
        if token.kind in _OPERATORS:
            signed = token.kind in ("PLUS", "MINUS") and not syntax.ends_operand(before)
            if signed and token.kind == "MINUS":
                raise ValueError(f"there is nothing to subtract from; {_ARITHMETIC}")
            yield Piece(_OPERATORS[token.kind], kind="operator")
        elif token.kind in ("LEFT_PAREN", "RIGHT_PAREN"):
            yield Piece(token.lexeme, kind="context")
        elif token.kind == "NUMBER" and before is not None and before.kind == "STAR_STAR":
            yield Piece(str(token.literal), kind="value")
        elif token.kind in ("IDENTIFIER", "BQNAME", "LEFT_BRACE"):
            if after is not None and after.kind == "LEFT_BRACKET":
                raise ValueError(_COLUMNS)
            called = token.kind == "IDENTIFIER" and after is not None
            called = called and after is not None and after.kind == "LEFT_PAREN"
            if called or token.kind == "LEFT_BRACE":
                index = depth.index(depth[index - 1], index + called) + 1
            atom = expressions.read(text, tokens[start:index])
            key = f"{'column' if atom.column is not None else 'call'} {atom.name}"
            atoms.setdefault(key, atom)
            yield Piece(key, kind="name")
        elif token.kind == "COMMA":
            raise error_at(text, token.start, syntax.MISSING)
        else:
            alone = token.kind in ("STRING", "LITERAL") or len(tokens) == 1
            raise ValueError(_COLUMNS if alone else _ARITHMETIC)
