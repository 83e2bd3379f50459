"""What a Stan program declares, taken from the compiler.

>>> program = declarations("data { int<lower=0> N; vector[N] y; } parameters { real mu; }")
>>> [str(variable) for variable in program.data.values()]
['int<lower=0> N', 'vector[N] y']
>>> program.data["y"].shape({"N": 3})
(3,)
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from ..errors import ProgramError
from .expressions import Call, Expr, Literal, Variable
from .mir import MirError
from .model import Block, Declaration, ProgramDeclarations

__all__ = [
    "Block",
    "Call",
    "Declaration",
    "Expr",
    "Literal",
    "ProgramDeclarations",
    "Variable",
    "declarations",
]


def declarations(
    code: str,
    *,
    include_paths: Iterable[str | Path] = (),
    stanc: str | Path | None = None,
    name: str | None = None,
) -> ProgramDeclarations:
    """Read what a Stan program declares.

    Parameters
    ----------
    code : str
        The program.
    include_paths : iterable of paths, optional
        Folders in which to look for `#include` files.
    stanc : path, optional
        A stanc to compile with: names, types and included files are then from its documented
        `--info`. Without one, or where sizes and constraints cannot be read from that
        version of stanc, stanli compiles.
    name : str, optional
        What compiler messages call the program, e.g. its file.

    Returns
    -------
    ProgramDeclarations
        Remembered, unless the program includes files, which may change.

    Raises
    ------
    ProgramError
        If the program does not compile; the message is the compiler's, with line and caret.
    EngineError
        If the compiler cannot be run, or its answer not be read.
    """
    read = _read.__wrapped__ if "#include" in code else _read
    paths = tuple(str(path) for path in include_paths)
    try:
        return read(code, paths, None if stanc is None else Path(stanc))
    except ProgramError as error:
        raise ProgramError(_named(str(error), name)) from None


@functools.lru_cache(maxsize=256)
def _read(code: str, include_paths: tuple[str, ...], stanc: Path | None) -> ProgramDeclarations:
    from .from_stanc import from_stanc
    from .from_stanli import from_stanli

    if stanc is not None:
        try:
            return from_stanc(code, stanc, include_paths)
        except MirError:
            pass  # another version of stanc: its documented output alone has no sizes
    return from_stanli(code, include_paths)


def _named(message: str, name: str | None) -> str:
    """Take the name that a program without a file has in compiler messages out, or replace it."""
    for nameless in ("'string'", "'stdin'"):
        given = f"in '{name}', line" if name else "at line"
        message = message.replace(f"in {nameless}, line", given)
    return message
