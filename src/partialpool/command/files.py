"""Files that the command line reads and folders that it makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import DataError


def make_folder(folder: Path) -> None:
    """Make a folder if it does not exist; raise `DataError` if that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write to the folder {folder}: {error.strerror}") from None


def read_json(path: Path) -> dict[str, Any]:
    """Read a data file in CmdStan's JSON format.

    Raises
    ------
    DataError
        If the file cannot be read, is not JSON, or does not hold one JSON object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise DataError(
            f"{path} must hold one JSON object, of the names of data variables and their values, "
            f"but it holds a {type(data).__name__}"
        )
    return data
