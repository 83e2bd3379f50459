"""Log predictive scores of the rest of the season under Carpenter's models.

There are three quantities that are easily confused, all in nats:

    joint      log p(all new | old)             one prediction of all eighteen seasons
    pointwise  sum_n log p(new_n | old)         eighteen predictions, scored one by one
    mean log   E[ log p(all new | theta) ]      the score in the first table of the case study

The joint scores of complete and of no pooling have closed forms. For partial pooling, the players'
probabilities are integrated out given the population parameters, so that only these are averaged
over draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...summaries import (
    PredictiveScore,
    beta_binomial_log_predictive,
    logit_normal_log_predictive,
    predictive_score,
)
from ..tools.findings import Findings
from ..tools.published import Number, mean_of

if TYPE_CHECKING:
    import pandas as pd


def log_likelihood(theta: xr.DataArray, players: pd.DataFrame) -> xr.DataArray:
    """Return log p(hits in the rest of the season | theta) of every draw and player."""
    from scipy.stats import binom

    draws = theta.transpose("chain", "draw", "player")
    new = players["remaining_hits"].to_numpy(), players["remaining_at_bats"].to_numpy()
    return draws.copy(data=binom.logpmf(*new, draws.values))


def averaged(theta: Mapping[str, xr.DataArray], players: pd.DataFrame) -> pd.DataFrame:
    """Estimate the joint scores by means over draws of theta, which most often fails.

    Returns
    -------
    DataFrame
        A row per model, in the order of `theta`; see `summaries.predictive_scores`.
    """
    from ...summaries import predictive_scores

    logs = {model: log_likelihood(draws, players) for model, draws in theta.items()}
    return predictive_scores(logs, kind="joint").loc[list(theta)]


def integrated(
    beta: xr.Dataset, logit: xr.Dataset, players: pd.DataFrame
) -> dict[str, xr.DataArray]:
    """Return log p(new hits | old hits, population) under both partially pooled models.

    Parameters
    ----------
    beta, logit : Dataset
        Posteriors of the two models, with phi and kappa, and with mu and sigma.
    players : DataFrame

    Returns
    -------
    dict of model to DataArray, (chain, draw, unit)
        Arguments for `summaries.predictive_score`.
    """
    counts: dict[str, Any] = {
        "trials": players["at_bats"],
        "successes": players["hits"],
        "new_trials": players["remaining_at_bats"],
        "new_successes": players["remaining_hits"],
        "labels": players["player"],
    }
    return {
        "beta": beta_binomial_log_predictive(beta["phi"], beta["kappa"], **counts),
        "logit": logit_normal_log_predictive(logit["mu"], logit["sigma"], **counts),
    }


def closed_forms(players: pd.DataFrame) -> Findings:
    """Return the joint and pointwise scores of complete and of no pooling in closed form."""
    from scipy.special import betaln
    from scipy.stats import betabinom

    n, y, m, x = (
        players[column].to_numpy()
        for column in ("at_bats", "hits", "remaining_at_bats", "remaining_hits")
    )
    a, b = 1 + y.sum(), 1 + (n - y).sum()  # uniform prior
    choose = -np.log(m + 1) - betaln(x + 1, m - x + 1)
    joint_complete = choose.sum() + betaln(a + x.sum(), b + (m - x).sum()) - betaln(a, b)
    unpooled = np.sum(betabinom.logpmf(x, m, 1 + y, 1 + n - y))
    pointwise_complete = np.sum(betabinom.logpmf(x, m, a, b))
    return {
        ("joint score", "complete"): Number(float(joint_complete)),
        ("joint score", "none"): Number(float(unpooled)),
        ("pointwise score", "complete"): Number(float(pointwise_complete)),
        ("pointwise score", "none"): Number(float(unpooled)),  # players are independent
    }


def scores(
    theta: Mapping[str, xr.DataArray], logs: Mapping[str, xr.DataArray], players: pd.DataFrame
) -> Findings:
    """Return all scores of all models: joint, pointwise and mean log.

    Parameters
    ----------
    theta : mapping of model to draws (chain, draw, player)
    logs : mapping of model to DataArray
        The result of `integrated`.
    players : DataFrame

    Returns
    -------
    Findings
        The error of a score that cannot be trusted is NaN, so that it agrees with no number.
    """
    findings = dict(closed_forms(players))
    for model, draws in logs.items():
        findings["joint score", model] = _trusted(predictive_score(draws, kind="joint"))
        findings["pointwise score", model] = _trusted(predictive_score(draws, kind="pointwise"))
    for model, draws in theta.items():
        findings["mean log score", model] = mean_of(log_likelihood(draws, players).sum("player"))
    order = ("joint score", "pointwise score", "mean log score")
    return {(score, model): findings[score, model] for score in order for model in theta}


def _trusted(score: PredictiveScore) -> Number:
    return Number(score.value, score.mcse if score.trusted else float("nan"))
