"""The figures of the baseball study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ... import plots
from ...sampling.fit import Fit
from ...summaries import PosteriorPValue, probability_best, rank_probability
from ..tools.findings import Findings
from .carpenter import BEST
from .new_players import NEWCOMER

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

AVERAGE = "batting average (hits per at-bat)"
TITLES = {
    "complete": "complete pooling",
    "none": "no pooling",
    "beta": "partial pooling, beta",
    "logit": "partial pooling, log odds",
}
SHORT = {"complete": "complete", "none": "none", "beta": "beta", "logit": "log odds"}


@dataclass(frozen=True)
class FigureData:
    """Data, fits and simulations that the figures draw.

    Attributes
    ----------
    table : DataFrame
        From `efron_morris.estimates`.
    players : DataFrame
        `baseball_1970_stan`.
    fits : mapping of str to Fit
    theta, remaining, replicated : mapping of model to draws (chain, draw, player)
        Probabilities of a hit, simulated hits in the rest of the season, and simulated hits in the
        first 45 at-bats.
    unseen : mapping of model to draws (chain, draw, player)
        Simulated hits in 45 at-bats of eighteen new players.
    checks : mapping of (model, statistic) to PosteriorPValue
    events : Findings
        Probabilities of events under each model.
    """

    table: pd.DataFrame
    players: pd.DataFrame
    fits: Mapping[str, Fit]
    theta: Mapping[str, xr.DataArray]
    remaining: Mapping[str, xr.DataArray]
    replicated: Mapping[str, xr.DataArray]
    unseen: Mapping[str, xr.DataArray]
    checks: Mapping[tuple[str, str], PosteriorPValue]
    events: Findings


def figures(drawn: FigureData) -> dict[str, Callable[[], Axes]]:
    """Return functions that draw the figures, by file name."""
    functions: dict[str, Callable[[FigureData], Axes]] = {
        "shrinkage": _shrinkage,
        "theta": _theta,
        "observed_and_posterior": _observed,
        "population": _population,
        "funnels": _funnels,
        "remaining_hits": _remaining,
        "events": _events,
        "ranks": _ranks,
        "rank_histograms": _rank_histograms,
        "best": _best,
        "test_statistics": _statistics,
        "replicated": _replicated,
        "zero_for_four": _zero_for_four,
    }
    return {name: _bound(function, drawn) for name, function in functions.items()}


def _bound(function: Callable[[FigureData], Axes], drawn: FigureData) -> Callable[[], Axes]:
    return lambda: function(drawn)


def _shrinkage(drawn: FigureData) -> Axes:
    theta = drawn.fits["logit"].posterior["theta"].transpose("player", ...)
    low, high = theta.quantile([0.05, 0.95], dim=["chain", "draw"]).values
    ax = plots.shrinkage(
        drawn.table["raw"],
        drawn.table["logit"],
        labels=list(drawn.table.index),
        interval=(low, high),
        pooled=float(drawn.table["complete"].iloc[0]),
        outcome=drawn.table["remaining_average"],
        names=("first 45 at-bats", "partially pooled", "rest of the season"),
        xlabel=AVERAGE,
    )
    ax.set_title("Partial pooling of eighteen batting averages, 1970 (90% intervals)")
    return ax


def _theta(drawn: FigureData) -> Axes:
    named = {SHORT[model]: draws for model, draws in drawn.theta.items()}
    return plots.forest(
        named,
        sort="given",
        probabilities=(0.5, 0.8),
        xlabel="chance of a hit: median, 50% and 80% intervals",
        ax=plots.style.new_axes(7, 9),
    )


def _observed(drawn: FigureData) -> Axes:
    raw = (drawn.players["hits"] / drawn.players["at_bats"]).to_numpy()

    def panel(draws: xr.DataArray) -> Callable[[Axes], Any]:
        return lambda ax: plots.observed_predicted(
            raw,
            draws,
            probability=0.8,
            most_named=0,
            xlabel="average over 45 at-bats",
            ylabel="chance of a hit: median, 80% interval",
            ax=ax,
        )

    named = {TITLES[m]: panel(d) for m, d in drawn.theta.items()}
    return plots.panels(named, share="all", legends=False)


def _population(drawn: FigureData) -> Axes:
    beta, logit = drawn.fits["beta"].posterior, drawn.fits["logit"].posterior
    return plots.panels(
        {
            "beta": lambda ax: plots.funnel(
                _log_odds(beta["phi"]),
                beta["kappa"],
                xlabel="logit φ (log odds of the mean chance)",
                ylabel="log κ (concentration, in at-bats)",
                ax=ax,
            ),
            "log odds": lambda ax: plots.funnel(
                logit["mu"],
                logit["sigma"],
                xlabel="μ (mean log odds)",
                ylabel="log σ (sd of the log odds)",
                ax=ax,
            ),
        }
    )


def _funnels(drawn: FigureData) -> Axes:
    beta, centered, noncentered = (
        drawn.fits[name] for name in ("beta_centered", "logit_centered", "logit")
    )
    theta = beta.posterior["theta"].sel(player=BEST)
    alpha, across = f"log odds of {BEST}", [f.posterior["alpha"] for f in (centered, noncentered)]

    def panel(
        fit: Fit, effect: xr.DataArray, scale: str, xlabel: str = alpha
    ) -> Callable[[Axes], Any]:
        def draw(ax: Axes) -> None:
            sd = fit.posterior[scale]
            ylabel = {"kappa": "log κ", "sigma": "log σ"}[scale]
            divergent = fit.sample_stats["diverging"]
            plots.funnel(effect, sd, divergent=divergent, xlabel=xlabel, ylabel=ylabel, ax=ax)
            if scale == "sigma":  # one range, so that the centered fit's gap is visible
                ax.set_ylim(np.log(noncentered.posterior["sigma"]).min() - 0.5, 0.5)

        return draw

    return plots.panels(
        {
            "beta, centered": panel(beta, _log_odds(theta), "kappa"),
            "log odds, centered": panel(centered, across[0].sel(player=BEST), "sigma"),
            "log odds, non-centered": panel(noncentered, across[1].sel(player=BEST), "sigma"),
            "the same, in the sampler's coordinates": panel(
                noncentered, noncentered.posterior["z"].sel(player=BEST), "sigma", f"z of {BEST}"
            ),
        },
        size=(5, 3.8),
    )


def _remaining(drawn: FigureData) -> Axes:
    at_bats = drawn.players["remaining_at_bats"].to_numpy()
    made = drawn.players["remaining_hits"].to_numpy() / at_bats

    def panel(draws: xr.DataArray) -> Callable[[Axes], Any]:
        return lambda ax: plots.observed_predicted(
            made,
            draws,
            probability=0.5,
            most_named=0,
            xlabel="average over the rest of the season",
            ylabel="predicted: median, 50% interval",
            ax=ax,
        )

    named = {}
    for model, hits in drawn.remaining.items():
        average = hits.transpose("chain", "draw", "player") / at_bats
        low, high = average.quantile([0.25, 0.75], dim=["chain", "draw"]).values
        inside = int(((low <= made) & (made <= high)).sum())
        named[f"{TITLES[model]}: {inside} of {len(made)} within"] = panel(average)
    return plots.panels(named, share="all", legends=False)


def _events(drawn: FigureData) -> Axes:
    import pandas as pd

    def panel(event: str) -> Callable[[Axes], Any]:
        rows = {SHORT[m]: n for (name, m), n in drawn.events.items() if name == event}
        columns = {
            "probability": [number.value for number in rows.values()],
            "mcse": [number.mcse for number in rows.values()],
        }
        table = pd.DataFrame(columns, index=list(rows))
        return lambda ax: plots.probability_bars(table, xlabel="", ax=ax)

    events = dict.fromkeys(event for event, _ in drawn.events)
    named = {event: panel(event) for event in events}
    return plots.panels(named, size=(4.5, 1.6), legends=False)


def _ranks(drawn: FigureData) -> Axes:
    return plots.rank_heatmap(rank_probability(drawn.theta["beta"], best="largest"))


def _rank_histograms(drawn: FigureData) -> Axes:
    def panel(row: pd.Series[float]) -> Callable[[Axes], Any]:
        return lambda ax: plots.rank_bars(row, ax=ax)

    table = rank_probability(drawn.theta["beta"], best="largest")
    named = {str(player): panel(row) for player, row in table.iterrows()}
    return plots.panels(named, columns=6, size=(2, 1.8), share="all", legends=False)


def _best(drawn: FigureData) -> Axes:
    def panel(draws: xr.DataArray) -> Callable[[Axes], Any]:
        table = probability_best(draws, best="largest")
        return lambda ax: plots.probability_bars(table, xlabel="P(player is the best)", ax=ax)

    models = ("none", "beta", "logit")
    return plots.panels({TITLES[m]: panel(drawn.theta[m]) for m in models}, columns=3, size=(4, 5))


def _statistics(drawn: FigureData) -> Axes:
    def panel(check: PosteriorPValue) -> Callable[[Axes], Any]:
        xlabel = f"{check.name} of 18 players' hits"
        return lambda ax: plots.predictive_check(check, xlabel=xlabel, ax=ax)

    named = {
        f"{SHORT[model]}, {statistic}: p = {check.p_value:.2f}": panel(check)
        for (model, statistic), check in drawn.checks.items()
    }
    return plots.panels(named, columns=4, size=(3.2, 2.4), share="columns", legends=False)


def _replicated(drawn: FigureData) -> Axes:
    def panel(draws: xr.DataArray) -> Callable[[Axes], Any]:
        return lambda ax: plots.replicates(
            draws, drawn.players["hits"], xlabel="hits in 45 at-bats", ax=ax
        )

    return plots.panels(
        {
            f"{who}: {TITLES[model]}": panel(draws[model])
            for who, draws in (("the same players", drawn.replicated), ("new ones", drawn.unseen))
            for model in ("beta", "logit")
        },
        size=(5, 4.4),
        share="all",
    )


def _log_odds(chance: xr.DataArray) -> xr.DataArray:
    return chance.copy(data=np.log(chance.values) - np.log1p(-chance.values))


def _zero_for_four(drawn: FigureData) -> Axes:
    from scipy.stats import beta

    hits, at_bats = int(drawn.players["hits"].sum()), int(drawn.players["at_bats"].sum()) + 4
    return plots.prior_density(
        {"no pooling": beta(1, 5), "complete pooling": beta(1 + hits, 1 + at_bats - hits)},
        limits=(0.0, 0.6),
        posterior=drawn.fits["zero_for_four"].posterior["theta"].sel(player=NEWCOMER),
        xlabel="chance of a hit after 0 for 4 (grey: partial pooling)",
    )
