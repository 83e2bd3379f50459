"""Several group terms, one or all of them integrated out: the posterior, tables, and the choice."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import partialpool as pp
from partialpool.errors import AccuracyError, DataError, OptionError
from partialpool.pilot.information import estimated_information
from partialpool.posterior import conditional, group_density
from partialpool.posterior import posterior as posterior_module
from partialpool.posterior.conditional import Population
from partialpool.posterior.effects import GroupEffects
from partialpool.posterior.group_density import group_rows
from partialpool.reduction import marginal
from partialpool.sampling import inference_data
from partialpool.stan_data import parameterization

FORMULA = "diameter ~ 1 + (1 | plate) + (1 | sample)"
PENICILLIN = pp.datasets.load("penicillin")
REML = {"Intercept": 22.972, "plate": 0.847, "sample": 1.932, "sigma": 0.550}
"""lme4, vignette of Bates et al. (2015); of a balanced table those of its analysis of variance."""


def table(fit: pp.ModelFit) -> pd.DataFrame:
    parts = [fit.fixef(), fit.varcorr(), fit.ranef(), fit.coef()]
    return pd.concat([part.sort_index() for part in parts], ignore_index=True)


def apart(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Largest difference of means or sds, in Monte-Carlo errors; both must have the draws."""
    assert min(one["ess_bulk"].min(), other["ess_bulk"].min()) > 400
    distances = [
        abs(one[what] - other[what]) / np.hypot(one[f"mcse_{what}"], other[f"mcse_{what}"])
        for what in ("mean", "sd")
    ]
    return float(np.max(distances))


def sample(model: pp.Model, seed: int = 1, **options: Any) -> pp.ModelFit:
    return model.sample(engine="stanli", seed=seed, verbose=False, **options)


@pytest.fixture(scope="module", params=["all", "one"])
def penicillin(request: pytest.FixtureRequest) -> pp.ModelFit:
    """The effects of both terms are integrated out, or those of plates only."""
    how = "auto" if request.param == "all" else {"plate": "marginal"}
    fit = sample(pp.Model(FORMULA, PENICILLIN, parameterization=how))
    assert fit.program.name == (marginal.ALL if request.param == "all" else marginal.CROSSED)
    return fit


def test_the_general_program_has_the_same_posterior(penicillin: pp.ModelFit) -> None:
    model = penicillin.model
    form = "marginal" if penicillin.program.name == marginal.ALL else "centered"
    assert model.parameterizations == {"plate": "marginal", "sample": form}
    general = dataclasses.replace(model, parameterization="centered")
    assert general.program.name == "glmm/gaussian"
    reference = table(sample(general, draws=1200))
    assert apart(table(penicillin), reference) < 5
    other = dataclasses.replace(model, parameterization={"sample": "marginal"})
    assert other.parameterizations == {"plate": "centered", "sample": "marginal"}
    assert apart(table(sample(other, 2)), reference) < 5
    wrong = dataclasses.replace(model, priors={"sd(sample)": pp.HalfNormal(0.3)})
    assert apart(table(sample(wrong, 3)), reference) > 5


@pytest.mark.slow
def test_noncentered_beside_marginal(penicillin: pp.ModelFit) -> None:
    """Of what there is little to tell of: a slope of time in each sample."""
    data = PENICILLIN.assign(turn=np.tile(np.arange(-2.0, 3), 29)[:144])
    formula = FORMULA.replace("(1 | sample)", "(1 | sample) + (0 + turn | sample)")
    model = pp.Model(formula, data, parameterization={"plate": "marginal"})
    assert model.parameterizations == {
        "plate": "marginal", "sample": "centered", "sample.1": "noncentered"
    }  # fmt: skip
    general = dataclasses.replace(
        model,
        parameterization={"plate": "centered", "sample": "centered", "sample.1": "noncentered"},
    )
    one, other = (sample(each, adapt_delta=0.9, draws=1200) for each in (model, general))
    assert apart(table(one), table(other)) < 5
    assert set(one.posterior.data_vars) == set(other.posterior.data_vars)
    for name, values in one.posterior.data_vars.items():
        assert values.dims == other.posterior[name].dims


