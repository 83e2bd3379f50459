"""The baseball study agrees with what was published and with quadrature; wrong models do not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from programs.cases import example_data
from programs.quadrature import BetaPosterior, LogitPosterior
from scipy import special

import partialpool as pp
from partialpool.reproduce import Settings, Study, compare
from partialpool.reproduce.baseball import efron_morris
from partialpool.reproduce.baseball import scores as baseball_scores
from partialpool.reproduce.baseball.new_players import NEWCOMER, given_population
from partialpool.reproduce.baseball.study import MODELS, carpenters
from partialpool.reproduce.tools.findings import by_name, table
from partialpool.reproduce.tools.published import Number, read

ROWS = {row.quantity: row for row in read("baseball")}


@pytest.fixture(scope="module")
def study() -> Study:
    return pp.reproduce.run("baseball", engine="stanli")


@pytest.fixture(scope="module")
def circulating() -> pd.DataFrame:
    return pp.datasets.load("baseball_1970_stan")


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_everything_published_agrees(study: Study) -> None:
    table = study.comparison
    assert table["agrees"].all(), table[~table["agrees"]].to_string()
    assert len(table) == len(ROWS)
    wrong = table.index[table["verdict"].str.startswith("published is wrong")]
    assert [name for name in wrong if "score" in name] == [
        f"joint score, {model}" for model in ("none", "beta", "logit")
    ]
    assert np.isfinite(table["mcse"]).all()


def test_fits_are_fine_but_for_the_centered_ones(study: Study) -> None:
    fine = {name: fit.diagnose().ok for name, fit in study.fits.items()}
    assert [name for name, ok in fine.items() if not ok] == ["beta_centered", "logit_centered"]


def disagreeing(study: Study, fits: dict[str, pp.Fit], players: pd.DataFrame) -> set[str]:
    estimates = study.tables["estimates"].frame
    _, found = carpenters(Settings(), fits, estimates, players)
    ours = efron_morris.numbers(pp.datasets.load("baseball_1970"), estimates)
    told = compare(tuple(ROWS.values()), ours | by_name(*found.values()))
    return set(told.index[~told["agrees"]])


def test_another_prior_of_kappa_is_caught(study: Study, circulating: pd.DataFrame) -> None:
    data = {"N": 18, "trials": circulating["at_bats"], "successes": circulating["hits"]}
    wrong = pp.programs.get("binomial/partial_pooling_beta_marginal").sample(
        data | {"prior_kappa_shape": 0.5},
        coords={"player": circulating["player"]},
        dims={"theta": ["player"]},
        engine="stanli",
        seed=1,
        progress=False,
        verbose=False,
    )
    found = disagreeing(study, {**study.fits, "beta": wrong}, circulating)
    assert {"kappa 50%, beta", "P(some theta > .350), beta", "joint score, beta"} <= found
    assert all(name.endswith(", beta") for name in found)


def test_another_season_is_caught(study: Study, circulating: pd.DataFrame) -> None:
    """The corrected Williams gives other scores than the published ones."""
    corrected = circulating.copy()
    row = corrected["player"] == "Williams"
    corrected.loc[row, ["remaining_at_bats", "remaining_hits"]] = 270, 69
    found = disagreeing(study, dict(study.fits), corrected)
    assert {f"joint score, {model}" for model in MODELS} <= found
    assert not any(name.startswith("theta") for name in found)


def test_both_tables_have_the_same_first_45_at_bats(circulating: pd.DataFrame) -> None:
    efron = pp.datasets.load("baseball_1970")
    for column in ("at_bats", "hits"):
        assert efron[column].tolist() == circulating[column].tolist()


def test_what_williams_and_kessinger_do(study: Study) -> None:
    told = study.tables["versions"].frame
    assert told["ratio"].round(2).tolist() == [3.50, 3.50, 3.18]
    assert told["raw"].round(2).tolist() == [17.54, 17.56, 19.90]
    assert set(told["closer"]) == {15}
    assert set(told["closer_untransformed"]) == {16}
    outcomes = efron_morris.outcomes(pp.datasets.load("baseball_1970"))
    differ = [np.flatnonzero(x != outcomes["corrected table"]).tolist() for x in outcomes.values()]
    assert differ == [[], [6], [11]]


# Scores


def test_exact_scores_are_those_of_quadrature(circulating: pd.DataFrame) -> None:
    """The integrated densities at the nodes of the tests' own quadrature over the population."""
    beta = BetaPosterior(example_data("binomial/partial_pooling_beta"))
    logit = LogitPosterior(example_data("binomial/partial_pooling_logit_centered"))
    nodes = {}
    for model, posterior in (("beta", beta), ("logit", logit)):
        heavy = posterior._weights > 1e-9
        nodes[model] = posterior._nodes[heavy].T[:, None], posterior._weights[heavy]
    counts = {
        "trials": circulating["at_bats"],
        "successes": circulating["hits"],
        "new_trials": circulating["remaining_at_bats"],
        "new_successes": circulating["remaining_hits"],
    }
    phi, kappa = special.expit(nodes["beta"][0][0]), beta.kappa_of(nodes["beta"][0][1])
    mu, sigma = nodes["logit"][0][0], np.exp(nodes["logit"][0][1])
    logs = {
        "beta": pp.summaries.beta_binomial_log_predictive(phi, kappa, **counts),
        "logit": pp.summaries.logit_normal_log_predictive(mu, sigma, **counts),
    }
    for model, draws in logs.items():
        weight = nodes[model][1]
        joint = special.logsumexp(draws.values[0].sum(axis=1), b=weight)
        pointwise = special.logsumexp(draws.values[0], b=weight[:, None], axis=0).sum()
        assert joint == pytest.approx(float(ROWS[f"joint score, {model}"].exact), abs=0.006)
        assert pointwise == pytest.approx(float(ROWS[f"pointwise score, {model}"].exact), abs=0.006)


