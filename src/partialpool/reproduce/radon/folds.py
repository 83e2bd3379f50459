"""Cross-validation of the degrees of pooling: the errors of predictions for held-out houses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import programs
from ...errors import DataError
from ...sampling.fit import Fit
from .models import GELMAN_HILL, MODELS, data_and_labels

if TYPE_CHECKING:
    import pandas as pd

POOLINGS = ("complete", "none", "partial", "uranium")
OF_A_HOUSE = ("group", "x", "X", "y")
"""Names of data variables that have an entry per house."""


def cross_validate(
    *,
    response: str = GELMAN_HILL,
    poolings: Sequence[str] = POOLINGS,
    folds: int = 10,
    assignments: int = 2,
    engine: str = "auto",
    seed: int = 1,
    chains: int = 2,
    draws: int = 500,
) -> pd.DataFrame:
    """Tabulate the errors of predicting every house from a fit to the houses of other folds.

    Houses are assigned to folds at random, regardless of their county. A prediction is the
    posterior mean of the house's expected response. No pooling cannot predict a house if its county
    has no house in the other folds; such houses are predicted by complete pooling.

    Parameters
    ----------
    response : {"log_radon", "log_activity_plus_tenth"}
    poolings : sequence of str
        Keys of `MODELS`; if "none" is among them, "complete" must be too.
    folds : int
        Number of folds.
    assignments : int
        Number of random assignments of houses to folds.
    engine, seed, chains, draws
        As in `StanProgram.sample`.

    Returns
    -------
    DataFrame
        Rows (assignment, pooling); columns rmse, unseen (number of houses whose county has no
        house in the other folds) and divergences (in all fits).

    Raises
    ------
    DataError
        If `poolings` has "none" but not "complete".
    """
    import pandas as pd

    if "none" in poolings and "complete" not in poolings:
        raise DataError(
            'poolings has "none" but not "complete", which predicts counties without houses in '
            'the other folds: add "complete"'
        )
    rows = {}
    for assignment in range(assignments):
        rng = np.random.default_rng([seed, assignment])
        y = data_and_labels(programs.get(MODELS["partial"].name), response)["data"]["y"]
        fold = rng.permutation(len(y)) % folds
        predicted, divergences, unseen = _predict(
            fold, poolings, response, engine=engine, seed=seed, chains=chains, draws=draws
        )
        for pooling in poolings:
            rmse = float(np.sqrt(np.mean((y - predicted[pooling]) ** 2)))
            rows[assignment + 1, pooling] = (rmse, unseen, divergences[pooling])
    index = pd.MultiIndex.from_tuples(list(rows), names=["assignment", "pooling"])
    return pd.DataFrame(list(rows.values()), index=index, columns=["rmse", "unseen", "divergences"])


def _predict(
    fold: NDArray[np.int64], poolings: Sequence[str], response: str, **options: Any
) -> tuple[dict[str, NDArray[np.float64]], dict[str, int], int]:
    """Return predictions and divergences by pooling, and the number of unseen houses."""
    predicted = {pooling: np.empty(len(fold)) for pooling in poolings}
    divergences = dict.fromkeys(poolings, 0)
    unseen = 0
    for k in range(fold.max() + 1):
        held_out = fold == k
        for pooling in sorted(poolings):  # complete before none
            program = programs.get(MODELS[pooling].name)
            data = data_and_labels(program, response)["data"]
            train = {
                name: value[~held_out] if name in OF_A_HOUSE else value
                for name, value in data.items()
            }
            train["N"] = int((~held_out).sum())
            has_county = np.ones(held_out.sum(), dtype=bool)
            group = np.zeros(held_out.sum(), dtype=int)
            if "group" in data:
                group = data["group"][held_out] - 1
            if pooling == "none":  # counties without houses would have draws of their wide prior
                counties_seen, train["group"] = np.unique(train["group"], return_inverse=True)
                train["group"], train["J"] = train["group"] + 1, len(counties_seen)
                has_county = np.isin(group + 1, counties_seen)
                group = np.searchsorted(counties_seen, group + 1) % len(counties_seen)
                unseen += int((~has_county).sum())
            fit = program.sample(train, verbose=False, progress=False, **options)
            divergences[pooling] += int(fit.sample_stats["diverging"].sum())
            floor = (data["X"][:, 0] if "X" in data else data["x"])[held_out]
            mean = _expected(fit, group, floor)
            predicted[pooling][held_out] = mean
            if not has_county.all():
                unseen_houses = np.flatnonzero(held_out)[~has_county]
                predicted[pooling][unseen_houses] = predicted["complete"][unseen_houses]
    return predicted, divergences, unseen


def _expected(
    fit: Fit, group: NDArray[np.int64], floor: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the expected response of houses at the posterior means, (house,)."""
    mean = fit.posterior[["a", "b"]].mean(["chain", "draw"])
    a, b = np.atleast_1d(mean["a"].values), np.atleast_1d(mean["b"].values)
    return np.asarray(a[group] + b[0] * floor, dtype=np.float64)
