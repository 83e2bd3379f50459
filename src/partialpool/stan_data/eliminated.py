"""The data of ``glmm/gaussian_marginal_all``: the order of elimination, and sums in that order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..arrays import Floats
from ..reduction.elimination import Elimination, SortedChain, sorted_chain
from ..reduction.pair_sums import CrossedSums, GroupColumns
from ..reduction.sums import GaussianSums


def order_data(terms: Sequence[GroupColumns], order: Elimination) -> dict[str, Any]:
    """Make the items that say in which order terms and their groups are eliminated.

    Parameters
    ----------
    terms : sequence of GroupColumns
    order : Elimination
        With the numbers of these terms.
    """
    chain = [terms[t] for t in order.chain]
    by_group = sorted_chain(chain)
    groups = [term.groups for term in chain]
    return {
        "E": len(chain),
        "chain": [t + 1 for t in order.chain],
        "outside": [t + 1 for t in order.outside],
        "QE": max(term.Z.shape[1] for term in terms),
        "JE": sum(groups),
        "JI": sum(groups[:-1]),
        "HE": sum(term.groups * term.Z.shape[1] for term in chain),
        "RD": sum(terms[t].groups * terms[t].Z.shape[1] for t in order.outside),
        "level": np.concatenate(by_group.levels) + 1,
        "outer": np.concatenate([np.empty(0, dtype=np.int64), *by_group.outer]) + 1,
    }


def sums_data(
    sums: GaussianSums, terms: Sequence[GroupColumns], order: Elimination
) -> dict[str, Any]:
    """Make the items that are sums over rows.

    Parameters
    ----------
    sums : GaussianSums
        With the orthonormal columns Q of X = QR in the place of X.
    terms : sequence of GroupColumns
        The first is the term whose sums by group `sums` has, the others are those of its
        `crossed`.
    order : Elimination
        With the numbers of these terms.
    """
    assert sums.crossed is not None
    products, with_columns = _products(sums, sums.crossed)
    places = _places(terms)
    by_group = sorted_chain([terms[t] for t in order.chain])
    outside = np.concatenate(
        [np.empty(0, dtype=np.int64), *(places[t].ravel() for t in order.outside)]
    )
    chain_rows = [
        places[t][:, levels] for t, levels in zip(order.chain, by_group.levels, strict=True)
    ]
    in_chain = np.concatenate([rows.ravel() for rows in chain_rows])
    size = max(term.Z.shape[1] for term in terms)
    return {
        "ZZ": _chain_products(products, chain_rows, by_group, size),
        "ZrQ": np.concatenate([_padded(with_columns[rows], size) for rows in chain_rows]),
        "ZW": products[in_chain][:, outside].toarray(),
        "WW": products[outside][:, outside].toarray(),
        "WrQ": with_columns[outside],
    }


def _products(sums: GaussianSums, crossed: CrossedSums) -> tuple[Any, Floats]:
    """Return Z'Z and Z'[residuals, Q] of all terms: by term, coefficient, group."""
    groups, q, _ = sums.ZX.shape
    first = sparse.block_array(
        [[sparse.diags_array(sums.ZZ[:, i, j]) for j in range(q)] for i in range(q)]
    )
    whole = sparse.csr_array(
        sparse.block_array([[first, crossed.ZW], [crossed.ZW.T, crossed.WW]], format="csr")
    )
    by_group = np.concatenate([sums.Zr[:, :, None], sums.ZX], axis=2)
    of_first = np.swapaxes(by_group, 0, 1).reshape(q * groups, -1)
    of_others = np.concatenate([crossed.Wr[:, None], crossed.WX], axis=1)
    return whole, np.concatenate([of_first, of_others])


def _places(terms: Sequence[GroupColumns]) -> list[NDArray[np.int64]]:
    """Return where the effects of each term stand among those of all: (coefficient, group)."""
    sizes = [term.groups * term.Z.shape[1] for term in terms]
    starts = itertools.accumulate(sizes, initial=0)
    return [
        start + np.arange(size).reshape(-1, term.groups)
        for start, size, term in zip(starts, sizes, terms, strict=False)
    ]


def _chain_products(
    products: Any, rows: Sequence[NDArray[np.int64]], by_group: SortedChain, size: int
) -> Floats:
    """Return Z'Z of each term of the chain with itself and those after it.

    Parameters
    ----------
    products : sparse array, (effect, effect)
    rows : sequence of array, each (coefficient, group)
        Where the effects of the chain's terms stand, with groups sorted.
    by_group : SortedChain
    size : int
        Number of coefficients up to which each term is filled with zeros.

    Returns
    -------
    array, (group of the chain, term of the chain * coefficient * own coefficient)
    """
    length = len(rows)
    blocks = []
    for c, own in enumerate(rows):
        block = np.zeros((own.shape[1], length, size, size))
        enclosing = np.arange(own.shape[1])
        for d in range(c, length):
            if d > c:
                enclosing = by_group.outer[d - 1][enclosing]
            for m, others in enumerate(rows[d]):
                for i, effects in enumerate(own):
                    block[:, d, m, i] = products[effects, others[enclosing]]
        blocks.append(block.reshape(own.shape[1], -1))
    return np.concatenate(blocks)


def _padded(by_coefficient: Floats, size: int) -> Floats:
    """Turn (coefficient, group, column) to (group, coefficient * column), filled with zeros."""
    q, groups, columns = by_coefficient.shape
    whole = np.zeros((groups, size, columns))
    whole[:, :q] = np.swapaxes(by_coefficient, 0, 1)
    return whole.reshape(groups, -1)