def test_estimates_are_near_reml(penicillin: pp.ModelFit) -> None:
    """Means of sds are above their REML, most so of six samples; effects hardly differ."""
    sds = penicillin.varcorr()
    assert penicillin.fixef().loc["Intercept", "mean"] == pytest.approx(REML["Intercept"], abs=0.1)
    assert sds.loc[("Residual", "sd", ""), "mean"] == pytest.approx(REML["sigma"], abs=0.02)
    for name in ("plate", "sample"):
        row = sds.loc[(name, "sd", "Intercept")]
        assert abs(row["mean"] - REML[name]) < 0.6 * row["sd"]
    shrunk = REML["plate"] ** 2 / (REML["plate"] ** 2 + REML["sigma"] ** 2 / 6)
    means = PENICILLIN.groupby("plate", observed=True)["diameter"].mean()
    blup = shrunk * (means - means.mean())
    found = penicillin.ranef().loc["plate", "mean"].droplevel("coefficient")
    np.testing.assert_allclose(found.reindex(blup.index), blup, atol=0.06)


def test_the_programs_own_effects_are_those_drawn_afterwards(penicillin: pp.ModelFit) -> None:
    program, data = penicillin.program, penicillin.model.stan_data
    assert data["draw_effects"] == 0
    fit = program.sample(data | {"draw_effects": 1}, engine="stanli", seed=4, verbose=False)
    dims = ("chain", "draw", "effect")
    both = np.concatenate([fit.posterior[name].values for name in ("r_first", "r")], axis=2)
    summary = pp.summaries.summary(xr.Dataset({"r": (dims, both)}))
    drawn = penicillin.ranef()
    summary.index = drawn.index
    assert apart(summary, drawn) < 5
    summary["mean"] = summary["mean"].sample(frac=1, random_state=1).to_numpy()
    assert apart(summary, drawn) > 5


# Effects given the population and the other terms ------------------------------------------------


def crossed_model(left: str = "") -> pp.Model:
    rng = np.random.default_rng(6)
    n = 60
    data = pd.DataFrame(
        {
            "g": np.concatenate([np.arange(12), rng.integers(0, 12, n - 12)]),
            "h": np.concatenate([np.arange(4), rng.integers(0, 4, n - 4)]),
            "x": rng.normal(2, 1, n), "w": rng.uniform(0.3, 3, n), "s": rng.uniform(0.5, 2, n),
        }
    )  # fmt: skip
    effects = rng.normal(size=12)[data["g"]] + rng.normal(size=4)[data["h"]] * data["x"]
    data["y"] = 3 + effects + rng.normal(size=n)
    return pp.Model(f"y{left} ~ x + (1 + x | g) + (1 + x || h)", data, priors_at="zero")


def population_of(model: pp.Model, draws: int, seed: int = 1) -> Population:
    rng = np.random.default_rng(seed)
    known = model.design.se is not None
    return Population(
        rng.normal([3, 0], 1, (draws, 2)),
        np.tril(rng.normal(size=(draws, 2, 2))),
        np.ones(draws) if known else rng.uniform(0.3, 2, draws),
        rng.normal(size=(draws, 8)),
    )


