"""Replace every `#include` of a Stan program by the file, so that the program is one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import ProgramError

_INCLUDE = re.compile(
    r"^[ \t]*#include[ \t]+[\"<]?([^\s\"<>]+)[\">]?[ \t]*(?://.*)?$", re.MULTILINE
)


def put_in_includes(code: str, folders: Sequence[Path], name: str, depth: int = 0) -> str:
    """Replace every `#include` by the text of the file that it names, as stanc does.

    Parameters
    ----------
    code : str
        Text of a Stan program.
    folders : sequence of Path
        Where files are looked for, in this order.
    name : str
        Name of the program, for messages.
    depth : int
        How many files include the current one.

    Raises
    ------
    ProgramError
        If a file is not there, or files include each other without end.
    """
    if depth > 20:
        raise ProgramError(f"{name}: files include each other without end")

    def text_of(match: re.Match[str]) -> str:
        for folder in folders:
            path = folder / match[1]
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                return put_in_includes(text, folders, name, depth + 1).rstrip("\n")
        raise ProgramError(
            f"{name} includes {match[1]!r}, which is not in "
            f"{', '.join(map(str, folders)) or 'any folder: the program has no file'}"
        )

    return _INCLUDE.sub(text_of, code)
