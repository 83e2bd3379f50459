"""Effective draws per second, to compare parameterisations of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...sampling.fit import Fit

if TYPE_CHECKING:
    import pandas as pd


def efficiency(fits: Mapping[str, Fit], var_names: Sequence[str]) -> pd.DataFrame:
    """Tabulate bulk ESS per second of the same quantities under several fits.

    The seconds are those of the engine for all chains, including warmup and reading the draws but
    not compiling. Only fits from the same run on the same machine can be compared.

    Parameters
    ----------
    fits : mapping of name to Fit
    var_names : sequence of str
        Scalar parameters that all fits have.

    Returns
    -------
    DataFrame
        Rows (fit, quantity); columns seconds, divergences, ess, ess_per_second.
    """
    import pandas as pd

    parts = {}
    for name, fit in fits.items():
        ess = fit.summary(list(var_names))["ess_bulk"]
        seconds = float(fit.attrs["seconds"])
        parts[name] = pd.DataFrame(
            {
                "seconds": seconds,
                "divergences": int(fit.sample_stats["diverging"].sum()),
                "ess": ess,
                "ess_per_second": ess / seconds,
            }
        )
    return pd.concat(parts, names=["fit", "quantity"])
