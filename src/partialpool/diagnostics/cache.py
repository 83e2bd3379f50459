"""Statistics of draws, computed once and used by every table of a fit."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from .statistics import statistics

Stamp = tuple[str, tuple[int, ...], int]
"""Type, shape and checksum of draws."""


class StatisticsCache:
    """Statistics of variables by name, kept without the draws that they are of.

    They are used again as long as the variable's draws are the same, by their checksum, and
    computed anew if the draws were replaced or changed in place.
    """

    def __init__(self) -> None:
        """Start without statistics."""
        self._found: dict[str, tuple[Stamp, Floats]] = {}

    def of(self, variables: Mapping[str, NDArray[Any]]) -> list[Floats]:
        """Return the statistics of variables; those that are not known are computed in one pass.

        Parameters
        ----------
        variables : mapping of name to array, (chain, draw, scalar)
            As for `statistics.statistics`.

        Returns
        -------
        list of array, (scalar, statistic)
            An array for each variable, in columns `statistics.STATISTICS`. Not to be written to.
        """
        stamps = {name: _stamp(values) for name, values in variables.items()}
        known = {
            name: self._found[name][1]
            for name, stamp in stamps.items()
            if name in self._found and self._found[name][0] == stamp
        }
        new = [name for name in variables if name not in known]
        for name, found in zip(new, statistics([variables[name] for name in new]), strict=True):
            found.flags.writeable = False
            known[name] = found
            self._found[name] = stamps[name], found
        return [known[name] for name in variables]


def _stamp(values: NDArray[Any]) -> Stamp:
    checksum = 0
    for chain in values:
        checksum = zlib.crc32(np.ascontiguousarray(chain).data, checksum)
    return values.dtype.str, values.shape, checksum
