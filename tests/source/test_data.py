"""Data against the data block: what passes and as what, what does not and what the user reads."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import stanli
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import partialpool as pp
from partialpool.errors import DataError
from partialpool.source import Declaration, declarations
from partialpool.source.data import as_json, check_data, translate_stan_error

BLOCK = """data {
  int<lower=0> N;
  int<lower=1> J;
  array[N] int<lower=0> trials;
  array[N] int<lower=0, upper=trials> y;
  array[N] int<lower=1, upper=J> group;
  vector[N] x;
  matrix[N, 2] X;
  real<lower=0> scale;
  array[2 * N + 1] real<upper=max(x) + 1> knots;
}"""

GOOD: dict[str, Any] = {
    "N": 3,
    "J": 2,
    "trials": [45, 45, 10],
    "y": [18, 17, 3],
    "group": [1, 2, 2],
    "x": [0.5, -1.0, 2.0],
    "X": [[1, 2], [3, 4], [5, 6]],
    "scale": 1.5,
    "knots": [0] * 7,
}

DROP = object()


def block(code: str) -> dict[str, Declaration]:
    return declarations(code).data


def data(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not DROP}


def check_one(declaration: str, value: Any, **others: Any) -> Any:
    """Check one variable x, after a size N and whatever `others` are."""
    before = "".join(f"int {name}; " for name in others)
    declared = block(f"data {{ {before}{declaration}; }}")
    return check_data(declared, {**others, "x": value})["x"]


def same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected)


# What passes.


def test_good_data_come_back_in_stans_types() -> None:
    clean = check_data(block(BLOCK), GOOD)
    assert list(clean) == list(GOOD)
    same(clean["N"], 3)
    same(clean["y"], np.array([18, 17, 3], dtype=np.int64))
    same(clean["X"], np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    same(clean["scale"], 1.5)


def test_the_program_passes_for_its_data_block() -> None:
    assert check_data(declarations("data { int N; }"), {"N": 1}) == {"N": 1}


def test_no_array_is_shared_with_the_caller() -> None:
    x = np.array([1.0, 2.0])
    clean = check_one("vector[2] x", x)
    x[0] = 9
    same(clean, np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    "value",
    [
        3,
        3.0,
        np.int8(3),
        np.uint64(3),
        np.float32(3),
        np.array(3),
        Decimal(3),
        Fraction(3),
    ],
    ids=repr,
)
def test_whole_numbers_are_ints(value: Any) -> None:
    same(check_one("int x", value), 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, 1), (np.False_, 0), (2**31 - 1, 2**31 - 1), (-(2**31), -(2**31)), (-0.0, 0)],
    ids=repr,
)
def test_edges_of_int(value: Any, expected: int) -> None:
    same(check_one("int x", value), expected)


@pytest.mark.parametrize(
    "value",
    [
        [1, 2, 3],
        (1, 2, 3),
        range(1, 4),
        [1.0, 2, True + 2],
        np.array([1, 2, 3], dtype=np.int16),
        np.array([1, 2, 3], dtype=np.uint64),
        np.array([1.0, 2.0, 3.0], dtype=np.float32),
        np.array([1, 2, 3], dtype=object),
        np.array([1, 0, 2, 0, 3])[::2],
        pd.Series([1, 2, 3], index=["a", "b", "c"]),
        pd.Series([1, 2, 3], dtype="Int64"),
        pd.Series([1.0, 2.0, 3.0]),
        pd.Series(pd.Categorical([1, 2, 3])),
        pd.Index([1, 2, 3]),
        pd.array([1, 2, 3], dtype="Int64"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_passes_for_an_array(value: Any) -> None:
    same(check_one("array[3] int x", value), np.array([1, 2, 3], dtype=np.int64))
    same(check_one("vector[3] x", value), np.array([1.0, 2.0, 3.0]))


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2], [3, 4], [5, 6]],
        np.array([[1, 3, 5], [2, 4, 6]]).T,
        pd.DataFrame({"a": [1, 3, 5], "b": [2.0, 4.0, 6.0]}),
        [np.array([1, 2]), np.array([3, 4]), np.array([5, 6])],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_passes_for_a_matrix(value: Any) -> None:
    same(check_one("matrix[3, 2] x", value), np.array([[1.0, 2], [3, 4], [5, 6]]))


def test_booleans_become_0_and_1() -> None:
    same(check_one("array[2] int x", pd.Series([True, False])), np.array([1, 0]))
    same(check_one("vector[2] x", [True, False]), np.array([1.0, 0.0]))


@pytest.mark.parametrize(
    ("declaration", "value", "shape"),
    [
        ("array[0] int x", [], (0,)),
        ("vector[0] x", np.empty(0), (0,)),
        ("matrix[0, 3] x", [], (0, 3)),
        ("matrix[0, 3] x", np.empty((0, 3)), (0, 3)),
        ("matrix[3, 0] x", [[], [], []], (3, 0)),
        ("matrix[3, 0] x", [], (3, 0)),
        ("matrix[3, 0] x", pd.DataFrame(index=range(3)), (3, 0)),
        ("array[0, 2] simplex[3] x", [], (0, 2, 3)),
        ("array[0] int<lower=1> x", pd.Series([], dtype="Int64"), (0,)),
    ],
)
def test_empty_arrays_get_their_shape(declaration: str, value: Any, shape: tuple[int, ...]) -> None:
    found = check_one(declaration, value)
    assert found.shape == shape
    assert found.dtype == (np.int64 if "int" in declaration else np.float64)


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        ("real x", math.inf),
        ("real<lower=0> x", math.inf),
        ("vector<upper=positive_infinity()>[2] x", [0.0, math.inf]),
        ("vector<lower=negative_infinity()>[2] x", [0.0, -math.inf]),
        ("matrix<lower=negative_infinity(), upper=1>[1, 2] x", [[0.0, -math.inf]]),
    ],
)
def test_infinity_passes_where_it_is_meant(declaration: str, value: Any) -> None:
    np.testing.assert_array_equal(check_one(declaration, value), value)


def test_an_elementwise_bound_may_be_infinite() -> None:
    declared = block("data { vector<upper=positive_infinity()>[2] u; vector<upper=u>[2] x; }")
    values = {"u": [1.0, math.inf], "x": [1.0, math.inf]}
    assert check_data(declared, values)["x"][1] == math.inf


@pytest.mark.parametrize(
    ("declaration", "value", "expected"),
    [
        ("complex x", 1 + 2j, 1 + 2j),
        ("complex x", 1, 1 + 0j),
        ("array[2] complex x", [1, 2j], np.array([1, 2j])),
        ("complex_vector[2] x", np.array([1, 2j]), np.array([1, 2j])),
    ],
)
def test_complex(declaration: str, value: Any, expected: Any) -> None:
    same(check_one(declaration, value), expected)


def test_tuples() -> None:
    declaration = "tuple(int<lower=0>, tuple(vector[2], real)) x"
    for value in ((1, ([1, 2], 3)), [1, [[1, 2], 3]], {"1": 1, "2": {"1": [1, 2], "2": 3}}):
        one, (two, three) = check_one(declaration, value)
        same(one, 1)
        same(two, np.array([1.0, 2.0]))
        same(three, 3.0)
    clean = check_one(declaration, (1, ([1, 2], 3)))
    assert json.loads(as_json({"x": clean})) == {"x": {"1": 1, "2": {"1": [1.0, 2.0], "2": 3.0}}}


# What does not pass. Each is one variable's declaration, its value, and what the user reads.

REFUSED = [
    # Missing values.
    ("array[3] int x", [1, None, 3], r"x\[2\] is missing: Stan has no missing values"),
    ("array[3] int x", [1, pd.NA, pd.NA], r"x\[2\] and x\[3\] are missing"),
    ("vector[3] x", [1, math.nan, 3], r"x\[2\] is NaN: Stan has no missing values"),
    ("array[3] int x", [1, math.nan, 3], r"x\[2\] is NaN"),
    ("vector[3] x", pd.Series([1, None, 3]), r"x\[2\] is NaN"),
    ("vector[3] x", pd.Series([1, pd.NA, 3], dtype="Int64"), r"x\[2\] is (NaN|missing)"),
    ("array[3] int x", pd.Series([1, pd.NA, 3], dtype="Int64"), r"x\[2\] is (NaN|missing)"),
    ("vector[6] x", [math.nan] * 6, r"x\[1\], x\[2\], x\[3\] and 3 more are NaN"),
    ("matrix[2, 2] x", [[1, 2], [math.nan, 4]], r"x\[2,1\] is NaN"),
    ("vector[2] x", np.ma.masked_array([1, 2], [False, True]), r"x\[2\] is masked"),
    ("real x", None, "x is None: Stan has no missing values"),
    ("real x", math.nan, "x is NaN"),
    ("real x", pd.NA, "x is <NA>"),
    ("vector[2] x", pd.Series([1, math.nan], index=["p", "q"]), r"x\[2\] \(index 'q'\) is NaN"),
    ("vector[2] x", pd.Series([1, math.nan], index=[7, 9]), r"x\[2\] \(index 9\) is NaN"),
    # Infinities.
    (
        "vector[2] x",
        [0, math.inf],
        r"x\[2\] is infinite; if it is meant, declare "
        r"vector<upper=positive_infinity\(\)>\[2\] x",
    ),
    ("vector<lower=0>[2] x", [-math.inf, 0], r"x\[1\] is infinite"),
    ("vector[3] x", [math.inf, 0, math.inf], r"x\[1\] and x\[3\] are infinite"),
    ("real<upper=0> x", math.inf, "x is inf, but must be at most 0"),
    # Not numbers.
    (
        "array[2] int x",
        ["a", "b"],
        r"x\[1\] and x\[2\] are text \('a'\), where whole numbers "
        r"are needed; to number groups from 1, use pandas.factorize\(values\)\[0\] \+ 1",
    ),
    (
        "vector[2] x",
        [1, "2"],
        r"x\[2\] is text \('2'\), where numbers are needed; pandas.to_numeric",
    ),
    ("vector[1] x", np.array(["a"]), r"x holds text \('a'\)"),
    ("vector[1] x", pd.Series(["a"]), r"x\[1\] is text"),
    ("int x", "3", r"x holds text \('3'\), where whole numbers are needed; pandas.to_numeric"),
    ("int x", "three", r"x holds text \('three'\), where whole numbers are needed\n"),
    ("vector[1] x", [b"1"], r"x holds text"),
    ("vector[1] x", pd.to_datetime(["2020-01-01"]), "x holds datetime64.*, where numbers"),
    ("vector[1] x", [pd.Timestamp(0)], "x holds Timestamp, where numbers are needed"),
    ("vector[1] x", [1j], "x holds complex128 values, where numbers are needed"),
    ("vector[1] x", {"a": 1}, "x is a dict, which cannot be made into an array"),
    ("vector[1] x", {1}, "x is a set"),
    ("vector[1] x", (each for each in [1]), "x is a generator"),
    ("vector[1] x", object(), "x holds object, where numbers are needed"),
    ("matrix[2, 2] x", [[1, 2], [3]], "x is a list of lists of unequal lengths"),
    ("matrix[2, 2] x", [[1, "b"], [3]], "x is a list of lists of unequal lengths"),
    # Not integers of 32 bits.
    ("int x", 2.5, "x is 2.5, not a whole number"),
    ("array[3] int x", [1, 2.5, 3.5], r"x\[2\] is 2.5, not a whole number \(1 more like it\)"),
    ("int x", 2**31, r"x is 2147483648, outside the range of Stan's integers, -2147483648 to 21"),
    ("array[2] int x", [0, -(2**31) - 1], r"x\[2\] is -2147483649, outside"),
    ("int x", np.uint64(2**64 - 1), "x is 18446744073709551615, outside"),
    ("int x", 2**70, "x is 1.18.*e\\+21, outside"),
    ("int x", math.inf, "x is inf, outside"),
    # Shapes.
    ("int x", [3], r"x is declared as one number, but an array of shape \(1,\) is given: write 3"),
    ("real x", [1, 2], r"x is declared as one number, but an array of shape \(2,\) is given\n"),
    (
        "vector[1] x",
        2.5,
        r"x is declared with 1 dimension, \[1\], but one number is given: "
        r"write \[2.5\]",
    ),
    (
        "vector[3] x",
        [[1, 2, 3]],
        r"x is declared with 1 dimension, \[3\], but an array of 2 dimensions, shape \(1, 3\), is "
        r"given; reshape it to \(3,\)",
    ),
    (
        "matrix[3, 1] x",
        [1, 2, 3],
        r"x is declared with 2 dimensions, \[3, 1\].*reshape it to \(3, 1\)",
    ),
    ("vector[3] x", [1, 2], "x has 2 values, but is declared with 3"),
    ("vector[3] x", [1], "x has 1 value, but is declared with 3"),
    ("matrix[2, 3] x", [[1, 2], [3, 4]], "x has 2 columns, but is declared with 3"),
    (
        "matrix[2, 3] x",
        [[1, 2], [3, 4], [5, 6]],
        "x has 3 rows, but is declared with 2; x has 2 "
        "columns, but is declared with 3; its transpose would fit",
    ),
    ("array[2, 3] int x", [[1, 2], [3, 4]], "x has size 2 in dimension 2, but is declared with 3"),
    ("matrix[0, 3] x", np.empty((0, 4)), "x has 4 columns, but is declared with 3"),
    ("matrix[2, 3] x", [], r"x is declared with 2 dimensions, \[2, 3\]"),
    # Bounds.
    ("int<lower=0> x", -1, "x is -1, but must be at least 0"),
    ("real<upper=1> x", 1.5, "x is 1.5, but must be at most 1"),
    ("vector<lower=0>[3] x", [1, -0.5, -2], r"x\[2\] is -0.5, but must be at least 0 \(1 more"),
    ("real<lower=-1> x", -2, "x is -2, but must be at least -1"),
    ("real<lower=2 * 3> x", 5, r"x is 5, but must be at least 2 \* 3 = 6"),
    ("vector<lower=[0, 2]'>[2] x", [1, 1], r"x\[2\] is 1, but must be at least \(\[0, 2\]'\)\[2\]"),
    ("array[2] int<lower=1> x", [0, 1], r"x\[1\] is 0, but must be at least 1: Stan counts from 1"),
    # Tuples.
    ("tuple(int, real) x", (1, "b"), r"x.2 holds text"),
    ("tuple(int, real) x", (1, 2, 3), "x has 3 values, but 2 are declared"),
    ("tuple(int, real) x", 1, "x must be a tuple"),
    ("tuple(int, vector<upper=1>[2]) x", {"1": 1, "2": [1, 2]}, r"x.2\[2\] is 2, but must be"),
    ("array[2] tuple(int, real) x", [(1, 2), (1, "b")], r"x\[2\].2 holds text"),
    ("array[2] tuple(int, real) x", [(1, 2)], r"x has 1 value, but is declared with 2"),
    ("tuple(int, real) x", {"1": 1}, r"x.2 is None"),
]


@pytest.mark.parametrize(
    ("declaration", "value", "message"),
    REFUSED,
    ids=[f"{declaration}: {message}" for declaration, _, message in REFUSED],
)
def test_what_does_not_pass(declaration: str, value: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        check_one(declaration, value)
    text = str(caught.value)
    assert re.search(rf"^- {message}", text, re.MULTILINE)
    assert f"    declared: {declaration}\n    given: " in text


NAMED = [
    ({"y": DROP}, [r"- y is missing\n    declared: array\[N\] int<lower=0, upper=trials> y$"]),
    (
        {"y": DROP, "Y": [1, 2, 3]},
        [
            r"2 problems\n- y is missing; is it what you call 'Y'\?",
            r"- 'Y' is given but not declared; did you mean 'y'\?",
        ],
    ),
    (
        {"trials": DROP, "J": DROP, "trails": 1, "other": 2},
        [
            "4 problems",
            "- J is missing",
            "- trials is missing; is it what you call 'trails'",
            "'trails' is given.*did you mean 'trials'",
            "'other' is given but not declared; declared "
            "are: N, J, trials, y, group, x, X, scale, knots",
        ],
    ),
    ({"y": [1, 2]}, ["- y has 2 values, but N = 3"]),
    (
        {"N": 4},
        [
            "6 problems",
            "- y has 3 values, but N = 4",
            r"- knots has 7 values, but 2 \* N \+ 1 = 9 \(N = 4\)",
        ],
    ),
    (
        {"X": [[1, 2, 3], [4, 5, 6]]},
        ["- X has 2 rows, but N = 3; X has 3 columns, but is declared with 2; its transpose would"],
    ),
    (
        {"y": [18, 46, 11]},
        [
            r"- y\[2\] is 46, but must be at most trials\[2\] = 45 \(1 more like it\)",
            r"positions count from 1, as in Stan\)$",
        ],
    ),
    ({"group": [1, 2, 3]}, [r"- group\[3\] is 3, but must be at most J = 2"]),
    ({"group": [0, 1, 1]}, [r"add 1 to codes that start at 0"]),
    (
        {"knots": [0, 0, 0, 0, 0, 0, 3.5]},
        [r"- knots\[7\] is 3.5, but must be at most max\(x\) \+ 1 = 3"],
    ),
    (
        {"scale": -1, "x": [1, math.nan, 3], "N": 3.5},
        [
            "3 problems",
            "- N is 3.5, not a whole number",
            r"- x\[2\] is NaN",
            "- scale is -1, but",
        ],
    ),
    ({"N": -1}, ["- N is -1, but must be at least 0"]),
]


@pytest.mark.parametrize(("changes", "messages"), NAMED, ids=[each[1][-1] for each in NAMED])
def test_what_the_user_reads(changes: dict[str, Any], messages: list[str]) -> None:
    with pytest.raises(DataError, match="the data do not fit the data block of family/x") as caught:
        check_data(block(BLOCK), data(**changes), program_name="family/x")
    for message in messages:
        assert re.search(message, str(caught.value))


def test_a_name_must_be_a_text() -> None:
    with pytest.raises(DataError, match="- 3 is given but not declared"):
        check_data(block(BLOCK), {**GOOD, 3: 4})  # type: ignore[dict-item]


def test_data_must_be_a_mapping() -> None:
    with pytest.raises(DataError, match=r'such as \{"N": \.\.\., "J": .*given: \[1, 2\]'):
        check_data(block(BLOCK), [1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "described"),
    [
        (pd.Series(["a"] * 18), "Series of 18 values, "),
        (pd.DataFrame({"a": ["b"]}), r"DataFrame of shape \(1, 1\)"),
        (np.array([["a"]]), r"ndarray of shape \(1, 1\), <U1"),
        (["a"] * 100, "list of 100 values"),
        ([["a"] * 9] * 20, "list of 20 lists of 9"),
        ([["a"] * 9] * 20 + [["a"]], "list of 21 lists of 1 to 9"),
        ("a" * 100, "a text of 100 characters"),
        ("a", "the text 'a'"),
        (["a"], r"\['a'\]"),
        ([pd.Series(["a"])], "list of 1 value"),
        ({"a": 1}, "dict with 1 entry"),
        (None, "None"),
        (object(), "a object"),
    ],
)
def test_what_was_given_is_described(value: Any, described: str) -> None:
    with pytest.raises(DataError, match=f"given: {described}"):
        check_one("vector[3] x", value)


def test_what_only_stan_can_compute_is_left_to_it() -> None:
    declared = block("""functions { int f(int n) { return n + 1; } }
        data { int N; array[f(N)] real<lower=f(N)> x; matrix[N, 2] m; vector[size(m)] z; }""")
    values = {"N": 1, "x": [0, 0], "m": [[1, 2]], "z": [1]}
    assert list(check_data(declared, values)) == list(values)


# Against Stan itself.


STAN_REFUSES = [
    ("simplex[2] x", [0.5, 0.6], "x is not a valid simplex. sum(x) = 1.1, but should be 1"),
    ("simplex[2] x", [1.5, -0.5], "x is not a valid simplex. x[2] = -0.5, but should be greater"),
    ("array[2] simplex[2] x", [[1, 0], [1, 1]], "x[2] is not a valid simplex. sum(x[2]) = 2"),
    ("ordered[3] x", [1, 3, 2], "x is not a valid ordered vector. The element at 3 is 2, but sho"),
    ("positive_ordered[2] x", [-1, 1], "x is not a valid positive_ordered vector. The element at"),
    ("unit_vector[2] x", [1, 1], "x is not a valid unit vector. The sum of the squares of the"),
    ("sum_to_zero_vector[2] x", [1, 1], "x does not sum to zero. sum(x) = 2, but should be 0"),
    ("sum_to_zero_matrix[1, 2] x", [[1, 1]], "x does not sum to zero. sum(x) = 2"),
    ("cholesky_factor_corr[2] x", [[1, 1], [0, 1]], "x is not lower triangular; x[1,2]=1"),
    ("cholesky_factor_corr[2] x", [[1, 0], [0, -1]], "x[2] is -1, but must be positive!"),
    ("cholesky_factor_corr[2] x", [[1, 0], [1, 1]], "x is not a valid unit vector."),
    ("cholesky_factor_cov[3, 2] x", [[1, 1], [0, 1], [0, 0]], "x is not lower triangular; x[1,2]"),
    ("corr_matrix[2] x", [[2, 0], [0, 1]], "x is not a valid correlation matrix. x(1,1) is 2, b"),
    ("corr_matrix[2] x", [[1, 2], [2, 1]], "x is not positive definite."),
    ("cov_matrix[2] x", [[1, 0.5], [0, 1]], "x is not symmetric. x[1,2] = 0.5, but x[2,1] = 0"),
    ("array[1] cov_matrix[2] x", [[[1, 2], [2, 1]]], "x is not positive definite."),
]
"""Constraints that Stan checks, and what it says of them."""


@pytest.mark.parametrize(("declaration", "value", "said"), STAN_REFUSES)
def test_what_violates_a_constraint_stan_refuses(declaration: str, value: Any, said: str) -> None:
    check_one(declaration, value)
    code = f"data {{ {declaration}; }} parameters {{ real z; }} model {{ z ~ normal(0, 1); }}"
    program = pp.StanProgram("constrained", None, code)
    with pytest.raises(DataError) as caught:
        program.sample({"x": value}, engine="stanli", chains=1, seed=1)
    assert f"Stan says: {said}" in str(caught.value)
    assert str(caught.value).endswith(f"    declared: {declaration}")


def test_stan_reads_what_was_checked() -> None:
    code = BLOCK + "parameters { real z; } model { z ~ normal(0, 1); }"
    for values in (GOOD, {**GOOD, "N": 0, "trials": [], "y": [], "group": [], "x": [], "X": []}):
        if values["N"] == 0:
            values = {**values, "knots": [-1]}
            declared = block(BLOCK.replace("max(x) + 1", "0"))
            text = as_json(check_data(declared, values))
            stanli.Model(stan_code=code.replace("max(x) + 1", "0"), data=text)
        else:
            stanli.Model(stan_code=code, data=as_json(check_data(block(BLOCK), values)))


# JSON.

EXTREMES = [0.1, 1 / 3, -0.0, 5e-324, 1e308, 2.0**53 + 2, 1e-300, 123456789.123456789, 1e22]


def test_stan_reads_the_same_numbers_from_json() -> None:
    code = f"""data {{ vector[{len(EXTREMES)}] x; }}
    parameters {{ real z; }} model {{ z ~ normal(0, 1); }}
    generated quantities {{ vector[{len(EXTREMES)}] y = x; vector[{len(EXTREMES)}] s = inv(x); }}"""
    text = as_json(check_data(block(code), {"x": EXTREMES}))
    fit = stanli.Model(stan_code=code, data=text).sample(chains=1, warmup=1, samples=1, refresh=0)
    found = np.ravel(fit.draws("y"))
    assert found.tobytes() == np.array(EXTREMES).tobytes()


@st.composite
def blocks(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Any data block of reals and integers, with data that fit it."""
    sizes = {f"N{i}": draw(st.integers(0, 4)) for i in range(2)}
    code, values = "".join(f"int {name}; " for name in sizes), dict(sizes)
    reals = st.floats(allow_nan=False, allow_infinity=False)
    for i in range(draw(st.integers(1, 4))):
        base = draw(st.sampled_from(["int", "real", "vector", "row_vector", "matrix"]))
        array = draw(st.lists(st.sampled_from(list(sizes)), max_size=2))
        own = draw(
            st.lists(
                st.sampled_from(list(sizes)),
                min_size=(n := {"int": 0, "real": 0, "matrix": 2}.get(base, 1)),
                max_size=n,
            )
        )
        code += f"array[{', '.join(array)}] " if array else ""
        code += f"{base}[{', '.join(own)}] " if own else f"{base} "
        code += f"x{i}; "
        shape = tuple(sizes[name] for name in array + own)
        kind = (
            (np.int64, st.integers(-(2**31), 2**31 - 1)) if base == "int" else (np.float64, reals)
        )
        values[f"x{i}"] = (
            draw(hnp.arrays(kind[0], shape, elements=kind[1])) if shape else draw(kind[1])
        )
    return f"data {{ {code} }}", values