@pytest.mark.parametrize("left", ["", " | weights(w)", " | se(s)", " | se(s) + weights(w)"])
def test_moments_and_densities_of_groups_are_dense_normals(left: str) -> None:
    model = crossed_model(left)
    design, of = model.design, population_of(model, 5)
    reduced = model.prepared.reduced
    assert reduced is not None
    assert reduced.label == "g"
    sums = reduced.sums
    g, h = design.groups
    z = np.zeros((3, 12, 5, 2))
    z[1:] = np.eye(2)[:, None, None]
    mean, *moved = (conditional.effects_from(sums, of, np.arange(12), each) for each in z)
    root = np.stack([each - mean for each in moved], axis=-1)
    some = conditional.effects_from(sums, of, np.array([7, 2]), np.zeros((2, 5, 2)))
    np.testing.assert_allclose(some, mean[:, [7, 2]], rtol=1e-12)
    _, own = group_rows(design, g.codes, 12, sums.reference)
    likelihood = group_density.group_log_likelihood(sums, own, of)
    assert of.further is not None
    r2 = of.further.reshape(5, 2, 4)
    response = design.response
    assert response is not None
    for s in range(5):
        fixed = marginal.columns(design) @ of.coefficients[s]
        expected = fixed + np.sum(h.Z * r2[s][:, h.codes].T, axis=1)
        variance = np.full(60, of.sigma[s] ** 2) if response.se is None else response.se**2
        counted = variance / (1.0 if response.weights is None else response.weights)
        prior = of.factor[s] @ of.factor[s].T
        for j in range(12):
            mine = g.codes == j
            Z, left_over = g.Z[mine], (response.y - expected)[mine]
            whole = Z @ prior @ Z.T + np.diag(counted[mine])
            gain = prior @ Z.T @ np.linalg.inv(whole)
            np.testing.assert_allclose(mean[s, j], gain @ left_over, atol=1e-9)
            within = prior - gain @ Z @ prior
            np.testing.assert_allclose(root[s, j] @ root[s, j].T, within, atol=1e-9)
            exact = stats.multivariate_normal(np.zeros(len(whole)), whole).logpdf(left_over)
            if response.weights is not None:  # a density to the power w
                w = response.weights[mine]
                logs = 0.5 * np.log(2 * np.pi * variance[mine])
                exact += np.sum((1 - w) * logs - 0.5 * np.log(w))
            np.testing.assert_allclose(likelihood[s, j], exact, atol=1e-9)


# Fits that keep their effects, and those that do not ----------------------------------------------

SHORT: dict[str, Any] = {"chains": 2, "warmup": 200, "draws": 150}
Pair = tuple[pp.ModelFit, pp.ModelFit]


