"""What a formula means: Python's arithmetic on real numbers, R's terms, the user's columns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from partialpool.design.design import Design, build
from partialpool.errors import DataError, DataWarning, FormulaError
from partialpool.formula.parse import parse

RNG = np.random.default_rng(5)
ROWS = 48
DATA = pd.DataFrame(
    {
        "y": RNG.normal(size=ROWS),
        "x": RNG.normal(size=ROWS),
        "w": RNG.gamma(2.0, size=ROWS) + 0.1,
        "k": RNG.integers(-3, 6, size=ROWS),
        "tiny": RNG.integers(-120, 127, size=ROWS).astype(np.int8),
        "gdp": RNG.integers(10**11, 10**12, size=ROWS),
        "pop": RNG.integers(10**6, 10**7, size=ROWS),
        "age": RNG.integers(20, 90, size=ROWS),
        "bmi": RNG.integers(18, 45, size=ROWS),
        "flag": RNG.random(ROWS) < 0.5,
        "other": RNG.random(ROWS) < 0.5,
        "dose": pd.Categorical(
            np.array(["low", "mid", "high"])[np.arange(ROWS) % 3],
            categories=["none", "low", "mid", "high"],
            ordered=True,
        ),
        "day": np.array(["day 2", "day 10", "day 1"])[np.arange(ROWS) // 3 % 3],
        "arm": np.array(["drug", "placebo"])[np.arange(ROWS) // 9 % 2],
        "code": pd.Categorical(np.array([3, 1, 2])[np.arange(ROWS) % 3], categories=[3, 1, 2]),
        "mark": pd.Categorical(np.array(["1", "2"])[np.arange(ROWS) % 2]),
        "g": np.array(["a", "b", "c", "d"])[np.arange(ROWS) % 4],
    }
)


def make(text: str, data: Any = DATA) -> Design:
    return build(parse(text), data)


def column(text: str, data: Any = DATA) -> np.ndarray:
    """The one column of a term."""
    design = make(f"y ~ 0 + {text}", data)
    assert design.X.shape[1] == 1
    return design.X[:, 0]


def floats(name: str) -> np.ndarray:
    return DATA[name].to_numpy(float)


# The order of categories


@pytest.mark.parametrize(
    "text",
    [
        "y ~ I(dose > 'low')",
        "y ~ x + offset(x * (dose >= 'mid'))",
        "y ~ x:I(dose > 'low')",
        "y ~ (I(dose > 'low') | g)",
        "y ~ I(day > 'day 2')",
        "y ~ I(day <= 'day 2'):x + offset(1.0 * (day > 'day 1'))",
        "(dose > 'low') ~ x + (1 | g)",
        "y ~ I(code > 3)",
    ],
)
def test_categories_are_compared_in_the_order_of_the_fit(text: str) -> None:
    design = make(text)
    retyped = DATA.assign(
        dose=DATA["dose"].astype(object), day=DATA["day"].astype("category"),
        code=DATA["code"].astype(object),
    )  # fmt: skip
    for frame in (DATA, retyped, DATA.iloc[::-1]):
        new = design.on(frame)
        order = [DATA.index.get_loc(row) for row in frame.index]
        assert np.array_equal(new.X, design.X[order])
        assert np.array_equal(new.offset, design.offset[order])
        for one, two in zip(design.groups, new.groups, strict=True):
            assert np.array_equal(one.Z[order], two.Z)


def test_the_order_is_that_of_the_levels() -> None:
    assert np.array_equal(column("I(dose > 'low')"), DATA["dose"] > "low")
    assert np.array_equal(column("I('mid' <= dose)"), DATA["dose"] >= "mid")
    assert np.array_equal(column("I(day > 'day 1')"), DATA["day"] != "day 1")
    assert np.array_equal(column("I(day >= 'day 10')"), DATA["day"] == "day 10")
    assert np.array_equal(column("I(code > 3)"), DATA["code"] != 3)
    assert np.array_equal(make("(dose > 'low') ~ x").response.y, DATA["dose"] > "low")  # type: ignore[union-attr]


def test_a_category_that_no_row_has_keeps_its_place() -> None:
    assert np.array_equal(column("I(dose > 'none') + x - x"), np.ones(ROWS))
    with pytest.raises(DataError, match="`dose` in newdata holds 'none'"):
        make("y ~ dose").on(DATA.assign(dose="none"))


# Whole numbers are real numbers

NUMBERS: list[tuple[str, Callable[[], np.ndarray]]] = [
    ("gdp:pop", lambda: floats("gdp") * floats("pop")),
    ("I(gdp ** 2)", lambda: floats("gdp") ** 2),
    ("I(gdp * gdp)", lambda: floats("gdp") ** 2),
    ("np.power(gdp, 2)", lambda: floats("gdp") ** 2),
    ("np.square(tiny)", lambda: floats("tiny") ** 2),
    ("I(tiny ** 3)", lambda: floats("tiny") ** 3),
    ("I(tiny * tiny)", lambda: floats("tiny") ** 2),
    ("I(-tiny)", lambda: -floats("tiny")),
    ("I(2 ** age)", lambda: 2.0 ** floats("age")),
    ("I(age ** -1)", lambda: 1 / floats("age")),
    ("I(10 ** -2 * age)", lambda: 10.0**-2 * floats("age")),
    ("I(age // 7)", lambda: np.floor(floats("age") / 7)),
    ("I(k % 3)", lambda: floats("k") % 3),
    ("I(k / 2)", lambda: floats("k") / 2),
    ("abs(tiny)", lambda: abs(floats("tiny"))),
    ("I(2 ** 3 ** 2 * x)", lambda: 512 * floats("x")),
    ("I(9007199254740993 - 9007199254740992 + x)", lambda: floats("x")),
]


@pytest.mark.parametrize(("text", "expected"), NUMBERS, ids=[case[0] for case in NUMBERS])
def test_whole_numbers_are_real(text: str, expected: Callable[[], np.ndarray]) -> None:
    np.testing.assert_allclose(column(text), expected(), rtol=1e-14)


def test_polynomials_responses_and_offsets_of_whole_numbers() -> None:
    data = DATA.assign(tax=DATA["gdp"])
    made = make(
        "tax ** 2 ~ poly(tiny, 3, raw=True) + offset(gdp * pop) + (age:gdp:pop:gdp | g)", data
    )
    tiny = floats("tiny")
    np.testing.assert_allclose(made.X, np.column_stack([tiny, tiny**2, tiny**3]))
    np.testing.assert_allclose(made.offset, floats("gdp") * floats("pop"))
    np.testing.assert_allclose(
        made.groups[0].Z[:, 1], floats("age") * floats("gdp") * floats("pop")
    )
    assert made.response is not None
    np.testing.assert_allclose(made.response.y, floats("gdp") ** 2)  # which tax is, too


def test_responses_keep_whole_numbers_and_expressions_are_floats() -> None:
    exact = DATA.assign(n=2**60 + np.arange(ROWS), big=np.arange(ROWS, dtype=np.uint64))
    for text, kind in [("n", "i"), ("big", "i"), ("tiny", "i"), ("flag", "i"), ("(k > 1)", "i"),
                       ("k + 1", "f"), ("k * 1", "f"), ("I(k)", "f"), ("-flag", "f")]:  # fmt: skip
        response = make(f"{text} ~ x", exact).response
        assert response is not None
        assert response.y.dtype.kind == kind, text
    assert np.array_equal(make("n ~ x", exact).response.y, exact["n"])  # type: ignore[union-attr]
    trials = make("age | trials(age + bmi) ~ x").trials
    assert trials is not None
    assert trials.dtype.kind == "i"
    assert np.array_equal(trials, DATA["age"] + DATA["bmi"])


@pytest.mark.parametrize("kind", ["int64", "uint64", "Int64", object])
def test_numbers_that_floats_cannot_hold_are_warned_of(kind: Any) -> None:
    data = DATA.assign(id=2**53 + 1 + 10**14 * RNG.permutation(ROWS) ** 2)
    data = data.astype({"id": kind})
    for term in ("id", "I(id / 2)", "center(id)", "offset(id)"):
        with pytest.warns(DataWarning, match=r"'id' holds whole numbers beyond 2\*\*53.*C\(id\)"):
            make(f"y ~ x + {term}", data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        some = data.iloc[: ROWS // 2]
        some = some.assign(id=np.repeat(some["id"].to_numpy(), 2)[: len(some)])
        design = make("y ~ C(id) + (1 | id)", some)
        make("y ~ x", data)
    assert len(design.coefficients) == len(some) // 2 - 1
    assert np.array_equal(design.on(some).X, design.X)


def test_objects_of_numbers_too_great_for_integers_are_names_of_something() -> None:
    data = DATA.assign(id=[10**25 + 10**20 * (i % 4) for i in range(ROWS)])
    design = make("y ~ id + (1 | id)", data)
    assert design.coefficients == tuple(f"id[{10**25 + 10**20 * i}]" for i in (1, 2, 3))
    with pytest.raises(DataError, match="'id' holds int such as 10000"):
        make("y ~ I(id / 2)", data)


# Truth values

age, bmi = floats("age") > 60, floats("bmi") > 30
x, k = floats("x"), floats("k")
flag, other = floats("flag"), floats("other")
TRUTHS: list[tuple[str, np.ndarray]] = [
    ("I((age > 60) + (bmi > 30))", age * 1.0 + bmi),
    ("I((age > 60) + (bmi > 30) + flag)", age * 1.0 + bmi + flag),
    ("I(-(age > 60))", -1.0 * age),
    ("I(+(age > 60) * 2)", 2.0 * age),
    ("I((age > 60) - (bmi > 30))", age * 1.0 - bmi),
    ("I((age > 60) * x)", age * x),
    ("I((age > 60) / 2)", age / 2),
    ("I((age > 60) ** 2 + 1)", age + 1.0),
    ("I(2 ** (age > 60))", 1.0 + age),
    ("I(flag + other)", flag + other),
    ("I(flag - other)", flag - other),
    ("I(-flag)", -flag),
    ("I(flag * x)", flag * x),
    ("flag:other", flag * other),
    ("np.add(flag, other)", flag + other),
    ("np.maximum(flag, other)", np.maximum(flag, other)),
    ("I(~flag)", 1 - flag),
    ("I(not flag)", 1 - flag),
    ("I(not (age > 60))", 1.0 - age),
    ("I(~(age > 60) + 0)", 1.0 - age),
    ("I(not age > 60)", 1.0 - age),
    ("I(flag and other)", flag * other),
    ("I(flag & other)", flag * other),
    ("I((age > 60) & (bmi > 30))", 1.0 * (age & bmi)),
    ("I((age > 60) | (bmi > 30))", 1.0 * (age | bmi)),
    ("I(age > 60 or bmi > 30)", 1.0 * (age | bmi)),
    ("I(age > 60 and not flag or other)", 1.0 * ((age & ~DATA["flag"]) | DATA["other"])),
    ("{(age > 60) & ~flag}", 1.0 * (age & ~DATA["flag"])),
    ("I((age > 60) == flag)", 1.0 * (age == DATA["flag"])),
    ("I(flag == True)", flag),
    ("I(flag == 0)", 1 - flag),
    ("np.isfinite(x)", np.ones(ROWS)),
    ("np.logical_and(flag, other)", flag * other),
    # Chains and powers
    ("I(-1 < x < 1)", 1.0 * ((x > -1) & (x < 1))),
    ("I('low' < dose <= 'high')", 1.0 * (DATA["dose"] != "low").to_numpy()),
    ("I(dose == 'low' or 'mid' < dose)", 1.0 * (DATA["dose"] != "mid").to_numpy()),
    ("I(1 > x > -1 > -2)", 1.0 * ((x > -1) & (x < 1))),
    ("I(0 <= k == k)", 1.0 * (k >= 0)),
    ("I(2 ** x ** 2)", 2 ** (x**2)),
    ("I(-x ** 2)", -(x**2)),
    ("I(-x ** 2 + 1)", 1 - x**2),
    ("I(2 ** -x)", 2**-x),
    ("I(1 - -x)", 1 + x),
    ("I(x - 1 - 2)", x - 3),
    ("I(x / 2 / 4)", x / 8),
    ("I(x / 2 * 4)", x * 2),
    ("I(2 * x ** 2)", 2 * x**2),
    ("I(--x)", x),
    ("I(x * -k)", -x * k),
    ("I(x + 1 > k - 1)", 1.0 * (x + 1 > k - 1)),
    ("I(k // 2 * 2)", k // 2 * 2),
    ("I(-k // 2)", -k // 2),
    ("I(-k % 3)", -k % 3),
]


@pytest.mark.parametrize(("text", "expected"), TRUTHS, ids=[case[0] for case in TRUTHS])
def test_truth_values_and_precedence_are_pythons(text: str, expected: np.ndarray) -> None:
    np.testing.assert_allclose(column(text), expected, rtol=1e-14)
    design = make(f"y ~ 0 + {text}")
    assert np.array_equal(design.on(DATA.iloc[[7]]).X[0], design.X[7])


@pytest.mark.parametrize(
    "text", ["I(x and flag)", "I(x > 0 & k > 1)", "I(~k)", "I(x | flag)", "I(not x)", "I(1 & flag)"]
)
def test_what_is_no_truth_value_is_not_joined(text: str) -> None:
    with pytest.raises(DataError, match=r"join truth values.* \(x > 0\) & \(z != 0\)"):
        make(f"y ~ {text}")


# The order of terms


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dose:arm + dose", ["dose[low]:arm[placebo]", "dose[mid]:arm[placebo]",
                             "dose[high]:arm[placebo]", "dose[mid]", "dose[high]"]),
        ("dose:arm + arm + x", ["dose[mid]:arm[drug]", "dose[mid]:arm[placebo]",
                                "dose[high]:arm[drug]", "dose[high]:arm[placebo]",
                                "arm[placebo]", "x"]),
        ("x:arm + x", ["x:arm[placebo]", "x"]),
        ("x:dose:arm + arm:x", ["x:dose[mid]:arm[drug]", "x:dose[mid]:arm[placebo]",
                                "x:dose[high]:arm[drug]", "x:dose[high]:arm[placebo]",
                                "arm[drug]:x", "arm[placebo]:x"]),
    ],
)  # fmt: skip
def test_interactions_may_come_before_their_parts(text: str, names: list[str]) -> None:
    assert list(make(f"y ~ {text}").coefficients) == names


@pytest.mark.parametrize(
    ("short", "written_out"),
    [
        ("arm / ((x + log(w))**2)", "arm + arm:x + arm:log(w) + arm:x:log(w)"),
        ("(x + log(w)) * (k + arm)", "x + log(w) + k + arm + x:k + x:arm + log(w):k + log(w):arm"),
        ("(arm + k)**2 / ((x + I(w ** 2))**2)",
         "arm + k + arm:k + arm:k:x + arm:k:I(w ** 2) + arm:k:x:I(w ** 2)"),
        ("poly(x, 2)*arm - arm", "poly(x, 2) + poly(x, 2):arm"),
        ("bs(x, df=3):k", "bs(x, df=3):k"),
    ],
)  # fmt: skip
def test_operators_keep_every_product_of_calls(short: str, written_out: str) -> None:
    one, two = make(f"y ~ {short}"), make(f"y ~ {written_out}")
    assert one.coefficients == two.coefficients
    assert np.array_equal(one.X, two.X)


# Columns called like functions

NAMES = ["np", "log", "C", "I", "bs", "center", "Poly", "Q", "contr", "exp", "scale", "Treatment",
         "Sum", "T", "S", "offset", "poly", "class", "for", "in", "e", "Sepal.Length", "größe",
         "变量", "_1", "np.pi", "True", "and", "not", "my col", "2nd", "a:b", "x + 1", "(z)", "a'b",
         "100%", "y~x", "if", "lambda", "None", "trials", "df", "1", "~"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_columns_win(name: str) -> None:
    data = DATA.rename(columns={"x": name}).assign(z=DATA["w"])
    free = name.replace(".", "").isidentifier()
    free = free and name not in ("True", "None", "and", "not", "np.pi")
    for written in [f"`{name}`"] + [name] * free:
        for text, value in [
            (written, x),
            (f"I({written} * 2)", 2 * x),
            (f"I({written}*z)", x * floats("w")),
            (f"{written}:z", x * floats("w")),
            (f"center({written})", x - x.mean()),
            (f"exp({written})", np.exp(x)),
            (f"{{{written} + 1}}", x + 1),
            (f"I(z + {written})", floats("w") + x),
        ]:
            np.testing.assert_allclose(column(text, data), value, rtol=1e-12)
        design = make(f"y ~ 0 + ({written} + z)**2 + offset({written}) + (0 + {written} | g)", data)
        assert design.coefficients == (name, "z", f"{name}:z")
        assert design.groups[0].coefficients == (name,)
        np.testing.assert_array_equal(design.offset, x)
        np.testing.assert_array_equal(design.on(data[3:4]).X, design.X[3:4])
        np.testing.assert_array_equal(make(f"{written} ~ z", data).response.y, x)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["Treatment", "Sum", "C", "contr", "np", "class"])
def test_factors_called_like_functions(name: str) -> None:
    data = DATA.rename(columns={"arm": name})
    plain = make("y ~ arm + (1 | arm) + x").X
    for text in (name, f"C({name})", f"C({name}, Treatment)", f"C({name}, Treatment('drug'))",
                 f"C({name}, contrast=Treatment)", f"T({name})"):  # fmt: skip
        design = make(f"y ~ {text} + (1 | {name}) + x", data)
        assert np.array_equal(design.X, plain)
        assert design.coefficients[0].endswith("[placebo]")
    drug = column(f"I({name} == 'drug')", data)
    assert np.array_equal(drug, DATA["arm"] == "drug")
    assert make(f"y ~ C({name}, Sum)", data).X.tolist() == np.c_[2 * drug - 1].tolist()


def test_an_encoding_stands_only_where_one_can() -> None:
    assert parse("y ~ C(Sum, Sum) + C(Treatment, Treatment('a'))").variables == (
        "y", "Sum", "Treatment",
    )  # fmt: skip
    assert parse("y ~ bs(x, Sum) + I(Sum) + S(Sum)").predictors == ("x", "Sum")


# What would silently mean something else


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("I(arm == 'durg')", r"`arm` has no level 'durg'. Did you mean 'drug'\? .*'placebo'"),
        ("I(dose > 'lo')", "`dose` has no level 'lo'"),
        ("I(day > 'day 5')", "`day` has no level 'day 5'"),
        ("I(mark == 1)", r"`mark` has no level 1. Its level is text: write '1'"),
        ("I(code == '1')", r"`code` has no level '1'. Its level is a number: write 1"),
        ("I(x == 'a')", "compares numbers with the text 'a'"),
        ("I(k > '1')", "compares numbers with the text '1'"),
        ("I(code == k)", "cannot be compared with numbers"),
        ("I(dose > arm)", "have different levels"),
        ("I(dose == arm)", "have no level in common"),
        ("C(arm, Treatment('durg'))", "`C(.*)` has no level 'durg'. Did you mean 'drug'"),
        ("T(dose, 'none')", "has no level 'none'"),
        ("S(dose, 'nope')", "has no level 'nope'"),
        ("C(code, Treatment('1'))", "Its level is a number: write 1"),
        ("C(dose, arm)", r"second argument of C\(\) is Treatment"),
        ("I(arm + 1)", "'arm' holds text such as 'drug'"),
        ("I(code * 2)", "'code' holds int such as"),
        ("log(dose)", "'dose' holds text"),
        ("center(arm)", "'arm' holds text"),
        ("I((day == 'day 1') * arm)", "'arm' holds text"),
        ("I(x + 'a')", "'a' is not a number"),
        ("I('a')", "and not a column"),
        ("I(x + None)", "None is not a number"),
        ("bs(x, df=k)", r"df of bs\(\) must be a constant"),
        ("poly(x, k)", r"degree of poly\(\) must be a constant"),
        ("bs(x)", r"say how many columns"),
        ("bs(x, df=1)", "df=1 is too small"),
        ("bs(x, df=4.0)", "df must be a whole number"),
        ("cr(x, df='4')", "df must be a whole number"),
        ("poly(x, -1)", "degree must be a whole number"),
        ("poly(x, 2.5)", "degree must be a whole number"),
        ("bs(x, df=6, lower_bound=0.5)", "beyond the bounds given to it"),
        ("cc(x, -1)", "period must be greater"),
        ("center(poly(x, 2))", r"center\(\) takes one column"),
        ("C(poly(x, 2))", r"C\(\) takes one column"),
        ("I(poly(x, 2) * k)", "combines several columns"),
    ],
)
def test_what_cannot_be_meant_is_told(term: str, message: str) -> None:
    for text in (f"y ~ {term}", f"y ~ x + ({term} | g)"):
        with pytest.raises(DataError, match=message):
            make(text)
    if "C(" not in term and "S(" not in term and "T(" not in term:
        with pytest.raises(DataError, match=f"{message}|must be a number"):
            make(f"y ~ x + offset({term})")


def test_two_columns_of_categories_are_compared_by_their_levels() -> None:
    data = DATA.assign(won=np.array(["d", "b", "x", "d", "b"])[np.arange(ROWS) % 5])
    np.testing.assert_array_equal(column("I(g == won)", data), data["g"] == data["won"])
    design = make("y ~ I(g != won)", data)
    assert np.array_equal(design.on(data.iloc[[3, 1]]).X, design.X[[3, 1]])


def test_categories_of_computed_numbers() -> None:
    data = DATA.assign(tenth=np.array([0.3, 0.1 + 0.2, 0.5])[np.arange(ROWS) % 3])
    assert make("y ~ C(tenth)", data).coefficients == ("C(tenth)[0.30000000000000004]",
                                                       "C(tenth)[0.5]")  # fmt: skip
    design = make("y ~ C(k > 1) + C(I(bmi // 20))")
    assert design.coefficients == ("C(k > 1)[True]", "C(I(bmi // 20))[1]", "C(I(bmi // 20))[2]")
    assert np.array_equal(design.on(DATA.iloc[[4, 2]]).X, design.X[[4, 2]])
    assert make("y ~ C(flag)").coefficients == ("C(flag)[1]",)
    with pytest.raises(DataError, match=r"holds 0 \(1 of 1 rows\).* Known: 1, 2"):
        make("y ~ C(I(bmi // 20))", DATA[DATA["bmi"] >= 20]).on({"bmi": [3]})


def test_truth_values_of_the_fit_may_be_numbers_in_other_data() -> None:
    design = make("y ~ flag + I(~flag & (x > 0))")
    assert np.array_equal(design.on(DATA.assign(flag=DATA["flag"].astype(int))).X, design.X)
    assert make("y ~ flag").on({"flag": [0.25]}).X.tolist() == [[0.25]]
    with pytest.raises(DataError, match="join truth values"):
        design.on({"flag": [0.25], "x": [1.0]})
    numbers = make("y ~ I(k + 1)")
    assert numbers.on({"k": [True, False]}).X.tolist() == [[2.0], [1.0]]


@pytest.mark.parametrize(
    "term",
    ["center(log(w))", "scale(center(x))", "poly(center(k), 2)", "scale(x * center(k))",
     "I(center(x) * center(x))", "center(I(x > center(k)))", "bs(scale(w), df=4)"],
)  # fmt: skip
def test_what_is_remembered_may_be_nested(term: str) -> None:
    design = make(f"y ~ {term}")
    for row in range(5):
        assert np.array_equal(design.on(DATA.iloc[[row]]).X[0], design.X[row])


def test_nothing_of_the_data_is_kept_by_the_columns() -> None:
    many = pd.concat([DATA] * 50, ignore_index=True)
    text = "y ~ bs(x, df=5) + poly(k, 2) + C(age > 60) + dose + cr(w, df=4)"
    columns = make(text, many)._memory.fixed
    import pickle

    small = make(text, DATA)._memory.fixed
    assert len(pickle.dumps(columns)) < len(pickle.dumps(small)) + 200


def test_factors_of_many_levels_are_refused_before_they_fill_the_memory() -> None:
    data = pd.DataFrame({"y": RNG.normal(size=30_000), "x": RNG.normal(size=30_000)})
    row = pd.Series([f"r{i}" for i in range(len(data))])
    data["row"] = row.astype("category")
    data["pair"] = row.where(row.index % 2 == 0, row.shift()).astype("category")
    for term in ("row:I(x)", "pair:row", "I(x) + C(row, Sum)*pair"):
        with pytest.raises(DataError, match=r"more coefficients than .* 30000: .*\(1 \| factor\)"):
            make(f"y ~ 0 + {term} + pair", data)


def test_parts_and_means() -> None:
    columns = make(
        "y ~ x:w + w:x:k + poly(x, 2):w + dose:age + dose + flag + S(arm):I(k > 1)"
    )._memory.fixed
    parts = dict(zip(columns.names, columns.parts, strict=True))
    assert parts["Intercept"] == ()
    assert parts["x:w"] == ("x", "w")
    assert parts["w:x:k"] == ("w", "x", "k")
    assert parts["poly(x, 2)[1]:w"] == ("poly(x, 2)[1]", "w")
    assert parts["dose[mid]:age"] == ("dose[mid]", "age")
    assert parts["dose[mid]"] == ("dose[mid]",)
    assert parts["S(arm)[drug]:I(k > 1)"] == ("S(arm)[drug]", "I(k > 1)")
    assert set(columns.means) == {
        "x", "w", "k", "age", "flag", "I(k > 1)", "poly(x, 2)[0]", "poly(x, 2)[1]",
    }  # fmt: skip
    assert columns.means["age"] == DATA["age"].mean()
    assert columns.means["flag"] == DATA["flag"].mean()
    np.testing.assert_allclose(columns.means["poly(x, 2)[1]"], 0, atol=1e-15)
    empty = make("y ~ 1")._memory.fixed
    assert (empty.parts, dict(empty.means)) == (((),), {})


@pytest.mark.parametrize("text", ["y ~ x**2", "y ~ x + x**2", "y ~ x + (arm)**2", "y ~ x - k"])
def test_what_would_silently_do_nothing_is_refused(text: str) -> None:
    with pytest.raises(FormulaError, match=r"I\(x"):
        parse(text)
