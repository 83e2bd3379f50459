"""The quick fit: near the right one on good data, finite or refused on all others."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest

import partialpool as pp
from partialpool.family.families import FAMILIES
from partialpool.pilot.coordinates import coordinates, starts
from partialpool.pilot.fit import Pilot, pilot_fit
from partialpool.pilot.sd_scale import NEAR_ZERO, resolution
from partialpool.sampling import methods as run
from partialpool.stan_data.rows import stan_data

ROWS, GROUPS = 2400, 60
TAU, BETA = 0.8, 0.5


def simulated() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    g = np.arange(ROWS) % GROUPS
    x = rng.normal(size=ROWS)
    eta = 0.3 + BETA * x + TAU * rng.normal(size=GROUPS)[g]
    rate = np.exp(eta)
    phi = 4.0
    chance = 1 / (1 + np.exp(-eta))
    return pd.DataFrame(
        {
            "g": g,
            "h": g // 10,
            "x": x,
            "y": eta + rng.normal(0, 0.7, ROWS),
            "t": eta + 0.7 * rng.standard_t(4, ROWS),
            "hit": rng.binomial(1, chance),
            "hits": rng.binomial(20, rng.beta(chance * phi, (1 - chance) * phi)),
            "n": 20,
            "count": rng.poisson(rate),
            "many": rng.poisson(rate * rng.gamma(phi, 1 / phi, ROWS)),
        }
    )


def pilot_of(model: pp.Model) -> Pilot | None:
    family = model.response_family
    data = stan_data(model.design, family, model.prior_table)
    return pilot_fit(data, family.name)


MODELS = [
    ("y ~ x + (1 | g)", "gaussian", {"sigma": 0.7}),
    ("t ~ x + (1 | g)", "student", {"sigma": 0.7, "nu": 4.0}),
    ("hit ~ x + (1 | g)", "bernoulli", {}),
    ("hits | trials(n) ~ x + (1 | g)", "beta_binomial", {"phi": 4.0}),
    ("count ~ x + (1 | g)", "poisson", {}),
    ("many ~ x + (1 | g)", "negbinomial", {"phi": 4.0}),
    ("hits | trials(n) ~ x + (1 | g)", "binomial", {}),
]


def test_every_family_has_a_pilot_fit() -> None:
    """No test of a density notices wrong weights: only a fit near the truth does."""
    assert {family for _, family, _ in MODELS} == set(FAMILIES)


@pytest.mark.parametrize(("formula", "family", "auxiliary"), MODELS)
def test_it_is_near_the_truth(formula: str, family: str, auxiliary: dict[str, float]) -> None:
    found = pilot_of(pp.Model(formula, simulated(), family=family))
    assert found is not None
    (term,) = found.terms
    error = 3 * np.sqrt(np.diag(found.covariance))
    assert abs(found.b[1] - BETA) < error[1] < 0.25
    assert np.sqrt(term.covariance[0, 0]) == pytest.approx(TAU, rel=0.35)
    assert set(found.auxiliaries) == set(auxiliary)
    for name, value in auxiliary.items():
        assert found.auxiliaries[name] == pytest.approx(value, rel=0.35)
    assert np.std(term.effects) == pytest.approx(TAU, rel=0.35)


def test_of_a_gaussian_model_it_is_the_posterior_given_the_sds() -> None:
    """b and its covariance by generalised least squares, with the dense covariance of y."""
    model = pp.Model("y ~ x + (1 + x | g)", simulated().head(180))
    found = pilot_of(model)
    assert found is not None
    data = stan_data(model.design, model.response_family, model.prior_table)
    (term,) = found.terms
    Z, codes = np.asarray(data["Z"]), np.asarray(data["group"][0])
    V = (Z @ term.covariance @ Z.T) * (codes[:, None] == codes)
    V += found.variance * np.eye(len(codes))
    X = np.column_stack([np.ones(len(codes)), np.asarray(data["X"]) - data["x_mean"]])
    scale = [data["prior_alpha_scale"], data["prior_beta_scale"][0]]
    location = [data["prior_alpha_location"], data["prior_beta_location"][0]]
    precision = X.T @ np.linalg.solve(V, X) + np.diag(1 / np.square(scale))
    right = X.T @ np.linalg.solve(V, data["y"]) + np.array(location) / np.square(scale)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision), rtol=1e-8)
    np.testing.assert_allclose(found.b, np.linalg.solve(precision, right), atol=0.01)
    away = np.linalg.solve(V, np.asarray(data["y"]) - X @ found.b)
    exact = [term.covariance @ (Z * (codes == j + 1)[:, None]).T @ away for j in range(GROUPS)]
    np.testing.assert_allclose(term.effects, exact, atol=0.02)


def test_nested_terms_are_taken_in_turn() -> None:
    """The information on a coarse group, the fine ones integrated out, is that of dense algebra."""
    model = pp.Model("y ~ x + (1 | g) + (1 | h)", simulated().head(240))
    found = pilot_of(model)
    assert found is not None
    fine, coarse = found.terms
    assert found.turn == (1, 0)
    assert set(fine.above) == {1}
    assert coarse.above == {}
    per = 4 / found.variance  # rows of a fine group
    alone = per / (1 + per * fine.covariance[0, 0])
    np.testing.assert_allclose(coarse.ZWZ[:, 0, 0] / found.variance, 10 * alone, rtol=1e-8)
    np.testing.assert_allclose(fine.above[1][:, 0, 0], 4.0)


def extreme() -> list[tuple[str, str, dict[str, Any]]]:
    g = np.repeat(np.arange(6), 4)
    rng = np.random.default_rng(0)
    x = rng.normal(size=24)
    usual: dict[str, Any] = {"g": g, "h": np.tile(np.arange(4), 6), "x": x, "w": 1.0, "n": 9}
    count = rng.poisson(2, 24)
    return [
        ("separated", "bernoulli", usual | {"y": (x > 0).astype(int)}),
        ("separated by group", "bernoulli", usual | {"y": (g > 2).astype(int)}),
        ("no success", "bernoulli", usual | {"y": 0}),
        ("all succeed", "beta_binomial", usual | {"y": 9}),
        ("no count", "poisson", usual | {"y": 0}),
        ("no count", "negbinomial", usual | {"y": 0}),
        ("one enormous count", "poisson", usual | {"y": np.where(g == 0, 10**6, 0)}),
        ("enormous counts", "negbinomial", usual | {"y": count * 10**8}),
        ("no weight", "poisson", usual | {"y": count, "w": np.where(g < 3, 0.0, 1.0)}),
        ("all equal", "gaussian", usual | {"y": np.where(np.arange(24) == 0, 1.0001, 1.0)}),
        ("an outlier", "student", usual | {"y": np.where(np.arange(24) == 0, 1e9, x)}),
        ("far away", "gaussian", usual | {"y": 1e9 + x}),
    ]


@pytest.mark.filterwarnings("ignore::partialpool.errors.DataWarning")
@pytest.mark.parametrize(("what", "family", "columns"), extreme())
@pytest.mark.parametrize("groups", ["(1 | g)", "(1 + x | g) + (1 | h)"])
def test_extreme_data_start_at_a_finite_density(
    what: str, family: str, columns: dict[str, Any], groups: str
) -> None:
    response = "y | trials(n) + weights(w)" if family == "beta_binomial" else "y | weights(w)"
    data = pd.DataFrame(columns)
    model = pp.Model(f"{response} ~ x + {groups}", data, family=family, parameterization="rescaled")
    near = model.prepared.mode_hint
    assert near is not None, what
    here = run.log_density(model.program, model.stan_data, near.values, engine="stanli")
    assert np.isfinite(here.value)
    assert np.isfinite(here.gradient).all()
    assert "rescaled" in str(model)


def test_a_fit_that_is_not_finite_is_none() -> None:
    """Without one, terms are non-centered, and the coordinates are plain."""
    model = pp.Model("count ~ x + (1 | g)", simulated().head(60), family="poisson")
    data = stan_data(model.design, model.response_family, model.prior_table)
    assert pilot_fit(data, "poisson") is not None
    assert pilot_fit(data | {"known": np.full(data["N"], np.nan)}, "poisson") is None
    plain = coordinates(data, ["rescaled"], None)
    assert (plain["form"], plain["G"], plain["H"], plain["E"]) == ([0], 0, 0, 0)
    np.testing.assert_array_equal(plain["B"], np.eye(2))
    assert starts(data | plain, None) is None


@pytest.mark.parametrize("seed", range(4))
def test_few_groups_have_a_unit_whose_modes_stand_apart(seed: int) -> None:
    """Draws of both signs then mix at least as well, and without divergences."""
    rng = np.random.default_rng(seed)
    g = np.repeat([f"g{i}" for i in range(10)], 12)
    data = pd.DataFrame({"g": g, "y": rng.poisson(3.0, len(g))})
    model = pp.Model("y ~ 1 + (1 | g)", data, family="poisson")
    small = float(model.stan_data["tau_unit"][0])
    told = float(resolution(np.array([10 * (12 * 3.0) ** 2]))[0])
    assert small < 0.8 * NEAR_ZERO * told
    fit = model.sample(engine="stanli", seed=seed + 1, progress=False, verbose=False)
    assert int(fit.sample_stats["diverging"].sum()) == 0
    assert float(az.ess(fit.posterior)["sd_g"].min()) > 2000
    assert float(az.rhat(fit.posterior)["sd_g"].max()) < 1.01


@pytest.mark.parametrize("seed", range(3))
def test_unit_of_a_slope_is_its_own_beside_large_intercepts(seed: int) -> None:
    """What the intercepts explain is not taken for slopes."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(12), 40)
    x = rng.normal(3, 1, len(g))
    rate = np.exp(1 + 1.5 * np.linspace(-1, 1, 12)[g])
    data = pd.DataFrame({"g": g, "x": x, "y": rng.poisson(rate)})
    model = pp.Model("y ~ x + (1 + x || g)", data, family="poisson")
    squares = np.bincount(g, rate * x**2) ** 2
    told = float(resolution(np.array([squares.sum()]))[0])
    assert model.stan_data["tau_unit"][1] < 0.5 * NEAR_ZERO * told


def test_sds_near_zero_have_a_unit_and_others_the_log_scale() -> None:
    def units(formula: str, data: pd.DataFrame, **options: Any) -> list[float]:
        found = pp.Model(formula, data, family="poisson", **options).stan_data["tau_unit"]
        return [float(unit) for unit in found]

    data = simulated()
    alike = data.assign(count=np.random.default_rng(1).poisson(2, ROWS))
    (near,) = units("count ~ x + (1 | g)", alike)
    assert 0.02 < near < 1
    assert units("count ~ x + (1 | g)", data) == [0.0]
    centered = units("count ~ x + (1 | g)", alike, parameterization="centered")
    pole = units("count ~ x + (1 | g)", alike, priors={"sd(g)": pp.Gamma(2, 1)})
    assert centered == pole == [0.0]
    (tight,) = units("count ~ x + (1 | g)", alike.head(60), priors={"sd(g)": pp.HalfNormal(0.01)})
    assert tight <= 0.015 + 1e-12
