"""Tables that several studies share: how samplers fared, and simulated truths found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..fit import Fit
from ..summaries.draws import Draws, scalar_draws

if TYPE_CHECKING:
    import pandas as pd

CHECKS = {
    "divergences": "divergences",
    "R-hat": "r_hat",
    "E-BFMI": "e_bfmi",
    "bulk ESS": "ess_bulk",
    "tail ESS": "ess_tail",
}
"""Names of the checks of a diagnosis, and of the columns."""


def sampler_table(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Lay the diagnoses of several fits side by side, the worst value of each check.

    Parameters
    ----------
    fits : mapping of name to Fit

    Returns
    -------
    DataFrame
        Columns divergences, of (draws), r_hat, e_bfmi, ess_bulk, ess_tail and fine (every check
        is passed), indexed by fit.
    """
    import pandas as pd

    rows = []
    for fit in fits.values():
        found = fit.diagnose()
        row: dict[str, object] = {name: found[check].value for check, name in CHECKS.items()}
        row["divergences"] = int(found["divergences"].value)
        row["of"] = found.chains * found.draws
        row["fine"] = found.ok
        rows.append(row)
    order = ["divergences", "of", *list(CHECKS.values())[1:], "fine"]
    return pd.DataFrame(rows, index=pd.Index(list(fits), name="fit"))[order]


def truth_table(
    draws: Mapping[str, Draws], truth: Mapping[str, float], *, probability: float = 0.999
) -> pd.DataFrame:
    """Lay posteriors beside the truth that the data were simulated with.

    Parameters
    ----------
    draws : mapping of name to draws (chain, draw)
    truth : mapping of the same names to values
    probability : float
        Of the central interval that should hold the truth.

    Returns
    -------
    DataFrame
        Columns truth, mean, sd, q5, q95, below (share of draws below the truth) and within (is
        the truth within the central interval?), indexed by quantity.

    Raises
    ------
    DataError
        If the names differ.
    """
    import pandas as pd

    if set(draws) != set(truth):
        raise DataError(f"draws and truth differ: {', '.join(sorted(set(draws) ^ set(truth)))}")
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
