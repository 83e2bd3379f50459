"""Convergence statistics of many scalars in one pass are those of ArviZ, scalar by scalar."""

from __future__ import annotations

import gc
import importlib
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from partialpool.diagnostics import blocks, cache
from partialpool.diagnostics.cache import StatisticsCache
from partialpool.diagnostics.convergence import convergence
from partialpool.diagnostics.ranks import quantiles
from partialpool.diagnostics.statistics import CONVERGENCE, STATISTICS, statistics
from partialpool.sampling.inference_data import arviz_major
from partialpool.summaries import summary
from partialpool.summaries.monte_carlo import estimate_mean

Array = NDArray[Any]
SCALARS = 5
EQUAL: dict[str, Any] = {"rtol": 1e-8, "atol": 0, "equal_nan": True}


def autoregressive(rng: np.random.Generator, shape: tuple[int, ...], coefficient: float) -> Array:
    draws = rng.normal(size=shape)
    for t in range(1, shape[1]):
        draws[:, t] += coefficient * draws[:, t - 1]
    return draws


def with_nan(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    draws = rng.normal(size=shape)
    draws[-1, 2, ::2] = np.nan
    return draws


KINDS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Array]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "slow": lambda rng, shape: autoregressive(rng, shape, 0.9),
    "antithetic": lambda rng, shape: autoregressive(rng, shape, -0.7),
    "random walk": lambda rng, shape: autoregressive(rng, shape, 1.0),
    "heavy tails": lambda rng, shape: rng.standard_cauchy(size=shape),
    "a chain apart": lambda rng, shape: rng.normal(size=shape) + 5 * np.eye(shape[0], 1)[..., None],
    "whole numbers": lambda rng, shape: rng.integers(0, 6, size=shape),
    "tied tenths": lambda rng, shape: rng.integers(0, 6, size=shape) / 10,
    "truth values": lambda rng, shape: rng.random(size=shape) < 0.3,
    "seldom true": lambda rng, shape: rng.random(size=shape) < 0.02,
    "far from zero": lambda rng, shape: 1e4 + rng.normal(size=shape),
    "small": lambda rng, shape: 1e-9 * rng.normal(size=shape),
    "single precision": lambda rng, shape: rng.normal(size=shape).astype(np.float32),
    "NaN": with_nan,
}


@pytest.fixture(autouse=True)
def _no_arithmetic_warnings() -> Iterator[None]:
    with np.errstate(all="ignore"):  # ArviZ's, of NaN and of variances that are 0
        yield


def by_arviz(draws: Array) -> Array:
    """The statistics of CONVERGENCE from ArviZ, (scalar, statistic)."""
    arviz: Any = importlib.import_module("arviz")
    data = xr.Dataset({"x": (("chain", "draw", "scalar"), draws.astype(float))})
    results = (
        arviz.rhat(data, method="rank")
        if len(draws) > 1
        else data.mean(("chain", "draw")) * np.nan,
        arviz.ess(data, method="bulk"),
        arviz.ess(data, method="tail", prob=(0.05, 0.95)),
        arviz.mcse(data, method="mean"),
        arviz.mcse(data, method="sd"),
    )
    return np.column_stack([result["x"].values for result in results])


def ours(draws: Array) -> Array:
    (found,) = statistics([draws])
    return found[:, [STATISTICS.index(name) for name in CONVERGENCE]]


def order_statistic(draws: Array) -> bool:
    """Whether the 5% quantile is one of the draws."""
    return draws[..., 0].size % 20 == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chains", [1, 2, 4, 7])
