"""Families against scipy.stats: log likelihood, mean, draws, and values at the edge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from partialpool.errors import DataError
from partialpool.family import families
from partialpool.family.families import FAMILIES, Rows

RNG = np.random.default_rng(20)
N = 9
TRIALS = RNG.integers(1, 30, N).astype(float)
SE = RNG.uniform(0.2, 3.0, N)
AUXILIARIES = {
    "sigma": RNG.uniform(0.3, 2.0, (4, 1)),
    "nu": RNG.uniform(3.0, 20.0, (4, 1)),
    "phi": RNG.uniform(0.5, 40.0, (4, 1)),
}
ETA = RNG.normal(0.3, 1.0, (4, N))


def distribution(name: str, eta: Any, aux: Any, trials: Any, se: Any = None) -> Any:
    """The frozen distribution that scipy.stats has."""
    p, rate = 1 / (1 + np.exp(-eta)), np.exp(eta)
    phi = aux["phi"]
    return {
        "gaussian": lambda: stats.norm(eta, aux["sigma"] if se is None else se),
        "student": lambda: stats.t(aux["nu"], eta, aux["sigma"]),
        "bernoulli": lambda: stats.bernoulli(p),
        "binomial": lambda: stats.binom(trials.astype(int), p),
        "beta_binomial": lambda: stats.betabinom(trials.astype(int), p * phi, (1 - p) * phi),
        "poisson": lambda: stats.poisson(rate),
        "negbinomial": lambda: stats.nbinom(phi, phi / (phi + rate)),
    }[name]()


def rows_of(name: str) -> Rows:
    return Rows(trials=TRIALS) if FAMILIES[name].takes_trials else Rows()


def response(name: str) -> Any:
    rng = np.random.default_rng(3)
    if name in ("gaussian", "student"):
        return rng.normal(0, 2, N)
    if name == "bernoulli":
        return rng.integers(0, 2, N).astype(float)
    if FAMILIES[name].takes_trials:
        return np.floor(rng.uniform(0, TRIALS + 1))
    return rng.integers(0, 12, N).astype(float)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_log_likelihood_and_mean(name: str) -> None:
    family, y = FAMILIES[name], response(name)
    expected = distribution(name, ETA, AUXILIARIES, TRIALS)
    log_density = expected.logpmf(y) if family.discrete else expected.logpdf(y)
    found = family.log_likelihood(y, ETA, AUXILIARIES, rows_of(name))
    assert found.shape == ETA.shape
    np.testing.assert_allclose(found, log_density, rtol=1e-9, atol=1e-9)
    means = family.mean(ETA, AUXILIARIES, rows_of(name))
    np.testing.assert_allclose(means, expected.mean(), rtol=1e-9)


def test_known_standard_errors() -> None:
    family, rows = FAMILIES["gaussian"], Rows(se=SE)
    y = response("gaussian")
    expected = distribution("gaussian", ETA, AUXILIARIES, TRIALS, SE)
    np.testing.assert_allclose(family.log_likelihood(y, ETA, {}, rows), expected.logpdf(y))
    drawn = family.sample(np.random.default_rng(1), np.tile(ETA[:1], (40_000, 1)), {}, rows)
    np.testing.assert_allclose(drawn.std(axis=0), SE, rtol=5 / np.sqrt(2 * 40_000))


def agree(drawn: Any, expected: Any) -> bool:
    """Tell whether mean and variance of independent draws are those expected, within 5 errors."""
    n = len(drawn)
    mean, variance, _, excess = (np.asarray(v) for v in expected.stats(moments="mvsk"))
    z_mean = (drawn.mean(axis=0) - mean) / np.sqrt(variance / n)
    z_variance = (drawn.var(axis=0) / variance - 1) / np.sqrt((excess + 2) / n)
    return bool(np.all(np.abs(z_mean) < 5) and np.all(np.abs(z_variance) < 5))


@pytest.mark.parametrize("name", list(FAMILIES))
def test_draws(name: str) -> None:
    family, draws = FAMILIES[name], 40_000
    eta = np.tile(ETA[:1], (draws, 1))
    aux = {key: np.full((draws, 1), value[0, 0]) for key, value in AUXILIARIES.items()}
    aux["nu"] = np.full((draws, 1), 12.0)  # the variance of the variance must exist
    drawn = family.sample(np.random.default_rng(4), eta, aux, rows_of(name))
    one = {key: value[:1] for key, value in aux.items()}
    expected = distribution(name, ETA[0], {k: v[0, 0] for k, v in one.items()}, TRIALS)
    assert drawn.shape == eta.shape
    assert agree(drawn, expected)
    wrong = distribution(name, ETA[0] + 0.2, {k: v[0, 0] for k, v in one.items()}, TRIALS)
    assert not agree(drawn, wrong)


@pytest.mark.parametrize("name", list(FAMILIES))
@pytest.mark.parametrize("phi", [1e-3, 50.0, 1e9])
def test_extreme_values_are_finite(name: str, phi: float) -> None:
    family, y = FAMILIES[name], response(name)
    eta = np.array([[-40.0], [40.0]]) * np.ones(N)
    aux = {"sigma": np.full((2, 1), 1e-3), "nu": np.full((2, 1), 1e6), "phi": np.full((2, 1), phi)}
    rows = rows_of(name)
    assert np.isfinite(family.log_likelihood(y, eta, aux, rows)).all()
    assert np.isfinite(family.mean(eta, aux, rows)).all()
    drawn = family.sample(np.random.default_rng(1), eta, aux, rows)
    assert np.isfinite(drawn).all()
    if family.discrete:
        assert drawn.dtype.kind == "i"
        assert (drawn >= 0).all()


def test_binomial_log_likelihood_keeps_its_digits() -> None:
    y = np.array([20.0])
    found = FAMILIES["binomial"].log_likelihood(y, np.array([[38.0]]), {}, Rows(trials=y))
    np.testing.assert_allclose(found, -20 * np.exp(-38.0), rtol=1e-6)


def test_rates_beyond_numbers_stay_countable() -> None:
    eta, aux = np.array([[800.0]]), {"phi": np.array([[2.0]])}
    for name in ("poisson", "negbinomial"):
        assert FAMILIES[name].sample(np.random.default_rng(1), eta, aux, Rows()) > 1e15
        assert FAMILIES[name].mean(eta, aux, Rows()) == np.inf


def test_unknown_family_names_the_nearest_and_all() -> None:
    with pytest.raises(DataError, match="did you mean 'gaussian'.*negbinomial"):
        families.get("gausian")
    with pytest.raises(DataError, match="there is no family 3"):
        families.get(3)  # type: ignore[arg-type]
