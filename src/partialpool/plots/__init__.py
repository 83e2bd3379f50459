"""Figures: one function per module, each returning matplotlib axes and taking `ax=`.

Colours are Okabe and Ito's, and whatever differs in colour differs in marker, line or hatch too.
"""

from .ess_bars import ess_bars
from .forest import forest
from .funnel import funnel
from .observed_predicted import observed_predicted
from .pooling_ladder import pooling_ladder
from .predictive_check import predictive_check
from .prior_density import prior_density
from .probability_bars import probability_bars
from .rank_heatmap import rank_heatmap
from .rank_histogram import rank_histogram
from .regression_lines import regression_lines
from .shrinkage import shrinkage
from .shrinkage_plane import shrinkage_plane

__all__ = [
    "ess_bars",
    "forest",
    "funnel",
    "observed_predicted",
    "pooling_ladder",
    "predictive_check",
    "prior_density",
    "probability_bars",
    "rank_heatmap",
    "rank_histogram",
    "regression_lines",
    "shrinkage",
    "shrinkage_plane",
]
