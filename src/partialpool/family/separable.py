"""Groups of so few rows that their spread cannot be told from the residual one."""

from __future__ import annotations

import numpy as np

from ..design.design import Design, GroupDesign
from ..errors import warn
from .families import Family

FEW = 10
"""Rows beyond what the groups' own coefficients fit, from which on a residual sd is told."""


def check_separable(full: Design, family: Family, pooling: str) -> None:
    """Warn where the residual sd and the sds of a group term cannot be told apart.

    A group of at most as many rows as it has coefficients is fitted exactly, whatever these rows
    are: it says nothing of the residual sd. Where nearly every group is so, only the priors share
    the variance out.

    Not so with known standard errors (a meta-analysis has a row for each study), nor in families
    without a residual sd: an effect for each row of counts is a way to model overdispersion. A
    Student t residual differs from normal effects by its tails alone, which is next to nothing.

    Parameters
    ----------
    full : Design
        Before pooling drops anything.
    family : Family
    pooling : str

    Warns
    -----
    DataWarning
    """
    response = full.response
    known = response is not None and response.se is not None
    if "sigma" not in family.auxiliaries or known or pooling == "complete":
        return
    for factor, terms in _by_factor(full).items():
        said = _said(factor, terms, pooling)
        if said is not None:
            warn(said)


def _by_factor(design: Design) -> dict[str, list[GroupDesign]]:
    found: dict[str, list[GroupDesign]] = {}
    for term in design.groups:
        found.setdefault(term.factor, []).append(term)
    return found


def _said(factor: str, terms: list[GroupDesign], pooling: str) -> str | None:
    q = sum(len(term.coefficients) for term in terms)
    counts = np.bincount(terms[0].codes, minlength=len(terms[0].levels))
    groups = len(counts)
    more = int((counts > q).sum())
    left = int(np.maximum(counts - q, 0).sum())
    if more > max(1, groups // FEW) or (more and groups == 2) or left >= FEW:
        return None
    of = f"{groups - more} of {groups} groups" if more else f"each of the {groups} groups"
    rows = "one row" if q == 1 else f"at most {q} rows"
    one = "coefficient" if q == 1 else "coefficients"
    how = f"{of} of `{factor}` {'have' if more else 'has'} {rows}, and {q} {one} of its own"
    if pooling == "none":
        return (
            f"{how}: these fit the rows exactly, and nothing but its prior tells the residual sd. "
            "Use pooling='partial' or 'complete'"
        )
    sds = ", ".join(f"sd({term.label})" for term in terms)
    less = f", or have fewer coefficients in it, such as (1 | {factor})" if q > 1 else ""
    return (
        f"{how}: the data cannot tell {sds} from sigma, only their priors share the variance out. "
        f"Leave the term out: sigma then has all of it{less}. Or give the known standard error of "
        f"each row, y | se(s); or rows that measure the same groups again"
    )
