"""A table of posteriors beside the true values of simulated data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DataError
from ...summaries.draws import Draws, scalar_draws

if TYPE_CHECKING:
    import pandas as pd


def truth_table(
    draws: Mapping[str, Draws], truth: Mapping[str, float], *, probability: float = 0.999
) -> pd.DataFrame:
    """Tabulate posteriors beside the true values that the data were simulated with.

    Parameters
    ----------
    draws : mapping of name to draws (chain, draw)
    truth : mapping of the same names to values
    probability : float
        Probability of the central interval of the column within.

    Returns
    -------
    DataFrame
        Columns truth, mean, sd, q5, q95, below (share of draws below the truth) and within
        (whether the truth is within the central interval), indexed by quantity.

    Raises
    ------
    DataError
        If the names differ.
    """
    import pandas as pd

    if set(draws) != set(truth):
        raise DataError(
            "draws and truth must have the same names; only one of them has "
            f"{', '.join(sorted(set(draws) ^ set(truth)))}"
        )
    rows = []
    for name, value in truth.items():
        values = scalar_draws(draws[name], what=name)
        low, q5, q95, high = np.quantile(
            values, [(1 - probability) / 2, 0.05, 0.95, (1 + probability) / 2]
        )
        rows.append(
            {
                "truth": float(value),
                "mean": float(values.mean()),
                "sd": float(values.std(ddof=1)),
                "q5": float(q5),
                "q95": float(q95),
                "below": float((values < value).mean()),
                "within": bool(low <= value <= high),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(truth), name="quantity"))
