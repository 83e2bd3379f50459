"""Sums over pairs of groups: what further group terms add to sums of one integrated out.

The effects r2 of further terms are like coefficients of columns W, one for each coefficient and
group. Row n has as many entries in W as the terms have coefficients, and Z'W and W'W as many as
there are pairs of groups with rows in common: all three are sparse.
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
    """Columns of a group term, and the group of each row.

    Attributes
    ----------
    Z : array, (row, coefficient)
    codes : array of int, (row,)
        From 0.
    groups : int
    """

    Z: Floats
    codes: NDArray[np.int64]
    groups: int

    @property
    def effects(self) -> int:
        """Count coefficients times groups."""
        return int(self.Z.shape[1]) * self.groups


@dataclass(frozen=True, eq=False)
class CrossedSums:
    """Cross-products with the columns W of further terms: by term, then coefficient, then group.

    Attributes
    ----------
    ZW : sparse array, (coefficient * group, effect)
        Of the term that is integrated out, by coefficient, then group.
    WW : sparse array, (effect, effect)
    WX : array, (effect, column)
    Wr : array, (effect,)
        W' residuals of the reference fit.
    """

    ZW: Any
    WW: Any
    WX: Floats
    Wr: Floats

    def __add__(self, other: CrossedSums) -> CrossedSums:
        """Add the sums of other rows of the same groups."""
        return CrossedSums(
            _tidy(self.ZW + other.ZW),
            _tidy(self.WW + other.WW),
            self.WX + other.WX,
            self.Wr + other.Wr,
        )

    def shifted(self, step: Floats) -> CrossedSums:
        """Return the sums about a fit whose coefficients are larger by `step`."""
        return CrossedSums(self.ZW, self.WW, self.WX, self.Wr - self.WX @ step)

    def times(self, matrix: Floats) -> CrossedSums:
        """Return the sums of the columns `X @ matrix`, about the same fit."""
        return CrossedSums(self.ZW, self.WW, self.WX @ matrix, self.Wr)


def effect_columns(terms: Sequence[GroupColumns]) -> Any:
    """Lay out W: a sparse array (row, effect); rows of groups with codes below 0 are empty."""
    rows = len(terms[0].codes)
    every = np.arange(rows)
    blocks = [
        sparse.csr_array(
            (Z[term.codes >= 0], (every[term.codes >= 0], term.codes[term.codes >= 0])),
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
    """Sum the cross-products of rows.

    Parameters
    ----------
    X : array, (row, column)
    term : GroupColumns
        The one that is integrated out.
    further : sequence of GroupColumns
    residuals, weights : arrays, (row,)
    """
    W, Z = effect_columns(further), effect_columns([term])
    scaled = sparse.diags_array(weights) @ W
    return CrossedSums(_tidy(Z.T @ scaled), _tidy(W.T @ scaled), scaled.T @ X, scaled.T @ residuals)


def _tidy(matrix: Any) -> Any:
    """Drop zeros, and put the entries of each row in order."""
    found = sparse.csr_array(matrix)
    found.eliminate_zeros()
    found.sort_indices()
    return found


def pairs(term: GroupColumns, further: Sequence[GroupColumns]) -> tuple[int, int]:
    """Count pairs of groups that share rows, and the entries that Z'W and W'W have at most."""
    shared, entries = 0, 0
    terms = [term, *further]
    for i, one in enumerate(terms):
        for other in terms[i + 1 :]:
            distinct = len(np.unique(one.codes * other.groups + other.codes))
            shared += distinct if i == 0 else 0
            size = one.Z.shape[1] * other.Z.shape[1] * distinct
            entries += size if i == 0 else 2 * size
        entries += one.Z.shape[1] ** 2 * one.groups if i else 0
    return shared, entries
