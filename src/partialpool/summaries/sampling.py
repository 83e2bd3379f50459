"""A table of sampling diagnostics, one row per fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..diagnostics.checks import ebfmi
from ..diagnostics.convergence import convergence
from ..errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class Sampled(Protocol):
    """The attributes of a `Fit` that `sampling_table` reads."""

    @property
    def posterior(self) -> xr.Dataset:
        """Draws with dimensions chain and draw."""

    @property
    def sample_stats(self) -> xr.Dataset:
        """Statistics that the sampler reports for each draw, under ArviZ's names."""

    @property
    def config(self) -> dict[str, Any]:
        """The sampler's options."""


def sampling_table(
    fits: Mapping[str, Sampled], *, var_names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Tabulate the sampling diagnostics of several fits.

    Parameters
    ----------
    fits : mapping of name to Fit
        Sampled by NUTS.
    var_names : sequence of str, optional
        Variables whose R-hat and effective sample sizes count; by default all.

    Returns
    -------
    DataFrame
        A row per fit, with columns adapt_delta; divergences (in all chains) and by_chain; r_hat
        (the largest); ess_bulk, ess_tail and ebfmi (the smallest); gradients (the number of
        gradient evaluations after warmup).

    Raises
    ------
    DataError
        If there is no fit, or a variable is not in its posterior.
    """
    import pandas as pd

    if not fits:
        raise DataError("fits is empty: give at least one fit by its name")
    rows = [_row(name, fit, var_names) for name, fit in fits.items()]
    return pd.DataFrame(rows, index=pd.Index(list(fits), name="fit"))


def _row(name: str, fit: Sampled, var_names: Sequence[str] | None) -> dict[str, Any]:
    """Return the diagnostics of one fit by column."""
    posterior, stats = fit.posterior, fit.sample_stats
    if var_names is not None:
        missing = [variable for variable in var_names if variable not in posterior]
        if missing:
            raise DataError(
                f"the posterior of {name} has no variable {', '.join(missing)}; it has "
                f"{', '.join(map(str, posterior.data_vars))}"
            )
        posterior = posterior[list(var_names)]
    table = convergence(posterior)
    by_chain = stats["diverging"].transpose("chain", "draw").values.sum(axis=1)
    return {
        "adapt_delta": fit.config["adapt_delta"],
        "divergences": int(by_chain.sum()),
        "by_chain": ", ".join(str(count) for count in by_chain.tolist()),
        "r_hat": table["r_hat"].max(),
        "ess_bulk": table["ess_bulk"].min(),
        "ess_tail": table["ess_tail"].min(),
        "ebfmi": float(np.min(ebfmi(stats["energy"].transpose("chain", "draw").values))),
        "gradients": int(stats["n_steps"].values.sum()),
    }
