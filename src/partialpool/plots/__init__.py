"""Figures of data, priors and posteriors. Each function draws on `ax` and returns its axes.

There is one function per module. Colours are those of Okabe and Ito's palette for colour-blind
readers, and fits or chains differ also in marker, line style or hatch.
"""

from .conditional_means import conditional_means
from .density_path import density_path
from .ess_bars import ess_bars
from .forest import forest
from .funnel import funnel
from .group_predictor import group_predictor
from .marginals import marginals
from .observed_predicted import observed_predicted
from .panels import panels
from .pooling_ladder import pooling_ladder
from .predictive_check import predictive_check
from .prior_density import prior_density
from .probability_bars import probability_bars
from .rank_bars import rank_bars
from .rank_heatmap import rank_heatmap
from .rank_histogram import rank_histogram
from .regression_lines import regression_lines
from .replicates import replicates
from .shrinkage import shrinkage
from .shrinkage_plane import shrinkage_plane
from .trace import trace
from .transfer_path import transfer_path

__all__ = [
    "conditional_means",
    "density_path",
    "ess_bars",
    "forest",
    "funnel",
    "group_predictor",
    "marginals",
    "observed_predicted",
    "panels",
    "pooling_ladder",
    "predictive_check",
    "prior_density",
    "probability_bars",
    "rank_bars",
    "rank_heatmap",
    "rank_histogram",
    "regression_lines",
    "replicates",
    "shrinkage",
    "shrinkage_plane",
    "trace",
    "transfer_path",
]
