"""A DataFrame through NetCDF and back."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from partialpool.errors import DataError
from partialpool.storage import frames

DAYS = pd.date_range("2024-03-30", periods=4, freq="12h")

COLUMNS = {
    "int": [3, 1, 2, 3],
    "float": [0.5, -1.0, 1e300, 1e-300],
    "Int": pd.array([4, 5, 6, 4], dtype="Int64"),
    "bool": [True, False, True, True],
    "text": ["b", "a", "ä/ö", ""],
    "string": pd.array(["b", "a", "c", "a"], dtype="string"),
    "category": pd.Categorical(["low", "high", "low", "mid"], ["low", "mid", "high"], ordered=True),
    "unused": pd.Categorical(["x", "x", "z", "x"], categories=["z", "y", "x"]),
    "numbers": pd.Categorical([10, 2, 10, 2], categories=[10, 2]),
    "flags": pd.Categorical([True, False, True, False]),
    "mixed": ["a", 1, True, 2.5],
    "date": DAYS,
    "zone": DAYS.tz_localize("Europe/Berlin"),
    "day": [datetime.date(2024, 1, i + 1) for i in range(4)],
    "moment": np.array([datetime.datetime(2024, 1, 1, i) for i in range(4)], dtype=object),
    "period": DAYS.to_period("D"),
    "interval": pd.cut(pd.Series([1.0, 2, 3, 4]), [0, 2, 5]),
    "a / b": [1.0, 2, 3, 4],
}


@pytest.mark.parametrize("name", list(COLUMNS))
def test_a_column_comes_back(name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({name: COLUMNS[name]}, index=[f"row {i}" for i in range(4)])
    path = tmp_path / "frame.nc"
    frames.to_dataset(frame).to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as stored:
        back = frames.from_dataset(stored.load())
    assert list(back.columns) == [name]
    assert list(back.index) == list(frame.index)
    assert back[name].tolist() == frame[name].tolist()
    if isinstance(frame[name].dtype, pd.CategoricalDtype):
        assert back[name].cat.categories.tolist() == frame[name].cat.categories.tolist()
        assert back[name].cat.ordered == frame[name].cat.ordered
    elif frame[name].dtype.kind in "bif":
        assert back[name].dtype.kind == frame[name].dtype.kind


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.Index([7, 3, 5]), [7, 3, 5]),
        (pd.Index([0.5, 1.5, 0.5]), [0.5, 1.5, 0.5]),
        (pd.Index(["p", "q", "p"]), ["p", "q", "p"]),
        (pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]), [("a", 1), ("a", 2)]),
    ],
)
def test_the_index_comes_back(index: pd.Index, expected: list[object]) -> None:
    back = frames.from_dataset(frames.to_dataset(pd.DataFrame({"x": [1, 2, 3]}, index=index)))
    assert list(back.index)[: len(expected)] == expected


def test_other_files_have_no_frame() -> None:
    with pytest.raises(DataError, match="no data of a formula model"):
        frames.from_dataset(xr.Dataset())
