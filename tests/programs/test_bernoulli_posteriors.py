"""Contraception in Bangladesh: sampled posteriors are the exact ones, and those published.

Published: posterior means and standard deviations from a few thousand draws, printed to two or
three digits, and maximum-likelihood fits. For districts 1-3 no prior of a_bar is stated with them;
normal(0, 1.5), that of the fixed effects, reproduces them, and normal(0, 1) does not.
"""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pytest
from programs.cases import example_data, program_path
from programs.checks import Array, Sample, assert_mean, assert_means, stanli_only
from programs.densities import EXPONENTIAL, NORMAL
from programs.densities_bernoulli import districts
from programs.quadrature_bernoulli import (
    FixedEffectsPosterior,
    VaryingInterceptPosterior,
    deviance,
    mean_and_sd,
)
from scipy import special

import partialpool as pp

FIXED = "bernoulli/fixed_effects"
INTERCEPT = "bernoulli/varying_intercept_noncentered"
SLOPE = "bernoulli/varying_intercept_slope_noncentered"

EXP_1 = {"prior_sigma_family": EXPONENTIAL, "prior_sigma_scale": 1.0}
HN_05 = {"prior_sigma_family": NORMAL, "prior_sigma_scale": 0.5}
HN_01 = {"prior_sigma_family": NORMAL, "prior_sigma_scale": 0.1}


@pytest.fixture(scope="module")
def fixed() -> FixedEffectsPosterior:
    return FixedEffectsPosterior(example_data(FIXED))


@pytest.fixture(scope="module")
def exp_1() -> VaryingInterceptPosterior:
    return VaryingInterceptPosterior(example_data(INTERCEPT) | EXP_1)


@pytest.fixture(scope="module")
def hn_05() -> VaryingInterceptPosterior:
    return VaryingInterceptPosterior(example_data(INTERCEPT) | HN_05)


@pytest.fixture(scope="module")
def hn_01() -> VaryingInterceptPosterior:
    return VaryingInterceptPosterior(example_data(INTERCEPT) | HN_01)


# --- the exact posteriors against what is published -----------------------------------------------


def assert_published(exact: Any, mean: Any, sd: Any, *, share: float = 0.1) -> None:
    """Means and sds within a share of the exact sd: what a few hundred effective draws give."""
    exact_mean, exact_sd = (np.asarray(moment) for moment in exact)
    tolerance = share * exact_sd + 0.0005
    assert (np.abs(exact_mean - mean) <= tolerance).all(), f"{exact_mean}, published {mean}"
    assert (np.abs(exact_sd - sd) <= tolerance).all(), f"{exact_sd}, published {sd}"


def test_exact_fixed_effects_are_the_published_ones(fixed: FixedEffectsPosterior) -> None:
    mean, sd = (-1.058, -0.592, 1.220), (0.211, 0.439, 1.162)
    assert_published(fixed.moments(), mean, sd, share=0.05)


def test_exact_half_normal_posterior_is_the_published_one(hn_05: VaryingInterceptPosterior) -> None:
    assert_published(mean_and_sd(hn_05.mean, lambda a_bar, sigma: a_bar), -0.731, 0.409)
    assert_published(mean_and_sd(hn_05.mean, lambda a_bar, sigma: sigma), 0.393, 0.290)
    z = mean_and_sd(hn_05.district_mean, lambda a, z: z)
    assert_published(z, (-0.513, 0.059, 0.453), (0.883, 0.870, 1.002))


def test_exact_narrow_posterior_is_the_published_one(hn_01: VaryingInterceptPosterior) -> None:
    assert_published(mean_and_sd(hn_01.mean, lambda a_bar, sigma: a_bar), -0.924, 0.205)
    assert_published(mean_and_sd(hn_01.mean, lambda a_bar, sigma: sigma), 0.081, 0.059)
    a = mean_and_sd(hn_01.district_mean, lambda a, z: a)
    assert_published(a, (-0.952, -0.917, -0.911), (0.186, 0.220, 0.230))


def test_published_means_tell_the_prior_of_a_bar() -> None:
    data = example_data(INTERCEPT) | HN_05 | {"prior_a_bar_scale": 1.0}
    posterior = VaryingInterceptPosterior(data)
    with pytest.raises(AssertionError, match="published"):
        assert_published(mean_and_sd(posterior.mean, lambda a_bar, sigma: a_bar), -0.731, 0.409)


