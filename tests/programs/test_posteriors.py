"""Sampled posteriors are the exact ones, and the exact ones are those published.

Data: baseball 1970, first 45 at-bats, and eight schools. Published: Carpenter (2016), 80%
intervals, printed to two digits from 10,000 draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from programs.cases import example_data, program_path
from programs.checks import Array, Sample, assert_mean, assert_means, stanli_only
from programs.quadrature import BetaPosterior, LogitPosterior, NormalPosterior

CLEMENTE, ALVIS = 0, 17
PUBLISHED = 0.0075
"""Half a unit of the last digit, and the Monte-Carlo error of the source."""


@pytest.fixture(scope="module")
def beta() -> BetaPosterior:
    return BetaPosterior(example_data("binomial/partial_pooling_beta"))


@pytest.fixture(scope="module")
def logit() -> LogitPosterior:
    return LogitPosterior(example_data("binomial/partial_pooling_logit_centered"))


@pytest.fixture(scope="module")
def schools() -> NormalPosterior:
    return NormalPosterior(example_data("normal_known_variance/centered"))


def draw(sample: Sample, name: str, **options: Any) -> dict[str, Array]:
    return sample(program_path(name), example_data(name), seed=1970, draws=2000, **options)


# --- the exact posteriors against what is published -----------------------------------------------


@pytest.mark.parametrize(
    ("model", "unit", "published"),
    [
        ("beta", CLEMENTE, (0.26, 0.32, 0.39)),
        ("beta", ALVIS, (0.16, 0.22, 0.28)),
        ("logit", CLEMENTE, (0.25, 0.28, 0.35)),
        ("logit", ALVIS, (0.19, 0.25, 0.28)),
    ],
)
def test_exact_quantiles_of_theta_are_the_published_ones(
    request: pytest.FixtureRequest, model: str, unit: int, published: tuple[float, ...]
) -> None:
    posterior = request.getfixturevalue(model)
    for level, value in zip((0.1, 0.5, 0.9), published, strict=True):
        assert posterior.theta_cdf(unit, value - PUBLISHED) < level
        assert posterior.theta_cdf(unit, value + PUBLISHED) > level


@pytest.mark.parametrize(
    ("model", "some", "clemente"), [("beta", 0.59, 0.08), ("logit", 0.26, 0.03)]
)
def test_exact_event_probabilities_are_the_published_ones(
    request: pytest.FixtureRequest, model: str, some: float, clemente: float
) -> None:
    posterior = request.getfixturevalue(model)
    assert 1 - posterior.all_below(0.35) == pytest.approx(some, abs=PUBLISHED)
    assert 1 - posterior.theta_cdf(CLEMENTE, 0.4) == pytest.approx(clemente, abs=PUBLISHED)


def test_exact_hyperparameters_are_the_published_ones(
    beta: BetaPosterior, logit: LogitPosterior
) -> None:
    for level, kappa in zip((0.1, 0.5, 0.9), (25.3, 64.7, 223.8), strict=True):
        assert beta.kappa_cdf(kappa) == pytest.approx(level, abs=0.01)
    for level, sigma in zip((0.1, 0.5, 0.9), (0.03, 0.15, 0.32), strict=True):
        assert logit.sigma_cdf(sigma) == pytest.approx(level, abs=0.015)
    mean, square = logit.mu_moments()
    assert mean == pytest.approx(-1.03, abs=PUBLISHED)
    assert np.sqrt(square - mean**2) == pytest.approx(0.09, abs=0.005)


def test_exact_quantiles_of_kappa(beta: BetaPosterior) -> None:
    """Against nested adaptive quadrature (scipy.integrate.quad in kappa of quad in phi)."""
    for level, kappa in zip((0.1, 0.5, 0.9), (25.66938, 64.38581, 221.67938), strict=True):
        assert beta.kappa_cdf(kappa) == pytest.approx(level, abs=1e-6)


# --- the sampled posteriors against the exact ones ------------------------------------------------


def assert_theta(theta: Array, moments: tuple[Array, Array], *, min_ess: float = 400) -> None:
    assert_means(theta, moments[0], "theta", min_ess=min_ess)
    assert_means(theta**2, moments[1], "theta squared", min_ess=min_ess)


def assert_events(theta: Array, posterior: BetaPosterior | LogitPosterior) -> None:
    none = (theta < 0.35).all(axis=2).astype(float)
    assert_mean(none, posterior.all_below(0.35), "no chance above .350")
    clemente = (theta[..., CLEMENTE] < 0.4).astype(float)
    assert_mean(clemente, posterior.theta_cdf(CLEMENTE, 0.4), "Clemente below .400")


def assert_beta(draws: dict[str, Array], exact: BetaPosterior, *, min_ess: float = 400) -> None:
    assert_theta(draws["theta"], exact.theta_moments(), min_ess=min_ess)
    mean, square = exact.phi_moments()
    assert_mean(draws["phi"], mean, "phi", min_ess=min_ess)
    assert_mean(draws["phi"] ** 2, square, "phi squared", min_ess=min_ess)
    for kappa in (25.0, 65.0, 220.0):  # kappa itself has no variance: its draws have no MCSE
        below = (draws["kappa"] < kappa).astype(float)
        assert_mean(below, exact.kappa_cdf(kappa), f"kappa < {kappa}", min_ess=min_ess)
    assert_events(draws["theta"], exact)


def assert_logit(draws: dict[str, Array], exact: LogitPosterior) -> None:
    assert_theta(draws["theta"], exact.theta_moments())
    mean, square = exact.mu_moments()
    assert_mean(draws["mu"], mean, "mu")
    assert_mean(draws["mu"] ** 2, square, "mu squared")
    for sigma in (0.03, 0.15, 0.32):
        below = (draws["sigma"] < sigma).astype(float)
        assert_mean(below, exact.sigma_cdf(sigma), f"sigma < {sigma}")
    assert_events(draws["theta"], exact)


def beta_moments(a: Array, b: Array) -> tuple[Array, Array]:
    return a / (a + b), a * (a + 1) / ((a + b) * (a + b + 1))


def test_complete_pooling(sample: Sample) -> None:
    data = example_data("binomial/complete_pooling")
    draws = draw(sample, "binomial/complete_pooling")
    total, trials = np.sum(data["successes"]), np.sum(data["trials"])
    exact = beta_moments(np.array(1.0 + total), np.array(1.0 + trials - total))
    assert_mean(draws["phi"], float(exact[0]), "phi")
    assert_mean(draws["phi"] ** 2, float(exact[1]), "phi squared")
    np.testing.assert_array_equal(draws["theta"], np.repeat(draws["phi"][..., None], 18, axis=2))


def test_no_pooling(sample: Sample) -> None:
    data = example_data("binomial/no_pooling")
    y, n = np.array(data["successes"]), np.array(data["trials"])
    draws = draw(sample, "binomial/no_pooling")
    assert_theta(draws["theta"], beta_moments(1.0 + y, 1.0 + n - y))


def test_partial_pooling_beta_marginal(sample: Sample, beta: BetaPosterior) -> None:
    assert_beta(draw(sample, "binomial/partial_pooling_beta_marginal"), beta, min_ess=1000)


def test_partial_pooling_beta(sample: Sample, beta: BetaPosterior) -> None:
    """With small steps, for the sake of its funnel."""
    assert_beta(draw(sample, "binomial/partial_pooling_beta", adapt_delta=0.99), beta)


def test_partial_pooling_logit_noncentered(sample: Sample, logit: LogitPosterior) -> None:
    assert_logit(draw(sample, "binomial/partial_pooling_logit_noncentered"), logit)


@pytest.mark.parametrize("name", ["noncentered", "marginal"])
def test_eight_schools(sample: Sample, schools: NormalPosterior, name: str) -> None:
    draws = draw(sample, f"normal_known_variance/{name}")
    assert_theta(draws["theta"], schools.theta_moments())
    mu, tau = draws["mu"], draws["tau"]
    assert_mean(mu, float(schools.mean(lambda mu, tau: mu)), "mu")
    assert_mean(mu**2, float(schools.mean(lambda mu, tau: mu**2)), "mu squared")
    assert_mean(np.log1p(tau), float(schools.mean(lambda mu, tau: np.log1p(tau))), "log(1 + tau)")
    assert_mean(mu * np.tanh(tau), float(schools.mean(lambda mu, tau: mu * np.tanh(tau))), "both")


def test_eight_schools_without_hierarchy(sample: Sample) -> None:
    data = example_data("normal_known_variance/no_pooling")
    y, variance = np.array(data["y"]), np.square(data["sigma"])
    theta = draw(sample, "normal_known_variance/no_pooling")["theta"]
    assert_theta(theta, (1.0 * y, y**2 + variance))

    precision = 1 / variance
    total = precision.sum() + 1 / 5**2  # mu ~ normal(0, 5)
    mean = float(precision @ y / total)
    mu = draw(sample, "normal_known_variance/complete_pooling")["mu"]
    assert_mean(mu, mean, "mu")
    assert_mean(mu**2, mean**2 + 1 / total, "mu squared")


# --- controls that must fail ----------------------------------------------------------------------


@stanli_only
def test_another_model_is_caught(sample: Sample, beta: BetaPosterior) -> None:
    draws = draw(sample, "binomial/partial_pooling_logit_noncentered")
    with pytest.raises(AssertionError, match="MCSE"):
        assert_theta(draws["theta"], beta.theta_moments())


@stanli_only
def test_another_prior_is_caught(sample: Sample, logit: LogitPosterior) -> None:
    name = "binomial/partial_pooling_logit_noncentered"
    data = example_data(name) | {"prior_sigma_scale": 0.3}
    draws = sample(program_path(name), data, seed=1970, draws=2000)
    with pytest.raises(AssertionError, match="MCSE"):
        assert_logit(draws, logit)


def test_a_chain_that_hardly_moves_is_caught() -> None:
    rng = np.random.default_rng(5)
    slow = rng.normal(size=(4, 2000)).cumsum(axis=1)
    with pytest.raises(AssertionError, match="effective sample size"):
        assert_mean(slow, 0)
