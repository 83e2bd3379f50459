"""What the densities of `bernoulli/` have to do with each other, and with those of `binomial/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs.cases import example_data, program_path
from programs.cases_bernoulli import bernoulli_cases
from programs.checks import Array, MakeLogDensity, Sample, assert_same_density, stanli_only
from programs.densities import NORMAL, REFERENCES
from programs.densities_bernoulli import districts
from scipy import special

import partialpool as pp

CENTERED = "bernoulli/varying_intercept_centered"
NONCENTERED = "bernoulli/varying_intercept_noncentered"
SLOPE_CENTERED = "bernoulli/varying_intercept_slope_centered"
SLOPE_NONCENTERED = "bernoulli/varying_intercept_slope_noncentered"


def case(name: str, label: str) -> dict[str, Any]:
    return dict(bernoulli_cases(example_data(name)))[label]


def points(name: str, data: dict[str, Any]) -> Array:
    return np.random.default_rng(54).normal(size=(50, REFERENCES[name].size(data)))


def assert_constant(difference: Array, value: Array) -> None:
    np.testing.assert_allclose(difference, difference[0], atol=1e-11 * np.abs(value).max(), rtol=0)


def test_examples_are_the_data_set() -> None:
    frame = pp.datasets.load("bangladesh")
    frame["district"] = frame["district"].rank(method="dense").astype(int)
    three = frame[frame["district"] <= 3]
    for name in (name for name in REFERENCES if name.startswith("bernoulli/")):
        data = example_data(name)
        rows = frame if "slope" in name else three
        assert (data["N"], data["J"]) == (len(rows), rows["district"].nunique())
        assert data["y"] == rows["use_contraception"].to_list()
        assert data["district"] == rows["district"].to_list()
        assert data.get("urban", rows["urban"].to_list()) == rows["urban"].to_list()


def test_noncentered_intercepts_are_centered_in_other_variables(
    log_density: MakeLogDensity,
) -> None:
    """With a = a_bar + sigma z, p(a_bar, log sigma, z) = p(a_bar, log sigma, a) sigma^J."""
    data = example_data(NONCENTERED)
    q = points(NONCENTERED, data)
    log_sigma, z = q[:, 1:2], q[:, 2:]
    q_centered = np.hstack([q[:, :2], q[:, :1] + np.exp(log_sigma) * z])
    value, _ = log_density(program_path(NONCENTERED), data)(q)
    value_centered, _ = log_density(program_path(CENTERED), data)(q_centered)
    assert_constant(value - value_centered - data["J"] * log_sigma[:, 0], value)


def test_noncentered_slopes_are_centered_in_other_variables(log_density: MakeLogDensity) -> None:
    """Likewise, with |S L_Omega| = sigma_a sigma_b sqrt(1 - rho^2) of every district."""
    data = example_data(SLOPE_NONCENTERED)
    q = points(SLOPE_NONCENTERED, data)
    a_bar, b_bar, log_sigma_a, log_sigma_b, free = np.hsplit(q[:, :5], 5)
    rho, z_a, z_b = np.tanh(free), q[:, 5::2], q[:, 6::2]
    a = a_bar + np.exp(log_sigma_a) * z_a
    b = b_bar + np.exp(log_sigma_b) * (rho * z_a + np.sqrt(1 - rho**2) * z_b)
    log_det = log_sigma_a + log_sigma_b + 0.5 * np.log1p(-(rho**2))
    value, _ = log_density(program_path(SLOPE_NONCENTERED), data)(q)
    value_centered, _ = log_density(program_path(SLOPE_CENTERED), data)(np.hstack([q[:, :5], a, b]))
    assert_constant(value - value_centered - data["J"] * log_det[:, 0], value)


@pytest.mark.parametrize("variant", ["centered", "noncentered"])
def test_rows_are_as_good_as_counts(log_density: MakeLogDensity, variant: str) -> None:
    """The intercept programs are those of binomial/ on the counts of each district."""
    name = f"bernoulli/varying_intercept_{variant}"
    data = example_data(name) | {"prior_sigma_family": NORMAL}
    trials, successes = districts(data)
    counted = {
        "N": data["J"],
        "trials": trials.tolist(),
        "successes": successes.astype(int).tolist(),
        "prior_mu_location": data["prior_a_bar_location"],
        "prior_mu_scale": data["prior_a_bar_scale"],
        "prior_sigma_scale": data["prior_sigma_scale"],
    }
    q = points(name, data)
    value, slope = log_density(program_path(name), data)(q)
    other = program_path(f"binomial/partial_pooling_logit_{variant}")
    value_of_counts, slope_of_counts = log_density(other, counted)(q)
    assert_constant(value - value_of_counts, value)
    np.testing.assert_allclose(slope, slope_of_counts, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [NAME for NAME in REFERENCES if NAME.startswith("bernoulli/")])
def test_what_is_offered_agrees_with_the_parameters(sample: Sample, name: str) -> None:
    label = next(label for label, _ in bernoulli_cases(example_data(name)) if "without" in label)
    draws = sample(program_path(name), case(name, label), seed=3, draws=50)
    if "z" in draws and draws["z"].ndim == 3:
        expected = draws["a_bar"][..., None] + draws["sigma"][..., None] * draws["z"]
        np.testing.assert_allclose(draws["a"], expected, rtol=1e-4, atol=1e-4)
    if "rho" not in draws:
        np.testing.assert_allclose(draws["theta"], special.expit(draws["a"]), atol=1e-5)
        return
    np.testing.assert_array_equal(draws["rho"], draws["L_Omega"][..., 1, 0])
    np.testing.assert_allclose(draws["theta_rural"], special.expit(draws["a"]), atol=1e-5)
    in_town = special.expit(draws["a"] + draws["b"])
    np.testing.assert_allclose(draws["theta_urban"], in_town, atol=1e-5)
    if "z" in draws:
        scale = np.stack([draws["sigma_a"], draws["sigma_b"]], axis=-1)
        mean = np.stack([draws["a_bar"], draws["b_bar"]], axis=-1)
        z = np.einsum("...ik,...kj->...ij", draws["L_Omega"], draws["z"])
        expected = mean[..., None] + scale[..., None] * z
        offered = np.stack([draws["a"], draws["b"]], axis=-2)
        np.testing.assert_allclose(offered, expected, rtol=1e-4, atol=1e-4)


BROKEN = {
    "another prior scale": (
        "bernoulli/fixed_effects",
        "normal(prior_a_location, prior_a_scale)",
        "normal(prior_a_location, 1.01 * prior_a_scale)",
    ),
    "districts not looked up": (
        "bernoulli/fixed_effects",
        "bernoulli_logit(a[district])",
        "bernoulli_logit(a[1])",
    ),
    "rate for mean": (CENTERED, "1 / scale", "scale"),
    "mean dropped on the way to non-centered": (NONCENTERED, "a_bar + sigma * z", "sigma * z"),
    "country for town": (
        SLOPE_CENTERED,
        "to_vector(urban)",
        "(1 - to_vector(urban))",
    ),
    "correlation dropped": (
        SLOPE_CENTERED,
        "diag_pre_multiply([sigma_a, sigma_b]', L_Omega)",
        "diag_matrix([sigma_a, sigma_b]')",
    ),
    "factor transposed": (SLOPE_NONCENTERED, "L_Omega) * z", "L_Omega') * z"),
    "scales exchanged": (SLOPE_NONCENTERED, "[sigma_a, sigma_b]'", "[sigma_b, sigma_a]'"),
    "LKJ forgotten": (SLOPE_NONCENTERED, "L_Omega ~ lkj_corr_cholesky(prior_eta);", ""),
    "slope of the mean dropped": (SLOPE_NONCENTERED, "b_bar + ab[2]'", "ab[2]'"),
}


@pytest.mark.parametrize("what", BROKEN)
@stanli_only
def test_broken_bernoulli_program_is_caught(
    log_density: MakeLogDensity, tmp_path: Path, what: str
) -> None:
    name, old, new = BROKEN[what]
    code = program_path(name).read_text(encoding="utf-8")
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    *_, data = (data for _, data in bernoulli_cases(example_data(name)))
    density = log_density(broken, data)
    with pytest.raises(AssertionError, match="differ by"):
        assert_same_density(density, lambda q: REFERENCES[name](q, data), points(name, data))
