"""The programs in `linear/`: their variants are one model, and its posterior is that published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytest
from programs import densities_linear as linear
from programs.cases import REFERENCES, example_data, program_path
from programs.cases_linear import odd_priors
from programs.checks import (
    Array,
    MakeLogDensity,
    Sample,
    assert_means,
    assert_same_density,
    stanli_only,
)
from programs.densities import column
from scipy import stats

import partialpool as pp

MODELS = (
    "grouped_means",
    "individual_slopes",
    "varying_intercept",
    "varying_intercept_group_predictor",
    "varying_intercept_slope",
    "varying_intercept_slope_lkj",
)

GROUPED: dict[str, Any] = {
    "N": 9,
    "J": 4,  # the third group is empty; in the fourth x does not vary
    "group": [1, 4, 2, 1, 1, 2, 4, 1, 1],
    "x": [0.0, 1.0, 1.0, 1.0, 0.0, -0.5, 1.0, 1.5, 3.0],
    "y": [0.3, 2.9, 1.1, 1.4, 0.2, -0.8, 2.2, 1.6, 4.1],
    "u": [0.4, -0.3, 1.2, 0.1],
    "sigma": 0.8,
}


def small_data(model: str) -> dict[str, Any]:
    example = example_data(f"linear/{model}_marginal")
    return odd_priors(example | {k: v for k, v in GROUPED.items() if k in example}, rotation=1)


# --- the group effects given all else, from the raw observations ----------------------------------


def conditional(model: str, p: dict[str, Array], data: dict[str, Any]) -> tuple[Array, Array]:
    """Mean (points, units, q) and covariance (points, units, q, q) of each unit's effects.

    Textbook form, from the raw rows of the unit: precision Z'Z / sigma^2 + prior precision.
    """
    y, points = np.asarray(data["y"], dtype=float), len(next(iter(p.values())))
    x = np.asarray(data.get("x", np.zeros(data["N"])), dtype=float)
    one = np.ones_like(x)
    zero = np.zeros(points)
    units, group = data.get("J", data["N"]), np.asarray(data.get("group", np.arange(data["N"]) + 1))
    sigma = p.get("sigma", np.full(points, float(data.get("sigma", 1))))
    line = np.zeros(units)
    if model == "grouped_means":
        z, fixed = one[:, None], zero[:, None] * x
        prior_mean, sds = [p["mu"]], [p["tau"]]
    elif model == "individual_slopes":
        z, fixed = x[:, None], p["a"][:, None] * one
        prior_mean, sds = [p["mu_b"]], [p["sigma_b"]]
    elif "slope" in model:
        z, fixed = np.column_stack([one, x]), zero[:, None] * x
        prior_mean, sds = [p["mu_a"], p["mu_b"]], [p["sigma_a"], p["sigma_b"]]
    else:
        z, fixed = one[:, None], p["b"][:, None] * x
        prior_mean, sds = [p["mu_a"]], [p["sigma_a"]]
        line = np.asarray(data["u"]) if "g" in p else line
    q = z.shape[1]
    correlation = np.zeros((points, q, q)) + np.eye(q)
    if "rho" in p:
        correlation[:, 0, 1] = correlation[:, 1, 0] = p["rho"]
    scale = np.column_stack(sds)
    precision = np.linalg.inv(scale[:, :, None] * correlation * scale[:, None, :])
    means, covariances = [], []
    for unit in range(units):
        here = group == unit + 1
        mean = np.column_stack(prior_mean) + (p.get("g", zero) * line[unit])[:, None]
        of_unit = precision + z[here].T @ z[here] / (sigma**2)[:, None, None]
        pull = (y[here] - fixed[:, here]) @ z[here] / column(sigma**2)
        pull = pull + (precision @ mean[..., None])[..., 0]
        covariance = np.linalg.inv(of_unit)
        means.append((covariance @ pull[..., None])[..., 0])
        covariances.append(covariance)
    return np.stack(means, axis=1), np.stack(covariances, axis=1)


def effect_names(model: str) -> tuple[str, ...]:
    if model == "grouped_means":
        return ("theta",)
    if model == "individual_slopes":
        return ("b",)
    return ("a", "b") if "slope" in model else ("a",)


def split(model: str, q: Array) -> tuple[Array, Array]:
    """The population's part of q, and that of the units: (points, units, q)."""
    size = REFERENCES[f"linear/{model}_marginal"].size(small_data(model))
    names = effect_names(model)
    effects = q[:, size:].reshape(len(q), len(names), -1)
    return q[:, :size], np.swapaxes(effects, 1, 2)


