"""Cross-validation of the poolings: how well each predicts houses it was not shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import programs
from ...errors import DataError
from ...sampling.fit import Fit
from .models import GELMAN_HILL, MODELS, given

if TYPE_CHECKING:
    import pandas as pd

POOLINGS = ("complete", "none", "partial", "uranium")
OF_A_HOUSE = ("group", "x", "X", "y")
"""Data with an entry per house."""


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
    """Predict every house from a fit to the other folds' houses.

    Houses are dealt to folds at random, whatever their county, several times over. A prediction
    is the posterior mean of the house's expected response. Without pooling, nothing is known of a
    county that has no house left in the other folds: such houses are predicted by complete
    pooling.

    Parameters
    ----------
    response : str
    poolings : sequence of str
        Keys of `MODELS`; with "none" also "complete".
    folds, assignments : int
        Number of folds, and how often houses are dealt anew.
    engine, seed, chains, draws
        As in `StanProgram.sample`.

    Returns
    -------
    DataFrame
        Rows (assignment, pooling); columns rmse, unseen (houses without another of their county
        in the other folds) and divergences (in all fits).

    Raises
    ------
    DataError
        If "none" is asked for without "complete".
    """
    import pandas as pd

    if "none" in poolings and "complete" not in poolings:
        raise DataError("no pooling needs complete pooling, for counties that it was not shown")
    rows = {}
    for assignment in range(assignments):
        rng = np.random.default_rng([seed, assignment])
        y = given(programs.get(MODELS["partial"].name), response)["data"]["y"]
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
    predicted = {pooling: np.empty(len(fold)) for pooling in poolings}
    divergences = dict.fromkeys(poolings, 0)
    unseen = 0
    for k in range(fold.max() + 1):
        held = fold == k
        for pooling in sorted(poolings):  # complete before none
            program = programs.get(MODELS[pooling].name)
            data = given(program, response)["data"]
            train = {
                name: value[~held] if name in OF_A_HOUSE else value for name, value in data.items()
            }
            train["N"] = int((~held).sum())
            seen = np.ones(held.sum(), dtype=bool)
            group = np.zeros(held.sum(), dtype=int)
            if "group" in data:
                group = data["group"][held] - 1
            if pooling == "none":  # a county without houses would be drawn from its wide prior
                known, train["group"] = np.unique(train["group"], return_inverse=True)
                train["group"], train["J"] = train["group"] + 1, len(known)
                seen = np.isin(group + 1, known)
                group = np.searchsorted(known, group + 1) % len(known)
                unseen += int((~seen).sum())
            fit = program.sample(train, verbose=False, progress=False, **options)
            divergences[pooling] += int(fit.sample_stats["diverging"].sum())
            floor = (data["X"][:, 0] if "X" in data else data["x"])[held]
            mean = _expected(fit, group, floor)
            predicted[pooling][held] = mean
            if not seen.all():
                lost = np.flatnonzero(held)[~seen]
                predicted[pooling][lost] = predicted["complete"][lost]
    return predicted, divergences, unseen


def _expected(
    fit: Fit, group: NDArray[np.int64], floor: NDArray[np.float64]
) -> NDArray[np.float64]:
    mean = fit.posterior[["a", "b"]].mean(["chain", "draw"])
    a, b = np.atleast_1d(mean["a"].values), np.atleast_1d(mean["b"].values)
    return np.asarray(a[group] + b[0] * floor, dtype=np.float64)
