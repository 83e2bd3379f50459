"""Check that the response suits its family, before sampling, with errors in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..design.design import Design, Response
from ..errors import DataError, warn
from .families import Family

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5
"""Number of invalid rows that a message lists."""
MANY = 2000
"""Number of rows in which separation is looked for first."""


def check_response(design: Design, family: Family) -> None:
    """Check the response, trials, weights and standard errors of a design.

    Raises
    ------
    DataError
        If values do not suit the family; names the column, the number of invalid rows, and the
        first of them.

    Warns
    -----
    DataWarning
        If the response of a model with a log link is constant, or if the predictors separate
        the successes of a logistic model from its failures: the likelihood then has no maximum
        at finite slopes, and only the priors keep them finite.
    """
    response = design.response
    if response is None:
        raise DataError("the model has no response")
    rows = design.data.index
    y = response.y
    name = response.name
    _check_additions(response, family)
    if family.link == "identity":
        if len(y) > 1 and np.ptp(y) == 0:
            raise DataError(
                f"the response {name} is {y[0]:g} in all {len(y)} rows: there is nothing to model"
            )
        return
    if family.name == "bernoulli":
        wrong = ~np.isin(y, (0.0, 1.0))
        _refuse(
            wrong, rows, y, f"{name} must be 0 or 1 for family 'bernoulli'", _hint_for_counts(y)
        )
    else:
        _refuse(y < 0, rows, y, f"{name} must not be negative for family {family.name!r}")
        whole = y == np.floor(y)
        hint = "" if family.takes_trials else "; for a measured response use family 'gaussian'"
        _refuse(~whole, rows, y, f"{name} must be whole numbers (counts)", hint)
    if family.link == "log" and np.ptp(y) == 0:
        what = "its prior alone bounds the intercept" if y[0] == 0 else "is that the right column?"
        warn(
            f"the response {name} is {y[0]:g} in all {len(y)} rows: {what}",
        )
    if response.trials is not None:
        too_many = y > response.trials
        swapped = "; are the two swapped?" if np.all(y >= response.trials) else ""
        _refuse(too_many, rows, y, f"{name} must not exceed its trials", swapped, response.trials)
    trials = np.ones_like(y) if response.trials is None else response.trials
    if family.takes_trials or family.name == "bernoulli":
        _warn_of_separation(design, y, trials)


def _check_additions(response: Response, family: Family) -> None:
    """Check that trials, weights and standard errors suit the family."""
    name = response.name
    if family.takes_trials and response.trials is None:
        raise DataError(
            f"family {family.name!r} needs the number of trials: write `{name} | trials(n) ~ ...`, "
            "or use family 'bernoulli' for a response of 0 and 1"
        )
    if response.trials is not None and not family.takes_trials:
        raise DataError(
            f"trials() belongs to families 'binomial' and 'beta_binomial', not {family.name!r}"
        )
    if response.weights is not None and not np.any(response.weights > 0):
        raise DataError("all weights are 0: no row counts")
    if response.se is not None and family.name != "gaussian":
        raise DataError(f"se() belongs to family 'gaussian', not {family.name!r}")


def _hint_for_counts(y: NDArray[Any]) -> str:
    """Return which family to use if the response is counts; "" if it is not."""
    if np.all((y >= 0) & (y == np.floor(y))):
        return "; for counts use family 'poisson', or 'binomial' with trials(n)"
    return ""


def _refuse(
    wrong: NDArray[np.bool_],
    rows: pd.Index[Any],
    values: NDArray[Any],
    what: str,
    hint: str = "",
    trials: NDArray[Any] | None = None,
) -> None:
    """Raise `DataError` if any row is wrong; the message lists the first rows and values."""
    if not wrong.any():
        return
    at = np.flatnonzero(wrong)
    shown = [
        f"{rows[i]} ({values[i]:g}" + ("" if trials is None else f" of {trials[i]:g}") + ")"
        for i in at[:SHOWN]
    ]
    more = ", ..." if len(at) > SHOWN else ""
    count = f"{len(at)} of {len(rows)} rows"
    raise DataError(f"{what}, but {count} violate this: row {', '.join(shown)}{more}{hint}")


def _warn_of_separation(design: Design, y: NDArray[Any], trials: NDArray[Any]) -> None:
    """Warn if all trials have one outcome, or if the predictors separate the outcomes."""
    columns = list(design.coefficients)
    if y.sum() in (0, trials.sum()):
        text = "every trial failed" if y.sum() == 0 else "every trial succeeded"
        warn(
            f"{text}: the data put no bound on the intercept, only its prior does",
        )
    elif columns and separated(design.X, y, trials, intercept=design.intercept):
        warn(
            f"a combination of {', '.join(columns)} separates the successes from the failures: "
            "the data put no bound on these coefficients, only their priors do (print the model)",
        )


def separated(
    X: NDArray[np.float64], y: NDArray[Any], trials: NDArray[Any], *, intercept: bool
) -> bool:
    """Whether predictors separate successes from failures, completely or quasi-completely.

    They do if some b has Xb >= 0 in every row with a success and Xb <= 0 in every row with a
    failure, and Xb is not 0 in all rows. The likelihood then has no maximum (Albert & Anderson
    1984, Biometrika 71:1). Such a b is searched by linear programming on the distinct rows. Of
    many rows a random subset is tried first: if it is not separated and has full rank, then all
    rows are not separated either.

    Parameters
    ----------
    X : array, (row, predictor)
    y : array, (row,)
        Numbers of successes.
    trials : array, (row,)
    intercept : bool
        Whether an intercept is among the predictors, which X leaves out.
    """
    scale = np.abs(X).max(axis=0)
    scaled = X / np.where(scale > 0, scale, 1.0)
    if intercept:
        scaled = np.column_stack([np.ones(len(scaled)), scaled])
    signed = np.concatenate([scaled[y > 0], -scaled[y < trials]])
    if len(signed) > MANY:
        subset = signed[np.random.default_rng(0).choice(len(signed), MANY, replace=False)]
        if np.linalg.matrix_rank(subset) == subset.shape[1] and not _one_sided(subset):
            return False
    return _one_sided(signed)


def _one_sided(signed: NDArray[np.float64]) -> bool:
    """Whether some b, |b| <= 1, has signed @ b >= 0 in every row and > 0 in at least one."""
    from scipy.optimize import linprog

    rows = np.unique(signed, axis=0)
    solution = linprog(
        -rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=[(-1, 1)] * rows.shape[1]
    )
    return bool(solution.status == 0 and float(solution.fun or 0.0) < -1e-7 * len(rows))
