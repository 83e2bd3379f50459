"""Tables of the coefficients as a method goes from ignoring the history to reproducing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import DataError, OptionError
from ..sampling.fit import Fit
from . import conjugate
from .distances import MultivariateNormal
from .pair_fits import Pair

if TYPE_CHECKING:
    import pandas as pd

KNOBS = {"kl": "lambda", "power": "a0", "between": "between-sample sd"}
"""By method: the name of the number that says how much it borrows from the history."""

COLUMNS = (
    *("method", "knob", "value", "parameter", "mean", "sd", "low", "high"),
    *("mean_alone", "mean_history"),
)
"""Columns of the table of a path."""


def path(pair: Pair, method: str, values: Sequence[float]) -> pd.DataFrame:
    """Compute the posterior of the coefficients for several values of lambda, a0 or tau, exactly.

    Parameters
    ----------
    pair : Pair
        With a known sigma; without one, see `path_of_fits`.
    method : {"kl", "power", "between"}
        KL-regularised with lambda, power prior with a0, or exchangeable with the between-sample
        sd tau.
    values : sequence of float
        Values of lambda, a0 or tau, in order.

    Returns
    -------
    DataFrame
        A row per value and coefficient, with columns method, knob, value, parameter, mean, sd, low
        and high (90% interval), and mean_alone and mean_history, the means given only the new
        sample or only the history. `pp.plots.transfer_path` draws it.

    Raises
    ------
    OptionError
        If sigma is not known, or there is no such method.
    """
    import pandas as pd

    if pair.sigma is None:
        raise OptionError(
            "path needs a known sigma: give Pair.of(..., sigma=...), or sample and use path_of_fits"
        )
    sigma = pair.sigma
    alone = conjugate.posterior(pair.prior, pair.new, sigma=sigma)
    history = conjugate.posterior(pair.prior, pair.history, sigma=sigma)
    shared = {"prior": pair.prior, "new": pair.new, "history": pair.history}
    methods: dict[str, Callable[[float], MultivariateNormal]] = {
        "kl": lambda v: conjugate.kl_regularised(alone, history, strength=v),
        "power": lambda v: conjugate.power_prior(**shared, sigma=sigma, a0=v),  # type: ignore[arg-type]
        "between": lambda v: conjugate.exchangeable(**shared, sigma=sigma, tau=v),  # type: ignore[arg-type]
    }
    if method not in methods:
        raise OptionError(f"method must be one of {', '.join(methods)}, not {method!r}")
    rows = []
    for value in values:
        posterior = methods[method](float(value))
        for k, name in enumerate(pair.columns):
            mean, sd = float(posterior.mean[k]), float(posterior.sd[k])
            interval = mean - 1.6448536269514722 * sd, mean + 1.6448536269514722 * sd
            limits = float(alone.mean[k]), float(history.mean[k])
            rows.append((method, KNOBS[method], float(value), name, mean, sd, *interval, *limits))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def path_of_fits(
    fits: dict[float, Fit],
    *,
    knob: str,
    alone: Fit,
    history: Fit,
    names: Sequence[str],
) -> pd.DataFrame:
    """Make the table of `path` from fits with several values of lambda, a0 or another number.

    Parameters
    ----------
    fits : mapping of value to Fit
        Fits of any model; means and intervals are those of their draws.
    knob : str
        Name of the number: ``lambda``, ``a0``, ``between-sample sd``.
    alone, history : Fit
        Fits of only the new sample, and of only the history.
    names : sequence of str
        Quantities, as `Fit.summary` labels them: ``beta[floor]``, ``sigma``.

    Returns
    -------
    DataFrame
        As `path` returns.

    Raises
    ------
    DataError
        If there are no fits, or a fit has no such quantity.
    """
    import pandas as pd

    if not fits:
        raise DataError("fits is empty: give a mapping of one or more values to fits")

    def summary(fit: Fit) -> pd.DataFrame:
        table = fit.summary(sorted({name.partition("[")[0] for name in names}))
        missing = [name for name in names if name not in table.index]
        if missing:
            raise DataError(f"the fit has no {missing[0]!r}; it has {', '.join(table.index)}")
        return table

    means_alone, means_history = summary(alone)["mean"], summary(history)["mean"]
    method = next((m for m, k in KNOBS.items() if k == knob), knob)
    rows = []
    for value, fit in fits.items():
        table = summary(fit)
        for name in names:
            numbers = [float(table[column][name]) for column in ("mean", "sd", "q5", "q95")]
            limits = float(means_alone[name]), float(means_history[name])
            rows.append((method, knob, float(value), name, *numbers, *limits))
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(
        "value", kind="stable", ignore_index=True
    )
