"""The quadrature behind the exact numbers, against SciPy's normal distributions and integrals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from programs.quadrature import NormalPosterior
from scipy import integrate, stats

import partialpool as pp
from partialpool.reproduce import individual_slopes, linear_regression
from partialpool.reproduce.tools import simulate
from partialpool.reproduce.tools.quadrature import (
    Mixture,
    half_cauchy,
    half_normal,
    normal_regression,
    uniform,
    unit_effect,
)

MIXTURE = Mixture(np.array([0.3, 0.7]), np.array([-1.0, 2.0]), np.array([0.5, 1.5]))


def test_mixture() -> None:
    parts = [stats.norm(-1, 0.5), stats.norm(2, 1.5)]
    x = np.linspace(-3, 6, 7)
    np.testing.assert_allclose(MIXTURE.pdf(x), 0.3 * parts[0].pdf(x) + 0.7 * parts[1].pdf(x))
    np.testing.assert_allclose(MIXTURE.cdf(x), 0.3 * parts[0].cdf(x) + 0.7 * parts[1].cdf(x))
    assert MIXTURE.mean() == pytest.approx(integrate.quad(lambda t: t * MIXTURE.pdf(t), -15, 15)[0])
    square = integrate.quad(lambda t: t**2 * MIXTURE.pdf(t), -15, 15)[0]
    assert MIXTURE.sd() == pytest.approx(np.sqrt(square - MIXTURE.mean() ** 2))
    for p in (0.001, 0.3, 0.975):
        assert float(MIXTURE.cdf(MIXTURE.quantile(p))) == pytest.approx(p)


def small_regression() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(6), rng.uniform(0.5, 3, size=6)])
    return x @ [1.0, 2.0] + rng.normal(size=6), x


def posterior(y: np.ndarray, x: np.ndarray) -> Any:
    return normal_regression(
        y,
        x,
        lambda slope_sd, noise: noise**2 + slope_sd**2 * x[:, 1] ** 2,
        nodes=(np.linspace(-12, 3, 121), np.linspace(-12, 4, 141)),
        log_priors=(half_normal(1.0), half_cauchy(2.0)),
        prior_precision=1 / 100,
    )


def test_scales_against_another_rule() -> None:
    """Gauss-Legendre in the priors' probabilities, with the joint normal of y at each node."""
    y, x = small_regression()
    exact = posterior(y, x)
    node, weight = np.polynomial.legendre.leggauss(120)
    level = (node + 1) / 2
    slope_sd, noise = np.meshgrid(
        stats.halfnorm.ppf(level), stats.halfcauchy.ppf(level, scale=2), indexing="ij"
    )
    covariance = np.zeros((120, 120, 6, 6)) + 100 * x @ x.T
    covariance[..., range(6), range(6)] += noise[..., None] ** 2
    covariance[..., range(6), range(6)] += slope_sd[..., None] ** 2 * x[:, 1] ** 2
    fit = np.einsum("r,...rs,s->...", y, np.linalg.inv(covariance), y)
    density = np.exp(-0.5 * (np.linalg.slogdet(covariance)[1] + fit)) * np.outer(weight, weight)
    density /= density.sum()
    assert exact.scale_mean(0) == pytest.approx(float((density * slope_sd).sum()), rel=1e-5)
    assert exact.scale_mean(1) == pytest.approx(float((density * noise).sum()), rel=1e-3)
    for position, scale in enumerate((slope_sd, noise)):
        shown = float((density * np.tanh(scale)).sum())
        at = np.tanh(exact.scales[position])
        assert float(exact.weight @ at) == pytest.approx(shown, rel=1e-5)


def test_cdf_pdf_and_quantile_of_a_scale_belong_together() -> None:
    exact = posterior(*small_regression())
    for position in (0, 1):
        assert float(exact.scale_cdf(position, 19.0)) == pytest.approx(1, abs=1e-2)
        half = exact.scale_quantile(position, 0.5)
        assert float(exact.scale_cdf(position, half)) == pytest.approx(0.5)
        mean = integrate.quad(lambda t, i=position: t * exact.scale_pdf(i, t), 1e-5, 19)[0]
        tail = exact.weight @ (exact.scales[position] * (exact.scales[position] > 19))
        assert mean + tail == pytest.approx(exact.scale_mean(position), rel=0.02)
        width = 1e-4
        step = exact.scale_cdf(position, 1 + width) - exact.scale_cdf(position, 1 - width)
        assert float(exact.scale_pdf(position, 1.0)) == pytest.approx(float(step) / 2e-4, rel=1e-4)


