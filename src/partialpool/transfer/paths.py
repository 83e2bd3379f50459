"""What every parameter does as a method goes from ignoring the history to copying it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import DataError, OptionError
from ..sampling.fit import Fit
from . import conjugate
from .distances import MultivariateNormal
from .pair import Pair

if TYPE_CHECKING:
    import pandas as pd

KNOBS = {"kl": "lambda", "power": "a0", "between": "between-sample sd"}
"""Methods, and the number that each has."""

COLUMNS = (
    *("method", "knob", "value", "parameter", "mean", "sd", "low", "high"),
    *("mean_alone", "mean_history"),
)
"""Of a path."""


def path(pair: Pair, method: str, values: Sequence[float]) -> pd.DataFrame:
    """Follow the coefficients along lambda, a0 or the between-sample sd: exact, sigma known.

    Parameters
    ----------
    pair : Pair
        With a known sigma; for others see `path_of_fits`.
    method : {"kl", "power", "between"}
        KL-regularised along lambda, power prior along a0, exchangeable along tau.
    values : sequence of float
        In order.

    Returns
    -------
    DataFrame
        Columns method, knob, value, parameter, mean, sd, low and high (90% interval), and
        mean_alone, mean_history: of either sample by itself. `pp.plots.transfer_path` draws it.

    Raises
    ------
    OptionError
        If sigma is not known, or there is no such method.
    """
    import pandas as pd

    if pair.sigma is None:
        raise OptionError("path needs a known sigma; path_of_fits takes any fits")
    sigma = pair.sigma
    alone = conjugate.posterior(pair.prior, pair.new, sigma=sigma)
    history = conjugate.posterior(pair.prior, pair.history, sigma=sigma)
    shared = {"prior": pair.prior, "new": pair.new, "history": pair.history}
    found: dict[str, Callable[[float], MultivariateNormal]] = {
        "kl": lambda v: conjugate.kl_regularised(alone, history, strength=v),
        "power": lambda v: conjugate.power_prior(**shared, sigma=sigma, a0=v),  # type: ignore[arg-type]
        "between": lambda v: conjugate.exchangeable(**shared, sigma=sigma, tau=v),  # type: ignore[arg-type]
    }
    if method not in found:
        raise OptionError(f"method must be one of {', '.join(found)}, not {method!r}")
    rows = []
    for value in values:
        at = found[method](float(value))
        for k, name in enumerate(pair.columns):
            mean, sd = float(at.mean[k]), float(at.sd[k])
            ends = mean - 1.6448536269514722 * sd, mean + 1.6448536269514722 * sd
            near = float(alone.mean[k]), float(history.mean[k])
            rows.append((method, KNOBS[method], float(value), name, mean, sd, *ends, *near))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def path_of_fits(
    fits: dict[float, Fit],
    *,
    knob: str,
    alone: Fit,
    history: Fit,
    names: Sequence[str],
) -> pd.DataFrame:
    """Lay fits with several values of lambda, a0 or a between-sample sd out as a path.

    Parameters
    ----------
    fits : mapping of value to Fit
        Of any model; means and intervals are those of the draws.
    knob : str
        What the values are of: ``lambda``, ``a0``, ``between-sample sd``.
    alone, history : Fit
        Of the new sample and of the history by themselves.
    names : sequence of str
        Quantities, as `Fit.summary` labels them: ``beta[floor]``, ``sigma``.

    Returns
    -------
    DataFrame
        As `path`.
    """
    import pandas as pd

    if not fits:
        raise DataError("there is no fit to follow")

    def summary(fit: Fit) -> pd.DataFrame:
        found = fit.summary(sorted({name.partition("[")[0] for name in names}))
        missing = [name for name in names if name not in found.index]
        if missing:
            raise DataError(f"the fit has no {missing[0]!r}; it has {', '.join(found.index)}")
        return found

    own, other = summary(alone)["mean"], summary(history)["mean"]
    method = next((m for m, k in KNOBS.items() if k == knob), knob)
    rows = []
    for value, fit in fits.items():
        found = summary(fit)
        for name in names:
            here = [float(found[column][name]) for column in ("mean", "sd", "q5", "q95")]
            near = float(own[name]), float(other[name])
            rows.append((method, knob, float(value), name, *here, *near))
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(
        "value", kind="stable", ignore_index=True
    )
