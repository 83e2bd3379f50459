"""What columns cannot tell: combinations of each other, constants, slopes that do not vary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.levels import listed
from ..errors import DataError
from .span import triangle

_TOLERANCE = 1e-9


def check_rank(names: Sequence[str], X: NDArray[np.float64], *, intercept: bool, term: str) -> None:
    """Raise where a column is constant, or a linear combination of those before it.

    Parameters
    ----------
    names : sequence of str
        Of the columns, the intercept left out.
    X : ndarray of shape (rows, columns)
    intercept : bool
        Whether there is an intercept beside them.
    term : str
        What they belong to, for the message.
    """
    if not names:
        return
    rows, count = len(X), len(names) + intercept
    if count > rows:
        raise DataError(
            f"{term[0].upper()}{term[1:]} has {count} coefficients, but the data have {rows} "
            f"rows: leave terms out."
        )
    low, high = X.min(axis=0), X.max(axis=0)
    for name, least, most in zip(names, low.tolist(), high.tolist(), strict=True):
        if least == most and (intercept or least == 0):
            why = "its effect cannot be told from the intercept"
            if least == 0:
                why = "the data say nothing of its effect"
            raise DataError(
                f"`{name}` in {term} is {least:g} in every row, so {why}. "
                f"Leave it out of the formula."
            )
    center = X.mean(axis=0) if intercept else np.zeros(len(names))
    R = _triangle(X, center)
    size = np.sqrt((R**2).sum(axis=0))
    largest = np.maximum(np.abs(low), np.abs(high)) * np.sqrt(rows)
    R = R / size
    limit = _TOLERANCE + 64 * np.finfo(float).eps * largest / size
    kept: list[int] = []
    for column in range(len(names)):
        if not kept:
            kept.append(column)
            continue
        weights, *_ = np.linalg.lstsq(R[:, kept], R[:, column], rcond=None)
        rest = R[:, column] - R[:, kept] @ weights
        if np.sqrt((rest**2).sum()) > limit[column]:
            kept.append(column)
            continue
        weights = weights * size[column] / size[kept]
        constant = center[column] - center[kept] @ weights
        told = _combination([names[i] for i in kept], weights, constant if intercept else 0.0)
        raise DataError(
            f"`{names[column]}` in {term} is a linear combination of other columns, so its "
            f"effect cannot be told from theirs: in every row it is {told}. Leave one of them out."
        )


def constant_in(X: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return c for which X c is 1 in every row, as of the columns of all categories; or None."""
    if not X.shape[1]:
        return None
    size = np.sqrt(np.mean(X**2, axis=0))
    R = _triangle(np.column_stack([X / size, np.ones(len(X))]), np.zeros(X.shape[1] + 1))
    if R.shape[0] > X.shape[1] and abs(R[-1, -1]) > 1e-8 * np.sqrt(len(X)):
        return None
    c = np.linalg.lstsq(R[:, :-1], R[:, -1], rcond=None)[0] / size
    whole = np.round(c)
    found: NDArray[np.float64] = np.where(np.abs(c - whole) < 1e-7, whole, c)
    return found


def share_of_its_own(X: NDArray[np.float64], *, intercept: bool) -> NDArray[np.float64]:
    """Return what part of each column's standard deviation no combination of others has.

    Without an intercept, of its root mean square.
    """
    R = _triangle(X, X.mean(axis=0) if intercept else np.zeros(X.shape[1]))
    size = np.sqrt((R**2).sum(axis=0))
    inverse = np.linalg.pinv(R / np.where(size > 0, size, 1.0))
    found: NDArray[np.float64] = 1.0 / np.sqrt((inverse**2).sum(axis=1))
    return found


def _triangle(X: NDArray[np.float64], center: NDArray[np.float64]) -> NDArray[np.float64]:
    return triangle([X], center)


def _combination(names: Sequence[str], weights: NDArray[np.float64], constant: float) -> str:
    scale = max(float(np.abs(weights).max()), abs(constant))
    pieces = [] if abs(constant) <= 1e-7 * scale else [(constant, "")]
    pieces += [
        (weight, name)
        for weight, name in zip(weights.tolist(), names, strict=True)
        if abs(weight) > 1e-7 * scale
    ]
    text = ""
    for weight, name in pieces:
        size = f"{abs(weight):.4g}"
        value = size if not name else f"`{name}`" if size == "1" else f"{size} * `{name}`"
        sign = "-" if weight < 0 else "+"
        text += f" {sign} {value}" if text else value if sign == "+" else f"-{value}"
    return text


def varies(column: NDArray[Any], codes: NDArray[np.int64], groups: int) -> NDArray[np.bool_]:
    """For each group, whether a column takes more than one value in it."""
    first = np.zeros(groups, dtype=column.dtype)
    first[codes[::-1]] = column[::-1]
    return np.bincount(codes[column != first[codes]], minlength=groups) > 0


def slopes(
    factor: str, names: Sequence[str], Z: NDArray[np.float64], codes: NDArray[np.int64], groups: int
) -> tuple[str | None, list[str]]:
    """Look for slopes that no group, or only some groups, tell from their intercepts.

    Returns
    -------
    warning : str or None
        If a column varies within no group.
    notes : list of str
        On columns that vary within some.
    """
    alone = int((np.bincount(codes, minlength=groups) == 1).sum())
    ones = f" ({alone} of them {'has' if alone == 1 else 'have'} one row)" if alone else ""
    still: dict[int, list[str]] = {}
    for index, name in enumerate(names):
        if name != "Intercept":
            count = groups - int(varies(Z[:, index], codes, groups).sum())
            still.setdefault(count, []).append(name)
    constant = still.pop(groups, [])
    still.pop(0, None)
    notes = [
        f"{', '.join(f'`{name}`' for name in own)} {'do' if len(own) > 1 else 'does'} not vary "
        f"within {count} of {groups} groups of `{factor}`{ones}: what is said of their slopes "
        f"comes from the other groups."
        for count, own in still.items()
    ]
    if not constant:
        return None, notes
    vary = "vary" if len(constant) > 1 else "varies"
    return (
        f"{listed(constant)} {vary} within no group of `{factor}`{ones}: the data cannot tell a "
        f"group's slope from its intercept, only the priors do. Perhaps (1 | {factor}) is meant."
    ), notes
