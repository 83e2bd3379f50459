"""Labels of any kind come back from a saved fit as they were, or the model says no."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Hashable
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import partialpool as pp
from partialpool.errors import DataError, DataWarning
from partialpool.storage.frames import from_dataset, to_dataset
from partialpool.storage.labels import decoded, encoded, is_storable

SHORT: dict[str, Any] = {
    "engine": "stanli", "seed": 1, "chains": 1, "warmup": 40, "draws": 5, "verbose": False
}  # fmt: skip
OFFSET = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
ZONES = [datetime.UTC, OFFSET, zoneinfo.ZoneInfo("Europe/Berlin")]
DAYS = pd.date_range("2024-03-30", periods=6, freq="12h")

MOMENTS = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))
ZONED = st.builds(lambda when, zone: when.replace(tzinfo=zone), MOMENTS, st.sampled_from(ZONES))
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=5),
    "surrogates": st.text(st.characters(codec=None), min_size=1, max_size=3),
    "numbers as text": st.integers(0, 99).map(str),
    "int": st.integers(-(2**63), 2**63 - 1),
    "large int": st.integers(2**53, 2**60),
    "huge int": st.integers(-(10**30), 10**30),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "Decimal": st.decimals(allow_nan=False, allow_infinity=False),
    "Fraction": st.fractions(),
    "complex": st.complex_numbers(allow_nan=False, allow_infinity=False),
    "bytes": st.binary(max_size=4),
    "UUID": st.uuids(),
    "date": st.dates(),
    "datetime": MOMENTS,
    "zoned": ZONED,
    "Timestamp": MOMENTS.map(pd.Timestamp),
    "zoned Timestamp": ZONED.map(pd.Timestamp),
    "time": st.times(),
    "timedelta": st.timedeltas(datetime.timedelta(-9999), datetime.timedelta(9999)),
    "Timedelta": st.timedeltas(datetime.timedelta(-9999), datetime.timedelta(9999)).map(
        pd.Timedelta
    ),
    "Period": st.dates(datetime.date(1900, 1, 1)).map(lambda day: pd.Period(day, "Q-MAR")),
    "Interval": st.integers(-99, 99).map(lambda low: pd.Interval(low, low + 1)),
    "tuple": st.tuples(st.integers(0, 3), st.text(max_size=2), st.decimals(0, 1)),
    "frozenset": st.frozensets(st.integers(0, 5), max_size=3),
    "numpy float32": st.floats(width=32, allow_nan=False).map(np.float32),
    "numpy datetime": MOMENTS.map(lambda when: np.datetime64(when, "us")),
    "numpy text": st.text(max_size=3).map(np.str_),
    "numpy bytes": st.binary(min_size=1, max_size=3).map(np.bytes_),
    "numpy int": st.integers(-9, 9).map(np.int16),
    "numpy complex": st.complex_numbers(max_magnitude=9).map(np.complex128),
}


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(sorted(SCALARS)).flatmap(SCALARS.__getitem__))
def test_a_label_as_json_and_back(label: Any) -> None:
    import json

    assert is_storable(label)
    back = decoded(json.loads(json.dumps(encoded(label))))
    assert type(back) is type(label)
    assert back == label
    assert repr(back) == repr(label)


def categorical(labels: list[Any], *, ordered: bool) -> Any:
    order = pd.Index(labels[::-1], dtype=object, tupleize_cols=False)
    return pd.Categorical.from_codes(
        [len(labels) - 1 - i for i in range(len(labels))], order, ordered
    )


def objects(labels: list[Any]) -> Any:
    found = np.empty(len(labels), dtype=object)
    for place, label in enumerate(labels):
        found[place] = label
    return found


@st.composite
def columns(draw: Any) -> Any:
    """Six different labels of one kind, in one of the containers that pandas has for them."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(EXTENSIONS))
    kind = draw(st.sampled_from(sorted(set(SCALARS) - {"bool"})))
    labels = draw(st.lists(SCALARS[kind], min_size=6, max_size=6, unique=True))
    how = draw(st.sampled_from(("object", "inferred", "category", "ordered")))
    try:
        if how == "object":
            return objects(labels)
        if how == "inferred":
            return pd.Series(objects(labels)).infer_objects().array
        return categorical(labels, ordered=how == "ordered")
    except (TypeError, ValueError):  # pandas has no such categories
        return objects(labels)


