"""Array types, the dimensions of draws, and the natural order of labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SAMPLE_DIMS = ("chain", "draw")
"""The first two dimensions of every array of draws, as in ArviZ."""

_DIGITS = re.compile(r"(\d+)")


def natural_key(value: Any) -> tuple[Any, ...]:
    """Return a sort key: numbers sort by size, text by the numbers in it ("day 2", "day 10")."""
    if isinstance(value, (bool, int, float, np.number)):
        return (0, value)
    if isinstance(value, str):
        parts: list[str | int] = list(_DIGITS.split(value))
        parts[1::2] = [int(digits) for digits in parts[1::2]]
        return (1, parts, value)
    return (2, type(value).__name__, str(value))


def natural_order(labels: Sequence[str]) -> Integers:
    """Return the positions that sort labels naturally: county 2 before county 10, a beside A."""
    folded = [label.casefold() for label in labels]
    return np.array(sorted(range(len(labels)), key=lambda i: natural_key(folded[i])), np.int64)
