"""Stan's `#include`: the files put in, so that a saved program needs no other file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .errors import ProgramError

_INCLUDE = re.compile(
    r"""
    //[^\n]* | /\*.*?\*/ | "[^"\n]*"  # no #include stands in these
  | (?:^[ \t]*)? \#include [ \t]+ ["<]? (?P<file>[^\s"<>]+) [">]?
    (?:[ \t]*(?://[^\n]*)?$)?  # and the rest of its line, where nothing is on it
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


def put_in_includes(code: str, folders: Sequence[Path], name: str, depth: int = 0) -> str:
    """Replace every `#include` by the file it names, as stanc does; relative to `folders`.

    Those in comments and strings are left alone.
    """
    if depth > 20:
        raise ProgramError(f"{name}: files include each other without end")

    def text_of(match: re.Match[str]) -> str:
        if match["file"] is None:
            return match[0]
        for folder in folders:
            path = folder / match["file"]
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                return put_in_includes(text, folders, name, depth + 1).rstrip("\n")
        looked_in = ", ".join(map(str, folders)) or "it"
        raise ProgramError(f"{name} includes {match['file']!r}, which is not in {looked_in}")

    return _INCLUDE.sub(text_of, code)