def test_coefficients_and_effects_against_the_joint_normal() -> None:
    """At every node: condition the normal of (coefficients, an effect, y) on y."""
    y, x = small_regression()
    exact = posterior(y, x)
    unit = 2
    line = exact.linear([1.0, -1.0])
    slope = unit_effect(
        exact,
        y[unit],
        mean=[0.0, 1.0],
        between=exact.scales[0],
        fixed=[1.0, 0.0],
        x=x[unit, 1],
        residual=exact.scales[1],
    )
    for node in np.argsort(-exact.weight)[:5000:500]:
        slope_sd, noise = (each[node] for each in exact.scales)
        # a, mu_b, and the unit's slope, as rows of what (a, mu_b, own deviations) make
        effects = np.hstack([np.eye(2), np.zeros((2, len(y)))])
        own = np.concatenate([[0.0, 1.0], np.eye(len(y))[unit]])
        data = np.hstack([x, np.diag(x[:, 1])])
        prior = np.diag([100.0, 100.0, *[slope_sd**2] * len(y)])
        rows = np.vstack([[1.0, -1.0] @ effects, own])
        gain = (
            rows @ prior @ data.T @ np.linalg.inv(data @ prior @ data.T + noise**2 * np.eye(len(y)))
        )
        mean = gain @ y
        sd = np.sqrt(np.diag(rows @ prior @ rows.T - gain @ data @ prior @ rows.T))
        found = [(each.location[node], each.scale[node]) for each in (line, slope)]
        np.testing.assert_allclose(found, np.column_stack([mean, sd]), rtol=1e-6, atol=1e-7)


def test_eight_schools_against_another_quadrature() -> None:
    """Of mu and tau on a grid, with the example's priors: mu ~ normal(0, 5)."""
    example = pp.programs.get("normal_known_variance/marginal").example_data()
    y, sigma = (np.asarray(example[name], dtype=float) for name in ("y", "sigma"))

    def effects(tau_scale: float) -> list[Mixture]:
        exact = normal_regression(
            y,
            np.ones((8, 1)),
            lambda tau: tau**2 + sigma**2,
            nodes=(np.linspace(-14, 12, 1301),),
            log_priors=(half_cauchy(tau_scale),),
            prior_precision=1 / 25,
        )
        (tau,) = exact.scales
        rows = zip(y, sigma, strict=True)
        return [unit_effect(exact, v, mean=[1.0], between=tau, residual=s) for v, s in rows]

    mean, square = NormalPosterior(example).theta_moments()
    found = effects(5.0)
    np.testing.assert_allclose([each.mean() for each in found], mean, rtol=1e-6)
    np.testing.assert_allclose([each.sd() for each in found], np.sqrt(square - mean**2), rtol=1e-6)
    assert not np.allclose([each.mean() for each in effects(2.5)], mean, rtol=1e-2)


def test_half_normal_priors_stand_for_the_uniform_ones_of_the_source() -> None:
    points = simulate.individual_slopes()
    ours, source, tight = (
        individual_slopes.exact_posterior(points, sigma_b=sigma_b, sigma=sigma, nodes=61)
        for sigma_b, sigma in (
            (None, None),
            (uniform(100), uniform(10)),
            (half_normal(100.0), half_normal(0.1)),
        )
    )

    def summary(posterior: Any) -> list[float]:
        lines = [posterior.linear(row) for row in ([1.0, 0.0], [0.0, 1.0])]
        scales = [posterior.scale_mean(position) for position in (0, 1)]
        return [*(each.mean() for each in lines), *(each.sd() for each in lines), *scales]

    np.testing.assert_allclose(summary(ours), summary(source), rtol=1e-3)
    assert not np.allclose(summary(ours), summary(tight), rtol=1e-2)


def test_more_nodes_change_nothing() -> None:
    points = simulate.individual_slopes()
    few, many = (individual_slopes.exact_posterior(points, nodes=n) for n in (61, 91))
    for position in (0, 1):
        assert few.scale_mean(position) == pytest.approx(many.scale_mean(position), rel=1e-6)
    line = linear_regression.exact_line(simulate.regression())
    assert line.weight[[0, -1]].max() < 1e-12