@pytest.fixture(scope="module", params=["all", "one"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """The term that is integrated out, or first, is the second of the formula."""
    model = crossed_model()
    formula = "y ~ x + (1 + x || h) + (1 + x | g)"
    how = "auto" if request.param == "all" else {"g": "marginal"}
    model = dataclasses.replace(model, formula=formula, parameterization=how)
    assert model.program.name == (marginal.ALL if request.param == "all" else marginal.CROSSED)
    with pytest.MonkeyPatch.context() as patch:
        kept = sample(model, **SHORT)
        patch.setattr(posterior_module, "KEPT", 0)
        return kept, sample(model, **SHORT)


def test_effects_kept_or_drawn_when_asked_for(pair: Pair) -> None:
    kept, large = pair
    assert set(kept.posterior.data_vars) - set(large.posterior.data_vars) == {"r_g"}
    assert kept.posterior["r_h"].dims == ("chain", "draw", "h", "h_coefficient")
    for groups, factor in ((None, "g"), ([3, 1], "g"), (None, "h"), ([2], "h")):
        one, other = (fit.effects(groups, factor=factor) for fit in pair)
        xr.testing.assert_allclose(one, other, rtol=1e-10)
    for table_of in ("ranef", "coef"):
        drawn, exact = getattr(kept, table_of)(), getattr(large, table_of)()
        assert exact.index.sort_values().equals(drawn.index.sort_values())
        of_g, exact_of_g = drawn.loc["g"], exact.loc["g"]
        assert (abs(exact_of_g["mean"] - of_g["mean"]) < 6 * of_g["mcse_mean"]).all()
        pd.testing.assert_frame_equal(exact.loc[["h"]], drawn.loc[["h"]], check_like=True)


def test_predictions_and_likelihoods_are_the_same(pair: Pair, tmp_path: Path) -> None:
    kept, large = pair
    new = pd.DataFrame({"g": [5, 77, 0, 88], "h": [1, 99, 98, 0], "x": [0.0, 1, 2, 3]})
    for kind in ("mean", "response", "linpred"):
        xr.testing.assert_allclose(kept.predict(kind=kind), large.predict(kind=kind))
        for new_groups in ("sample", "population"):
            one, other = (fit.predict(new, kind=kind, new_groups=new_groups) for fit in pair)
            xr.testing.assert_allclose(one, other)
    xr.testing.assert_allclose(kept.log_likelihood(), large.log_likelihood())
    design = kept.model.design
    r = {name: kept.posterior[f"r_{name}"].values for name in ("g", "h")}
    beta = kept.posterior["beta"].values
    eta = beta @ marginal.columns(design).T
    for term in design.groups:
        eta += np.sum(r[term.label][:, :, term.codes] * term.Z, axis=-1)
    np.testing.assert_allclose(kept.predict(kind="linpred").values, eta, atol=1e-9)
    for fit in pair:
        back = pp.load(fit.save(tmp_path / "fit.nc"))
        assert isinstance(back, pp.ModelFit)
        assert back.model.parameterizations == fit.model.parameterizations
        xr.testing.assert_equal(fit.predict(), back.predict())
        xr.testing.assert_equal(fit.effects([4], factor="g"), back.effects([4], factor="g"))


def test_scores(pair: Pair) -> None:
    kept, large = pair
    assert kept.kfold(2).elpd == pytest.approx(large.kfold(2).elpd)


def test_groups_left_out_beside_a_crossed_factor(
    penicillin: pp.ModelFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By importance sampling and by fits to the other plates' rows."""
    loo = penicillin.loo(by="plate")
    assert loo.pointwise["pareto_k"].max() < 0.7
    k = np.zeros(24)
    k[[0, 11]] = np.nan
    monkeypatch.setattr(inference_data, "psis_loo", lambda *given: (np.full(24, -99.0), k))
    again = penicillin.loo(by="plate", refit=True).pointwise
    assert np.flatnonzero(again["refitted"]).tolist() == [0, 11]
    scores = loo.pointwise["elpd"].to_numpy()
    np.testing.assert_allclose(again["elpd"].to_numpy()[[0, 11]], scores[[0, 11]], atol=0.1)
    full = penicillin.posterior
    assert abs(scores - scores.mean()).max() > 1  # they differ, so that agreement says something
    assert "r_sample" in full


def test_groups_of_any_term_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only of the term that is first in the elimination, whose effects Python draws."""
    rng = np.random.default_rng(5)
    g, h = np.repeat(np.arange(30), 8), np.tile(np.arange(24), 10)
    y = rng.normal(size=30)[g] + rng.normal(size=24)[h] + rng.normal(size=240)
    data = pd.DataFrame({"y": y, "g": g, "h": h})
    for kept in (10**8, 0):
        monkeypatch.setattr(posterior_module, "KEPT", kept)
        fit = sample(pp.Model("y ~ 1 + (1 | g) + (1 | h)", data), chains=4)
        assert ("r_g" in fit.posterior) is bool(kept)
        loo = fit.loo(by="h")
        assert loo.pointwise["pareto_k"].max() < 0.7
    k = np.zeros(24)
    k[[2, 9]] = np.nan
    monkeypatch.setattr(inference_data, "psis_loo", lambda *given: (np.full(24, -99.0), k))
    again = fit.loo(by="h", refit=True).pointwise["elpd"].to_numpy()[[2, 9]]
    scores = loo.pointwise["elpd"].to_numpy()
    np.testing.assert_allclose(again, scores[[2, 9]], atol=0.15)
    assert abs(scores - scores.mean()).max() > 1


def test_groups_left_out_with_all_of_a_further_factors_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows of h=3 are in one g alone: without it h=3 is new, and drawn from its population."""
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(10), 4)
    h = np.where(g == 9, 3, rng.integers(0, 3, 40))
    y = rng.normal(size=10)[g] + np.array([0.0, 2, -2, 3])[h] + 0.7 * rng.normal(size=40)
    data = pd.DataFrame({"y": y, "g": g, "h": h})
    fit = sample(pp.Model("y ~ 1 + (1 | g) + (1 | h)", data), chains=2)
    k = np.where(np.arange(10) == 9, np.nan, 0.0)
    monkeypatch.setattr(inference_data, "psis_loo", lambda *given: (np.zeros(10), k))
    with pytest.raises(AccuracyError, match=r"1 of 10 groups .*: group 9\. "):
        fit.loo(by="g")
    found = fit.loo(by="g", refit=True).pointwise.loc[9]
    assert found["refitted"]
    rest = pp.Model("y ~ 1 + (1 | g) + (1 | h)", data[g != 9], priors=fit.model.fixed_priors)
    draws = sample(rest, 5, chains=2).posterior.stack(sample=("chain", "draw"))
    mine, names = y[g == 9], ("sd_g", "sd_h", "sigma", "beta")
    sd_g, sd_h, sigma, beta = (draws[name].values.reshape(-1) for name in names)

    def expected(share: float) -> tuple[float, float]:
        """Log of the mean density over draws, with a share of the variance of h; its error."""
        density = np.array(
            [
                stats.multivariate_normal(
                    np.full(4, beta[s]),
                    (sd_g[s] ** 2 + share * sd_h[s] ** 2) + sigma[s] ** 2 * np.eye(4),
                ).pdf(mine)
                for s in range(len(sigma))
            ]
        )
        return float(np.log(density.mean())), float(
            density.std() / density.mean() / np.sqrt(len(density))
        )

    exact, error = expected(1.0)
    assert error < 0.04
    assert abs(found["elpd"] - exact) < 0.2
    assert abs(expected(0.0)[0] - exact) > 0.4


def test_what_has_no_scores_of_groups(penicillin: pp.ModelFit) -> None:
    with pytest.raises(DataError, match="terms of this model are by plate, sample, not by diam"):
        penicillin.loo(by="diameter")
    data = PENICILLIN.assign(turn=np.tile(np.arange(-2.0, 3), 29)[:144])
    model = pp.Model("diameter ~ 1 + (1 | plate) + (0 + turn | plate)", data)
    fit = sample(model, **SHORT)
    with pytest.raises(DataError, match=r"plate has 2 terms.*\(1 \+ x \|\| plate\)"):
        fit.loo(by="plate")


# The choice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("auto", {"plate": "marginal", "sample": "marginal"}),
        ("marginal", {"plate": "marginal", "sample": "marginal"}),
        ({"plate": "marginal", "sample": "marginal"}, {"plate": "marginal", "sample": "marginal"}),
        ({"plate": "marginal"}, {"plate": "marginal", "sample": "centered"}),
        ({"sample": "marginal"}, {"plate": "centered", "sample": "marginal"}),
        ({"plate": "noncentered"}, {"plate": "noncentered", "sample": "marginal"}),
        (
            {"plate": "marginal", "sample": "noncentered"},
            {"plate": "marginal", "sample": "noncentered"},
        ),
        ("centered", {"plate": "centered", "sample": "centered"}),
    ],
)
def test_which_term_is_integrated_out(given: Any, expected: dict[str, str]) -> None:
    model = pp.Model(FORMULA, PENICILLIN, parameterization=given)
    assert model.parameterizations == expected
    integrated = [label for label, how in expected.items() if how == "marginal"]
    programs = ("glmm/gaussian", marginal.CROSSED, marginal.ALL)
    assert model.program.name == programs[len(integrated)]
    for label in integrated:
        assert f"{label}: Intercept; integrated out, drawn afterwards" in str(model)
    if len(integrated) == 2:
        assert "144 rows -> 24 plate x 6 sample (144 pairs)" in str(model)
    if len(integrated) == 1:
        (label,) = integrated
        sizes = "24 plate x 6 sample" if label == "plate" else "6 sample x 24 plate"
        assert f"144 rows -> {sizes} (144 pairs), exactly" in str(model)
        further = next(iter(set(expected) - {label}))
        assert model.stan_data["centered"] == [0, int(expected[further] == "centered")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"parameterization": {"plate": "marginal"}, "family": "student"},
            "needs family 'gaussian' and partial pooling; this model has family 'student'",
        ),
        ({"parameterization": "marginal", "pooling": "none"}, "and pooling 'none'. Use 'auto'"),
    ],
)
def test_choices_that_there_are_not(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        pp.Model(FORMULA, PENICILLIN, **options)


def test_several_terms_are_integrated_out_one_or_all() -> None:
    data = PENICILLIN.assign(turn=np.tile(np.arange(3), 48))
    formula = f"{FORMULA} + (1 | turn)"
    given = {"plate": "marginal", "sample": "marginal", "turn": "centered"}
    with pytest.raises(OptionError, match="for plate and sample, but .* of one term or of all"):
        pp.Model(formula, data, parameterization=given)
    model = pp.Model(formula, data, parameterization=given | {"turn": "marginal"})
    assert model.program.name == marginal.ALL


def test_one_term_is_integrated_out_where_all_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameterization, "MOST", 100)
    for how in ("auto", "marginal"):
        model = pp.Model(FORMULA, PENICILLIN, parameterization=how)
        assert model.parameterizations == {"plate": "marginal", "sample": "centered"}
        assert model.program.name == marginal.CROSSED
    both = {"plate": "marginal", "sample": "marginal"}
    with pytest.raises(OptionError, match=r"cost [\d,]+ multiplications .* up to 100"):
        pp.Model(FORMULA, PENICILLIN, parameterization=both)


