"""When a group's own rows tell enough about it for its effects to be sampled centered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.informative import USUAL_EFFECT, group_information


def information(model: pp.Model) -> float:
    (term,) = model.design.groups
    return group_information(model.design, model.response_family, term) / USUAL_EFFECT**2


def table(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "g": np.arange(rows * 5) % 5,
            "x": rng.normal(size=rows * 5),
            "count": rng.poisson(4, rows * 5),
            "hit": rng.integers(0, 2, rows * 5),
            "y": rng.normal(size=rows * 5),
            "exposure": np.tile([1.0, 3.0], rows * 5)[: rows * 5],
            "se": 0.5,
        }
    )


def test_it_is_fishers_information_of_the_median_group() -> None:
    data = table(8)
    chance = data["hit"].mean()
    bernoulli = pp.Model("hit ~ 1 + (1 | g)", data, family="bernoulli")
    assert information(bernoulli) == pytest.approx(8 * chance * (1 - chance))
    poisson = pp.Model("count ~ 1 + (1 | g) + offset(log(exposure))", data, family="poisson")
    rate = data["count"].sum() / data["exposure"].sum()
    each = (data["exposure"] * rate).groupby(data["g"]).sum()
    assert information(poisson) == pytest.approx(each.median())
    slopes = pp.Model("count ~ 1 + (0 + x | g)", data, family="poisson")
    squares = (data["x"] ** 2).groupby(data["g"]).sum().median()
    assert information(slopes) == pytest.approx(squares * data["count"].mean())
    known = pp.Model("y | se(se) ~ 1 + (1 | g)", data)
    assert information(known) == pytest.approx(8 * data["y"].var(ddof=0) / 0.25)
    student = pp.Model("y ~ 1 + (1 | g)", data, family="student")
    assert information(student) == pytest.approx(8)


@pytest.mark.parametrize(("rows", "how"), [(4, "noncentered"), (40, "centered")])
def test_auto_follows_it_and_says_so(rows: int, how: str) -> None:
    formula = "count ~ 1 + (1 | g)"
    model = pp.Model(formula, table(rows), family="poisson")
    assert model.parameterizations == {"g": how}
    assert model.stan_data["centered"] == [int(how == "centered")]
    much = "much" if how == "centered" else "little"
    assert f"its rows tell {much} about a group" in str(model)
    other = {"centered": "noncentered", "noncentered": "centered"}[how]
    given = pp.Model(formula, table(rows), family="poisson", parameterization=other)
    assert given.parameterizations == {"g": other}
    assert "tell" not in str(given)


def test_auto_on_the_classic_data() -> None:
    """As measured: the better of the two in effective draws, and without divergences."""
    bangladesh = "use_contraception ~ urban + (1 + urban | district)"
    for formula, data, family in (
        (bangladesh, "bangladesh", "bernoulli"),
        ("hits | trials(at_bats) ~ 1 + (1 | player)", "baseball_1970", "binomial"),
        ("tumors | trials(rats) ~ 1 + (1 | experiment)", "rat_tumors", "binomial"),
        ("ticks ~ 1 + (1 | brood)", "grouse_ticks", "poisson"),
    ):
        model = pp.Model(formula, pp.datasets.load(data), family=family)
        assert set(model.parameterizations.values()) == {"noncentered"}
