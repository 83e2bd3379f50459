"""Simulation-based calibration where zero is far from the data: ranks of the truth are uniform.

Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv:1804.06788. Parameters and data are drawn
from the prior, which holds at the means of the predictors; each data set is fitted; among
`RANKS` nearly independent draws the truth has every rank equally often. The control is the same
with priors at zero.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import partialpool as pp

REPLICATIONS, RANKS = 200, 99
KEEP = ("beta", "sd_g", "cor_g", "center_sd_g", "center_cor_g", "r_g")
CASES = {
    "gaussian": "y ~ x*f + (1 + x | g)",
    "bernoulli": "y ~ x*f + (1 + x | g)",
    "poisson": "y ~ x + (1 + x | g)",
}


def template(family: str) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(10), 8)
    data = pd.DataFrame({"g": g, "x": rng.normal(50, 1, 80), "f": rng.choice(list("ab"), 80)})
    y = {"gaussian": rng.normal(size=80), "bernoulli": rng.integers(0, 2, 80)}
    return data.assign(y=y.get(family, rng.poisson(1.5, 80)))


def scalars(posterior: Any) -> np.ndarray:
    """All quantities that are ranked: (draw, quantity)."""
    flat = [
        posterior[name]
        .values.reshape(-1, *posterior[name].shape[2:])
        .reshape(posterior.sizes["chain"] * posterior.sizes["draw"], -1)
        for name in KEEP
    ]
    return np.concatenate(flat, axis=1)


def ranks(family: str, priors_at: str, replications: int) -> np.ndarray:
    data, formula = template(family), CASES[family]
    small = 0.3 if family == "poisson" else 1.0  # else counts are beyond integers
    priors: dict[str, Any] = dict(pp.Model(formula, data, family=family).fixed_priors)
    for name, prior in priors.items():
        if isinstance(prior, pp.Normal):
            priors[name] = pp.Normal(prior.location, min(prior.scale, small))
        elif family == "poisson" and isinstance(prior, pp.Exponential):
            priors[name] = pp.HalfNormal(small)
    options: dict[str, Any] = {"family": family, "priors": priors}
    true = pp.Model(formula, data, priors_at="mean", **options)
    drawn = true.prior_predictive(draws=replications, seed=9)
    truths, ys = scalars(drawn["prior"]), np.asarray(drawn["prior_predictive"]["y"])[0]
    found = []
    for k in range(replications):
        one = data.assign(y=ys[k])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pp.DataWarning)
            model = pp.Model(formula, one, priors_at=priors_at, **options)
        fit = model.sample(
            seed=k + 1, engine="stanli", verbose=False, progress=False, draws=500, adapt_delta=0.9
        )
        posterior = fit.posterior
        if priors_at == "zero":  # there are no others
            posterior = posterior.assign(
                center_sd_g=posterior["sd_g"], center_cor_g=posterior["cor_g"]
            )
        draws = scalars(posterior)
        some = draws[np.linspace(0, len(draws) - 1, RANKS).astype(int)]
        found.append((some < truths[k]).sum(axis=0))
    return np.array(found)


def p_values(found: np.ndarray) -> np.ndarray:
    """Of the hypothesis that ranks are uniform, by ten bins."""
    bins = found * 10 // (RANKS + 1)
    counts = np.array([np.bincount(column, minlength=10) for column in bins.T])
    return np.asarray(stats.chisquare(counts, axis=1).pvalue)


@pytest.mark.slow
@pytest.mark.parametrize("family", CASES)
def test_ranks_are_uniform(family: str) -> None:
    p = p_values(ranks(family, "mean", REPLICATIONS))
    assert p.min() > 0.01 / len(p)


@pytest.mark.slow
def test_priors_elsewhere_are_found_out() -> None:
    assert p_values(ranks("gaussian", "zero", 100)).min() < 1e-6