def test_too_many_pairs_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameterization, "MOST", 100)
    monkeypatch.setattr(marginal, "ENTRIES", 100)
    model = pp.Model(FORMULA, PENICILLIN)
    assert "marginal" not in model.parameterizations.values()
    assert model.program.name == "glmm/gaussian"
    said = "plate and sample have 144 pairs of groups with rows in common, and so 150 sums"
    assert f"note     {said}; plate is integrated out only up to 100 sums" in str(model)
    with pytest.raises(OptionError, match=f"'marginal': {said}"):
        pp.Model(FORMULA, PENICILLIN, parameterization={"plate": "marginal"})
    assert "note" not in str(pp.Model(FORMULA, PENICILLIN, parameterization="centered"))


def test_information_is_that_of_the_variances() -> None:
    """Rows of a group times the variance between groups, over the residual variance."""
    rng = np.random.default_rng(0)
    g, h = np.repeat(np.arange(200), 20), np.tile(np.repeat(np.arange(50), 2), 40)
    x = rng.normal(size=4000)
    effects = rng.normal(0, [2, 0.5], (200, 2))[g]
    y = 7 + effects[:, 0] + effects[:, 1] * x + rng.normal(0, 0.6, 50)[h] + rng.normal(0, 2, 4000)
    data = pd.DataFrame({"y": y, "g": g, "h": h, "x": x, "flat": h % 7, "w": 3.0, "s": 2.0})
    formula = "y ~ x + (1 | g) + (0 + x | g) + (1 | h) + (1 | flat)"
    expected = {"g": 20 * 4 / 4, "g.1": 20 * 0.25 / 4, "h": 80 * 0.36 / 4}
    for left in ("", " | weights(w)", " | se(s)"):
        design = pp.Model(formula.replace("y ~", f"y{left} ~"), data).design
        weights = marginal.weights_of(design)
        found = estimated_information(design, np.ones(4000) if weights is None else weights)
        for label, value in expected.items():
            assert found[label] == pytest.approx(value, rel=0.35)
        assert found["flat"] < 1.5


