"""Find the coefficients of a group: population coefficients plus the group's deviations.

Columns of the fixed part and of a group term are matched by their values, not by their names:
`x:z` and `z:x` are the same column, and `0 + f` and `1 + f` span the same space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats
from .design import Design
from .group_term import GroupDesign
from .rank import constant_in
from .span import Span, equal_places, span_of


@dataclass(frozen=True, eq=False)
class Basis:
    """The columns whose coefficients are reported for each group.

    Attributes
    ----------
    names : tuple of str
        Names of the coefficients.
    population : tuple of str or None
        For each coefficient, the name of the same column in the fixed part; None if it has none.
    combine : array, (name, coefficient of the term), or None
        Matrix that maps deviations of the term's coefficients to these; None for the identity.
    """

    names: tuple[str, ...]
    population: tuple[str | None, ...]
    combine: Floats | None = None

    def of_population(self, coefficients: Mapping[str, Floats]) -> list[Floats | float]:
        """Return the population's part of each coefficient; 0 for columns that it does not have."""
        return [0.0 if p is None else coefficients.get(p, 0.0) for p in self.population]

    def of_effects(self, effects: Floats) -> Floats:
        """Map effects, (..., coefficient of the term), to deviations, (..., name)."""
        return effects if self.combine is None else effects @ self.combine.T


def population_columns(design: Design) -> tuple[tuple[str, ...], list[Floats]]:
    """Return the names of the fixed part's columns, intercept first, and the columns as blocks.

    Returns
    -------
    names : tuple of str
    blocks : list of array, (row, column)
        The intercept, with 0 columns if there is none, and X.
    """
    names = ("Intercept",) * design.intercept + design.coefficients
    ones = np.broadcast_to(1.0, (len(design.offset), int(design.intercept)))
    return names, [ones, design.X]


def basis_of(design: Design, term: GroupDesign) -> Basis:
    """Find the columns for which the coefficients of a group are reported.

    They are the columns of the term if each of these equals a column of the fixed part or is
    linearly independent of all of them. Otherwise a prediction can be divided between the term
    and the fixed part in several ways. The basis then has the columns of the fixed part of which
    the term's columns are combinations, and the columns of the term that are independent of
    these.

    Parameters
    ----------
    design : Design
        With all columns of the fixed part, before pooling drops any.
    term : GroupDesign

    Returns
    -------
    Basis
    """
    names, columns = population_columns(design)
    places = equal_columns(design, term)
    unmatched = [k for k, place in enumerate(places) if place is None]
    if unmatched:
        span = span_of([*columns, term.Z[:, unmatched]], n_independent=len(names))
        for k, place in zip(unmatched, _equal_up_to_rounding(span, len(names)), strict=True):
            places[k] = place
        independent = {at - len(names) for at in span.independent}
        if any(places[k] is None and i not in independent for i, k in enumerate(unmatched)):
            return _joint_basis(names, term.coefficients, places, unmatched, span)
    population = tuple(None if place is None else names[place] for place in places)
    return Basis(term.coefficients, population)


def equal_columns(design: Design, term: GroupDesign) -> list[int | None]:
    """For each column of a term, return the place of an equal column of the fixed part, or None.

    Places count the intercept first, as in `population_columns`.
    """
    shift = int(design.intercept)
    places = [None if place is None else place + shift for place in equal_places(term.Z, design.X)]
    if design.intercept:
        for k in np.flatnonzero((term.Z[:1] == 1).all(axis=0)).tolist():
            if (term.Z[:, k] == 1).all():
                places[k] = 0
    return places


def _equal_up_to_rounding(span: Span, population: int) -> list[int | None]:
    """For each column after the fixed part's, return the place of one that equals it, or None.

    Columns that differ by rounding only count as equal.
    """
    places: list[int | None] = []
    for column in span.weights.T[population:]:
        used = np.flatnonzero(column).tolist()
        same = len(used) == 1 and used[0] < population and column[used[0]] == 1
        places.append(used[0] if same else None)
    return places


def _joint_basis(
    names: tuple[str, ...],
    coefficients: Sequence[str],
    places: Sequence[int | None],
    unmatched: list[int],
    span: Span,
) -> Basis:
    """Build a basis of columns of the fixed part, then columns of the term.

    Parameters
    ----------
    names : tuple of str
        Of the fixed part's columns.
    coefficients : sequence of str
        Of the term.
    places : sequence of int or None
        For each of them, the place of the equal column of the fixed part.
    unmatched : list of int
        Those that had no equal column when `span` was made.
    span : Span
        Of the fixed part's columns, then the unmatched ones.
    """
    further = [unmatched[at - len(names)] for at in span.independent[len(names) :]]
    combine = np.zeros((len(span.independent), len(coefficients)))
    for k, place in enumerate(places):
        if place is None:
            combine[:, k] = span.weights[:, len(names) + unmatched.index(k)]
        else:
            combine[place, k] = 1.0
    needed = np.flatnonzero(combine.any(axis=1)).tolist()
    basis_names = [*names, *(coefficients[k] for k in further)]
    population = [*names, *(None for _ in further)]
    return Basis(
        tuple(basis_names[at] for at in needed),
        tuple(population[at] for at in needed),
        combine[needed],
    )


def _intercept_weights(term: GroupDesign) -> Floats | None:
    """Return the weights with which a term's columns add up to 1 in every row, or None."""
    if "Intercept" in term.coefficients:
        return np.array([float(name == "Intercept") for name in term.coefficients])
    return constant_in(term.Z)


def intercepts_of(terms: Sequence[GroupDesign]) -> dict[str, tuple[str, Floats]]:
    """For each factor, find the term whose coefficients contain the groups' intercepts.

    Parameters
    ----------
    terms : sequence of GroupDesign

    Returns
    -------
    dict of factor to (label, weights)
        The label of the term, and the weights, (coefficient,), with which its columns add up to
        1 in every row: 1 for "Intercept" and 0 for slopes, or 1 for each column of `0 + f`.
        Factors whose groups have no intercept are left out.
    """
    intercepts: dict[str, tuple[str, Floats]] = {}
    for term in sorted(terms, key=lambda term: "Intercept" not in term.coefficients):
        if term.factor not in intercepts:
            weights = _intercept_weights(term)
            if weights is not None:
                intercepts[term.factor] = term.label, weights
    return intercepts
