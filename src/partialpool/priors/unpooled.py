"""Coefficients that every group has for itself, without pooling: their fixed normal priors.

The prior of a group's intercept is about the means of the predictors, as the population's is
(at 0, a year such as 2010 would be far outside the data). So the program gets the predictors less
their means, and its draws are brought back to 0 here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats
from ..design.design import Design, GroupDesign
from ..design.group_basis import intercepts_of
from . import distributions as priors
from .table import PriorTable, own_name


@dataclass(frozen=True)
class Own:
    """Priors of the groups' own coefficients, and the means that they are about.

    Attributes
    ----------
    locations, scales : mapping of term label to array, (coefficient,)
        Empty where there is a population.
    means : mapping of term label to array, (coefficient,)
        Of the predictors, in the terms of a factor whose groups have an intercept; else 0.
    x_means : array, (K,)
        Of the population's predictors, if some factor's groups have an intercept; else 0.
    absorbs : mapping of term label to (label, weights)
        Which intercept a term's means go to: of another term or its own, and what each of its
        coefficients is of it. An intercept has 1; of `0 + f`, which has one for each level, each
        of them has 1.
    """

    locations: Mapping[str, Floats]
    scales: Mapping[str, Floats]
    means: Mapping[str, Floats]
    x_means: Floats
    absorbs: Mapping[str, tuple[str, Floats]]

    def at_zero(self, effects: Mapping[str, Floats], slopes: Floats) -> dict[str, Floats]:
        """Bring intercepts from the means of the predictors to 0.

        Parameters
        ----------
        effects : mapping of term label to array, (..., group, coefficient)
        slopes : array, (..., K)
            Of the population's predictors.
        """
        moved = {label: values.copy() for label, values in effects.items()}
        for label, (home, weights) in self.absorbs.items():
            moved[home] -= (effects[label] @ self.means[label])[..., None] * weights
        if self.absorbs:
            home, weights = next(iter(self.absorbs.values()))
            moved[home] -= (slopes @ self.x_means)[..., None, None] * weights
        return moved


def own_priors(design: Design, table: PriorTable) -> Own:
    """Collect the priors of a design's own coefficients; empty where there is a population."""
    terms = [t for t in design.groups if own_name(t, t.coefficients[0]) in table]
    codes = {t.label: [priors.code(table[own_name(t, c)]) for c in t.coefficients] for t in terms}
    homes = intercepts_of(terms)
    return Own(
        locations={label: np.array([c.location for c in of]) for label, of in codes.items()},
        scales={label: np.array([c.scale for c in of]) for label, of in codes.items()},
        means={term.label: _means(term, homes) for term in terms},
        x_means=design.X.mean(axis=0) if homes else np.zeros(design.X.shape[1]),
        absorbs={term.label: homes[term.factor] for term in terms if term.factor in homes},
    )


def _means(term: GroupDesign, homes: Mapping[str, tuple[str, Floats]]) -> Floats:
    if term.factor not in homes:
        return np.zeros(len(term.coefficients))
    label, weights = homes[term.factor]
    slopes = weights == 0 if label == term.label else np.ones(len(term.coefficients), bool)
    means: Floats = np.where(slopes, term.Z.mean(axis=0), 0.0)
    return means
