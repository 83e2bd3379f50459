"""Fit a small sample with the help of a large one, the history, by several methods.

`Pair` has all the methods for linear regressions; a `pp.Model` of any family takes the option
``history``. If the residual sd is known, the posteriors are normal, or mixtures of normals over one
unknown number, and are computed exactly. docs/transfer.md says which method to take when.
"""

from ..priors.history import History, NormalCheck, PosteriorPrior
from .approximate import prior_from
from .conjugate import commensurate, exchangeable, kl_regularised, power_prior, reverse_kl
from .conjugate import posterior as normal_posterior
from .distances import MultivariateNormal, kl_divergence, overlap, wasserstein
from .mixtures import (
    NormalMixture,
    commensurate_mixture,
    exchangeable_mixture,
    power_prior_normalised,
)
from .pair_fits import Pair
from .paths import path, path_of_fits
from .report import Discrepancy, conflict_p_value, discrepancy, table
from .sums import RegressionSums
from .weighted import power_prior_model

__all__ = [
    "Discrepancy",
    "History",
    "MultivariateNormal",
    "NormalCheck",
    "NormalMixture",
    "Pair",
    "PosteriorPrior",
    "RegressionSums",
    "commensurate",
    "commensurate_mixture",
    "conflict_p_value",
    "discrepancy",
    "exchangeable",
    "exchangeable_mixture",
    "kl_divergence",
    "kl_regularised",
    "normal_posterior",
    "overlap",
    "path",
    "path_of_fits",
    "power_prior",
    "power_prior_model",
    "power_prior_normalised",
    "prior_from",
    "reverse_kl",
    "table",
    "wasserstein",
]
