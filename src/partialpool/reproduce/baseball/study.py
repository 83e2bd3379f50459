"""The baseball study: Efron and Morris's eighteen players under every degree of pooling.

The first 45 at-bats of 1970 are used to predict each player's average over the rest of the
season (`efron_morris`). Carpenter's case study computes further quantities from four of the models
(`carpenter`, `scores`, `new_players`). The table that circulates among Stan users has another
player called Williams in the rest of the season, but the first 45 at-bats are the same in each row,
so both tables are compared with the same fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import datasets, programs
from ...sampling.fit import Fit
from ...summaries import rank_distribution
from ..tools.findings import Findings, by_name
from ..tools.findings import table as as_table
from ..tools.published import compare, read
from ..tools.study import Settings, Study, Table
from . import carpenter, efron_morris, new_players, scores
from .figures import FigureData, figures

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("complete", "none", "beta", "logit")
"""Carpenter's four models."""

PROGRAMS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "complete": ("binomial/complete_pooling", {}),
    "none": ("binomial/no_pooling", {}),
    "beta": ("binomial/partial_pooling_beta_marginal", {}),
    "logit": ("binomial/partial_pooling_logit_noncentered", {"adapt_delta": 0.99}),
    "normal": ("normal_known_variance/marginal", {}),
    "beta_centered": ("binomial/partial_pooling_beta", {}),
    "logit_centered": ("binomial/partial_pooling_logit_centered", {}),
    "zero_for_four": ("binomial/partial_pooling_beta_marginal", {}),
}
"""Program and options of the sampler, by name of the fit; the two centered programs fail."""

HEADINGS = {
    "chances": ("Chances of a hit: medians and 80% intervals", 3),
    "scores": ("Log predictive scores of the rest of the season, in nats: three quantities", 2),
    "events": ("Probabilities of events", 3),
    "p_values": ("Posterior p-values of the number of hits in 45 at-bats", 3),
    "population": ("Parameters of the population", 3),
    "season": ("Clemente's average over the season and over the rest of it, 80% intervals", 3),
    "new_players": ("Hits of a new player in 45 at-bats", 2),
    "failures": ("What the centered programs do", 0),
}
ORDER = (
    "scores", "averaged_scores", "chances", "population", "events", "season", "p_values", "ranks",
    "new_players", "zero_for_four", "failures",
)  # fmt: skip


def baseball(settings: Settings) -> Study:
    """Reproduce Efron and Morris's table and Carpenter's case study.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    Study
    """
    efron = datasets.load("baseball_1970")
    circulating = datasets.load("baseball_1970_stan")
    fits = fit_all(settings, efron)
    theta = {name: fits[name].posterior["theta"] for name in (*MODELS, "normal")}
    table = efron_morris.estimates(efron, theta)
    drawn, findings = carpenters(settings, fits, table, circulating)
    ours = efron_morris.numbers(efron, table) | by_name(*findings.values())
    tables = {
        "estimates": Table("Batting averages: estimates, and the rest of the season", table),
        "squared_errors": Table(
            "Total squared error on the arcsine scale, and how many times less than raw's",
            efron_morris.squared_errors(table),
            2,
        ),
        "versions": Table(
            "What three versions of the table say of James-Stein",
            efron_morris.versions(efron, table),
            2,
        ),
        **_tables(findings, drawn),
    }
    comparison = compare(read("baseball"), ours)
    return Study("baseball", tables, comparison, fits, figures(drawn))


def fit_all(settings: Settings, players: pd.DataFrame) -> dict[str, Fit]:
    """Fit every program of `PROGRAMS` to the first 45 at-bats."""
    counts, names = new_players.with_newcomer(players)
    players_data = {
        "N": len(players),
        "trials": players["at_bats"].to_numpy(),
        "successes": players["hits"].to_numpy(),
    }
    data = dict.fromkeys(PROGRAMS, players_data)
    data |= {"normal": efron_morris.transformed(players), "zero_for_four": counts}
    return {
        name: settings.sample(
            name,
            programs.get(program),
            data[name],
            coords={"player": names if name == "zero_for_four" else players["player"]},
            dims={"theta": ["player"]},
            **options,
        )
        for name, (program, options) in PROGRAMS.items()
    }


def carpenters(
    settings: Settings, fits: Mapping[str, Fit], table: pd.DataFrame, players: pd.DataFrame
) -> tuple[FigureData, dict[str, Findings]]:
    """Compute Carpenter's quantities, and collect what the figures draw.

    Parameters
    ----------
    settings : Settings
        Its seed is used for the simulations too.
    fits : mapping of str to Fit
        The result of `fit_all`.
    table : DataFrame
        The result of `efron_morris.estimates`.
    players : DataFrame
        `baseball_1970_stan`, whose names of the players are used.

    Returns
    -------
    drawn : FigureData
    findings : dict of table name to Findings
    """
    rng = np.random.default_rng(settings.seed)
    names = players["player"].to_numpy()
    theta = {m: fits[m].posterior["theta"].assign_coords(player=names) for m in MODELS}
    beta, logit = fits["beta"].posterior, fits["logit"].posterior
    remaining, replicated = (
        {m: carpenter.simulate(draws, players[column], rng) for m, draws in theta.items()}
        for column in ("remaining_at_bats", "at_bats")
    )
    checks = carpenter.checks(replicated, players)
    logs = scores.integrated(beta, logit, players)
    findings = {
        "chances": carpenter.chances(theta),
        "scores": scores.scores(theta, logs, players),
        "events": carpenter.events(theta, remaining, players),
        "p_values": carpenter.p_values(checks),
        "population": carpenter.population(beta, logit),
        "season": carpenter.season(remaining, players),
        "ranks": carpenter.ranks(theta["beta"]),
        "new_players": new_players.predicted_hits(beta, logit, rng),
        "newcomer": new_players.newcomer(fits["zero_for_four"].posterior),
        "failures": carpenter.failures(fits),
    }
    unseen = {
        model: new_players.new_hits(fits[model].posterior, rng, players=len(players))
        for model in ("beta", "logit")
    }
    drawn = FigureData(
        table, players, fits, theta, remaining, replicated, unseen, checks, findings["events"]
    )
    return drawn, findings


def _tables(findings: Mapping[str, Findings], drawn: FigureData) -> dict[str, Table]:
    """Return the tables of Carpenter's quantities, in the order of `ORDER`."""
    posterior = drawn.fits["zero_for_four"].posterior
    tables = {
        name: Table(heading, as_table(findings[name]), decimals)
        for name, (heading, decimals) in HEADINGS.items()
    }
    tables["averaged_scores"] = Table(
        "Joint scores as means over draws of all eighteen chances: only one can be trusted",
        scores.averaged(drawn.theta, drawn.players).drop(columns="kind"),
        2,
    )
    ranks = rank_distribution(drawn.theta["beta"], best="largest")[["q10", "q50", "q90"]]
    tables["ranks"] = Table("Ranks under the beta model, 1 being the best", ranks, 0)
    newcomer = new_players.newcomer_table(drawn.players, posterior)
    tables["zero_for_four"] = Table("A new player who went 0 for 4: chance of a hit", newcomer)
    return {name: tables[name] for name in ORDER}
