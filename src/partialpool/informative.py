"""How much its own rows tell about a group: whether its effects are better sampled centered.

Where they tell much, effects are pinned by the data, and as they stand (centered) they do not
depend on the population's sd; where they tell little, effects follow the prior, and standardised
(non-centered) they do not. Betancourt & Girolami 2015, Hamiltonian Monte Carlo for hierarchical
models, section 2.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .design import Design, GroupDesign
from .families import Family

ENOUGH = 10.0
"""Information times the square of a usual effect, from which on a group is well known."""
USUAL_EFFECT = 0.5
"""A group sd on the link's scale, or in sds of a measured response."""


def group_information(design: Design, family: Family, term: GroupDesign) -> float:
    """Estimate what the typical group's rows tell about its least known coefficient.

    Returns
    -------
    float
        Fisher information at the overall mean, times `USUAL_EFFECT` squared: the ratio of the
        variance between groups to that of a group's own estimate. Of the median group.
    """
    each = _row_information(design, family)
    sums = np.array(
        [np.bincount(term.codes, each * column**2, len(term.levels)) for column in term.Z.T]
    )
    return float(np.median(sums, axis=1).min() * USUAL_EFFECT**2)


def _row_information(design: Design, family: Family) -> NDArray[np.float64]:
    """Information of each row about its linear predictor, at the overall mean."""
    response = design.response
    assert response is not None
    rows = np.ones(len(response.y)) if response.weights is None else response.weights
    if family.link == "identity":
        y = response.y - design.offset
        return np.asarray(rows * np.var(y) / (np.var(y) if response.se is None else response.se**2))
    if family.link == "logit":
        trials = np.ones(len(rows)) if response.trials is None else response.trials
        chance = np.clip(response.y.sum() / max(trials.sum(), 1.0), 0.01, 0.99)
        return np.asarray(rows * trials * chance * (1 - chance))
    exposure = np.exp(design.offset)
    return np.asarray(rows * exposure * response.y.sum() / exposure.sum())