@settings(deadline=None, max_examples=60)
@given(blocks())
def test_checked_data_survive_json_and_checking_again(case: tuple[str, dict[str, Any]]) -> None:
    code, values = case
    declared = block(code)
    clean = check_data(declared, values)
    again = check_data(declared, json.loads(as_json(clean)))
    assert list(again) == list(clean) == list(values)
    for name, value in clean.items():
        same(again[name], value)
        assert np.asarray(value).tobytes() == np.asarray(values[name]).tobytes()
        assert np.shape(value) == declared[name].shape(clean)


@settings(deadline=None, max_examples=25)
@given(blocks())
def test_stan_accepts_checked_data(case: tuple[str, dict[str, Any]]) -> None:
    code, values = case
    stanli.Model(stan_code=code, data=as_json(check_data(block(code), values)))


# Stan's own complaints.

STAN_SAYS = [
    (
        "Exception: variable does not exist; processing stage=data initialization; "
        "variable name=y; base type=int (in '/tmp/m.stan', line 3, column 2 to column 17)",
        "variable does not exist; processing stage=data initialization; variable name=y; "
        "base type=int",
        "y",
    ),
    (
        "Error: Exception: mismatch in dimension declared and found in context; processing "
        "stage=data initialization; variable name=x; position=0; dims declared=(3); "
        "dims found=(2) (in 'm.stan', line 3, column 2 to column 17)",
        "mismatch in dimension declared and found in context; processing stage=data "
        "initialization; variable name=x; position=0; dims declared=(3); dims found=(2)",
        "x",
    ),
    (
        "Chain [1] start\nException: m_model_namespace::m_model: y[3] is -1, but must be greater "
        "than or equal to 0! (in 'm.stan', line 4, column 2 to column 34)\nmore",
        "y[3] is -1, but must be greater than or equal to 0!",
        "y",
    ),
    (
        "Exception: Found negative dimension size in variable declaration; variable=x; dimension "
        "size expression=N - 5; expression value=-2 (in 'm.stan', line 3, column 2 to column 8)",
        "Found negative dimension size in variable declaration; variable=x; dimension size "
        "expression=N - 5; expression value=-2",
        "x",
    ),
    (
        "constraint: y (3) and upper (2) must match in size",
        "constraint: y (3) and upper (2) must match in size",
        "y",
    ),
    ("stanli prepare_data: unknown data variable y", "unknown data variable y", "y"),
    (
        "stanli MIR check: y is 11, but must be less than or equal to 10.000000",
        "y is 11, but must be less than or equal to 10.000000",
        "y",
    ),
    (
        "Variable: X, error: string values not allowed.",
        "Variable: X, error: string values not allowed.",
        "X",
    ),
    ("normal_lpdf: Scale parameter is 0, but must be positive!", None, None),
    ("stanli MIR check: hidden is 2, but must be greater than or equal to 5", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("message", "said", "name"), STAN_SAYS)
def test_stans_complaints_in_our_form(message: str, said: str | None, name: str | None) -> None:
    declared = block(BLOCK)
    expected = None if said is None else f"Stan says: {said}\n    declared: {declared[str(name)]}"
    assert translate_stan_error(message, declared) == expected
    assert translate_stan_error(message, declarations(BLOCK)) == expected


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        ("array[2] int x", [1, 2.5]),
        ("array[2] int x", [1, 2, 3]),
        ("vector[2] x", ["a", "b"]),
        ("int<lower=0> x", -1),
        ("vector<lower=0>[2] x", [1, -1]),
        ("array[2] simplex[2] x", [[1, 0], [1, 1]]),
        ("cov_matrix[2] x", [[1, 2], [3, 4]]),
        ("cov_matrix[2] x", [[1, 1], [1, 1]]),
        ("ordered[2] x", [2, 1]),
        ("unit_vector[2] x", [2, 1]),
        ("sum_to_zero_vector[2] x", [2, 1]),
    ],
)
def test_stanlis_complaints_are_understood(declaration: str, value: Any) -> None:
    code = f"data {{ {declaration}; }}"
    with pytest.raises(RuntimeError) as caught:
        stanli.Model(stan_code=code, data={"x": value})
    found = translate_stan_error(str(caught.value), block(code))
    assert found is not None
    assert found.startswith("Stan says: ")
    assert found.endswith(f"\n    declared: {declaration}")
