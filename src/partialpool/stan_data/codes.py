"""Priors and sizes of group terms, as the data blocks of ``stan/glmm/`` spell them."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..design.group_term import GroupDesign
from ..priors import distributions as priors
from ..priors.distributions import Code
from ..priors.table import PriorTable, cor_name, own_name, sd_name


def term_sizes(terms: tuple[GroupDesign, ...]) -> dict[str, int]:
    """Count coefficients, correlations and effects of all terms: Q, C, R."""
    counts = [(len(term.coefficients), len(term.levels), term.correlated) for term in terms]
    return {
        "Q": sum(q for q, _, _ in counts),
        "C": sum(q * (q - 1) // 2 for q, _, correlated in counts if correlated),
        "R": sum(q * groups for q, groups, _ in counts),
    }


def tau_code(term: GroupDesign, name: str, table: PriorTable) -> Code:
    """Return the prior of a group coefficient's sd; without pooling, its fixed sd as scale."""
    own = own_name(term, name)
    if own in table:
        return Code(1, 0.0, priors.code(table[own]).scale, 1.0)
    return priors.code(table[sd_name(term, name)])


def lkj_shape(term: GroupDesign, table: PriorTable) -> float:
    """Return the shape of the LKJ prior of a term's correlations; 1 where it has none."""
    prior = table[cor_name(term)] if cor_name(term) in table else priors.LKJ(1.0)
    assert isinstance(prior, priors.LKJ)
    return float(prior.eta)


def codes(name: str, given: Code | list[Code], *, location: bool) -> dict[str, Any]:
    """Lay out priors as data blocks have them: prior_NAME_family, ..._scale, ..._df."""
    fields = ("family", "location", "scale", "df") if location else ("family", "scale", "df")
    if isinstance(given, Code):
        return {f"prior_{name}_{field}": getattr(given, field) for field in fields}
    return {f"prior_{name}_{field}": [getattr(c, field) for c in given] for field in fields}


def times(code: Code, factor: float) -> Code:
    """Return the prior of a parameter times a factor."""
    location, scale = code.location * factor, code.scale * factor
    return dataclasses.replace(code, location=location, scale=scale)
