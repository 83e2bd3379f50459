"""Reader of stanli's portable MIR, format 2.

The format is stanli's own and versioned: the text ``STANLI2:`` and base64 of a binary payload,
whose tags and field order, it promises, never change under that name (its
`compiler/portable_ir/SCHEMA.md`). All numbers are little-endian; strings and lists start with
their length. What is not known here, at whatever place, is an error: nothing is skipped over.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable
from typing import TypeVar

from . import sexp
from .expressions import Call, Expr, Literal, Variable
from .mir import BASES, SIZES, UNKNOWN, MirError, SizedType, Transform, call, sized
from .statements import Program, Statement

T = TypeVar("T")

PREFIX = "STANLI2:"

_TRANSFORMS = (
    "Identity",
    "Lower",
    "Upper",
    "LowerUpper",
    "Offset",
    "Multiplier",
    "OffsetMultiplier",
    "Simplex",
    "Ordered",
    "PositiveOrdered",
    "CholeskyCorr",
    "UnitVector",
    "SumToZero",
    "Correlation",
    "Covariance",
    "CholeskyCov",
)
_UNSUPPORTED_TRANSFORM = len(_TRANSFORMS)
_COMPOUND = {5: "Promotion", 6: "Indexed", 7: "TernaryIf", 8: "EOr", 9: "EAnd"}
_UNSUPPORTED = Call("unsupported", ())


def read(text: str) -> Program:
    """Decode a program.

    Raises
    ------
    MirError
        If it is not in this format; the message has the position and what was met there.
    """
    if not text.startswith(PREFIX):
        raise MirError(f"it starts with {text[:12]!r}, not with {PREFIX!r}")
    try:
        payload = base64.b64decode(text[len(PREFIX) :], validate=True)
    except binascii.Error as error:
        raise MirError(f"it is not base64: {error}") from error
    reader = _Reader(payload)
    try:
        return reader.program()
    except RecursionError:
        raise MirError(f"at byte {reader.position}: nested too deeply to be read") from None
    except MirError as error:
        raise MirError(f"at byte {reader.position}: {error}") from None


class _Reader:
    """Recursive descent over the payload; `position` is where it stands."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.position = 0

    def program(self) -> Program:
        input_vars = self._list(self._input_var)
        prepare_data, log_prob, generate_quantities = (
            self._list(self._statement) for _ in range(3)
        )
        self._list(self._function)
        output_vars = self._list(self._string)
        more = self.position < len(self._payload)
        transform_inits = self._list(self._statement) if more else ()
        if self.position != len(self._payload):
            raise MirError(f"{len(self._payload) - self.position} bytes after the end")
        return Program(
            input_vars, prepare_data, log_prob, generate_quantities, output_vars, transform_inits
        )

    def _take(self, count: int) -> bytes:
        if count > len(self._payload) - self.position:
            raise MirError(f"it ends where {count} more bytes should be")
        start = self.position
        self.position += count
        return self._payload[start : self.position]

    def _byte(self) -> int:
        return self._take(1)[0]

    def _bool(self) -> bool:
        byte = self._byte()
        if byte > 1:
            raise MirError(f"{byte} where 0 or 1 should be")
        return bool(byte)

    def _count(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def _string(self) -> str:
        try:
            return self._take(self._count()).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MirError(f"not UTF-8: {error.reason}") from error

    def _list(self, item: Callable[[], T]) -> tuple[T, ...]:
        count = self._count()
        if count > len(self._payload) - self.position:  # an item takes a byte or more
            raise MirError(f"a list of {count} items")
        return tuple([item() for _ in range(count)])

    def _optional(self, item: Callable[[], T]) -> T | None:
        return item() if self._bool() else None

    def _input_var(self) -> tuple[str, SizedType]:
        name = self._string()
        found = self._sized_type()
        if found is None:
            raise MirError(f"data variable {name} has no size")
        return name, found

    def _expression(self) -> Expr:
        """Read an expression without recursion: sums may be thousands of terms deep."""
        unfinished: list[tuple[str, int, list[Expr]]] = []
        while True:
            node, name, count = self._head()
            if node is None and count:
                unfinished.append((name, count, []))
                continue
            node = self._tail(call(name, ()) if node is None else node)
            while unfinished:
                name, count, args = unfinished[-1]
                args.append(node)
                if len(args) < count:
                    break
                unfinished.pop()
                node = self._tail(call(name, tuple(args)))
            else:
                return node

    def _head(self) -> tuple[Expr | None, str, int]:
        """Read a leaf, or a function's name and its number of arguments, which come next."""
        match self._byte():
            case 0:
                return Variable(self._string()), "", 0
            case 1:
                return Literal(int.from_bytes(self._take(4), "little", signed=True)), "", 0
            case 2:
                return Literal(struct.unpack("<d", self._take(8))[0]), "", 0
            case 3:
                return Literal(self._string()), "", 0
            case 4:
                library = self._byte()
                if library > 2:
                    raise MirError(f"unknown function library {library}")
                name = self._string()
                self._bool()  # without constants
                return None, name, self._count()
            case 5 | 6 | 7 | 8 | 9 as kind:
                return None, _COMPOUND[kind], self._count()
            case 10:
                return _UNSUPPORTED, "", 0
            case tag:
                raise MirError(f"unknown kind of expression {tag}")

    def _tail(self, node: Expr) -> Expr:
        """Read what ends every expression."""
        self._string()  # type
        self._view()
        self._bool()  # data only
        self._bool()  # promoted
        raw = self._string()
        return _spelled_out(raw) if node is _UNSUPPORTED else node

    def _view(self) -> None:
        self._byte()  # depth of the array
        leaf = self._byte()
        if leaf > 6:
            raise MirError(f"unknown type {leaf}")

    def _transform(self) -> Transform:
        tag = self._byte()
        args, raw = self._list(self._expression), self._string()
        if tag < _UNSUPPORTED_TRANSFORM:
            return Transform(_TRANSFORMS[tag], args)
        if tag == _UNSUPPORTED_TRANSFORM:  # stanli cannot run it, and keeps stanc's spelling
            return sexp.transform(sexp.read(raw))
        raise MirError(f"unknown transformation {tag}")

    def _sized_type(self) -> SizedType | None:
        base, dims = self._string(), self._list(self._expression)
        element, raw = self._string(), self._string()
        if not base:
            return None
        if raw.startswith(f"({base} "):  # likewise
            return sexp.sized_type(sexp.read(raw))
        if base == "SArray" and element.startswith("SComplex"):  # their own sizes are left out
            dims += (UNKNOWN,) * SIZES.get(BASES.get(element, ""), 1)
        return sized(element if base == "SArray" else base, dims)

    def _statement(self) -> Statement:
        match self._byte():
            case 0:
                statement = self._declaration()
            case 1:
                name = self._string()
                self._list(self._expression)  # indices on the left
                statement = Statement("Assignment", name, args=(self._expression(),))
            case 2:
                statement = Statement("TargetPE", args=(self._expression(),))
            case 3 | 4:
                statement = Statement("Block", body=self._list(self._statement))
            case 5:
                name, ends = self._string(), (self._expression(), self._expression())
                statement = Statement("For", name, args=ends, body=self._list(self._statement))
            case 6 | 7:
                condition = (self._expression(),)
                statement = Statement("If", args=condition, body=self._list(self._statement))
            case 8:
                name, args = self._string(), self._list(self._expression)
                transform, checked = self._optional(self._transform), self._string()
                statement = Statement("Call", name, None, args, transform, checked)
            case 9:
                statement = Statement("Return")
                self._optional(self._expression)
            case 10 | 11:
                return Statement("Jump")
            case 12 | 13:
                statement = Statement("Other")
            case tag:
                raise MirError(f"unknown kind of statement {tag}")
        self._string()  # opaque spelling
        return statement

    def _declaration(self) -> Statement:
        name, sized_type = self._string(), self._sized_type()
        self._bool()  # data only
        initial = self._optional(self._expression)
        transform = self._optional(self._transform)
        self._list(self._expression)  # sizes as read
        args = () if initial is None else (initial,)
        return Statement("Decl", name, sized_type, args, transform)

    def _function(self) -> None:
        self._string()
        self._list(self._string)
        self._list(self._string)
        self._list(self._view)
        self._list(self._bool)
        self._list(self._statement)


def _spelled_out(raw: str) -> Expr:
    """Read stanc's spelling of what stanli cannot run, such as a component of a tuple."""
    try:
        return sexp.pattern_expression(sexp.read(raw))
    except MirError:
        return _UNSUPPORTED
