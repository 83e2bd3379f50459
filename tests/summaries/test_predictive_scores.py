"""Scores against analytic values, and their warnings where a mean over draws fails."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats

import partialpool as pp
from partialpool.errors import DataError


def conjugate(*, held_out: int, chains: int = 4, draws: int = 1000, seed: int = 1):
    """Normal data with known sd 1 and a flat prior: posterior and predictive are normal."""
    rng = np.random.default_rng(seed)
    seen, new = rng.normal(0.3, 1, size=20), rng.normal(0.3, 1, size=held_out)
    mean, variance = seen.mean(), 1 / len(seen)
    mu = rng.normal(mean, math.sqrt(variance), size=(chains, draws, 1))
    log_likelihood = stats.norm.logpdf(new, mu, 1)
    covariance = np.eye(held_out) + variance
    joint = stats.multivariate_normal.logpdf(new, np.full(held_out, mean), covariance)
    pointwise = stats.norm.logpdf(new, mean, math.sqrt(1 + variance)).sum()
    return log_likelihood, float(joint), float(pointwise)


def baseball_without_pooling(draws: int = 2500):
    """Each player's chance has a uniform prior: the joint score is a product of beta-binomials."""
    players = pp.datasets.load("baseball_1970_stan")
    hits, trials = players["hits"].to_numpy(), players["at_bats"].to_numpy()
    new, new_trials = (players[name].to_numpy() for name in ("remaining_hits", "remaining_at_bats"))
    rng = np.random.default_rng(4)
    theta = rng.beta(hits + 1, trials - hits + 1, size=(4, draws, 18))
    exact = stats.betabinom.logpmf(new, new_trials, hits + 1, trials - hits + 1)
    return stats.binom.logpmf(new, new_trials, theta), exact


@pytest.mark.parametrize("kind", ["joint", "pointwise"])
def test_conjugate_normal(kind: str) -> None:
    log_likelihood, joint, pointwise = conjugate(held_out=6)
    score = pp.summaries.predictive_score(log_likelihood, kind=kind)
    exact, other = (joint, pointwise) if kind == "joint" else (pointwise, joint)
    assert score.kind == kind
    assert score.trusted, score.reasons
    assert score.reasons == ()
    assert abs(score.value - exact) < 5 * score.mcse
    assert abs(score.value - other) > 5 * score.mcse  # control: the two kinds differ
    assert 0 < score.mcse < 0.05
    assert score.ess > 1000
    assert score.line().startswith(f"{kind} log predictive score -")


def test_points_sum_to_the_score() -> None:
    log_likelihood, _, _ = conjugate(held_out=6)
    score = pp.summaries.predictive_score(log_likelihood, kind="pointwise")
    assert score.points is not None
    columns = ["score", "mcse", "ess", "pareto_k", "largest_weight", "trusted"]
    assert list(score.points.columns) == columns
    assert score.points["score"].sum() == pytest.approx(score.value)
    assert pp.summaries.predictive_score(log_likelihood, kind="joint").points is None


@pytest.mark.parametrize("kind", ["joint", "pointwise"])
def test_the_monte_carlo_error_covers(kind: str) -> None:
    """Observations share their draws, so that the error of their sum is not a root of squares."""
    z, independent = [], []
    log_likelihood, _, _ = conjugate(held_out=5, draws=250, seed=1)
    exact = pp.summaries.predictive_score(log_likelihood, kind=kind).value
    for seed in range(150):
        rng = np.random.default_rng(100 + seed)
        mu_order = rng.integers(0, 1000, size=1000)  # fresh draws of a fixed posterior
        resampled = log_likelihood.reshape(1000, -1)[mu_order].reshape(4, 250, -1)
        score = pp.summaries.predictive_score(resampled, kind=kind)
        z.append((score.value - exact) / score.mcse)
        if score.points is not None:
            independent.append((score.value - exact) / math.sqrt((score.points["mcse"] ** 2).sum()))
    low, high = stats.binom.ppf([0.0005, 0.9995], 150, 0.95) / 150
    assert low <= np.mean(np.abs(z) < 1.96) <= high
    if kind == "pointwise":
        assert np.std(independent) != pytest.approx(np.std(z), rel=0.02)


def test_the_published_failure_is_announced() -> None:
    """No pooling, 18 players jointly: exact -82.05, published -99.7 (a mean over draws)."""
    log_likelihood, exact = baseball_without_pooling()
    assert exact.sum() == pytest.approx(-82.05, abs=0.005)
    joint = pp.summaries.predictive_score(log_likelihood, kind="joint")
    assert not joint.trusted
    assert joint.pareto_k > joint.threshold == 0.7
    assert joint.largest_weight > 0.1
    assert "NOT TO BE TRUSTED: Pareto k-hat is" in joint.line()
    assert "of the mean" in joint.line()
    assert abs(joint.value - exact.sum()) > 3  # it is wrong, and says so
    pointwise = pp.summaries.predictive_score(log_likelihood, kind="pointwise")
    assert pointwise.trusted, pointwise.reasons
    assert abs(pointwise.value - exact.sum()) < 5 * pointwise.mcse
    assert pointwise.points is not None
    assert np.all(np.abs(pointwise.points["score"] - exact) < 5 * pointwise.points["mcse"])


