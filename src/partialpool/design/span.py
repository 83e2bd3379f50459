"""Which columns of numbers equal others, and which are combinations of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats

_CHUNK = 1 << 16
_PROBE = 64
_EPS = float(np.finfo(float).eps)
_TOLERANCE = 1e-9


def equals(columns: Floats, others: Floats) -> list[int | None]:
    """Find for each of `columns` the place of an equal one among `others`.

    Values that differ by the rounding of a few products, as x * z * w and z * w * x do, are equal.
    A few rows tell most columns apart, so that nothing of size rows x columns x others is made.

    Parameters
    ----------
    columns : array, (row, column)
    others : array, (row, other)

    Returns
    -------
    list of int or None
    """
    probe = np.unique(np.linspace(0, len(columns) - 1, _PROBE).astype(np.int64))
    close = _close(columns[probe][:, :, None], others[probe][:, None, :])
    alike = np.asarray(close.all(axis=0))
    found: list[int | None] = []
    for j in range(columns.shape[1]):
        places = np.flatnonzero(alike[j]).tolist()
        found.append(next((i for i in places if _close(columns[:, j], others[:, i]).all()), None))
    return found


def _close(a: Floats, b: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.abs(a - b) <= 8 * _EPS * np.abs(a))


@dataclass(frozen=True, eq=False)
class Span:
    """Columns, as combinations of those among them that are independent.

    Attributes
    ----------
    kept : tuple of int
        Places of the independent columns.
    weights : array, (kept column, column)
        Every column is the sum of the kept ones times its weights.
    """

    kept: tuple[int, ...]
    weights: Floats


def span_of(blocks: Sequence[Floats], *, known: int = 0) -> Span:
    """Go through columns from the first to the last, and keep those that are independent.

    Columns are compared by what is left of them besides a constant, so that years or times in
    seconds, far from 0, are told apart. Weights are rounded to whole numbers where these do as
    well.

    Parameters
    ----------
    blocks : sequence of array, (row, some columns)
        Taken together, a chunk of rows at a time.
    known : int
        So many of the first columns are known to be independent.

    Returns
    -------
    Span
    """
    rows, total = len(blocks[0]), sum(block.shape[1] for block in blocks)
    if rows == 0 or total == 0:
        return Span((), np.zeros((0, total)))
    center = np.concatenate([block.mean(axis=0) for block in blocks])
    low = np.concatenate([block.min(axis=0) for block in blocks])
    high = np.concatenate([block.max(axis=0) for block in blocks])
    fixed = low == high
    center[fixed] = low[fixed]
    R = triangle(blocks, center)
    whole = np.vstack([np.sqrt(rows) * center, R])
    largest = np.maximum(np.abs(low), np.abs(high)) * np.sqrt(rows)
    about = np.where(fixed, largest, np.sqrt((R**2).sum(axis=0)))
    limit = _TOLERANCE * about + 64 * _EPS * largest
    kept: list[int] = []
    weights = np.zeros((total, total))
    for column in range(total):
        if column >= known:
            found = np.zeros(total)
            found[kept] = _solved(whole, R, center, fixed, kept, column)
            most = limit[column] + 8 * _EPS * float(np.abs(found) @ largest)
            found = _rounded(found, whole, column, about[column], most)
            rest = whole[:, column] - whole @ found
            if np.sqrt((rest**2).sum()) <= most:
                weights[:, column] = found
                continue
        kept.append(column)
        weights[column, column] = 1.0
    return Span(tuple(kept), weights[kept])


def triangle(blocks: Sequence[Floats], center: Floats) -> Floats:
    """R of the QR decomposition of all columns less `center`, chunk by chunk of rows."""
    R = np.zeros((0, len(center)))
    for start in range(0, len(blocks[0]), _CHUNK):
        rows = np.hstack([block[start : start + _CHUNK] for block in blocks]) - center
        R = np.asarray(np.linalg.qr(np.vstack([R, rows]), mode="r"))
    return R


def _solved(
    whole: Floats,
    R: Floats,
    center: Floats,
    fixed: NDArray[np.bool_],
    kept: list[int],
    column: int,
) -> Floats:
    """Weights of the kept columns that come nearest to a column."""
    if not kept:
        return np.zeros(0)
    constants = [place for place, at in enumerate(kept) if fixed[at]]
    if not constants:
        return _least_squares(whole[:, kept], whole[:, column])
    place = constants[0]  # the rest without their means, then what is left of the mean
    others = [at for at in kept if at != kept[place]]
    weights = _least_squares(R[:, others], R[:, column])
    constant = (center[column] - center[others] @ weights) / center[kept[place]]
    return np.insert(weights, place, constant)


def _least_squares(columns: Floats, target: Floats) -> Floats:
    size = np.sqrt((columns**2).sum(axis=0))
    size = np.where(size > 0, size, 1.0)
    weights, *_ = np.linalg.lstsq(columns / size, target, rcond=None)
    scaled: Floats = weights / size
    return scaled


def _rounded(weights: Floats, whole: Floats, column: int, about: float, limit: float) -> Floats:
    """Take whole numbers for weights next to them, and none where next to nothing is added."""
    size = np.sqrt((whole**2).sum(axis=0))
    near = np.round(weights)
    close = np.abs(weights - near) <= 1e-7 * np.maximum(1.0, np.abs(near))
    close &= (near != 0) | (np.abs(weights) * size <= 1e-9 * about)
    rounded = np.where(close, near, weights)
    rest = whole[:, column] - whole @ rounded
    return rounded if np.sqrt((rest**2).sum()) <= limit else weights