def points(model: str, count: int, seed: int) -> Array:
    size = REFERENCES[f"linear/{model}_centered"].size(small_data(model))
    return np.random.default_rng(seed).normal(size=(count, size))


def assert_constant(difference: Array, size: Array, *, rtol: float = 1e-10) -> None:
    excess = np.abs(difference - np.median(difference)).max() / np.abs(size).max()
    assert excess <= rtol, f"not constant: {excess:.3g}"


# --- the variants are one model -------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_linear_noncentered_is_centered_in_other_variables(
    log_density: MakeLogDensity, model: str
) -> None:
    data = small_data(model)
    q = points(model, 50, seed=7)
    hyper, z = split(model, q)
    p = REFERENCES[f"linear/{model}_marginal"].constrain(hyper, data)
    names = effect_names(model)
    if len(names) == 2:
        rho = column(p["rho"]) if "rho" in p else 0.0
        across = rho * z[..., 1] + np.sqrt(1 - rho**2) * z[..., 0]
        a = column(p["mu_a"]) + column(p["sigma_a"]) * across
        effects = [a, column(p["mu_b"]) + column(p["sigma_b"]) * z[..., 1]]
        root = np.sqrt(1 - p["rho"] ** 2) if "rho" in p else 1.0
        log_volume = np.log(p["sigma_a"] * p["sigma_b"] * root)
    else:
        mean, sd = {
            "theta": ("mu", "tau"),
            "b": ("mu_b", "sigma_b"),
            "a": ("mu_a", "sigma_a"),
        }[names[0]]
        line = column(p["g"]) * np.asarray(data["u"]) if "g" in p else 0.0
        effects = [column(p[mean]) + line + column(p[sd]) * z[..., 0]]
        log_volume = np.log(p[sd])
    q_centered = np.hstack([hyper, *effects])

    value, _ = log_density(program_path(f"linear/{model}_noncentered"), data)(q)
    centered, _ = log_density(program_path(f"linear/{model}_centered"), data)(q_centered)
    assert_constant(value - centered - z.shape[1] * log_volume, value)


@pytest.mark.parametrize("model", MODELS)
def test_linear_marginal_is_the_integral_of_its_parent(
    log_density: MakeLogDensity, model: str
) -> None:
    """By p(y) = p(y, effects) / p(effects | y), which holds wherever the effects are."""
    data = small_data(model)
    q = points(model, 30, seed=8)
    hyper, effects = split(model, q)
    p = REFERENCES[f"linear/{model}_marginal"].constrain(hyper, data)
    mean, covariance = conditional(model, p, data)
    log_conditional = np.zeros(len(q))
    for i, unit in np.ndindex(*effects.shape[:2]):
        given_y = stats.multivariate_normal(mean[i, unit], covariance[i, unit])
        log_conditional[i] += given_y.logpdf(effects[i, unit])

    parent, _ = log_density(program_path(f"linear/{model}_centered"), data)(q)
    marginal, _ = log_density(program_path(f"linear/{model}_marginal"), data)(hyper)
    assert_constant(parent - log_conditional - marginal, parent)


