"""The page of the command line: what each command says of itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = "reference"


def write(folder: Path) -> None:
    """Write the page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "command_line.md").write_text(page(), encoding="utf-8")


def page() -> str:
    """Every command's help."""
    whole = help_of()
    commands = re.findall(r"^  ([a-z][\w-]*)  ", whole.split("Commands:")[1], re.MULTILINE)
    sections = [f"## partialpool {name}\n\n```text\n{help_of(name)}\n```" for name in commands]
    return "\n\n".join(["# The command line", f"```text\n{whole}\n```", *sections, ""])


def help_of(*command: str) -> str:
    """Return what `partialpool COMMAND --help` prints."""
    environment = os.environ | {"COLUMNS": "88", "NO_COLOR": "1", "TERM": "dumb"}
    printed = subprocess.run(
        [sys.executable, "-m", "partialpool", *command, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return printed.replace("python -m partialpool", "partialpool").strip()
