"""Priors and sizes of group terms as numbers in the data blocks of ``stan/glmm/``."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..design.group_term import GroupDesign
from ..priors import distributions as priors
from ..priors.distributions import Code
from ..priors.table import PriorTable, coef_name, cor_name, sd_name


def term_sizes(terms: tuple[GroupDesign, ...]) -> dict[str, int]:
    """Count the coefficients (Q), correlations (C) and group effects (R) of all terms together."""
    counts = [(len(term.coefficients), len(term.levels), term.correlated) for term in terms]
    return {
        "Q": sum(q for q, _, _ in counts),
        "C": sum(q * (q - 1) // 2 for q, _, correlated in counts if correlated),
        "R": sum(q * groups for q, groups, _ in counts),
    }


def tau_code(term: GroupDesign, name: str, table: PriorTable) -> Code:
    """Return the prior of the standard deviation of a group coefficient.

    Without pooling the standard deviation is fixed: it is the scale of the code.
    """
    unpooled = coef_name(term, name)
    if unpooled in table:
        return Code(1, 0.0, priors.code(table[unpooled]).scale, 1.0)
    return priors.code(table[sd_name(term, name)])


def lkj_shape(term: GroupDesign, table: PriorTable) -> float:
    """Return the shape of the LKJ prior of a term's correlations; 1 where it has none."""
    prior = table[cor_name(term)] if cor_name(term) in table else priors.LKJ(1.0)
    assert isinstance(prior, priors.LKJ)
    return float(prior.eta)


def codes(name: str, prior: Code | list[Code], *, location: bool) -> dict[str, Any]:
    """Return the data of one prior, or of the priors of a vector, as data blocks declare it.

    These are prior_NAME_family, prior_NAME_scale, prior_NAME_df, and prior_NAME_location if
    `location` is true.
    """
    fields = ("family", "location", "scale", "df") if location else ("family", "scale", "df")
    if isinstance(prior, Code):
        return {f"prior_{name}_{field}": getattr(prior, field) for field in fields}
    return {f"prior_{name}_{field}": [getattr(code, field) for code in prior] for field in fields}


def times(code: Code, factor: float) -> Code:
    """Return the prior of a parameter that is multiplied by a positive factor."""
    location, scale = code.location * factor, code.scale * factor
    return dataclasses.replace(code, location=location, scale=scale)
