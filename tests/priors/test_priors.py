"""Priors: what a user gives, the defaults, and draws from them, against brute force and Stan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import partialpool as pp
from partialpool.diagnostics.convergence import convergence
from partialpool.errors import DataError
from partialpool.pilot.coordinates import coordinates
from partialpool.posterior.named import in_users_units, named
from partialpool.posterior.prior import draw, draw_prior, lkj_cholesky
from partialpool.priors import distributions as priors
from partialpool.sampling import methods as run


def rows(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    g = rng.integers(0, 6, n)
    x = rng.normal(2010, 3, n)
    return pd.DataFrame(
        {
            "g": [f"group {i}" for i in g],
            "x": x,
            "s": rng.choice(["a", "b", "c"], n),
            "y": 500 + 2 * (x - 2010) + g + rng.normal(0, 2, n),
            "count": rng.poisson(3 + g),
            "time": rng.uniform(1, 9, n),
            "hit": rng.integers(0, 2, n),
        }
    )


DATA = rows()


@pytest.mark.parametrize(
    ("prior", "code"),
    [
        (pp.Flat(), (0, 0.0, 1.0, 1.0)),
        (pp.Normal(2, 3), (1, 2.0, 3.0, 1.0)),
        (pp.StudentT(4, 2, 3), (2, 2.0, 3.0, 4.0)),
        (pp.Cauchy(2, 3), (3, 2.0, 3.0, 1.0)),
        (pp.HalfNormal(3), (1, 0.0, 3.0, 1.0)),
        (pp.HalfStudentT(4, 3), (2, 0.0, 3.0, 4.0)),
        (pp.HalfCauchy(3), (3, 0.0, 3.0, 1.0)),
        (pp.Exponential(4), (4, 0.0, 0.25, 1.0)),
        (pp.Gamma(3, 4), (5, 0.0, 0.25, 3.0)),
    ],
)
def test_codes(prior: Any, code: tuple[float, ...]) -> None:
    found = priors.code(prior)
    assert (found.family, found.location, found.scale, found.df) == code


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pp.Normal(0, -1), "Normal: scale must be positive and finite: -1"),
        (lambda: pp.Normal(np.nan), "Normal: location must be finite"),
        (lambda: pp.Exponential(0), "Exponential: rate must be positive"),
        (lambda: pp.HalfNormal("wide"), "HalfNormal: scale must be a number: 'wide'"),
        (lambda: pp.LKJ(True), "LKJ: eta must be a number: True"),
    ],
)
def test_values_that_no_prior_has(make: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        make()


def test_numbers_of_numpy_are_numbers() -> None:
    assert pp.Normal(np.int64(1), np.float32(2)) == pp.Normal(1.0, 2.0)
    assert repr(pp.StudentT(3, 0, 2.5)) == "StudentT(3, 0, 2.5)"


def model(formula: str = "y ~ x + s + (1 + x | g)", **options: Any) -> pp.Model:
    return pp.Model(formula, DATA, **options)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"z": pp.Normal()}, "this model has no parameter 'z'. It has Intercept, x, s"),
        ({"sd(h)": pp.HalfNormal()}, r"did you mean 'sd\(g\)'"),
        ({"x": pp.HalfNormal()}, "prior of x must be one of Normal, StudentT, Cauchy, Flat"),
        ({"sd(g)": pp.Normal(1, 1)}, r"sd\(g, Intercept\) is positive: its prior must be one of"),
        ({"cor(g)": pp.Normal()}, r"prior of cor\(g\) must be LKJ\(eta\)"),
        ({"sigma": pp.Flat()}, "sigma is positive"),
        ({"x": 2.5}, "prior of x must be one of"),
        (pp.Normal(), "priors must be a mapping"),
        ({"phi": pp.Exponential()}, "this model has no parameter 'phi'"),
    ],
)
def test_priors_that_do_not_suit(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        model(priors=given)


def test_the_narrower_name_wins() -> None:
    given = {
        "b": pp.Normal(0, 7),
        "x": pp.StudentT(3, 0, 1),
        "sd(g)": pp.Normal(0, 2),
        "sd(g, x)": pp.Exponential(5),
        "cor(g)": pp.LKJ(4),
        "sigma": pp.Cauchy(0, 3),
    }
    with pytest.warns(pp.DataWarning, match="where `x` is 0, 743 standard deviations"):
        table = model(priors=given).prior_table
    assert table["x"] == pp.StudentT(3, 0, 1)
    assert table["s[b]"] == table["s[c]"] == pp.Normal(0, 7)
    assert table["sd(g, Intercept)"] == pp.HalfNormal(2)
    assert table["sd(g, x)"] == pp.Exponential(5)
    assert table["sigma"] == pp.HalfCauchy(3)
    summary = table.frame()
    assert (summary.loc[["x", "s[b]", "sd(g, x)", "cor(g)"], "source"] == "given").all()
    assert summary.loc["Intercept", "source"] != "given"


def test_default_scales_by_brute_force() -> None:
    y, x = DATA["y"], DATA["x"]
    table = model().prior_table
    s = y.std()
    assert table["Intercept"] == pp.Normal(y.mean(), 2.5 * s)
    np.testing.assert_allclose(table["x"].scale, 2.5 * s / x.std())
    np.testing.assert_allclose(table["s[b]"].scale, 2.5 * s / (DATA["s"] == "b").std())
    np.testing.assert_allclose(table["sd(g, Intercept)"].rate, 1 / s)
    np.testing.assert_allclose(table["sd(g, x)"].rate, x.std() / s)
    np.testing.assert_allclose(table["sigma"].rate, 1 / s)
    assert table["cor(g)"] == pp.LKJ(2)


def test_default_scales_of_logs_and_logits() -> None:
    log = model("count ~ x + offset(log(time)) + (1 | g)", family="negbinomial").prior_table
    rate = DATA["count"].sum() / DATA["time"].sum()
    np.testing.assert_allclose(log["Intercept"].location, np.log(rate))
    np.testing.assert_allclose(log["x"].scale, 2.5 / DATA["x"].std())
    assert log["sd(g, Intercept)"] == pp.Exponential(1)
    assert log["phi"] == pp.Exponential(0.1)
    logit = model("hit ~ x + (1 | g)", family="bernoulli").prior_table
    assert logit["Intercept"] == pp.Normal(0, 2.5)
    student = model("y ~ 1", family="student").prior_table
    assert student["nu"] == pp.Gamma(2, 0.1)


def test_without_an_intercept_slopes_may_explain_the_mean() -> None:
    table = model("y ~ 0 + s").prior_table
    share = np.sqrt((DATA["s"] == "a").mean())
    expected = 2.5 * np.hypot(DATA["y"].std(), DATA["y"].mean()) / share
    np.testing.assert_allclose(table["s[a]"].scale, expected)
    assert "rms(y)" in table.frame().loc["s[a]", "source"]


def test_no_pooling_gives_each_group_what_the_population_has() -> None:
    partial, none = model().prior_table, model(pooling="none").prior_table
    assert none["coef(g, Intercept)"] == partial["Intercept"]
    np.testing.assert_allclose(none["coef(g, x)"].scale, partial["x"].scale)
    assert "sd(g, x)" not in none
    with pytest.raises(DataError, match=r"did you mean 'coef\(g\)'|It has s\[b\]"):
        model(pooling="none", priors={"sd(g)": pp.HalfNormal()})
    with pytest.raises(DataError, match="must be Normal"):
        model(pooling="none", priors={"coef(g)": pp.Cauchy()})


def test_names_with_a_known_standard_error() -> None:
    data = DATA.assign(se=0.5)
    assert "sigma" not in pp.Model("y | se(se) ~ 1 + (1 | g)", data).prior_table


@pytest.mark.parametrize(("q", "eta"), [(2, 1.0), (3, 2.0), (4, 0.7)])
def test_lkj_marginals(q: int, eta: float) -> None:
    lower = lkj_cholesky(np.random.default_rng(8), 20_000, q, eta)
    full = lower @ lower.swapaxes(1, 2)
    np.testing.assert_allclose(np.diagonal(full, axis1=1, axis2=2), 1.0)
    shape = eta - 1 + q / 2  # each correlation is a scaled beta of this shape
    for i in range(q):
        for j in range(i):
            halved = (full[:, i, j] + 1) / 2
            assert stats.kstest(halved, stats.beta(shape, shape).cdf).pvalue > 1e-4
            assert stats.kstest(halved, stats.beta(shape + 0.3, shape + 0.3).cdf).pvalue < 1e-4


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        (pp.Normal(1, 2), stats.norm(1, 2)),
        (pp.StudentT(4, 1, 2), stats.t(4, 1, 2)),
        (pp.Cauchy(1, 2), stats.cauchy(1, 2)),
        (pp.HalfNormal(2), stats.halfnorm(0, 2)),
        (pp.HalfStudentT(4, 2), stats.foldnorm),
        (pp.HalfCauchy(2), stats.halfcauchy(0, 2)),
        (pp.Exponential(4), stats.expon(0, 0.25)),
        (pp.Gamma(3, 4), stats.gamma(3, scale=0.25)),
    ],
)
def test_draws_of_each_prior(prior: Any, expected: Any) -> None:
    drawn = draw(prior, np.random.default_rng(6), 5000)
    if isinstance(prior, pp.HalfStudentT):

        def cdf(x: Any) -> Any:
            return 2 * stats.t(4, 0, 2).cdf(x) - 1
    else:
        cdf = expected.cdf
    assert stats.kstest(drawn, cdf).pvalue > 1e-3
    assert stats.kstest(drawn * 1.2, cdf).pvalue < 1e-3


def test_nothing_is_drawn_from_a_flat_prior() -> None:
    with pytest.raises(DataError, match="the prior of x is flat"):
        model(priors={"x": pp.Flat()}).prior_predictive()


def moments(posterior: xr.Dataset) -> dict[str, np.ndarray]:
    """Quantities whose means tell one prior from another: (chain, draw) each."""
    beta, r = posterior["beta"], posterior["r_g"]
    found = {f"beta {name}": beta.sel(coefficient=name) for name in beta.coefficient.values}
    found |= {f"{k} squared": v**2 for k, v in found.items()}
    for name in ("Intercept", "x"):
        found[f"sd {name}"] = posterior["sd_g"].sel(g_coefficient=name)
        one = r.sel(g_coefficient=name).isel(g=0)
        found[f"r {name}"], found[f"abs r {name}"] = one, abs(one)
    found["abs r_s"] = abs(posterior["r_s"].isel(s=0, s_coefficient=0))
    found["cor"] = posterior["cor_g"].isel(g_pair=0)
    found["cor squared"] = found["cor"] ** 2
    found["sigma"], found["nu"] = posterior["sigma"], posterior["nu"]
    return {name: np.asarray(values.values) for name, values in found.items()}


def test_prior_draws_are_those_of_the_program() -> None:
    """The programs sample the prior where every row has weight 0: an independent check."""
    data = DATA.assign(x=DATA["x"] - 2005)
    given = {
        "Intercept": pp.Normal(3, 1),
        "x": pp.Normal(-1, 0.5),
        "sd(g, Intercept)": pp.HalfNormal(2),
        "sd(g, x)": pp.Gamma(3, 2),
        "sd(s)": pp.HalfStudentT(8, 1),
        "sigma": pp.Exponential(2),
    }
    ours = pp.Model("y ~ x + (1 + x | g) + (1 | s)", data, family="student", priors=given)
    zeros = ours.stan_data | {"weights": np.zeros(len(data))}
    zeros |= coordinates(zeros, ["noncentered"] * 2, None)
    raw = run.sample(
        ours.program,
        zeros,
        engine="stanli",
        seed=3,
        verbose=False,
        chains=2,
        draws=1500,
        warmup=500,
    )
    sampled = moments(
        named(
            in_users_units(raw.posterior, ours.design, ours.response_family),
            ours.design,
            ours.response_family,
            ours.prior_table,
        )
    )
    other = pp.Model(
        "y ~ x + (1 + x | g) + (1 | s)", data, family="student",
        priors=given | {"sd(g, x)": pp.Gamma(4, 2), "cor(g)": pp.LKJ(4), "x": pp.Normal(-1, 0.6)},
    )  # fmt: skip

    def off(what: pp.Model) -> dict[str, float]:
        drawn = moments(
            draw_prior(what.design, what.response_family, what.prior_table, draws=20_000, seed=5)
        )
        found = {}
        for name, values in sampled.items():
            stat = convergence(xr.Dataset({"v": (("chain", "draw"), values)})).iloc[0]
            assert stat["ess_bulk"] > 300, name
            error = np.hypot(stat["mcse_mean"], drawn[name].std() / np.sqrt(drawn[name].size))
            found[name] = abs(values.mean() - drawn[name].mean()) / error
        return found

    assert max(off(ours).values()) < 5
    wrong = off(other)
    assert {"sd x", "cor squared", "beta x squared"} <= {k for k, v in wrong.items() if v > 5}


def test_prior_predictive_has_names_and_repeats() -> None:
    small = model("y / 2 ~ x + (1 | g)")
    first, again = (small.prior_predictive(draws=50, seed=7) for _ in range(2))
    drawn = first["prior_predictive"]["y \N{DIVISION SLASH} 2"]
    assert drawn.shape == (1, 50, len(DATA))
    np.testing.assert_array_equal(drawn, again["prior_predictive"]["y \N{DIVISION SLASH} 2"])
    np.testing.assert_array_equal(
        first["prior"]["r_g"]["g"].values, [f"group {i}" for i in range(6)]
    )


def test_prior_predictive_without_pooling_is_about_the_means() -> None:
    """At x near 2010 the response keeps the scale of the data, not that of x = 0."""
    drawn = model("y ~ x + (1 + x | g)", pooling="none").prior_predictive(draws=2000, seed=2)
    values = drawn["prior_predictive"]["y"]
    s = DATA["y"].std()
    assert abs(float(values.mean()) - DATA["y"].mean()) < 0.2 * s
    assert float(values.std()) < 4.5 * s