def test_weights_that_rounding_cannot_bear_are_not_eliminated() -> None:
    rng = np.random.default_rng(1)
    a, b = np.repeat(np.arange(12), 6), np.tile(np.repeat(np.arange(3), 2), 12)
    data = pd.DataFrame({"y": rng.normal(size=72), "se": 0.5, "a": a, "b": b})
    assert pp.Model("y | se(se) ~ 1 + (1 | a / b)", data).program.name == marginal.ALL
    data.loc[0, "se"] = 1e-6
    assert pp.Model("y | se(se) ~ 1 + (1 | a / b)", data).program.name == marginal.CROSSED


def test_a_saved_fit_may_lack_the_effects_of_another_term() -> None:
    """As one has that an earlier version made, which integrated out the term with most effects."""
    formula = "strength ~ 1 + (1 | batch / cask)"
    fit = sample(pp.Model(formula, pp.datasets.load("pastes")))
    old = GroupEffects.of(
        fit.program_posterior.drop_vars("r_batch"), fit.model.prepared, seed=fit.seed
    )
    assert old is not None
    assert old.term.label == "batch"
    drawn, stored = old.draw(), fit.program_posterior["r_batch"]
    error = np.hypot(
        az.mcse(drawn.to_dataset()).to_array(), az.mcse(stored.to_dataset()).to_array()
    )
    distance = abs(drawn.mean(("chain", "draw")) - stored.mean(("chain", "draw")))
    assert float((distance.values / error.values.reshape(distance.shape)).max()) < 5
    spread = drawn.std(("chain", "draw")) / stored.std(("chain", "draw"))
    assert float(abs(spread - 1).max()) < 0.15
