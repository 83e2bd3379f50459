"""The start about the mode given the sds of a quick fit, where several terms are sampled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import partialpool as pp
from partialpool.engines.stanli import StanliEngine
from partialpool.sampling import conditional_start
from partialpool.sampling.conditional_start import find_given
from partialpool.sampling.warm_start import ConditionalStart, NoStart, WarmStart

QUIET = {"engine": "stanli", "verbose": False, "progress": False}


def crossed(people: int = 40, items: int = 12) -> pd.DataFrame:
    """Right and wrong answers of people to items."""
    rng = np.random.default_rng(1)
    person, item = np.repeat(np.arange(people), items), np.tile(np.arange(items), people)
    eta = rng.normal(0, 1.2, people)[person] + rng.normal(0, 0.8, items)[item]
    right = rng.random(len(eta)) < 1 / (1 + np.exp(-eta))
    return pd.DataFrame({"right": right.astype(int), "person": person, "item": item})


def start_of(model: pp.Model, *, seed: int = 1) -> WarmStart | NoStart:
    density = StanliEngine().density(model.program, model.stan_data, seed=1)
    hint = model.prepared.mode_hint
    assert hint is not None
    return find_given(density, model.program, model.stan_data, hint, chains=4, seed=seed)


@pytest.fixture(scope="module")
def answers() -> pp.Model:
    return pp.Model("right ~ 1 + (1 | person) + (1 | item)", crossed(), family="bernoulli")


def least_ess(fit: pp.ModelFit) -> float:
    found = fit.diagnose()
    return min(found["bulk ESS"].value, found["tail ESS"].value)


def test_crossed_terms_get_a_metric_that_sees_what_they_share(answers: pp.Model) -> None:
    found = start_of(answers)
    assert isinstance(found, ConditionalStart)
    assert found.inv_metric.shape == (len(found.mode),) * 2
    correlation = found.inv_metric[0, 3:] / np.sqrt(
        found.inv_metric[0, 0] * np.diag(found.inv_metric)[3:]
    )
    assert abs(correlation).max() > 0.05  # of the intercept and an effect
    assert len({str(init["z"]) for init in found.inits}) == 4
    again = start_of(answers)
    assert isinstance(again, WarmStart)
    np.testing.assert_array_equal(found.inv_metric, again.inv_metric)


def test_it_is_used_and_said(answers: pp.Model) -> None:
    fit = answers.sample(seed=1, **QUIET)
    assert "given the sds of a quick fit" in fit.attrs["start"]
    assert fit.diagnose().ok
    slow = answers.sample(seed=1, inits=1.0, **QUIET)  # Stan's own warmup
    leapfrogs = [int(one.sample_stats["n_steps"].sum()) for one in (fit, slow)]
    assert least_ess(fit) / leapfrogs[0] > 1.3 * least_ess(slow) / leapfrogs[1]


def test_a_flat_direction_keeps_its_width() -> None:
    """Of an intercept and the mean of six effects, which the rows hardly tell apart.

    With its curvature raised to a twentieth of the diagonal's the effective size was 31.
    """
    data = pp.datasets.load("penicillin")
    formula = "diameter ~ 1 + (1 | plate) + (1 | sample)"
    fit = pp.Model(formula, data, parameterization="rescaled").sample(seed=2, **QUIET)
    assert "given the sds of a quick fit" in fit.attrs["start"]
    assert least_ess(fit) > 400


def test_a_nearly_flat_direction_too() -> None:
    """Without pooling only wide priors tell an intercept from the groups' own."""
    rng = np.random.default_rng(5)
    g, h = np.repeat(np.arange(4), 30), np.tile(np.arange(5), 24)
    year = rng.normal(size=120) * 5
    data = pd.DataFrame(
        {"y": 1000 + 0.5 * year + rng.normal(size=120), "year": year, "g": g, "h": h}
    )
    formula = "y ~ year + (1 | h) + (0 + year | g)"
    fit = pp.Model(formula, data, pooling="none").sample(seed=1, **QUIET)
    assert "given the sds of a quick fit" in fit.attrs["start"]
    assert float(fit.sample_stats["n_steps"].mean()) < 10
    assert least_ess(fit) > 1000


def test_terms_nested_in_each_other_with_a_level_for_each_row() -> None:
    """Grouse ticks: the fit once took 500 to 1,000 leapfrogs a draw, and did not end."""
    data = pp.datasets.load("grouse_ticks")
    data["index"] = range(len(data))
    formula = "ticks ~ year + height + (1 | brood) + (1 | index) + (1 | location)"
    fit = pp.Model(formula, data, family="poisson").sample(seed=1, **QUIET)
    assert fit.diagnose().ok
    assert float(fit.sample_stats["n_steps"].mean()) < 40
    sds = fit.varcorr()["mean"]
    # what fits with Stan's own metric, and with other metrics and step sizes, gave
    assert sds["brood", "sd", "Intercept"] == pytest.approx(1.2, abs=0.15)
    assert sds["index", "sd", "Intercept"] == pytest.approx(0.55, abs=0.05)


def test_a_funnel_and_too_many_parameters_have_none(
    answers: pp.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = pp.Model(
        "strength ~ 1 + (1 | batch / cask)",
        pp.datasets.load("pastes"),
        parameterization="noncentered",
    )
    found = start_of(few)
    assert isinstance(found, NoStart)
    assert "too far from the posterior" in found.reason
    monkeypatch.setattr(conditional_start, "MOST", 20)
    found = start_of(answers)
    assert isinstance(found, NoStart)
    assert "55 parameters are too many" in found.reason


def test_many_parameters_have_a_diagonal_metric(
    answers: pp.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = start_of(answers)
    monkeypatch.setattr(conditional_start, "DENSE", 20)
    found = start_of(answers)
    assert isinstance(found, WarmStart)
    assert isinstance(whole, WarmStart)
    np.testing.assert_allclose(found.inv_metric, np.diag(whole.inv_metric))
    assert found.stretch > whole.stretch == 1.0


def test_a_density_that_is_not_finite_has_none(answers: pp.Model) -> None:
    class Broken:
        """A density that is finite at one point alone."""

        def at(self, q: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            return (0.0, np.zeros_like(q)) if not q.any() else (np.nan, np.full_like(q, np.nan))

        def unconstrain(self, values: object) -> NDArray[np.float64]:
            return np.zeros(55)

    hint = answers.prepared.mode_hint
    assert hint is not None
    found = find_given(
        Broken(), answers.program, answers.stan_data, replace(hint), chains=4, seed=1
    )
    assert isinstance(found, NoStart)
    assert "not finite" in found.reason
