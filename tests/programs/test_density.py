"""Each program has the density that its header states, and the right gradient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs.cases import (
    HIERARCHICAL_NORMAL,
    PROGRAMS,
    REFERENCES,
    all_cases,
    example_data,
    is_proper,
    program_path,
)
from programs.checks import Array, MakeLogDensity, assert_same_density, stanli_only
from programs.densities import Data
from scipy import special


def reference(name: str, data: Data) -> Callable[[Array], Array]:
    return lambda q: REFERENCES[name](q, data)


MANY = 20_000
"""Parameters times rows of data from which on 10 points are compared, not 50."""


def points(name: str, data: Data, *, count: int = 50) -> Array:
    """Random ones; fewer where the reference's gradient is many densities of many rows."""
    size = REFERENCES[name].size(data)
    if size * len(data.get("y", ())) > MANY:
        count = min(count, 10)
    rng = np.random.default_rng([len(name), count])
    return rng.normal(scale=1.5, size=(count, size))


@pytest.mark.parametrize(
    ("name", "data"),
    [pytest.param(name, data, id=f"{name}: {label}") for name, label, data in all_cases()],
)
def test_density_and_gradient_are_scipys(
    log_density: MakeLogDensity, name: str, data: dict[str, Any]
) -> None:
    density = log_density(program_path(name), data)
    assert_same_density(density, reference(name, data), points(name, data))


@pytest.mark.parametrize("log_kappa", [20.0, 30.0, 40.0, 300.0])
def test_beta_marginal_is_complete_pooling_when_kappa_is_large(
    log_density: MakeLogDensity, log_kappa: float
) -> None:
    """To 1 / kappa, however large: the differences of lgamma would lose every digit here."""
    name = "binomial/partial_pooling_beta_marginal"
    data = example_data(name)
    logit_phi = np.linspace(-3, 2, 50)
    q = np.column_stack([logit_phi, np.full(50, log_kappa)])
    value, slope = log_density(program_path(name), data)(q)

    pooled = "binomial/complete_pooling"
    pooled_density = log_density(program_path(pooled), example_data(pooled))
    expected, pooled_slope = pooled_density(logit_phi[:, np.newaxis])
    difference = value - expected
    close = 1e-9 + 1e7 * np.exp(-log_kappa)
    np.testing.assert_allclose(difference, difference[25], atol=close)
    np.testing.assert_allclose(slope[:, 0], pooled_slope[:, 0], atol=close, rtol=1e-9)
    shape = data["prior_kappa_shape"]  # Pareto density of kappa times kappa falls as kappa^-shape
    np.testing.assert_allclose(slope[:, 1], -shape, atol=close)


@pytest.mark.parametrize("name", HIERARCHICAL_NORMAL)
@pytest.mark.parametrize(("units", "mu_family"), [(1, 0), (2, 0), (1, 1), (2, 1), (3, 0)])
def test_flat_prior_on_tau_is_refused_where_improper(
    log_density: MakeLogDensity, name: str, units: int, mu_family: int
) -> None:
    data = example_data(name) | {
        "J": units,
        "y": [1.0, 2.0, 4.0][:units],
        "sigma": [1.0] * units,
        "prior_mu_family": mu_family,
        "prior_tau_family": 0,
    }
    here = points(name, data, count=1)
    if is_proper(data):
        value, _ = log_density(program_path(name), data)(here)
        assert np.isfinite(value).all()
    else:
        with pytest.raises(Exception, match="Improper posterior"):
            log_density(program_path(name), data)(here)


@pytest.mark.parametrize(("units", "mu_family"), [(1, 0), (2, 0), (1, 1), (2, 1), (3, 0)])
def test_what_is_refused_is_improper(units: int, mu_family: int) -> None:
    """With mu integrated out, the density of tau must fall faster than 1 / tau."""
    name = "normal_known_variance/marginal"
    data = example_data(name) | {"y": [1.0, 2.0, 4.0][:units], "sigma": [1.0] * units}
    data |= {"J": units, "prior_mu_family": mu_family, "prior_tau_family": 0}
    log_tau = np.array([12.0, 13.0])
    log_density = np.empty(2)
    for i, level in enumerate(log_tau):
        width = data["prior_mu_scale"] if mu_family else np.exp(level)
        mu = np.linspace(-12 * width, 12 * width, 2001)
        q = np.column_stack([mu, np.full_like(mu, level)])
        of_log_tau = special.logsumexp(REFERENCES[name](q, data)) + np.log(mu[1] - mu[0])
        log_density[i] = of_log_tau - level
    slope = np.diff(log_density)[0]
    assert slope == pytest.approx(-units if mu_family else 1 - units, abs=1e-3)
    assert is_proper(data) == (slope < -1.5)


BROKEN = {
    "another prior scale": (
        "binomial/partial_pooling_logit_noncentered",
        "normal(0, prior_sigma_scale)",
        "normal(0, 1.01 * prior_sigma_scale)",
    ),
    "no likelihood of successes": (
        "binomial/partial_pooling_beta",
        "successes ~ binomial(trials, theta);",
        "",
    ),
    "shapes of the beta exchanged": (
        "binomial/partial_pooling_beta",
        "beta(phi * kappa, (1 - phi) * kappa)",
        "beta((1 - phi) * kappa, phi * kappa)",
    ),
    "the last trial forgotten": (
        "binomial/partial_pooling_beta_marginal",
        "more_failures[1 : failures[n]]",
        "more_failures[1 : failures[n] - 1]",
    ),
    "mean dropped on the way to non-centered": (
        "normal_known_variance/noncentered",
        "mu + tau * z",
        "tau * z",
    ),
    "variance for standard deviation": (
        "normal_known_variance/marginal",
        "hypot(sigma, tau));",
        "square(sigma) + square(tau));",
    ),
    "families exchanged": ("normal_known_variance/centered", "family == 3", "family == 5"),
    "Jacobian forgotten": (
        "normal_known_variance/centered",
        "  real<lower=0> tau; // standard deviation of the effects between units\n"
        "  vector[J] theta; // effect of each unit\n}\n",
        "  real log_tau;\n  vector[J] theta;\n}\n"
        "transformed parameters {\n  real<lower=0> tau = exp(log_tau);\n}\n",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
@stanli_only
def test_broken_program_is_caught(log_density: MakeLogDensity, tmp_path: Path, what: str) -> None:
    name, old, new = BROKEN[what]
    code = program_path(name).read_text(encoding="utf-8")
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    data = example_data(name)
    density = log_density(broken, data)
    with pytest.raises(AssertionError, match="differ by"):
        assert_same_density(density, reference(name, data), points(name, data))


@stanli_only
def test_wrong_gradient_is_caught(log_density: MakeLogDensity) -> None:
    name = PROGRAMS[0]
    data = example_data(name)
    right = log_density(program_path(name), data)

    def wrong(q: Array) -> tuple[Array, Array]:
        value, gradient = right(q)
        return value, gradient * (1 + 1e-5)

    with pytest.raises(AssertionError, match="gradients differ"):
        assert_same_density(wrong, reference(name, data), points(name, data))
