"""Warn of interactions without their main effects, if these are probably missing by mistake.

In `year + year:treat` without `treat` the regression lines of all treatments meet at the year 0.
In `b:x` with truth values b, rows in which b is false have no slope of x. Such a model can be
intended, so there is a warning and not an error.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..columns.columns import Columns
from ..data.frame import as_numbers
from .centered_columns import expressed
from .design import Design, GroupDesign
from .rank import constant_in, varies

FAR = 5.0
"""If the mean of a column is more standard deviations than this from 0, 0 is far from the data."""


def without_margins(design: Design, pooling: str) -> list[str]:
    """Return the warnings on interactions without main effects, and on groups with two effects.

    Parameters
    ----------
    design : Design
        With the user's columns, before any are centered.
    pooling : {"partial", "complete", "none"}
        Group terms are looked at with partial pooling alone.

    Returns
    -------
    list of str
    """
    fixed = design._memory.fixed
    has_intercept = design.intercept or constant_in(design.X) is not None
    messages = _interaction_warnings(
        design, fixed, design.coefficients, "the fixed part", constant=has_intercept
    )
    if pooling != "partial":
        return messages
    with_intercept = {
        term.factor
        for term in design.groups
        if "Intercept" in term.coefficients or constant_in(term.Z) is not None
    }
    for term in design.groups:
        columns, _ = design._memory.groups[term.label]
        constant = term.factor in with_intercept
        what = f"the group term of {term.label}"
        messages += _interaction_warnings(
            design, columns, term.coefficients, what, constant=constant
        )
        slopes = [name for name in term.coefficients if columns.far.get(name, 0.0) > FAR]
        if slopes and not constant and has_intercept:
            messages.append(
                f"Groups of {term.factor} have slopes of `{slopes[0]}` but no intercepts: "
                f"they are the same {_where_zero(columns, slopes[0])}. "
                f"Write (1 + {slopes[0]} | {term.factor}), or {_centered(slopes[0])} in its place."
            )
    return [*messages, *_effects_twice(design)]


def _interaction_warnings(
    design: Design, columns: Columns, names: Sequence[str], what: str, *, constant: bool
) -> list[str]:
    """Return the warnings on the interactions in one sum of terms, one for each part of them."""
    parts_of = dict(zip(columns.names, columns.parts, strict=True))
    products = {name: parts_of[name] for name in names if parts_of.get(name)}
    place = {frozenset(parts): k for k, parts in enumerate(products.values())}
    messages: dict[str, str] = {}
    truths = _truth_columns(design, columns.means)
    for name, parts in products.items():
        for part in parts:
            far = columns.far.get(part, 0.0) > FAR and len(parts) > 1
            if part in messages or not (far or part in truths):
                continue
            others = frozenset(parts) - {part}
            if expressed(others, place, columns.levels, constant=constant) is not None:
                continue
            if part in truths:
                messages[part] = (
                    f"`{part}` holds truth values, which are 0 and 1 in a formula: in {what}, "
                    f"`{name}` is 0 in the rows where it is false. Write C({part}) for a "
                    "coefficient of each of the two."
                )
            elif others:
                main = ":".join(other for other in parts if other != part)
                messages[part] = (
                    f"{what[0].upper()}{what[1:]} has `{name}` without `{main}`, so that its "
                    f"effect is 0 {_where_zero(columns, part)}. Such a model can hide slopes that "
                    f"the data have. Write a*b, which adds a and b themselves, in the place of "
                    f"a:b, or {_centered(part)} in the place of {part}."
                )
    return list(messages.values())


def _where_zero(columns: Columns, part: str) -> str:
    """Say how far from the mean of a part its 0 is."""
    return (
        f"where `{part}` is 0, {columns.far[part]:.3g} standard deviations from its mean "
        f"{columns.means[part]:.6g}"
    )


def _centered(part: str) -> str:
    """Return what to write for a centered part."""
    return f"center({part})" if part.isidentifier() else f"{part} less its mean"


def _truth_columns(design: Design, names: Collection[str]) -> set[str]:
    """Return those of `names` that are columns of truth values."""
    truths = set()
    for name in names:
        if name in design.data.columns:
            values = as_numbers(design.data[name])
            if values is not None and values.dtype == bool:
                truths.add(name)
    return truths


def _effects_twice(design: Design) -> list[str]:
    """Return the warnings on groups with another effect in the fixed part or in another term."""
    messages: list[str] = []
    terms = [term for term in design.groups if "Intercept" in term.coefficients]
    for i, term in enumerate(terms):
        if _fits_group_means(design, term):
            messages.append(
                f"The fixed part has a coefficient for each group of {term.factor}, which leaves "
                f"nothing for its group term to explain: sd({term.label}, Intercept) follows its "
                "prior alone. Leave one of the two out."
            )
        for other in terms[:i]:
            if other.factor == term.factor or len(other.levels) != len(term.levels):
                continue
            pairs = term.codes * len(other.levels) + other.codes
            if len(np.unique(pairs)) == len(term.levels):
                messages.append(
                    f"{other.factor} and {term.factor} make the same groups: the data cannot tell "
                    f"sd({other.label}, Intercept) from sd({term.label}, Intercept), only their "
                    "priors do. Leave one of the two terms out."
                )
    return messages


def _fits_group_means(design: Design, term: GroupDesign) -> bool:
    """Whether the fixed part's columns that are constant within groups can fit any group means."""
    groups = len(term.levels)
    if design.X.shape[1] + design.intercept < groups:
        return False
    constant = [column for column in design.X.T if not varies(column, term.codes, groups).any()]
    return len(constant) + design.intercept >= groups
