"""Posterior predictive p-values: a statistic of the observed data among replicated data sets.

Rubin 1984, Annals of Statistics 12:1151, doi:10.1214/aos/1176346785; Gelman, Meng & Stern 1996,
Statistica Sinica 6:733. These p-values are not uniformly distributed under the true model but
concentrated around 1/2. A p-value near 0 or 1 is therefore stronger evidence against the model
than a classical p-value of the same size, and one near 1/2 is weaker evidence for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from ..errors import DataError
from .draws import Draws, group_draws
from .monte_carlo import estimate_mean

if TYPE_CHECKING:
    import pandas as pd

Statistic = Callable[[NDArray[Any]], Any]


def _sd(data: NDArray[Any]) -> float:
    return float(np.std(data, ddof=1))


ROUNDING = 1e-12
"""Relative difference below which two values of a statistic count as equal.

Rounding alone can make that difference, for instance if the same data come in another order.
"""

STATISTICS: Mapping[str, Statistic] = {"min": np.min, "max": np.max, "mean": np.mean, "sd": _sd}
"""Statistics that can be chosen by name; sd divides by n - 1."""


@dataclass(frozen=True)
class PosteriorPValue:
    """A posterior predictive p-value and the distribution that it comes from.

    Attributes
    ----------
    name : str
        Name of the statistic.
    observed : float
        The statistic of the observed data.
    replicated : array, (chain, draw)
        The statistic of every replicated data set. Values that differ from `observed` by
        rounding only are set equal to it.
    p_value : float
        Share of replicated data sets whose statistic is at least `observed`.
    mcse, ess : float
        Monte-Carlo standard error of `p_value`, and its effective sample size; NaN if `p_value`
        is 0 or 1.
    p_equal : float
        Share of replicated data sets whose statistic equals `observed`; ties are common with
        counts. ``p_value - p_equal / 2`` is the mid-p-value.
    """

    name: str
    observed: float
    replicated: NDArray[np.float64]
    p_value: float
    mcse: float
    ess: float
    p_equal: float


def posterior_p_value(
    replicated: Draws,
    observed: npt.ArrayLike,
    *,
    statistic: str | Statistic,
    name: str | None = None,
) -> PosteriorPValue:
    """Compare a statistic of the observed data with its posterior predictive distribution.

    Parameters
    ----------
    replicated : DataArray or array, (chain, draw, group)
        One data set simulated from the model for every draw of its parameters.
    observed : array, (group,)
        The observed data, in the order and unit of `replicated`.
    statistic : {"min", "max", "mean", "sd"} or function
        Takes one data set, an array (group,), and returns a number.
    name : str, optional
        Name of the statistic; by default the name of the function.

    Returns
    -------
    PosteriorPValue

    Raises
    ------
    DataError
        If the sizes differ, data are not finite, or the statistic is unknown or does not give
        one finite number.
    """
    draws = group_draws(replicated, what="replicated")
    data = np.asarray(observed, dtype=np.float64)
    if data.shape != (len(draws.labels),):
        raise DataError(
            f"observed has shape {data.shape}, but each replicated data set has "
            f"{len(draws.labels)} values"
        )
    if not np.isfinite(data).all():
        raise DataError("observed has values that are not finite")
    if isinstance(statistic, str):
        if statistic not in STATISTICS:
            raise DataError(
                f"there is no statistic {statistic!r}; give one of {', '.join(STATISTICS)}, "
                "or a function"
            )
        function, title = STATISTICS[statistic], name or str(statistic)
    else:
        function = statistic
        title = name or str(getattr(statistic, "__name__", "statistic"))
    observed_statistic = _number(function(data), title)
    replicated_statistics = np.array([_number(function(row), title) for row in draws.flat])
    replicated_statistics = replicated_statistics.reshape(draws.values.shape[:2])
    replicated_statistics[
        np.isclose(replicated_statistics, observed_statistic, rtol=ROUNDING, atol=0)
    ] = observed_statistic
    estimate = estimate_mean((replicated_statistics >= observed_statistic)[:, :, None])
    return PosteriorPValue(
        title,
        observed_statistic,
        replicated_statistics,
        float(estimate.mean[0]),
        float(estimate.mcse[0]),
        float(estimate.ess[0]),
        float(np.mean(replicated_statistics == observed_statistic)),
    )


def posterior_p_values(
    replicated: Draws,
    observed: npt.ArrayLike,
    *,
    statistics: Mapping[str, Statistic] = STATISTICS,
) -> pd.DataFrame:
    """Tabulate posterior predictive p-values of several statistics.

    Parameters
    ----------
    replicated, observed
        As in `posterior_p_value`.
    statistics : mapping of name to function
        By default min, max, mean and sd.

    Returns
    -------
    DataFrame
        Columns observed, p_value, mcse, ess, p_equal, indexed by statistic.

    Raises
    ------
    DataError
        As `posterior_p_value`.
    """
    import pandas as pd

    checks = [
        posterior_p_value(replicated, observed, statistic=function, name=name)
        for name, function in statistics.items()
    ]
    columns = ("observed", "p_value", "mcse", "ess", "p_equal")
    return pd.DataFrame(
        [[getattr(check, column) for column in columns] for check in checks],
        columns=list(columns),
        index=pd.Index([check.name for check in checks], name="statistic"),
    )


def _number(value: Any, name: str) -> float:
    array = np.asarray(value)
    if array.ndim != 0 or array.dtype.kind not in "biuf" or not np.isfinite(array):
        raise DataError(
            f"the statistic {name!r} must give one finite number for a data set; it gave {value!r}"
        )
    return float(array)
