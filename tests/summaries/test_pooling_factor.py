"""Pooling factors: their limits, the conjugate case, and a fit."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import partialpool as pp
from partialpool.errors import DataError


def normal_errors(
    mean: np.ndarray, sd: np.ndarray | float, *, draws: int = 1000, seed: int = 1
) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, sd, size=(4, draws, len(mean)))


@pytest.mark.parametrize("groups", [8, 85])
def test_limits(groups: int) -> None:
    spread = np.linspace(-2, 2, groups)
    none = pp.summaries.pooling_factor(normal_errors(spread, 1e-4))
    assert none.value == pytest.approx(0, abs=1e-6)
    complete = pp.summaries.pooling_factor(normal_errors(0 * spread, 1.0))
    assert complete.value == pytest.approx(1, abs=0.01)
    assert 0.4 < pp.summaries.pooling_factor(normal_errors(spread, spread.std(ddof=1))).value < 0.6


def test_conjugate_normal() -> None:
    """Known mean and scales: the factor is sigma^2 / (sigma^2 + tau^2), also in the sample."""
    tau, sigma = 2.0, 1.0
    weight = sigma**2 / (sigma**2 + tau**2)
    y = stats.norm.ppf((np.arange(500) + 0.5) / 500) * np.sqrt(sigma**2 + tau**2)
    errors = normal_errors((1 - weight) * y, tau * np.sqrt(weight), draws=250)
    found = pp.summaries.pooling_factor(errors)
    mean = ((1 - weight) * y).var(ddof=1)
    exact = 1 - mean / (mean + tau**2 * weight)
    assert exact == pytest.approx(weight, abs=0.01)
    assert abs(found.value - exact) < 5 * found.mcse + 2e-3  # the mean's own error adds 1/draws
    groups = pp.summaries.group_pooling_factor(errors, np.full((4, 250), tau))
    assert list(groups.columns) == ["pooling_factor", "mcse", "ess"]
    assert np.all(np.abs(groups["pooling_factor"] - weight) < 5 * groups["mcse"])


def test_the_monte_carlo_error_covers() -> None:
    mean, sd = np.linspace(-1, 1, 12), 0.8
    exact = 1 - mean.var(ddof=1) / (mean.var(ddof=1) + sd**2)
    found = [
        pp.summaries.pooling_factor(normal_errors(mean, sd, draws=500, seed=seed))
        for seed in range(150)
    ]
    z = np.array([(each.value - exact) / each.mcse for each in found])
    low, high = stats.binom.ppf([0.0005, 0.9995], 150, 0.95) / 150
    assert low <= np.mean(np.abs(z) < 1.96) <= high


def test_a_fit() -> None:
    """Eight schools: nearly complete pooling, most for the school with the largest error."""
    schools = pp.datasets.load("eight_schools")
    fit = pp.programs.get("normal_known_variance/noncentered").sample(
        {"J": 8, "y": schools["effect"], "sigma": schools["standard_error"]},
        coords={"school": schools["school"]},
        dims={"theta": ["school"]},
        engine="stanli",
        seed=1,
        draws=500,
        progress=False,
        verbose=False,
    )
    errors = fit.posterior["theta"] - fit.posterior["mu"]
    assert 0.6 < pp.summaries.pooling_factor(errors).value < 1
    groups = pp.summaries.group_pooling_factor(errors, fit.posterior["tau"])
    assert groups.index.name == "school"
    assert list(groups.index) == list(schools["school"])
    assert groups["pooling_factor"].between(0, 1).all()
    best = pp.summaries.probability_best(fit.posterior["theta"], best="largest")
    assert best["probability"].sum() == pytest.approx(1)
    assert best["probability"].idxmin() in ("C", "E", "F")  # the three smallest effects


@pytest.mark.parametrize(
    ("errors", "scale", "message"),
    [
        (np.ones((2, 9, 3)), np.ones((2, 8)), r"scale has \(chain, draw\) \(2, 8\), but errors"),
        (np.ones((2, 9, 3)), np.zeros((2, 9)), "not always 0"),
        (np.ones((2, 9, 3)), -np.ones((2, 9)), "not negative"),
        (np.ones((2, 9, 3)), np.full((2, 9), np.nan), "scale has draws that are not finite"),
        (np.ones((2, 9, 3)), np.ones((2, 9, 3)), "scale must have dimensions chain and draw only"),
        (
            np.ones((2, 9, 3)),
            xr.DataArray(np.ones((2, 9, 3)), dims=("chain", "draw", "county")),
            r"not \(chain, draw, county\); choose one with .sel\(county=...\)",
        ),
        (np.ones((2, 9)), np.ones((2, 9)), "one group dimension"),
    ],
)
def test_group_factors_refused(errors, scale, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.group_pooling_factor(errors, scale)


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        (np.ones((2, 9, 3)), "pooling is undefined"),
        (np.ones((2, 9, 1)), "two groups or more"),
        (np.full((2, 9, 3), np.nan), "not finite for 0, 1, 2"),
    ],
)
def test_batch_factor_refused(errors, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.pooling_factor(errors)
