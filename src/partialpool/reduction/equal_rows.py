"""Rows of a discrete response that are alike, taken together: the same likelihood, fewer rows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..design.design import Design
from ..family.families import Family
from .sums import Collapsed, collapse

SUMMABLE = ("bernoulli", "binomial", "poisson")
"""Families whose counts add up over rows with the same linear predictor."""


def collapsed(design: Design, family: Family) -> Design:
    """Take rows that are alike together, exactly.

    Successes and trials add up over rows that are alike in all else; so do Poisson counts, with
    the log of their number as an offset. Of other discrete families, and of rows with weights,
    those that are alike in the response too become one, with the sum of their weights. A measured
    response is left as it is.

    Parameters
    ----------
    design : Design
        With its response.
    family : Family

    Returns
    -------
    Design
        The design itself where no two rows are alike. Its likelihood is the same up to a constant.
    """
    response = design.response
    if response is None or not family.discrete:
        return design
    alike: list[NDArray[Any]] = [design.X, design.offset]
    alike += [part for term in design.groups for part in (term.Z, term.codes)]
    summed = family.name in SUMMABLE and response.weights is None
    if not summed:
        alike += [v for v in (response.y, response.trials) if v is not None]
    found = collapse(*alike)
    if len(found.first) == len(design.offset):
        return design
    first = found.first
    count = found.total(np.ones(len(design.offset)))
    y, trials, weights, offset = response.y[first], response.trials, None, design.offset[first]
    if summed:
        y = found.total(response.y)
        if family.name == "poisson":
            offset = offset + np.log(count)
        else:
            trials = count if trials is None else found.total(trials)
    else:
        trials = None if trials is None else trials[first]
        weights = count if response.weights is None else found.total(response.weights)
    new = dataclasses.replace(response, y=y, trials=trials, weights=weights)
    return dataclasses.replace(_rows(design, found), response=new, offset=offset, trials=trials)


def _rows(design: Design, found: Collapsed) -> Design:
    first = found.first
    return dataclasses.replace(
        design,
        data=design.data.iloc[first],
        X=design.X[first],
        groups=tuple(
            dataclasses.replace(term, Z=term.Z[first], codes=term.codes[first])
            for term in design.groups
        ),
    )