LABELS = list("zyabcd")
EXTENSIONS: list[Any] = [
    pd.array([3, 1, 2**53 + 1, 2**53, 5, 4], dtype="Int64"),
    pd.array([3, 1, 2**64 - 1, 2, 5, 4], dtype="UInt64"),
    pd.array([0.5, 1, 2, 3, 4, -0.0], dtype="Float64"),
    pd.array(LABELS, dtype="string"),
    pd.array(LABELS, dtype=pd.StringDtype("python", na_value=np.nan)),
    pd.cut(pd.Series(np.arange(6.0)), [-1, 0, 1, 2, 3, 4, 5]).array,
    pd.cut(pd.Series(np.arange(6)), 6).array,
    pd.IntervalIndex.from_breaks(pd.date_range("2024", periods=7, tz="UTC"), closed="left").array,
    pd.IntervalIndex.from_breaks(np.arange(7)).array,
    pd.Categorical.from_codes([5, 4, 3, 2, 1, 0], pd.IntervalIndex.from_breaks(np.arange(7))),
    DAYS.array,
    DAYS.as_unit("s").array,
    DAYS.tz_localize("Europe/Berlin").array,
    DAYS.tz_localize(OFFSET).as_unit("ms").array,
    pd.Categorical(DAYS.tz_localize(OFFSET), categories=DAYS[::-1].tz_localize(OFFSET)),
    DAYS.to_period("h").array,
    pd.period_range("2020", periods=6, freq="Q-MAR").array,
    (DAYS - DAYS[0]).array,
    np.array([1, 2, 3, 4, 5, 6], dtype=np.int8),
    np.array([1, 2, 3, 4, 5, 2**64 - 1], dtype=np.uint64),
    np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], dtype=np.float32),
    np.array([1, 2, 3, 4, 5, 6], dtype=np.float16),
    pd.arrays.SparseArray([0, 0, 1, 2, 3, 4]),
]


def same(left: list[Any], right: list[Any]) -> None:
    assert [type(each) for each in left] == [type(each) for each in right]
    assert left == right
    assert [repr(each) for each in left] == [repr(each) for each in right]


@settings(max_examples=250, deadline=None)
@given(columns(), columns())
def test_a_frame_and_back(column: Any, index: Any) -> None:
    if index.dtype == np.float16 or isinstance(index.dtype, pd.SparseDtype):
        index = np.arange(6)  # pandas has no such index
    rows = pd.Index(index, dtype=index.dtype, tupleize_cols=False, name="rows")
    frame = pd.DataFrame({"x": pd.Series(column, index=rows)})
    back = from_dataset(to_dataset(frame))
    same(np.asarray(back["x"]).tolist(), np.asarray(frame["x"]).tolist())
    same(back.index.tolist(), frame.index.tolist())
    assert back.index.name == "rows"
    for each, before in ((back["x"], frame["x"]), (back.index, frame.index)):
        if isinstance(before.dtype, pd.CategoricalDtype):
            same(each.dtype.categories.tolist(), before.dtype.categories.tolist())
            assert each.dtype.ordered == before.dtype.ordered
        elif not isinstance(before.dtype, pd.SparseDtype):
            assert each.dtype == before.dtype


def check_round_trip(model: pp.Model, data: pd.DataFrame, folder: Path) -> None:
    fit = model.sample(**SHORT)
    back = pp.load(fit.save(folder / "fit.nc"))
    for before, after in zip(fit.model.design.groups, back.model.design.groups, strict=True):
        same(list(after.levels), list(before.levels))
        np.testing.assert_array_equal(after.codes, before.codes)
        np.testing.assert_array_equal(after.Z, before.Z)
    np.testing.assert_array_equal(back.model.design.X, fit.model.design.X)
    np.testing.assert_array_equal(back.model.design.response.y, fit.model.design.response.y)
    for table in ("ranef", "coef"):
        own, read = getattr(fit, table)(), getattr(back, table)()
        same(read.index.tolist(), own.index.tolist())
        np.testing.assert_array_equal(read, own)
    own, read = fit.predict(), back.predict()
    same(read["row"].to_index().tolist(), own["row"].to_index().tolist())
    np.testing.assert_array_equal(read, own)
    np.testing.assert_array_equal(back.predict(data), own)


@pytest.mark.filterwarnings("ignore::partialpool.errors.DataWarning")  # of odd texts
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(column=columns(), index=columns())
def test_a_fit_and_back(column: Any, index: Any, tmp_path_factory: Any) -> None:
    if index.dtype == np.float16 or isinstance(index.dtype, pd.SparseDtype):
        index = np.arange(6)  # pandas has no such index
    rows = pd.Index(index, dtype=index.dtype, tupleize_cols=False).repeat(3)
    data = pd.DataFrame({"g": pd.Series(column).repeat(3).array}, index=rows)
    data["y"] = np.random.default_rng(1).normal(size=18)
    try:
        model = pp.Model("y ~ 1 + (1 | g)", data)
    except DataError as error:
        assert "alike" in str(error)  # 1e16 and 10000000000000001 as text, "\0" and "\\x00"
        return
    check_round_trip(model, data, tmp_path_factory.mktemp("labels"))


