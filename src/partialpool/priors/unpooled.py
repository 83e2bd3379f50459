"""The fixed normal priors of the groups' coefficients in a model without pooling.

The prior of a group's intercept refers to the means of the predictors, as the prior of the
population's intercept does, since a predictor such as the year may be far from 0. So the program
gets the predictors less their means, and `UnpooledPriors.at_zero` turns its intercepts into those
at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats
from ..design.design import Design, GroupDesign
from ..design.group_basis import intercepts_of
from . import distributions as priors
from .table import PriorTable, coef_name


@dataclass(frozen=True)
class UnpooledPriors:
    """Priors of the groups' coefficients in a model without pooling, and the predictors' means.

    Attributes
    ----------
    locations, scales : mapping of term label to array, (coefficient,)
        Of the normal priors; empty in a model with pooling.
    means : mapping of term label to array, (coefficient,)
        Means that are taken off the term's columns: of the predictors if the groups of its factor
        have an intercept, else 0.
    x_means : array, (K,)
        Means that are taken off the population's predictors: 0 if no groups have an intercept.
    absorbs : mapping of term label to (label, weights)
        The term whose intercept changes when a term's columns are centered (it may be the same
        term), and the weights, (coefficient,), that make the intercept of that term's
        coefficients: 1 for ``Intercept``, or 1 for every level of ``0 + f``.
    """

    locations: Mapping[str, Floats]
    scales: Mapping[str, Floats]
    means: Mapping[str, Floats]
    x_means: Floats
    absorbs: Mapping[str, tuple[str, Floats]]

    def at_zero(self, effects: Mapping[str, Floats], slopes: Floats) -> dict[str, Floats]:
        """Turn intercepts at the means of the predictors into intercepts at 0.

        Parameters
        ----------
        effects : mapping of term label to array, (..., group, coefficient)
            The groups' coefficients in the program.
        slopes : array, (..., K)
            Slopes of the population's predictors.

        Returns
        -------
        dict of term label to array, (..., group, coefficient)
        """
        moved = {label: values.copy() for label, values in effects.items()}
        for label, (with_intercept, weights) in self.absorbs.items():
            moved[with_intercept] -= (effects[label] @ self.means[label])[..., None] * weights
        if self.absorbs:
            with_intercept, weights = next(iter(self.absorbs.values()))
            moved[with_intercept] -= (slopes @ self.x_means)[..., None, None] * weights
        return moved


def unpooled_priors(design: Design, table: PriorTable) -> UnpooledPriors:
    """Collect the priors of the groups' coefficients; they are empty in a model with pooling."""
    terms = [t for t in design.groups if coef_name(t, t.coefficients[0]) in table]
    codes = {t.label: [priors.code(table[coef_name(t, c)]) for c in t.coefficients] for t in terms}
    intercepts = intercepts_of(terms)
    return UnpooledPriors(
        locations={label: np.array([p.location for p in ps]) for label, ps in codes.items()},
        scales={label: np.array([p.scale for p in ps]) for label, ps in codes.items()},
        means={term.label: _means(term, intercepts) for term in terms},
        x_means=design.X.mean(axis=0) if intercepts else np.zeros(design.X.shape[1]),
        absorbs={t.label: intercepts[t.factor] for t in terms if t.factor in intercepts},
    )


def _means(term: GroupDesign, intercepts: Mapping[str, tuple[str, Floats]]) -> Floats:
    """Return the means that are taken off a term's columns, (coefficient,)."""
    if term.factor not in intercepts:
        return np.zeros(len(term.coefficients))
    label, weights = intercepts[term.factor]
    slopes = weights == 0 if label == term.label else np.ones(len(term.coefficients), bool)
    means: Floats = np.where(slopes, term.Z.mean(axis=0), 0.0)
    return means
