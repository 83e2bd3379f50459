"""Predictions have the distribution they claim, and coverage catches those that have another."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import partialpool as pp
from partialpool.errors import DataError


def point(values) -> xr.DataArray:
    return xr.DataArray(values, dims="point")


def draws(values, *dims: str) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, dtype=float), dims=("chain", "draw", *dims))


def test_predictions_are_normal_about_each_draw() -> None:
    rng = np.random.default_rng(1)
    location = draws(rng.normal(0, 50, size=(4, 1000))) + point([0.0, 100.0])
    scale = draws(rng.uniform(0.5, 2, size=(4, 1000)))
    predicted = pp.summaries.predict_normal(location, scale, seed=3)
    assert predicted.dims == ("chain", "draw", "point")
    z = (predicted - location) / scale
    assert stats.kstest(z.values.ravel(), "norm").pvalue > 0.001
    assert abs(float(xr.corr(z.isel(point=0), z.isel(point=1)))) < 0.08  # 5 standard errors
    assert stats.kstest((z / 1.1).values.ravel(), "norm").pvalue < 0.001


def test_predictions_broadcast_by_name_and_repeat_by_seed() -> None:
    location = point([1.0, 2.0]) + draws(np.zeros((2, 3)))  # point comes first
    first = pp.summaries.predict_normal(location, 0.0, seed=1)
    np.testing.assert_array_equal(first, np.broadcast_to([1.0, 2.0], (2, 3, 2)))
    again, other = (pp.summaries.predict_normal(location, 1.0, seed=s) for s in (7, 8))
    xr.testing.assert_identical(again, pp.summaries.predict_normal(location, 1.0, seed=7))
    assert (again != other).all()


@pytest.mark.parametrize(
    ("location", "scale", "message"),
    [
        (np.zeros((2, 3)), 1.0, "must be a DataArray with dimensions chain and draw"),
        (point([1.0]), 1.0, "must be a DataArray with dimensions chain and draw"),
        (draws(np.zeros((2, 3))), -1.0, "scale must not be negative"),
        (draws(np.full((2, 3), np.nan)), 1.0, "must be finite"),
        (draws(np.zeros((2, 3))), np.inf, "must be finite"),
    ],
)
def test_predict_normal_refuses(location, scale, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.predict_normal(location, scale, seed=1)


@pytest.fixture
def standard() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(4, 1000, 200))


def calibrated(table) -> bool:
    return bool(table["within"].between(table["low"], table["high"]).all())


def test_coverage(standard: np.ndarray) -> None:
    observed = np.random.default_rng(5).normal(size=200)
    table = pp.summaries.coverage(standard, observed)
    assert calibrated(table)
    inside = [np.count_nonzero(np.abs(observed) < stats.norm.ppf((1 + p) / 2)) for p in table.index]
    np.testing.assert_allclose(table["within"], inside, atol=4)
    assert table.loc[0.5, ["low", "high"]].tolist() == list(stats.binom.interval(0.99, 200, 0.5))
    assert (table["share"] == table["within"] / 200).all()


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_coverage_catches_a_wrong_spread(standard: np.ndarray, factor: float) -> None:
    observed = np.random.default_rng(5).normal(size=200)
    assert not calibrated(pp.summaries.coverage(factor * standard, observed))


@pytest.mark.parametrize(
    ("observed", "probabilities", "message"),
    [
        (np.zeros(3), (0.5,), "observed must be 200 finite numbers"),
        (np.full(200, np.nan), (0.5,), "observed must be 200 finite numbers"),
        (np.zeros(200), (0.5, 1.0), "probabilities must be between 0 and 1"),
    ],
)
def test_coverage_refuses(standard, observed, probabilities, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.coverage(standard, observed, probabilities=probabilities)
