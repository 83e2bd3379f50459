"""Models before sampling: what is printed, what Stan gets, what is refused or warned of."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.errors import DataError, DataWarning, FormulaError, OptionError
from partialpool.family.response_check import separated

DATA = pd.DataFrame(
    {
        "y": [2.0, 3, 5, 4, 6, 8],
        "x": [0.0, 1, 2, 0, 1, 3],
        "g": list("ppqqrr"),
        "hit": [0, 1, 0, 0, 1, 1],
        "k": [1, 2, 3, 0, 5, 4],
        "n": [5, 5, 5, 5, 5, 5],
        "w": [1.0, 2, 1, 1, 1, 1],
    },
    index=[10, 20, 30, 40, 50, 60],
)


@pytest.mark.filterwarnings("ignore:each of the 3 groups")  # of two rows, and two coefficients
def test_print_says_everything() -> None:
    text = str(pp.Model("y ~ x + (1 + x | g)", DATA, parameterization={"g": "centered"}))
    for part in (
        "y ~ x + (1 + x | g)", "gaussian, identity link", "glmm/gaussian.stan", "partial",
        "rows     6", "3 g: Intercept, x, correlated; centered", "sd(g, x)", "LKJ(2)", "sigma",
    ):  # fmt: skip
        assert part in text
    dropped = DATA.assign(x=[0.0, np.nan, 2, 0, 1, 3])
    text = str(pp.Model("y ~ x", dropped, na_action="drop"))
    assert "rows     5 (1 with missing values dropped)" in text


def test_the_data_are_not_changed_and_not_kept_by_reference_to_rows() -> None:
    before = DATA.copy()
    model = pp.Model("y ~ x + (1 | g)", DATA)
    assert model.stan_data["rows"] == 6
    pd.testing.assert_frame_equal(DATA, before)


def test_what_stan_gets() -> None:
    data = pp.Model("hit ~ x + (1 + x || g)", DATA, family="bernoulli").stan_data
    assert data["q"] == [2]
    assert data["J"] == [3]
    assert (data["Q"], data["C"], data["R"]) == (2, 0, 6)
    np.testing.assert_array_equal(data["group"], [[1, 1, 2, 2, 3, 3]])
    np.testing.assert_array_equal(data["Z"][:, 1], DATA["x"])
    np.testing.assert_array_equal(data["trials"], np.ones(6))


@pytest.mark.parametrize("family", ["poisson", "negbinomial", "binomial", "bernoulli"])
def test_counts_may_be_computed_and_then_are_floats(family: Any) -> None:
    left = {"binomial": "k | trials(n)", "bernoulli": "hit"}.get(family, "k")
    computed = left.replace("k", "k * 1").replace("hit", "hit + 0").replace("n)", "n + 0)")
    one = pp.Model(f"{left} ~ x + (1 | g)", DATA, family=family).stan_data
    two = pp.Model(f"{computed} ~ x + (1 | g)", DATA, family=family).stan_data
    for name in {"y", "trials"} & one.keys():
        assert np.array_equal(one[name], two[name])
        assert two[name].dtype.kind == "i"


@pytest.mark.filterwarnings("ignore:each of the 3 groups")  # of two rows, and two coefficients
def test_no_pooling_is_about_the_means_of_the_predictors() -> None:
    data = pp.Model("y ~ x + w + (1 + x | g)", DATA, pooling="none").stan_data
    assert data["has_intercept"] == 0
    np.testing.assert_allclose(data["X"][:, 0], DATA["w"] - DATA["w"].mean())
    np.testing.assert_allclose(data["Z"][:, 1], DATA["x"] - DATA["x"].mean())
    np.testing.assert_allclose(data["known"], DATA["y"].mean())
    assert data["tau_fixed"].tolist() == [1, 1]


def test_complete_pooling_has_no_groups() -> None:
    data = pp.Model("y ~ x + (1 + x | g)", DATA, pooling="complete").stan_data
    assert data["T"] == data["Q"] == data["R"] == 0


def bad(column: str, values: list[Any]) -> pd.DataFrame:
    return DATA.assign(**{column: values})


INPUTS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: pp.Model("y ~ z", DATA), DataError, "no column 'z'"),
    (lambda: pp.Model("y ~ x + (1 | gg)", DATA), DataError, "Did you mean 'g'"),
    (lambda: pp.Model("y ~", DATA), FormulaError, "Nothing is right of '~'"),
    (lambda: pp.Model("y ~ x", DATA, family="normal"), DataError, "there is no family 'normal'"),
    (
        lambda: pp.Model("y ~ x", DATA, family="bernoulli"), DataError,
        r"y must be 0 or 1 .* but 6 of 6 rows violate this: row 10 \(2\), 20 \(3\)",
    ),
    (lambda: pp.Model("k ~ x", DATA, family="bernoulli"), DataError, "for counts use .*poisson"),
    (lambda: pp.Model("hit ~ x", DATA, family="binomial"), DataError, r"write `hit \| trials"),
    (
        lambda: pp.Model("k | trials(n) ~ x", bad("k", [1, 2, 9, 0, 7, 4]), family="binomial"),
        DataError, r"k must not exceed its trials, but 2 of 6 rows .* row 30 \(9 of 5\), 50",
    ),
    (
        lambda: pp.Model("k | trials(n) ~ x", bad("k", [1, 2.5, 3, 0, 5, 4]), family="binomial"),
        DataError, r"whole numbers \(counts\), but 1 of 6 rows violate this: row 20 \(2.5\)",
    ),
    (
        lambda: pp.Model("k ~ x", bad("k", [1, 2, -3, 0, 5, 4]), family="poisson"),
        DataError, r"k must not be negative .* row 30 \(-3\)",
    ),
    (
        lambda: pp.Model("y ~ x", bad("y", [0.5, 2, 3, 0, 5, 4]), family="negbinomial"),
        DataError, "for a measured response use family 'gaussian'",
    ),
    (lambda: pp.Model("y ~ x", bad("y", [3.0] * 6)), DataError, "y is 3 in all 6 rows"),
    (lambda: pp.Model("k | trials(n) ~ x", DATA), DataError, "trials.. belongs to families"),
    (
        lambda: pp.Model("hit | se(w) ~ x", DATA, family="bernoulli"),
        DataError, "se.. belongs to family 'gaussian'",
    ),
    (lambda: pp.Model("y | se(x) ~ 1", DATA), DataError, r"se\(x\) must be greater than 0"),
    (
        lambda: pp.Model("y | weights(w) ~ x", bad("w", [0.0] * 6)),
        DataError, "all weights are 0",
    ),
    (lambda: pp.Model("y ~ x", DATA, pooling="none"), OptionError, "no group term such as"),
    (lambda: pp.Model("y ~ x", DATA, pooling="full"), OptionError, "'complete', 'none' or"),
    (
        lambda: pp.Model("y ~ (1 | g)", DATA, parameterization="non-centered"),
        OptionError, "auto, marginal, rescaled, centered, noncentered, not 'non-centered'",
    ),
    (
        lambda: pp.Model("y ~ (1 | g)", DATA, parameterization={"h": "centered"}),
        OptionError, "parameterization names 'h', but the group terms are g",
    ),
    (lambda: pp.fit("y ~ x", DATA, familly="gaussian"), OptionError, "Did you mean 'family'"),
    (lambda: pp.fit("y ~ x", DATA, chain=2), OptionError, "Did you mean 'chains'"),
    (lambda: pp.Model("y ~ x", DATA).sample(iter=3), OptionError, "no option 'iter'. Options"),
    (lambda: pp.Model("y ~ x", DATA).sample(coords={}), OptionError, "no option 'coords'"),
    (
        lambda: pp.Model("y ~ x", DATA).prior_predictive(draws=0),
        OptionError, "draws must be a whole number of at least 1",
    ),
    (lambda: pp.pooling_ladder("y ~ x", DATA), DataError, "no group term"),
    (
        lambda: pp.pooling_ladder("y ~ (1 | g)", DATA, pooling="none"),
        OptionError, "no option 'pooling'",
    ),
    (
        lambda: pp.pooling_ladder("y ~ (1 | g)", DATA, priors={"sd(h)": pp.HalfNormal()}),
        DataError, r"this model has no parameter 'sd\(h\)'",
    ),
    (lambda: pp.Model("y ~ x", DATA.iloc[:0]), DataError, "no rows|empty"),
    (lambda: pp.Model("y ~ x", "data.csv"), DataError, "pass a DataFrame"),  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), INPUTS)
def test_bad_input_is_refused_in_the_users_words(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("formula", "columns", "family", "message"),
    [
        ("hit ~ x", {"hit": [0, 0, 0, 1, 1, 1], "x": [0, 1, 2, 3, 4, 5]}, "bernoulli", "x separ"),
        ("hit ~ x", {"hit": [0, 0, 0, 1, 1, 1], "x": [0, 1, 2, 2, 4, 5]}, "bernoulli", "x separ"),
        ("hit ~ g", {"hit": [0, 0, 0, 1, 0, 1]}, "bernoulli", r"g\[q\], g\[r\] separates"),
        ("hit ~ x", {"hit": [0] * 6}, "bernoulli", "every trial failed"),
        ("k | trials(n) ~ x", {"k": [5] * 6}, "binomial", "every trial succeeded"),
        ("k ~ x", {"k": [0] * 6}, "poisson", "k is 0 in all 6 rows: its prior alone"),
        ("k ~ x", {"k": [7] * 6}, "negbinomial", "is that the right column"),
    ],
)
def test_what_is_warned_of(
    formula: str, columns: dict[str, Any], family: str, message: str
) -> None:
    with pytest.warns(DataWarning, match=message) as caught:
        pp.Model(formula, DATA.assign(**columns), family=family)
    assert [each.filename for each in caught] == [__file__]


def test_overlap_is_no_separation() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pp.Model("hit ~ x", DATA.assign(hit=[0, 0, 1, 0, 1, 1], x=range(6)), family="bernoulli")
        pp.Model("k | trials(n) ~ g", DATA.assign(k=[1, 0, 0, 1, 4, 5]), family="binomial")


def by_hand(x: np.ndarray, y: np.ndarray) -> bool:
    """With one predictor and an intercept: does some threshold separate, up to ties?"""
    low, high = x[y == 0], x[y == 1]
    return bool(low.max() <= high.min() or high.max() <= low.min())


def test_separation_against_thresholds() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        x, y = rng.integers(0, 6, 8).astype(float), np.array([0, 0, 0, 0, 1, 1, 1, 1])
        if np.ptp(x) == 0:
            continue
        found.append(separated(x[:, None], y, np.ones(8), intercept=True))
        assert found[-1] == by_hand(x, y)
    assert 3 < sum(found) < 57


def test_separation_among_many_rows() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(9000, 2))
    apart = (x[:, 0] + x[:, 1] > 0).astype(int)
    assert separated(x, apart, np.ones(9000), intercept=True)
    mixed = np.where(rng.random(9000) < 0.01, 1 - apart, apart)
    assert not separated(x, mixed, np.ones(9000), intercept=True)
    rare = np.column_stack([x, np.arange(9000) == 77])  # one row alone has it: quasi-separated
    assert separated(rare, mixed, np.ones(9000), intercept=True)


def test_help_and_completion() -> None:
    assert "formula : str" in (pp.Model.__doc__ or "")
    public = {name for name in dir(pp.Model) if not name.startswith("_")}
    assert {"sample", "prior_summary", "prior_predictive", "stan_data", "program"} <= public
    assert "pooling_ladder" in dir(pp)


def test_models_and_programs_are_frozen() -> None:
    """A misspelt field is refused, and a computed one cannot be replaced."""
    model = pp.Model("y ~ 1", pd.DataFrame({"y": [1.0, 2.0, 4.0]}))
    for thing, name in ((model, "familiy"), (model, "prior_table"), (model.program, "data")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, "x")
