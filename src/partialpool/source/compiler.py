"""Stan's compiler, as stanli carries it: the check of a program's syntax and meaning."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path


@functools.lru_cache(maxsize=32)
def compiled(code: str) -> str:
    """Compile a program, its `#include`s put in, to the form that stanli runs.

    Remembered by the text: compiling takes longer than small fits.

    Raises
    ------
    RuntimeError
        If the program does not compile.
    """
    import stanli

    return str(stanli.stan_to_mir(code))


def complaint(code: str, include_paths: Iterable[Path], name: str) -> str | None:
    """Say what the compiler has against a program, with line and caret.

    Parameters
    ----------
    code : str
        With its `#include`s: the message names the file in which the error stands.
    include_paths : iterable of Path
        Folders in which to look for included files.
    name : str
        What to call the program, e.g. its file.

    Returns
    -------
    str or None
        None if it compiles.
    """
    import stanli

    try:
        stanli.stan_to_mir(code, include_paths=list(include_paths))
    except (RuntimeError, ValueError) as error:
        return str(error).replace("'string'", f"'{name}'")
    return None
