"""Shrinkage estimators in closed form: James-Stein, limited translation, empirical Bayes.

They are the estimators of Efron and Morris's papers, and need no sampler. Their results can be
compared with those of a hierarchical model.
"""

from .arcsine import arcsine_transform, inverse_arcsine_transform
from .estimates import EmpiricalBayes, LimitedTranslation, Shrinkage
from .shrinkage import (
    empirical_bayes_normal,
    james_stein,
    limited_translation,
    total_squared_error,
)

__all__ = [
    "EmpiricalBayes",
    "LimitedTranslation",
    "Shrinkage",
    "arcsine_transform",
    "empirical_bayes_normal",
    "inverse_arcsine_transform",
    "james_stein",
    "limited_translation",
    "total_squared_error",
]
