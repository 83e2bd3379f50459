"""Reading a posterior by the names of its variables: group effects, covariance factors, labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS
from ..design.group_term import GroupDesign
from ..storage.labels import as_text
from .names import dim_of, name_of


def effects_of(posterior: xr.Dataset, term: GroupDesign) -> NDArray[np.float64]:
    """Group effects, or groups' own coefficients without pooling: (chain, draw, group, q)."""
    name = name_of("r" if name_of("r", term) in posterior else "coef", term)
    values = posterior[name].transpose(*SAMPLE_DIMS, dim_of(term), name_of("coefficient", term))
    return np.asarray(values.values, dtype=np.float64)


def scale_factor(posterior: xr.Dataset, term: GroupDesign) -> NDArray[np.float64]:
    """Return the Cholesky factor of the covariance of a term's effects, by draw: (draw, q, q)."""
    sds = _by_draw(posterior[name_of("sd", term)].values)
    q = sds.shape[1]
    correlation = np.broadcast_to(np.eye(q), (len(sds), q, q)).copy()
    if name_of("cor", term) in posterior:
        rho = _by_draw(posterior[name_of("cor", term)].values)
        below = [(i, j) for i in range(q) for j in range(i)]
        for at, (i, j) in enumerate(below):
            correlation[:, i, j] = correlation[:, j, i] = rho[:, at]
    lower = np.linalg.cholesky(correlation + 1e-12 * np.eye(q))
    scaled: NDArray[np.float64] = sds[:, :, None] * lower
    return scaled


def _by_draw(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).reshape(-1, values.shape[-1])


def pairs(term: GroupDesign) -> list[str]:
    """Labels of a term's correlations, in the order in which Stan has them."""
    names = term.coefficients
    return [f"{names[j]}, {names[i]}" for i in range(len(names)) for j in range(i)]


def level_labels(term: GroupDesign) -> NDArray[Any]:
    """Labels of a term's groups as an array that NetCDF can hold: numbers, or text."""
    if {type(level) for level in term.levels} <= {int, float}:
        array = np.asarray(term.levels)
        if array.dtype.kind in "iuf" and array.tolist() == list(term.levels):  # to the last digit
            return array
    return np.array([as_text(level) for level in term.levels])
