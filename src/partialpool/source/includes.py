"""Stan's `#include`: the files put in, so that a saved program needs no other file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import ProgramError

_INCLUDE = re.compile(
    r"^[ \t]*#include[ \t]+[\"<]?([^\s\"<>]+)[\">]?[ \t]*(?://.*)?$", re.MULTILINE
)


def put_in_includes(code: str, folders: Sequence[Path], name: str, depth: int = 0) -> str:
    """Replace every `#include` by the file it names, as stanc does; relative to `folders`."""
    if depth > 20:
        raise ProgramError(f"{name}: files include each other without end")

    def text_of(match: re.Match[str]) -> str:
        for folder in folders:
            path = folder / match[1]
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                return put_in_includes(text, folders, name, depth + 1).rstrip("\n")
        raise ProgramError(
            f"{name} includes {match[1]!r}, which is not in {', '.join(map(str, folders)) or 'it'}"
        )

    return _INCLUDE.sub(text_of, code)
