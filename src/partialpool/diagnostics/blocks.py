"""Computations on the draws of many scalars, some scalars at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats

BLOCK = 2**17
"""Most draws (scalars x chains x draws) in a block, which has one scalar at least."""


def by_blocks(
    variables: Sequence[NDArray[Any]], columns: int, compute: Callable[[Floats], Floats]
) -> list[Floats]:
    """Compute numbers for every scalar of some variables, without a copy of all draws.

    Parameters
    ----------
    variables : sequence of array, (chain, draw, scalar)
        Real numbers or truth values; all have the same chains and draws.
    columns : int
        How many numbers are computed for a scalar.
    compute : callable
        Gets draws, a contiguous array (scalar, chain, draw); returns numbers, (scalar, column).
        Floating-point warnings are off.

    Returns
    -------
    list of array, (scalar, column)
        An array for each variable. All are NaN if there are no draws.
    """
    tables = [np.full((values.shape[2], columns), np.nan) for values in variables]
    if not variables or 0 in variables[0].shape[:2]:
        return tables
    chains, length = variables[0].shape[:2]
    for parts in _blocks([values.shape[2] for values in variables], chains * length):
        ends = list(itertools.accumulate((some.stop - some.start for _, some in parts), initial=0))
        places = [slice(*pair) for pair in itertools.pairwise(ends)]
        draws = np.empty((ends[-1], chains, length))
        for (i, some), place in zip(parts, places, strict=True):
            draws[place] = np.moveaxis(variables[i][:, :, some], 2, 0)
        with np.errstate(all="ignore"):
            rows = compute(draws)
        for (i, some), place in zip(parts, places, strict=True):
            tables[i][some] = rows[place]
    return tables


def _blocks(sizes: Sequence[int], draws: int) -> Iterator[list[tuple[int, slice]]]:
    """Share out the scalars of some variables among blocks of at most `BLOCK` draws.

    Parameters
    ----------
    sizes : sequence of int
        Number of scalars of each variable.
    draws : int
        Number of draws of a scalar, in all chains.

    Yields
    ------
    list of (int, slice)
        The parts of a block: the position of a variable, and some of its scalars.
    """
    limit = max(1, BLOCK // draws)
    parts: list[tuple[int, slice]] = []
    free = limit
    for i, size in enumerate(sizes):
        start = 0
        while start < size:
            stop = min(start + free, size)
            parts.append((i, slice(start, stop)))
            start, free = stop, free - (stop - start)
            if not free:
                yield parts
                parts, free = [], limit
    if parts:
        yield parts
