"""Levels and codes of factors, against pandas: also where products of sizes are beyond 2**63."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialpool.data.levels import combination_numbers, fit_factor
from partialpool.errors import DataError

NAMES = ("a", "b", "c", "d", "e", "f")
LABELS = 1600


def many(rows: int, seed: int) -> pd.DataFrame:
    """Six columns of 1,600 labels: 1,600**6 is 1.7e19, and 2**63 is 9.2e18."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.integers(0, LABELS, rows) for name in NAMES})
    for place, name in enumerate(NAMES):  # every label is there, and some rows are alike
        frame.loc[: LABELS - 1, name] = np.roll(np.arange(LABELS), place * 7)
    return pd.concat([frame, frame.iloc[::3]], ignore_index=True)


def joined(frame: pd.DataFrame) -> list[str]:
    return frame[list(NAMES)].astype(str).agg(":".join, axis=1).tolist()


def test_combinations_of_many_labels_keep_apart() -> None:
    frame = many(4000, 1)
    factor, codes = fit_factor(NAMES, frame)
    assert [factor.levels[code] for code in codes] == joined(frame)
    expected = frame.groupby(list(NAMES)).ngroup().to_numpy()
    np.testing.assert_array_equal(codes, expected)
    assert len(factor.levels) == expected.max() + 1


def test_unseen_combinations_of_many_labels_keep_apart() -> None:
    frame = many(4000, 1)
    factor, codes = fit_factor(NAMES, frame)
    new = many(3000, 2)
    new.loc[::5, "f"] += LABELS  # labels that the data did not hold either
    both = pd.concat([frame, new], ignore_index=True)
    found, unseen = factor.on(both)
    np.testing.assert_array_equal(found[: len(frame)], codes)
    every = (*factor.levels, *unseen[::-1])
    assert [every[code] for code in found] == joined(both)
    assert not set(unseen) & set(factor.levels)
    assert len(set(unseen)) == len(unseen)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 3)] * 4), min_size=1, max_size=20),
    st.sampled_from([4, 2**16, 2**31, 2**62]),
)
def test_numbers_of_combinations_are_in_order(rows: list[tuple[int, ...]], size: int) -> None:
    columns = list(np.array(rows, dtype=np.int64).T)
    columns[0] = np.where(columns[0] == 3, size - 1, columns[0])
    numbers = combination_numbers(columns, [size] * 4)
    table = pd.DataFrame(dict(enumerate(columns)))
    expected = table.groupby(list(table.columns)).ngroup().to_numpy()
    np.testing.assert_array_equal(np.unique(numbers, return_inverse=True)[1], expected)


def test_new_groups_that_read_like_others_are_refused() -> None:
    data = pd.DataFrame({"a": ["p:q", "p"], "b": ["r", "s"]})
    factor, _ = fit_factor(("a", "b"), data)
    with pytest.raises(DataError, match="`a:b` in newdata would be labelled alike"):
        factor.on(pd.DataFrame({"a": ["p"], "b": ["q:r"]}))
    with pytest.raises(DataError, match="`a:b` in data would be labelled alike"):
        fit_factor(("a", "b"), pd.DataFrame({"a": ["p:q", "p"], "b": ["r", "q:r"]}))


def test_zeros_and_numpy_scalars_are_plain() -> None:
    values = np.array([np.float64(0.0), -0.0, np.int8(3), np.str_("x")], dtype=object)
    factor, codes = fit_factor(("g",), pd.DataFrame({"g": values}))
    assert codes.tolist() == [0, 0, 1, 2]
    assert [type(level) for level in factor.levels] == [float, int, str]
