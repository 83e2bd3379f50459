"""Joint log density of all rows of a group, with the group's effects integrated out."""

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
"""Number of residuals (draws x rows) in memory at a time."""


@dataclass(frozen=True, eq=False)
class FurtherRows:
    """The rows of the data, which densities given the effects of further terms need.

    Attributes
    ----------
    X : array, (row, column)
        Population-level design matrix.
    W : sparse array, (row, effect)
        Design matrix of the effects of further group terms.
    residuals : array, (row,)
        Residuals of the reference fit.
    weights : array, (row,)
    member : sparse array, (group, row)
        1 where a row belongs to a group, else 0.
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
        """Make the matrices of some rows; `codes` has the group of each row."""
        ones = np.ones((len(codes), 1))
        member = effect_columns([GroupColumns(ones, codes, groups)])
        return cls(X, effect_columns(further), residuals, weights, member.T.tocsr())

    def squares(self, d: Floats, further: Floats) -> Floats:
        """Sum the weighted squared residuals of each group.

        Parameters
        ----------
        d : array, (draw, column)
            Population coefficients less those of the reference fit.
        further : array, (draw, effect)
            Effects of the further terms.

        Returns
        -------
        array, (draw, group)
        """
        squares = np.empty((len(d), self.member.shape[0]))
        step = max(1, ROWS // len(self.weights))
        for start in range(0, len(d), step):
            part = slice(start, start + step)
            residuals = self.residuals[:, None] - self.X @ d[part].T - self.W @ further[part].T
            squares[part] = (self.member @ (self.weights[:, None] * residuals**2)).T
        return squares


@dataclass(frozen=True, eq=False)
class GroupRows:
    """Sums over the rows of each group, from which the groups' joint densities are computed.

    Attributes
    ----------
    rows : array, (group,)
        Sums of the weights; the number of rows without weights.
    rr : array, (group,)
        Sums of squared residuals of the reference fit.
    Xr : array, (group, column)
        Cross-products of X and these residuals.
    XX : array, (group, column, column)
    constant : array, (group,)
        The part of the log density that does not depend on the draws: the sum over rows of
        -log(2 pi) / 2 and of minus the log of the known standard error, if there is one.
    further : FurtherRows or None
        The rows, if the model has further group terms.
    """

    rows: Floats
    rr: Floats
    Xr: Floats
    XX: Floats
    constant: Floats
    further: FurtherRows | None = None


def group_log_likelihood(sums: GaussianSums, rows: GroupRows, population: Population) -> Floats:
    """Compute the joint log density of each group's rows, with its effects integrated out.

    It includes all constants. The density of a row with weight w is raised to the power w. If the
    model has further group terms, the density is conditional on their effects.

    Returns
    -------
    array, (draw, group)
    """
    groups = len(sums.ZZ)
    log_density = np.empty((len(population), groups))
    for chunk in solved(sums, population, np.arange(groups)):
        d = population.coefficients[chunk.part] - sums.reference
        half_log_det = sum((np.log(row[-1]) for row in chunk.lower), np.zeros((1, 1)))
        explained = sum((x**2 for x in chunk.x), np.zeros((1, 1)))
        products = (d[:, :, None] * d[:, None, :]).reshape(len(d), -1)
        squares = rows.rr - 2 * d @ rows.Xr.T + products @ rows.XX.reshape(groups, -1).T
        if rows.further is not None and population.further is not None:
            squares = rows.further.squares(d, population.further[chunk.part])
        sigma = chunk.sigma
        quadratic = (squares - explained) / (2 * sigma**2)
        log_density[chunk.part] = (
            rows.constant - rows.rows * np.log(sigma) - half_log_det - quadratic
        )
    return log_density


def group_rows(
    design: Design, codes: NDArray[np.int64], groups: int, reference: Floats
) -> tuple[GaussianSums, GroupRows]:
    """Sum the rows of each group of the design's first term, about a reference fit.

    A row whose code in a further term is negative gets no effects of that term.

    Parameters
    ----------
    design : Design
    codes : array of int, (row,)
        The group of each row.
    groups : int
        Number of groups.
    reference : array, (column,)
        Coefficients of the reference fit.
    """
    response = design.response
    assert response is not None
    term, *others = design.groups
    further = [columns_of(other) for other in others]
    X, y, w = columns(design), response.y - design.offset, weights_of(design)
    sums, of_X = (  # with X in place of Z, ZZ and Zr are the groups' X'X and X'r
        gaussian_sums(X, Z, codes, groups, y, reference=reference, weights=w, further=columns_W)
        for Z, columns_W in ((term.Z, further), (X, []))
    )
    count = np.ones(len(y)) if response.weights is None else response.weights
    residuals, weights = y - X @ reference, np.ones(len(y)) if w is None else w
    logs = 0.5 * np.log(2 * np.pi) + (0.0 if response.se is None else np.log(response.se))
    rows, rr, constant = (
        np.bincount(codes, values, groups).astype(np.float64)
        for values in (count, weights * residuals**2, -count * logs)
    )
    further_rows = (
        FurtherRows.of(X, residuals, weights, codes, groups, further) if further else None
    )
    return sums, GroupRows(rows, rr, of_X.Zr, of_X.ZZ, constant, further_rows)
