"""Sampling diagnostics: whether draws from NUTS can be trusted, and what to do if not.

`diagnose` checks R-hat, effective sample sizes, divergences, tree depth and energy against
published thresholds; `convergence` tabulates R-hat, effective sample sizes and Monte-Carlo errors;
`ebfmi` computes the energy Bayesian fraction of missing information; `flatten` lays the scalars of
a posterior side by side.
"""

from .checks import diagnose, ebfmi
from .convergence import convergence, flatten
from .diagnosis import Check, Diagnosis

__all__ = ["Check", "Diagnosis", "convergence", "diagnose", "ebfmi", "flatten"]
