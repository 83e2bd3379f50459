"""Radon in Minnesota: Gelman and Hill's poolings, and Wiecki's funnel.

Two different responses are in use, and each model names its own (`models`). Gelman & Hill 2007
(Data Analysis Using Regression and Multilevel/Hierarchical Models, chapters 12 and 13) take the
log of the activity, with the three zeros replaced by 0.1. Wiecki 2017 ("Why hierarchical models are
awesome, tricky, and Bayesian") takes the log of the activity plus 0.1.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import datasets
from ...sampling.fit import Fit
from ..tools.published import Number, compare, mean_of, read
from ..tools.reml import Reml, reml
from ..tools.study import Settings, Study, Table
from .figures import (
    FUNNEL_LIMITS,
    PUBLISHED_MODE,
    exact_spread,
    figures,
    ladder_of,
    parameterisations,
)
from .folds import cross_validate
from .models import (
    CHOSEN,
    FUNNEL,
    GELMAN_HILL,
    MODELS,
    SLOPES,
    WIECKI,
    Model,
    county_sizes,
    data_and_labels,
    reduced,
)
from .modes import collapse, modes

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CHOSEN",
    "FUNNEL",
    "FUNNEL_LIMITS",
    "GELMAN_HILL",
    "MODELS",
    "PUBLISHED_MODE",
    "WIECKI",
    "Model",
    "collapse",
    "county_sizes",
    "cross_validate",
    "data_and_labels",
    "estimates",
    "exact_spread",
    "ladder_of",
    "least_squares",
    "modes",
    "numbers",
    "parameterisations",
    "radon",
    "reml_table",
]

REMLS: Mapping[str, tuple[str, str, bool]] = {
    "no predictor": (GELMAN_HILL, "1", False),
    "floor": (GELMAN_HILL, "1 floor", False),
    "floor, uranium": (GELMAN_HILL, "1 floor log_uranium", False),
    "floor, slopes vary": (GELMAN_HILL, "1 floor", True),
    "floor, other response": (WIECKI, "1 floor", False),
}
COEFFICIENTS = {"1": "mu_a", "floor": "b", "log_uranium": "g"}
SHOWN = {"complete": "a b sigma", "none": "b sigma", "partial": "mu_a b sigma_a sigma"}
SHOWN |= {"uranium": "mu_a b g sigma_a sigma"}
SHOWN |= {"correlated": "mu_a mu_b sigma_a sigma_b rho sigma"}
SHOWN |= dict.fromkeys(("centered", "noncentered", "marginal"), SLOPES)


def radon(settings: Settings) -> Study:
    """Fit the models of both sources, compare with the published numbers, and draw the figures.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    Study
    """
    fits = {
        name: settings.sample(name, model.program, **model.data_and_labels)
        for name, model in MODELS.items()
    }
    mode_table = modes(engine=settings.engine)
    folds = cross_validate(engine=settings.engine, seed=settings.seed)
    ours = numbers(fits, modes=mode_table, folds=folds)
    tables = {
        "least_squares": Table("Complete and no pooling by least squares", least_squares()),
        "reml": Table("Restricted maximum likelihood, recomputed", reml_table()),
        "estimates": Table("Posterior means", estimates(fits)),
        "modes": Table("Posterior modes of Wiecki's model, from three starts", mode_table, 4),
        "folds": Table("Root mean squared error of ten-fold cross-validation", folds, 4),
        "efficiency": Table("Bulk ESS per second", parameterisations(fits), 1),
    }
    return Study(
        "radon",
        {name: _named_index(table) for name, table in tables.items()},
        compare(read("radon"), ours),
        fits,
        figures(fits, settings.engine),
    )


def _named_index(table: Table) -> Table:
    """Return a table with all levels of its index but the first as columns."""
    frame = table.frame
    if frame.index.nlevels > 1:
        frame = frame.reset_index(level=list(range(1, frame.index.nlevels)))
    return Table(table.heading, frame, table.decimals)


@functools.cache
def _reml() -> dict[str, Reml]:
    return {
        name: reml(reduced(response, fixed=fixed, slopes=slopes), correlated=slopes)
        for name, (response, fixed, slopes) in REMLS.items()
    }


def reml_table() -> pd.DataFrame:
    """Recompute the published REML estimates.

    Returns
    -------
    DataFrame
        A row per model of `REMLS`; columns for each coefficient and its standard error, sigma_a,
        sigma_b, rho and sigma; NaN where a model has no such parameter.
    """
    import pandas as pd

    rows: dict[str, dict[str, float]] = {}
    for name, estimate in _reml().items():
        row: dict[str, float] = {}
        terms = REMLS[name][1].split()
        for term, value, error in zip(
            terms, estimate.coefficients, estimate.standard_errors, strict=True
        ):
            row |= {COEFFICIENTS[term]: value, f"se({COEFFICIENTS[term]})": error}
        row |= dict(zip(("sigma_a", "sigma_b"), estimate.scale, strict=False))
        if len(estimate.scale) == 2:
            row["rho"] = estimate.rho
        rows[name] = row | {"sigma": estimate.sigma}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")
    order = [k for c in ("mu_a", "b", "g") for k in (c, f"se({c})")]
    return table[[*order, "sigma_a", "sigma_b", "rho", "sigma"]]


def least_squares(response: str = GELMAN_HILL) -> pd.DataFrame:
    """Recompute the published least-squares regressions, with complete and with no pooling.

    Parameters
    ----------
    response : {"log_radon", "log_activity_plus_tenth"}

    Returns
    -------
    DataFrame
        Rows complete and none; columns a (NaN for no pooling, where each county has an intercept),
        b and sigma, the residual standard deviation.
    """
    import pandas as pd

    houses = datasets.load("radon")
    y, floor = houses[response].to_numpy(), houses["floor"].to_numpy(dtype=np.float64)
    intercepts = {
        "complete": np.ones((len(y), 1)),
        "none": pd.get_dummies(houses["county"]).to_numpy(dtype=np.float64),
    }
    rows = {}
    for pooling, columns in intercepts.items():
        x = np.column_stack([floor, columns])
        coefficients, squares, *_ = np.linalg.lstsq(x, y, rcond=None)
        a = coefficients[1] if pooling == "complete" else np.nan
        sigma = np.sqrt(squares[0] / (len(y) - x.shape[1]))
        rows[pooling] = {"a": a, "b": coefficients[0], "sigma": sigma}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("pooling")


def estimates(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Tabulate posterior means, a row per fit.

    Parameters
    ----------
    fits : mapping of key of `MODELS` to Fit

    Returns
    -------
    DataFrame
        Columns response, then the parameters; NaN where a model has no such parameter.
    """
    import pandas as pd

    rows = {
        name: {"response": MODELS[name].response}
        | {k: float(_draws(fit, k).mean()) for k in SHOWN[name].split()}
        for name, fit in fits.items()
        if name in SHOWN
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("fit")


def _draws(fit: Fit, name: str) -> Any:
    values = fit.posterior[name].values
    return values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values


def numbers(
    fits: Mapping[str, Fit],
    *,
    modes: pd.DataFrame | None = None,
    folds: pd.DataFrame | None = None,
) -> dict[str, Number]:
    """Return our numbers under the names in ``published/radon.csv``.

    Parameters
    ----------
    fits : mapping of key of `MODELS` to Fit
    modes : DataFrame, optional
        The result of `modes.modes`.
    folds : DataFrame, optional
        The result of `folds.cross_validate`.
    """
    ours = {
        f"{method}, {model}: {name}": Number(float(value))
        for method, table in (("REML", reml_table()), ("least squares", least_squares()))
        for model, row in table.iterrows()
        for name, value in row.items()
        if not np.isnan(value)
    }
    for name, fit in fits.items():
        for quantity in SHOWN.get(name, "").split():
            ours[f"{name}: {quantity}"] = mean_of(_draws(fit, quantity))
    if modes is not None:
        centered = modes.index.get_level_values("form") == "centered"
        smallest = modes[centered & (modes["sigma_b"] > 0)].nsmallest(1, "sigma_b")
        for quantity, column in (("sigma_b", "sigma_b"), ("slopes", "largest_slope")):
            value = float(smallest[column].iloc[0]) if len(smallest) else np.nan
            ours[f"joint mode: {quantity}"] = Number(value)
    if folds is not None:
        for pooling, errors in folds["rmse"].groupby("pooling"):
            ours[f"RMSE: {pooling}"] = Number(float(errors.mean()), float(errors.std()))
    return ours
