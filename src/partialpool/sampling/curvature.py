"""Hessian, second moments and largest curvature of a log density, from values and gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..engines.base import Density

FIRST_STEP, ROUNDS = 1e-2, 4
"""First step of the differences of gradients, and how often the steps are adapted."""
GRID = np.arange(-4.0, 4.01, 0.5)
"""Points, in standard deviations from the mode, at which second moments are computed."""
LANCZOS = 10
"""Number of Lanczos steps; a Hessian of at most this size is computed in full instead."""


def hessian(density: Density, mode: Floats, free: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Compute the Hessian of minus the log density at the mode, by differences of gradients.

    The differences are taken over half a standard deviation to either side. So a kink, such as a
    prior of an sd may have at 0, has no more influence than it has on the posterior.

    Parameters
    ----------
    density : Density
    mode : array, (unconstrained,)
    free : array of int, (free,)
        The coordinates for which the Hessian is computed.

    Returns
    -------
    hessian : array, (free, free)
    across : array, (free, unconstrained)
        The rows of these coordinates in the Hessian over all coordinates.
    """
    steps = np.full(len(free), FIRST_STEP)
    for _ in range(ROUNDS):
        rows = [_slope(density, mode, i, h) for i, h in zip(free, steps, strict=True)]
        curvature = np.array([row[i] for i, row in zip(free, rows, strict=True)])
        if not (curvature > 0).all():
            break
        steps = 0.5 / np.sqrt(curvature)
    across = np.array(rows).reshape(len(free), len(mode))
    hessian = across[:, free]
    return np.asarray((hessian + hessian.T) / 2), across


def _slope(density: Density, mode: Floats, i: np.int64, step: float) -> Floats:
    """Return the derivative of minus the gradient along coordinate i, by central difference."""
    up, down = mode.copy(), mode.copy()
    up[i] += step
    down[i] -= step
    return np.asarray((density.at(down)[1] - density.at(up)[1]) / (2 * step))


def moments(density: Density, mode: Floats, free: NDArray[np.int64], directions: Floats) -> Floats:
    """Compute the second moment about the mode of the density along each direction.

    Parameters
    ----------
    directions : array, (free, direction)
        Moments are in units of their lengths: 1 for a normal density with these axes.

    Returns
    -------
    array, (direction,)
    """
    at_mode = density.at(mode)[0]
    second_moments = np.empty(directions.shape[1])
    for k, direction in enumerate(directions.T):
        logs = []
        for t in GRID:
            q = mode.copy()
            q[free] += t * direction
            logs.append(density.at(q)[0] - at_mode)
        weights = np.exp(np.minimum(np.nan_to_num(np.array(logs), nan=-np.inf), 50.0))
        second_moments[k] = float(weights @ GRID**2 / weights.sum())
    return second_moments


def stiffness(density: Density, mode: Floats, free: NDArray[np.int64], root: Floats) -> float:
    """Compute the largest curvature two standard deviations from the mode.

    Parameters
    ----------
    root : array, (free, axis)
        Square root of the inverse metric; a normal density with this metric has curvature 1.
    """
    n = root.shape[1]
    worst = 0.0
    for k in range(n):
        for side in (-2.0, 2.0):
            point = mode.copy()
            point[free] += side * root[:, k]

            def times(v: Floats, point: Floats = point) -> Floats:
                """Multiply a vector by the Hessian at the point."""
                up, down = point.copy(), point.copy()
                up[free] += 0.25 * root @ v
                down[free] -= 0.25 * root @ v
                slope = density.at(down)[1] - density.at(up)[1]
                return np.asarray(slope[free] @ root / 0.5)

            worst = max(worst, largest(times, n))
    return worst


def largest(times: Callable[[Floats], Floats], n: int) -> float:
    """Compute the largest eigenvalue of a symmetric n x n matrix from its products with vectors.

    For a large matrix this is an estimate by Lanczos's method; inf if a product is not finite.
    """
    if n <= LANCZOS:
        return _largest_eigenvalue(np.array([times(v) for v in np.eye(n)]))
    basis, rows = np.empty((0, n)), np.empty((0, n))
    v = np.random.default_rng(n).standard_normal(n)
    for _ in range(LANCZOS):
        for _ in range(2):  # twice, because of rounding errors
            v = v - basis.T @ (basis @ v)
        if not np.linalg.norm(v) > 1e-8:
            break
        basis = np.vstack([basis, v / np.linalg.norm(v)])
        v = times(basis[-1])
        if not np.isfinite(v).all():
            return np.inf
        rows = np.vstack([rows, v])
    return _largest_eigenvalue(rows @ basis.T)


def _largest_eigenvalue(matrix: Floats) -> float:
    """Return the largest eigenvalue of a symmetric matrix; inf if it is not finite."""
    if not np.isfinite(matrix).all():
        return np.inf
    return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])
