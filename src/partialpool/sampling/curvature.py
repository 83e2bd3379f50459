"""The shape of a log density about a point, from its gradients and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..engines.base import Density

FIRST_STEP, ROUNDS = 1e-2, 4
GRID = np.arange(-4.0, 4.01, 0.5)
LANCZOS = 10
"""Steps of Lanczos's method, and size of a Hessian up to which all of it is computed."""


def hessian(density: Density, mode: Floats, free: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Hessian of minus the log density over some coordinates, and their rows of the whole one.

    Half a standard deviation to either side: a kink, as a prior of an sd may have at 0, then
    counts for no more than it matters.
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
    up, down = mode.copy(), mode.copy()
    up[i] += step
    down[i] -= step
    return np.asarray((density.at(down)[1] - density.at(up)[1]) / (2 * step))


def moments(density: Density, mode: Floats, free: NDArray[np.int64], directions: Floats) -> Floats:
    """Second moment of the density along each direction, about the mode."""
    top = density.at(mode)[0]
    out = np.empty(directions.shape[1])
    for k, direction in enumerate(directions.T):
        logs = []
        for t in GRID:
            q = mode.copy()
            q[free] += t * direction
            logs.append(density.at(q)[0] - top)
        weights = np.exp(np.minimum(np.nan_to_num(np.array(logs), nan=-np.inf), 50.0))
        out[k] = float(weights @ GRID**2 / weights.sum())
    return out


def stiffness(density: Density, mode: Floats, free: NDArray[np.int64], root: Floats) -> float:
    """Largest curvature two standard deviations from the mode, in units of the metric's."""
    n = root.shape[1]
    worst = 0.0
    for k in range(n):
        for side in (-2.0, 2.0):
            there = mode.copy()
            there[free] += side * root[:, k]

            def times(v: Floats, there: Floats = there) -> Floats:
                """Multiply by the Hessian there."""
                up, down = there.copy(), there.copy()
                up[free] += 0.25 * root @ v
                down[free] -= 0.25 * root @ v
                slope = density.at(down)[1] - density.at(up)[1]
                return np.asarray(slope[free] @ root / 0.5)

            worst = max(worst, largest(times, n))
    return worst


def largest(times: Callable[[Floats], Floats], n: int) -> float:
    """Largest eigenvalue of a symmetric matrix; of a large one, of its part in a Krylov space."""
    if n <= LANCZOS:
        whole = np.array([times(v) for v in np.eye(n)])
        return _top(whole)
    basis, rows = np.empty((0, n)), np.empty((0, n))
    v = np.random.default_rng(n).standard_normal(n)
    for _ in range(LANCZOS):
        for _ in range(2):  # once more, as rounding leaves something
            v = v - basis.T @ (basis @ v)
        if not np.linalg.norm(v) > 1e-8:
            break
        basis = np.vstack([basis, v / np.linalg.norm(v)])
        v = times(basis[-1])
        if not np.isfinite(v).all():
            return np.inf
        rows = np.vstack([rows, v])
    return _top(rows @ basis.T)


def _top(matrix: Floats) -> float:
    if not np.isfinite(matrix).all():
        return np.inf
    return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])
