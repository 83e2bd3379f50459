"""CmdStan and stanli: the same densities to rounding, the same posteriors to Monte-Carlo error."""

from __future__ import annotations

import numpy as np
import pytest

import partialpool as pp

pytestmark = [pytest.mark.cmdstan, pytest.mark.usefixtures("cmdstan")]
NAMES = pp.programs.names()
# A centered program mixes where the data say much of each unit; on their example data, whose
# funnel is what those show, no number of draws would make a comparison.
INFORMATIVE = {
    "binomial/partial_pooling_logit_centered": {"trials": 40, "successes": 40},
    "normal_known_variance/centered": {"sigma": 0.1},
}
BANGLADESH = pp.programs.get("bernoulli/varying_intercept_slope_centered").example_data()
ALL_DISTRICTS = {name: BANGLADESH[name] for name in ("N", "J", "y", "district")}


def point(fit: pp.Fit, draw: int) -> dict[str, np.ndarray]:
    draws = fit.parameter_draws(fit.program)
    return {name: values[draw % 4, draw] for name, values in draws.items()}


@pytest.mark.parametrize("name", NAMES)
def test_densities_and_posteriors_agree(name: str) -> None:
    program = pp.programs.get(name)
    data = program.example_data()
    for variable, factor in INFORMATIVE.get(name, {}).items():
        data[variable] = [factor * value for value in data[variable]]
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
    both_vary = a["ess_bulk"].notna() & b["ess_bulk"].notna()
    a, b = a[both_vary], b[both_vary]
    assert min(a["ess_bulk"].min(), b["ess_bulk"].min()) > 200
    for moment in ("mean", "sd"):
        error = np.hypot(a[f"mcse_{moment}"], b[f"mcse_{moment}"])
        assert ((a[moment] - b[moment]).abs() / error).max() < 5
    shifted = (a["mean"] + a["sd"] - b["mean"]).abs() / np.hypot(a["mcse_mean"], b["mcse_mean"])
    assert shifted.max() > 5
