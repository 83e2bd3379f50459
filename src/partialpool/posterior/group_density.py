"""Log densities of all rows of a group together, its effects integrated out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..design.design import Design
from ..reduction.marginal import columns, columns_of, weights_of
from ..reduction.pair_sums import GroupColumns, effect_columns
from ..reduction.sums import GaussianSums, gaussian_sums
from .conditional import Population, solved

ROWS = 4_000_000
"""Residuals (draws x rows) held at a time."""


@dataclass(frozen=True, eq=False)
class FurtherRows:
    """Rows themselves, which densities given effects of further terms need.

    Attributes
    ----------
    X : array, (row, column)
    W : sparse array, (row, effect)
    residuals, weights : arrays, (row,)
        Of the reference fit.
    member : sparse array, (group, row)
        1 where a row is of a group.
    """

    X: Floats
    W: Any
    residuals: Floats
    weights: Floats
    member: Any

    @classmethod
    def of(
        cls,
        X: Floats,
        residuals: Floats,
        weights: Floats,
        codes: NDArray[np.int64],
        groups: int,
        further: Sequence[GroupColumns],
    ) -> FurtherRows:
        """Lay out rows, each of which is of the group that `codes` has."""
        ones = np.ones((len(codes), 1))
        member = effect_columns([GroupColumns(ones, codes, groups)])
        return cls(X, effect_columns(further), residuals, weights, member.T.tocsr())

    def squares(self, d: Floats, further: Floats) -> Floats:
        """Sum weighted squares of residuals by group: (draw, group)."""
        out = np.empty((len(d), self.member.shape[0]))
        step = max(1, ROWS // len(self.weights))
        for start in range(0, len(d), step):
            part = slice(start, start + step)
            left = self.residuals[:, None] - self.X @ d[part].T - self.W @ further[part].T
            out[part] = (self.member @ (self.weights[:, None] * left**2)).T
        return out


@dataclass(frozen=True, eq=False)
class GroupRows:
    """Cross-products of the rows of each group, for densities of whole groups.

    Attributes
    ----------
    rows : array, (group,)
        Sums of the weights.
    rr : array, (group,)
        Sums of squared residuals of the reference fit.
    Xr : array, (group, column)
    XX : array, (group, column, column)
    constant : array, (group,)
        What does not depend on the draws: -log(2 pi) / 2 of each row, and its known log se.
    further : FurtherRows or None
        Where there are further terms.
    """

    rows: Floats
    rr: Floats
    Xr: Floats
    XX: Floats
    constant: Floats
    further: FurtherRows | None = None


def group_log_likelihood(sums: GaussianSums, own: GroupRows, population: Population) -> Floats:
    """Log density of each group's rows, its effects integrated out: (draw, group).

    Given the effects of further terms, where there are any. Complete with its constants. Rows of
    weight w have their densities to the power w.
    """
    groups = len(sums.ZZ)
    out = np.empty((len(population), groups))
    for each in solved(sums, population, np.arange(groups)):
        d = population.coefficients[each.part] - sums.reference
        logs = sum((np.log(row[-1]) for row in each.lower), np.zeros((1, 1)))
        explained = sum((x**2 for x in each.x), np.zeros((1, 1)))
        products = (d[:, :, None] * d[:, None, :]).reshape(len(d), -1)
        squares = own.rr - 2 * d @ own.Xr.T + products @ own.XX.reshape(groups, -1).T
        if own.further is not None and population.further is not None:
            squares = own.further.squares(d, population.further[each.part])
        sigma = each.sigma
        left = (squares - explained) / (2 * sigma**2)
        out[each.part] = own.constant - own.rows * np.log(sigma) - logs - left
    return out


def group_rows(
    design: Design, codes: NDArray[np.int64], groups: int, reference: Floats
) -> tuple[GaussianSums, GroupRows]:
    """Sum the rows of each group of the first term, about a reference fit.

    Parameters
    ----------
    design : Design
    codes : array of int, (row,)
        Group of each row, from 0.
    groups : int
        Number of groups.
    reference : array, (column,)
        Coefficients about which residuals are taken.

    Returns
    -------
    sums : GaussianSums
    rows : GroupRows
        Rows with a code below 0 in a further term have no effect of that term.
    """
    response = design.response
    assert response is not None
    term, *others = design.groups
    further = [columns_of(other) for other in others]
    X, y, w = columns(design), response.y - design.offset, weights_of(design)
    sums, sums_of_X = (
        gaussian_sums(X, Z, codes, groups, y, reference=reference, weights=w, further=crossed_with)
        for Z, crossed_with in ((term.Z, further), (X, []))
    )
    count = np.ones(len(y)) if response.weights is None else response.weights
    residuals, weights = y - X @ reference, np.ones(len(y)) if w is None else w
    logs = 0.5 * np.log(2 * np.pi) + (0.0 if response.se is None else np.log(response.se))
    rows, rr, constant = (
        np.bincount(codes, values, groups).astype(np.float64)
        for values in (count, weights * residuals**2, -count * logs)
    )
    of_further = FurtherRows.of(X, residuals, weights, codes, groups, further) if further else None
    return sums, GroupRows(rows, rr, sums_of_X.Zr, sums_of_X.ZZ, constant, of_further)
