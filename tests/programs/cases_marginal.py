"""Names in the programs that integrate one group term out of a Gaussian regression."""

from __future__ import annotations

from collections.abc import Set

BY_GROUP, BY_PATTERN = "glmm/gaussian_marginal", "glmm/gaussian_marginal_patterns"
PROGRAMS = (BY_GROUP, BY_PATTERN)

DATA_NAMES = frozenset(
    {"K", "has_intercept", "P", "x_mean", "beta_hat", "R_inverse", "rss", "rows", "known_se"}
    | {"q", "correlated", "C", "J", "ZZ", "ZQ", "Zr", "draw_effects", "B", "groups", "G"}
    | {"y_unit", "tau_unit"}
)

DIMENSIONS = dict.fromkeys(
    ("xi", "tau_std", "cpc", "sigma_std", "Intercept", "beta", "alpha", "tau", "sigma")
    + ("rho", "r"),
    1,
)


def offered(name: str) -> Set[str]:
    """What each program offers: the effects come from sums of single groups alone."""
    return set(DIMENSIONS) - ({"r"} if name == BY_PATTERN else set())
