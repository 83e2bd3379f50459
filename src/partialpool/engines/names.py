"""Stan's names for columns, and ArviZ's for the sampler's statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

STATS = {
    "lp__": "lp",
    "accept_stat__": "acceptance_rate",
    "stepsize__": "step_size",
    "treedepth__": "tree_depth",
    "n_leapfrog__": "n_steps",
    "divergent__": "diverging",
    "energy__": "energy",
}
"""ArviZ's names of Stan's sampler columns."""


def sampler_stats(column: Callable[[str], NDArray[np.float64]]) -> dict[str, NDArray[Any]]:
    """Give Stan's sampler columns ArviZ's names and types."""
    types = {"tree_depth": np.int64, "n_steps": np.int64, "diverging": np.bool_}
    return {
        arviz: column(stan).astype(types.get(arviz, np.float64)) for stan, arviz in STATS.items()
    }


def csv_names(names: Iterable[str]) -> tuple[str, ...]:
    """Turn ``theta[1,2]`` into the ``theta.1.2`` of Stan's CSV."""
    return tuple(name.replace("[", ".").replace(",", ".").rstrip("]") for name in names)
