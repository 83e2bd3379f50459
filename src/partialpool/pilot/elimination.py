"""What the rows say about the effects of some terms, those of the other terms integrated out.

Terms are eliminated one after another, from the finest to the coarsest. If every term is nested in
the next, this is exact. If terms are crossed, the effects of a term that is left depend on each
other after an elimination. `Information.without` then eliminates that term as if its groups were
independent, with more information than they have, so that no term seems to have less than none.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..arrays import Floats
from .fixed_rows import FixedRows, effect_columns
from .quasi_likelihood import effects_covariance


@dataclass(frozen=True, eq=False)
class Information:
    """Sums over rows of products of the columns of effects and predictors, with working weights.

    Attributes
    ----------
    left : tuple of int
        Numbers of the terms that are not eliminated.
    sizes : tuple of tuple of int
        Of each of these terms: numbers of groups and coefficients.
    ZWZ : sparse array, (effect, effect)
        By term, group, coefficient.
    ZWX : array, (effect, column)
    """

    left: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    ZWZ: Any
    ZWX: Floats

    @classmethod
    def of(cls, rows: FixedRows, groups: Sequence[int], weight: Floats) -> Information:
        """Sum over the rows, with these weights; `groups` has the number of groups of each term."""
        sizes = tuple((J, Z.shape[1]) for J, Z in zip(groups, rows.Z, strict=True))
        Z = effect_columns(rows, groups)
        weighted = Z.multiply(weight[:, None]).T.tocsr()
        return cls(tuple(range(len(sizes))), sizes, weighted @ Z, np.asarray(weighted @ rows.X))

    def _part(self, term: int) -> slice:
        place = self.left.index(term)
        lengths = [groups * q for groups, q in self.sizes]
        return slice(sum(lengths[:place]), sum(lengths[: place + 1]))

    def of_groups(self, term: int) -> tuple[Floats, Floats]:
        """Return Z'WZ, (group, coefficient, coefficient), and Z'WX, (group, coefficient, column).

        Products of the columns of different groups are left out.
        """
        part, (groups, q) = self._part(term), self.sizes[self.left.index(term)]
        block = self.ZWZ[part, part]
        ZWZ = np.stack(
            [np.stack([block[a::q, b::q].diagonal() for b in range(q)], 1) for a in range(q)], 1
        )
        return ZWZ.reshape(groups, q, q), self.ZWX[part].reshape(groups, q, self.ZWX.shape[1])

    def between(self, term: int, other: int) -> Any:
        """Return Z'WZ with the columns of one term on the left and of another on the right.

        Returns
        -------
        sparse array, (effect, effect), each by group, coefficient
        """
        return self.ZWZ[self._part(term), self._part(other)]

    def without(self, term: int, Sigma: Floats) -> Information:
        """Return the information on the effects of the other terms, those of `term` integrated out.

        Parameters
        ----------
        term : int
        Sigma : array, (coefficient, coefficient)
            Covariance of the effects between groups, over the variance of a row of weight 1.
        """
        part = self._part(term)
        groups, q = self.sizes[self.left.index(term)]
        own, _ = self.of_groups(term)
        crossed = abs(self.ZWZ[part, part]).sum(axis=1) - abs(own).sum(axis=2).ravel()
        own = own + np.maximum(crossed, 0).reshape(groups, q, 1) * np.eye(q)
        covariance = sparse.bsr_array(
            (effects_covariance(own, Sigma), np.arange(groups), np.arange(groups + 1)),
            shape=(groups * q, groups * q),
        )
        others = np.ones(self.ZWZ.shape[0], dtype=bool)
        others[part] = False
        across = self.ZWZ[others][:, part]
        shared = across @ covariance
        keep = [place for place, number in enumerate(self.left) if number != term]
        sizes = tuple(self.sizes[place] for place in keep)
        # the last term's groups need no products with each other, which would be many
        taken = shared @ across.T if len(keep) > 1 else _within_groups(shared, across, *sizes[0])
        return Information(
            tuple(self.left[place] for place in keep),
            sizes,
            (self.ZWZ[others][:, others] - taken).tocsr(),
            self.ZWX[others] - shared @ self.ZWX[part],
        )


def _within_groups(left: Any, right: Any, groups: int, q: int) -> Any:
    """Return the blocks of left @ right.T for each group: sparse array, (effect, effect)."""
    blocks = np.empty((groups, q, q))
    for a, b in itertools.product(range(q), range(q)):
        blocks[:, a, b] = np.asarray(left[a::q].multiply(right[b::q]).sum(axis=1)).ravel()
    return sparse.bsr_array(
        (blocks, np.arange(groups), np.arange(groups + 1)), shape=(groups * q, groups * q)
    )
