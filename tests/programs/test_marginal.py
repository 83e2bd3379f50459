"""Marginal = its parents integrated; non-centered = centered; theta drawn afterwards is exact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs.cases import example_data, program_path, with_odd_priors
from programs.checks import Array, LogDensity, MakeLogDensity, Sample, assert_means, stanli_only
from scipy import special, stats

BETA = with_odd_priors(
    example_data("binomial/partial_pooling_beta")
    | {"N": 4, "trials": [0, 7, 12, 3], "successes": [0, 7, 4, 0]}
)
NORMAL = with_odd_priors(example_data("normal_known_variance/centered")) | {
    "J": 4,
    "y": [0.2, -3.0, 4.1, 0.3],
    "sigma": [0.5, 1.0, 8.0, 0.4],
}


def log_integral_over_units(
    parent: LogDensity, hyper: Array, nodes: Callable[[Array, int], Array], units: int
) -> Array:
    """Log of the integral of a density over its units, at every row of hyper.

    Given the hyperparameters the units are independent, so that the integral is a product of
    integrals over one unit, the others held still. `nodes` gives those of a unit, for a row of
    hyper: equally spaced on the whole line, where the trapezoidal rule converges exponentially for
    these densities (Trefethen and Weideman 2014). The density is asked once for all points.
    """
    blocks, steps = [], []
    for row in hyper:
        grids = [nodes(row, unit) for unit in range(units)]
        still = np.concatenate([row, [np.median(grid) for grid in grids]])
        blocks.append(still[np.newaxis])
        for unit, grid in enumerate(grids):
            moving = np.repeat(still[np.newaxis], len(grid), axis=0)
            moving[:, len(row) + unit] = grid
            blocks.append(moving)
            steps.append(grid[1] - grid[0])
    value, _ = parent(np.vstack(blocks))
    pieces = np.split(value, np.cumsum([len(block) for block in blocks])[:-1])
    base = np.concatenate(pieces[:: units + 1])
    of_unit = [piece for i, piece in enumerate(pieces) if i % (units + 1)]
    log_integrals = [special.logsumexp(piece) for piece in of_unit] + np.log(steps)
    gains = log_integrals.reshape(len(hyper), units) - base[:, np.newaxis]
    return np.asarray(base + gains.sum(axis=1))


def assert_constant(difference: Array, *, atol: float = 1e-8) -> None:
    np.testing.assert_allclose(difference, difference[0], atol=atol, rtol=0)


def test_beta_marginal_is_the_integral_of_its_parent(log_density: MakeLogDensity) -> None:
    parent = log_density(program_path("binomial/partial_pooling_beta"), BETA)
    marginal = log_density(program_path("binomial/partial_pooling_beta_marginal"), BETA)
    phi = np.array([0.15, 0.3, 0.5, 0.8, 0.85, 0.4, 0.6, 0.25])
    kappa = np.array([12.0, 20.0, 4.0, 9.0, 60.0, 300.0, 1000.0, 30.0])
    hyper = np.column_stack([special.logit(phi), np.log(kappa - BETA["prior_kappa_min"])])
    grid = np.linspace(-30, 30, 3001)  # on the logit scale of theta

    expected = log_integral_over_units(parent, hyper, lambda row, unit: grid, BETA["N"])
    assert_constant(marginal(hyper)[0] - expected)


def hyper_normal() -> Array:
    rng = np.random.default_rng(8)
    return np.column_stack([rng.normal(0, 3, 20), np.log(rng.uniform(0.2, 6, 20))])


def around_the_data(hyper: Array, unit: int) -> Array:
    """Twelve standard deviations on both sides of everything between mu and y."""
    mu, tau, y, sigma = hyper[0], np.exp(hyper[1]), NORMAL["y"][unit], NORMAL["sigma"][unit]
    sd = 1 / np.hypot(1 / tau, 1 / sigma)
    low, high = min(mu, y) - 12 * sd, max(mu, y) + 12 * sd
    return np.linspace(low, high, int(np.ceil((high - low) / sd)) * 8)


def around_the_data_standardised(hyper: Array, unit: int) -> Array:
    return np.asarray((around_the_data(hyper, unit) - hyper[0]) / np.exp(hyper[1]))


@pytest.mark.parametrize("tau_family", range(5))
@pytest.mark.parametrize(
    ("name", "nodes"),
    [("centered", around_the_data), ("noncentered", around_the_data_standardised)],
)
def test_normal_marginal_is_the_integral_of_its_parents(
    log_density: MakeLogDensity,
    name: str,
    nodes: Callable[[Array, int], Array],
    tau_family: int,
) -> None:
    data = NORMAL | {"prior_tau_family": tau_family}
    parent = log_density(program_path(f"normal_known_variance/{name}"), data)
    marginal = log_density(program_path("normal_known_variance/marginal"), data)
    hyper = hyper_normal()
    expected = log_integral_over_units(parent, hyper, nodes, data["J"])
    assert_constant(marginal(hyper)[0] - expected)


@pytest.mark.parametrize(
    ("centered", "noncentered"),
    [
        (
            "binomial/partial_pooling_logit_centered",
            "binomial/partial_pooling_logit_noncentered",
        ),
        ("normal_known_variance/centered", "normal_known_variance/noncentered"),
    ],
)
def test_noncentered_is_centered_in_other_variables(
    log_density: MakeLogDensity, centered: str, noncentered: str
) -> None:
    """With theta = mu + tau z, p(mu, log tau, z) = p(mu, log tau, theta) tau^units."""
    data = example_data(centered)
    units = data["N"] if "N" in data else data["J"]
    q = np.random.default_rng(7).normal(size=(50, 2 + units))
    mu, log_tau, z = q[:, :1], q[:, 1:2], q[:, 2:]
    q_centered = np.hstack([mu, log_tau, mu + np.exp(log_tau) * z])

    value, _ = log_density(program_path(noncentered), data)(q)
    value_centered, _ = log_density(program_path(centered), data)(q_centered)
    difference = value - value_centered - units * log_tau[:, 0]
    np.testing.assert_allclose(difference, difference[0], atol=1e-11 * np.abs(value).max(), rtol=0)


# --- theta drawn in generated quantities ----------------------------------------------------------


def conditional_of_theta(draws: dict[str, Array], data: dict[str, Any]) -> Any:
    """The distribution that theta has given the data and each draw's hyperparameters."""
    if "trials" in data:
        y, n = np.array(data["successes"]), np.array(data["trials"])
        phi, kappa = draws["phi"][..., None], draws["kappa"][..., None]
        return stats.beta(phi * kappa + y, (1 - phi) * kappa + n - y)
    precision, between = 1 / np.square(data["sigma"]), 1 / draws["tau"][..., None] ** 2
    mean = (precision * data["y"] + between * draws["mu"][..., None]) / (precision + between)
    return stats.norm(mean, 1 / np.sqrt(precision + between))


