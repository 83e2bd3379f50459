"""Chances integrated out, against adaptive quadrature one unit at a time."""

import numpy as np
import pytest
from scipy import special, stats

import partialpool as pp
from partialpool.errors import DataError

UNITS = [(45, 18, 367, 127), (45, 7, 70, 14), (0, 0, 45, 12), (4, 0, 45, 0), (1000, 0, 10, 1)]
TRIALS, SUCCESSES, NEW_TRIALS, NEW_SUCCESSES = map(list, zip(*UNITS, strict=True))
COUNTS = {
    "trials": TRIALS,
    "successes": SUCCESSES,
    "new_trials": NEW_TRIALS,
    "new_successes": NEW_SUCCESSES,
}


def trapezoid(log_density: np.ndarray, step: float) -> float:
    """Log integral over a line of what is smooth and falls off on both sides."""
    return float(special.logsumexp(log_density) + np.log(step))


def binomial(y: int, n: int, alpha: np.ndarray) -> np.ndarray:
    """Log probability of y successes, by log odds, without its constant."""
    return y * special.log_expit(alpha) + (n - y) * special.log_expit(-alpha)


def log_choose(n: int, y: int) -> float:
    return float(-np.log(n + 1) - special.betaln(y + 1, n - y + 1))


@pytest.mark.parametrize(("phi", "kappa"), [(0.27, 65.0), (0.1, 1.5), (0.6, 4000.0)])
def test_beta(phi: float, kappa: float) -> None:
    found = pp.summaries.beta_binomial_log_predictive([[phi]], [[kappa]], **COUNTS)
    assert found.dims == ("chain", "draw", "unit")
    alpha = np.arange(-400, 60, 0.02)
    a, b = phi * kappa, (1 - phi) * kappa
    population = a * special.log_expit(alpha) + b * special.log_expit(-alpha)  # of the log odds
    for unit, (n, y, m, x) in enumerate(UNITS):
        old = population + binomial(y, n, alpha)
        exact = trapezoid(old + binomial(x, m, alpha), 0.02) - trapezoid(old, 0.02)
        assert found.values[0, 0, unit] == pytest.approx(exact + log_choose(m, x), abs=1e-8)


@pytest.mark.parametrize(
    ("mu", "sigma"), [(-1.0, 0.15), (-1.0, 1e-6), (-1.0, 0.6), (-1.5, 1.0), (2.0, 3.0)]
)
def test_logit(mu: float, sigma: float) -> None:
    found = pp.summaries.logit_normal_log_predictive([[mu]], [[sigma]], **COUNTS)
    z = np.arange(-14, 14, 0.001)
    alpha = mu + sigma * z
    for unit, (n, y, m, x) in enumerate(UNITS):
        old = stats.norm.logpdf(z) + binomial(y, n, alpha)
        exact = trapezoid(old + binomial(x, m, alpha), 0.001) - trapezoid(old, 0.001)
        close = 1e-4 if sigma == 3 else 1e-7
        assert found.values[0, 0, unit] == pytest.approx(exact + log_choose(m, x), abs=close)


def test_few_nodes_are_not_enough() -> None:
    """Control: the rule matters."""
    fine = pp.summaries.logit_normal_log_predictive([[-1.5]], [[1.0]], **COUNTS)
    coarse = pp.summaries.logit_normal_log_predictive([[-1.5]], [[1.0]], nodes=2, **COUNTS)
    assert abs(fine - coarse).max() > 1e-3


def test_both_agree_where_there_is_one_chance() -> None:
    """kappa to infinity and sigma to 0: a binomial."""
    exact = stats.binom.logpmf(NEW_SUCCESSES, NEW_TRIALS, 0.25)
    beta = pp.summaries.beta_binomial_log_predictive([[0.25]], [[1e8]], **COUNTS)
    logit = pp.summaries.logit_normal_log_predictive(
        [[special.logit(0.25)]], [[1e-8]], labels=list("abcde"), **COUNTS
    )
    np.testing.assert_allclose(beta.values[0, 0], exact, atol=1e-3)
    np.testing.assert_allclose(logit.values[0, 0], exact, atol=1e-6)
    assert logit["unit"].values.tolist() == list("abcde")


def test_joint_score_of_a_conjugate_model() -> None:
    """phi and kappa known: the joint score is exact, and has no error."""
    logs = pp.summaries.beta_binomial_log_predictive(
        np.full((4, 100), 0.5), np.full((4, 100), 2.0), **COUNTS
    )
    score = pp.summaries.predictive_score(logs, kind="joint")
    a, b = 1 + np.array(SUCCESSES), 1 + np.array(TRIALS) - SUCCESSES
    assert score.value == pytest.approx(
        stats.betabinom.logpmf(NEW_SUCCESSES, NEW_TRIALS, a, b).sum()
    )
    assert score.mcse == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"successes": [46, 7, 0, 0, 0]}, "successes must be counts between 0 and trials"),
        ({"new_successes": [0.5, 0, 0, 0, 0]}, "new_successes must be counts"),
        ({"trials": [45]}, "trials and successes must have one number per unit"),
        ({"new_trials": [1], "new_successes": [1]}, "trials has 5 units, but new_trials has 1"),
        ({"labels": ["a"]}, "there are 5 units, but 1 labels"),
    ],
)
def test_counts_that_cannot_be(change: dict, message: str) -> None:
    for function in (
        pp.summaries.beta_binomial_log_predictive,
        pp.summaries.logit_normal_log_predictive,
    ):
        with pytest.raises(DataError, match=message):
            function([[0.5]], [[1.0]], **COUNTS | change)


def test_populations_that_cannot_be() -> None:
    with pytest.raises(DataError, match="phi must be between 0 and 1"):
        pp.summaries.beta_binomial_log_predictive([[1.0]], [[1.0]], **COUNTS)
    with pytest.raises(DataError, match="sigma must be positive"):
        pp.summaries.logit_normal_log_predictive([[1.0]], [[0.0]], **COUNTS)
    with pytest.raises(DataError, match=r"mu has shape \(1, 1\), but sigma has \(1, 2\)"):
        pp.summaries.logit_normal_log_predictive([[1.0]], [[1.0, 1.0]], **COUNTS)
