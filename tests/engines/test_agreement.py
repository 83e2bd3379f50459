"""CmdStan and stanli: the same densities to rounding, the same posteriors to Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from programs.cases import ONE_OF_EACH

import partialpool as pp

pytestmark = [pytest.mark.cmdstan, pytest.mark.usefixtures("cmdstan")]
NAMES = pp.programs.names()
# A centered program mixes where the data say much of each unit; on their example data, whose
# funnel is what those show, no number of draws would make a comparison.
Change = Callable[[dict[str, Any]], dict[str, Any]]


def times(factor: float, *names: str) -> Change:
    """Multiply these variables."""
    return lambda data: {name: np.asarray(data[name]) * factor for name in names}


def groups_apart(data: dict[str, Any]) -> dict[str, Any]:
    """Give every group an intercept and a slope far from the others'."""
    group, x = np.asarray(data["group"]), np.asarray(data["x"])
    apart = np.random.default_rng(5).normal(size=(2, data["J"] + 1))
    return {"y": np.asarray(data["y"]) + 2 * apart[0, group] + 2 * apart[1, group] * x}


def near_and_far(data: dict[str, Any]) -> dict[str, Any]:
    """Half of x near 0, where y tells sigma; the other half as it is, where y tells the slopes."""
    rng = np.random.default_rng(5)
    x = np.asarray(data["x"]) * np.where(np.arange(data["N"]) % 2, 1, 0.02)
    return {"x": x, "y": 2 + rng.normal(2, 0.5, size=len(x)) * x + rng.normal(size=len(x))}


INFORMATIVE: dict[str, Change] = {
    "binomial/partial_pooling_logit_centered": times(40, "trials", "successes"),
    "normal_known_variance/centered": times(0.1, "sigma"),
    "linear/varying_intercept_slope_centered": groups_apart,
    "linear/varying_intercept_slope_lkj_centered": groups_apart,
    "linear/varying_intercept_group_predictor_centered": groups_apart,
    "linear/individual_slopes_centered": near_and_far,
    "linear/individual_slopes_noncentered": near_and_far,
    "linear/individual_slopes_marginal": near_and_far,
}
BANGLADESH = pp.programs.get("bernoulli/varying_intercept_slope_centered").example_data()
ALL_DISTRICTS = {name: BANGLADESH[name] for name in ("N", "J", "y", "district")}


def point(fit: pp.Fit, draw: int) -> dict[str, np.ndarray]:
    draws = fit.parameter_draws(fit.program)
    return {name: values[draw % 4, draw] for name, values in draws.items()}


# half a minute of CPU or more: hundreds of rows or groups, or centered effects that mix slowly
LONG = {
    "bernoulli/varying_intercept_slope_centered",
    "glmm/beta_binomial",
    "glmm/binomial",
    "glmm/poisson",
}


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] * (name in LONG) + [pytest.mark.full] * (name not in ONE_OF_EACH)


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in NAMES])
def test_densities_and_posteriors_agree(name: str) -> None:
    program = pp.programs.get(name)
    data = program.example_data()
    if name in INFORMATIVE:
        data |= INFORMATIVE[name](data)
    if name == "bernoulli/varying_intercept_centered":
        data |= ALL_DISTRICTS
    fits = {
        engine: program.sample(
            data, engine=engine, seed=17, adapt_delta=0.95, progress=False, verbose=False
        )
        for engine in ("cmdstan", "stanli")
    }
    start = point(fits["stanli"], 0)
    base = {engine: program.log_density(data, start, engine=engine).value for engine in fits}
    for draw in range(1, 6):
        at = point(fits["stanli"], 100 * draw)
        theirs, ours = (program.log_density(data, at, engine=engine) for engine in fits)
        difference = theirs.value - base["cmdstan"]
        assert ours.value - base["stanli"] == pytest.approx(difference, rel=1e-10, abs=1e-10)
        assert ours.gradient == pytest.approx(theirs.gradient, rel=1e-10, abs=1e-10)
    a, b = (fit.summary() for fit in fits.values())
    # Where sds are sampled with a sign, that of these is either one's: |tau|, rho and r have none.
    signs = a.index.str.match(r"(tau_raw|tau_signed|cpc|z)\[") & name.startswith("glmm/")
    both_vary = a["ess_bulk"].notna() & b["ess_bulk"].notna() & ~signs
    a, b = a[both_vary], b[both_vary]
    assert min(a["ess_bulk"].min(), b["ess_bulk"].min()) > 200
    for moment in ("mean", "sd"):
        error = np.hypot(a[f"mcse_{moment}"], b[f"mcse_{moment}"])
        assert ((a[moment] - b[moment]).abs() / error).max() < 5
    shifted = (a["mean"] + a["sd"] - b["mean"]).abs() / np.hypot(a["mcse_mean"], b["mcse_mean"])
    assert shifted.max() > 5
