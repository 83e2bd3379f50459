"""Rows that are alike, taken together: the same likelihood up to a constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.reduction.equal_rows import collapsed
from partialpool.sampling import methods as run
from partialpool.stan_data.rows import stan_data

ROWS = 60


def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    trials = rng.integers(1, 4, ROWS)
    return pd.DataFrame(
        {
            "x": rng.integers(0, 2, ROWS).astype(float),
            "g": rng.integers(0, 4, ROWS),
            "h": rng.choice(["a", "b"], ROWS),
            "hit": rng.integers(0, 2, ROWS),
            "trials": trials,
            "hits": rng.binomial(trials, 0.4),
            "count": rng.poisson(2, ROWS),
            "exposure": rng.choice([1.0, 2.0], ROWS),
            "w": rng.choice([0.5, 2.0, 0.0], ROWS),
        }
    )


MODELS = [
    ("hit ~ x + (1 + x | g)", "bernoulli"),
    ("hits | trials(trials) ~ x + (1 | g) + (1 | h)", "binomial"),
    ("hits | trials(trials) + weights(w) ~ x + (1 | g)", "binomial"),
    ("hits | trials(trials) ~ x + (1 | g)", "beta_binomial"),
    ("count ~ x + (0 + x | g) + offset(log(exposure))", "poisson"),
    ("count | weights(w) ~ x + (1 | g)", "poisson"),
    ("count ~ x + (1 | g)", "negbinomial"),
]


def densities(model: pp.Model, data: dict[str, Any], points: list[dict[str, Any]]) -> np.ndarray:
    return np.array(
        [run.log_density(model.program, data, point, engine="stanli").value for point in points]
    )


def points(model: pp.Model) -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    data = model.stan_data
    sizes = {
        "xi": data["P"], "tau_raw": data["Q"], "cpc": data["C"], "z": data["R"],
    }  # fmt: skip
    made = []
    for _ in range(4):
        point: dict[str, Any] = {name: rng.normal(0, 0.5, n) for name, n in sizes.items()}
        point["cpc"] = np.tanh(point["cpc"])
        made.append(
            point | {name: rng.exponential(3) for name in model.response_family.auxiliaries}
        )
    return made


@pytest.mark.parametrize(("formula", "family"), MODELS)
def test_the_density_is_the_same_up_to_a_constant(formula: str, family: str) -> None:
    model = pp.Model(formula, table(), family=family, priors_at="zero")
    whole = stan_data(model.design, model.response_family, model.prior_table)
    whole |= {name: value for name, value in model.stan_data.items() if name not in whole}
    assert model.stan_data["N"] == model.prepared.rows < whole["N"] == ROWS
    given = points(model)
    apart = densities(model, model.stan_data, given) - densities(model, whole, given)
    assert np.ptp(apart) < 1e-9 * max(1.0, float(np.abs(densities(model, whole, given)).max()))
    wrong = model.stan_data | {"weights": np.ones(model.prepared.rows) * 1.5}
    assert np.ptp(densities(model, wrong, given) - densities(model, whole, given)) > 1e-3


def test_what_adds_up_adds_up() -> None:
    data = table()
    model = pp.Model("hit ~ x + (1 | g)", data, family="bernoulli")
    cells = data.groupby(["x", "g"], sort=False)["hit"].agg(["sum", "size"])
    np.testing.assert_array_equal(model.stan_data["y"], cells["sum"])
    np.testing.assert_array_equal(model.stan_data["trials"], cells["size"])
    assert model.stan_data["x_mean"] == pytest.approx(data["x"].mean())
    assert f"{ROWS} rows -> {len(cells)} distinct" in str(model)


def test_what_is_left_as_it_is() -> None:
    data = table().assign(y=np.repeat([1.0, 2.0], ROWS // 2))
    measured = pp.Model("y ~ x + (1 | g) + (1 | h)", data, parameterization="rescaled")
    assert measured.stan_data["N"] == ROWS
    distinct = pp.Model("hit ~ z", data.assign(z=np.arange(ROWS) * 0.1), family="bernoulli")
    assert collapsed(distinct.design, distinct.response_family) is distinct.design
    own = pp.Model("hit ~ x + (1 | g)", data, family="bernoulli", pooling="none")
    assert own.stan_data["N"] == ROWS


def test_predictions_and_scores_are_of_the_rows_themselves() -> None:
    model = pp.Model("hit ~ x + (1 | g)", table(), family="bernoulli")
    fit = model.sample(
        engine="stanli", seed=1, chains=2, warmup=200, draws=100, progress=False, verbose=False
    )
    assert fit.predict().sizes["row"] == fit.log_likelihood().sizes["row"] == ROWS
