"""Find columns that equal others or are linear combinations of others."""

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


def equal_places(columns: Floats, others: Floats) -> list[int | None]:
    """Find for each of `columns` the place of an equal one among `others`.

    Values that differ by the rounding of a few products, such as x * z * w and z * w * x, count
    as equal. A few rows are compared first, because they distinguish most columns and no array
    of size rows x columns x others is then needed.

    Parameters
    ----------
    columns : array, (row, column)
    others : array, (row, other)

    Returns
    -------
    list of int or None
        None for a column that no other equals.
    """
    probe = np.unique(np.linspace(0, len(columns) - 1, _PROBE).astype(np.int64))
    close = _close(columns[probe][:, :, None], others[probe][:, None, :])
    alike = np.asarray(close.all(axis=0))
    equal: list[int | None] = []
    for j in range(columns.shape[1]):
        places = np.flatnonzero(alike[j]).tolist()
        equal.append(next((i for i in places if _close(columns[:, j], others[:, i]).all()), None))
    return equal


def _close(a: Floats, b: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.abs(a - b) <= 8 * _EPS * np.abs(a))


@dataclass(frozen=True, eq=False)
class Span:
    """Columns as linear combinations of a linearly independent subset of them.

    Attributes
    ----------
    independent : tuple of int
        Places of the independent columns.
    weights : array, (independent column, column)
        Every column is the sum of the independent ones times its weights.
    """

    independent: tuple[int, ...]
    weights: Floats


def span_of(blocks: Sequence[Floats], *, n_independent: int = 0) -> Span:
    """Find the columns that are not linear combinations of the columns before them.

    Columns are compared after their means are subtracted, so that columns far from 0 (years,
    times in seconds) are distinguished. Weights are rounded to whole numbers if these fit as well.

    Parameters
    ----------
    blocks : sequence of array, (row, some columns)
        Blocks of columns, which together are the matrix.
    n_independent : int
        Number of columns at the beginning that are known to be independent.

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
    sizes = np.where(fixed, largest, np.sqrt((R**2).sum(axis=0)))
    limits = _TOLERANCE * sizes + 64 * _EPS * largest
    independent: list[int] = []
    weights = np.zeros((total, total))
    for column in range(total):
        if column >= n_independent:
            combination = np.zeros(total)
            combination[independent] = _solved(whole, R, center, fixed, independent, column)
            tolerance = limits[column] + 8 * _EPS * float(np.abs(combination) @ largest)
            combination = _rounded(combination, whole, column, sizes[column], tolerance)
            residual = whole[:, column] - whole @ combination
            if np.sqrt((residual**2).sum()) <= tolerance:
                weights[:, column] = combination
                continue
        independent.append(column)
        weights[column, column] = 1.0
    return Span(tuple(independent), weights[independent])


def triangle(blocks: Sequence[Floats], center: Floats) -> Floats:
    """Return R, (column, column), of the QR decomposition of the columns minus `center`.

    It is computed by chunks of rows, so that the centered columns need no memory.
    """
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
    independent: list[int],
    column: int,
) -> Floats:
    """Return the least-squares weights, (independent column,), that fit a column."""
    if not independent:
        return np.zeros(0)
    constants = [place for place, at in enumerate(independent) if fixed[at]]
    if not constants:
        return _least_squares(whole[:, independent], whole[:, column])
    place = constants[0]  # fit the centered columns first; the constant column fits the mean
    varying = [at for at in independent if at != independent[place]]
    weights = _least_squares(R[:, varying], R[:, column])
    constant = (center[column] - center[varying] @ weights) / center[independent[place]]
    return np.insert(weights, place, constant)


def _least_squares(columns: Floats, target: Floats) -> Floats:
    size = np.sqrt((columns**2).sum(axis=0))
    size = np.where(size > 0, size, 1.0)
    weights, *_ = np.linalg.lstsq(columns / size, target, rcond=None)
    scaled: Floats = weights / size
    return scaled


def _rounded(
    weights: Floats, whole: Floats, column: int, size_of_column: float, tolerance: float
) -> Floats:
    """Round weights near whole numbers, and drop negligible ones, if the fit stays as good."""
    sizes = np.sqrt((whole**2).sum(axis=0))
    near = np.round(weights)
    close = np.abs(weights - near) <= 1e-7 * np.maximum(1.0, np.abs(near))
    close &= (near != 0) | (np.abs(weights) * sizes <= 1e-9 * size_of_column)
    rounded = np.where(close, near, weights)
    residual = whole[:, column] - whole @ rounded
    return rounded if np.sqrt((residual**2).sum()) <= tolerance else weights
