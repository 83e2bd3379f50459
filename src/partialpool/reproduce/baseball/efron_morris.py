"""Efron and Morris's table: estimates of eighteen batting averages, and the later averages.

Efron & Morris 1975 (Journal of the American Statistical Association 70:311) and 1977 (Scientific
American 236(5):119). Their squared errors are on the scale sqrt(45) arcsin(2 y - 1), on which an
average over 45 at-bats has a standard deviation near 1 for any probability of a hit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import datasets
from ...arrays import Floats
from ...estimators import (
    Shrinkage,
    arcsine_transform,
    inverse_arcsine_transform,
    james_stein,
    total_squared_error,
)
from ..tools.published import Number

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


MEANING = {
    "raw": "hits / at-bats: maximum likelihood",
    "complete": "one chance for all",
    "none": "a chance each, uniform priors",
    "beta": "chances from a beta distribution, integrated out",
    "logit": "log odds from a normal distribution, non-centered",
    "normal": "Efron and Morris's model in Stan: normal on the arcsine scale",
    "James-Stein": "their closed form on the arcsine scale",
}
"""Meaning of each estimate in the tables, by its name."""

KESSINGER = "Kessinger with 154 hits, as published"
OUTCOMES = ("corrected table", KESSINGER, "circulating table")


def averages(players: pd.DataFrame) -> Floats:
    """Return the players' averages over the rest of the season: hits / at-bats, (player,)."""
    remaining = players["remaining_hits"] / players["remaining_at_bats"]
    return remaining.to_numpy(dtype=np.float64)


def transformed(players: pd.DataFrame) -> dict[str, Any]:
    """Return data for `normal_known_variance/*`: averages on the arcsine scale, flat priors."""
    at_bats, hits = players["at_bats"].to_numpy(), players["hits"].to_numpy()
    measured = {"y": arcsine_transform(hits / at_bats, at_bats), "sigma": np.ones(len(hits))}
    return {"J": len(hits), **measured, "prior_mu_family": 0, "prior_tau_family": 0}


def stein(players: pd.DataFrame) -> Shrinkage:
    """Return James and Stein's estimate on the arcsine scale, as in the paper of 1975."""
    return james_stein(np.asarray(transformed(players)["y"]), sd=1.0)


def stein_of_averages(players: pd.DataFrame) -> Shrinkage:
    """Return James and Stein's estimate of the untransformed averages, as in the paper of 1977.

    The variance is that of a binomial proportion at the mean of the averages.
    """
    at_bats = players["at_bats"].to_numpy()
    raw = players["hits"].to_numpy() / at_bats
    return james_stein(raw, sd=np.sqrt(raw.mean() * (1 - raw.mean()) / at_bats))


def estimates(players: pd.DataFrame, theta: Mapping[str, xr.DataArray]) -> pd.DataFrame:
    """Tabulate every estimate beside the average over the rest of the season.

    Parameters
    ----------
    players : DataFrame
        `datasets.load("baseball_1970")`.
    theta : mapping of column to draws (chain, draw, player)
        Probabilities of a hit; in the column "normal", on the arcsine scale.

    Returns
    -------
    DataFrame
        A row per player: at_bats, hits, a column per estimate, remaining_average.
    """
    at_bats = players["at_bats"].to_numpy()
    columns: dict[str, Any] = {"raw": players["hits"].to_numpy() / at_bats}
    for name, draws in theta.items():
        probability = draws.transpose("chain", "draw", ...).values
        if name == "normal":
            probability = inverse_arcsine_transform(probability, at_bats)
        columns[name] = probability.mean(axis=(0, 1))
    columns["James-Stein"] = inverse_arcsine_transform(stein(players).estimate, at_bats)
    columns["remaining_average"] = averages(players)
    return players[["player", "at_bats", "hits"]].assign(**columns).set_index("player")


def squared_errors(table: pd.DataFrame) -> pd.DataFrame:
    """Sum every estimate's squared error on the arcsine scale.

    Parameters
    ----------
    table : DataFrame
        From `estimates`.

    Returns
    -------
    DataFrame
        A row per estimate, with columns squared_error, ratio (the raw average's squared error
        over the estimate's) and meaning.
    """
    import pandas as pd

    names = [name for name in MEANING if name in table]
    errors = [_squared_error(table[name], table["remaining_average"], table) for name in names]
    return pd.DataFrame(
        {
            "squared_error": errors,
            "ratio": [errors[0] / error for error in errors],
            "meaning": [MEANING[name] for name in names],
        },
        index=pd.Index(names, name="estimate"),
    )


