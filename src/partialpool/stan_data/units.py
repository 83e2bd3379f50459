"""Units of response and predictors in a program's data: powers of ten, 1 for ordinary numbers.

The sampler starts near 0 with steps near 1. It is slow if parameters are in the hundreds, and fails
if they are in the billions or millionths. The model does not depend on the units: priors are
converted with the data, and draws are converted back.
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
"""Range of standard deviations for which the unit is 1."""


@dataclass(frozen=True)
class Units:
    """Numbers by which response and columns are divided in a program's data.

    Attributes
    ----------
    eta : float
        Unit of the linear predictor.
    x : array, (column,)
        Units of the columns of X.
    z : mapping of term label to array, (coefficient,)
        Units of the columns of Z.
    """

    eta: float
    x: Floats
    z: Mapping[str, Floats]


def units_of(design: Design, family: Family) -> Units:
    """Choose units from the standard deviations of the columns and, with identity link, of y."""
    response = design.response
    assert response is not None
    identity = family.link == "identity"
    return Units(
        eta=_unit(response.y - design.offset) if identity else 1.0,
        x=np.array([_unit(column) for column in design.X.T]),
        z={t.label: np.array([_unit(column) for column in t.Z.T]) for t in design.groups},
    )


def _unit(values: NDArray[Any]) -> float:
    """Return the power of ten nearest to the standard deviation, or 1 if that is ordinary."""
    sd = float(np.std(values))
    if sd == 0 or ORDINARY[0] <= sd <= ORDINARY[1]:
        return 1.0
    return float(10.0 ** np.round(np.log10(sd)))
