"""Predictions for new players: one without at-bats, and one with no hits in 4 at-bats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..tools.findings import Findings
from ..tools.published import mean_of, quantile_of

if TYPE_CHECKING:
    import pandas as pd

AT_BATS = 45
NEWCOMER = "0 for 4"
LEVELS = (0.1, 0.5, 0.9)


def new_chances(
    posterior: xr.Dataset, rng: np.random.Generator, *, players: int = 1
) -> xr.DataArray:
    """Draw the probabilities of a hit of new players from the population.

    Parameters
    ----------
    posterior : Dataset
        Draws of phi and kappa (beta), or of mu and sigma (logit).
    rng : numpy.random.Generator
    players : int
        Number of new players for each draw of the population.

    Returns
    -------
    DataArray, (chain, draw, player)
    """
    from scipy.special import expit

    if "kappa" in posterior:
        phi, kappa = posterior["phi"].values[..., None], posterior["kappa"].values[..., None]
        shape = (*phi.shape[:2], players)
        probabilities = rng.beta(phi * kappa, (1 - phi) * kappa, size=shape)
    else:
        mu, sigma = posterior["mu"].values[..., None], posterior["sigma"].values[..., None]
        probabilities = expit(rng.normal(mu, sigma, size=(*mu.shape[:2], players)))
    return xr.DataArray(probabilities, dims=("chain", "draw", "player"))


def new_hits(posterior: xr.Dataset, rng: np.random.Generator, *, players: int = 1) -> xr.DataArray:
    """Simulate the hits of new players in their first 45 at-bats, (chain, draw, player)."""
    probabilities = new_chances(posterior, rng, players=players)
    return probabilities.copy(data=rng.binomial(AT_BATS, probabilities.values))


def predicted_hits(beta: xr.Dataset, logit: xr.Dataset, rng: np.random.Generator) -> Findings:
    """Return mean and 80% interval of a new player's hits in 45 at-bats, under both models."""
    findings: Findings = {}
    for model, posterior in (("beta", beta), ("logit", logit)):
        hits = new_hits(posterior, rng).isel(player=0)
        findings = {
            **findings,
            ("new player's hits mean", model): mean_of(hits),
            ("new player's hits 10%", model): quantile_of(hits, 0.1),
            ("new player's hits 90%", model): quantile_of(hits, 0.9),
        }
    return findings


def with_newcomer(players: pd.DataFrame) -> tuple[dict[str, Any], list[str]]:
    """Return data for `binomial/*` with a nineteenth player, 0 for 4, and all players' names."""
    names = [*players["player"], NEWCOMER]
    trials, successes = [*players["at_bats"], 4], [*players["hits"], 0]
    return {"N": len(names), "trials": trials, "successes": successes}, names


def given_population(posterior: xr.Dataset) -> xr.DataArray:
    """Return the newcomer's mean probability of a hit given the population parameters.

    It is known analytically: phi kappa / (kappa + 4).
    """
    return posterior["phi"] * posterior["kappa"] / (posterior["kappa"] + 4)


def newcomer(posterior: xr.Dataset) -> Findings:
    """Return quantiles and mean of the newcomer's probability of a hit.

    The mean is computed from draws of theta, and from its mean given the population parameters.
    """
    theta = posterior["theta"].sel(player=NEWCOMER)
    quantiles = {
        (f"theta[{NEWCOMER}] {level:.0%}", "beta"): quantile_of(theta, level) for level in LEVELS
    }
    return {
        (f"theta[{NEWCOMER}] mean", "beta"): mean_of(theta),
        (f"theta[{NEWCOMER}] mean, given the population", "beta"): mean_of(
            given_population(posterior)
        ),
        **quantiles,
    }


def newcomer_table(players: pd.DataFrame, posterior: xr.Dataset) -> pd.DataFrame:
    """Tabulate estimates of the newcomer's probability of a hit.

    Parameters
    ----------
    players : DataFrame
        The eighteen other players.
    posterior : Dataset
        Posterior of the beta model that was fitted with the newcomer.

    Returns
    -------
    DataFrame
        A row per estimate, with columns chance (the probability of a hit) and hits_in_45 (the
        expected hits in the next 45 at-bats).
    """
    import pandas as pd

    hits, at_bats = int(players["hits"].sum()), int(players["at_bats"].sum()) + 4
    theta = posterior["theta"].sel(player=NEWCOMER)
    chance = {
        "raw: 0 / 4": 0.0,
        "no pooling: beta(1, 5)": 1 / 6,
        "partial pooling": float(theta.mean()),
        "complete pooling": (1 + hits) / (2 + at_bats),
    }
    return pd.DataFrame(
        {"chance": chance.values(), "hits_in_45": [AT_BATS * value for value in chance.values()]},
        index=pd.Index(list(chance), name="estimate"),
    )