def test_means_over_all_chances_fail_and_say_so(study: Study, circulating: pd.DataFrame) -> None:
    told = study.tables["averaged_scores"].frame
    assert told["trusted"].to_dict() == {m: m == "complete" for m in MODELS}
    few = {m: study.fits[m].posterior.isel(draw=slice(0, 3)) for m in ("beta", "logit")}
    logs = baseball_scores.integrated(few["beta"], few["logit"], circulating)
    theta = {m: study.fits[m].posterior["theta"] for m in ("beta", "logit")}
    found = baseball_scores.scores(theta, logs, circulating)
    assert np.isnan(found["joint score", "beta"].mcse)  # too few draws: agrees with nothing


# The newcomer


def test_the_newcomer_is_drawn_from_his_conditional_distribution(study: Study) -> None:
    """Given phi and kappa: beta(phi kappa, (1 - phi) kappa + 4)."""
    posterior = study.fits["zero_for_four"].posterior
    theta, kappa = posterior["theta"].sel(player=NEWCOMER).values, posterior["kappa"].values
    mean = given_population(posterior).values
    z = (theta - mean) / np.sqrt(mean * (1 - mean) / (kappa + 5))
    assert abs(z.mean()) < 5 / np.sqrt(z.size)
    assert abs((z**2).mean() - 1) < 5 * (z**2).std() / np.sqrt(z.size)
    naive = (theta - posterior["phi"].values) / np.sqrt(mean * (1 - mean) / (kappa + 5))
    assert abs(naive.mean()) > 5 / np.sqrt(z.size)  # control: as if he had not batted


def test_the_newcomer_lies_between_raw_and_complete_pooling(study: Study) -> None:
    chance = study.tables["zero_for_four"].frame["chance"]
    assert chance["raw: 0 / 4"] == 0
    assert chance["no pooling: beta(1, 5)"] < chance["partial pooling"] < chance["complete pooling"]


# Layout


def test_findings_as_a_table() -> None:
    found = {("a", "x"): Number(1.0, 0.1), ("a", "y"): Number(2.0, 0.3), ("b", "y"): Number(3.0)}
    wide = table(found)
    assert list(wide.columns) == ["x", "y", "largest_mcse"]
    assert wide.loc["a"].tolist() == [1, 2, 0.3]
    assert np.isnan(wide.loc["b", "x"])
    assert by_name(found)["b, y"] == Number(3.0)


def test_figures(study: Study) -> None:
    panels = {name: len(draw().figure.axes) for name, draw in study.figures.items()}
    assert panels["test_statistics"] == 16
    assert panels["rank_histograms"] == 18
    assert {name for name, count in panels.items() if count == 4} == {
        "observed_and_posterior", "funnels", "remaining_hits", "replicated",
    }  # fmt: skip
    centered = study.figures["funnels"]().figure.axes[1]
    divergent = study.fits["logit_centered"].sample_stats["diverging"].sum()
    assert f"({int(divergent)})" in centered.get_legend().get_texts()[1].get_text()
