"""Power priors for any formula model, by weights of the history's rows."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

from ..data.frame import as_frame
from ..errors import DataError, OptionError
from ..model.model import Model

if TYPE_CHECKING:
    import pandas as pd

COLUMN = "power_of_row"
"""Name of the column with the weights."""


def power_prior_model(
    formula: str, new: pd.DataFrame, history: pd.DataFrame, *, a0: float, **options: Any
) -> Model:
    """Build a model of both samples in which each row of the history has the weight a0.

    This is the power prior of Ibrahim & Chen (2000, Statistical Science 15:46), for every family
    and with group terms, since a row's weight is the power of its likelihood. Default priors are
    scaled by the rows of both samples.

    In a model with groups, the power is that of the likelihood given the group-level effects, not
    of the effects' density. So a group of the history has less information on its own effects, but
    counts as a whole group in the estimates of the standard deviations between groups.

    Parameters
    ----------
    formula : str
        Without ``weights()``.
    new, history : DataFrame
        With the columns of the formula. A group label that is in both is the same group.
    a0 : float
        From 0, which ignores the history, to 1, which pools both samples.
    **options
        Options of `pp.Model`.

    Raises
    ------
    OptionError
        If a0 is not from 0 to 1, or the formula has no response, or has weights.
    DataError
        If a table has a column ``power_of_row``, or `pp.Model` refuses the data.
    FormulaError
        If `pp.Model` refuses the formula.
    """
    import pandas as pd

    real = isinstance(a0, numbers.Real) and not isinstance(a0, bool)
    if not real or not 0 <= a0 <= 1:
        raise OptionError(f"a0 must be a number from 0 to 1, not {a0!r}")
    response, tilde, predictors = formula.partition("~")
    if not tilde or "weights(" in response:
        raise OptionError(
            f"{formula!r} must have a response, and no weights: the power prior adds weights"
        )
    frames = [as_frame(new, "new"), as_frame(history, "history")]
    if any(COLUMN in frame.columns for frame in frames):
        raise DataError(
            f"the data have a column {COLUMN!r}, the name of the column of weights: rename it"
        )
    weighted = [f.assign(**{COLUMN: w}) for f, w in zip(frames, (1.0, float(a0)), strict=True)]
    data = pd.concat(weighted, ignore_index=True)
    separator = "+" if "|" in response else "|"
    with_weights = f"{response.rstrip()} {separator} weights({COLUMN}) ~{predictors}"
    return Model(with_weights, data, **options)
