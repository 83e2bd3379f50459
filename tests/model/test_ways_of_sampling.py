"""One posterior by every way: effects of all terms integrated out, those of one, and of none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr

import partialpool as pp
from partialpool.reduction import marginal

CASES = {
    "pastes": "strength ~ 1 + (1 | batch / cask)",
    "penicillin": "diameter ~ 1 + (1 | plate) + (1 | sample)",
}
GENERAL = "glmm/gaussian"


def measures(draws: xr.Dataset) -> xr.Dataset:
    """Means, sds and two quantiles of every quantity, by measure; their errors by `error_of`."""
    return xr.concat(
        [draws.mean(("chain", "draw")), draws.std(("chain", "draw"))]
        + [draws.quantile(p, ("chain", "draw")).drop_vars("quantile") for p in (0.05, 0.95)],
        "measure",
    )


def errors(draws: xr.Dataset) -> xr.Dataset:
    return xr.concat(
        [az.mcse(draws, method="mean"), az.mcse(draws, method="sd")]
        + [az.mcse(draws, method="quantile", prob=p) for p in (0.05, 0.95)],
        "measure",
    )


def quantities(fit: pp.ModelFit) -> xr.Dataset:
    """All that has a name; sds on the log scale, so that ones near 0 differ as others do."""
    draws = fit.posterior
    return draws.assign({n: np.log(draws[n]) for n in draws if str(n).startswith("s")})


def apart(one: pp.ModelFit, other: pp.ModelFit) -> float:
    """Largest difference in Monte-Carlo errors; both must have the draws."""
    first, second = quantities(one), quantities(other)
    assert set(first) == set(second)
    for draws in (first, second):
        assert min(float(values.min()) for values in az.ess(draws).values()) > 400
    distance = abs(measures(first) - measures(second)) / np.hypot(errors(first), errors(second))
    return max(float(values.max()) for values in distance.values())


def sample(model: pp.Model, seed: int, *, draws: int = 2500, **options: Any) -> pp.ModelFit:
    return model.sample(
        engine="stanli", seed=seed, draws=draws, verbose=False, progress=False, **options
    )


WAYS: dict[str, list[Any]] = {
    "pastes": [{"batch:cask": "marginal", "batch": "noncentered"}, "rescaled", "noncentered"],
    "penicillin": [{"plate": "marginal"}, "rescaled", "noncentered"],
}
DRAWS = {("penicillin", "rescaled"): 8000}
"""Where 10,000 have an effective size of less than 400."""


@pytest.mark.parametrize("data", CASES)
def test_every_way_has_one_posterior(data: str) -> None:
    model = pp.Model(CASES[data], pp.datasets.load(data))
    assert model.program.name == marginal.ALL
    whole = sample(model, 1)
    for seed, how in enumerate(WAYS[data], start=2):
        other = replace(model, parameterization=how)
        assert other.program.name == (GENERAL if isinstance(how, str) else marginal.CROSSED)
        draws = DRAWS.get((data, str(how)), 2500)
        assert apart(whole, sample(other, seed, draws=draws, adapt_delta=0.95)) < 5
    label = model.design.groups[0].label
    wrong = replace(model, priors={f"sd({label})": pp.HalfNormal(0.3)})
    assert apart(whole, sample(wrong, 9)) > 5


@pytest.mark.parametrize("shape", [0.7, 2.5])
def test_a_gamma_prior_of_sds_has_one_posterior(shape: float) -> None:
    """Its density at 0 is 0 or infinite: the sds are sampled on the log scale."""
    data = pp.datasets.load("pastes")
    priors = {"sd(batch)": pp.Gamma(shape, 0.5), "sd(batch:cask)": pp.Gamma(shape, 0.5)}
    model = pp.Model(CASES["pastes"], data, priors=priors)
    np.testing.assert_array_equal(model.stan_data["tau_unit"], 0.0)
    other = replace(model, parameterization=WAYS["pastes"][0])
    np.testing.assert_array_equal(other.stan_data["tau_unit"], 0.0)
    general = replace(model, parameterization="rescaled")
    assert other.program.name == marginal.CROSSED
    assert general.program.name == GENERAL
    whole = sample(model, 1, adapt_delta=0.95)
    assert apart(whole, sample(other, 2, adapt_delta=0.95)) < 5
    assert apart(whole, sample(general, 3, adapt_delta=0.95)) < 5


def test_estimates_of_pastes_are_near_reml() -> None:
    """lme4's published fit. The variance between batches is known least, and its sd is skewed."""
    fit = sample(pp.Model(CASES["pastes"], pp.datasets.load("pastes")), 1, draws=1000)
    assert fit.diagnose().ok
    assert fit.fixef().loc["Intercept", "mean"] == pytest.approx(60.053, abs=0.1)
    sds = fit.varcorr()
    for row, reml in (
        (("batch:cask", "sd", "Intercept"), 2.904),
        (("batch", "sd", "Intercept"), 1.287),
        (("Residual", "sd", ""), 0.823),
    ):
        assert abs(sds.loc[row, "mean"] - reml) < 0.6 * sds.loc[row, "sd"]
