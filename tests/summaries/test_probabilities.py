"""Events, ranks, comparisons and p-values: known answers, honest errors, wrong calls refused."""

import itertools

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import partialpool as pp
from partialpool.errors import DataError
from partialpool.summaries.monte_carlo import estimate_mean

NAMES = ["Clemente", "Núñez", "李"]


def labelled(values: np.ndarray, names: list[str] | None = None) -> xr.DataArray:
    names = names or [f"g{i}" for i in range(values.shape[2])]
    return xr.DataArray(values, dims=("chain", "draw", "player"), coords={"player": names})


def normals(mean: list[float], *, seed: int = 1, draws: int = 2000) -> xr.DataArray:
    values = np.random.default_rng(seed).normal(mean, 1, size=(4, draws, len(mean)))
    return labelled(values)


def autoregressive(rng: np.random.Generator, shape: tuple[int, ...], rho: float) -> np.ndarray:
    """Standard normal marginals, correlated along axis 1."""
    noise = rng.normal(size=shape)
    for t in range(1, shape[1]):
        noise[:, t] = rho * noise[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return noise


# Events


def test_event_probability_of_a_normal() -> None:
    theta = normals([0.0, 1.0])
    table = pp.summaries.event_probability(theta, lambda t: t > 0.5, name="above")
    assert list(table.columns) == ["probability", "mcse", "ess", "draws"]
    assert list(table.index) == ["above[g0]", "above[g1]"]
    exact = stats.norm.sf(0.5, loc=[0.0, 1.0])
    assert np.all(np.abs(table["probability"] - exact) < 5 * table["mcse"])
    assert np.all(table["ess"] > 4000)
    assert np.all(np.abs(table["probability"] - exact[::-1]) > 5 * table["mcse"])  # control


def test_the_same_event_given_in_four_ways() -> None:
    theta = normals([0.0, 1.0, -1.0])
    tables = [
        pp.summaries.event_probability(theta, lambda t: (t > 1).any("player")),
        pp.summaries.event_probability((theta > 1).any("player").transpose("draw", "chain")),
        pp.summaries.event_probability(theta.values, lambda t: (t > 1).any(axis=2)),
        pp.summaries.event_probability(
            theta.to_dataset(name="theta"), lambda p: (p["theta"] > 1).any("player")
        ),
    ]
    assert list(tables[0].index) == ["event"]
    for table in tables[1:]:
        np.testing.assert_allclose(table.to_numpy(), tables[0].to_numpy(), rtol=1e-12)


def test_an_event_that_never_happens_has_no_error_to_report() -> None:
    table = pp.summaries.event_probability(normals([0.0]), lambda t: t > 99)
    assert table["probability"].item() == 0
    assert np.isnan(table["mcse"].item())
    assert np.isnan(table["ess"].item())
    assert table["draws"].item() == 8000


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_the_monte_carlo_error_covers(rho: float) -> None:
    """The error of an indicator is that of its own effective sample size."""
    rng = np.random.default_rng(5)
    exact = stats.norm.sf(1.0)
    z, naive = [], []
    for _ in range(200):
        hit = autoregressive(rng, (4, 400, 1), rho) > 1
        estimate = estimate_mean(hit)
        z.append(float((estimate.mean[0] - exact) / estimate.mcse[0]))
        naive.append(float((hit.mean() - exact) / np.sqrt(exact * (1 - exact) / hit.size)))
    covered = np.mean(np.abs(z) < 1.96)
    assert (
        stats.binom.ppf(0.0005, 200, 0.95) / 200
        <= covered
        <= stats.binom.ppf(0.9995, 200, 0.95) / 200
    )
    if rho:  # control: independent draws, assumed, do not cover
        assert np.mean(np.abs(naive) < 1.96) < 0.85


def test_a_stuck_chain_shows_in_the_effective_sample_size() -> None:
    values = np.zeros((4, 500, 1))
    values[0] = 1
    table = pp.summaries.event_probability(labelled(values), lambda t: t > 0.5)
    assert table["ess"].item() < 10
    assert table["mcse"].item() > 0.1


@pytest.mark.parametrize(
    ("draws", "event", "message"),
    [
        (normals([0.0]), None, "must be true or false for every draw, but it is float64: compare"),
        (normals([0.0]), lambda t: t.mean("draw") > 0, "has no dimension draw"),
        (normals([0.0]), lambda t: bool((t > 0).all()), r"every chain and draw; its shape is \(\)"),
        (normals([np.nan]), lambda t: t > 0, "draws that are NaN"),
        (np.zeros((0, 4, 2), dtype=bool), None, r"no draws: its shape is \(0, 4, 2\)"),
    ],
)
def test_what_is_no_event(draws, event, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.event_probability(draws, event)


def test_an_event_may_not_be_called_as_a_coordinate() -> None:
    with pytest.raises(DataError, match="name 'player' is taken by a coordinate"):
        pp.summaries.event_probability(normals([0.0]) > 0, name="player")


# Ranks


def test_ranks_of_two_normals() -> None:
    theta = normals([1.0, 0.0])
    exact = stats.norm.cdf(1 / np.sqrt(2))
    table = pp.summaries.probability_best(theta, best="largest")
    assert list(table.columns) == ["probability", "mcse", "ess"]
    assert table.index.name == "player"
    assert np.all(np.abs(table["probability"] - [exact, 1 - exact]) < 5 * table["mcse"])
    assert table["probability"].sum() == pytest.approx(1)
    smallest = pp.summaries.probability_best(theta, best="smallest")
    assert list(smallest["probability"]) == pytest.approx(list(table["probability"])[::-1])


def test_ranks_of_equal_normals_are_uniform() -> None:
    theta = normals([0.0] * 5)
    table = pp.summaries.rank_probability(theta, best="largest")
    assert table.shape == (5, 5)
    assert list(table.columns) == [1, 2, 3, 4, 5]
    assert np.all(np.abs(table - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 8000))
    np.testing.assert_allclose(table.sum(axis=0), 1)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    summary = pp.summaries.rank_distribution(theta, best="largest")
    assert list(summary.columns) == ["mean", "mcse", "ess", "q10", "q50", "q90"]
    assert np.all(np.abs(summary["mean"] - 3) < 5 * summary["mcse"])
    assert set(summary["q50"]) == {3}


def test_ranks_of_groups_far_apart() -> None:
    theta = normals([0.0, 100.0, 50.0])
    table = pp.summaries.rank_distribution(theta, best="largest")
    assert list(table["mean"]) == [3, 1, 2]
    assert list(pp.summaries.rank_distribution(theta, best="smallest")["mean"]) == [1, 3, 2]
    assert table["mcse"].isna().all()


def test_tied_groups_share() -> None:
    values = np.tile([2.0, 2.0, 1.0], (2, 10, 1))
    draws = labelled(values, NAMES)
    assert list(pp.summaries.probability_best(draws, best="largest")["probability"]) == [
        0.5,
        0.5,
        0,
    ]
    assert list(pp.summaries.rank_distribution(draws, best="largest")["mean"]) == [1.5, 1.5, 3]
    table = pp.summaries.rank_probability(draws, best="largest")
    assert table.to_numpy().tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]
    assert list(table.index) == NAMES
    everywhere = pp.summaries.probability_best(np.ones((2, 10, 4)), best="smallest")
    assert list(everywhere["probability"]) == [0.25] * 4


@pytest.mark.parametrize(
    ("draws", "options", "message"),
    [
        (
            normals([0.0, 1.0]),
            {"best": "highest"},
            "best must be 'largest' or 'smallest', not 'hig",
        ),
        (normals([0.0]), {"best": "largest"}, "two groups or more"),
        (normals([0.0, np.inf]), {"best": "largest"}, "not finite for g1"),
        (np.zeros((4, 10)), {"best": "largest"}, r"one group dimension; its shape is \(4, 10\)"),
        (normals([0.0]).isel(chain=0), {"best": "largest"}, r"not \(draw, player\)"),
        (
            normals([0.0, 1.0]),
            {"best": "largest", "labels": ["a"]},
            "has 2 groups, but there are 1",
        ),
        (
            normals([0.0, 1.0]),
            {"best": "largest", "labels": ["a", "a"]},
            "not all different: 'a' is repeated",
        ),
        (np.zeros((4, 0, 2)), {"best": "largest"}, "has no draws"),
        (np.full((4, 5, 2), "x"), {"best": "largest"}, "must be numbers, not <U1"),
    ],
)
def test_draws_that_cannot_be_ranked(draws, options: dict, message: str) -> None:
    for function in (
        pp.summaries.probability_best,
        pp.summaries.rank_distribution,
        pp.summaries.rank_probability,
    ):
        with pytest.raises(DataError, match=message):
            function(draws, **options)


def test_rank_quantiles_are_probabilities() -> None:
    with pytest.raises(DataError, match=r"between 0 and 1, not \[50\]"):
        pp.summaries.rank_distribution(normals([0.0, 1.0]), best="largest", quantiles=[50])


# Comparisons


def test_pairs_of_normals() -> None:
    theta = normals([1.0, 0.0, 0.0])
    table = pp.summaries.pairwise_probability(theta)
    assert list(table.columns) == ["probability", "mcse", "ess", "tied", "difference"]
    assert list(table.index) == list(itertools.combinations(["g0", "g1", "g2"], 2))
    exact = stats.norm.cdf(np.array([1, 1, 0]) / np.sqrt(2))
    assert np.all(np.abs(table["probability"] - exact) < 5 * table["mcse"])
    assert table["tied"].tolist() == [0, 0, 0]
    assert table["difference"].tolist() == pytest.approx([1, 1, 0], abs=0.1)
    back = pp.summaries.pairwise_probability(theta, pairs=[("g1", "g0")])
    assert back["probability"].item() == pytest.approx(1 - table["probability"].iloc[0])


def test_every_pair_of_85_groups() -> None:
    rng = np.random.default_rng(2)
    table = pp.summaries.pairwise_probability(rng.normal(size=(2, 50, 85)))
    assert len(table) == 85 * 84 // 2
    assert table.index[-1] == ("83", "84")
    assert np.isfinite(table["mcse"]).all()


def test_ties_are_neither_larger_nor_smaller() -> None:
    table = pp.summaries.pairwise_probability(np.ones((2, 10, 2)))
    assert table[["probability", "tied"]].to_numpy().tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("g0", "Clementi")], "no player 'Clementi'; there are g0, g1"),
        ([("g0", "g0")], "two different groups"),
    ],
)
def test_pairs_that_are_none(pairs, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.pairwise_probability(normals([0.0, 1.0]), pairs=pairs)


def test_groups_with_numbers_for_names() -> None:
    draws = normals([1.0, 0.0]).assign_coords(player=[10, 20])
    table = pp.summaries.pairwise_probability(draws, pairs=[(10, 20)])
    assert list(table.index) == [("10", "20")]


def test_a_pair_needs_two_groups() -> None:
    with pytest.raises(DataError, match="two groups or more"):
        pp.summaries.pairwise_probability(normals([0.0]))


# p-values


def test_p_values_of_known_normals() -> None:
    """The mean of n normals is normal, their variance chi-squared, their extremes powers."""
    n = 10
    replicated = normals([0.0] * n, draws=2500)
    observed = np.linspace(-1.2, 1.6, n)
    table = pp.summaries.posterior_p_values(replicated, observed)
    assert list(table.columns) == ["observed", "p_value", "mcse", "ess", "p_equal"]
    exact = {
        "min": stats.norm.sf(observed.min()) ** n,
        "max": 1 - stats.norm.cdf(observed.max()) ** n,
        "mean": stats.norm.sf(observed.mean() * np.sqrt(n)),
        "sd": stats.chi2.sf((n - 1) * observed.var(ddof=1), n - 1),
    }
    assert list(table.index) == list(exact)
    for name, value in exact.items():
        assert abs(table.loc[name, "p_value"] - value) < 5 * table.loc[name, "mcse"]
    wrong = stats.chi2.sf(n * observed.var(ddof=1), n - 1)  # divisor n, not n - 1
    assert abs(table.loc["sd", "p_value"] - wrong) > 5 * table.loc["sd", "mcse"]


def test_any_function_is_a_statistic_and_ties_are_counted() -> None:
    replicated = np.random.default_rng(3).integers(0, 2, size=(4, 500, 3))
    check = pp.summaries.posterior_p_value(
        replicated, [1, 0, 1], statistic=lambda y: y.sum(), name="total"
    )
    assert check.name == "total"
    assert check.observed == 2
    assert check.replicated.shape == (4, 500)
    assert check.p_value == pytest.approx(0.5, abs=5 * check.mcse)
    assert check.p_equal == pytest.approx(3 / 8, abs=0.06)
    assert pp.summaries.posterior_p_value(replicated, [1, 0, 1], statistic="max").mcse > 0


def test_data_in_another_order_are_ties() -> None:
    observed = np.array([0.1, 0.7, 0.3, 1e-3, 5.0])
    rng = np.random.default_rng(1)
    replicated = rng.permuted(np.tile(observed, (2, 200, 1)), axis=2)
    check = pp.summaries.posterior_p_value(replicated, observed, statistic="sd")
    assert check.p_value == check.p_equal == 1


@pytest.mark.parametrize(
    ("observed", "statistic", "message"),
    [
        ([1, 2], "mean", r"observed has shape \(2,\), but each replicated data set has 3 values"),
        ([1, 2, np.nan], "mean", "observed has values that are not finite"),
        ([1, 2, 3], "median", "no statistic 'median'; give one of min, max, mean, sd"),
        ([1, 2, 3], np.sort, "'sort' must give one finite number"),
        ([1, 2, 3], lambda _: np.nan, "must give one finite number for a data set; it gave nan"),
    ],
)
def test_checks_that_cannot_be_made(observed, statistic, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.summaries.posterior_p_value(normals([0.0] * 3), observed, statistic=statistic)
