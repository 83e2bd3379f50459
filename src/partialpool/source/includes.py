"""Replace every `#include` of a Stan program by the file, so that the program is one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import ProgramError

_INCLUDE = re.compile(
    r"""
    //[^\n\r]* | /\*.*?\*/ | "[^"\n]*"  # no #include stands in these
  | \#include \s+ (?: "(?P<quoted>[^"\r\n]+)" | <(?P<angled>[^>\r\n]+)> | (?P<bare>\S+) ) (?!\S)
    (?:[ \t]*(?://[^\n]*)?$)?  # and the rest of its line, where nothing is on it
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


def put_in_includes(code: str, folders: Sequence[Path], name: str, depth: int = 0) -> str:
    """Replace every `#include` by the text of the file that it names, as stanc does.

    An `#include` in a comment or a string is left alone.

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
    if "#include" not in code:
        return code
    if depth > 20:
        raise ProgramError(f"{name}: files include each other without end")
    parts, end = [], 0
    for match in _INCLUDE.finditer(code):
        file = match["quoted"] or match["angled"] or match["bare"]
        if file:
            before = code[end : match.start()]
            line_start = before.rstrip(" \t")
            is_whole_line = line_start.endswith("\n") or not (line_start or end)
            text = _text_of(file, folders, name)
            parts += [
                line_start if is_whole_line else before,
                put_in_includes(text, folders, name, depth + 1).rstrip("\n"),
            ]
            end = match.end()
            if code[end : end + 1] not in ("", "\n", "\r"):  # a comment may end the file
                parts.append("\n")
    return "".join([*parts, code[end:]])


def _text_of(file: str, folders: Sequence[Path], name: str) -> str:
    for folder in folders:
        if (folder / file).is_file():
            return (folder / file).read_text(encoding="utf-8")
    looked_in = ", ".join(map(str, folders)) or "it"
    raise ProgramError(f"{name} includes {file!r}, which is not in {looked_in}")
