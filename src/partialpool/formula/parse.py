"""Parse the tokens of a formula into a `Formula`."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FormulaError
from . import expressions
from . import tokens as syntax
from .expressions import Term
from .tokens import Token, scan
from .tree import Formula, GroupTerm

_SIGNS = {"PLUS": 1, "MINUS": -1}
_OPERATORS = frozenset({"STAR", "STAR_STAR", "SLASH", "COLON", "EQUAL_EQUAL", "BANG_EQUAL"})
_RESPONSE_PARTS = ("trials", "weights", "se")
_EXAMPLE = 'for example "log_radon ~ floor + (1 + floor | county)"'

Piece = tuple[int, tuple[Token, ...]]
"""A summand of a formula: its sign, 1 or -1, and its tokens."""


def parse(text: str) -> Formula:
    """Parse a formula into its response, fixed part, offsets and group terms.

    Parameters
    ----------
    text : str
        ``response ~ term + term + ...``, in the language that `partialpool.formula` describes.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        If the formula cannot be read; the message says why and marks the place.
    """
    if not isinstance(text, str):
        raise FormulaError(f"A formula is text, {_EXAMPLE}; this is of type {type(text).__name__}.")
    if not text.strip():
        raise FormulaError(f"The formula is empty; write one, {_EXAMPLE}.")
    tokens = scan(text)
    tildes = [index for index, token in enumerate(tokens) if token.kind == "TILDE"]
    if not tildes:
        raise FormulaError(
            f"The formula {text.strip()!r} has no '~': write the response left of it, {_EXAMPLE}."
        )
    if len(tildes) > 1:
        place = tokens[tildes[1]].start
        raise syntax.error_at(text, place, "A formula has one '~'; this is the second.")
    place = tokens[tildes[0]].start
    left, right = tokens[: tildes[0]], tokens[tildes[0] + 1 :]
    if not left:
        raise syntax.error_at(text, place, "The response is missing left of '~'.")
    if not right:
        raise syntax.error_at(text, place, "Nothing is right of '~': write y ~ 1 for a mean alone.")
    response, parts = _response(text, left)
    fixed: list[Piece] = []
    offsets: list[str] = []
    groups: list[GroupTerm] = []
    for sign, piece in _pieces(text, right):
        if _is_group(piece):
            _refuse_minus(text, sign, piece)
            for term in _group_terms(text, piece):
                if term in groups:
                    message = f"The term {term} is written twice."
                    raise syntax.error_at(text, piece[0].start, message)
                groups.append(term)
        elif _is_call(piece, "offset"):
            _refuse_minus(text, sign, piece)
            offsets.append(_argument(text, piece))
        else:
            _refuse_pipe(text, piece)
            fixed.append((sign, piece))
    effects = _effects(text, fixed)
    _refuse_response(text, response, fixed)
    _refuse_response_column(text, response, right)
    return Formula(
        text=text.strip(),
        response=response,
        trials=parts.get("trials"),
        weights=parts.get("weights"),
        se=parts.get("se"),
        fixed=effects,
        offsets=tuple(offsets),
        groups=tuple(groups),
    )


def _response(text: str, tokens: tuple[Token, ...]) -> tuple[str, dict[str, str]]:
    """Parse the left side: the response, and the arguments of trials(), weights() and se()."""
    pipes = [
        index
        for index, (token, depth) in enumerate(zip(tokens, syntax.depths(tokens), strict=True))
        if token.kind == "PIPE" and depth == 0
    ]
    if len(pipes) > 1:
        message = "One '|' is enough: hits | trials(n) + weights(w)."
        raise syntax.error_at(text, tokens[pipes[1]].start, message)
    end = pipes[0] if pipes else len(tokens)
    if end == 0:
        raise syntax.error_at(text, tokens[0].start, "The response is missing left of '|'.")
    response = tokens[:end]
    _refuse_pipe(text, response)
    expressions.read(text, response)
    if not syntax.names(response):
        raise syntax.error_at(
            text, response[0].start, "The response must name a column of the data."
        )
    parts: dict[str, str] = {}
    if pipes and not tokens[end + 1 :]:
        message = "trials(n), weights(w) or se(s) is missing right of '|'."
        raise syntax.error_at(text, tokens[end].start, message)
    for sign, piece in _pieces(text, tokens[end + 1 :]) if pipes else ():
        _refuse_minus(text, sign, piece)
        name = piece[0].lexeme
        if name not in _RESPONSE_PARTS or not _is_call(piece, name):
            allowed = "(), ".join(_RESPONSE_PARTS)
            message = f"`{syntax.source(piece)}` cannot follow a response; {allowed}() can."
            raise syntax.error_at(text, piece[0].start, message)
        if name in parts:
            raise syntax.error_at(text, piece[0].start, f"{name}() is written twice.")
        parts[name] = _argument(text, piece)
    return syntax.source(response), parts


def _pieces(text: str, tokens: Sequence[Token]) -> list[Piece]:
    """Split a sum into summands at the signs outside all brackets."""
    pieces: list[Piece] = []
    current: list[Token] = []
    sign = 1
    for token, depth in zip(tokens, syntax.depths(tokens), strict=True):
        outer = depth == 0 and token.kind in _SIGNS
        if outer and not current:
            sign *= _SIGNS[token.kind]
        elif outer and current[-1].kind not in _OPERATORS:
            pieces.append((sign, tuple(current)))
            current, sign = [], _SIGNS[token.kind]
        else:
            current.append(token)
    if not current:
        raise syntax.error_at(text, tokens[-1].start, "A term is missing after this sign.")
    return [*pieces, (sign, tuple(current))]


def _is_call(piece: Sequence[Token], name: str) -> bool:
    if len(piece) < 3 or piece[0].lexeme != name or piece[1].kind != "LEFT_PAREN":
        return False
    return syntax.depths(piece).index(0, 2) == len(piece) - 1


def _is_group(piece: Sequence[Token]) -> bool:
    if piece[0].kind != "LEFT_PAREN" or len(piece) < 2:
        return False
    depth = syntax.depths(piece)
    inside = any(t.kind == "PIPE" and d == 1 for t, d in zip(piece, depth, strict=True))
    return inside and depth.index(0, 1) == len(piece) - 1


def _refuse_minus(text: str, sign: int, piece: Sequence[Token]) -> None:
    if sign < 0:
        message = f"`{syntax.source(piece)}` can be added to a formula, not subtracted."
        raise syntax.error_at(text, piece[0].start, message)


def _refuse_pipe(text: str, piece: Sequence[Token]) -> None:
    """Refuse a '|' outside calls and braces; inside them it is the operator "or"."""
    called: list[bool] = []
    for before, token in zip([None, *piece[:-1]], piece, strict=True):
        if token.kind in syntax.OPEN:
            call = before is not None and before.kind == "IDENTIFIER"
            called.append(call or token.kind == "LEFT_BRACE")
        elif token.kind in syntax.CLOSE:
            called = called[:-1]
        elif token.kind == "PIPE" and not any(called):
            message = (
                "'|' belongs into a group term, in parentheses and added to the others: "
                "y ~ x + (1 + x | group)."
            )
            raise syntax.error_at(text, token.start, message)


def _argument(text: str, piece: Sequence[Token]) -> str:
    """Return the argument of `name(argument)` as text, after checking that it is one expression."""
    inner = piece[2:-1]
    name = piece[0].lexeme
    if not inner:
        raise syntax.error_at(text, piece[0].start, f"{name}() is empty: name a column in it.")
    for token, depth in zip(inner, syntax.depths(inner), strict=True):
        if token.kind in ("COMMA", "EQUAL") and depth == 0:
            message = f"{name}() takes one expression, such as {name}(column)."
            raise syntax.error_at(text, token.start, message)
    expressions.read(text, inner)
    return syntax.source(inner)


def _effects(text: str, pieces: Sequence[Piece]) -> str:
    """Write a sum of terms with its intercept, "0" or "1", first; the last 0, 1 or -1 decides."""
    intercept = True
    before = ""
    for sign, piece in pieces:
        if len(piece) == 1 and piece[0].kind == "NUMBER" and piece[0].literal in (0, 1):
            intercept = (piece[0].literal == 1) == (sign > 0)
            continue
        if piece[0].kind == "PERIOD":
            message = "'.' for all other columns is not known here: write the columns out."
            raise syntax.error_at(text, piece[0].start, message)
        terms = read_terms(text, piece)
        if sign < 0 and not _contains(terms, before):
            message = (
                f"`{syntax.source(piece)}` cannot be subtracted: it is not among the terms before "
                f"it. Arithmetic is written inside I(), such as I(x - z)."
            )
            raise syntax.error_at(text, piece[0].start, message)
        before += f" {'+' if sign > 0 else '-'} {syntax.source(piece)}"
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


def _refuse_response(text: str, response: str, pieces: Sequence[Piece]) -> None:
    for _, piece in pieces:
        if syntax.source(piece) == response:
            message = f"`{response}` is the response: it cannot predict itself."
            raise syntax.error_at(text, piece[0].start, message)


def _refuse_response_column(text: str, response: str, right: Sequence[Token]) -> None:
    """Refuse the column of a response that is made of one column, anywhere right of '~'.

    The columns of a response that is made of several, such as I(after - before), are allowed.
    """
    columns = syntax.names(scan(response))
    if len(columns) != 1:
        return
    for token, after in zip(right, [*right[1:], None], strict=True):
        called = after is not None and after.kind in ("LEFT_PAREN", "EQUAL")
        named = token.kind == "BQNAME" or (token.kind == "IDENTIFIER" and not called)
        if named and token.lexeme.strip("`") == columns[0]:
            made = "" if response.strip("`") == columns[0] else f", of which {response} is made"
            message = (
                f"`{columns[0]}` is the response{made}: it cannot predict itself, nor be a group "
                "factor of its own rows. Leave it out right of '~'."
            )
            raise syntax.error_at(text, token.start, message)


def _group_terms(text: str, piece: Sequence[Token]) -> list[GroupTerm]:
    """Parse `(effects | factors)`; `a/b` gives a term for a and one for a:b."""
    inner = piece[1:-1]
    pipes = [
        index
        for index, (token, depth) in enumerate(zip(inner, syntax.depths(inner), strict=True))
        if token.kind == "PIPE" and depth == 0
    ]
    double = len(pipes) == 2 and pipes[1] == pipes[0] + 1
    if len(pipes) > 1 and not double:
        message = "A group term has one '|', or '||' for uncorrelated effects."
        raise syntax.error_at(text, inner[pipes[1]].start, message)
    left, right = inner[: pipes[0]], inner[pipes[-1] + 1 :]
    if not left:
        message = "The effects are missing left of '|': write (1 | group) for intercepts."
        raise syntax.error_at(text, inner[pipes[0]].start, message)
    if not right:
        message = "The grouping factor is missing right of '|': write (1 | group)."
        raise syntax.error_at(text, inner[pipes[-1]].start, message)
    effects = _effects(text, _pieces(text, left))
    if effects == "0":
        raise syntax.error_at(text, left[0].start, "No effect is left in this group term.")
    nested: list[GroupTerm] = []
    outer: tuple[str, ...] = ()
    for names in _factors(text, right):
        outer = (*outer, *names)
        if len(set(outer)) < len(outer):
            message = f"A column stands twice in the grouping factor `{syntax.source(right)}`."
            raise syntax.error_at(text, right[0].start, message)
        nested.append(GroupTerm(effects, outer, not double))
    return nested


def _factors(text: str, tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """Parse `a`, `a:b` or `a/b`: the columns that each nested factor adds to those before it."""
    factors: list[tuple[str, ...]] = [()]
    name_expected = True
    for token in tokens:
        if name_expected and token.kind in ("IDENTIFIER", "BQNAME"):
            name = token.lexeme.strip("`") if token.kind == "BQNAME" else token.lexeme
            factors[-1] = (*factors[-1], name)
        elif not name_expected and token.kind == "SLASH":
            factors.append(())
        elif name_expected or token.kind != "COLON":
            message = (
                "A grouping factor is a column, a:b or a/b. Write two terms for two factors, "
                "(1 | a) + (1 | b), and make any other factor a column of the data first."
            )
            raise syntax.error_at(text, token.start, message)
        name_expected = not name_expected
    if name_expected:
        raise syntax.error_at(text, tokens[-1].start, "A column is missing after this.")
    return factors
