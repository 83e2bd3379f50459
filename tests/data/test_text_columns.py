"""Text that is no category is warned of, with code that mends it; sensible data are not."""

from __future__ import annotations

import datetime
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import partialpool as pp
from partialpool.data.spelling import likely_levels, merging_code, plain, variants
from partialpool.data.text_columns import check_columns
from partialpool.design.design import Design, build
from partialpool.errors import DataError, DataWarning
from partialpool.formula.parse import parse

ROWS = 60
N = np.arange(ROWS)


def cycle(*values: Any) -> list[Any]:
    return [values[i % len(values)] for i in range(ROWS)]


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-28") + pd.to_timedelta(N % 20, unit="D")
    return pd.DataFrame(
        {
            "y": rng.normal(size=ROWS),
            "n": np.full(ROWS, 9),
            "hits": rng.integers(0, 9, ROWS),
            "x": rng.normal(size=ROWS),
            "g": rng.permutation(cycle("b", "a", "c", "d")),
            "iso": days.strftime("%Y-%m-%d"),
            "iso_time": days.strftime("%Y-%m-%dT%H:%M:%S"),
            "zoned": days.strftime("%Y-%m-%d %H:%M+02:00"),
            "points": days.strftime("%d.%m.%Y"),
            "slashes": days.strftime("%m/%d/%Y"),
            "compact": days.strftime("%Y%m%d"),
            "objects": [day.date() for day in days],
            "digits": cycle("1", "2", "10", "4"),
            "decimals": cycle("1.5", " 2", "1e1", "-4"),
            "gaps": cycle("1.5", "2", "nan", "4", "NA"),
            "thousands": cycle("1,234", "999", "12,345.5", "7"),
            "commas": cycle("3,5", "4", "0,25", "7,125"),
            "european": cycle("1.234,5", "17", "2.000", "0,5"),
            "price": [f"${i},{i:03d}.50" for i in N % 12 + 1],
            "percent": [f"{i}%" for i in N % 12],
            "sex": cycle("Girl", "Boy", "Girl ", "Girl", "Boy", "Boy"),
            "case": cycle("girl", "Girl", "BOY", "Boy", "Girl"),
            "hard": cycle("New York", "New\N{NO-BREAK SPACE}York", "New  York", "Rome"),
            "hidden": cycle("Girl", "Girl\N{ZERO WIDTH SPACE}", "Boy"),
            "accents": cycle("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\u0301", "bar"),
            "lost": cycle("a", "b", "nan", "a", "b"),
            "empty": cycle("a", "b", "", " "),
            "name": [f"person {'abcdefghijkl'[i % 12]} {i}" for i in N],
            "code": np.where(N == 7, -999.0, N / 10),
        }
    )


def make(formula: str, data: pd.DataFrame) -> Design:
    return build(parse(formula), data)


def said(formula: str, data: pd.DataFrame) -> list[str]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        make(formula, data)
    assert all(each.category is DataWarning for each in found)
    return [str(each.message) for each in found]


def code_in(message: str) -> str:
    """The code that a warning has the user type."""
    return re.findall(r"data\['\w+'\] = .*?(?=\. If|, and fill|\.$)", message)[0]


def mended(formula: str, data: pd.DataFrame) -> pd.DataFrame:
    (message,) = said(formula, data)
    space = {"pd": pd, "np": np, "data": data.copy()}
    exec(code_in(message), space)
    return space["data"]  # type: ignore[return-value]


NUMBERS: list[tuple[str, str, list[float]]] = [
    ("iso", "dates as text, such as '2024-01-28', and each of its 20", [0, 1, 2]),
    ("iso_time", "times as text", [0, 1, 2]),
    ("zoned", "times as text", [0, 1, 2]),
    ("points", "dates as text", [0, 1, 2]),
    ("slashes", "dates as text", [0, 1, 2]),
    ("compact", "dates as text", [0, 1, 2]),
    ("objects", "dates, such as '2024-01-28'", [0, 1, 2]),
    ("digits", "numbers as text, such as '1': each of its 4 values", [1, 2, 10]),
    ("decimals", "numbers as text", [1.5, 2, 10]),
    ("thousands", "commas between thousands", [1234, 999, 12345.5]),
    ("commas", "decimal commas", [3.5, 4, 0.25]),
    ("european", "points between thousands and decimal commas", [1234.5, 17, 2000]),
    ("price", "a currency sign", [1001.5, 2002.5, 3003.5]),
    ("percent", "a percent sign", [0, 1, 2]),
]


