"""Formulas and tables made at random, of every type of column that pandas knows, for tests."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

TEXT = ["day 2", "day 10", "day 1", "Zoe"]
DOSES = ["low", "mid", "high"]

NUMBERS = ("x", "w", "k", "flag")
"""Numbers; w is positive, k whole, flag truth values."""
FACTORS = ("dose", "u", "code", "site")
"""An ordered choice, text, a Categorical of whole numbers, and whole numbers."""

NUMERIC_TERMS = (
    "x", "w", "k", "flag", "I(x ** 2)", "I(-x ** 2)", "I(2 ** k)", "I(w ** -1)", "I(k // 2)",
    "I(k % 3)", "log(w)", "sqrt(w)", "np.tanh(x)", "np.maximum(x, k)", "np.hypot(x, w)", "exp(x)",
    "center(x)", "scale(k)", "standardize(log(w))", "center(log(w))", "scale(center(x))",
    "center(k * 1e6)", "poly(x, 2)", "poly(k, 2, raw=True)", "poly(log(w), 3)", "bs(x, df=4)",
    "bs(w, df=5, degree=2)", "cr(x, df=4)", "cs(w, df=3)", "cc(x, 7, df=3)", "{x + k}",
    "I(dose > 'low')", "I('mid' <= dose)", "I(u == 'day 2')", "I(u < 'day 10')", "I(u != 'Zoe')",
    "I((x > 0) + (k > 1))", "I(-(x > 0))", "I(-1 < x < 1)", "I((x > 0) & ~flag)",
    "I(x > 0 or not flag)", "I(flag | (k == 2))", "I(code == 3)", "I(code >= 10)", "I(code > 3)",
    "I((dose == 'mid') * x)", "I(w + 1)", "abs(k)", "I(x - center(k))",
)  # fmt: skip
CATEGORICAL_TERMS = (
    "dose", "u", "code", "C(site)", "C(flag)", "C(k > 1)", "T(dose, 'mid')", "S(u)",
    "C(u, Treatment('Zoe'))", "C(site, Sum)", "I(dose)", "C(code, Treatment(3))", "C(dose, Sum)",
)  # fmt: skip
RESPONSES = ("y", "k", "flag", "(dose > 'low')", "(u == 'Zoe')", "log(w)", "k ** 2", "I(x > 0)")


@st.composite
def sums(draw: st.DrawFn, most: int = 3) -> str:
    """Write a sum of terms, some of them interactions."""
    atoms = draw(
        st.lists(
            st.sampled_from([*NUMERIC_TERMS, *CATEGORICAL_TERMS]),
            min_size=1,
            max_size=most,
            unique=True,
        )
    )
    joins = draw(st.lists(st.sampled_from(["+", "+", ":", "*"]), min_size=most, max_size=most))
    text = atoms[0]
    for join, atom in zip(joins, atoms[1:], strict=False):
        text += f" {join} {atom}"
    return f"{draw(st.integers(0, 1))} + {text}"


@st.composite
def formulas(draw: st.DrawFn) -> str:
    """Write a formula: a response, a sum, perhaps offsets, trials and a group term."""
    response = draw(st.sampled_from(RESPONSES))
    text = f"{response} ~ {draw(sums())}"
    if draw(st.booleans()):
        text += f" + offset({draw(st.sampled_from(NUMERIC_TERMS[:20]))})".replace("{x + k}", "k")
    if draw(st.booleans()):
        factor = draw(st.sampled_from(["g", "site", "dose", "u", "g:dose", "code", "flag:g"]))
        text += f" + ({draw(sums(2))} | {factor})"
    column = next(name for name in (*NUMBERS, *FACTORS, "y") if re.search(rf"\b{name}\b", response))
    if re.search(rf"\b{column}\b", text.split("~")[1]):
        text = text.replace(f"{response} ~", "y ~", 1)  # a response cannot predict itself
    return text


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a table, and the same rows with every column given in another type, or the same."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(60, 90))
    pick = rng.permutation(rows)
    w = rng.gamma(2.0, size=rows) + 0.1
    k = rng.integers(-3, 6, size=rows)
    values: dict[str, Any] = {
        "y": rng.normal(size=rows),
        "x": rng.normal(size=rows).astype(np.float32).astype(float),
        "w": w.astype(np.float32).astype(float),
        "k": k,
        "flag": rng.random(rows) < 0.5,
        "dose": np.array(DOSES)[pick % 3],
        "u": np.array(TEXT)[(pick // 3) % 4],
        "code": np.array([10, 3, 7])[rng.permutation(rows) % 3],
        "site": np.array([2, 30, 4])[rng.permutation(rows) % 3],
        "g": np.array(["b", "a", "c10", "c9"])[rng.permutation(rows) % 4],
    }
    first, second = (
        pd.DataFrame({name: draw(_typed(name, pd.Series(v), again)) for name, v in values.items()})
        for again in (False, True)
    )
    return first, second


def _typed(name: str, column: pd.Series[Any], again: bool) -> st.SearchStrategy[Any]:
    """Give a column a type: in the data of the fit (`again` False) one that keeps its meaning."""

    def categories(order: list[Any], ordered: bool = False) -> pd.Series[Any]:
        return pd.Series(pd.Categorical(column, categories=order, ordered=ordered))

    numbers: list[Any] = ["int64", "int8", "int32", "Int64", "Int8", object]
    if name == "dose":
        found = [categories(["none", *DOSES], True), categories(DOSES, True), categories(DOSES)]
        if again:
            found += [categories(DOSES[::-1], True), column.astype(object), column.astype("string")]
    elif name == "code":
        found = [categories([10, 99, 3, 7])]
        if again:
            found += [categories([3, 7, 10], True), column, column.astype(float)]
    elif name == "flag":
        found = [column.astype(kind) for kind in ("bool", "boolean", object)]
        found += [column.astype(kind) for kind in ("int8", float, "Int64")] if again else []
    elif name in ("u", "g"):
        found = [column.astype(object), column.astype("string")]
        found += [categories(sorted(column.unique(), reverse=True), True)] if again else []
    elif name in ("k", "site"):
        found = [column.astype(kind) for kind in numbers + ["float64"] * again]
    else:
        found = [column.astype(kind) for kind in ("float64", "float32", "Float64", object)]
    return st.sampled_from(found)


INDEXES = ("plain", "repeated", "text", "dates", "several")


def indexed(frame: pd.DataFrame, how: str) -> pd.DataFrame:
    """Give a table another index; its rows stay."""
    rows = np.arange(len(frame))
    index: dict[str, Any] = {
        "plain": pd.RangeIndex(len(frame)),
        "repeated": pd.Index(rows % 3),
        "text": pd.Index([f"r{row}" for row in rows[::-1]]),
        "dates": pd.date_range("2020-01-01", periods=len(frame)),
        "several": pd.MultiIndex.from_arrays([rows % 2, rows]),
    }
    return frame.set_axis(index[how], axis=0)
