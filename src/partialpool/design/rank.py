"""Checks of identifiability: collinear and constant columns, predictors constant in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.levels import list_values
from ..errors import DataError
from .span import triangle

_TOLERANCE = 1e-9
"""Relative size of a residual below which a column is a combination of others."""


def check_rank(names: Sequence[str], X: NDArray[np.float64], *, intercept: bool, term: str) -> None:
    """Raise `DataError` if a column is constant or a linear combination of columns before it.

    Parameters
    ----------
    names : sequence of str
        Names of the columns, without the intercept.
    X : array, (row, column)
    intercept : bool
        Whether there is an intercept beside them.
    term : str
        The part of the formula that has them, for the message: "the fixed part".
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
            reason = "its effect cannot be told from the intercept"
            if least == 0:
                reason = "the data say nothing about its effect"
            raise DataError(
                f"`{name}` in {term} is {least:g} in every row, so {reason}. "
                f"Leave it out of the formula."
            )
    center = X.mean(axis=0) if intercept else np.zeros(len(names))
    R = _triangle(X, center)
    sizes = np.sqrt((R**2).sum(axis=0))
    largest = np.maximum(np.abs(low), np.abs(high)) * np.sqrt(rows)
    R = R / sizes
    limits = _TOLERANCE + 64 * np.finfo(float).eps * largest / sizes
    independent: list[int] = []
    for column in range(len(names)):
        if not independent:
            independent.append(column)
            continue
        weights, *_ = np.linalg.lstsq(R[:, independent], R[:, column], rcond=None)
        residual = R[:, column] - R[:, independent] @ weights
        if np.sqrt((residual**2).sum()) > limits[column]:
            independent.append(column)
            continue
        weights = weights * sizes[column] / sizes[independent]
        constant = center[column] - center[independent] @ weights
        combination = _combination(
            [names[i] for i in independent], weights, constant if intercept else 0.0
        )
        raise DataError(
            f"`{names[column]}` in {term} is a linear combination of other columns, so its "
            f"effect cannot be told from theirs: in every row it is {combination}. "
            f"Leave one of them out."
        )


def constant_in(X: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Find the weights with which columns add up to 1 in every row.

    The columns of all categories of a factor do, each with weight 1.

    Parameters
    ----------
    X : array, (row, column)

    Returns
    -------
    array, (column,), or None
        None if no combination of the columns is constant.
    """
    if not X.shape[1]:
        return None
    sizes = np.sqrt(np.mean(X**2, axis=0))
    R = _triangle(np.column_stack([X / sizes, np.ones(len(X))]), np.zeros(X.shape[1] + 1))
    if R.shape[0] > X.shape[1] and abs(R[-1, -1]) > 1e-8 * np.sqrt(len(X)):
        return None
    c = np.linalg.lstsq(R[:, :-1], R[:, -1], rcond=None)[0] / sizes
    rounded = np.round(c)
    weights: NDArray[np.float64] = np.where(np.abs(c - rounded) < 1e-7, rounded, c)
    return weights


def share_of_its_own(X: NDArray[np.float64], *, intercept: bool) -> NDArray[np.float64]:
    """Return the share of each column's sd that is independent of the other columns.

    It is the sd of the residual of a regression on the other columns, divided by the column's
    sd: 1 for orthogonal columns, near 0 for collinear ones. Without an intercept, root mean
    squares take the place of sds.

    Parameters
    ----------
    X : array, (row, column)
    intercept : bool
        Whether there is an intercept beside the columns.

    Returns
    -------
    array, (column,)
    """
    R = _triangle(X, X.mean(axis=0) if intercept else np.zeros(X.shape[1]))
    sizes = np.sqrt((R**2).sum(axis=0))
    inverse = np.linalg.pinv(R / np.where(sizes > 0, sizes, 1.0))
    shares: NDArray[np.float64] = 1.0 / np.sqrt((inverse**2).sum(axis=1))
    return shares


def _triangle(X: NDArray[np.float64], center: NDArray[np.float64]) -> NDArray[np.float64]:
    return triangle([X], center)


def _combination(names: Sequence[str], weights: NDArray[np.float64], constant: float) -> str:
    """Write a linear combination for a message: "2 + 3 * `x` - `z`"."""
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
    """Whether a column, (row,), has more than one value within each group, (group,)."""
    first = np.zeros(groups, dtype=column.dtype)
    first[codes[::-1]] = column[::-1]
    return np.bincount(codes[column != first[codes]], minlength=groups) > 0


def unvarying_slopes(
    factor: str, names: Sequence[str], Z: NDArray[np.float64], codes: NDArray[np.int64], groups: int
) -> tuple[str | None, list[str]]:
    """Find predictors of a group term that do not vary within all, or within any, of the groups.

    Within a group in which a predictor is constant, its slope and the intercept are not both
    identified.

    Parameters
    ----------
    factor : str
    names : sequence of str
        Names of Z's columns.
    Z : array, (row, coefficient)
    codes : array of int, (row,)
        The group of each row.
    groups : int
        Number of groups.

    Returns
    -------
    warning : str or None
        On columns that vary within no group.
    notes : list of str
        On columns that vary within some groups.
    """
    alone = int((np.bincount(codes, minlength=groups) == 1).sum())
    ones = f" ({alone} of them {'has' if alone == 1 else 'have'} one row)" if alone else ""
    by_count: dict[int, list[str]] = {}
    for index, name in enumerate(names):
        if name != "Intercept":
            count = groups - int(varies(Z[:, index], codes, groups).sum())
            by_count.setdefault(count, []).append(name)
    unvarying = by_count.pop(groups, [])
    by_count.pop(0, None)
    notes = [
        f"{', '.join(f'`{name}`' for name in columns)} {'do' if len(columns) > 1 else 'does'} not "
        f"vary within {count} of {groups} groups of `{factor}`{ones}: the slope is estimated "
        f"from the other groups."
        for count, columns in by_count.items()
    ]
    if not unvarying:
        return None, notes
    vary = "vary" if len(unvarying) > 1 else "varies"
    return (
        f"{list_values(unvarying)} {vary} within no group of `{factor}`{ones}: the data cannot "
        f"tell a group's slope from its intercept, only the priors do. Perhaps (1 | {factor}) is "
        "meant."
    ), notes
