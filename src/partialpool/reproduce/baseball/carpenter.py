"""The quantities that Carpenter, Gabry & Goodrich compute from the baseball models' draws.

Hierarchical Partial Pooling for Repeated Binary Trials (Stan case study, 2017). In all functions,
`theta` is a mapping of model to draws (chain, draw, player) of the probabilities of a hit, and
`players` the data set `baseball_1970_stan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...sampling.fit import Fit
from ...summaries import (
    STATISTICS,
    PosteriorPValue,
    event_probability,
    posterior_p_value,
    probability_best,
)
from ..tools.findings import Findings
from ..tools.published import Number, mean_of, quantile_of, sd_of

if TYPE_CHECKING:
    import pandas as pd

Theta = Mapping[str, xr.DataArray]

QUANTILES = (0.1, 0.5, 0.9)
BEST = "Clemente"
WORST = "Alvis"
MIDDLING = "Swaboda"
RANKED = (BEST, "Berry", MIDDLING, WORST)
CENTERED = {"beta": "beta_centered", "logit": "logit_centered"}


def chances(theta: Theta, players: Sequence[str] = (BEST, WORST)) -> Findings:
    """Return median and 80% interval of players' probabilities of a hit under each model."""
    return {
        (f"theta[{player}] {level:.0%}", model): quantile_of(draws.sel(player=player), level)
        for player in players
        for level in QUANTILES
        for model, draws in theta.items()
    }


def population(beta: xr.Dataset, logit: xr.Dataset) -> Findings:
    """Return quantiles of the population parameters, and the mean and sd of mu.

    The posterior of kappa has infinite variance, so that its quantiles are reported, not its mean.
    """
    quantiles = {
        (f"{name} {level:.0%}", model): quantile_of(draws[name], level)
        for model, draws, names in (("beta", beta, ("kappa", "phi")), ("logit", logit, ("sigma",)))
        for name in names
        for level in QUANTILES
    }
    return quantiles | {
        ("mu mean", "logit"): mean_of(logit["mu"]),
        ("mu sd", "logit"): sd_of(logit["mu"]),
    }


def simulate(theta: xr.DataArray, trials: Any, rng: np.random.Generator) -> xr.DataArray:
    """Simulate a number of hits for every draw of every probability (chain, draw, player)."""
    return theta.copy(data=rng.binomial(np.asarray(trials), theta.values))


def events(theta: Theta, remaining: Theta, players: pd.DataFrame) -> Findings:
    """Return the probabilities of events, and of being the best player.

    Parameters
    ----------
    theta : mapping of model to draws (chain, draw, player)
    remaining : mapping of model to draws
        Simulated hits in the rest of the season.
    players : DataFrame
        `baseball_1970_stan`.
    """
    row = players.set_index("player").loc[BEST]
    tables = {
        "P(some theta > .350)": {
            model: (draws > 0.35).any("player") for model, draws in theta.items()
        },
        f"P({BEST}'s theta > .400)": {
            model: draws.sel(player=BEST) > 0.4 for model, draws in theta.items()
        },
        f"P({BEST}'s season average > .400)": {
            model: (draws.sel(player=BEST) + row["hits"])
            / (row["at_bats"] + row["remaining_at_bats"])
            > 0.4
            for model, draws in remaining.items()
        },
    }
    probabilities = {
        (event, model): _probability(event_probability(occurrences))
        for event, by_model in tables.items()
        for model, occurrences in by_model.items()
    }
    return probabilities | {
        (f"P({player} is best)", model): _probability(
            probability_best(draws, best="largest").loc[[player]]
        )
        for player in (BEST, MIDDLING)
        for model, draws in theta.items()
        if model != "complete"  # under complete pooling all players are equal
    }


def checks(replicated: Theta, players: pd.DataFrame) -> dict[tuple[str, str], PosteriorPValue]:
    """Compare the smallest, largest, mean and sd of hits with those of replicated data."""
    return {
        (model, statistic): posterior_p_value(draws, players["hits"], statistic=statistic)
        for model, draws in replicated.items()
        for statistic in STATISTICS
    }


def p_values(checks: Mapping[tuple[str, str], PosteriorPValue]) -> Findings:
    """Return the posterior predictive p-values of `checks` as findings."""
    return {
        (f"p-value of the {statistic}", model): Number(check.p_value, _error(check.mcse))
        for (model, statistic), check in checks.items()
    }


def season(remaining: Theta, players: pd.DataFrame) -> Findings:
    """Return 80% intervals of Clemente's average over the season and over the rest of it."""
    row = players.set_index("player").loc[BEST]
    quantiles: dict[tuple[str, str], Number] = {}
    for model, draws in remaining.items():
        hits = draws.sel(player=BEST)
        season_average = (hits + row["hits"]) / (row["remaining_at_bats"] + row["at_bats"])
        for name, values in (
            ("season", season_average),
            ("remaining", hits / row["remaining_at_bats"]),
        ):
            for level in (0.1, 0.9):
                quantiles[f"{BEST}'s {name} average {level:.0%}", model] = quantile_of(
                    values, level
                )
    return quantiles


def ranks(theta: xr.DataArray, players: Sequence[str] = RANKED) -> Findings:
    """Return quantiles of players' ranks under the beta model; rank 1 is best."""
    from scipy.stats import rankdata

    draws = theta.transpose("chain", "draw", "player")
    rank_draws = draws.copy(data=rankdata(-draws.values, axis=2))
    return {
        (f"rank of {player} {level:.0%}", "beta"): quantile_of(rank_draws.sel(player=player), level)
        for player in players
        for level in QUANTILES
    }


def failures(fits: Mapping[str, Fit]) -> Findings:
    """Return the divergences of the centered programs, and the ESS of sigma."""
    divergences = {
        ("divergences", name): Number(float(fits[name].sample_stats["diverging"].sum()))
        for name in CENTERED.values()
    }
    ess = fits["logit_centered"].summary("sigma")["ess_bulk"].iloc[0]
    return divergences | {("effective sample size of sigma", "logit_centered"): Number(float(ess))}


def _probability(table: pd.DataFrame) -> Number:
    row = table.iloc[0]
    return Number(float(row["probability"]), _error(row["mcse"]))


def _error(mcse: float) -> float:
    """Return the Monte-Carlo standard error, with 0 for NaN: all draws agree."""
    return float(np.nan_to_num(mcse))
