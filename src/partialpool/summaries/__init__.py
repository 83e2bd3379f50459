"""Summaries of posterior draws: quantiles, event and rank probabilities, p-values, scores.

Each function takes draws as a DataArray (``fit.posterior["theta"]``) or as an array (chain, draw,
group) and returns a DataFrame whose columns are the same under every version of ArviZ, or a
dataclass. Every probability comes with its Monte-Carlo standard error.
"""

from .events import event_probability
from .integrated import beta_binomial_log_predictive, logit_normal_log_predictive
from .p_values import STATISTICS, PosteriorPValue, posterior_p_value, posterior_p_values
from .pairwise import pairwise_probability
from .pareto import pareto_k, pareto_k_threshold
from .pooling_factor import PoolingFactor, group_pooling_factor, pooling_factor
from .prediction import coverage, predict_normal
from .predictive_scores import PredictiveScore, predictive_score, predictive_scores
from .ranks import probability_best, rank_distribution, rank_probability
from .sampling import sampling_table
from .summary_table import QUANTILES, summary

__all__ = [
    "QUANTILES",
    "STATISTICS",
    "PoolingFactor",
    "PosteriorPValue",
    "PredictiveScore",
    "beta_binomial_log_predictive",
    "coverage",
    "event_probability",
    "group_pooling_factor",
    "logit_normal_log_predictive",
    "pairwise_probability",
    "pareto_k",
    "pareto_k_threshold",
    "pooling_factor",
    "posterior_p_value",
    "posterior_p_values",
    "predict_normal",
    "predictive_score",
    "predictive_scores",
    "probability_best",
    "rank_distribution",
    "rank_probability",
    "sampling_table",
    "summary",
]