def outcomes(players: pd.DataFrame) -> dict[str, Floats]:
    """Return the averages over the rest of the season in three versions of the table.

    The versions are those of `OUTCOMES`. With 154 hits, Kessinger's average is the published .263.
    The circulating table has the season of another player called Williams. Averages are in the
    order of `players`.
    """
    kessinger = players.copy()
    row = kessinger["player"] == "Kessinger"
    kessinger.loc[row, "remaining_hits"] = 154
    williams = players.copy()
    row = williams["player"] == "Williams"
    other = datasets.load("baseball_1970_stan").set_index("player").loc["Williams"]
    for column in ("remaining_hits", "remaining_at_bats"):
        williams.loc[row, column] = other[column]
    versions = (players, kessinger, williams)
    return dict(zip(OUTCOMES, map(averages, versions), strict=True))


def versions(players: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the errors of James-Stein under each version of the later averages.

    Parameters
    ----------
    players : DataFrame
        `datasets.load("baseball_1970")`.
    table : DataFrame
        From `estimates`.

    Returns
    -------
    DataFrame
        A row per version, with columns raw and James-Stein (squared errors on the arcsine scale),
        ratio (of the two), closer (the number of players for whom James-Stein is closer than the
        raw average, on the arcsine scale) and closer_untransformed (the same on the scale of
        averages).
    """
    import pandas as pd

    raw, at_bats = table["raw"].to_numpy(), table["at_bats"].to_numpy()
    rows = []
    for outcome in outcomes(players).values():
        errors = [_squared_error(table[name], outcome, table) for name in ("raw", "James-Stein")]
        closer = _closer(
            stein(players).estimate,
            arcsine_transform(raw, at_bats),
            arcsine_transform(outcome, at_bats),
        )
        closer_of_averages = _closer(stein_of_averages(players).estimate, raw, outcome)
        rows.append([*errors, errors[0] / errors[1], closer, closer_of_averages])
    return pd.DataFrame(
        rows,
        columns=["raw", "James-Stein", "ratio", "closer", "closer_untransformed"],
        index=pd.Index(OUTCOMES, name="version"),
    )


def numbers(players: pd.DataFrame, table: pd.DataFrame) -> dict[str, Number]:
    """Return Efron and Morris's numbers under the names in ``published/baseball.csv``.

    They are in closed form, without Monte-Carlo error.
    """
    shrinkage = stein(players)
    errors_by_version = versions(players, table)
    averages_share = stein_of_averages(players).shrinkage
    values = {
        "share kept by James-Stein, untransformed": averages_share,
        "V, sum of squares": shrinkage.sum_of_squares,
        "share kept by James-Stein": shrinkage.shrinkage,
    }
    values |= {f"James-Stein, {name}": value for name, value in table["James-Stein"].items()}
    for version, row in errors_by_version.iterrows():
        for column, value in row.items():
            values[f"{_QUANTITIES[str(column)]}, {version}"] = value
    return {name: Number(float(value)) for name, value in values.items()}


_QUANTITIES = {
    "raw": "squared error of raw averages",
    "James-Stein": "squared error of James-Stein",
    "ratio": "ratio of squared errors",
    "closer": "players for whom James-Stein is closer",
    "closer_untransformed": "players for whom it is closer, untransformed",
}


def _closer(shrunk: Floats, raw: Floats, outcome: Floats) -> int:
    """Count the players whose shrunken average is closer to the outcome than the raw one."""
    return int((np.abs(shrunk - outcome) < np.abs(raw - outcome)).sum())


def _squared_error(estimate: Any, outcome: Any, table: pd.DataFrame) -> float:
    at_bats = table["at_bats"].to_numpy()
    return total_squared_error(
        arcsine_transform(np.asarray(estimate), at_bats),
        arcsine_transform(np.asarray(outcome), at_bats),
    )
