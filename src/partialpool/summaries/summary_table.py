"""The summary table of a posterior, with the same columns under every version of ArviZ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ..diagnostics.convergence import convergence, flatten
from ..errors import DataError

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.5, 0.95)


def summary(
    posterior: xr.Dataset,
    *,
    var_names: str | Sequence[str] | None = None,
    quantiles: float | Sequence[float] = QUANTILES,
) -> pd.DataFrame:
    """Tabulate mean, sd, quantiles and convergence statistics of every scalar of a posterior.

    Parameters
    ----------
    posterior : Dataset
        Draws with dimensions chain and draw.
    var_names : str or sequence of str, optional
        Variables to summarise; by default all.
    quantiles : float or sequence of float
        Probabilities between 0 and 1, with a column for each, such as ``q5`` for 0.05.

    Returns
    -------
    DataFrame
        Columns mean, sd, one per quantile, mcse_mean, mcse_sd, ess_bulk, ess_tail, r_hat,
        indexed by quantity.

    Raises
    ------
    DataError
        If a variable is not in the posterior, or a probability is not between 0 and 1.
    """
    import pandas as pd

    if isinstance(var_names, str):
        var_names = [var_names]
    probabilities: list[float] = np.atleast_1d(np.asarray(quantiles, dtype=float)).tolist()
    if var_names is not None:
        missing = [name for name in var_names if name not in posterior]
        if missing:
            raise DataError(
                f"the posterior has no variable {', '.join(map(repr, missing))}; "
                f"it has {', '.join(map(str, posterior.data_vars))}"
            )
        posterior = posterior[list(var_names)]
    if not all(0 < probability < 1 for probability in probabilities):
        raise DataError(f"quantiles must be probabilities between 0 and 1, not {probabilities}")
    labels, values = flatten(posterior)
    draws = values.reshape(-1, len(labels))
    columns = {"mean": draws.mean(axis=0), "sd": draws.std(axis=0, ddof=1)}
    for probability, row in zip(
        probabilities, np.quantile(draws, probabilities, axis=0), strict=True
    ):
        columns[f"q{100 * probability:g}"] = row
    table = pd.DataFrame(columns, index=pd.Index(labels, name="quantity"))
    statistics = convergence(posterior)
    order = ["mcse_mean", "mcse_sd", "ess_bulk", "ess_tail", "r_hat"]
    return pd.concat([table, statistics[order]], axis=1)
