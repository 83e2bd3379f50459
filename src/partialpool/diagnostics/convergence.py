"""R-hat, effective sample size and Monte-Carlo error of every scalar in a posterior.

They are rank-normalised split R-hat, and bulk and tail ESS (Vehtari, Gelman, Simpson, Carpenter &
Buerkner 2021, Bayesian Analysis 16:667, doi:10.1214/20-BA1221), equal to those of ArviZ.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .cache import StatisticsCache
from .statistics import CONVERGENCE, STATISTICS

if TYPE_CHECKING:
    import pandas as pd


def flatten(posterior: xr.Dataset) -> tuple[list[str], NDArray[np.float64]]:
    """Return all scalars of a posterior in one array, with their names.

    Parameters
    ----------
    posterior : Dataset
        Draws with dimensions chain and draw.

    Returns
    -------
    labels : list of str
        Names such as ``mu``, ``theta[Clemente]`` or ``b[AITKIN, floor]``. A complex number makes
        two scalars, ``z.real`` and ``z.imag``.
    values : array, (chain, draw, scalar)
    """
    labels, variables = scalars(posterior)
    shape = (posterior.sizes.get("chain", 0), posterior.sizes.get("draw", 0))
    blocks = [values.astype(np.float64) for values in variables.values()]
    return labels, np.concatenate(blocks, axis=2) if blocks else np.empty((*shape, 0))


def scalars(posterior: xr.Dataset) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Return the names of all scalars of a posterior, and its variables as arrays of scalars.

    Parameters
    ----------
    posterior : Dataset
        Draws with dimensions chain and draw.

    Returns
    -------
    labels : list of str
        As in `flatten`.
    variables : dict of str to array, (chain, draw, scalar)
        The draws of each variable, which are not copied if that can be avoided.
    """
    labels: list[str] = []
    variables: dict[str, NDArray[Any]] = {}
    for name, variable in posterior.data_vars.items():
        other_dims = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        values = np.asarray(variable.transpose("chain", "draw", *other_dims).values)
        size = int(np.prod(values.shape[2:], dtype=int))
        flat = values.reshape(*values.shape[:2], size)
        named = _labels(str(name), [posterior[dim].values for dim in other_dims])
        if np.iscomplexobj(flat):
            flat = np.concatenate([flat.real, flat.imag], axis=2)
            named = [f"{label}.{part}" for part in ("real", "imag") for label in named]
        labels += named
        variables[str(name)] = flat
    return labels, variables


def _labels(name: str, axes: Sequence[NDArray[Any]]) -> list[str]:
    if not axes:
        return [name]
    return [
        f"{name}[{', '.join(map(str, index))}]"
        for index in itertools.product(*(axis.tolist() for axis in axes))
    ]


def convergence(posterior: xr.Dataset) -> pd.DataFrame:
    """Compute convergence statistics of every scalar of a posterior.

    Parameters
    ----------
    posterior : Dataset
        Draws with dimensions chain and draw.

    Returns
    -------
    DataFrame
        Columns r_hat, ess_bulk, ess_tail, mcse_mean, mcse_sd; a row per scalar. All are NaN for
        a scalar that is the same in all draws (such as L[1, 1] of the Cholesky factor of a
        correlation matrix), for one with draws that are not finite, and for all scalars if
        chains have fewer than 4 draws. With one chain, R-hat is NaN. If every chain is constant,
        but at different values, R-hat is infinite.
    """
    return statistics_table(*scalars(posterior))[list(CONVERGENCE)]


def statistics_table(
    labels: Sequence[str],
    variables: dict[str, NDArray[Any]],
    *,
    cache: StatisticsCache | None = None,
) -> pd.DataFrame:
    """Tabulate moments, quantiles and convergence statistics of scalars.

    Parameters
    ----------
    labels, variables
        As `scalars` returns them.
    cache : StatisticsCache, optional
        Where the statistics of a fit are kept.

    Returns
    -------
    DataFrame
        Columns `statistics.STATISTICS`; a row per scalar, indexed by quantity.
    """
    import pandas as pd

    found = (StatisticsCache() if cache is None else cache).of(variables)
    values = np.concatenate(found) if found else np.empty((0, len(STATISTICS)))
    return pd.DataFrame(values, index=pd.Index(labels, name="quantity"), columns=list(STATISTICS))
