"""What a Stan program declares, read from its text.

Only declarations are read; statements, functions and the model are passed over. The text is taken
for valid Stan: whoever runs the program compiles it, and the compiler says what is wrong in it.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import replace
from itertools import count, pairwise
from typing import Any

from .declaration import BOUNDS, TYPES, Block, Declaration, ProgramDeclarations
from .expressions import BINARY, Call, Expr
from .parser import CLOSE, OPEN, Parser

_BLOCKS: dict[str, Block] = {
    "data": "data",
    "parameters": "parameters",
    "transformed parameters": "transformed parameters",
    "generated quantities": "generated quantities",
}
_TRANSFORMED_DATA = "transformed data"

_ASSIGNMENTS = frozenset({"=", "+=", "-=", "*=", "/="})


@functools.lru_cache(maxsize=256)
def declarations(code: str) -> ProgramDeclarations:
    """Read what a Stan program declares; remembered by its text.

    Parameters
    ----------
    code : str
        The program, with its `#include`s put in.

    Returns
    -------
    ProgramDeclarations

    Raises
    ------
    ProgramError
        If a declaration is not one of Stan's: where, and what stands there.
    """
    reader = _Reader(code)
    try:
        reader.program()
    except RecursionError:
        reader.fail("a less deeply nested expression")
    return ProgramDeclarations(tuple(reader.declared))


class _Reader(Parser):
    """Goes through the blocks of a program; `declared` is what they declare."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.declared: list[Declaration] = []
        self._unset: dict[str, str] = {}  # constants without a value yet, and their types
        pairs = [(first.text, second.text) for first, second in pairwise(self.tokens)]
        times = Counter(name for name, sign in pairs if sign in _ASSIGNMENTS)
        # a constant is assigned to once; `(a, b) = f()` may assign to any
        once = {name for name, number in times.items() if number == 1}
        self._constants = set() if (")", "=") in pairs else once

    def program(self) -> None:
        """Read all blocks."""
        while self.token.kind != "end":
            title = self.name()
            if self.token.kind == "name":
                title += f" {self.name()}"
            if title == "functions":
                self._functions()
            elif title == "model":
                self.skip(until=(), past=("}",))
            elif title in _BLOCKS or title == _TRANSFORMED_DATA:
                self.expect("{")
                while not self.accept("}"):
                    self._statement(title)
            else:
                self.fail(f"a block in place of {title!r}")

    def _functions(self) -> None:
        """Go past the functions; what stands before a parenthesis outside bodies is their name."""
        start, depth = self._next, 0
        self.skip(until=(), past=("}",))
        for word, following in pairwise(self.tokens[start : self._next]):
            depth += (word.text in OPEN) - (word.text in CLOSE)
            if depth == 1 and word.kind == "name" and following.text == "(":
                self.user_functions.add(word.text)

    def _statement(self, title: str) -> None:
        if self.token.text in TYPES or self.token.text in ("array", "tuple"):
            self._declarations(title)
        elif title in ("data", "parameters") and self.token.text != ";":
            self.fail("a declaration")
        elif self.token.text in self._unset and self.tokens[self._next + 1].text == "=":
            name = self.name()
            self.expect("=")
            self._define(name, self._unset[name])
            self.expect(";")
        else:
            self.skip(until=(";",), past=("}",))
            self.accept(";")

    def _declarations(self, title: str) -> None:
        """Read ``real x, y = 2;`` or the like; in transformed data such a y may be a constant."""
        scalar = self.token.text in ("int", "real")
        declared = self._type(_BLOCKS.get(title, "data"))
        while True:
            name = self.name()
            if title in _BLOCKS:
                self.declared.append(replace(declared, name=name))
            if title not in ("data", "parameters") and self.accept("="):
                if title == _TRANSFORMED_DATA and scalar and name in self._constants:
                    self._define(name, declared.base)
                else:
                    self.skip(until=(",", ";"))
            elif title == _TRANSFORMED_DATA and scalar and name in self._constants:
                self._unset[name] = declared.base
            if self.accept(";"):
                return
            self.expect(",")

    def _define(self, name: str, base: str) -> None:
        """Read the value of a constant of transformed data."""
        value = self.expression()
        self.definitions[name] = Call("real", (value,)) if base == "real" else value

    def _type(self, block: Block, name: str = "") -> Declaration:
        array_sizes = self._sizes() if self.accept("array") else ()
        if self.accept("tuple"):
            self.expect("(")
            places = count(1)
            elements = self.listed(lambda: self._type(block, str(next(places))), ")")
            return Declaration(name, block, "tuple", array_sizes, elements=elements)
        if self.token.text not in TYPES:
            self.fail("a type")
        keyword = self.take().text
        base, size_count = TYPES[keyword]
        bounds: dict[str, Any] = {}
        if self.accept("<"):
            bounds.update(self.listed(self._bound, ">"))
        sizes = self._sizes() if self.token.text == "[" else ()
        if len(sizes) != size_count and (keyword, len(sizes)) != ("cholesky_factor_cov", 1):
            self.fail(f"{keyword} with {size_count} sizes")
        if base == "matrix" and len(sizes) == 1:
            sizes *= 2
        constraint = None if keyword == base else keyword
        return Declaration(name, block, base, array_sizes, sizes, **bounds, constraint=constraint)

    def _bound(self) -> tuple[str, Expr]:
        if self.token.text not in BOUNDS:
            self.fail(f"one of {', '.join(BOUNDS)}")
        keyword = self.take().text
        self.expect("=")
        return keyword, self.expression(BINARY["+"])  # what compares stands in parentheses

    def _sizes(self) -> tuple[Expr, ...]:
        self.expect("[")
        return self.listed(self.expression, "]")