def test_refined_quadrature_agrees(hn_05: VaryingInterceptPosterior) -> None:
    """With a product rule of Gauss and Hermite inside and twice the nodes outside."""
    data = hn_05.data
    t, w = np.polynomial.hermite_e.hermegauss(80)
    log_sigma, a_bar = np.meshgrid(np.linspace(-14, 1.5, 311), np.linspace(-6, 4, 201))
    log_density = -0.5 * (a_bar / data["prior_a_bar_scale"]) ** 2
    log_density = log_density - 0.5 * (np.exp(log_sigma) / 0.5) ** 2 + log_sigma
    for n, k in zip(*districts(data), strict=True):
        theta = special.expit(a_bar[..., None] + np.exp(log_sigma)[..., None] * t)
        log_density = log_density + np.log((theta**k * (1 - theta) ** (n - k)) @ w)
    weight = special.softmax(log_density)
    exact = hn_05.mean(lambda a_bar, sigma: a_bar), hn_05.mean(lambda a_bar, sigma: sigma)
    assert (weight * a_bar).sum() == pytest.approx(exact[0], abs=1e-5)
    assert (weight * np.exp(log_sigma)).sum() == pytest.approx(exact[1], abs=1e-5)


@pytest.mark.parametrize(
    ("estimate", "published"),
    [
        ({"a_bar": -0.538, "sigma_a": 0.4995}, 2534.1),
        (
            {"a_bar": -0.718, "b_bar": 0.742, "sigma_a": 0.6, "sigma_b": 0.831, "rho": -0.813},
            2486.2,
        ),
    ],
    ids=["intercepts", "slopes"],
)
def test_maximum_likelihood_is_the_published_one(
    estimate: dict[str, float], published: float
) -> None:
    """The published estimate has the published deviance, and everything around it a greater one."""
    data = example_data(SLOPE)
    least = deviance(data, **estimate)
    assert least == pytest.approx(published, abs=0.05)
    for name in estimate:
        for step in (-0.02, 0.02):
            assert deviance(data, **estimate | {name: estimate[name] + step}) > least


# --- the sampled posteriors against the exact ones ------------------------------------------------


def draw(sample: Sample, name: str, **priors: Any) -> dict[str, Array]:
    """With small steps, for the sake of the three districts' funnel."""
    data = example_data(name) | priors
    return sample(program_path(name), data, seed=1988, draws=2000, adapt_delta=0.99)


def assert_fixed(draws: dict[str, Array], exact: FixedEffectsPosterior) -> None:
    for power in (1, 2):
        assert_means(draws["a"] ** power, exact.mean(lambda a, n=power: a**n), f"a^{power}")
        theta = exact.mean(lambda a, n=power: special.expit(a) ** n)
        assert_means(draws["theta"] ** power, theta, f"theta^{power}")


def assert_intercept(draws: dict[str, Array], exact: VaryingInterceptPosterior) -> None:
    for power in (1, 2):
        a_bar = exact.mean(lambda a_bar, sigma, n=power: a_bar**n)
        assert_mean(draws["a_bar"] ** power, a_bar, f"a_bar^{power}")
        z = exact.district_mean(lambda a, z, n=power: z**n)
        assert_means(draws["z"] ** power, z, f"z^{power}")
        theta = exact.district_mean(lambda a, z, n=power: special.expit(a) ** n)
        assert_means(draws["theta"] ** power, theta, f"theta^{power}")
    assert_mean(draws["sigma"], exact.mean(lambda a_bar, sigma: sigma), "sigma")
    log_sigma = exact.mean(lambda a_bar, sigma: np.log1p(sigma))
    assert_mean(np.log1p(draws["sigma"]), log_sigma, "log(1 + sigma)")
    assert_means(draws["a"], exact.district_mean(lambda a, z: a), "a")


def test_fixed_effects(sample: Sample, fixed: FixedEffectsPosterior) -> None:
    assert_fixed(draw(sample, FIXED), fixed)


def test_varying_intercept_exponential(sample: Sample, exp_1: VaryingInterceptPosterior) -> None:
    assert_intercept(draw(sample, INTERCEPT, **EXP_1), exp_1)


def test_varying_intercept_half_normal(sample: Sample, hn_05: VaryingInterceptPosterior) -> None:
    assert_intercept(draw(sample, INTERCEPT, **HN_05), hn_05)


