"""Parts of a design: what complete and no pooling leave of it, and some of its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .design import Design, GroupDesign
from .group_basis import equal_columns, population_columns
from .span import span_of

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
    ``floor + (1 + floor | county)`` becomes an intercept and a slope of each county. It goes by
    the columns' values, not their names: of ``f + (0 + f | g)`` the intercept is dropped too, the
    sum of the columns of f.
    """
    if pooling == "complete":
        return dataclasses.replace(design, groups=())
    if pooling == "partial":
        return design
    own = _told_by_groups(design)
    alone = [dataclasses.replace(term, correlated=False) for term in design.groups]
    return _with(
        design,
        alone,
        intercept=design.intercept and "Intercept" not in own,
        names=[name for name in design.coefficients if name not in own],
    )


def pooled_as(design: Design, fitted: Design) -> Design:
    """Drop from the design of new rows what the pooling of a fit dropped from its own."""
    kept = {term.label: term.correlated for term in fitted.groups}
    groups = [
        dataclasses.replace(term, correlated=kept[term.label])
        for term in design.groups
        if term.label in kept
    ]
    return _with(design, groups, intercept=fitted.intercept, names=fitted.coefficients)


def _with(
    design: Design, groups: Sequence[GroupDesign], *, intercept: bool, names: Sequence[str]
) -> Design:
    """Leave some coefficients of the population, and some terms."""
    kept = np.array([name in names for name in design.coefficients], dtype=bool)
    return dataclasses.replace(
        design,
        intercept=intercept,
        coefficients=tuple(names),
        X=design.X if kept.all() else design.X[:, kept],
        groups=tuple(groups),
    )


def _told_by_groups(design: Design) -> set[str]:
    """Names of population coefficients that say nothing beside coefficients of each group.

    Of several that one can do without, the intercept and the last ones stay.
    """
    names, (ones, X) = population_columns(design)
    own: set[int] = set()
    for term in design.groups:
        own |= {place for place in equal_columns(design, term) if place is not None}
    for factor in dict.fromkeys(term.factor for term in design.groups):
        rest = [place for place in range(len(names)) if place not in own]
        order = [place for place in rest if names[place] == "Intercept"]
        order += [place for place in reversed(rest) if names[place] != "Intercept"]
        if order:
            shift = int(design.intercept)
            columns = [ones if place < shift else X[:, [place - shift]] for place in order]
            Z = [term.Z for term in design.groups if term.factor == factor]
            found = span_of([*Z, *columns])
            before = sum(block.shape[1] for block in Z)
            own |= {place for i, place in enumerate(order) if before + i not in found.kept}
    return {names[place] for place in own}


def split(design: Design, out: NDArray[np.bool_]) -> tuple[Design, Design]:
    """Split the rows of a design: the rest, and those left out.

    Groups that only rows left out have are new groups there, as `Design.on` codes them.
    Columns are those of the whole design, also where the rest alone would not tell a category.

    Returns
    -------
    rest, held : Design
    """
    rest, held = [], []
    for term in design.groups:
        known = np.bincount(term.codes[~out], minlength=len(term.levels)) > 0
        new = np.bincount(term.codes[out], minlength=len(term.levels)) > 0
        new &= ~known
        codes = np.where(known, np.cumsum(known) - 1, -1 * np.cumsum(new))[term.codes]
        levels = tuple(name for name, kept in zip(term.levels, known, strict=True) if kept)
        unseen = tuple(name for name, fresh in zip(term.levels, new, strict=True) if fresh)
        recoded = dataclasses.replace(term, codes=codes, levels=levels)
        rest.append(_rows_of_term(recoded, ~out))
        held.append(dataclasses.replace(_rows_of_term(recoded, out), new_levels=unseen))
    return (
        dataclasses.replace(_rows(design, ~out), groups=tuple(rest)),
        dataclasses.replace(_rows(design, out), groups=tuple(held)),
    )


def _rows_of_term(term: GroupDesign, kept: NDArray[np.bool_]) -> GroupDesign:
    return dataclasses.replace(term, Z=term.Z[kept], codes=term.codes[kept])


def _rows(design: Design, kept: NDArray[np.bool_]) -> Design:
    def part(values: NDArray[Any] | None) -> NDArray[Any] | None:
        return None if values is None else values[kept]

    found = design.response
    if found is not None:
        found = dataclasses.replace(
            found,
            y=found.y[kept],
            trials=part(found.trials),
            weights=part(found.weights),
            se=part(found.se),
        )
    return dataclasses.replace(
        design,
        data=design.data[kept],
        X=design.X[kept],
        offset=design.offset[kept],
        response=found,
        trials=part(design.trials),
        weights=part(design.weights),
        se=part(design.se),
    )
