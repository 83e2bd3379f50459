"""The data of the pilot fit as arrays, a tuple with an array for each group term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..arrays import Floats


@dataclass(frozen=True, eq=False)
class FixedRows:
    """The data of a fit, which do not change from round to round.

    Attributes
    ----------
    data : mapping
        Items of the program's data block.
    family : str
    X : array, (row, column)
        Predictors, with a column of ones first if there is an intercept.
    Z : tuple of array, (row, coefficient)
        Columns of each group term.
    codes : tuple of array of int, (row,)
        Group of each row in each term, from 0.
    fixed : tuple of array of bool, (coefficient,)
        Whether the standard deviation is given.
    most : tuple of array, (coefficient,)
        Largest standard deviation, where the prior has light tails; else infinite.
    ridge, anchor : array, (column,)
        Precision and mean of the normal approximation to the prior of b.
    """

    data: Mapping[str, Any]
    family: str
    X: Floats
    Z: tuple[Floats, ...]
    codes: tuple[NDArray[np.int64], ...]
    fixed: tuple[NDArray[np.bool_], ...]
    most: tuple[Floats, ...]
    ridge: Floats
    anchor: Floats

    @property
    def offset(self) -> Floats:
        """The known part of eta, (row,)."""
        return np.asarray(self.data["known"], dtype=np.float64)


def fixed_rows(data: Mapping[str, Any], family: str) -> FixedRows:
    """Make arrays of the items of a program's data block.

    Parameters
    ----------
    data : mapping
        As in `fit.pilot_fit`.
    family : str
    """
    n, K = int(data["N"]), int(data["K"])
    X = np.asarray(data["X"], dtype=np.float64).reshape(n, K)
    ridge, anchor = _penalty(data, "beta")
    if data["has_intercept"]:
        X = np.concatenate([np.ones((n, 1)), X - np.asarray(data["x_mean"], dtype=float)], axis=1)
        alpha_ridge, alpha_anchor = _penalty(data, "alpha")
        ridge, anchor = np.append(alpha_ridge, ridge), np.append(alpha_anchor, anchor)
    columns = np.asarray(data["Z"], dtype=np.float64).reshape(n, -1)
    scale = np.asarray(data["prior_tau_scale"], dtype=np.float64)
    fixed = np.asarray(data["tau_fixed"], dtype=bool)
    light_tails = np.isin(data["prior_tau_family"], (1, 4)) & ~fixed
    return FixedRows(
        data=data,
        family=family,
        X=X,
        Z=by_term(columns, data),
        codes=tuple(np.asarray(g, dtype=np.int64) - 1 for g in data["group"]),
        fixed=by_term(fixed, data),
        most=by_term(np.where(light_tails, 4 * scale, np.inf), data),
        ridge=ridge,
        anchor=anchor,
    )


def by_term(values: NDArray[Any], data: Mapping[str, Any]) -> tuple[NDArray[Any], ...]:
    """Split an array, (..., coefficient of any term), into one of each group term."""
    if not len(data["q"]):
        return ()
    return tuple(np.split(values, np.cumsum(data["q"], dtype=np.int64)[:-1], axis=-1))


def effect_columns(rows: FixedRows, groups: Sequence[int]) -> Any:
    """Return the columns of the effects of all terms, by term, group, coefficient.

    Parameters
    ----------
    rows : FixedRows
    groups : sequence of int
        Number of groups of each term.

    Returns
    -------
    sparse array, (row, effect)
    """
    numbers = np.arange(len(rows.X))
    return sparse.hstack(
        [sparse.csr_array((len(numbers), 0))]
        + [
            sparse.csr_array(
                (
                    Z.ravel(),
                    (
                        np.repeat(numbers, Z.shape[1]),
                        (codes[:, None] * Z.shape[1] + np.arange(Z.shape[1])).ravel(),
                    ),
                ),
                shape=(len(numbers), J * Z.shape[1]),
            )
            for Z, codes, J in zip(rows.Z, rows.codes, groups, strict=True)
        ],
        format="csr",
    )


def _penalty(data: Mapping[str, Any], name: str) -> tuple[Floats, Floats]:
    """Return precisions and means of normal distributions like the priors of alpha or beta.

    Both are arrays, (coefficient,); a flat prior has precision 0.
    """
    family, location, scale = (
        np.atleast_1d(np.asarray(data[f"prior_{name}_{part}"], dtype=np.float64))
        for part in ("family", "location", "scale")
    )
    return np.where(family > 0, 1 / np.square(scale), 0.0), np.where(family > 0, location, 0.0)