def assert_drawn_from(theta: Array, conditional: Any) -> None:
    """Mean, variance and quantile levels are right, and the units independent of each other."""
    units = theta.shape[2]
    z = (theta - conditional.mean()) / conditional.std()
    assert_means(z, np.zeros(units), "mean")
    assert_means(z**2, np.ones(units), "variance")
    level = conditional.cdf(theta) - 0.5  # uniform on (-0.5, 0.5)
    assert_means(level, np.zeros(units), "level")
    assert_means(level**2, np.full(units, 1 / 12), "spread of levels")
    assert_means(level * np.roll(level, 1, axis=2), np.zeros(units), "correlation of levels")


def assert_theta_is_exact(sample: Sample, program: Path, data: dict[str, Any]) -> None:
    draws = sample(program, data, seed=11, draws=2000)
    assert_drawn_from(draws["theta"], conditional_of_theta(draws, data))


MARGINAL = ("binomial/partial_pooling_beta_marginal", "normal_known_variance/marginal")


@pytest.mark.parametrize("name", MARGINAL)
def test_theta_has_its_conditional_distribution(sample: Sample, name: str) -> None:
    assert_theta_is_exact(sample, program_path(name), example_data(name))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (MARGINAL[0], "+ to_vector(successes)", "+ 1.1 * to_vector(successes)"),
        (MARGINAL[0], "beta_rng(a, b)", "beta_rng(1.1 * a, 1.1 * b)"),
        (MARGINAL[0], "to_vector(beta_rng(a, b))", "a ./ (a + b)"),
        (MARGINAL[1], "square(root_w) .*", "root_w .*"),
        (MARGINAL[1], "sigma .* root_w", "1.05 * sigma .* root_w"),
        (MARGINAL[1], "normal_rng(mean_theta, sigma .* root_w)", "normal_rng(y, sigma)"),
    ],
)
@stanli_only
def test_theta_drawn_wrongly_is_caught(
    sample: Sample, tmp_path: Path, name: str, old: str, new: str
) -> None:
    code = program_path(name).read_text(encoding="utf-8")
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    with pytest.raises(AssertionError, match="MCSE"):
        assert_theta_is_exact(sample, broken, example_data(name))