def test_table_puts_the_untrusted_last() -> None:
    good, _, _ = conjugate(held_out=18)
    bad, _ = baseball_without_pooling(draws=1000)
    table = pp.summaries.predictive_scores({"bad": bad + 1000, "good": good}, kind="joint")
    assert list(table.index) == ["good", "bad"]
    assert list(table["trusted"]) == [True, False]
    assert list(table.columns) == [
        "kind", "score", "mcse", "ess", "pareto_k", "threshold", "largest_weight", "trusted",
    ]  # fmt: skip
    with pytest.raises(DataError, match="different numbers of observations: a 18, b 2"):
        pp.summaries.predictive_scores({"a": good, "b": good[:, :, :2]}, kind="joint")
    with pytest.raises(DataError, match="log_likelihoods is empty"):
        pp.summaries.predictive_scores({}, kind="joint")


def test_scores_without_uncertainty_are_exact() -> None:
    score = pp.summaries.predictive_score(np.full((4, 100, 3), -2.0), kind="joint")
    assert score.value == -6
    assert score.mcse == 0
    assert score.trusted


def test_stuck_chains_are_not_trusted() -> None:
    logs = np.repeat([[[0.0]], [[-9.0]], [[-9.0]], [[-9.0]]], 200, axis=1)
    score = pp.summaries.predictive_score(logs + 1e-6 * np.arange(200)[:, None], kind="joint")
    assert not score.trusted
    assert "above 0.5 nats" in score.line()


def test_impossible_data_are_not_trusted() -> None:
    logs = np.full((4, 100, 2), -1.0)
    logs[:, :, 1] = -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score = pp.summaries.predictive_score(logs, kind="pointwise")
    assert score.value == -np.inf
    assert not score.trusted
    assert "no draw allows the data" in score.line()
    assert score.line().endswith("observations 1")


def test_a_few_draws_say_too_little() -> None:
    log_likelihood, _, _ = conjugate(held_out=2, draws=5)
    score = pp.summaries.predictive_score(log_likelihood, kind="joint")
    assert not score.trusted
    assert "too few draws" in score.line()


@pytest.mark.parametrize(
    ("log_likelihood", "kind", "message"),
    [
        (np.zeros((2, 9, 3)), "total", "kind must be 'joint' or 'pointwise', not 'total'"),
        (np.zeros((2, 9)), "joint", "one group dimension; its shape"),
        (np.full((2, 9, 3), np.nan), "joint", "NaN or .infinity; log densities cannot be"),
        (np.full((2, 9, 3), np.inf), "pointwise", "NaN or .infinity"),
    ],
)
def test_what_cannot_be_scored(log_likelihood, kind: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.predictive_score(log_likelihood, kind=kind)


def test_kind_has_no_default() -> None:
    with pytest.raises(TypeError, match="kind"):
        pp.summaries.predictive_score(np.zeros((2, 9, 3)))


# Pareto k-hat


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_k_of_a_pareto_tail(k: float) -> None:
    weights = stats.genpareto.rvs(k, size=40_000, random_state=np.random.default_rng(6))
    assert pp.summaries.pareto_k(np.log(weights)) == pytest.approx(k, abs=0.15)
    assert pp.summaries.pareto_k(np.log(weights) + 1e4) == pytest.approx(
        pp.summaries.pareto_k(np.log(weights))
    )


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_k_is_that_of_arviz(scale: float) -> None:
    """The same tail, fitted by ArviZ, wherever this version keeps it."""
    logs = np.random.default_rng(8).normal(scale=scale, size=4000)
    try:
        from arviz_stats.base import array_stats
    except ImportError:
        import arviz

        k, tolerance = arviz.psislw(logs)[1], 1e-6
    else:
        k, tolerance = array_stats.psislw(-logs)[1], 0.02  # negated; another cut of the tail
    assert pp.summaries.pareto_k(logs) == pytest.approx(float(k), abs=tolerance)


def test_weights_without_a_tail() -> None:
    assert pp.summaries.pareto_k(np.zeros(1000)) == -math.inf
    assert math.isnan(pp.summaries.pareto_k(np.zeros(20)))
    alone = np.full(1000, -math.inf)
    alone[0] = 0
    assert pp.summaries.pareto_k(alone) == math.inf


def test_threshold() -> None:
    assert pp.summaries.pareto_k_threshold(100) == 0.5
    assert pp.summaries.pareto_k_threshold(4000) == 0.7
    assert pp.summaries.pareto_k_threshold(5) == 0
