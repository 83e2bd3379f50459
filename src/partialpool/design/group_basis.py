"""The coefficients of a group: what the population and the group's deviation are together.

A population column and a group's column are brought together by their values, not their names:
`x:z` and `z:x` are one column, and `0 + f` and `1 + f` are two ways to say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats
from .design import Design
from .group_term import GroupDesign
from .rank import constant_in
from .span import Span, equals, span_of


@dataclass(frozen=True, eq=False)
class Basis:
    """The columns that coefficients of groups belong to.

    Attributes
    ----------
    names : tuple of str
        Of the coefficients.
    population : tuple of str or None
        Name of the same column among the population's; None for one that it has not.
    combine : array, (name, coefficient of the term), or None
        What deviations of the term's coefficients add to these; None where each adds to its own.
    """

    names: tuple[str, ...]
    population: tuple[str | None, ...]
    combine: Floats | None = None

    def of_population(self, coefficients: Mapping[str, Floats]) -> list[Floats | float]:
        """Take the population's part of each coefficient, 0 where there is none."""
        return [0.0 if p is None else coefficients.get(p, 0.0) for p in self.population]

    def of_effects(self, effects: Floats) -> Floats:
        """Take the deviations' part, (..., name), of effects (..., coefficient of the term)."""
        return effects if self.combine is None else effects @ self.combine.T


def population_columns(design: Design) -> tuple[tuple[str, ...], list[Floats]]:
    """Names and columns of the population's part, the intercept first."""
    names = ("Intercept",) * design.intercept + design.coefficients
    ones = np.broadcast_to(1.0, (len(design.offset), int(design.intercept)))
    return names, [ones, design.X]


def basis_of(design: Design, term: GroupDesign) -> Basis:
    """Find the columns in which a term's coefficients and the population's are told together.

    These are the term's own columns where each equals one of the population's, or is independent
    of all. Else there are several ways to divide a prediction among the term's columns and the
    population's, and the columns are those of the population that the term's are made of, and
    columns of the term that are independent of these.

    Parameters
    ----------
    design : Design
        With every column that the formula gives the population.
    term : GroupDesign

    Returns
    -------
    Basis
    """
    names, columns = population_columns(design)
    own = list(term.coefficients)
    places = equal_columns(design, term)
    rest = [k for k, place in enumerate(places) if place is None]
    if rest:
        found = span_of([*columns, term.Z[:, rest]], known=len(names))
        for k, place in zip(rest, _single(found, len(names)), strict=True):
            places[k] = place
        if any(places[k] is None and len(names) + i not in found.kept for i, k in enumerate(rest)):
            return _common(names, own, places, rest, found)
    population = tuple(None if place is None else names[place] for place in places)
    return Basis(term.coefficients, population)


def equal_columns(design: Design, term: GroupDesign) -> list[int | None]:
    """Places of the population's columns that equal a term's."""
    found = equals(term.Z, design.X)
    shift = int(design.intercept)
    places = [None if place is None else place + shift for place in found]
    if design.intercept:
        for k in np.flatnonzero((term.Z[:1] == 1).all(axis=0)).tolist():
            if (term.Z[:, k] == 1).all():
                places[k] = 0
    return places


def _single(found: Span, population: int) -> list[int | None]:
    """Places of the population's columns that equal further ones but for rounding."""
    places: list[int | None] = []
    for column in found.weights.T[population:]:
        used = np.flatnonzero(column).tolist()
        same = len(used) == 1 and used[0] < population and column[used[0]] == 1
        places.append(used[0] if same else None)
    return places


def _common(
    names: tuple[str, ...], own: list[str], places: list[int | None], rest: list[int], found: Span
) -> Basis:
    """Make a basis of the population's columns, then the term's that are independent."""
    further = [rest[at - len(names)] for at in found.kept[len(names) :]]
    combine = np.zeros((len(found.kept), len(own)))
    for k, place in enumerate(places):
        if place is None:
            combine[:, k] = found.weights[:, len(names) + rest.index(k)]
        else:
            combine[place, k] = 1.0
    shown = np.flatnonzero(combine.any(axis=1)).tolist()
    every = [*names, *(own[k] for k in further)]
    population = [*names, *(None for _ in further)]
    return Basis(
        tuple(every[at] for at in shown),
        tuple(population[at] for at in shown),
        combine[shown],
    )


def _constant(term: GroupDesign) -> Floats | None:
    if "Intercept" in term.coefficients:
        return np.array([float(name == "Intercept") for name in term.coefficients])
    return constant_in(term.Z)


def intercepts_of(terms: Sequence[GroupDesign]) -> dict[str, tuple[str, Floats]]:
    """Find which coefficients are the intercepts of each factor's groups.

    Parameters
    ----------
    terms : sequence of GroupDesign

    Returns
    -------
    mapping of factor to (label, weights)
        The label of its term, and how much of it each of the term's coefficients is: 1 for
        an intercept, 1 for each of those of `0 + f`. No entry where groups have none.
    """
    found: dict[str, tuple[str, Floats]] = {}
    for term in sorted(terms, key=lambda term: "Intercept" not in term.coefficients):
        if term.factor not in found:
            weights = _constant(term)
            if weights is not None:
                found[term.factor] = term.label, weights
    return found
