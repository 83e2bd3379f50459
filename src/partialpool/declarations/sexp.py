"""stanc's S-expressions: reading them, and the expressions and types that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .expressions import Expr, Literal, Variable
from .mir import MirError, SizedType, Transform, call, number, sized

Sexp = str | list["Sexp"]

_TOKEN = re.compile(r'\s*(?:([()])|("(?:[^"\\]|\\.)*")|([^\s()"]+))', re.DOTALL)
_ESCAPE = re.compile(r"\\(\d{3}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b"}


def read(text: str) -> Sexp:
    """Read one S-expression: an atom is a string, a list is a list.

    Raises
    ------
    MirError
        If the text is not exactly one.
    """
    stack: list[list[Sexp]] = [[]]
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise MirError(f"unreadable text at character {position}")
        parenthesis, quoted, atom = match.groups()
        if parenthesis == "(":
            stack.append([])
        elif parenthesis == ")":
            if len(stack) == 1:
                raise MirError(f"unexpected ) at character {position}")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(_unquote(quoted) if quoted else atom)
        position = match.end()
    if len(stack) != 1 or len(stack[0]) != 1:
        raise MirError(f"it ends in the middle, at character {position}")
    return stack[0][0]


def walk(node: Sexp) -> Iterator[list[Sexp]]:
    """Yield all lists in an S-expression, outer ones first, however deep it is."""
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, list):
            yield each
            pending.extend(reversed(each))


def expression(node: Sexp) -> Expr:
    """Read the expression in ``((pattern ...) (meta ...))``."""
    match node:
        case [["pattern", pattern], *_]:
            return pattern_expression(pattern)
    raise MirError(f"not an expression: {_brief(node)}")


def sized_type(node: Sexp) -> SizedType:
    """Read the type in ``(SVector AoS size)`` and the like."""
    match node:
        case str(base):
            return sized(base, ())
        case ["SArray", element, size]:
            inner = sized_type(element)
            sizes = (expression(size), *inner.array_sizes)
            return SizedType(inner.base, sizes, inner.sizes, inner.elements)
        case ["STuple", [*elements]]:
            return SizedType("tuple", elements=tuple(sized_type(each) for each in elements))
        case [str(base), *rest]:
            return sized(base, tuple(expression(each) for each in rest if isinstance(each, list)))
    raise MirError(f"not a type: {_brief(node)}")


def transform(node: Sexp) -> Transform:
    """Read the transformation in ``Simplex``, ``(Lower x)``, ``(TupleTransformation (...))``."""
    match node:
        case str(name):
            return Transform(name)
        case ["TupleTransformation", [*parts]]:
            return Transform("TupleTransformation", parts=tuple(transform(part) for part in parts))
        case [str(name), *args]:
            return Transform(name, tuple(expression(each) for each in args))
    raise MirError(f"not a transformation: {_brief(node)}")


def pattern_expression(node: Sexp) -> Expr:
    """Read the expression in what follows the word ``pattern``."""
    match node:
        case ["Var", str(name)]:
            return Variable(name)
        case ["Lit", "Str", str(text)]:
            return Literal(text)
        case ["Lit", "Int" | "Real", str(text)]:
            return number(text)
        case ["Promotion", inner, *_]:
            return expression(inner)
        case ["FunApp", [_, str(name), *_], [*args]]:
            return call(name, tuple(expression(each) for each in args))
        case ["Indexed", inner, [*indices]]:
            return call("Indexed", (expression(inner), *map(_index, indices)))
        case ["TernaryIf" | "EOr" | "EAnd" as name, *args]:
            return call(name, tuple(expression(each) for each in args))
        case ["TupleProjection", inner, str(place)]:
            return call("TupleProjection", (expression(inner), number(place)))
    raise MirError(f"unknown expression {_brief(node)}")


def _index(node: Sexp) -> Expr:
    match node:
        case "All":
            return call("IndexAll", ())
        case ["Single" | "MultiIndex", inner]:
            return expression(inner)
        case ["Upfrom" | "Between" as name, *ends]:
            return call(f"Index{name}", tuple(expression(end) for end in ends))
    raise MirError(f"unknown index {_brief(node)}")


def _unquote(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        if code.isdigit():
            return chr(int(code))
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)

    escaped = _ESCAPE.sub(plain, text[1:-1])
    try:  # OCaml escapes the bytes of UTF-8 one by one
        return escaped.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return escaped


def _brief(node: Sexp) -> str:
    text = repr(node)
    return text if len(text) <= 80 else f"{text[:77]}..."