@pytest.mark.filterwarnings("ignore::partialpool.errors.DataWarning")  # of odd texts
@pytest.mark.parametrize("kind", ["tuple", "date", "Decimal", "bytes"])
def test_predictors_of_any_labels(kind: str, tmp_path: Path) -> None:
    labels: dict[str, list[Hashable]] = {
        "tuple": [(1, "a"), (0, "b"), (1, "b")],
        "date": [datetime.date(2024, 1, 10), datetime.date(2024, 1, 9), datetime.date(2023, 5, 5)],
        "Decimal": [Decimal("10"), Decimal("9.0"), Decimal("9.5")],
        "bytes": [b"b", b"a", b"\xff"],
    }
    data = pd.DataFrame(
        {
            "f": objects(labels[kind] * 6),
            "flag": [True, False] * 9,
            "g": np.repeat(np.arange(6), 3),
            "y": np.random.default_rng(1).normal(size=18),
        },
        index=pd.MultiIndex.from_product([list("abcdef"), DAYS[:3].date]),
    )
    check_round_trip(pp.Model("y ~ f + flag + (1 | g) + (1 | flag:f)", data), data, tmp_path)


class Colour(Enum):
    RED = 1
    BLUE = 2
    GREEN = 3


def test_labels_that_cannot_come_back_are_said_at_once(tmp_path: Path) -> None:
    colours = [Colour.RED, Colour.BLUE, Colour.GREEN] * 6
    data = pd.DataFrame({"g": pd.Series(colours, dtype=object)})
    data["y"] = np.random.default_rng(1).normal(size=18)
    with pytest.warns(DataWarning, match=r"column 'g' holds labels of type Colour.*astype\(str\)"):
        model = pp.Model("y ~ (1 | g)", data)
    fit = model.sample(**SHORT)
    back = pp.load(fit.save(tmp_path / "fit.nc"))
    assert list(back.model.design.groups[0].levels) == [
        str(x) for x in fit.model.design.groups[0].levels
    ]
    np.testing.assert_array_equal(back.coef(), fit.coef())
    np.testing.assert_array_equal(back.predict(), fit.predict())


@pytest.mark.filterwarnings("ignore::partialpool.errors.DataWarning")  # of odd texts
@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([1, "1", "a", "b"], "read alike, 1, '1'"),
        ([True, 1, 2, 3], "holds True and 1, which are equal"),
        ([False, "a", 0.0, 3], "holds False and 0, which are equal"),
        ([2**53, 2**53 + 1, 0.5, float(2**53 + 2)], None),
        (["nan", "None", "", " "], None),
    ],
)
def test_labels_that_would_merge_are_refused(labels: list[Any], told: str | None) -> None:
    data = pd.DataFrame({"g": objects(labels * 4), "y": np.random.default_rng(1).normal(size=16)})
    if told is None:
        assert len(pp.Model("y ~ (1 | g)", data).design.groups[0].levels) == 4
        return
    with pytest.raises(DataError, match=told):
        pp.Model("y ~ (1 | g)", data)


class Kind(IntEnum):
    """Whole numbers with names, which come back as whole numbers."""

    A = 1
    B = 2
    C = 3


MOMENTS_AS_OBJECTS = {
    "timedelta": [datetime.timedelta(hours=hours) for hours in (1, 2, 3)],
    "datetime64": [np.datetime64(f"2024-01-0{day}") for day in (1, 2, 3)],
    "zoned": [datetime.datetime(2024, 1, day, tzinfo=datetime.UTC) for day in (1, 2, 3)],
    "IntEnum": list(Kind),
}


@pytest.mark.filterwarnings("ignore::partialpool.errors.DataWarning")
@pytest.mark.parametrize("right", ["(1 | label)", "label"])
@pytest.mark.parametrize("kind", MOMENTS_AS_OBJECTS)
def test_objects_that_pandas_would_make_dates_or_numbers_of(
    kind: str, right: str, tmp_path: Path
) -> None:
    labels = np.empty(36, dtype=object)
    for row in range(36):
        labels[row] = MOMENTS_AS_OBJECTS[kind][row % 3]
    data = pd.DataFrame({"y": np.random.default_rng(1).normal(size=36), "x": np.arange(36) % 5})
    data["label"] = pd.Series(labels, dtype=object)
    fit = pp.fit(f"y ~ x + {right}", data, **SHORT)
    again = pp.load(fit.save(tmp_path / "fit.nc"))
    np.testing.assert_array_equal(again.predict(data), fit.predict())