def test_district_without_women_is_drawn_from_the_population(
    sample: Sample, hn_05: VaryingInterceptPosterior
) -> None:
    """The others' posterior does not change, and its own is that of the population."""
    draws = draw(sample, INTERCEPT, **HN_05, J=4)
    assert_mean(draws["z"][..., 3], 0.0, "z[4]")
    assert_mean(draws["z"][..., 3] ** 2, 1.0, "z[4] squared")
    assert_mean(draws["a"][..., 3], hn_05.mean(lambda a_bar, sigma: a_bar), "a[4]")
    assert_intercept(draws | {name: draws[name][..., :3] for name in ("a", "z", "theta")}, hn_05)


def assert_slopes(draws: dict[str, Array]) -> None:
    """Against the published mean, sd and 89% interval: to rounding, and the error of both.

    The source's Monte-Carlo error is taken to be that of 500 effective draws.
    """
    published = {
        "a_bar": (-0.68, 0.10, (-0.84, -0.53)),
        "b_bar": (0.64, 0.16, (0.38, 0.90)),
        "rho": (-0.65, 0.17, (-0.86, -0.33)),
        "sigma_a": (0.58, 0.10, (0.43, 0.74)),
        "sigma_b": (0.79, 0.20, (0.49, 1.12)),
    }
    for name, (mean, sd, interval) in published.items():
        x = draws[name]
        assert float(az.ess(x, method="bulk")) > 400, name
        error = 3 * np.hypot(float(az.mcse(x, method="mean")), sd / np.sqrt(500))
        assert abs(x.mean() - mean) <= 0.005 + error, f"{name}: {x.mean():.3f}, published {mean}"
        assert abs(x.std() - sd) <= 0.005 + error, f"{name}: sd {x.std():.3f}, published {sd}"
        bounds = np.quantile(x, (0.055, 0.945))
        # The 5.5% quantile of a normal has twice the standard error of its mean.
        assert np.abs(bounds - interval).max() <= 0.005 + 2 * error, f"{name}: 89% {bounds}"


def slopes(sample: Sample, **priors: Any) -> dict[str, Array]:
    return sample(program_path(SLOPE), example_data(SLOPE) | priors, seed=1988)


def test_slopes_are_the_published_ones(sample: Sample) -> None:
    draws = slopes(sample)
    assert_slopes(draws)
    assert (
        draws["theta_urban"].mean(axis=(0, 1)) > draws["theta_rural"].mean(axis=(0, 1))
    ).sum() > 40


# --- controls that must fail ----------------------------------------------------------------------


@stanli_only
def test_another_prior_of_sigma_is_caught(sample: Sample, exp_1: VaryingInterceptPosterior) -> None:
    draws = draw(sample, INTERCEPT, **HN_05)
    with pytest.raises(AssertionError, match="MCSE"):
        assert_intercept(draws, exp_1)


@stanli_only
def test_partial_pooling_is_not_no_pooling(sample: Sample, fixed: FixedEffectsPosterior) -> None:
    draws = draw(sample, INTERCEPT, **EXP_1)
    with pytest.raises(AssertionError, match="MCSE"):
        assert_fixed(draws, fixed)


@pytest.mark.parametrize(
    ("name", "adapt_delta", "least", "most"),
    [
        ("bernoulli/varying_intercept_centered", 0.8, 40, 4000),
        ("bernoulli/varying_intercept_centered", 0.99, 4, 4000),
        (INTERCEPT, 0.99, 0, 0),
    ],
)
def test_three_districts_diverge_when_centered(
    engine: str, name: str, adapt_delta: float, least: int, most: int
) -> None:
    """The study's failure and its cure. Of 6 seeds, the fewest are 140 (0.8) and 23 (0.99)."""
    program = pp.programs.get(name)
    fit = program.sample(
        example_data(name) | EXP_1,
        engine=engine,
        seed=1988,
        adapt_delta=adapt_delta,
        progress=False,
        verbose=False,
    )
    divergences = int(np.asarray(fit.idata["sample_stats"]["diverging"]).sum())
    assert least <= divergences <= most


@stanli_only
def test_slopes_without_correlation_are_caught(sample: Sample) -> None:
    draws = slopes(sample, prior_eta=1000.0)
    with pytest.raises(AssertionError, match="published"):
        assert_slopes(draws)
