"""A formula means the same in other data: rows of a design are rows of it wherever they stand."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from formula import generated_formulas as made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partialpool.design.design import Design, build
from partialpool.errors import DataError, DataWarning, FormulaError
from partialpool.formula.parse import parse

REFUSED = (
    "linear combination",
    "in every row",
    "coefficients, but the data",
    "the same name",
    "predict itself",
)


def quietly(call: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return call()


def same(one: Design, other: Design, rows: np.ndarray | slice = slice(None)) -> None:
    """Every number of `other` is that of these rows of `one`, to the last digit."""
    assert np.array_equal(one.X[rows], other.X)
    assert np.array_equal(one.offset[rows], other.offset)
    for group, new in zip(one.groups, other.groups, strict=True):
        assert np.array_equal(group.Z[rows], new.Z)
        assert np.array_equal(group.codes[rows], new.codes)
        assert new.new_levels == ()
        assert group.coefficients == new.coefficients


def test_other_data_get_the_columns_of_the_fit() -> None:
    tried = {"designs": 0, "refused": 0}

    @settings(
        max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(
        made.formulas(),
        made.tables(),
        st.integers(0, 2**32 - 1),
        st.sampled_from(made.INDEXES),
        st.sampled_from(made.INDEXES),
    )
    def check(
        text: str,
        tables: tuple[pd.DataFrame, pd.DataFrame],
        seed: int,
        index: str,
        other_index: str,
    ) -> None:
        data, retyped = tables
        data, retyped = made.indexed(data, index), made.indexed(retyped, other_index)
        try:
            design = quietly(lambda: build(parse(text), data))
        except (DataError, FormulaError) as problem:
            assert any(part in str(problem) for part in REFUSED), problem
            tried["refused"] += 1
            return
        tried["designs"] += 1
        rng = np.random.default_rng(seed)
        same(design, quietly(lambda: design.on(data)))
        same(design, quietly(lambda: design.on(retyped)))
        for count in (1, 7, len(data)):
            rows = rng.permutation(len(data))[:count]
            for frame in (data, retyped):
                some = frame.iloc[rows]
                same(design, quietly(lambda some=some: design.on(some)), rows)
        twice = np.tile(rng.permutation(len(data)), 2)
        same(design, quietly(lambda: design.on(retyped.iloc[twice])), twice)

    check()
    assert tried["designs"] > 150, tried


TERMS = st.lists(
    st.sampled_from(
        ["a", "b", "c", "x", "z", "a:b", "b:a", "a:c", "b:c", "a:x", "x:a", "b:x", "x:z", "a:b:x",
         "a:b:c", "c:x:z", "a:z"]
    ),
    min_size=1,
    max_size=6,
    unique=True,
)  # fmt: skip


def dummies(terms: list[str], intercept: bool, data: pd.DataFrame) -> np.ndarray:
    """Write out every column of every term, all levels of each factor, redundant as they are."""
    blocks = [np.ones((len(data), int(intercept)))]
    for term in terms:
        block = np.ones((len(data), 1))
        for name in term.split(":"):
            own = pd.get_dummies(data[name]).to_numpy(float)
            if name in "xz":
                own = data[[name]].to_numpy(float)
            block = (block[:, :, None] * own[:, None, :]).reshape(len(data), -1)
        blocks.append(block)
    return np.hstack(blocks)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TERMS, st.booleans(), st.randoms(use_true_random=False))
def test_terms_span_the_same_in_any_order(terms: list[str], intercept: bool, random: Any) -> None:
    rng = np.random.default_rng(0)
    cells = rng.permutation(120)
    data = pd.DataFrame(
        {
            "y": rng.normal(size=120),
            "x": rng.normal(size=120),
            "z": rng.normal(size=120),
            "a": np.array(["p", "q", "r"])[cells % 3],
            "b": np.array(["s", "t"])[cells // 3 % 2],
            "c": np.array(["u", "v", "w"])[cells // 6 % 3],
        }
    )
    order = list(terms)
    random.shuffle(order)
    wanted = dummies(terms, intercept, data)
    rank = np.linalg.matrix_rank(wanted)
    for some in (terms, order):
        design = build(parse(f"y ~ {int(intercept)} + {' + '.join(some)}"), data)
        columns = np.column_stack([np.ones((120, int(intercept))), design.X])
        assert columns.shape[1] == np.linalg.matrix_rank(columns) == rank
        assert np.linalg.matrix_rank(np.hstack([wanted, columns])) == rank
