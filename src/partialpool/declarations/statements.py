"""A compiled program as stanli hands it out: the statements of its sections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .expressions import Expr
from .mir import SizedType, Transform


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, as much of it as declarations need.

    Attributes
    ----------
    kind : str
        ``Decl``, ``Call`` (of a function for its effect), or the name of another kind.
    name : str
        The declared variable, the assigned one, or the called function.
    type : SizedType or None
        Of a declaration; None for the compiler's own variables without sizes.
    args : tuple of Expr
        Initial value of a declaration, if any; value of an assignment; arguments of a call.
    transform : Transform or None
        Of a parameter's declaration, and of a check.
    checked : str
        What a check is of.
    body : tuple of Statement
    """

    kind: str
    name: str = ""
    type: SizedType | None = None
    args: tuple[Expr, ...] = ()
    transform: Transform | None = None
    checked: str = ""
    body: tuple[Statement, ...] = ()

    def walk(self) -> Iterator[Statement]:
        """Yield the statement and all in it, in order."""
        yield self
        for statement in self.body:
            yield from statement.walk()


@dataclass(frozen=True, slots=True)
class Program:
    """The sections of a compiled program that declarations are made of."""

    input_vars: tuple[tuple[str, SizedType], ...]
    prepare_data: tuple[Statement, ...]
    log_prob: tuple[Statement, ...]
    generate_quantities: tuple[Statement, ...]
    output_vars: tuple[str, ...]
    transform_inits: tuple[Statement, ...]
