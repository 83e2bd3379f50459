"""Groups of one row, the response as its own group factor, and `||` with categories."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.errors import DataWarning, FormulaError
from partialpool.formula.parse import parse

N = 40


def data(**columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    own = {
        "y": rng.normal(size=N), "x": rng.normal(size=N), "s": np.ones(N), "n": np.full(N, 9),
        "k": rng.poisson(3, N), "row": np.arange(N), "two": np.arange(N) // 2,
        "five": np.arange(N) // 5, "nearly": np.r_[0, 0, 1, 1, np.arange(4, N)],
        "half": np.r_[np.arange(20) // 2, np.arange(20, N)],
    }  # fmt: skip
    return pd.DataFrame(own | columns)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("y ~ x + (1 | row)", {}),
        ("y ~ x + (1 | row)", {"family": "student"}),
        ("y ~ x + (1 | nearly)", {}),
        ("y ~ x + (1 + x | two)", {}),
        ("y ~ x + (1 + x || two)", {}),
        ("y ~ x + (1 | two) + (0 + x | two)", {}),
        ("y ~ x + (1 | five/row)", {}),
        ("y | weights(s) ~ x + (1 | row)", {}),
        ("y ~ x + (1 | row)", {"pooling": "none"}),
    ],
)
def test_sds_that_cannot_be_told_from_sigma_are_said(text: str, options: dict[str, Any]) -> None:
    told = (
        r"residual sd follows its prior"
        if options.get("pooling")
        else r"cannot tell sd\(.*from sigma"
    )
    with pytest.warns(DataWarning, match=told):
        pp.Model(text, data(), **options)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("y | se(s) ~ 1 + (1 | row)", {}),
        ("k ~ x + (1 | row)", {"family": "poisson"}),
        ("k | trials(n) ~ x + (1 | row)", {"family": "binomial"}),
        ("y ~ x + (1 | row)", {"pooling": "complete"}),
        ("y ~ x + (1 | two)", {}),
        ("y ~ x + (1 | half)", {}),
        ("y ~ x + (1 + x | five)", {}),
    ],
)
def test_others_are_not(text: str, options: dict[str, Any]) -> None:
    frame = data()
    if "trials" in text:
        frame["k"] = np.minimum(frame["k"], 8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pp.Model(text, frame, **options)


def test_the_message_has_the_way_out() -> None:
    with pytest.warns(DataWarning) as caught:
        pp.Model("y ~ x + (1 | nearly)", data())
    assert str(caught[0].message) == (
        "36 of 38 groups of `nearly` have one row and one coefficient: the data cannot tell "
        "sd(nearly) from sigma, only their priors divide the variance between them. Leave the "
        "term out, so that sigma has all of it. Or give the known standard error of each row, "
        "y | se(s), or more rows for the same groups"
    )
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("y ~ x + (1 | y)", 13),
        ("y ~ x + (1 | y:b)", 13),
        ("y ~ x + (1 | b/y)", 15),
        ("y ~ x + (1 + y | b)", 13),
        ("log(y) ~ x + (1 | y)", 18),
        ('(y == "yes") ~ (1 | y)', 20),
        ("`y` ~ (1 | y)", 11),
        ("y ~ log(y)", 8),
        ("y ~ I(y*2)", 6),
        ("log(y) ~ y", 9),
        ("y ~ x + offset(y)", 15),
        ("y ~ x:y", 6),
        ("y | weights(w) ~ C(y)", 19),
        ("(y > 3) ~ poly(y, 2)", 15),
    ],
)
def test_the_response_cannot_stand_right_of_the_tilde(text: str, at: int) -> None:
    with pytest.raises(FormulaError, match="`y` is the response") as caught:
        parse(text)
    assert str(caught.value).splitlines()[-1] == f"  {' ' * at}^"


@pytest.mark.parametrize(
    "text",
    [
        "I(after - before) ~ before",
        "I(hits / n) ~ (1 | n)",
        "hits | trials(n) ~ (1 | n)",
        "y ~ yy + log(x) + (1 | y2)",
        "log ~ log(x)",
        "df ~ bs(x, df=5)",
    ],
)
def test_other_columns_can(text: str) -> None:
    assert parse(text).text == text


def test_double_bars_give_every_category_an_sd_of_its_own() -> None:
    frame = data(f=np.tile(["p", "q", "r", "s"], 10), five=np.arange(N) // 10)
    model = pp.Model("y ~ f + (1 + f || five)", frame)
    (term,) = model.design.groups
    assert term.coefficients == ("Intercept", "f[q]", "f[r]", "f[s]")
    assert not term.correlated
    keys = [row.name for row in model.prior_table.rows if "five" in row.name]
    assert keys == [f"sd(five, {name})" for name in term.coefficients]
    np.testing.assert_array_equal(term.Z[:4], np.c_[np.ones(4), np.eye(4)[:, 1:]])
    (without,) = pp.Model("y ~ 0 + f + (0 + f || five)", frame).design.groups
    assert without.coefficients == ("f[p]", "f[q]", "f[r]", "f[s]")
    np.testing.assert_array_equal(without.Z[:4], np.eye(4))
    prior = model.prior_predictive(draws=4000, seed=1)
    effects = np.asarray(prior["prior"]["r_five"])[0]
    cor = np.corrcoef(effects[:, 0].T)
    assert np.abs(cor - np.eye(4)).max() < 5 / np.sqrt(4000) * 2
