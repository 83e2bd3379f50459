"""Power priors of any model, from the history's rows: weights."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

from ..data.frame import as_frame
from ..errors import DataError, OptionError
from ..model.model import Model

if TYPE_CHECKING:
    import pandas as pd

COLUMN = "power_of_row"


def power_prior_model(
    formula: str, new: pd.DataFrame, history: pd.DataFrame, *, a0: float, **options: Any
) -> Model:
    """Build a model of both samples in which each row of the history has the weight a0.

    That is the power prior of Ibrahim & Chen (2000, Statistical Science 15:46) with all the
    historical rows, for every family and group term: a weight is a power of a row's likelihood.
    Default priors are scaled by all rows.

    In a model with groups, what is taken to the power is the likelihood given the group effects;
    these keep their density. A historical group has less to say of itself, but still counts as
    one where the population of groups is estimated.

    Parameters
    ----------
    formula : str
        Without weights of its own.
    new, history : DataFrame
        With the columns of the formula. Groups of both that share a label are one group.
    a0 : float
        From 0, which ignores the history, to 1, which pools it.
    **options
        As in `pp.Model`.

    Raises
    ------
    OptionError, DataError, FormulaError
    """
    import pandas as pd

    real = isinstance(a0, numbers.Real) and not isinstance(a0, bool)
    if not real or not 0 <= a0 <= 1:
        raise OptionError(f"a0 must be a number from 0 to 1, not {a0!r}")
    left, tilde, right = formula.partition("~")
    if not tilde or "weights(" in left:
        raise OptionError(
            f"{formula!r} must have a response, and no weights: the power prior has its own"
        )
    frames = [as_frame(new, "new"), as_frame(history, "history")]
    taken = [f for f in frames if COLUMN in f.columns]
    if taken:
        raise DataError(f"the data have a column {COLUMN!r}, which is needed here: rename it")
    weighted = [f.assign(**{COLUMN: w}) for f, w in zip(frames, (1.0, float(a0)), strict=True)]
    both = pd.concat(weighted, ignore_index=True)
    with_weights = f"{left.rstrip()} {'+' if '|' in left else '|'} weights({COLUMN}) ~{right}"
    return Model(with_weights, both, **options)
