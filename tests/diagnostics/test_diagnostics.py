"""Each check fires on draws made to fail it, and only then."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from partialpool.diagnostics import checks
from partialpool.diagnostics.checks import diagnose, ebfmi
from partialpool.diagnostics.convergence import convergence, flatten
from partialpool.diagnostics.diagnosis import Diagnosis

CHAINS, DRAWS = 4, 1000


def posterior(**changes: np.ndarray) -> xr.Dataset:
    rng = np.random.default_rng(20)
    arrays = {"mu": rng.normal(size=(CHAINS, DRAWS)), "theta": rng.normal(size=(CHAINS, DRAWS, 3))}
    arrays.update(changes)
    dims = {"theta": ("chain", "draw", "school")}
    return xr.Dataset(
        {name: (dims.get(name, ("chain", "draw")), array) for name, array in arrays.items()},
        coords={"school": ["A", "B", "C"]},
    )


def stats(chains: int = CHAINS, **changes: np.ndarray) -> xr.Dataset:
    rng = np.random.default_rng(21)
    arrays = {
        "lp": rng.normal(size=(chains, DRAWS)),
        "energy": rng.normal(size=(chains, DRAWS)),
        "diverging": np.zeros((chains, DRAWS), dtype=bool),
        "tree_depth": np.full((chains, DRAWS), 3),
    }
    arrays.update(changes)
    return xr.Dataset({name: (("chain", "draw"), array) for name, array in arrays.items()})


def run(post: xr.Dataset | None = None, sample_stats: xr.Dataset | None = None) -> Diagnosis:
    return diagnose(
        posterior() if post is None else post,
        stats() if sample_stats is None else sample_stats,
        max_treedepth=10,
        adapt_delta=0.8,
    )


def test_good_draws_are_fine() -> None:
    found = run()
    assert found.ok
    assert found.failed == ()
    assert found.line().startswith("4 chains x 1000 draws: fine (R-hat at most 1.00")


def test_divergences_are_counted_per_chain_including_the_first_draw() -> None:
    diverging = np.zeros((CHAINS, DRAWS), dtype=bool)
    diverging[0, 0] = diverging[2, 5] = diverging[2, 6] = True
    found = run(sample_stats=stats(diverging=diverging))
    check = found["divergences"]
    assert (check.ok, check.value) == (False, 3)
    assert check.where == ("chain 0: 1", "chain 2: 2")
    assert "non-centered or marginal" in check.advice
    assert "adapt_delta=0.95 (now 0.8)" in check.advice
    assert [c.name for c in found.failed] == ["divergences"]
    assert "divergences: 3, should be 0" in found.line()


def test_tree_depth_needs_more_than_a_twentieth() -> None:
    depth = np.full((CHAINS, DRAWS), 3)
    depth[:, :50] = 10
    assert run(sample_stats=stats(tree_depth=depth)).ok
    depth[:, :51] = 10
    check = run(sample_stats=stats(tree_depth=depth))["tree depth"]
    assert not check.ok
    assert "max_treedepth to 12" in check.advice


def test_low_energy_information() -> None:
    slow = np.cumsum(np.random.default_rng(2).normal(size=(CHAINS, DRAWS)), axis=1)
    energy = stats()["energy"].values.copy()
    energy[1] = slow[1]
    check = run(sample_stats=stats(energy=energy))["E-BFMI"]
    assert not check.ok
    assert check.where == ("chain 1",)


def test_ebfmi_against_its_definition() -> None:
    energy = np.array([[1.0, 3.0, 2.0, 6.0]])
    expected = (4 + 1 + 16) / np.sum((energy - 3.0) ** 2)
    assert ebfmi(energy) == pytest.approx([expected])
    assert np.isnan(ebfmi(np.ones((1, 5)))).all()


def of_many(high: dict[int, float], count: int = 400) -> pd.DataFrame:
    """A table of convergence with R-hat 1.001 but for some quantities."""
    r_hat = np.full(count, 1.001)
    r_hat[list(high)] = list(high.values())
    index = ["sigma", *(f"r_g[{i}]" for i in range(1, count))]
    return pd.DataFrame({"r_hat": r_hat}, index=index)


@pytest.mark.parametrize(
    ("high", "count", "ok"),
    [
        ({7: 1.012}, 400, True),
        ({7: 1.012}, 100, False),  # few group effects
        ({0: 1.012}, 400, False),  # not one of them
        ({7: 1.021}, 400, False),  # too high
        (dict.fromkeys(range(1, 5), 1.012), 400, False),  # more than 1 in 100
        (dict.fromkeys(range(1, 4), 1.012), 400, True),
        ({7: float("nan")}, 400, True),
    ],
)
def test_a_few_of_many_may_be_above(high: dict[int, float], count: int, ok: bool) -> None:
    check = checks._rhat(of_many(high, count), CHAINS)
    assert check.ok is ok
    assert bool(check.where) is not ok


def test_a_chain_elsewhere_raises_rhat() -> None:
    mu = posterior()["mu"].values.copy()
    mu[3] += 3
    found = run(posterior(mu=mu))
    assert found["R-hat"].where == ("mu",)
    assert found["R-hat"].value > 1.1
    assert not found["bulk ESS"].ok


def test_slow_mixing_lowers_ess() -> None:
    rng = np.random.default_rng(5)
    walk = np.zeros((CHAINS, DRAWS))
    for t in range(1, DRAWS):
        walk[:, t] = 0.97 * walk[:, t - 1] + rng.normal(size=CHAINS)
    check = run(posterior(mu=walk))["bulk ESS"]
    assert not check.ok
    assert check.threshold == "at least 400 (100 per chain)"


def test_heavy_tail_visits_lower_tail_ess_only() -> None:
    mu = posterior()["mu"].values.copy()
    mu[:, :60] = np.abs(mu[:, :60]) + 6
    found = run(posterior(mu=mu))
    assert not found["tail ESS"].ok
    assert found["tail ESS"].where == ("mu",)


def test_fewer_than_four_chains() -> None:
    two = posterior().isel(chain=slice(2))
    found = diagnose(two, stats(2), max_treedepth=10, adapt_delta=0.8)
    assert [check.name for check in found.failed] == ["chains"]


def test_a_stuck_chain() -> None:
    lp = stats()["lp"].values.copy()
    lp[2, 100:] = lp[2, 100]
    check = run(sample_stats=stats(lp=lp))["stuck chain"]
    assert check.where == ("chain 2",)


def test_draws_that_are_not_finite() -> None:
    theta = posterior()["theta"].values.copy()
    theta[1, 7, 2] = np.nan
    found = run(posterior(theta=theta))
    assert found.failed[0].name == "draws not finite"
    assert found.failed[0].where == ("theta[C]",)


def test_a_constant_quantity_is_not_a_fault() -> None:
    found = run(posterior(mu=np.full((CHAINS, DRAWS), 2.0)))
    assert found.ok


def test_too_few_draws_are_said_to_be() -> None:
    short = posterior().isel(draw=slice(3))
    found = diagnose(short, stats().isel(draw=slice(3)), max_treedepth=10, adapt_delta=0.8)
    assert not found["R-hat"].ok
    assert "at least 4 per chain" in found["R-hat"].advice


def test_one_constant_chain_is_found() -> None:
    mu = posterior()["mu"].values.copy()
    mu[0] = 1.0
    assert not run(posterior(mu=mu)).ok


def test_json_and_table_and_text_agree() -> None:
    found = run(posterior(theta=np.full((CHAINS, DRAWS, 3), np.nan)))
    told = json.loads(found.to_json())
    assert told["ok"] is False
    assert [check["name"] for check in told["checks"]] == list(found.table().index)
    assert "PROBLEM  draws not finite: 12000" in str(found)


def test_labels_and_order() -> None:
    labels, values = flatten(posterior())
    assert labels == ["mu", "theta[A]", "theta[B]", "theta[C]"]
    assert values.shape == (CHAINS, DRAWS, 4)
    assert np.array_equal(values[:, :, 3], posterior()["theta"].sel(school="C").values)


def test_convergence_against_a_hand_computed_split_rhat() -> None:
    """Rank-normalised split R-hat of Vehtari et al. 2021, computed here from its definition."""
    from scipy.stats import norm, rankdata

    draws = posterior()["mu"].values

    def split(values: np.ndarray) -> np.ndarray:
        half = values.shape[1] // 2
        return np.vstack([values[:, :half], values[:, -half:]])

    def rhat(values: np.ndarray) -> float:
        ranks = rankdata(values).reshape(values.shape)
        z = norm.ppf((ranks - 0.375) / (values.size + 0.25))
        n = z.shape[1]
        within = z.var(axis=1, ddof=1).mean()
        between = n * z.mean(axis=1).var(ddof=1)
        return float(np.sqrt(((n - 1) / n * within + between / n) / within))

    halves = split(draws)
    folded = np.abs(halves - np.median(halves))
    expected = max(rhat(halves), rhat(folded))
    assert convergence(posterior()).loc["mu", "r_hat"] == pytest.approx(expected, abs=1e-10)


def test_one_chain_is_told_why_it_has_no_rhat(caplog: pytest.LogCaptureFixture) -> None:
    one = posterior().isel(chain=slice(1))
    found = diagnose(one, stats(1), max_treedepth=10, adapt_delta=0.8)
    assert "One chain has none to agree with" in found["R-hat"].advice
    assert caplog.records == []  # ArviZ would complain of the shape


def test_chains_that_stand_still_apart_have_an_infinite_rhat() -> None:
    found = run(posterior(mu=np.repeat(np.arange(4.0)[:, None], DRAWS, axis=1)))
    assert (found["R-hat"].ok, found["R-hat"].value) == (False, np.inf)
    assert "R-hat: infinite, should be at most 1.01 (mu)" in str(found)


def test_an_imaginary_part_that_has_not_converged_is_found() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=(CHAINS, DRAWS)) + 1j * rng.normal(size=(CHAINS, DRAWS))
    assert run(posterior(mu=z)).ok
    z[0] += 3j
    assert run(posterior(mu=z))["R-hat"].where == ("mu.imag",)


def test_a_program_that_only_simulates_needs_finite_draws_only() -> None:
    still = stats(lp=np.zeros((CHAINS, DRAWS)), energy=np.zeros((CHAINS, DRAWS)))
    options = {"max_treedepth": 10, "adapt_delta": 0.8, "has_parameters": False}
    found = diagnose(posterior(), still, **options)  # type: ignore[arg-type]
    assert found.ok
    assert "no parameters" in found.line()
    bad = posterior(mu=np.full((CHAINS, DRAWS), np.inf))
    assert not diagnose(bad, still, **options).ok  # type: ignore[arg-type]
