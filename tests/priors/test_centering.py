"""Where priors hold: nothing that a default fit says depends on where zero is."""

from __future__ import annotations

import dataclasses
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.family import families

FAMILIES = tuple(families.FAMILIES)
SHIFTS = {"x": 2014.5, "z": -300.0}
FORMULAS = (
    "x + (1 + x | g)",
    "x + (x | g) + (1 + z | h)",
    "x*z + (1 + x*z | g)",
    "x*f + (1 + f*x | g)",
    "x*z*f + (1 | g)",
    "poly(x, 2) + (1 + poly(x, 2) | g)",
    "0 + f + f:x + x + (0 + f + x | g)",
    "x + (1 | g/h)",
    "f*center(x) + (1 + center(x) || g)",
)


def table(family: str, *, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = 120
    data = pd.DataFrame(
        {
            "x": rng.normal(size=n), "z": rng.normal(size=n), "f": rng.choice(list("abc"), n),
            "g": rng.integers(0, 8, n), "h": rng.integers(0, 3, n), "n": 9,
        }
    )  # fmt: skip
    eta = 0.4 * data["x"] + rng.normal(size=8)[data["g"]] * 0.5
    chance = 1 / (1 + np.exp(-eta))
    draws = {
        "bernoulli": rng.binomial(1, chance),
        "binomial": rng.binomial(9, chance),
        "beta_binomial": rng.binomial(9, chance),
        "poisson": rng.poisson(np.exp(eta)),
        "negbinomial": rng.poisson(np.exp(eta)),
    }
    return data.assign(y=draws.get(family, eta + rng.normal(size=n)))


def response(family: str) -> str:
    return "y | trials(n)" if family in ("binomial", "beta_binomial") else "y"


def shifted(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(**{name: data[name] + by for name, by in SHIFTS.items()})


def about_means(data: dict[str, Any]) -> dict[str, np.ndarray]:
    """What a program gets, with the fixed part about the means of its columns."""
    given = {name: np.asarray(value, dtype=float) for name, value in data.items()}
    means = given.pop("x_mean")
    if data["has_intercept"]:
        if "X" in given:
            given["X"] = given["X"] - means
        for name in ("beta_hat", "R_inverse"):
            if name in given:
                given[name][0] += means @ given[name][1:]
    return given


def largest_difference(one: pp.Model, other: pp.Model) -> float:
    assert one.program.name == other.program.name
    a, b = about_means(one.stan_data), about_means(other.stan_data)
    assert a.keys() == b.keys()
    worst = 0.0
    for name, value in a.items():
        assert value.shape == b[name].shape, name
        if value.size:
            size = max(1e-3, float(np.abs(value).max()))
            worst = max(worst, float(np.abs(value - b[name]).max()) / size)
    return worst


@pytest.mark.parametrize("pooling", ["partial", "none", "complete"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_shift_of_predictors_changes_nothing_that_a_program_gets(
    family: str, pooling: str
) -> None:
    """The density is then the same, and with it every prediction."""
    data = table(family)
    for right in FORMULAS:
        if pooling == "none" and right.startswith("0 + f"):
            continue
        formula = f"{response(family)} ~ {right}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pp.DataWarning)
            one, other = (
                pp.Model(formula, each, family=family, pooling=pooling)
                for each in (data, shifted(data))
            )
            assert largest_difference(one, other) < 1e-6, right
            if pooling != "complete" and right == FORMULAS[0]:
                at_zero = [dataclasses.replace(each, priors_at="zero") for each in (one, other)]
                if pooling == "partial":
                    assert largest_difference(*at_zero) > 1  # the control


@pytest.mark.parametrize("family", FAMILIES)
def test_predictions_of_default_fits_do_not_depend_on_where_zero_is(family: str) -> None:
    data = table(family)
    formula = f"{response(family)} ~ x*z + (1 + x*z | g)"
    means, errors = [], []
    for each in (data, shifted(data)):
        fit = pp.fit(
            formula, each, family=family, seed=1, engine="stanli", verbose=False, draws=500
        )
        drawn = fit.predict(kind="linpred").stack(sample=("chain", "draw"))
        means.append(drawn.mean("sample").values)
        errors.append(drawn.std("sample").values / np.sqrt(300))
        new = fit.predict(each.assign(g=99), kind="linpred", new_groups="sample")
        means[-1] = np.concatenate([means[-1], new.values.std(axis=(0, 1))])
        errors[-1] = np.concatenate([errors[-1], 0.1 * new.values.std(axis=(0, 1))])
    assert np.max(np.abs(means[0] - means[1]) / np.hypot(*errors)) < 5


def years(slope: float = 0.31) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    g, year = np.repeat(np.arange(30), 10), np.tile(np.arange(2010, 2020), 30)
    slopes = slope * rng.normal(size=30)
    y = rng.normal(size=30)[g] + slopes[g] * (year - 2014.5) + 0.48 * rng.normal(size=300)
    return pd.DataFrame({"y": y, "year": year, "g": g})


def test_slopes_of_years_do_not_vanish() -> None:
    data = years()
    fit = pp.fit("y ~ year + (1 + year | g)", data, seed=1, engine="stanli", verbose=False)
    sds = fit.varcorr()["mean"]
    assert abs(sds[("g", "sd", "year")] - 0.31) < 0.1
    assert abs(sds[("Residual", "sd", "")] - 0.48) < 0.05
    zero = pp.Model("y ~ year + (1 + year | g)", data, priors_at="auto")
    with pytest.warns(pp.DataWarning, match="make slopes vanish"):
        zero = dataclasses.replace(zero, priors_at="zero")
    vanished = zero.sample(seed=1, engine="stanli", verbose=False).varcorr()["mean"]
    assert vanished[("g", "sd", "year")] < 0.05  # what the default once said


def test_an_interaction_with_years_does_not_vanish() -> None:
    rng = np.random.default_rng(3)
    data = years(0.0)
    data["t"] = np.where(data["g"] % 2, "new", "old")
    data["y"] += 0.5 * (data["t"] == "new") * (data["year"] - 2014.5) + 0 * rng.normal(size=300)
    data["y"] -= 0.5 * (data["t"] == "old") * (data["year"] - 2014.5)
    fit = pp.fit("y ~ year * t + (1 | g)", data, seed=1, engine="stanli", verbose=False)
    row = fit.fixef().iloc[-1]
    assert abs(row["mean"] + 1.0) < 4 * row["sd"]
    with pytest.warns(pp.DataWarning, match=r"The prior of `t\[old\]` holds where `year` is 0"):
        model = pp.Model("y ~ year * t + (1 | g)", data, priors_at="zero")
    at_zero = model.sample(seed=1, engine="stanli", verbose=False)
    assert abs(at_zero.fixef().iloc[-1]["mean"]) < 0.2  # the control


def test_draws_go_to_the_users_zero_and_back_exactly() -> None:
    data = shifted(table("gaussian"))
    model = pp.Model("y ~ x*z + (1 + x*z | g)", data)
    assert set(model.centering.terms) == {"g"}
    fit = model.sample(seed=2, engine="stanli", verbose=False, draws=200)
    back = fit.program_posterior
    there = model.centering.to_user(back, model.design)
    for name in fit.posterior:
        np.testing.assert_allclose(there[name], fit.posterior[name], rtol=1e-6, atol=1e-9)
    one = fit.posterior.isel(chain=1, draw=7)
    sd, rho = one["sd_g"].values, np.eye(4)
    rho[np.tril_indices(4, -1)] = one["cor_g"].values
    rho = np.tril(rho) + np.tril(rho, -1).T
    center, cor = one["center_sd_g"].values, np.eye(4)
    cor[np.tril_indices(4, -1)] = one["center_cor_g"].values
    cor = np.tril(cor) + np.tril(cor, -1).T
    Z, Zc = model.design.groups[0].Z, model.program_design.groups[0].Z
    of_user = Z @ (np.outer(sd, sd) * rho) @ Z.T
    of_program = Zc @ (np.outer(center, center) * cor) @ Zc.T
    np.testing.assert_allclose(of_user, of_program, atol=1e-3 * of_program.max())
    np.testing.assert_allclose(Zc[:, 1:].mean(axis=0), 0, atol=1e-9)


def test_predictions_are_those_of_the_users_coefficients() -> None:
    data = table("gaussian").assign(x=lambda d: d["x"] + 20)
    fit = pp.fit("y ~ x*f + (1 + x | g)", data, seed=3, engine="stanli", verbose=False, draws=200)
    model, draws = fit.model, fit.posterior.stack(sample=("chain", "draw"))
    X = np.column_stack([np.ones(len(data)), model.design.X])
    eta = X @ draws["beta"].transpose("coefficient", "sample").values
    (term,) = model.design.groups
    effects = draws["r_g"].transpose("g", "g_coefficient", "sample").values
    eta += np.einsum("nk,nks->ns", term.Z, effects[term.codes])
    found = fit.predict().stack(sample=("chain", "draw")).values
    np.testing.assert_allclose(found, eta, atol=1e-8)


def test_effects_that_are_not_kept_are_the_users_too(monkeypatch: pytest.MonkeyPatch) -> None:
    data = table("gaussian").assign(x=lambda d: d["x"] + 20)
    options: dict[str, Any] = {"seed": 3, "engine": "stanli", "verbose": False, "draws": 400}
    kept = pp.fit("y ~ x + (1 + x | g)", data, **options)
    monkeypatch.setattr("partialpool.posterior.posterior.KEPT", 0)
    drawn = pp.fit("y ~ x + (1 + x | g)", data, **options)
    assert "r_g" not in drawn.posterior
    np.testing.assert_allclose(drawn.effects(), kept.effects(), atol=1e-8)
    np.testing.assert_allclose(drawn.predict(), kept.predict(), atol=1e-8)
    for one, other in ((drawn.ranef(), kept.ranef()), (drawn.coef(), kept.coef())):
        size = other["mcse_mean"]
        assert (abs(one["mean"] - other["mean"]) < 5 * size).all()
        assert (abs(one["sd"] / other["sd"] - 1) < 0.15).all()


def test_prior_predictive_does_not_depend_on_where_zero_is() -> None:
    data = table("gaussian")
    spreads = []
    for each in (data, shifted(data)):
        model = pp.Model("y ~ x + (1 + x | g)", each)
        found = model.prior_predictive(draws=4000, seed=1)
        spreads.append(np.asarray(found["prior_predictive"]["y"]).std(axis=(0, 1)))
        assert "center_sd_g" in found["prior"]
    np.testing.assert_allclose(spreads[0], spreads[1], rtol=1e-6)


GIVEN = {"sd(g)": pp.HalfNormal(1), "cor(g)": pp.LKJ(1), "sd(g, Intercept)": pp.Exponential(1)}


@pytest.mark.parametrize("name", GIVEN)
def test_a_given_prior_holds_at_the_zero_that_varcorr_reports_and_that_is_said(name: str) -> None:
    formula, given = "y ~ year + (1 + year | g)", {name: GIVEN[name]}
    near = years().assign(year=lambda d: d["year"] - 2012)
    model = pp.Model(formula, near, priors=given)
    assert model.design is model.program_design
    assert "at the means of the predictors" not in model.prior_summary().loc["cor(g)", "source"]
    assert str(model).count("where the predictors are 0") == 2  # of sd(g, Intercept) and cor(g)
    assert "where the predictors are 0" not in str(pp.Model(formula, near))
    with pytest.warns(pp.DataWarning, match=r"Write center\(year\) instead of year"):
        pp.Model(formula, years(), priors=given)
    at_mean = pp.Model(formula, years(), priors=given, priors_at="mean")
    assert set(at_mean.centering.terms) == {"g"}
    centered = pp.Model(formula.replace("year", "center(year)"), years(), priors=given)
    assert largest_difference(at_mean, centered) < 1e-9


def test_a_given_prior_of_a_slope_holds_at_zero_of_what_it_is_multiplied_with() -> None:
    data = years().assign(x=lambda d: np.sin(d.index))
    with pytest.warns(pp.DataWarning, match="The prior of `x` holds where `year` is 0"):
        given = pp.Model("y ~ x * year + (1 | g)", data, priors={"x": pp.Normal(0, 1)})
    W = given.centering.fixed
    assert W is not None
    assert W[0, 2] == 0.0  # x keeps its meaning
    assert W[1, 2] != 0.0  # the slope of year is at the mean of x
    other = pp.Model("y ~ x * year + (1 | g)", data, priors={"x:year": pp.Normal(0, 1)})
    assert other.centering.fixed is not None
    assert other.centering.fixed[0, 2] == -data["year"].mean()


@pytest.mark.parametrize("term", ["(1 + year || g)", "(1 | g) + (0 + year | g)"])
def test_independence_at_a_far_zero_is_said(term: str) -> None:
    with pytest.warns(pp.DataWarning, match=r"independent where `year` is 0.*center\(year\)"):
        pp.Model(f"y ~ year + {term}", years())
    pp.Model(f"y ~ year + {term}".replace("year", "center(year)"), years())


def test_a_level_far_from_zero_without_an_intercept() -> None:
    """The groups' intercepts have to explain the mean, so their sd is measured by it."""
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(12), 8)
    y = 1000 + 3 * rng.normal(size=12)[g] + rng.normal(size=96)
    data = pd.DataFrame({"y": y, "g": g})
    fit = pp.fit("y ~ 0 + (1 | g)", data, seed=1, engine="stanli", verbose=False)
    assert abs(fit.varcorr()["mean"][("Residual", "sd", "")] - 1) < 0.25
    groups = data.groupby("g")["y"].mean()
    np.testing.assert_allclose(fit.coef()["mean"].to_numpy(), groups, atol=1.0)
    source = fit.model.prior_summary().loc["sd(g, Intercept)", "source"]
    assert "rms(y): there is no intercept" in source
    spanned = pp.Model("y ~ 0 + C(h) + (1 | g)", data.assign(h=g % 3))
    assert "rms" not in spanned.prior_summary().loc["sd(g, Intercept)", "source"]


def test_a_history_holds_where_its_own_predictors_have_their_means(tmp_path: Path) -> None:
    data = years()
    large, small = data[data["g"] < 22], data[data["g"] >= 22].assign(year=lambda d: d["year"] + 4)
    formula, options = "y ~ year + (1 + year | g)", {"engine": "stanli", "verbose": False}
    first = pp.fit(formula, large, seed=1, draws=2000, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pp.DataWarning)
        prior = pp.prior_from(first, names=["sd(g)", "cor(g)", "sigma"])
    sds = np.log(first.posterior["center_sd_g"]).mean(("chain", "draw"))
    np.testing.assert_allclose(prior.mean[:2], sds, atol=1e-9)
    model = pp.Model(formula, small, history=prior)
    np.testing.assert_array_equal(model.centering.terms["g"], first.model.centering.terms["g"])
    at_zero = dataclasses.replace(model, priors_at="zero")  # of the priors that it has beside
    np.testing.assert_array_equal(at_zero.centering.terms["g"], model.centering.terms["g"])
    fit = model.sample(seed=1, **options)
    assert abs(fit.varcorr()["mean"][("g", "sd", "year")] - 0.31) < 0.1
    fit.save(tmp_path / "fit.nc")
    again = pp.load(tmp_path / "fit.nc")
    assert isinstance(again, pp.ModelFit)
    assert largest_difference(again.model, model) < 1e-12
    np.testing.assert_allclose(again.predict(), fit.predict(), atol=1e-9)


def test_a_fit_of_version_0_1_has_its_priors_at_zero() -> None:
    data = table("gaussian")
    fit = pp.fit(
        "y ~ x + (1 + x | g)", data, seed=1, engine="stanli", verbose=False, draws=100,
        priors_at="zero",
    )  # fmt: skip
    from partialpool.model.restore import restore

    given = json.loads(fit.attrs["model"])
    del given["priors_at"]
    old = restore({"model": json.dumps(given)}, fit.model.full_design.data)
    assert old.priors_at == "zero"
    assert old.design is old.program_design


def test_products_are_centered_only_where_the_model_stays_the_same() -> None:
    data = table("gaussian").assign(x=lambda d: d["x"] + 5, z=lambda d: d["z"] + 7)

    def W(right: str) -> np.ndarray | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pp.DataWarning)
            return pp.Model(f"y ~ {right} + (1 | g)", data).centering.fixed

    mx, mz = data["x"].mean(), data["z"].mean()
    np.testing.assert_allclose(W("x*z"), [[1, 0, -mz], [0, 1, -mx], [0, 0, 1]])
    np.testing.assert_allclose(W("x + x:z"), [[1, -mz], [0, 1]])
    assert W("x:z") is None
    assert W("x + z") is None
    cubic = W("x*z*f")
    assert cubic is not None
    for model in (pp.Model("y ~ x*z*f + (1 | g)", data),):
        X, Xc = model.design.X, model.program_design.X
        both = np.column_stack([np.ones(len(X)), X, Xc])
        assert np.linalg.matrix_rank(both / np.abs(both).max(axis=0)) == X.shape[1] + 1


def test_a_square_of_years_is_said_to_be_hidden_by_its_prior() -> None:
    data = years()
    with pytest.warns(pp.DataWarning, match=r"nearly determined.*`I\(year \*\* 2\)`.*poly\(x, 2\)"):
        pp.Model("y ~ year + I(year ** 2) + (1 | g)", data)
    with pytest.warns(pp.DataWarning, match="in the term of g are nearly determined"):
        pp.Model("y ~ poly(year, 2) + (1 + year + I(year ** 2) | g)", data)
    given = {"b": pp.Normal(0, 1)}
    pp.Model("y ~ year + I(year ** 2) + (1 | g)", data, priors=given)
    pp.Model("y ~ poly(year, 2) + (1 + poly(year, 2) | g)", data)
    pp.Model("y ~ center(year) + I(center(year) ** 2) + (1 | g)", data)
    near = data.assign(year=data["year"] - 2010)
    pp.Model("y ~ year + I(year ** 2) + (1 + year + I(year ** 2) | g)", near)


FAR_AWAY = {
    "y ~ year + year:treat + (1 + year | g)": "`year:treat\\[b\\]` without `treat\\[b\\]`",
    "y ~ year + treat:year": "without `treat\\[b\\]`.*where `year` is 0",
    "y ~ year + (0 + year | g)": r"Groups of g have slopes of `year` but no intercepts",
    "y ~ year + (year:treat | g)": r"The group term of g has `year:treat\[a\]` without",
    "y ~ 0 + b": r"`b` holds truth values.*Write C\(b\)",
    "y ~ b:x": r"`b` holds truth values.*Write C\(b\)",
    "y ~ x + (0 + b | g)": r"in the group term of g, `b` is 0 in the rows",
    "y ~ copy + (1 | g)": r"coefficient for each group of g.*sd\(g, Intercept\) follows its prior",
    "y ~ x + (1 | g) + (1 | copy)": r"copy and g make the same groups|g and copy make the same",
}


def with_treatments() -> pd.DataFrame:
    data = years(0.0).assign(x=lambda d: np.sin(d.index), treat=lambda d: d["g"] % 2)
    slope = 0.5 * (data["treat"] == 0)
    return data.assign(
        treat=data["treat"].map({0: "a", 1: "b"}),
        b=data["g"] % 3 == 0,
        copy=[f"the {g}th" for g in data["g"]],
        y=data["y"] + slope * (data["year"] - 2014.5),
        centered=data["year"] - 2014.5,
    )


@pytest.mark.parametrize("formula", FAR_AWAY)
def test_what_hangs_on_a_far_zero_or_on_priors_alone_is_said(formula: str) -> None:
    with pytest.warns(pp.DataWarning, match=FAR_AWAY[formula]):
        pp.Model(formula, with_treatments())


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ year * treat + (1 + year | g)",
        "y ~ treat / year + (1 | g)",
        "y ~ 0 + treat + treat:year + (1 | g)",
        "y ~ b * x + (1 | g)",
        "y ~ x + (1 | g) + (1 | year)",
        "y ~ treat + x + (1 + b | year)",
        "y ~ 0 + C(b) + C(b):x",
        "y ~ year + treat + (0 + treat + year | g)",
    ],
)
def test_no_false_alarm(formula: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pp.DataWarning)
        pp.Model(formula, with_treatments())


def test_slopes_by_category_do_not_depend_on_where_zero_is() -> None:
    """treat/year has no column treat[a], which is a constant less the other levels."""
    data = with_treatments()
    means = []
    for name in ("year", "centered"):
        fit = pp.fit(f"y ~ treat/{name}", data, seed=1, engine="stanli", verbose=False)
        means.append(fit.fixef()["mean"].to_numpy()[2:])
    assert abs(means[0][0] - 0.5) < 0.1
    np.testing.assert_allclose(means[0], means[1], atol=0.02)


def test_a_history_of_an_interaction_is_no_false_alarm() -> None:
    data, formula = with_treatments(), "y ~ year * treat + (1 | g)"
    first = pp.fit(formula, data, seed=1, engine="stanli", verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pp.DataWarning)
        prior = pp.prior_from(first, names=["Intercept", "b", "sigma"])
    with warnings.catch_warnings():
        warnings.simplefilter("error", pp.DataWarning)
        pp.Model(formula, data, history=prior)


def test_an_unknown_place_is_refused() -> None:
    with pytest.raises(pp.OptionError, match="'auto', 'mean' or 'zero', not 'median'"):
        pp.Model("y ~ x + (1 + x | g)", table("gaussian"), priors_at="median")
