"""The summary table of a posterior, with the same columns under every version of ArviZ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..diagnostics.blocks import by_blocks
from ..diagnostics.cache import StatisticsCache
from ..diagnostics.convergence import scalars, statistics_table
from ..diagnostics.statistics import PROBABILITIES, STATISTICS
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
    return summary_with(StatisticsCache(), posterior, var_names=var_names, quantiles=quantiles)


def summary_with(
    cache: StatisticsCache,
    posterior: xr.Dataset,
    *,
    var_names: str | Sequence[str] | None = None,
    quantiles: float | Sequence[float] = QUANTILES,
) -> pd.DataFrame:
    """Tabulate a posterior as `summary` does, with the statistics that `cache` has or will have."""
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
    labels, variables = scalars(posterior)
    table = statistics_table(labels, variables, cache=cache)
    columns = {name: table[name] for name in ("mean", "sd")}
    known = dict(zip(PROBABILITIES, STATISTICS[2:], strict=False))
    others = [probability for probability in probabilities if probability not in known]
    found = iter(_quantiles(list(variables.values()), others).T)
    for probability in probabilities:
        in_table = known.get(probability)
        columns[f"q{100 * probability:g}"] = next(found) if in_table is None else table[in_table]
    for name in ("mcse_mean", "mcse_sd", "ess_bulk", "ess_tail", "r_hat"):
        columns[name] = table[name]
    return pd.DataFrame(columns)


def _quantiles(
    variables: Sequence[NDArray[Any]], probabilities: Sequence[float]
) -> NDArray[np.float64]:
    """Return quantiles of all scalars of some variables, (scalar, probability)."""

    def of_block(draws: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.quantile(
            draws.reshape(len(draws), -1), probabilities, axis=1
        )
        return found.T

    if not variables or not probabilities:
        return np.empty((0, len(probabilities)))
    return np.concatenate(by_blocks(variables, len(probabilities), of_block))
