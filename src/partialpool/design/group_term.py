"""Group terms of a design: columns, codes, labels, and what is checked of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.levels import Factor, listed
from ..data.spelling import likely_levels
from ..errors import DataError, warn
from ..formula.tree import GroupTerm
from .rank import slopes
from .span import equals


@dataclass(frozen=True, eq=False)
class GroupDesign:
    """A group term: its columns, and the group of each row.

    Attributes
    ----------
    label : str
        "county"; a second term of the same factor is "county.1".
    factor : str
    coefficients : tuple of str
        Names of Z's columns.
    Z : ndarray of shape (rows, coefficients)
    codes : ndarray of int
        Place of the row's group in `levels`; -(i + 1) stands for `new_levels[i]`.
    levels : tuple
        The user's labels: categories in their order, other values sorted.
    new_levels : tuple
        Labels that the data of the fit did not hold (in `Design.on` alone).
    correlated : bool
        Whether the coefficients of a group are correlated; False if there is one.
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


def unseen_groups(factor: Factor, codes: NDArray[np.int64], unseen: Sequence[Hashable]) -> str:
    """Say which groups of new data are not known."""
    types = {type(level).__name__ for level in factor.levels}
    hint = ""
    if not types & {type(level).__name__ for level in unseen}:
        hint = f" (The known labels are of type {', '.join(sorted(types))}: {factor.levels[0]!r}.)"
    return (
        f"`{factor.name}` in newdata holds groups that the data of the fit did not: "
        f"{listed(unseen)} ({int((codes < 0).sum())} of {len(codes)} rows)."
        f"{hint or spelled_like(unseen, factor.levels)} Pass "
        f'new_groups="sample" to draw them from the population of groups, or '
        f'new_groups="population" to leave their deviation out.'
    )


def spelled_like(unseen: Sequence[Hashable], known: Sequence[Hashable]) -> str:
    """Ask whether the first unseen label that is spelled like a known one is meant as that."""
    for label, level in likely_levels(unseen, known).items() if unseen else ():
        return f" {listed([label])} is like {listed([level])}: did you mean that?"
    return ""


def check_overlap(terms: Sequence[GroupTerm], groups: Sequence[GroupDesign]) -> None:
    """Raise where two terms give the same groups the same coefficient, by its column's values."""
    seen: dict[frozenset[str], list[tuple[GroupTerm, GroupDesign]]] = {}
    for term, group in zip(terms, groups, strict=True):
        others = seen.setdefault(frozenset(term.factors), [])
        for before, other in others:
            for name, place in zip(group.coefficients, equals(group.Z, other.Z), strict=True):
                if place is None:
                    continue
                same = other.coefficients[place]
                called = "" if same == name else f", which is `{same}`"
                raise DataError(
                    f"{before} and {term} both give the groups of `{term.factor}` a coefficient "
                    f"`{name}`{called}: merge them into one term, or write "
                    f"(0 + ... | {term.factor}) for a term without an intercept."
                )
        others.append((term, group))


def notes_on(groups: Sequence[GroupDesign]) -> list[str]:
    """Warn of slopes that vary within no group, and note those that vary within some."""
    found: list[str] = []
    having = {group.factor for group in groups if "Intercept" in group.coefficients}
    for group in groups:
        if group.factor in having:
            warning, notes = slopes(
                group.factor, group.coefficients, group.Z, group.codes, len(group.levels)
            )
            found += notes
            if warning:
                warn(warning)
    return found


def label_of(factor: str, taken: Sequence[str], factors: Sequence[str]) -> str:
    """Label a term by its factor; a further one of the same factor "county.1", and so on."""
    label, count = factor, 0
    while label in taken or (count and label in factors):
        count += 1
        label = f"{factor}.{count}"
    return label
