"""Warn if groups have so few rows that group sds and the residual sd are not both identified."""

from __future__ import annotations

import numpy as np

from ..design.design import Design, GroupDesign
from ..errors import warn
from .families import Family

FEW = 10
"""Residual degrees of freedom within groups from which on the residual sd counts as identified.

It also does if more than one group in this many has more rows than coefficients.
"""


def check_separable(full: Design, family: Family, pooling: str) -> None:
    """Warn if the residual sd and the sds of a group term are not both identified.

    A group with no more rows than coefficients is fitted exactly, so it has no information on
    the residual sd. If nearly every group is like this, only the priors divide the variance
    between the residual sd and the group sds.

    There is no warning if standard errors are known (a meta-analysis has one row for each study),
    nor in families without a residual sd, in which an effect for each row of counts models
    overdispersion. The student family is warned of too: its residuals differ from normal effects
    in the tails alone, which hardly identifies the two.

    Parameters
    ----------
    full : Design
        With all group terms, before pooling drops any.
    family : Family
    pooling : {"partial", "complete", "none"}

    Warns
    -----
    DataWarning
        Names the grouping factor and says what to write.
    """
    response = full.response
    known_se = response is not None and response.se is not None
    if "sigma" not in family.auxiliaries or known_se or pooling == "complete":
        return
    for factor, terms in _by_factor(full).items():
        message = _message(factor, terms, pooling)
        if message is not None:
            warn(message)


def _by_factor(design: Design) -> dict[str, list[GroupDesign]]:
    """Collect the group terms of each grouping factor."""
    by_factor: dict[str, list[GroupDesign]] = {}
    for term in design.groups:
        by_factor.setdefault(term.factor, []).append(term)
    return by_factor


def _message(factor: str, terms: list[GroupDesign], pooling: str) -> str | None:
    """Return the warning for the terms of one factor; None if the residual sd is identified."""
    n_coefficients = sum(len(term.coefficients) for term in terms)
    counts = np.bincount(terms[0].codes, minlength=len(terms[0].levels))
    groups = len(counts)
    larger = int((counts > n_coefficients).sum())
    degrees = int(np.maximum(counts - n_coefficients, 0).sum())
    if larger > max(1, groups // FEW) or (larger and groups == 2) or degrees >= FEW:
        return None
    which = f"{groups - larger} of {groups} groups" if larger else f"each of the {groups} groups"
    rows = "one row" if n_coefficients == 1 else f"at most {n_coefficients} rows"
    effects = "one coefficient" if n_coefficients == 1 else f"{n_coefficients} coefficients"
    reason = f"{which} of `{factor}` {'have' if larger else 'has'} {rows} and {effects}"
    if pooling == "none":
        return (
            f"{reason}: these fit the rows exactly, and the residual sd follows its prior alone. "
            "Use pooling='partial' or 'complete'"
        )
    sds = ", ".join(f"sd({term.label})" for term in terms)
    fewer = f", or give it fewer coefficients, such as (1 | {factor})" if n_coefficients > 1 else ""
    return (
        f"{reason}: the data cannot tell {sds} from sigma, only their priors divide the variance "
        f"between them. Leave the term out, so that sigma has all of it{fewer}. Or give the known "
        f"standard error of each row, y | se(s), or more rows for the same groups"
    )
