"""R-hat, effective sample size and Monte-Carlo error of every scalar in a posterior.

ArviZ computes them (rank-normalised split R-hat, bulk and tail ESS: Vehtari, Gelman, Simpson,
Carpenter & Buerkner 2021, Bayesian Analysis 16:667, doi:10.1214/20-BA1221). Options whose defaults
differ between ArviZ 0.23 and 1.x are passed explicitly, so that both give the same numbers.
"""

from __future__ import annotations

import importlib
import itertools
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("r_hat", "ess_bulk", "ess_tail", "mcse_mean", "mcse_sd")
TAIL = (0.05, 0.95)
"""Tail ESS is the smaller of the effective sample sizes of these two quantiles."""
SHORTEST = 4
"""Smallest number of draws per chain for which the statistics are computed."""


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
    labels: list[str] = []
    blocks: list[NDArray[np.float64]] = []
    shape = (posterior.sizes.get("chain", 0), posterior.sizes.get("draw", 0))
    for name, variable in posterior.data_vars.items():
        other_dims = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        ordered = variable.transpose("chain", "draw", *other_dims)
        size = int(np.prod([posterior.sizes[dim] for dim in other_dims], dtype=int))
        flat = np.asarray(ordered.values).reshape(*shape, size)
        named = _labels(str(name), [posterior[dim].values for dim in other_dims])
        if np.iscomplexobj(flat):
            blocks += [flat.real, flat.imag]
            labels += [f"{label}.{part}" for part in ("real", "imag") for label in named]
        else:
            blocks.append(flat.astype(np.float64))
            labels += named
    return labels, np.concatenate(blocks, axis=2) if blocks else np.empty((*shape, 0))


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
    import pandas as pd

    labels, values = flatten(posterior)
    table = pd.DataFrame(np.nan, index=pd.Index(labels, name="quantity"), columns=list(COLUMNS))
    if values.shape[1] < SHORTEST or not labels:
        return table
    finite = np.isfinite(values).all(axis=(0, 1))
    varies = np.ptp(np.where(finite, values, 0.0), axis=(0, 1)) > 0
    usable = finite & varies
    if usable.any():
        table.loc[usable, list(COLUMNS)] = _statistics(values[:, :, usable])
        constant_in_chains = (np.ptp(np.where(finite, values, 0.0), axis=1) == 0).all(axis=0)
        table.loc[usable & constant_in_chains, "r_hat"] = np.inf
    return table


def _statistics(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the statistics of `COLUMNS` for draws (chain, draw, scalar), (scalar, statistic)."""
    arviz: Any = importlib.import_module("arviz")

    draws = xr.Dataset({"x": (("chain", "draw", "scalar"), values)})
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # ArviZ warns about a single chain or a constant one; `diagnose` has checks for both
        warnings.simplefilter("ignore")
        results = (
            arviz.rhat(draws, method="rank")
            if len(values) > 1
            else draws.mean(SAMPLE_DIMS) * np.nan,
            arviz.ess(draws, method="bulk"),
            arviz.ess(draws, method="tail", prob=TAIL),
            arviz.mcse(draws, method="mean"),
            arviz.mcse(draws, method="sd"),
        )
    return np.column_stack([np.asarray(result["x"].values, np.float64) for result in results])
