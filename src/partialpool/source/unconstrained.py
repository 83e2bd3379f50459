"""Stan's unconstrained scale: where parameters with bounds stand on it, and back.

Stan reference manual, Constraint transforms: a lower bound is a logarithm, two bounds are a
logit. Numbers stand in the order of the declarations, matrices column by column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .declaration import Declaration

Floats = NDArray[np.float64]


def places(
    parameters: Mapping[str, Declaration], data: Mapping[str, Any]
) -> dict[str, tuple[slice, tuple[int, ...]]] | None:
    """Where each parameter stands on the unconstrained scale, and its shape.

    Returns
    -------
    dict or None
        None where a parameter is of a constrained type (simplex, ...), a matrix or an array of
        vectors, or has a size or a bound that the data do not give.
    """
    standing: dict[str, tuple[slice, tuple[int, ...]]] = {}
    at = 0
    for name, declared in parameters.items():
        shape = declared.shape(data)
        bounds = (declared.lower, declared.upper)
        known = all(b is None or isinstance(b.evaluate(data), (int, float)) for b in bounds)
        plain = declared.constraint is None and declared.offset is declared.multiplier is None
        if shape is None or len(shape) > 1 or not known or not plain:
            return None
        size = int(np.prod(shape))
        standing[name] = (slice(at, at + size), shape)
        at += size
    return standing


def constrained(
    parameters: Mapping[str, Declaration], data: Mapping[str, Any], q: Floats
) -> dict[str, Any]:
    """Values of the parameters at a point of the unconstrained scale.

    Parameters
    ----------
    parameters : mapping of str to Declaration
        For which there are `places`.
    data : mapping
    q : array, (unconstrained,)

    Returns
    -------
    dict of str to float or array
    """
    where = places(parameters, data)
    assert where is not None
    values: dict[str, Any] = {}
    for name, (part, shape) in where.items():
        lower, upper = (
            None if b is None else float(b.evaluate(data))
            for b in (parameters[name].lower, parameters[name].upper)
        )
        values[name] = _bounded(q[part], lower, upper).reshape(shape)
    return values


def _bounded(q: Floats, lower: float | None, upper: float | None) -> Floats:
    if lower is None or not np.isfinite(lower):
        return q.copy() if upper is None or not np.isfinite(upper) else upper - np.exp(q)
    if upper is None or not np.isfinite(upper):
        return lower + np.exp(q)
    half = (upper - lower) / 2
    return lower + half * (1 + np.tanh(q / 2))