@pytest.mark.parametrize(("name", "message", "first"), NUMBERS, ids=[c[0] for c in NUMBERS])
def test_what_is_no_category_is_told_and_the_code_mends_it(
    name: str, message: str, first: list[float]
) -> None:
    (told,) = said(f"y ~ {name} + x + (1 + {name} | g)", frame())  # once, of two uses
    assert told.startswith(f"Column {name!r} holds {message}" if "such" in message else "Column")
    assert message in told
    data = mended(f"y ~ {name}", frame())
    np.testing.assert_allclose(data[name].astype(float)[:3], first)
    assert said(f"y ~ {name}", data) == []
    assert make(f"y ~ {name}", data).coefficients == (name,)
    assert said(f"y ~ C({name})", frame()) == []
    assert said(f"y ~ {name}", frame().astype({name: "category"})) == []
    assert said(f"y ~ (1 | {name})", frame()) == []


def test_a_month_that_may_come_first_is_told() -> None:
    data = frame().assign(d=cycle("01/02/2024", "02/03/2024", "04/05/2024"))
    (told,) = said("y ~ d", data)
    assert 'format="%d/%m/%Y"' in told
    assert 'If the month comes first, take format="%m/%d/%Y".' in told


SPELLINGS = [
    ("sex", ".str.strip()", 2),
    ("case", ".replace({", 2),
    ("hard", '.str.split().str.join(" ")', 2),
    ("hidden", r".replace({'Girl\u200b': 'Girl'})", 2),
    ("accents", '.str.normalize("NFC")', 2),
]


@pytest.mark.parametrize(("name", "code", "levels"), SPELLINGS, ids=[c[0] for c in SPELLINGS])
@pytest.mark.parametrize("use", ["{}", "x + (1 | {})", "I(1 * ({} == 'Girl')) + x"])
def test_spellings_of_one_thing(name: str, code: str, levels: int, use: str) -> None:
    formula = f"y ~ {use.format(name)}"
    if "I(" in use and name not in ("sex", "case", "hidden"):
        formula = f"y ~ {name}"
    data = frame()
    (told,) = said(formula, data)
    assert "which are probably one" in told
    assert code in told
    mend = mended(formula, data)
    assert mend[name].nunique() == levels
    assert said(formula, mend) == []
    assert said(formula, data.astype({name: "category"})) == []
    assert said(f"y ~ C({name})", data) == []


def test_spellings_in_the_response() -> None:
    data = frame().assign(answer=cycle("yes", "no", "yes ", "no"))
    (told,) = said("(answer == 'yes') ~ x", data)
    assert told.startswith("Column 'answer' holds 'yes' (15 rows) and 'yes ' (15 rows), which")


@pytest.mark.parametrize("name", ["lost", "empty"])
@pytest.mark.parametrize("use", ["{}", "x + (1 | {})"])
def test_missing_values_that_became_text(name: str, use: str) -> None:
    data = frame()
    if name == "empty":
        data["empty"] = cycle("a", "b", "")
    mend = mended(f"y ~ {use.format(name)}", data)
    assert mend[name].isna().sum() == data[name].isin(["nan", ""]).sum()
    assert said(f"y ~ {use.format(name)}", data.astype({name: "category"})) == []


def test_numbers_as_text_with_gaps() -> None:
    data = frame()
    data["gaps"] = data["gaps"].replace("NA", "nan")
    (told,) = said("y ~ gaps", data)
    assert "and 'nan' for none in 24 of 60 rows" in told
    assert mended("y ~ gaps", data)["gaps"].isna().sum() == 24


def test_two_numbers_and_none() -> None:
    (told,) = said("y ~ v", frame().assign(v=cycle("0", "1", "NA", "0")))
    assert "such as '0', and 'NA' for none in 15 of 60 rows" in told


