"""Sums in the order of elimination: those of dense matrices, effect by effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from programs.cases_all import SHAPES, case, data_of, ordered_terms, prepared
from programs.cases_crossed import columns_of_effects

from partialpool.reduction import marginal

Array = NDArray[np.float64]


@pytest.mark.parametrize("without_rows", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_are_those_of_dense_columns(shape: str, without_rows: bool) -> None:
    one = case(shape=shape, q=(2, 1, 3), weights=True, seed=5)
    made = prepared(one.model(), without_rows=without_rows)
    data = data_of(made)
    response = made.design.response
    assert response is not None
    assert response.weights is not None
    terms = ordered_terms(made)
    q, J, QE = data["q"], data["J"], data["QE"]
    chain, outside = ([t - 1 for t in data[name]] for name in ("chain", "outside"))
    assert sorted([*chain, *outside]) == list(range(data["T"]))
    X = marginal.columns(made.design)
    fitted = X @ np.asarray(data["beta_hat"]) + made.design.offset
    rQ = np.column_stack([response.y - fitted, X @ np.reshape(data["R_inverse"], (data["P"], -1))])
    by_root = np.sqrt(response.weights)[:, None]
    rQ = by_root * rQ
    levels = np.split(np.asarray(data["level"]) - 1, np.cumsum([J[t] for t in chain])[:-1])
    of_chain: list[list[Array]] = []
    for t, own in zip(chain, levels, strict=True):
        assert sorted(own) == list(range(J[t]))
        by_coefficient = np.split(by_root * columns_of_effects(terms[t]), q[t], axis=1)
        of_chain.append([columns[:, own] for columns in by_coefficient])
    ZZ = np.reshape(data["ZZ"], (data["JE"], len(chain), QE, QE))
    ZrQ = np.reshape(data["ZrQ"], (data["JE"], QE, data["P"] + 1))
    W = np.hstack([np.empty((len(rQ), 0))]
                  + [by_root * columns_of_effects(terms[t]) for t in outside])  # fmt: skip
    close: dict[str, Any] = {"atol": 1e-10}
    start = 0
    for c, (own, count) in enumerate(zip(of_chain, (J[t] for t in chain), strict=True)):
        here = slice(start, start + count)
        for i, columns in enumerate(own):
            np.testing.assert_allclose(ZrQ[here, i], columns.T @ rQ, **close)
            for d in range(c, len(chain)):
                for m, others in enumerate(of_chain[d]):
                    whole = columns.T @ others
                    np.testing.assert_allclose(ZZ[here, d, m, i], whole.sum(axis=1), **close)
                    assert (np.count_nonzero(whole, axis=1) <= 1).all()
        start += count
    assert (ZZ[:, :, QE:] == 0).all()
    whole = np.hstack([columns for own in of_chain for columns in own])
    assert whole.shape[1] == data["HE"]
    for name, expected in (("ZW", whole.T @ W), ("WW", W.T @ W), ("WrQ", W.T @ rQ)):
        found = np.reshape(data[name], expected.shape)
        np.testing.assert_allclose(found, expected, **close)
