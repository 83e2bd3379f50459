"""A large sample regularises a small one: every principled way, side by side.

`Pair` has them all for linear regressions; a `pp.Model` of any family takes ``history=``. Where
the residual sd is known all are closed forms, or mixtures of them over one number.
docs/transfer.md says which to take when.
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
from .pair import Pair
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
