"""Comparisons that the tests, and their negative controls, share. Each raises AssertionError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[np.float64]
LogDensity = Callable[[Array], tuple[Array, Array]]
"""From points (points, size) to log densities (points,) and gradients (points, size)."""
MakeLogDensity = Callable[[Path, Mapping[str, Any]], LogDensity]
"""From a program and its data."""
Sample = Callable[..., dict[str, Array]]
"""From (program, data, seed=, draws=, adapt_delta=) to (chains, draws, ...) of every variable."""

stanli_only = pytest.mark.parametrize("engine", ["stanli"], indirect=True)
"""For controls that must fail: broken programs, each of which would need to be compiled."""
cmdstan_if_full = pytest.mark.parametrize(
    "engine",
    ["stanli", pytest.param("cmdstan", marks=[pytest.mark.cmdstan, pytest.mark.full])],
    indirect=True,
)
"""For tests of several programs of the catalogue, each of which CmdStan needs to compile."""

_STENCIL = {-3: -1 / 60, -2: 3 / 20, -1: -3 / 4, 1: 3 / 4, 2: -3 / 20, 3: 1 / 60}


def finite_difference_gradient(
    log_density: Callable[[Array], Array], q: Array, *, step: float = 0.0005
) -> Array:
    """Central differences of sixth order at every row of q, in one call of the function."""
    points, size = q.shape
    offsets = np.array(list(_STENCIL)) * step
    shifted = q[:, None, None, :] + offsets[:, None, None] * np.eye(size)
    values = log_density(shifted.reshape(-1, size)).reshape(points, len(_STENCIL), size)
    return np.asarray(np.tensordot(values, np.array(list(_STENCIL.values())), (1, 0)) / step)


def assert_same_density(
    density: LogDensity, reference: Callable[[Array], Array], q: Array, *, rtol: float = 1e-9
) -> None:
    """The log densities differ by one constant, the gradients not at all."""
    value, gradient = density(q)
    expected = reference(q)
    difference = value - expected
    size = np.maximum(1, np.maximum(np.abs(value), np.abs(expected)))
    assert np.isfinite(difference).all(), "log densities differ by what is not finite"
    error = np.abs(difference - np.median(difference)) / size
    assert error.max() <= rtol, f"log densities differ by {error.max():.3g}, relatively"

    slope = finite_difference_gradient(reference, q)
    tolerance = 1e-7 * (1 + np.abs(slope)) + 1e-10 * size[:, None]
    excess = np.abs(gradient - slope) / tolerance
    assert excess.max() <= 1, f"gradients differ by {excess.max():.3g} times the tolerance"


def assert_mean(draws: Array, exact: float, label: str = "", *, min_ess: float = 400) -> None:
    """The mean of (chains, draws) is exact within five Monte-Carlo standard errors."""
    ess = float(az.ess(draws, method="bulk"))
    assert ess >= min_ess, f"{label}: effective sample size {ess:.0f} < {min_ess:.0f}"
    mcse = float(az.mcse(draws, method="mean"))
    distance = (draws.mean() - exact) / mcse
    assert abs(distance) <= 5, (
        f"{label}: {draws.mean():.6g}, exact {exact:.6g}, {distance:.1f} MCSE"
    )


def assert_means(draws: Array, exact: Any, label: str = "", *, min_ess: float = 400) -> None:
    """The same for every component of (chains, draws, components)."""
    assert draws.shape[2:] == np.shape(exact)
    for index, value in np.ndenumerate(np.asarray(exact)):
        component = draws[(slice(None), slice(None), *index)]
        assert_mean(component, value, f"{label}{list(index)}", min_ess=min_ess)
