"""Fits of formulas: tables under the field's names, published REML, save and load."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import partialpool as pp
from partialpool.errors import DataError, EngineError
from partialpool.pilot.coordinates import FORMS
from partialpool.sampling import inference_data

SHORT: dict[str, Any] = {
    "engine": "stanli", "seed": 1, "chains": 2, "warmup": 100, "draws": 60, "verbose": False
}  # fmt: skip


@pytest.fixture(scope="module")
def sleep() -> pp.ModelFit:
    data = pp.datasets.load("sleepstudy")
    model = pp.Model("reaction ~ days + (1 + days | subject)", data)
    return model.sample(engine="stanli", seed=1, warmup=500, draws=500, verbose=False)


def far(row: pd.Series, value: float) -> float:
    """Distance of a posterior mean to a value in posterior sds, beyond 5 Monte-Carlo errors."""
    assert row["ess_bulk"] > 200
    return float(max(0.0, abs(row["mean"] - value) - 5 * row["mcse_mean"]) / row["sd"])


REML = {"Intercept": 251.405, "days": 10.467}
REML_SDS = {"Intercept": 24.74, "days": 5.92}


def farthest(fit: pp.ModelFit) -> float:
    """Largest distance to REML: of slopes in tenths, of sds and correlation in halves of an sd.

    The default priors of the slopes are 20 times as wide as the likelihood: they shift means by
    less than a hundredth of an sd. REML is the mode of the likelihood of the variances, whose
    right tail of 18 groups moves the mean up by about a third of an sd.
    """
    found = [far(fit.fixef().loc[name], value) / 0.1 for name, value in REML.items()]
    sds = fit.varcorr()
    for name, value in REML_SDS.items():
        key = ("subject", "sd", name)
        found.append(far(sds.loc[key], value) / 0.5 if key in sds.index else np.inf)
    found.append(far(sds.loc[("Residual", "sd", "")], 25.59) / 0.5)
    key = ("subject", "cor", "Intercept, days")
    found.append(far(sds.loc[key], 0.07) / 0.5 if key in sds.index else np.inf)
    return max(found)


def test_sleepstudy_is_as_published() -> None:
    """With the priors of sds and correlation at day 0, as the published values are."""
    data = pp.datasets.load("sleepstudy")
    model = pp.Model("reaction ~ days + (1 + days | subject)", data, priors_at="zero")
    fit = model.sample(engine="stanli", seed=1, warmup=500, draws=500, verbose=False)
    assert fit.diagnose()["divergences"].ok
    assert farthest(fit) < 1


def test_sleepstudy_without_its_slopes_is_not(sleep: pp.ModelFit) -> None:
    data = pp.datasets.load("sleepstudy")
    wrong = pp.Model("reaction ~ days + (1 | subject)", data)
    fit = wrong.sample(engine="stanli", seed=1, warmup=300, draws=500, verbose=False)
    residual = fit.varcorr().loc[("Residual", "sd", "")]
    assert far(residual, 25.59) > 1
    assert far(fit.varcorr().loc[("subject", "sd", "Intercept")], 24.74) > 0.5
    assert farthest(fit) > 1


def test_fixef_ranef_coef(sleep: pp.ModelFit) -> None:
    draws = sleep.posterior
    assert list(sleep.fixef().index) == ["Intercept", "days"]
    ranef, coef = sleep.ranef(), sleep.coef(quantiles=(0.1, 0.9))
    assert ranef.index.names == coef.index.names == ["factor", "group", "coefficient"]
    key = ("subject", 308, "days")
    slope = draws["beta"].sel(coefficient="days")
    own = draws["r_subject"].sel(subject=308, subject_coefficient="days")
    np.testing.assert_allclose(ranef.loc[key, "mean"], float(own.mean()))
    np.testing.assert_allclose(coef.loc[key, "mean"], float((own + slope).mean()))
    np.testing.assert_allclose(coef.loc[key, "q90"], np.quantile(own + slope, 0.9))
    assert {"mcse_mean", "ess_bulk", "ess_tail", "r_hat"} <= set(coef.columns)
    assert len(ranef) == 36


def test_varcorr_and_sigma(sleep: pp.ModelFit) -> None:
    table = sleep.varcorr()
    assert list(table.index) == [
        ("subject", "sd", "Intercept"),
        ("subject", "sd", "days"),
        ("subject", "cor", "Intercept, days"),
        ("Residual", "sd", ""),
    ]
    assert sleep.sigma().loc["sigma", "mean"] == table.loc[("Residual", "sd", ""), "mean"]
    cor = np.asarray(sleep.posterior["cor_subject"]).ravel()
    np.testing.assert_allclose(table.loc[("subject", "cor", "Intercept, days"), "mean"], cor.mean())


def test_summary_is_of_the_population(sleep: pp.ModelFit) -> None:
    assert "r_subject[308, days]" not in sleep.summary().index
    assert len(sleep.summary()) == 6
    assert "r_subject[308, days]" in sleep.summary("r_subject").index
    assert "reaction ~ days" in repr(sleep)


def test_effects_have_the_covariance_that_is_reported(sleep: pp.ModelFit) -> None:
    """Predictions of a new subject against the draws of sds and correlation."""
    new = pd.DataFrame({"subject": [f"new {i}" for i in range(40)], "days": 0})
    at = [
        sleep.predict(new.assign(days=day), kind="linpred", new_groups="sample").values
        for day in (0, 1)
    ]
    slopes = at[1] - at[0] - sleep.posterior["beta"].sel(coefficient="days").values[..., None]
    sd = sleep.posterior["sd_subject"].sel(subject_coefficient="days").values[..., None]
    standardised = (slopes / sd).ravel()
    assert abs(standardised.std() - 1) < 5 / np.sqrt(2 * standardised.size)


def test_log_likelihood_is_of_the_original_rows(sleep: pp.ModelFit) -> None:
    likelihood = sleep.log_likelihood()
    eta = sleep.predict(kind="linpred")
    y = pp.datasets.load("sleepstudy")["reaction"].to_numpy()
    sigma = sleep.posterior["sigma"].values[..., None]
    expected = -0.5 * ((y - eta.values) / sigma) ** 2 - np.log(sigma * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(likelihood.values, expected, rtol=1e-9)


def test_predictions_repeat_and_follow_the_seed(sleep: pp.ModelFit) -> None:
    new = pd.DataFrame({"subject": [308, 999], "days": [10, 11]})
    first = sleep.predict(new, kind="response", new_groups="sample")
    xr.testing.assert_identical(first, sleep.predict(new, kind="response", new_groups="sample"))
    other = sleep.predict(new, kind="response", new_groups="sample", seed=9)
    assert not np.isclose(first, other).any()


def test_the_population_needs_no_group_column(sleep: pp.ModelFit) -> None:
    new = pd.DataFrame({"days": [0, 4]}, index=["start", "later"])
    found = sleep.predict(new, new_groups="population")
    beta = sleep.posterior["beta"].values
    np.testing.assert_allclose(found[..., 0], beta[..., 0])
    np.testing.assert_allclose(found[..., 1], beta[..., 0] + 4 * beta[..., 1])
    assert list(found["row"].values) == ["start", "later"]
    with pytest.raises(DataError, match="no column 'subject'"):
        sleep.predict(new, new_groups="sample")
    with pytest.raises(DataError, match="newdata is of type str"):
        sleep.predict("new.csv", new_groups="population")  # type: ignore[arg-type]


# Labels and names -------------------------------------------------------------------------------


def small(n: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    g = rng.permutation(np.arange(n) % 4)
    start = pd.Timestamp("2024-01-01")
    return pd.DataFrame(
        {
            "integer": g + 5,
            "float": g / 2,
            "flag": g > 1,
            "text": [f"place {i}" for i in g],
            "category": pd.Categorical.from_codes(3 - g, categories=list("zyxw")),
            "date": start + pd.to_timedelta(g, unit="D"),
            "day": [(start + pd.Timedelta(days=int(i))).date() for i in g],
            "interval": pd.cut(g + 0.5, [0, 1, 2, 3, 4]),
            "draw": g, "coefficient": g, "row": g, "sigma": g, "beta": g, "sd_draw": g, "a b": g,
            "x": rng.normal(2, 1, n),
            "s": pd.Categorical(rng.choice(["lo", "hi"], n), categories=["lo", "hi"], ordered=True),
            "n": np.full(n, 9.0),
            "hits": rng.integers(0, 9, n),
            "se": rng.uniform(0.5, 1, n),
            "w": rng.uniform(0.5, 2, n),
            "y": g + rng.normal(0, 1, n),
        },
        index=[f"id {i}" for i in range(n)],
    )  # fmt: skip


SMALL = small()
MODELS: list[tuple[str, dict[str, Any]]] = [
    ("y ~ x + s + (1 | integer) + (1 | float) + (1 | flag) + (1 | text)", {}),
    ("y ~ x + s + (1 | category) + (1 | date) + (1 | day) + (1 | interval)", {}),
    ("y ~ x + (1 | draw) + (1 | coefficient) + (1 | row) + (1 | sigma)", {}),
    ("y ~ x + (1 | beta) + (1 | sd_draw) + (1 | `a b`) + (1 | draw)", {}),
    ("y / 2 ~ center(x) + (1 + x | text) + (0 + s || draw)", {}),
    ("log(y + 9) ~ poly(x, 2) + (1 | flag / text)", {"family": "student"}),
    ("y ~ (1 | draw) + (0 + x | draw) + (1 | sd_draw)", {}),
    ("hits | trials(n) + weights(w) ~ x + offset(log(w)) + (x || text)", {"family": "binomial"}),
    ("hits | trials(n) ~ x + s + (1 + x | date)", {"family": "beta_binomial", "pooling": "none"}),
    ("hits ~ x + (1 | text)", {"family": "negbinomial", "pooling": "complete"}),
    ("y | se(se) ~ 1 + (1 | text)", {"priors": {"sd(text)": pp.HalfStudentT(4, 2)}}),
    ("hits ~ x + (1 | text)", {"family": "poisson", "na_action": "drop"}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.* make the same groups:partialpool.errors.DataWarning")
@pytest.mark.parametrize(("formula", "options"), MODELS)
def test_a_saved_fit_is_the_same_fit(formula: str, options: dict[str, Any], tmp_path: Path) -> None:
    data = SMALL.copy()
    if options.get("na_action") == "drop":
        data.loc["id 3", "x"] = np.nan
    fit = pp.Model(formula, data, **options).sample(**SHORT)
    back = pp.load(fit.save(tmp_path / "fit.nc"))
    assert isinstance(back, pp.ModelFit)
    assert str(back.model) == str(fit.model).replace(" (1 with missing values dropped)", "")
    groups = options.get("pooling") != "complete"
    for name in ("summary", *(("coef",) if groups else ())):
        pd.testing.assert_frame_equal(getattr(fit, name)(), getattr(back, name)())
    new = data.dropna().iloc[5:9]
    for kind in ("mean", "response", "linpred"):
        xr.testing.assert_equal(fit.predict(new, kind=kind), back.predict(new, kind=kind))
        xr.testing.assert_equal(fit.predict(kind=kind), back.predict(kind=kind))
    xr.testing.assert_equal(fit.log_likelihood(), back.log_likelihood())
    for term in fit.model.design.groups:
        assert set(fit.coef().loc[term.label].index.unique("group")) == set(term.levels)
    np.testing.assert_allclose(fit.predict(new), fit.predict()[..., 5:9])


def test_labels_are_the_users_own() -> None:
    fit = pp.Model("y ~ 1 + (1 | flag) + (1 | category)", SMALL).sample(**SHORT)
    table = fit.ranef()
    assert ("flag", True, "Intercept") in table.index
    assert table.loc["category"].index.unique("group").tolist() == list("zyxw")


def test_nested_groups_and_two_terms_of_one_factor() -> None:
    fit = pp.Model("y ~ x + (1 | flag / text) + (0 + x | text)", SMALL).sample(**SHORT)
    table = fit.coef()
    assert ("flag:text", "False:place 0", "Intercept") in table.index
    assert ("text", "place 3", "x") in table.index
    both = table.loc[("text", "place 3", "x"), "mean"]
    slope = fit.fixef().loc["x", "mean"]
    np.testing.assert_allclose(both, slope + fit.ranef().loc[("text", "place 3", "x"), "mean"])


def test_what_a_model_does_not_have() -> None:
    flat = pp.Model("y ~ 1", SMALL).sample(**SHORT)
    with pytest.raises(DataError, match="no group terms"):
        flat.ranef()
    none = pp.Model("hits ~ 1 + (1 | text)", SMALL, family="poisson", pooling="none")
    fit = none.sample(**SHORT)
    with pytest.raises(DataError, match="use coef"):
        fit.ranef()
    with pytest.raises(DataError, match="no population coefficients"):
        fit.fixef()
    with pytest.raises(DataError, match="no residual standard deviation"):
        fit.sigma()


def test_responses_of_new_rows_need_their_standard_errors() -> None:
    fit = pp.Model("y | se(se) ~ x + (1 | text)", SMALL).sample(**SHORT)
    new = SMALL[["x", "text"]].head(3)
    assert fit.predict(new).shape == (2, 60, 3)
    with pytest.raises(DataError, match=r"newdata lacks the standard errors se\(se\)"):
        fit.predict(new, kind="response")
    assert fit.predict(new.assign(se=1.0), kind="response").shape == (2, 60, 3)


def test_new_rows_need_no_trials_for_the_linear_predictor() -> None:
    fit = pp.Model("hits | trials(n) ~ x + (1 | text)", SMALL, family="binomial").sample(**SHORT)
    new = SMALL[["x", "text"]].head(3)
    assert fit.predict(new, kind="linpred").shape == (2, 60, 3)
    with pytest.raises(DataError, match="no column 'n'"):
        fit.predict(new)
    more = fit.predict(new.assign(n=18)) / fit.predict(new.assign(n=9))
    np.testing.assert_allclose(more, 2.0)


def test_every_parameterization_has_one_posterior() -> None:
    rng = np.random.default_rng(6)
    g = np.repeat(np.arange(8), 12)
    x = rng.normal(0, 1, g.size)
    y = 1 + rng.normal(0, 1, 8)[g] + (0.5 + rng.normal(0, 0.7, 8)[g]) * x + rng.normal(0, 1, g.size)
    data = pd.DataFrame({"g": g, "x": x, "y": y})

    def means(how: str, **options: Any) -> pd.DataFrame:
        model = pp.Model("y ~ x + (1 + x | g)", data, parameterization=how, **options)
        assert model.stan_data["form"] == [FORMS[how]]
        fit = model.sample(engine="stanli", seed=2, warmup=400, draws=600, verbose=False)
        tables = [fit.summary(), fit.coef().reset_index(drop=True)]
        return pd.concat(tables)[["mean", "mcse_mean", "ess_bulk"]]

    def apart(a: pd.DataFrame, b: pd.DataFrame) -> pd.Series:
        assert min(a["ess_bulk"].min(), b["ess_bulk"].min()) > 250
        return abs(a["mean"] - b["mean"]) / np.hypot(a["mcse_mean"], b["mcse_mean"])

    centered, non_centered, rescaled = means("centered"), means("noncentered"), means("rescaled")
    assert apart(centered, non_centered).max() < 5
    assert apart(rescaled, centered).max() < 5
    wrong = means("noncentered", priors={"sd(g)": pp.HalfNormal(0.5)})
    assert apart(centered, wrong).max() > 5


@pytest.mark.parametrize(
    ("pooling", "how"), [("partial", "marginal"), ("partial", "noncentered"), ("none", "auto")]
)
def test_units_do_not_matter(pooling: str, how: str) -> None:
    """Millionths and billions: the same posterior in other units, with the same seed."""
    sizes = {"y": 1e-6, "x": 1e8}
    formula, options = "y ~ x + (1 + x | text)", {"pooling": pooling, "parameterization": how}
    large = SMALL.assign(**{name: SMALL[name] * size for name, size in sizes.items()})
    fits = [
        pp.Model(formula, data, **options).sample(**{**SHORT, "warmup": 200, "draws": 200})
        for data in (SMALL, large)
    ]
    tables = [fit.coef().reset_index() for fit in fits]
    assert [table["ess_bulk"].min() > 50 for table in tables] == [True, True]
    unit = np.where(tables[0]["coefficient"] == "x", sizes["y"] / sizes["x"], sizes["y"])
    difference = (tables[1]["mean"] / unit - tables[0]["mean"]).abs()
    error = np.hypot(tables[1]["mcse_mean"] / unit, tables[0]["mcse_mean"])
    assert (difference < 5 * error).all()
    data = fits[1].model.stan_data
    if how != "marginal":
        assert 0.1 < np.std(data["y"]) < 10
        assert 0.1 < np.std(data["Z"][:, 1]) < 10
    predicted = [
        fit.predict(data).mean(("chain", "draw"))
        for fit, data in zip(fits, (SMALL, large), strict=True)
    ]
    np.testing.assert_allclose(predicted[1] / sizes["y"], predicted[0], atol=0.3)


def test_pathfinder_has_no_chain_to_diagnose() -> None:
    model = pp.Model("y ~ x + (1 | text)", SMALL)
    with pytest.raises(EngineError, match="cmdstan"):
        model.pathfinder(engine="stanli", seed=1)


@pytest.mark.slow
def test_radon_is_as_published() -> None:
    """Gelman & Hill's response; REML: 1.462, -.693, county sd .328, residual .756."""
    radon = pp.datasets.load("radon")

    def distances(formula: str) -> list[float]:
        fit = pp.Model(formula, radon).sample(
            engine="stanli", seed=1, warmup=400, draws=500, verbose=False
        )
        fixed, sds = fit.fixef(), fit.varcorr()
        return [
            far(fixed.loc["Intercept"], 1.462) / 0.1,
            far(fixed.loc["floor"], -0.693) / 0.1 if "floor" in fixed.index else np.inf,
            far(sds.loc[("county", "sd", "Intercept")], 0.328) / 0.5,
            far(sds.loc[("Residual", "sd", "")], 0.756) / 0.5,
        ]

    assert max(distances("log_radon ~ floor + (1 | county)")) < 1
    wrong = distances("log_radon ~ 1 + (1 | county)")
    assert wrong[0] > 1
    assert wrong[3] > 1


def test_predictions_follow_the_draws_of_a_fit() -> None:
    """Nothing keeps a second copy of the draws: a thinned fit predicts from what is left."""
    data = pd.DataFrame({"y": np.arange(12.0) % 5, "x": np.arange(12.0), "g": list("abcd") * 3})
    fit = pp.fit(
        "y ~ x + (1 + x | g)", data, seed=1, chains=1, draws=60, engine="stanli", verbose=False,
        progress=False,
    )  # fmt: skip
    assert fit.predict().sizes["draw"] == 60
    thinned = {
        name: inference_data.group(fit.idata, name)
        for name in inference_data.group_names(fit.idata)
    }
    thinned["posterior"] = thinned["posterior"].isel(draw=slice(0, 10))
    other = dataclasses.replace(fit, idata=inference_data.assemble(thinned, fit.attrs))
    assert other.predict().sizes["draw"] == 10
    assert "_posterior" not in vars(fit)