@pytest.mark.parametrize("length", [4, 5, 6, 7, 8, 9, 50, 101, 400])
def test_the_statistics_are_those_of_arviz(kind: str, chains: int, length: int) -> None:
    rng = np.random.default_rng([len(kind), chains, length])
    draws = KINDS[kind](rng, (chains, length, SCALARS))
    expected, found = by_arviz(draws), ours(draws)
    still = (draws == draws[:, :1]).all(axis=(0, 1))  # R-hat of these: see `convergence`
    expected[still & (chains > 1), 0] = np.inf
    expected[(draws == draws[:1, :1]).all(axis=(0, 1))] = np.nan  # constant: ArviZ has an ESS
    if arviz_major() < 1 and order_statistic(draws):
        # 0.23 interpolates with rounding errors: the draw is now above, now below its own quantile
        expected[:, 2] = found[:, 2]
    squares = np.square(draws - draws.mean(axis=(0, 1)))
    if kind != "NaN":  # two values, each of half of the draws: an error of 0 but for rounding
        two = squares.std(axis=(0, 1)) < 1e-6 * squares.mean(axis=(0, 1))
        found[two, 4] = expected[two, 4] = 0
    np.testing.assert_allclose(found, expected, **EQUAL)


def test_a_draw_that_is_the_quantile_is_not_above_it() -> None:
    draws = np.random.default_rng(1).normal(size=(1, 101, SCALARS))
    ordered = np.sort(draws[0], axis=0)
    found = ours(draws)[:, 2]
    sizes = [estimate_mean(draws <= ordered[k]).ess for k in (5, 95)]
    np.testing.assert_allclose(found, np.minimum(*sizes), **EQUAL)


@pytest.mark.parametrize("chains", [1, 2, 4])
@pytest.mark.parametrize("length", [4, 9, 200])
def test_the_ess_of_a_mean_is_that_of_arviz(chains: int, length: int) -> None:
    arviz: Any = importlib.import_module("arviz")
    draws = np.random.default_rng(2).normal(size=(chains, length, SCALARS))
    data = xr.Dataset({"x": (("chain", "draw", "scalar"), draws)})
    estimate = estimate_mean(draws)
    np.testing.assert_allclose(estimate.ess, arviz.ess(data, method="mean")["x"], **EQUAL)
    np.testing.assert_allclose(estimate.mcse, arviz.mcse(data, method="mean")["x"], **EQUAL)


@pytest.mark.parametrize("size", [2, 3, 20, 21, 4000])
def test_quantiles_are_those_of_numpy(size: int) -> None:
    draws = np.sort(np.random.default_rng(size).standard_cauchy(size=(7, size)), axis=1)
    probabilities = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95)
    expected = np.quantile(draws, probabilities, axis=1).T
    np.testing.assert_array_equal(quantiles(draws, probabilities), expected)


@pytest.mark.parametrize("length", [1, 3, 4, 101, 200])
def test_moments_and_quantiles_are_those_of_numpy(length: int) -> None:
    draws = np.random.default_rng(length).normal(size=(2, length, 4))
    draws[0, 0, 1], draws[1, 0, 2] = np.nan, np.inf
    (found,) = statistics([draws])
    flat = draws.reshape(-1, 4)
    np.testing.assert_allclose(found[:, 0], flat.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found[:, 1], flat.std(axis=0, ddof=1), rtol=1e-13)
    np.testing.assert_array_equal(found[:, 2:5], np.quantile(flat, (0.05, 0.5, 0.95), axis=0).T)
    assert found[:, -1].tolist() == [0, 1, 1, 0]
    assert np.isnan(found[1:3, 5:10]).all()


def test_few_draws_constants_and_chains_that_stand_apart() -> None:
    rng = np.random.default_rng(3)
    assert np.isnan(ours(rng.normal(size=(4, 3, 2)))).all()
    assert np.isnan(ours(np.full((4, 100, 1), 0.1))).all()
    apart = ours(np.repeat(np.arange(4.0), 100).reshape(4, 100, 1))[0]
    assert apart[0] == np.inf
    one = ours(rng.normal(size=(1, 100, 1)))[0]
    assert np.isnan(one[0])
    assert np.isfinite(one[1:]).all()