def test_commas_that_may_be_either() -> None:
    (told,) = said("y ~ v", frame().assign(v=cycle("1,234", "2,345", "3,456")))
    assert 'data[\'v\'].str.replace(",", ""))' in told
    assert 'If these are decimal commas, take .str.replace(",", ".").' in told
    (told,) = said("y ~ v", frame().assign(v=cycle("0,234", "2,345", "3,456")))
    assert "with decimal commas" in told


def test_a_text_in_every_row() -> None:
    (told,) = said("y ~ name", frame())
    assert "60 different texts in 60 rows" in told
    assert "(1 | name)" in told
    assert said("hits | trials(n) ~ 0 + name", frame()) == []
    assert said("y ~ (1 | name)", frame().assign(name=frame()["name"].where(N > 0, "z"))) == []


def test_a_code_for_no_value_among_numbers() -> None:
    (told,) = said("y ~ code + (1 | g)", frame())
    assert told.startswith("Column 'code' holds -999 in 1 of 60 rows, and from 0 to 5.9 in all")
    assert mended("y ~ code", frame())["code"].isna().sum() == 1


QUIET: list[tuple[str, list[Any]]] = [
    ("y ~ v", cycle("0", "1")),
    ("y ~ v", cycle("2020-01-01", "2021-01-01")),
    ("y ~ v", cycle("001", "017", "020")),
    ("y ~ v", cycle("yes", "no")),
    ("y ~ v", cycle("True", "False")),
    ("y ~ v", cycle("AA", "Aa", "aa")),
    ("y ~ v", cycle("m2", "M2", "m3")),
    ("y ~ v", cycle("None", "aspirin", "placebo")),
    ("y ~ v", cycle("NA", "EU", "AS")),
    ("y ~ v", cycle("10mg", "20mg", "40mg")),
    ("y ~ v", cycle("0%", "50%", "100%")),
    ("y ~ v", cycle("day 1", "day 2", "day 10")),
    ("y ~ v", cycle("iPhone", "iphone")),
    ("y ~ v", cycle("Girl ", "Boy ")),
    ("y ~ v + (1 | g)", (np.where(N == 3, -999.0, N * 1000.0)).tolist()),
    ("y ~ v + (1 | g)", (np.where(N == 3, -999.0, N - 30.0)).tolist()),
    ("y ~ v + (1 | g)", (np.where(N == 3, -9.0, N / 10)).tolist()),
    ("y ~ (1 | v)", cycle("001", "017", "2")),
    ("y ~ (1 | v)", cycle("1", "2", "3")),
    ("y ~ (1 | v)", cycle("2020-01-01", "2021-01-01", "2022-01-01")),
    ("y ~ (1 | v)", [f"a{i}" for i in N // 2]),
    ("y ~ (1 | v)", cycle(datetime.date(2020, 1, 1), datetime.date(2020, 1, 2))),
]


@pytest.mark.parametrize(("formula", "values"), QUIET)
def test_sensible_columns_are_not_warned_of(formula: str, values: list[Any]) -> None:
    assert said(formula, frame().assign(v=values)) == []


SETS = [
    ("baseball_1970", "hits | trials(at_bats) ~ 0 + player", "binomial"),
    ("baseball_1970", "hits | trials(at_bats) ~ 1 + (1 | player)", "binomial"),
    ("baseball_1970_stan", "hits | trials(at_bats) ~ 1 + (1 | player)", "binomial"),
    ("baseball_2006", "hits | trials(at_bats) ~ log(at_bats) + (1 | player)", "binomial"),
    ("bangladesh", "use_contraception ~ urban + age_centered + C(living_children) "
     "+ (1 + urban | district)", "bernoulli"),
    ("eight_schools", "effect | se(standard_error) ~ 1 + (1 | school)", "gaussian"),
    ("grouse_ticks", "ticks ~ C(year) + center(height) + (1 | brood) + (1 | location)", "poisson"),
    ("pastes", "strength ~ 1 + (1 | batch / cask)", "gaussian"),
    ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", "gaussian"),
    ("penicillin", "diameter ~ 0 + sample + (1 | plate)", "gaussian"),
    ("radon", "log_radon ~ floor + log_uranium + (1 + floor | county)", "gaussian"),
    ("radon", "activity ~ 0 + county + floor", "gaussian"),
    ("rat_tumors", "tumors | trials(rats) ~ 1 + (1 | experiment)", "binomial"),
    ("sleepstudy", "reaction ~ days + (1 + days | subject)", "gaussian"),
    ("surgical_mortality", "deaths | trials(operations) ~ 1 + (1 | hospital)", "binomial"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "formula", "family"), SETS)
def test_the_data_sets_are_not_warned_of(name: str, formula: str, family: str) -> None:
    assert said(formula, pp.datasets.load(name)) == []
    pp.Model(formula, pp.datasets.load(name), family=family)


# New data ----------------------------------------------------------------------------------------


def test_an_unseen_spelling_is_told() -> None:
    data = frame()
    data["sex"] = data["sex"].str.strip()
    design = make("y ~ sex + (1 | g)", data)
    with pytest.raises(DataError, match="its effect is unknown. Did you mean 'Girl'?"):
        design.on(data[:4].assign(sex="Girl "))
    with pytest.raises(DataError, match="'B' is like 'b': did you mean that"):
        design.on(data[:4].assign(g="B"))
    with pytest.warns(DataWarning, match="new to the fit. 'a ' is like 'a': did you mean that?"):
        design.on(data[:4].assign(g="a "), new_groups="sample")
    assert design.on(data[:4].assign(g="e"), new_groups="sample").groups[0].new_levels == ("e",)


def test_a_number_for_a_label_is_told() -> None:
    data = frame().assign(g=N % 4)
    design = make("y ~ (1 | g)", data)
    with pytest.warns(DataWarning, match="'1' is like 1"):
        design.on(data[:4].assign(g="1"), new_groups="sample")


# Spelling ----------------------------------------------------------------------------------------

TEXTS = st.lists(
    st.text(alphabet="aBc \t\N{NO-BREAK SPACE}\u200be\u0301\u00e9"),
    min_size=1, max_size=8, unique=True,
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(TEXTS)
def test_the_code_leaves_one_of_each(texts: list[str]) -> None:
    found = variants(texts)
    if not found:
        return
    code = merging_code("v", texts, found)
    space: dict[str, Any] = {"data": pd.DataFrame({"v": texts})}
    exec(code, space)
    after = space["data"]["v"]
    assert after.nunique() == len(texts) - sum(len(each) - 1 for each in found)
    for each in found:
        assert after[[texts.index(text) for text in each]].nunique() == 1
    assert all(char.isascii() or char == "\u00e9" for char in code)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text())
def test_plain_text_is_left(text: str) -> None:
    once = plain(text)
    assert plain(once) == once == once.strip()
    padded = f" {once}\N{NO-BREAK SPACE}"
    assert likely_levels([padded], [once]) == {padded: once}


# Any column --------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.text(max_size=4),
    st.integers(-9999, 9999).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.dates().map(str),
    st.datetimes().map(lambda time: time.isoformat()),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    st.sampled_from(["nan", "", "NA", "?", "1,234", "3,5", "$1", "1%", "2024-02-30", "Girl "]),
)
COLUMNS = st.one_of(
    st.lists(VALUES, min_size=2, max_size=12),
    st.lists(st.dates().map(str), min_size=2, max_size=12),
    st.lists(st.dates(), min_size=2, max_size=12),
    st.lists(st.sampled_from(["1", "2.5", "10", "nan", "-4", " 3", "1e3"]), min_size=2, max_size=9),
    st.lists(st.integers(1, 10**7).map("{:,}".format), min_size=2, max_size=12),
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(COLUMNS)
def test_any_column_is_told_once_and_the_code_runs(values: list[Any]) -> None:
    data = pd.DataFrame({"y": 1.0, "v": pd.Series([values[i % len(values)] for i in range(36)])})
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        check_columns(data, parse("y ~ v + (1 | v)"))
    assert len(found) <= 1
    for each in found:
        told = str(each.message)
        if "different texts" in told:
            continue
        space = {"pd": pd, "np": np, "data": data.copy()}
        exec(code_in(told), space)
        after = space["data"]["v"]  # type: ignore[index]
        assert after.nunique() <= data["v"].nunique()
        if "pd.to_" in told:
            assert after.dtype.kind in "if"
            assert after.notna().any()
