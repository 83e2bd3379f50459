"""Replace equal rows of a design with a discrete response by one row: the same likelihood."""

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
    """Replace rows with the same predictors and groups by one row, without changing the likelihood.

    Bernoulli and binomial responses: the successes and trials of rows that are equal in all else
    are added up. Poisson: the counts are added up, and the log of the number of rows is added to
    the offset. In other discrete families, and with weights, rows that are equal in the response
    too become one row whose weight is the sum of theirs. A design with a continuous response is
    returned as it is.

    Parameters
    ----------
    design : Design
        With N rows and a response.
    family : Family

    Returns
    -------
    Design
        With one row for each set of equal rows, in the order of their first rows; `design` itself
        if no two rows are equal. The likelihood is the same up to a constant factor.
    """
    response = design.response
    if response is None or not family.discrete:
        return design
    compared: list[NDArray[Any]] = [design.X, design.offset]
    compared += [part for term in design.groups for part in (term.Z, term.codes)]
    summed = family.name in SUMMABLE and response.weights is None
    if not summed:
        compared += [v for v in (response.y, response.trials) if v is not None]
    distinct = collapse(*compared)
    if len(distinct.first_rows) == len(design.offset):
        return design
    first = distinct.first_rows
    count = distinct.total(np.ones(len(design.offset)))
    y, trials, weights, offset = response.y[first], response.trials, None, design.offset[first]
    if summed:
        y = distinct.total(response.y)
        if family.name == "poisson":
            offset = offset + np.log(count)
        else:
            trials = count if trials is None else distinct.total(trials)
    else:
        trials = None if trials is None else trials[first]
        weights = count if response.weights is None else distinct.total(response.weights)
    new = dataclasses.replace(response, y=y, trials=trials, weights=weights)
    rows = _first_rows(design, distinct)
    return dataclasses.replace(rows, response=new, offset=offset, trials=trials)


def _first_rows(design: Design, distinct: Collapsed) -> Design:
    first = distinct.first_rows
    return dataclasses.replace(
        design,
        data=design.data.iloc[first],
        X=design.X[first],
        groups=tuple(
            dataclasses.replace(term, Z=term.Z[first], codes=term.codes[first])
            for term in design.groups
        ),
    )
