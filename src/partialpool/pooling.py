"""Complete, no and partial pooling: what each makes of a design."""

from __future__ import annotations

import dataclasses

import numpy as np

from .design import Design
from .errors import OptionError

POOLING = ("complete", "none", "partial")


def check_pooling(pooling: object, design: Design) -> None:
    """Refuse an unknown kind of pooling, and no pooling where there are no groups."""
    if pooling not in POOLING:
        raise OptionError(f"pooling must be 'complete', 'none' or 'partial', not {pooling!r}")
    if pooling == "none" and not design.groups:
        raise OptionError(
            "pooling='none' gives every group coefficients of its own, but the formula has no "
            "group term such as (1 | county)"
        )


def pooled(design: Design, pooling: str) -> Design:
    """Drop what a kind of pooling leaves out.

    Complete pooling drops the group terms. No pooling keeps them, with a fixed prior instead of
    a population, and drops the population's coefficients that they have themselves:
    ``floor + (1 + floor | county)`` becomes an intercept and a slope of each county.
    """
    if pooling == "complete":
        return dataclasses.replace(design, groups=())
    if pooling == "partial":
        return design
    own = {name for term in design.groups for name in term.coefficients}
    kept = np.array([name not in own for name in design.coefficients], dtype=bool)
    return dataclasses.replace(
        design,
        intercept=design.intercept and "Intercept" not in own,
        coefficients=tuple(n for n in design.coefficients if n not in own),
        X=design.X[:, kept],
        groups=tuple(dataclasses.replace(term, correlated=False) for term in design.groups),
    )
