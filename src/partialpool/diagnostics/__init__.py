"""Can these draws be trusted? Checks of draws from NUTS, with thresholds and advice.

`diagnose` checks R-hat, effective sample sizes, divergences, tree depth and energy; `convergence`
tabulates R-hat, effective sample sizes and Monte-Carlo errors; `ebfmi` is the energy Bayesian
fraction of missing information.
"""

from .checks import Check, Diagnosis, diagnose, ebfmi
from .convergence import convergence, flatten

__all__ = ["Check", "Diagnosis", "convergence", "diagnose", "ebfmi", "flatten"]
