"""Designs for complete and no pooling, and designs of some of the rows."""

from __future__ import annotations

import dataclasses
import itertools
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
    """Raise `OptionError` for an unknown kind of pooling, and for "none" without group terms."""
    if pooling not in POOLING:
        raise OptionError(f"pooling must be 'complete', 'none' or 'partial', not {pooling!r}")
    if pooling == "none" and not design.groups:
        raise OptionError(
            "pooling='none' estimates each group separately, but the formula has no group term "
            "such as (1 | county)"
        )


def pooled(design: Design, pooling: str) -> Design:
    """Return the design for a kind of pooling.

    Complete pooling drops the group terms. No pooling keeps them, with a fixed prior in place of
    a population distribution, and drops the population's coefficients that each group has too:
    ``floor + (1 + floor | county)`` becomes an intercept and a slope for each county. Columns are
    compared by their values, not by their names: ``f + (0 + f | g)`` loses its intercept too,
    because it is the sum of the columns of f.

    Parameters
    ----------
    design : Design
    pooling : {"complete", "none", "partial"}
    """
    if pooling == "complete":
        return dataclasses.replace(design, groups=())
    if pooling == "partial":
        return design
    redundant = _redundant_coefficients(design)
    uncorrelated = [dataclasses.replace(term, correlated=False) for term in design.groups]
    return _reduced(
        design,
        uncorrelated,
        intercept=design.intercept and "Intercept" not in redundant,
        names=[name for name in design.coefficients if name not in redundant],
    )


def pooled_as(design: Design, fitted: Design) -> Design:
    """Drop from the design of other data what pooling dropped from the design of the fit.

    Parameters
    ----------
    design : Design
        Of other data, with all columns and group terms.
    fitted : Design
        Of the fit, from `pooled`.
    """
    correlated = {term.label: term.correlated for term in fitted.groups}
    groups = [
        dataclasses.replace(term, correlated=correlated[term.label])
        for term in design.groups
        if term.label in correlated
    ]
    return _reduced(design, groups, intercept=fitted.intercept, names=fitted.coefficients)


def _reduced(
    design: Design, groups: Sequence[GroupDesign], *, intercept: bool, names: Sequence[str]
) -> Design:
    """Return a design with some of its coefficients of the fixed part, and other group terms."""
    selected = np.array([name in names for name in design.coefficients], dtype=bool)
    return dataclasses.replace(
        design,
        intercept=intercept,
        coefficients=tuple(names),
        X=design.X if selected.all() else design.X[:, selected],
        groups=tuple(groups),
    )


def _redundant_coefficients(design: Design) -> set[str]:
    """Name the population coefficients that are not identified beside coefficients of each group.

    These have columns that are combinations of others. If one of several columns can be left out,
    the intercept and the last columns stay.
    """
    names, (ones, X) = population_columns(design)
    redundant: set[int] = set()
    for term in design.groups:
        redundant |= {place for place in equal_columns(design, term) if place is not None}
    for factor in dict.fromkeys(term.factor for term in design.groups):
        remaining = [place for place in range(len(names)) if place not in redundant]
        order = [place for place in remaining if names[place] == "Intercept"]
        order += [place for place in reversed(remaining) if names[place] != "Intercept"]
        if order:
            shift = int(design.intercept)
            columns = [ones if place < shift else X[:, [place - shift]] for place in order]
            Z = [term.Z for term in design.groups if term.factor == factor]
            span = span_of([*Z, *columns])
            n_group_columns = sum(block.shape[1] for block in Z)
            redundant |= {
                place
                for i, place in enumerate(order)
                if n_group_columns + i not in span.independent
            }
    return {names[place] for place in redundant}


def split(design: Design, left_out: NDArray[np.bool_]) -> tuple[Design, Design]:
    """Split the rows of a design into training rows and rows that are left out.

    Groups that only rows left out have are new groups there, coded as `Design.on` codes them.
    Both designs have all columns of the whole design, even if a category has no training row.

    Parameters
    ----------
    design : Design
    left_out : array of bool, (row,)

    Returns
    -------
    training, test : Design
    """
    training, test = [], []
    for term in design.groups:
        trained = np.bincount(term.codes[~left_out], minlength=len(term.levels)) > 0
        new = np.bincount(term.codes[left_out], minlength=len(term.levels)) > 0
        new &= ~trained
        codes = np.where(trained, np.cumsum(trained) - 1, -1 * np.cumsum(new))[term.codes]
        levels = tuple(itertools.compress(term.levels, trained))
        unseen = tuple(itertools.compress(term.levels, new))
        recoded = dataclasses.replace(term, codes=codes, levels=levels)
        training.append(_rows_of_term(recoded, ~left_out))
        test.append(dataclasses.replace(_rows_of_term(recoded, left_out), new_levels=unseen))
    return (
        dataclasses.replace(_rows(design, ~left_out), groups=tuple(training)),
        dataclasses.replace(_rows(design, left_out), groups=tuple(test)),
    )


def _rows_of_term(term: GroupDesign, selected: NDArray[np.bool_]) -> GroupDesign:
    return dataclasses.replace(term, Z=term.Z[selected], codes=term.codes[selected])


def _rows(design: Design, selected: NDArray[np.bool_]) -> Design:
    """Select rows of a design, without those of its group terms."""

    def part(values: NDArray[Any] | None) -> NDArray[Any] | None:
        return None if values is None else values[selected]

    response = design.response
    if response is not None:
        response = dataclasses.replace(
            response,
            y=response.y[selected],
            trials=part(response.trials),
            weights=part(response.weights),
            se=part(response.se),
        )
    return dataclasses.replace(
        design,
        data=design.data[selected],
        X=design.X[selected],
        offset=design.offset[selected],
        response=response,
        trials=part(design.trials),
        weights=part(design.weights),
        se=part(design.se),
    )