@pytest.mark.parametrize("model", [model for model in MODELS if model != "individual_slopes"])
def test_linear_marginal_reference_is_scipys_multivariate_normal(model: str) -> None:
    """The batched density of each group against scipy.stats.multivariate_normal."""
    data = small_data(model)
    reference = REFERENCES[f"linear/{model}_marginal"]
    hyper, _ = split(model, points(model, 20, seed=9))
    p = reference.constrain(hyper, data)
    without_y = data | {"y": np.zeros(data["N"])}
    expected = np.zeros(len(hyper))
    x, u = np.asarray(GROUPED["x"]), np.asarray(GROUPED["u"])
    group = np.asarray(GROUPED["group"]) - 1
    for i in range(len(hyper)):
        at = {name: float(value[i]) for name, value in p.items()}
        sd_a = at.get("sigma_a", at.get("tau", 0.0))
        sd_b, rho = at.get("sigma_b", 0.0), at.get("rho", 0.0)
        mean = at.get("mu_a", at.get("mu", 0.0)) + at.get("mu_b", at.get("b", 0.0)) * x
        mean = mean + at.get("g", 0.0) * u[group]
        same = group[:, None] == group
        covariance = sd_a**2 + sd_b**2 * np.outer(x, x) + rho * sd_a * sd_b * np.add.outer(x, x)
        covariance = same * covariance + at.get("sigma", GROUPED["sigma"]) ** 2 * np.eye(len(x))
        of_data = stats.multivariate_normal(mean, covariance)
        expected[i] = of_data.logpdf(data["y"]) - of_data.logpdf(without_y["y"])
    difference = reference(hyper, data) - reference(hyper, without_y)
    np.testing.assert_allclose(difference, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("model", [model for model in MODELS if model.startswith("varying")])
def test_linear_marginal_reference_is_the_dense_normal_of_all_houses(model: str) -> None:
    """Of radon: 919 rows, counties of 1 to 116, from the covariance matrix of all rows."""
    data = example_data(f"linear/{model}_marginal")
    reference = REFERENCES[f"linear/{model}_marginal"]
    hyper = np.random.default_rng(12).normal(size=(3, reference.size(data)))
    p = reference.constrain(hyper, data)
    x, y, group = (np.asarray(data[name]) for name in ("x", "y", "group"))
    expected = linear.priors(p, data)
    for i in range(len(hyper)):
        at = {name: value[i] for name, value in p.items()}
        sd_a, sd_b, rho = at["sigma_a"], at.get("sigma_b", 0.0), at.get("rho", 0.0)
        mean = at["mu_a"] + at.get("mu_b", at.get("b", 0.0)) * x
        if "g" in at:
            mean = mean + at["g"] * np.asarray(data["u"])[group - 1]
        covariance = sd_a**2 + sd_b**2 * np.outer(x, x) + rho * sd_a * sd_b * np.add.outer(x, x)
        covariance = covariance * (group[:, None] == group) + at["sigma"] ** 2 * np.eye(len(x))
        lower = np.linalg.cholesky(covariance)
        z = np.linalg.solve(lower, y - mean)
        expected[i] -= np.log(np.diag(lower)).sum() + 0.5 * z @ z + 0.5 * len(y) * np.log(2 * np.pi)
    log_jacobian = reference.log_jacobian(hyper, data)
    np.testing.assert_allclose(reference(hyper, data), expected + log_jacobian, rtol=1e-10)


@pytest.mark.parametrize("model", [model for model in MODELS if model.startswith("varying")])
def test_linear_marginal_keeps_its_digits_far_from_zero(
    log_density: MakeLogDensity, model: str
) -> None:
    """A million added to y and to the mean of the intercepts changes nothing."""
    shift = 2.0**20
    data = small_data(model)
    data["y"] = np.round(np.array(data["y"]) * 64) / 64  # exact also after the shift
    data["x"] = np.round(np.array(data["x"]) * 64) / 64
    far = data | {"y": data["y"] + shift}
    far["prior_mu_a_location"] = data["prior_mu_a_location"] + shift
    hyper, _ = split(model, points(model, 20, seed=10))
    names = [*pp.programs.get(f"linear/{model}_marginal").parameters]
    moved = hyper.copy()
    moved[:, names.index("mu_a")] += shift
    program = program_path(f"linear/{model}_marginal")
    near_value, near_slope = log_density(program, data)(hyper)
    value, slope = log_density(program, far)(moved)
    np.testing.assert_allclose(value, near_value, rtol=1e-7)
    np.testing.assert_allclose(slope, near_slope, rtol=1e-6, atol=1e-6 * np.abs(near_slope).max())


# --- group effects drawn in generated quantities --------------------------------------------------


def assert_effects_are_exact(sample: Sample, program: Path, model: str) -> None:
    """Standardised by their exact conditional distribution, they are independent normal(0, 1)."""
    data = small_data(model)
    draws = sample(program, data, seed=11, draws=2000, adapt_delta=0.95)
    shape = next(iter(draws.values())).shape[:2]
    drawn = {name: draws[name] for name in effect_names(model)}
    flat = {
        name: value.reshape(-1) for name, value in draws.items() if value.shape == shape
    }  # the population's
    mean, covariance = conditional(model, flat, data)
    effects = np.stack([drawn[name].reshape(mean.shape[:2]) for name in drawn], axis=2)
    factor = np.linalg.cholesky(covariance)
    z = np.linalg.solve(factor, (effects - mean)[..., None])[..., 0]
    z = z.reshape(*shape, -1)
    count = z.shape[2]
    assert_means(z, np.zeros(count), "mean")
    assert_means(z**2, np.ones(count), "variance")
    level = stats.norm.cdf(z) - 0.5
    assert_means(level**2, np.full(count, 1 / 12), "spread of levels")
    for step in range(1, min(count, 4)):
        assert_means(z * np.roll(z, step, axis=2), np.zeros(count), "correlation")


@pytest.mark.parametrize("model", MODELS)
def test_linear_effects_have_their_conditional_distribution(sample: Sample, model: str) -> None:
    assert_effects_are_exact(sample, program_path(f"linear/{model}_marginal"), model)


BROKEN_DRAWS = [
    ("grouped_means", "tau * sigma ./ sqrt(v)", "sigma ./ sqrt(n + 1)"),
    ("individual_slopes", "sigma_b * sigma ./ s", "rep_vector(sigma_b, N)"),
    ("varying_intercept", "square(sigma_a) * n .* e ./ v", "e"),
    ("varying_intercept_group_predictor", "mu_a + g * u + square", "mu_a + square"),
    ("varying_intercept_slope", "+ c .* (e + h .* (m - z_b))", "+ c .* e"),
    ("varying_intercept_slope_lkj", "vector[J] mean_a = mu_a + L", "vector[J] mean_a = mu_a - L"),
]


@pytest.mark.parametrize(("model", "old", "new"), BROKEN_DRAWS)
@stanli_only
def test_linear_effects_drawn_wrongly_are_caught(
    sample: Sample, tmp_path: Path, model: str, old: str, new: str
) -> None:
    broken = tmp_path / "broken.stan"
    code = program_path(f"linear/{model}_marginal").read_text(encoding="utf-8")
    where = code.index("generated quantities")
    changed = code[where:].replace(old, new)
    if old not in code[where:]:  # written over several lines
        changed = " ".join(code[where:].split()).replace(old, new)
        assert old in " ".join(code[where:].split())
    broken.write_text(code[:where] + changed, encoding="utf-8")
    with pytest.raises(AssertionError, match="MCSE"):
        assert_effects_are_exact(sample, broken, model)


BROKEN = {
    "residual sum of squares forgotten": (
        "varying_intercept_marginal",
        "(rss + sxx * square(b - b_hat))",
        "(sxx * square(b - b_hat))",
    ),
    "count of terms": ("varying_intercept_slope_marginal", "(N - 2 * J)", "(N - J)"),
    "sign of the correlation": ("varying_intercept_slope_lkj_marginal", "+ L[2, 1]", "- L[2, 1]"),
    "scale of a given b": (
        "varying_intercept_slope_lkj_centered",
        "L[2, 2] * sigma_a);",
        "sigma_a);",
    ),
    "mean dropped on the way to non-centered": (
        "varying_intercept_noncentered",
        "mu_a + sigma_a * z_a",
        "sigma_a * z_a",
    ),
    "group predictor forgotten": (
        "varying_intercept_group_predictor_centered",
        "mu_a + g * u, sigma_a",
        "mu_a, sigma_a",
    ),
    "slope of another observation": (
        "individual_slopes_marginal",
        "hypot(sigma, sigma_b * x)",
        "hypot(sigma, sigma_b * reverse(x))",
    ),
    "no prior of the slopes": (
        "complete_pooling",
        "  b ~ normal(prior_b_location, prior_b_scale);\n",
        "",
    ),
    "one intercept for all": ("no_pooling", "a[group] + b * x", "a[1] + b * x"),
    "variance for standard deviation": (
        "grouped_means_marginal",
        "square(tau)",
        "tau",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
@stanli_only
def test_broken_linear_program_is_caught(
    log_density: MakeLogDensity, tmp_path: Path, what: str
) -> None:
    variant, old, new = BROKEN[what]
    name = f"linear/{variant}"
    code = program_path(name).read_text(encoding="utf-8")
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    example = example_data(name)
    data = odd_priors(example | {k: v for k, v in GROUPED.items() if k in example}, rotation=1)
    if variant == "complete_pooling":
        data["X"], data["K"] = np.array(GROUPED["x"])[:, None].tolist(), 1
    reference = REFERENCES[name]
    q = np.random.default_rng(3).normal(size=(20, reference.size(data)))
    with pytest.raises(AssertionError, match="differ by"):
        assert_same_density(log_density(broken, data), lambda at: reference(at, data), q)


# --- the examples ---------------------------------------------------------------------------------


def test_simulated_linear_examples_are_what_their_headers_say() -> None:
    rng = np.random.default_rng(2017)
    x = rng.normal(size=100).round(4)
    example = example_data("linear/complete_pooling")
    assert example["X"] == x[:, np.newaxis].tolist()
    assert example["y"] == (2 * x + rng.normal(size=100)).round(4).tolist()

    rng = np.random.default_rng(2017)
    sizes, means = rng.integers(10, 20, size=5), rng.uniform(0, 5, size=5)
    group = np.repeat(np.arange(5), sizes)
    example = example_data("linear/grouped_means_centered")
    assert example["group"] == (group + 1).tolist()
    assert example["y"] == (means[group] + rng.normal(size=len(group))).round(4).tolist()

    rng = np.random.default_rng(2017)
    x, slopes = rng.uniform(0, 10, size=100).round(4), rng.normal(2, 1, size=100)
    example = example_data("linear/individual_slopes_centered")
    assert (example["x"], example["y"]) == (x.tolist(), (2 + slopes * x).round(4).tolist())


RADON = ("no_pooling", *(f"{model}_marginal" for model in MODELS if model.startswith("varying")))


@pytest.mark.parametrize("variant", RADON)
def test_linear_radon_examples_are_the_data_set(variant: str) -> None:
    frame = pp.datasets.load("radon")
    codes, names = np.unique(frame["county"], return_inverse=True)[::-1]
    wiecki = variant == "varying_intercept_slope_marginal"
    y = frame["log_activity_plus_tenth" if wiecki else "log_radon"]
    example = example_data(f"linear/{variant}")
    assert (example["N"], example["J"]) == (919, 85) == (len(frame), len(names))
    assert example["group"] == (codes + 1).tolist()
    assert example["x"] == frame["floor"].to_list()
    assert example["y"] == y.round(4).to_list()
    if "u" in example:
        of_house = np.array(example["u"])[codes]
        np.testing.assert_allclose(of_house, frame["log_uranium"], atol=5.1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_linear_variants_share_their_example(model: str) -> None:
    example = example_data(f"linear/{model}_marginal")
    for variant in ("centered", "noncentered"):
        assert example_data(f"linear/{model}_{variant}") == example


# --- posteriors of radon --------------------------------------------------------------------------


def assert_near(draws: Array, estimate: float, *, within: float, label: str) -> None:
    """The posterior mean is near an estimate by another method, and itself well enough known."""
    error = 5 * float(az.mcse(draws, method="mean"))
    assert error <= within, f"{label}: too few draws, {error:.2g}"
    distance = abs(float(draws.mean()) - estimate)
    assert distance <= within, f"{label}: {draws.mean():.4g}, published {estimate:.4g}"


REML: dict[str, dict[str, tuple[float, float]]] = {
    "varying_intercept": {
        "mu_a": (1.462, 0.01),
        "b": (-0.693, 0.01),
        "sigma_a": (0.328, 0.02),
        "sigma": (0.756, 0.005),
    },
    "varying_intercept_group_predictor": {
        "mu_a": (1.466, 0.01),
        "b": (-0.668, 0.01),
        "g": (0.720, 0.02),
        "sigma_a": (0.156, 0.02),
        "sigma": (0.758, 0.005),
    },
}
"""Gelman and Hill's response: the estimate, and how far from it the posterior mean may be."""


def draw(sample: Sample, variant: str) -> dict[str, Array]:
    name = f"linear/{variant}"
    return sample(program_path(name), example_data(name), seed=1996, draws=2000)


@pytest.mark.parametrize("model", REML)
def test_radon_posterior_is_near_reml(sample: Sample, model: str) -> None:
    draws = draw(sample, f"{model}_marginal")
    for name, (estimate, within) in REML[model].items():
        assert_near(draws[name], estimate, within=within, label=name)


WIECKI_SIGMA_B = 0.2566


def test_radon_wieckis_spread_of_slopes(sample: Sample) -> None:
    """E[sigma_b], published from a non-centered run without an error."""
    draws = draw(sample, "varying_intercept_slope_marginal")
    assert_near(draws["sigma_b"], WIECKI_SIGMA_B, within=0.02, label="sigma_b")


@stanli_only
def test_radon_with_the_other_response_is_caught(sample: Sample) -> None:
    name = "linear/varying_intercept_marginal"
    y = pp.datasets.load("radon")["log_activity_plus_tenth"].to_list()
    draws = sample(program_path(name), example_data(name) | {"y": y}, seed=1996, draws=2000)
    with pytest.raises(AssertionError, match="sigma"):
        assert_near(draws["sigma"], 0.756, within=0.005, label="sigma")
    assert_near(draws["b"], -0.663, within=0.01, label="b")  # REML with that response
    assert_near(draws["sigma"], 0.726, within=0.005, label="sigma")


def conjugate(data: dict[str, Any]) -> Callable[[Array], tuple[Array, Array]]:
    """Of simple regression: mean and variance of (a, b) given sigma."""
    x = np.column_stack([np.ones(data["N"]), np.reshape(data["X"], (data["N"], data["K"]))])
    prior = np.diag([data["prior_a_scale"] ** -2.0, data["prior_b_scale"] ** -2.0])

    def given(sigma: Array) -> tuple[Array, Array]:
        precision = x.T @ x / column(column(sigma**2)) + prior
        covariance = np.linalg.inv(precision)
        pull = x.T @ np.asarray(data["y"]) / column(sigma**2)
        return (covariance @ pull[..., None])[..., 0], np.diagonal(covariance, axis1=1, axis2=2)

    return given


def test_simple_regression_posterior(sample: Sample) -> None:
    """Given each draw of sigma, intercept and slope are normal about the conjugate mean."""
    data = example_data("linear/complete_pooling")
    draws = draw(sample, "complete_pooling")
    mean, variance = conjugate(data)(draws["sigma"].reshape(-1))
    drawn = np.stack([draws["a"], draws["b"][..., 0]], axis=2)
    z = (drawn - mean.reshape(drawn.shape)) / np.sqrt(variance.reshape(drawn.shape))
    assert_means(z, np.zeros(2), "intercept and slope")
    assert_means(z**2, np.ones(2), "their squares")
