"""Efron and Morris's eighteen players, by every degree of pooling.

The first 45 at-bats of 1970 are used to predict each player's average over the rest of the
season: Efron & Morris 1975 (JASA 70:311), 1977 (Scientific American 236:119); the binomial
models are Carpenter's "Hierarchical Partial Pooling for Repeated Binary Trials" (2016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import datasets, programs
from ..estimators import (
    arcsine_transform,
    inverse_arcsine_transform,
    james_stein,
    total_squared_error,
)
from ..fits import Fit

if TYPE_CHECKING:
    import pandas as pd

DATA = ("baseball_1970", "baseball_1970_stan")
"""Efron and Morris's table, and the one that circulates."""

LADDER = {
    "complete": "binomial/complete_pooling",
    "none": "binomial/no_pooling",
    "beta": "binomial/partial_pooling_beta_marginal",
    "logit": "binomial/partial_pooling_logit_noncentered",
    "normal": "normal_known_variance/marginal",
}
"""Columns of the table, and the programs behind them."""

MEANING = {
    "raw": "hits / at-bats: maximum likelihood",
    "complete": "one chance for all",
    "none": "a chance each, uniform priors",
    "beta": "chances from a beta distribution, integrated out",
    "logit": "log odds from a normal distribution, non-centered",
    "normal": "Efron and Morris's model in Stan: normal on the arcsine scale",
    "James-Stein": "their closed form on the arcsine scale",
}
ESTIMATES = tuple(MEANING)
FLAT = {"prior_mu_family": 0, "prior_tau_family": 0}


@dataclass(frozen=True)
class Baseball:
    """What `baseball` returns.

    Attributes
    ----------
    table : DataFrame
        A row per player: at_bats, hits, the estimates (`ESTIMATES`), remaining_average.
    errors : DataFrame
        A row per estimate: squared_error on the arcsine scale, summed over players, and
        ratio, that of the raw average to it.
    fits : mapping of str to Fit
        By column of `LADDER`.
    """

    table: pd.DataFrame
    errors: pd.DataFrame
    fits: Mapping[str, Fit]


def baseball(
    *,
    data: str = "baseball_1970",
    engine: str = "auto",
    seed: int = 1970,
    chains: int = 4,
    draws: int = 1000,
    progress: bool = False,
    report: Callable[[str, Fit], None] | None = None,
) -> Baseball:
    """Fit the pooling ladder and compare its estimates with what came after.

    Parameters
    ----------
    data : {"baseball_1970", "baseball_1970_stan"}
        Efron and Morris's table, or the one that circulates with another Williams in it.
    engine, seed, chains, draws, progress
        As in `StanProgram.sample`.
    report : function of (column, Fit), optional
        Called after each fit.

    Returns
    -------
    Baseball
    """
    players = datasets.load(data)
    at_bats, hits = players["at_bats"].to_numpy(), players["hits"].to_numpy()
    raw = hits / at_bats
    fits: dict[str, Fit] = {}
    for column, given in _problems(at_bats, hits):
        fits[column] = programs.get(LADDER[column]).sample(
            given,
            coords={"player": players["player"]},
            dims={"theta": ["player"]},
            engine=engine,
            seed=seed,
            chains=chains,
            draws=draws,
            progress=progress,
            verbose=False,
        )
        if report is not None:
            report(column, fits[column])
    estimates: dict[str, NDArray[np.float64]] = {"raw": raw}
    for column, fit in fits.items():
        theta = fit.posterior["theta"].transpose("player", ...).values.reshape(len(players), -1)
        chance = inverse_arcsine_transform(theta.T, at_bats).T if column == "normal" else theta
        estimates[column] = chance.mean(axis=1)
    stein = james_stein(arcsine_transform(raw, at_bats), sd=1.0)
    estimates["James-Stein"] = inverse_arcsine_transform(stein.estimate, at_bats)
    outcome = _outcome(players)
    return Baseball(
        players[["player", "at_bats", "hits"]]
        .assign(**estimates, remaining_average=outcome)
        .set_index("player"),
        _errors(estimates, outcome, at_bats),
        fits,
    )


def _problems(at_bats: NDArray[Any], hits: NDArray[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for column, program in LADDER.items():
        if program.startswith("binomial/"):
            yield column, {"N": len(hits), "trials": at_bats, "successes": hits}
        else:
            transformed = arcsine_transform(hits / at_bats, at_bats)
            known = {"J": len(hits), "y": transformed, "sigma": np.ones(len(hits))}
            yield column, known | FLAT


def _outcome(players: pd.DataFrame) -> NDArray[np.float64]:
    remaining = players["remaining_hits"] / players["remaining_at_bats"]
    return remaining.to_numpy(dtype=np.float64)


def _errors(
    estimates: Mapping[str, NDArray[np.float64]],
    outcome: NDArray[np.float64],
    at_bats: NDArray[Any],
) -> pd.DataFrame:
    import pandas as pd

    truth = arcsine_transform(outcome, at_bats)
    squared = {
        name: total_squared_error(arcsine_transform(values, at_bats), truth)
        for name, values in estimates.items()
    }
    return pd.DataFrame(
        {
            "squared_error": list(squared.values()),
            "ratio": [squared["raw"] / error for error in squared.values()],
            "meaning": [MEANING[name] for name in squared],
        },
        index=pd.Index(list(squared), name="estimate"),
    )


def save(result: Baseball, folder: Path) -> tuple[Path, ...]:
    """Write the table as CSV, the fits as NetCDF and the shrinkage figure as PNG.

    Returns
    -------
    tuple of Path
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "baseball.csv"
    result.table.to_csv(table, float_format="%.6f")
    saved = [fit.save(folder / f"{column}.nc") for column, fit in result.fits.items()]
    return (table, *saved, _figure(result, folder / "shrinkage.png"))


def _figure(result: Baseball, path: Path) -> Path:
    import matplotlib.figure
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from ..plots import shrinkage

    figure = matplotlib.figure.Figure(figsize=(7, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    theta = result.fits["logit"].posterior["theta"].transpose("player", ...)
    low, high = np.quantile(theta.values.reshape(len(result.table), -1), [0.05, 0.95], axis=1)
    ax = shrinkage(
        result.table["raw"],
        result.table["logit"],
        labels=list(result.table.index),
        interval=(low, high),
        pooled=float(result.table["complete"].iloc[0]),
        outcome=result.table["remaining_average"],
        names=("first 45 at-bats", "partially pooled", "rest of the season"),
        xlabel="batting average (hits per at-bat)",
        ax=figure.add_subplot(),
    )
    ax.set_title("Partial pooling of eighteen batting averages, 1970 (90% intervals)")
    figure.savefig(path, dpi=150)
    return path
