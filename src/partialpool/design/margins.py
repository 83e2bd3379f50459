"""Products without the columns that they are products of, where that is hardly meant.

`year + year:treat` has no `treat`: its lines meet at the year 0. `b:x` of truth values b has a
slope of x where b is true, and none where it is false. Such models may be meant, so there is a
warning and no error.
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
"""Means, in standard deviations from zero, beyond which zero is far from the data."""


def without_margins(design: Design, pooling: str) -> list[str]:
    """List what is to be said of a design's products.

    Parameters
    ----------
    design : Design
        In the user's columns.
    pooling : {"partial", "complete", "none"}
    """
    fixed = design._memory.fixed
    level = design.intercept or constant_in(design.X) is not None
    said = _of_sum(design, fixed, design.coefficients, "the fixed part", constant=level)
    if pooling != "partial":
        return said
    homes = {
        term.factor
        for term in design.groups
        if "Intercept" in term.coefficients or constant_in(term.Z) is not None
    }
    for term in design.groups:
        columns, _ = design._memory.groups[term.label]
        constant = term.factor in homes
        what = f"the group term of {term.label}"
        said += _of_sum(design, columns, term.coefficients, what, constant=constant)
        slopes = [name for name in term.coefficients if columns.far.get(name, 0.0) > FAR]
        if slopes and not constant and level:
            said.append(
                f"Groups of {term.factor} differ by slopes of `{slopes[0]}` and by no intercepts: "
                f"they are the same {_where(columns, slopes[0])}. "
                f"Write (1 + {slopes[0]} | {term.factor}), or {_center(slopes[0])} in its place."
            )
    return [*said, *_said_twice(design)]


def _of_sum(
    design: Design, columns: Columns, names: Sequence[str], what: str, *, constant: bool
) -> list[str]:
    of = dict(zip(columns.names, columns.parts, strict=True))
    parts = {name: of[name] for name in names if of.get(name)}
    place = {frozenset(each): k for k, each in enumerate(parts.values())}
    said: dict[str, str] = {}
    truths = _truths(design, columns.means)
    for name, each in parts.items():
        for part in each:
            far = columns.far.get(part, 0.0) > FAR and len(each) > 1
            if part in said or not (far or part in truths):
                continue
            rest = frozenset(each) - {part}
            if expressed(rest, place, columns.levels, constant=constant) is not None:
                continue
            if part in truths:
                said[part] = (
                    f"`{part}` holds truth values, which are 0 and 1 in a formula: in {what}, "
                    f"`{name}` is nothing in the rows where it is false. Write C({part}) for a "
                    "coefficient of each of both."
                )
            elif rest:
                other = ":".join(p for p in each if p != part)
                said[part] = (
                    f"{what[0].upper()}{what[1:]} has `{name}` without `{other}`, so that its "
                    f"effect is none {_where(columns, part)}. That can make slopes vanish. Write "
                    f"a*b, which has both by themselves, in the place of a:b, or {_center(part)} "
                    f"in the place of {part}."
                )
    return list(said.values())


def _where(columns: Columns, part: str) -> str:
    return (
        f"where `{part}` is 0, {columns.far[part]:.3g} standard deviations from its mean "
        f"{columns.means[part]:.6g}"
    )


def _center(part: str) -> str:
    return f"center({part})" if part.isidentifier() else f"{part} less its mean"


def _truths(design: Design, names: Collection[str]) -> set[str]:
    """Find the columns of truth values among parts of terms."""
    found = set()
    for name in names:
        if name in design.data.columns:
            values = as_numbers(design.data[name])
            if values is not None and values.dtype == bool:
                found.add(name)
    return found


def _said_twice(design: Design) -> list[str]:
    """Say of groups that have an effect in the fixed part, or in another term, too."""
    said: list[str] = []
    terms = [term for term in design.groups if "Intercept" in term.coefficients]
    for i, term in enumerate(terms):
        if _explained(design, term):
            said.append(
                f"The fixed part has a coefficient for each group of {term.factor}, which leaves "
                f"nothing for its group term to explain: sd({term.label}, Intercept) is what its "
                "prior says. Leave one of the two out."
            )
        for other in terms[:i]:
            if other.factor == term.factor or len(other.levels) != len(term.levels):
                continue
            pairs = term.codes * len(other.levels) + other.codes
            if len(np.unique(pairs)) == len(term.levels):
                said.append(
                    f"{other.factor} and {term.factor} make the same groups: the data cannot tell "
                    f"sd({other.label}, Intercept) from sd({term.label}, Intercept), only their "
                    "priors do. Leave one of the two terms out."
                )
    return said


def _explained(design: Design, term: GroupDesign) -> bool:
    """Whether columns of the fixed part that are constant within groups fit any group means."""
    groups = len(term.levels)
    if design.X.shape[1] + design.intercept < groups:
        return False
    constant = [column for column in design.X.T if not varies(column, term.codes, groups).any()]
    return len(constant) + design.intercept >= groups
