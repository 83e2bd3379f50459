"""The results of the shrinkage estimators: estimates, and how far they were shrunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .measurements import FloatArray


@dataclass(frozen=True, eq=False)
class Shrinkage:
    """A James-Stein estimate.

    Attributes
    ----------
    estimate : ndarray of shape (k,)
        The estimates of theta.
    shrinkage : float
        The share of every deviation from the target that is kept: 1 is no pooling, 0 is complete
        pooling. Below 0 (never for the positive part), estimates lie beyond the target.
    target : float
        The value towards which the measurements are pulled.
    sum_of_squares : float
        V, the sum of squared deviations from the target in units of sd.
    """

    estimate: FloatArray
    shrinkage: float
    target: float
    sum_of_squares: float


@dataclass(frozen=True, eq=False)
class LimitedTranslation:
    """A limited translation estimate.

    Attributes
    ----------
    estimate : ndarray of shape (k,)
        The estimates of theta.
    limit : ndarray of shape (k,)
        The largest distance that each measurement may be moved, in the unit of y.
    limited : ndarray of bool of shape (k,)
        Whether James-Stein would have moved the measurement further than the limit.
    james_stein : Shrinkage
        The estimate without limits.
    """

    estimate: FloatArray
    limit: FloatArray
    limited: npt.NDArray[np.bool_]
    james_stein: Shrinkage


@dataclass(frozen=True, eq=False)
class EmpiricalBayes:
    """An empirical Bayes estimate under theta[i] ~ Normal(target, between_sd).

    Attributes
    ----------
    estimate : ndarray of shape (k,)
        The estimates of theta.
    shrinkage : ndarray of shape (k,)
        The share of each deviation from the target that is kept: 1 is no pooling, 0 is complete.
    target : float
        The mean of theta, estimated or given.
    between_sd : float
        The estimated standard deviation of theta: tau in a hierarchical model.
    """

    estimate: FloatArray
    shrinkage: FloatArray
    target: float
    between_sd: float
