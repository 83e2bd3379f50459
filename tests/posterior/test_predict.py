"""Predictions and log likelihoods against loops over rows and draws; new groups.

Draws come from the prior: any draws will do, and no sampler is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import partialpool as pp
from partialpool.design.pooling import pooled, split
from partialpool.errors import DataError, OptionError
from partialpool.posterior import predict
from partialpool.posterior.posterior import Posterior
from partialpool.posterior.prior import draw_prior

FORMULA = (
    "hits | trials(n) + weights(w) ~ x + s + offset(o) + (1 + x || a) + (1 + s | b) + (0 + x | a:b)"
)


def rows(n: int = 40, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    trials = rng.integers(1, 20, n)
    return pd.DataFrame(
        {
            "a": rng.choice(["u", "v", "w"], n),
            "b": rng.integers(3, 7, n),
            "s": pd.Categorical(rng.choice(["low", "high"], n), categories=["low", "high"]),
            "x": rng.normal(1, 1, n),
            "o": rng.normal(0, 0.3, n),
            "n": trials,
            "w": rng.uniform(0.5, 2, n),
            "hits": rng.binomial(trials, 0.4),
        },
        index=[f"row {i}" for i in range(n)],
    )


DATA = rows()
MODEL = pp.Model(FORMULA, DATA, family="beta_binomial")
DRAWS = 7


def prior_of(model: pp.Model, draws: int = DRAWS) -> xr.Dataset:
    return draw_prior(model.design, model.response_family, model.prior_table, draws=draws, seed=3)


def of(model: pp.Model, draws: xr.Dataset) -> Posterior:
    return Posterior(draws, model.prepared, None, 0)


POSTERIOR = prior_of(MODEL)


def linear(data: pd.DataFrame, i: int) -> np.ndarray:
    """The linear predictor of one row under every draw, by names and labels."""
    post = POSTERIOR.isel(chain=0)
    row = data.iloc[i]
    high = float(row["s"] == "high")
    beta = {name: post["beta"].sel(coefficient=name).values for name in ("Intercept", "x")}
    eta = row["o"] + beta["Intercept"] + beta["x"] * row["x"]
    eta += post["beta"].sel(coefficient="s[high]").values * high
    of_a = post["r_a"].sel(a=row["a"])
    eta += of_a.sel(a_coefficient="Intercept").values
    eta += of_a.sel(a_coefficient="x").values * row["x"]
    of_b = post["r_b"].sel(b=row["b"])
    eta += of_b.sel(b_coefficient="Intercept").values
    eta += of_b.sel(b_coefficient="s[high]").values * high
    both = post["r_a:b"].sel({"a:b": f"{row['a']}:{row['b']}"})
    return eta + both.sel({"a:b_coefficient": "x"}).values * row["x"]


def loop(data: pd.DataFrame) -> np.ndarray:
    return np.stack([linear(data, i) for i in range(len(data))], axis=1)


ETA = loop(DATA)
PHI = POSTERIOR["phi"].values.reshape(-1, 1)


def predicted(design: Any, kind: Any, **options: Any) -> xr.DataArray:
    given: dict[str, Any] = {"new_groups": "error", "seed": 1} | options
    return predict.predict(of(MODEL, POSTERIOR), design, kind=kind, **given)


def test_uncorrelated_and_correlated_terms_are_what_they_say() -> None:
    assert [term.correlated for term in MODEL.design.groups] == [False, True, False]


def test_linear_predictor_mean_and_log_likelihood() -> None:
    found = predicted(MODEL.design, "linpred")
    assert found.dims == ("chain", "draw", "row")
    np.testing.assert_array_equal(found["row"], DATA.index)
    np.testing.assert_allclose(found[0], ETA, atol=1e-12)
    p = 1 / (1 + np.exp(-ETA))
    n = DATA["n"].to_numpy()
    np.testing.assert_allclose(predicted(MODEL.design, "mean")[0], n * p)
    likelihood = predict.log_likelihood(of(MODEL, POSTERIOR), MODEL.design)
    exact = stats.betabinom(n, p * PHI, (1 - p) * PHI).logpmf(DATA["hits"].to_numpy())
    np.testing.assert_allclose(likelihood[0], DATA["w"].to_numpy() * exact, rtol=1e-8)


def test_small_chunks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [predicted(MODEL.design, kind) for kind in ("linpred", "mean")]
    monkeypatch.setattr(predict, "CHUNK", 3 * len(DATA) + 1)
    parts = list(predict.linear_predictor(POSTERIOR, MODEL.design))
    assert [part.stop - part.start for part, _ in parts] == [3, 3, 1]
    for kind, expected in zip(("linpred", "mean"), whole, strict=True):
        xr.testing.assert_allclose(predicted(MODEL.design, kind), expected)


def test_responses_have_the_mean_and_variance_of_the_family() -> None:
    model = pp.Model("hits | trials(n) ~ x + (1 | a)", DATA, family="beta_binomial")
    one = prior_of(model, 1)
    many = one.isel(draw=np.zeros(20_000, int)).assign_coords(draw=np.arange(20_000))
    drawn = predict.predict(
        of(model, many), model.design, kind="response", new_groups="error", seed=4
    )[0].values
    eta = predict.predict(of(model, one), model.design, kind="linpred", new_groups="error", seed=4)[
        0, 0
    ].values
    p, phi = 1 / (1 + np.exp(-eta)), one["phi"].item()
    exact = stats.betabinom(DATA["n"].to_numpy(), p * phi, (1 - p) * phi)
    error = np.sqrt(exact.var() / len(drawn))
    assert np.all(np.abs(drawn.mean(axis=0) - exact.mean()) < 5 * error)
    np.testing.assert_allclose(drawn.var(axis=0), exact.var(), rtol=0.15)
    assert drawn.dtype == np.int64


def test_new_rows_of_old_groups() -> None:
    new = rows(15, seed=9)
    new = new[[f"{r.a}:{r.b}" in MODEL.design.groups[2].levels for r in new.itertuples()]]
    # other order of categories, of columns and of rows; no response, no weights
    new["s"] = pd.Categorical(new["s"].astype(str), categories=["high", "low"])
    new = new[["s", "n", "x", "b", "a", "o"]].iloc[::-1]
    design = MODEL.design.on(new)
    np.testing.assert_allclose(predicted(design, "linpred")[0], loop(new), atol=1e-12)
    p = 1 / (1 + np.exp(-loop(new)))
    np.testing.assert_allclose(predicted(design, "mean")[0], new["n"].to_numpy() * p)


def newcomers(labels: list[str], x: float) -> pd.DataFrame:
    return pd.DataFrame({"g": labels, "x": x})


GAUSSIAN = pp.Model(
    "y ~ x + (1 + x | g)",
    pd.DataFrame(
        {"g": list("aabbcc" * 2), "x": [0.0, 1, 0, 1, 0, 2] * 2, "y": [1.0, 2, 4, 3, 5, 9] * 2}
    ),
)


def of_new_groups(
    labels: list[str], x: float, *, how: Any = "sample", seed: int = 5
) -> xr.DataArray:
    return predict.predict(
        of(GAUSSIAN, prior_of(GAUSSIAN, 200)),
        GAUSSIAN.design.on(newcomers(labels, x), new_groups=how),
        kind="linpred",
        new_groups=how,
        seed=seed,
    )


def test_the_same_label_has_the_same_draws() -> None:
    first = of_new_groups(["p", "q", "a", "p"], 1.0)
    again = of_new_groups(["r", "a", "q", "p"], 1.0)
    np.testing.assert_array_equal(first[..., 0], first[..., 3])
    np.testing.assert_array_equal(first[..., 0], again[..., 3])
    np.testing.assert_array_equal(first[..., 1], again[..., 2])
    np.testing.assert_array_equal(first[..., 2], again[..., 1])
    assert not np.isclose(first[..., 0], first[..., 1]).any()
    assert not np.isclose(first[..., 0], of_new_groups(["p"], 1.0, seed=6)[..., 0]).any()


def test_population_leaves_the_deviation_out() -> None:
    draws = prior_of(GAUSSIAN, 200)
    beta = draws["beta"].values[0]
    found = of_new_groups(["p", "a"], 2.0, how="population")
    np.testing.assert_allclose(found[0, :, 0], beta[:, 0] + 2 * beta[:, 1])
    old = draws["r_g"].sel(g="a").values[0]
    np.testing.assert_allclose(found[0, :, 1], beta[:, 0] + old[:, 0] + 2 * (beta + old)[:, 1])
    with pytest.raises(DataError, match="'p'"):
        of_new_groups(["p"], 1.0, how="error")


def test_new_groups_vary_as_varcorr_says() -> None:
    labels = [f"new {i}" for i in range(4000)]
    draws = prior_of(GAUSSIAN, 200)
    beta = draws["beta"].values[0]
    at_0 = of_new_groups(labels, 0.0)[0, :3].values - beta[:3, :1]
    at_1 = of_new_groups(labels, 1.0)[0, :3].values - beta[:3, :1] - beta[:3, 1:] - at_0
    for s in range(3):
        sd, rho = draws["sd_g"].values[0, s], draws["cor_g"].values[0, s, 0]
        cross = rho * sd[0] * sd[1]
        exact = np.array([[sd[0] ** 2, cross], [cross, sd[1] ** 2]])

        def far(covariance: np.ndarray, s: int = s) -> float:
            found = np.cov(at_0[s], at_1[s])
            diagonal = np.diag(covariance)
            error = np.sqrt((np.outer(diagonal, diagonal) + covariance**2) / len(labels))
            return float(np.max(np.abs(found - covariance) / error))

        assert far(exact) < 5
        assert far(exact * 1.2) > 5
        assert far(np.diag(np.diag(exact))) > 5 or abs(rho) < 0.1


def test_without_pooling_new_groups_have_their_prior() -> None:
    model = pp.Model(
        "y ~ x + (1 + x | g)", GAUSSIAN.data, pooling="none",
        priors={"coef(g, Intercept)": pp.Normal(10, 2), "coef(g, x)": pp.Normal(-3, 0.5)},
    )  # fmt: skip
    labels = [f"new {i}" for i in range(5000)]

    def at(x: float) -> np.ndarray:
        design = model.full_design.on(newcomers(labels, x), new_groups="sample")
        found = predict.predict(
            of(model, prior_of(model, 2)), pooled(design, "none"),
            kind="linpred", new_groups="sample", seed=5,
        )  # fmt: skip
        return found[0, 0].values

    mean = GAUSSIAN.data["x"].mean()
    assert abs(at(mean).mean() - 10) < 5 * 2 / np.sqrt(5000)
    np.testing.assert_allclose(at(mean).std(), 2, rtol=0.06)
    slopes = at(mean + 1) - at(mean)
    assert abs(slopes.mean() + 3) < 5 * 0.5 / np.sqrt(5000)
    np.testing.assert_allclose(slopes.std(), 0.5, rtol=0.06)
    design = model.full_design.on(newcomers(["p"], 1.0), new_groups="population")
    with pytest.raises(OptionError, match="without pooling there is no population of g"):
        predict.predict(
            of(model, prior_of(model, 2)), pooled(design, "none"),
            kind="mean", new_groups="population", seed=5,
        )  # fmt: skip


def test_split_keeps_every_row_and_label() -> None:
    out = DATA["a"].eq("v").to_numpy() | (np.arange(len(DATA)) % 5 == 0)
    rest, held = split(MODEL.design, out)
    assert len(rest.data) + len(held.data) == len(DATA)
    for term, fitted, left in zip(MODEL.design.groups, rest.groups, held.groups, strict=True):
        assert set(fitted.levels) | set(left.new_levels) == set(term.levels)
        names = [term.levels[code] for code in term.codes]
        assert [fitted.levels[c] for c in fitted.codes] == list(np.array(names, object)[~out])
        both = [left.levels[c] if c >= 0 else left.new_levels[-c - 1] for c in left.codes]
        assert both == list(np.array(names, object)[out])
    assert "v" in held.groups[0].new_levels
    np.testing.assert_array_equal(held.trials, DATA["n"][out])
    np.testing.assert_array_equal(rest.response.y, DATA["hits"][~out])


@pytest.mark.parametrize(
    ("kind", "new_groups", "message"),
    [("median", "error", "kind must be"), ("mean", "all", "new_groups must be 'sample'")],
)
def test_unknown_options(kind: str, new_groups: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        predict.check_options(kind, new_groups)


def test_a_number_and_its_text_are_different_new_groups() -> None:
    frame = pd.DataFrame({"g": np.array([7, "7", "new"], dtype=object), "x": 0.0})
    drawn = predict.predict(
        of(GAUSSIAN, prior_of(GAUSSIAN, 50)),
        GAUSSIAN.design.on(frame, new_groups="sample"),
        kind="linpred",
        new_groups="sample",
        seed=5,
    )
    assert not np.allclose(drawn[..., 0], drawn[..., 1])
