"""Sums over pairs of groups, which a Gaussian model with several group terms needs.

One group term, with columns Z, is integrated out. The effects r2 of the further terms are sampled,
or integrated out after it: they are the coefficients of columns W, one for each coefficient and
group of these terms. Row n of W has one entry for each coefficient of these terms, and Z'W and W'W
have entries for pairs of groups with rows in common, so all three are kept as sparse arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..arrays import Floats


@dataclass(frozen=True, eq=False)
class GroupColumns:
    """The design matrix of a group term, and the group of each row.

    Attributes
    ----------
    Z : array, (row, coefficient)
    codes : array of int, (row,)
        Number of the group, from 0; below 0 for rows of no group of the term.
    groups : int
        Number of groups.
    """

    Z: Floats
    codes: NDArray[np.int64]
    groups: int

    @property
    def effects(self) -> int:
        """Number of group-level effects: coefficients times groups."""
        return int(self.Z.shape[1]) * self.groups


@dataclass(frozen=True, eq=False)
class CrossedSums:
    """Cross-products with the columns W of further group terms.

    Effects, the columns of W, are ordered by term, then coefficient, then group.

    Attributes
    ----------
    ZW : sparse array, (coefficient * group, effect)
        Z'W; its rows are the effects of the term that is integrated out, by coefficient, then
        group.
    WW : sparse array, (effect, effect)
        W'W.
    WX : array, (effect, column)
        W'X.
    Wr : array, (effect,)
        W' times the residuals of the reference fit.
    """

    ZW: Any
    WW: Any
    WX: Floats
    Wr: Floats

    def __add__(self, other: CrossedSums) -> CrossedSums:
        """Return the sums over both sets of rows, which must have the same groups."""
        return CrossedSums(
            _tidy(self.ZW + other.ZW),
            _tidy(self.WW + other.WW),
            self.WX + other.WX,
            self.Wr + other.Wr,
        )

    def shifted(self, step: Floats) -> CrossedSums:
        """Return the sums about a fit whose coefficients, (column,), are larger by `step`."""
        return CrossedSums(self.ZW, self.WW, self.WX, self.Wr - self.WX @ step)

    def times(self, matrix: Floats) -> CrossedSums:
        """Return the sums of the columns `X @ matrix`, about the same fit."""
        return CrossedSums(self.ZW, self.WW, self.WX @ matrix, self.Wr)


def effect_columns(terms: Sequence[GroupColumns]) -> Any:
    """Return W, a sparse array (row, effect).

    A row whose code is below 0 has no entry in the columns of that term.
    """
    rows = len(terms[0].codes)
    numbers = np.arange(rows)
    blocks = [
        sparse.csr_array(
            (Z[term.codes >= 0], (numbers[term.codes >= 0], term.codes[term.codes >= 0])),
            shape=(rows, term.groups),
        )
        for term in terms
        for Z in term.Z.T
    ]
    return sparse.hstack(blocks, format="csr")


def crossed_sums(
    X: Floats,
    term: GroupColumns,
    further: Sequence[GroupColumns],
    residuals: Floats,
    weights: Floats,
) -> CrossedSums:
    """Sum the weighted cross-products of the rows.

    Parameters
    ----------
    X : array, (row, column)
        Population-level design matrix.
    term : GroupColumns
        The group term that is integrated out.
    further : sequence of GroupColumns
        The other group terms.
    residuals, weights : arrays, (row,)
    """
    W, Z = effect_columns(further), effect_columns([term])
    scaled = sparse.diags_array(weights) @ W
    return CrossedSums(_tidy(Z.T @ scaled), _tidy(W.T @ scaled), scaled.T @ X, scaled.T @ residuals)


def _tidy(matrix: Any) -> Any:
    """Drop stored zeros, and sort the entries of each row by column."""
    sorted_rows = sparse.csr_array(matrix)
    sorted_rows.eliminate_zeros()
    sorted_rows.sort_indices()
    return sorted_rows


def pairs(term: GroupColumns, further: Sequence[GroupColumns]) -> tuple[int, int]:
    """Count the pairs of groups with rows in common, and the entries of Z'W and W'W.

    Parameters
    ----------
    term : GroupColumns
        The group term that is integrated out.
    further : sequence of GroupColumns
        The other group terms.

    Returns
    -------
    shared : int
        Number of pairs of a group of `term` and a group of another term.
    entries : int
        The most entries, other than 0, that Z'W and W'W can have together.
    """
    shared, entries = 0, 0
    terms = [term, *further]
    for i, first in enumerate(terms):
        for second in terms[i + 1 :]:
            distinct = len(np.unique(first.codes * second.groups + second.codes))
            shared += distinct if i == 0 else 0
            size = first.Z.shape[1] * second.Z.shape[1] * distinct
            entries += size if i == 0 else 2 * size
        entries += first.Z.shape[1] ** 2 * first.groups if i else 0
    return shared, entries
