"""A reader of Stan CSV for the tests: independent of CmdStanPy's."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np


class StanCsv(NamedTuple):
    """Configuration, column names, draws and all comment lines of a file."""

    config: dict[str, str]
    names: list[str]
    draws: np.ndarray
    comments: list[str]

    def column(self, name: str) -> np.ndarray:
        """Return one column."""
        return self.draws[:, self.names.index(name)]


def read(path: Path | str) -> StanCsv:
    """Read a file, checking its form byte by byte on the way."""
    text = Path(path).read_bytes().decode("utf-8")
    assert text.endswith("\n")
    lines = text.split("\n")[:-1]
    assert all(lines), "blank lines"
    comments = [line for line in lines if line.startswith("#")]
    rows = [line for line in lines if not line.startswith("#")]
    config = dict(line[1:].strip().split(" = ") for line in comments if line.count(" = ") == 1)
    config = {key: value.removesuffix(" (Default)") for key, value in config.items()}
    if not rows:
        return StanCsv(config, [], np.empty((0, 0)), comments)
    names = rows[0].split(",")
    values = [[float(field) for field in row.split(",")] for row in rows[1:]]
    assert all(len(row) == len(names) for row in values)
    draws = np.array(values).reshape(len(values), len(names))
    return StanCsv(config, names, draws, comments)
