"""One posterior, whether group effects are sampled or integrated out and drawn afterwards."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import partialpool as pp
from partialpool.reduction import marginal

CASES = {
    "radon": "log_radon ~ floor + (1 + floor | county)",
    "sleepstudy": "reaction ~ days + (1 + days | subject)",
}
GROUPS = {"radon": ["ST LOUIS", "AITKIN", "MURRAY"], "sleepstudy": [308, 309, 335, 372]}


def table(fit: pp.ModelFit, data: str) -> pd.DataFrame:
    """Population, and effects and coefficients of a few groups: each row a quantity."""
    some = [each.loc[(slice(None), GROUPS[data]), :] for each in (fit.ranef(), fit.coef())]
    parts = [fit.fixef(), fit.varcorr(), *some]
    found = pd.concat(parts, ignore_index=True)
    assert len(some[0]) == 2 * len(GROUPS[data])
    return found


def apart(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Largest difference of means or sds, in Monte-Carlo errors; both must have the draws."""
    assert min(one["ess_bulk"].min(), other["ess_bulk"].min()) > 300
    distances = [
        abs(one[what] - other[what]) / np.hypot(one[f"mcse_{what}"], other[f"mcse_{what}"])
        for what in ("mean", "sd")
    ]
    return float(np.max(distances))


def sample(model: pp.Model, seed: int, **options: Any) -> pp.ModelFit:
    fit = model.sample(engine="stanli", seed=seed, verbose=False, **options)
    assert fit.diagnose()["divergences"].ok
    return fit


@pytest.mark.parametrize("data", ["sleepstudy", pytest.param("radon", marks=pytest.mark.slow)])
def test_marginal_and_noncentered_have_one_posterior(
    data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = pp.Model(CASES[data], pp.datasets.load(data))
    sampled = dataclasses.replace(model, parameterization="noncentered")
    assert sampled.program.name == "glmm/gaussian"
    reference = table(sample(sampled, 1, draws=800, adapt_delta=0.95), data)
    for few, program in ((10**9, marginal.PROGRAM), (0, marginal.BY_PATTERN)):
        monkeypatch.setattr(marginal, "FEW_PATTERNS", few)
        fresh = dataclasses.replace(model)
        assert fresh.program.name == program
        assert apart(table(sample(fresh, 2), data), reference) < 5
    term = model.design.groups[0].label
    wrong = dataclasses.replace(model, priors={f"sd({term})": pp.HalfNormal(0.05)})
    assert apart(table(sample(wrong, 3), data), reference) > 5


def test_many_columns_are_summed_by_group() -> None:
    """A pattern's sums are of pairs of columns."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.normal(size=(200, 12)), columns=[f"x{i}" for i in range(12)])
    data = data.assign(y=rng.normal(size=200), g=np.arange(200) % 20)
    for columns, program in ((2, marginal.BY_PATTERN), (12, marginal.PROGRAM)):
        predictors = " + ".join(f"x{i}" for i in range(columns))
        assert pp.Model(f"y ~ {predictors} + (1 | g)", data).program.name == program


def test_the_programs_own_effects_are_those_drawn_afterwards() -> None:
    """gaussian_marginal draws effects too, in Stan: the same distribution, group by group."""
    sleep = pp.datasets.load("sleepstudy")
    program = pp.programs.get("glmm/gaussian_marginal")
    fit = program.sample(program.example_data(), engine="stanli", seed=4, verbose=False, draws=1000)
    r = fit.posterior["r"].values.reshape(4, 1000, 2, 18).swapaxes(2, 3)
    drawn = sample(pp.Model(CASES["sleepstudy"], sleep, priors_at="zero"), 5).ranef()
    dims = ("chain", "draw", "group", "coefficient")
    summary = pp.summaries.summary(xr.Dataset({"r": (dims, r)}))
    summary.index = drawn.index
    assert apart(summary, drawn) < 5
    summary["mean"] = summary["mean"].sample(frac=1, random_state=1).to_numpy()
    assert apart(summary, drawn) > 5
