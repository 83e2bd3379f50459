"""The Bangladesh study: every number agrees, wrong models do not, and exact values are exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from programs.cases import example_data
from programs.quadrature_bernoulli import (
    FixedEffectsPosterior,
    VaryingInterceptPosterior,
    mean_and_sd,
)
from scipy import special

import partialpool as pp
from partialpool.reproduce import Settings, Study
from partialpool.reproduce.bangladesh.likelihood import Population, deviance, maximum_likelihood
from partialpool.reproduce.bangladesh.runs import (
    ATTEMPTS,
    CLEAN,
    EXP_1,
    FAILED,
    HN_01,
    HN_025,
    HN_05,
    counts,
    divergences_by_seed,
    in_pairs,
    sample_slopes,
    three_districts,
)
from partialpool.reproduce.bangladesh.study import likelihood_numbers, numbers
from partialpool.reproduce.tools.published import compare, read

Array = NDArray[np.float64]
PRIORS = {"exp1": EXP_1, "hn0.5": HN_05, "hn0.25": HN_025, "hn0.1": HN_01}


@pytest.fixture(scope="module")
def study() -> Study:
    return pp.reproduce.run("bangladesh", engine="stanli")


@pytest.fixture(scope="module")
def women() -> Any:
    return pp.datasets.load("bangladesh")


@pytest.fixture(scope="module")
def cells(women: Any) -> tuple[Array, Array]:
    table = counts(women)
    of, users = table[["rural", "urban"]], table[["rural_users", "urban_users"]]
    return of.to_numpy(dtype=float).T, users.to_numpy(dtype=float).T


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    plt.switch_backend("Agg")
    yield
    plt.close("all")


# --- the study --------------------------------------------------------------------------------


def test_every_number_agrees(study: Study) -> None:
    different = study.comparison[~study.comparison["agrees"]]
    assert different.empty, different.to_string()
    assert (study.comparison["verdict"] == "agrees").sum() > 80


def test_attempts_fail_and_the_last_does_not(study: Study) -> None:
    table = study.tables["attempts"].frame
    assert list(table.index) == ["fixed", *(run.name for run in ATTEMPTS)]
    assert (table["divergences"].iloc[1:-1] > 0).all()
    assert table["divergences"][FAILED] > 40
    assert table["divergences"][["fixed", CLEAN]].sum() == 0
    assert table["ess_bulk"][FAILED] < 400 < table["ess_bulk"][CLEAN]


def test_the_form_mends_it_not_the_prior(study: Study) -> None:
    table = study.tables["remedies"].frame
    pairs = [run.name for run in in_pairs() if run.adapt_delta == 0.99]
    assert len(pairs) == 8
    assert (table["divergences"][pairs[::2]] > 0).all()
    assert (table["divergences"][pairs[1::2]] == 0).all()
    assert table["divergences"]["noncentered-exp1-0.8"] > 0


def test_clean_run_lies_nearer_to_the_exact_values(study: Study) -> None:
    table = study.tables["beside_exact"].frame
    assert table.index[0] == "exact"
    assert table.loc["exact", "sigma, mean"] == 0.8364
    error = (table - table.loc["exact"]).abs().drop(index="exact")
    assert error.loc["noncentered-exp1-0.99"].mean() < error.loc[FAILED].mean() / 2
    fit = study.fits[FAILED].posterior["sigma"]
    assert table.loc[FAILED, "sigma, mean"] == pytest.approx(float(fit.mean()))


def test_three_districts_are_the_first_rows(women: Any) -> None:
    data = three_districts(women)
    assert np.bincount(data["district"]).tolist() == [0, 117, 20, 2]
    assert data["y"].sum() == 39


def test_z_gives_a(study: Study) -> None:
    posterior = study.fits[CLEAN].posterior
    rebuilt = posterior["a_bar"] + posterior["sigma"] * posterior["z"]
    np.testing.assert_allclose(rebuilt.transpose(*posterior["a"].dims), posterior["a"], atol=1e-4)


def test_towns_are_drawn_to_each_other_more_where_there_are_few_women(study: Study) -> None:
    table = study.tables["districts"].frame
    towns = table[table["urban"] > 0]
    pull = (towns["urban_users"] / towns["urban"] - towns["theta_urban"]).abs()
    few = towns["urban"] < towns["urban"].median()
    assert pull[few].mean() > 1.5 * pull[~few].mean()


def test_figures_are_drawn(study: Study) -> None:
    for name, draw in study.figures.items():
        ax = draw()
        ax.figure.canvas.draw()
        assert ax.has_data(), name
        plt.close(ax.figure)


def test_seeds_are_counted(women: Any) -> None:
    table = divergences_by_seed(ATTEMPTS[:1], women, seeds=(2, 3), engine="stanli")
    assert table.shape == (1, 2)
    assert (table > 40).all(axis=None)


# --- wrong models, which must fail ------------------------------------------------------------


def disagreeing(name: str, wrong: pp.Fit) -> list[str]:
    """Quantities of a fit that differ once another has taken its place."""
    rows = tuple(row for row in read("bangladesh") if row.quantity.startswith(f"{name}: "))
    table = compare(rows, numbers({name: wrong}))
    return list(table.index[~table["agrees"]])


def test_right_fits_do_not_differ(study: Study) -> None:
    """The controls below fail for what is wrong in them, not for how they are compared."""
    assert [
        each for name in (CLEAN, "slopes") for each in disagreeing(name, study.fits[name])
    ] == []


def test_another_prior_of_sigma_fails(study: Study) -> None:
    found = disagreeing(CLEAN, study.fits["noncentered-exp1-0.99"])
    assert f"{CLEAN}: sigma, mean" in found
    assert f"{CLEAN}: a_bar, mean" in found


def test_failed_sampler_fails_where_it_is_compared(study: Study) -> None:
    found = disagreeing("noncentered-exp1-0.99", study.fits[FAILED])
    assert "noncentered-exp1-0.99: divergences, most of a chain" in found


def test_slopes_without_correlation_fail(women: Any) -> None:
    quick = Settings(engine="stanli", chains=2, draws=200)
    wrong = sample_slopes(quick, women, prior_eta=1000.0)
    assert "slopes: rho, mean" in disagreeing("slopes", wrong)


def test_wrong_likelihood_fails(study: Study, cells: tuple[Array, Array]) -> None:
    """Users and others confused."""
    of, users = (each.sum(axis=0, keepdims=True) for each in cells)
    at, _ = maximum_likelihood(of, of - users)
    table = study.tables["likelihood"].frame.copy()
    table.loc["intercepts", "a_bar"] = at.a_bar
    name = "maximum likelihood, intercepts: a_bar"
    rows = tuple(row for row in read("bangladesh") if row.quantity == name)
    assert compare(rows, likelihood_numbers(study.tables["likelihood"].frame))["agrees"].all()
    assert not compare(rows, likelihood_numbers(table))["agrees"].any()


# --- the exact column -------------------------------------------------------------------------


def written(prefix: str) -> dict[str, str]:
    """Exact values of the file, by quantity without its prefix."""
    rows = read("bangladesh")
    return {r.quantity.removeprefix(prefix): r.exact for r in rows if r.quantity.startswith(prefix)}


def assert_written(found: dict[str, str], exact: dict[str, Any]) -> None:
    """Every exact moment that is written down is right to its last digit, give or take one."""
    compared = 0
    for quantity, moments in exact.items():
        for name, value in zip(("mean", "sd"), moments, strict=True):
            text = found.get(f"{quantity}, {name}", "")
            if text:
                assert float(text) == pytest.approx(float(value), abs=0.00011), quantity
                compared += 1
    assert compared >= 4


def test_exact_fixed_effects() -> None:
    mean, sd = FixedEffectsPosterior(example_data("bernoulli/fixed_effects")).moments()
    exact = {f"a[{j + 1}]": (mean[j], sd[j]) for j in range(3)}
    assert_written(written("fixed: "), exact)


@pytest.mark.parametrize("prior", PRIORS)
def test_exact_intercepts_of_three_districts(prior: str) -> None:
    family, scale = PRIORS[prior]
    data = example_data("bernoulli/varying_intercept_noncentered")
    posterior = VaryingInterceptPosterior(
        data | {"prior_sigma_family": family, "prior_sigma_scale": scale}
    )
    exact: dict[str, Any] = {
        "a_bar": mean_and_sd(posterior.mean, lambda a_bar, sigma: a_bar),
        "sigma": mean_and_sd(posterior.mean, lambda a_bar, sigma: sigma),
    }
    a = mean_and_sd(posterior.district_mean, lambda a, z: a)
    z = mean_and_sd(posterior.district_mean, lambda a, z: z) if prior == "hn0.5" else None
    for j in range(3):
        exact[f"a[{j + 1}]"] = (a[0][j], a[1][j])
        if z is not None:
            exact[f"z[{j + 1}]"] = (z[0][j], z[1][j])
    assert_written(written(f"noncentered-{prior}-0.99: "), exact)
    if prior != "hn0.5":
        assert_written(written(f"centered-{prior}-0.99: "), exact)


def test_exact_intercepts_of_all_districts(cells: tuple[Array, Array]) -> None:
    """On a grid of a_bar and sigma, each district integrated out at every point."""
    of, users = (each.sum(axis=0, keepdims=True) for each in cells)
    a_bar, sigma = np.meshgrid(np.linspace(-0.95, -0.1, 41), np.linspace(0.2, 1.05, 41))
    log_density = np.array(
        [
            -deviance(Population(a_bar=a, sigma_a=s), of, users) / 2 - (a / 1.5) ** 2 / 2 - s
            for a, s in zip(a_bar.ravel(), sigma.ravel(), strict=True)
        ]
    )
    weight = special.softmax(log_density)

    def moments(x: Array) -> tuple[float, float]:
        mean = float(weight @ x.ravel())
        return mean, float(np.sqrt(weight @ x.ravel() ** 2 - mean**2))

    exact = {"a_bar": moments(a_bar), "sigma": moments(sigma)}
    assert_written(written("intercepts: "), exact)


# --- maximum likelihood -----------------------------------------------------------------------


@pytest.mark.parametrize("slopes", [False, True], ids=["intercepts", "slopes"])
def test_deviance_is_that_of_a_plain_sum(cells: tuple[Array, Array], slopes: bool) -> None:
    """By the trapezoidal rule over standard normals instead of Gauss and Hermite's."""
    of, users = cells if slopes else tuple(each.sum(axis=0, keepdims=True) for each in cells)
    at = (
        Population(a_bar=-0.7, b_bar=0.7, sigma_a=0.6, sigma_b=0.8, rho=-0.8)
        if slopes
        else Population(a_bar=-0.5, sigma_a=0.5)
    )
    t = np.linspace(-8, 8, 161)
    u, v = (x.ravel() for x in np.meshgrid(t, t))
    u, v = (u, v) if slopes else (t, np.zeros_like(t))
    weight = np.exp(-(u**2) / 2 - v**2 / 2)
    a = at.a_bar + at.sigma_a * u
    b = at.b_bar + at.sigma_b * (at.rho * u + np.sqrt(1 - at.rho**2) * v)
    theta = special.expit(np.stack([a, a + b])[: len(of)])
    total = 0.0
    for n, k in zip(of.T, users.T, strict=True):
        likelihood = np.prod(theta ** k[:, None] * (1 - theta) ** (n - k)[:, None], axis=0)
        total += np.log((weight / weight.sum()) @ likelihood)
    assert deviance(at, of, users) == pytest.approx(-2 * total, abs=1e-4)


@pytest.mark.parametrize("slopes", [False, True], ids=["intercepts", "slopes"])
def test_deviance_is_least_at_the_estimate(cells: tuple[Array, Array], slopes: bool) -> None:
    of, users = cells if slopes else tuple(each.sum(axis=0, keepdims=True) for each in cells)
    at, least = maximum_likelihood(of, users)
    assert deviance(at, of, users) == pytest.approx(least, abs=1e-9)
    free = ("a_bar", "b_bar", "sigma_a", "sigma_b", "rho") if slopes else ("a_bar", "sigma_a")
    for name in free:
        for step in (-0.003, 0.003):
            moved = Population(**vars(at) | {name: getattr(at, name) + step})
            assert deviance(moved, of, users) > least
