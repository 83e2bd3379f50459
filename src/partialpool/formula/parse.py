"""Parse the tokens of a formula into a `Formula`."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FormulaError
from . import expressions
from . import tokens as syntax
from .summands import (
    Summand,
    argument_of,
    is_call,
    is_group,
    refuse_minus,
    refuse_pipe,
    split_sum,
    sum_as_text,
)
from .tokens import Token, scan
from .tree import Formula, GroupTerm

_RESPONSE_PARTS = ("trials", "weights", "se")
_EXAMPLE = 'for example "log_radon ~ floor + (1 + floor | county)"'


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
    fixed: list[Summand] = []
    offsets: list[str] = []
    groups: list[GroupTerm] = []
    for sign, summand in split_sum(text, right):
        if is_group(summand):
            refuse_minus(text, sign, summand)
            for term in _group_terms(text, summand):
                if term in groups:
                    message = f"The term {term} is written twice."
                    raise syntax.error_at(text, summand[0].start, message)
                groups.append(term)
        elif is_call(summand, "offset"):
            refuse_minus(text, sign, summand)
            offsets.append(argument_of(text, summand))
        else:
            refuse_pipe(text, summand)
            fixed.append((sign, summand))
    effects = sum_as_text(text, fixed)
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
    refuse_pipe(text, response)
    expressions.read(text, response)
    if not syntax.names(response):
        raise syntax.error_at(
            text, response[0].start, "The response must name a column of the data."
        )
    parts: dict[str, str] = {}
    if pipes and not tokens[end + 1 :]:
        message = "trials(n), weights(w) or se(s) is missing right of '|'."
        raise syntax.error_at(text, tokens[end].start, message)
    for sign, summand in split_sum(text, tokens[end + 1 :]) if pipes else ():
        refuse_minus(text, sign, summand)
        name = summand[0].lexeme
        if name not in _RESPONSE_PARTS or not is_call(summand, name):
            allowed = "(), ".join(_RESPONSE_PARTS)
            message = f"`{syntax.source(summand)}` cannot follow a response; {allowed}() can."
            raise syntax.error_at(text, summand[0].start, message)
        if name in parts:
            raise syntax.error_at(text, summand[0].start, f"{name}() is written twice.")
        parts[name] = argument_of(text, summand)
    return syntax.source(response), parts


def _refuse_response(text: str, response: str, summands: Sequence[Summand]) -> None:
    for _, summand in summands:
        if syntax.source(summand) == response:
            message = f"`{response}` is the response: it cannot predict itself."
            raise syntax.error_at(text, summand[0].start, message)


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


def _group_terms(text: str, summand: Sequence[Token]) -> list[GroupTerm]:
    """Parse `(effects | factors)`; `a/b` gives a term for a and one for a:b."""
    inner = summand[1:-1]
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
    effects = sum_as_text(text, split_sum(text, left))
    if effects == "0":
        raise syntax.error_at(text, left[0].start, "No effect is left in this group term.")
    nested: list[GroupTerm] = []
    outer: tuple[str, ...] = ()
    for names in _factors(text, right):
        outer = (*outer, *names)
        if len(set(outer)) < len(outer):
            message = f"A column occurs twice in the grouping factor `{syntax.source(right)}`."
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