def test_no_draws_and_no_variables() -> None:
    assert statistics([]) == []
    assert np.isnan(statistics([np.empty((0, 0, 3))])[0]).all()
    assert statistics([np.empty((4, 100, 0))])[0].shape == (0, len(STATISTICS))


@pytest.mark.parametrize("block", [1, 900, 2000, 10**9])
def test_results_do_not_depend_on_the_blocks(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    variables = [rng.normal(size=(2, 100, size)) for size in (1, 0, 7, 2, 1)]
    alone = [ours(v[:, :, [i]]) for v in variables for i in range(v.shape[2])]
    monkeypatch.setattr(blocks, "BLOCK", block)
    together = np.concatenate(statistics(variables))
    np.testing.assert_array_equal(together[:, 5:10], np.concatenate(alone))


def test_many_scalars_take_no_more_memory_than_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 2**12)
    draws = np.random.default_rng(5).normal(size=(2, 40, 20_000))
    tracemalloc.start()
    try:
        (found,) = statistics([draws])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.isfinite(found).all()
    assert peak - found.nbytes < 25 * 8 * 2**12 < draws.nbytes / 10


def test_a_scalar_of_more_draws_than_a_block() -> None:
    draws = np.random.default_rng(6).normal(size=(2, blocks.BLOCK, 2))
    np.testing.assert_allclose(ours(draws), by_arviz(draws), **EQUAL)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of scalars of each pass."""
    found: list[int] = []

    def counted(variables: list[Array]) -> list[Array]:
        found.append(sum(values.shape[2] for values in variables))
        return statistics(variables)

    monkeypatch.setattr(cache, "statistics", counted)
    return found


def test_the_cache_computes_once_what_stays_the_same(computed: list[int]) -> None:
    rng = np.random.default_rng(7)
    variables = {"a": rng.normal(size=(2, 50, 3)), "b": rng.normal(size=(2, 50, 2))}
    kept = StatisticsCache()
    first = kept.of(variables)
    assert kept.of({"b": variables["b"].copy()})[0] is first[1]
    assert computed == [5, 0]
    variables["b"][0, 0, 0] += 1
    changed = kept.of(variables)
    assert computed[2:] == [2]
    assert changed[0] is first[0]
    np.testing.assert_array_equal(changed[1], statistics([variables["b"]])[0])


def test_the_cache_tells_draws_in_another_order_or_type(computed: list[int]) -> None:
    draws = np.random.default_rng(8).integers(0, 9, size=(2, 50, 3))
    kept = StatisticsCache()
    for values in (draws, draws[:, ::-1], draws[:, :, ::-1], draws.astype(float), draws[:1]):
        (found,) = kept.of({"a": values})
        np.testing.assert_array_equal(found, statistics([values])[0])
    assert computed == [3] * 5


def test_the_cache_keeps_no_draws() -> None:
    draws = np.random.default_rng(9).normal(size=(2, 50, 3))
    seen, kept = weakref.ref(draws), StatisticsCache()
    found = kept.of({"a": draws})[0]
    del draws
    gc.collect()
    assert seen() is None
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_summary_and_convergence_agree_for_any_quantiles() -> None:
    rng = np.random.default_rng(10)
    posterior = xr.Dataset(
        {"a": (("chain", "draw"), rng.normal(size=(2, 60))),
         "b": (("chain", "draw", "g"), rng.normal(size=(2, 60, 3)))}
    )  # fmt: skip
    table = summary(posterior, quantiles=(0.9, 0.05, 0.025))
    assert list(table)[:5] == ["mean", "sd", "q90", "q5", "q2.5"]
    flat = np.concatenate([posterior["a"].values[..., None], posterior["b"].values], axis=2)
    for name, p in {"q90": 0.9, "q5": 0.05, "q2.5": 0.025}.items():
        np.testing.assert_allclose(table[name], np.quantile(flat, p, axis=(0, 1)), rtol=1e-13)
    assert table[list(CONVERGENCE)].equals(convergence(posterior))
