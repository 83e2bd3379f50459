"""Units in which a program sees response and predictors: powers of ten, 1 where it does not matter.

A sampler starts near 0 with steps near 1: it is slow where numbers are hundreds, and gets lost
where they are billions or millionths. The model is the same in any unit: priors go along, and
draws are brought back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..design.design import Design
from ..family.families import Family

ORDINARY = (0.1, 10.0)
"""Standard deviations that need no unit."""


@dataclass(frozen=True)
class Units:
    """Units of the linear predictor, of X's columns, and of each term's columns of Z."""

    eta: float
    x: Floats
    z: Mapping[str, Floats]


def units_of(design: Design, family: Family) -> Units:
    """Choose units by the standard deviations of response (identity link) and columns."""
    response = design.response
    assert response is not None
    identity = family.link == "identity"
    return Units(
        eta=_unit(response.y - design.offset) if identity else 1.0,
        x=np.array([_unit(column) for column in design.X.T]),
        z={t.label: np.array([_unit(column) for column in t.Z.T]) for t in design.groups},
    )


def _unit(values: NDArray[Any]) -> float:
    spread = float(np.std(values))
    if spread == 0 or ORDINARY[0] <= spread <= ORDINARY[1]:
        return 1.0
    return float(10.0 ** np.round(np.log10(spread)))
