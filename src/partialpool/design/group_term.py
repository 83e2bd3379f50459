"""Group terms of a design: their columns, groups and labels, and checks of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.levels import Factor, list_values
from ..data.spelling import likely_levels
from ..errors import DataError, warn
from ..formula.tree import GroupTerm
from .rank import unvarying_slopes
from .span import equal_places


@dataclass(frozen=True, eq=False)
class GroupDesign:
    """A group term: its design matrix, and the group of each row.

    Attributes
    ----------
    label : str
        The factor, "county"; a second term of the same factor is "county.1".
    factor : str
        The grouping factor, "county" or "school:class".
    coefficients : tuple of str
        Names of Z's columns.
    Z : array, (row, coefficient)
        A row's columns multiply the effects of its group.
    codes : array of int, (row,)
        Place of the row's group in `levels`; -(i + 1) stands for `new_levels[i]`.
    levels : tuple
        The user's labels of the groups: categories in their order, other values sorted.
    new_levels : tuple
        Labels of groups that are not in the data of the fit; empty except in `Design.on`.
    correlated : bool
        Whether the effects of a group are correlated; False if there is one.
    """

    label: str
    factor: str
    coefficients: tuple[str, ...]
    Z: NDArray[np.float64]
    codes: NDArray[np.int64]
    levels: tuple[Hashable, ...]
    new_levels: tuple[Hashable, ...]
    correlated: bool

    def __repr__(self) -> str:
        """Name the coefficients and count the groups."""
        names = ", ".join(self.coefficients)
        new = f", {len(self.new_levels)} new" if self.new_levels else ""
        return f"{self.label}: {names} of {len(self.levels)} groups{new}"


def unseen_groups_message(
    factor: Factor, codes: NDArray[np.int64], unseen: Sequence[Hashable]
) -> str:
    """Return the error message for groups of other data that are not in the data of the fit."""
    types = {type(level).__name__ for level in factor.levels}
    hint = ""
    if not types & {type(level).__name__ for level in unseen}:
        hint = f" (The known labels are of type {', '.join(sorted(types))}: {factor.levels[0]!r}.)"
    return (
        f"`{factor.name}` in newdata holds groups that the data of the fit did not: "
        f"{list_values(unseen)} ({int((codes < 0).sum())} of {len(codes)} rows)."
        f"{hint or spelling_hint(unseen, factor.levels)} Pass "
        f'new_groups="sample" to draw them from the population of groups, or '
        f'new_groups="population" to leave their deviation out.'
    )


def spelling_hint(unseen: Sequence[Hashable], known: Sequence[Hashable]) -> str:
    """Return a hint at the first unseen label that is spelled like a known one; "" if none is."""
    for label, level in likely_levels(unseen, known).items() if unseen else ():
        return f" {list_values([label])} is like {list_values([level])}: did you mean that?"
    return ""


def check_overlap(terms: Sequence[GroupTerm], groups: Sequence[GroupDesign]) -> None:
    """Raise `DataError` if two terms of one grouping factor have the same column.

    Columns are compared by their values: two of them are not identified.
    """
    terms_of_factor: dict[frozenset[str], list[tuple[GroupTerm, GroupDesign]]] = {}
    for term, group in zip(terms, groups, strict=True):
        earlier = terms_of_factor.setdefault(frozenset(term.factors), [])
        for earlier_term, earlier_group in earlier:
            places = equal_places(group.Z, earlier_group.Z)
            for name, place in zip(group.coefficients, places, strict=True):
                if place is None:
                    continue
                earlier_name = earlier_group.coefficients[place]
                called = "" if earlier_name == name else f", which is `{earlier_name}`"
                raise DataError(
                    f"{earlier_term} and {term} both give the groups of `{term.factor}` a "
                    f"coefficient `{name}`{called}: merge them into one term, or write "
                    f"(0 + ... | {term.factor}) for a term without an intercept."
                )
        earlier.append((term, group))


def slope_notes(groups: Sequence[GroupDesign]) -> list[str]:
    """Warn of predictors that vary within no group; return notes on those that vary within some.

    Only terms whose factor has an intercept are looked at.
    """
    remarks: list[str] = []
    with_intercept = {group.factor for group in groups if "Intercept" in group.coefficients}
    for group in groups:
        if group.factor in with_intercept:
            warning, notes = unvarying_slopes(
                group.factor, group.coefficients, group.Z, group.codes, len(group.levels)
            )
            remarks += notes
            if warning:
                warn(warning)
    return remarks


def label_of(factor: str, taken: Sequence[str], factors: Sequence[str]) -> str:
    """Return the label of a term: its factor, or "county.1", "county.2" for further terms.

    Parameters
    ----------
    factor : str
    taken : sequence of str
        Labels of the terms before it.
    factors : sequence of str
        All grouping factors, which a numbered label must differ from.
    """
    label, count = factor, 0
    while label in taken or (count and label in factors):
        count += 1
        label = f"{factor}.{count}"
    return label
