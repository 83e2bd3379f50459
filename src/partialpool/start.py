"""Where the sampler starts, and in which metric: near the mode, by the inverse Hessian there.

Of a program whose posterior is smooth and has no funnel, few iterations of warmup are enough if
the metric is known beforehand. It is found from the density itself: L-BFGS to the mode, the
Hessian from differences of gradients, and along each of its axes the second moment of the density,
which corrects the metric where the posterior is wider or narrower than its curvature at the mode.
How much that curvature changes says how normal the posterior is. The posterior does not depend
on any of this, only the time it takes.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .declarations.transforms import constrained, places
from .engines.base import Density
from .engines.config import SamplerConfig
from .errors import PartialPoolError

if TYPE_CHECKING:
    from .stan_program import StanProgram

Floats = NDArray[np.float64]

SHORT, MEDIUM = 100, 149
"""Warmup where the posterior is tame, and where it is less so: it adapts the step size alone, since
Stan keeps a metric that it is given in a warmup of less than 150 iterations."""
NEAR_NORMAL, TAME, ROUGH = 2.0, 4.0, 8.0
"""Bounds on the largest curvature two sds from the mode, in units of the metric's (1 of a normal):
of a posterior that is near normal, of one that is tame, and of one where a start is worth
anything."""
TIED = 0.7
"""Bound on the correlation of any direction with the parameters that are nearly standard normal."""
WIDE = 1.4
"""Bound on the second moments of a near normal posterior, in units of the inverse Hessian's."""
LONG_STEPS = 0.6
"""Acceptance that is aimed at where the posterior is near normal: there longer steps give more
effective draws from half of the gradients (three of NUTS's tree instead of seven)."""
STEP, HALF_TURN, DEPTH = 2.5, math.pi, 3
"""Of n standard normal parameters the step is about `STEP` over the fourth root of n at that
acceptance (Beskos et al. 2013, Bernoulli 19:1501), and a tree of about `HALF_TURN` sds is long
enough: NUTS would double it once more, to where draws come back to minus what they were. No tree
is cut below `DEPTH` doublings."""
DENSE = 60
"""Unconstrained parameters up to which the metric is dense."""
SPREAD = 1.5
"""Standard deviations by which chains start apart from the mode."""
FIRST_STEP, ROUNDS = 1e-2, 4
GRID = np.arange(-4.0, 4.01, 0.5)


@dataclass(frozen=True, eq=False)
class Near:
    """What is known of a program's posterior before any of it is computed.

    Attributes
    ----------
    values : mapping of str to value
        Of every parameter, as declared: a point from which the mode can be found.
    standard : tuple of str
        Parameters that are nearly independent standard normals whatever the others are.
    smooth : bool
        False of coordinates that may have a funnel: then no mode is looked for.
    """

    values: Mapping[str, Any]
    standard: tuple[str, ...] = ()
    smooth: bool = True


@dataclass(frozen=True, eq=False)
class Start:
    """A start of the sampler.

    Attributes
    ----------
    mode : array, (unconstrained,)
    inv_metric : array, (unconstrained,) or (unconstrained, unconstrained)
    inits : list of dict
        One for each chain.
    moments : array, (axis,)
        Second moments along the axes of the inverse Hessian, in its units.
    stiffness : float
        Largest curvature two sds from the mode, in units of the metric's.
    """

    mode: Floats
    inv_metric: Floats
    inits: list[dict[str, Any]]
    moments: Floats
    stiffness: float

    @property
    def near_normal(self) -> bool:
        """Whether long steps lead astray nowhere."""
        return self.stiffness < NEAR_NORMAL and bool((self.moments < WIDE).all())

    @property
    def treedepth(self) -> int:
        """Doublings of a trajectory that are enough where the posterior is near normal."""
        step = STEP / len(self.mode) ** 0.25
        return max(DEPTH, round(math.log2(HALF_TURN / step)))


def configure(config: SamplerConfig, start: Start | None, given: Collection[str]) -> SamplerConfig:
    """Put a start into the sampler's options.

    Parameters
    ----------
    config : SamplerConfig
    start : Start, optional
        Without one the options stay as they are.
    given : collection of str
        Options that are the user's own, and stay as they are.
    """
    if start is None:
        return config
    better: dict[str, Any] = {"warmup": SHORT if start.stiffness < TAME else MEDIUM}
    if start.near_normal and "adapt_delta" not in given:
        better |= {"adapt_delta": LONG_STEPS, "max_treedepth": start.treedepth}
    return dataclasses.replace(
        config,
        inits=start.inits,
        metric="dense_e" if start.inv_metric.ndim == 2 else "diag_e",
        inv_metric=start.inv_metric,
        **{name: value for name, value in better.items() if name not in given},
    )


def find(
    density: Density,
    program: StanProgram,
    data: Mapping[str, Any],
    near: Near,
    *,
    chains: int,
    seed: int,
) -> Start | None:
    """Find the mode of a program's density and the metric there.

    Returns
    -------
    Start or None
        None where there is no proper mode: then the sampler has to find its own way.
    """
    with _blas().limit(limits=1, user_api="blas"):  # vectors this small wait for threads, no more
        return _find(density, program, data, near, chains, seed)


@functools.cache
def _blas() -> Any:
    """Look for the libraries once: it takes longer than many a mode."""
    from threadpoolctl import ThreadpoolController

    importlib.import_module("scipy.optimize")  # it comes with a library of its own
    return ThreadpoolController()


def _find(
    density: Density,
    program: StanProgram,
    data: Mapping[str, Any],
    near: Near,
    chains: int,
    seed: int,
) -> Start | None:
    parameters = program.declarations.parameters
    where = places(parameters, data)
    if where is None:
        return None
    size = max((part.stop for part, _ in where.values()), default=0)
    free = np.ones(size, dtype=bool)
    for name in near.standard:
        free[where[name][0]] = False
    if not free.any():
        return None
    try:
        mode = _mode(density, density.unconstrain(near.values))
        hessian, across = _hessian(density, mode, np.flatnonzero(free))
    except PartialPoolError:
        return None
    scale = np.sqrt(np.abs(np.diag(hessian)))
    if not np.isfinite(hessian).all() or not (scale > 0).all():
        return None
    eigenvalues, axes = np.linalg.eigh(hessian / np.outer(scale, scale))
    if eigenvalues.min() < 1e-8:
        return None
    directions = axes / np.sqrt(eigenvalues) / scale[:, None]  # columns: one sd along each axis
    tied = across[:, ~free].T @ directions
    if tied.size and np.linalg.norm(tied, ord=2) > TIED:
        return None
    moments = _moments(density, mode, np.flatnonzero(free), directions)
    if not np.isfinite(moments).all():
        return None
    root = directions * np.sqrt(np.clip(moments, 0.25, 16))
    covariance = root @ root.T
    metric = np.eye(size) if size <= DENSE else np.ones(size)
    if size <= DENSE:
        metric[np.ix_(free, free)] = covariance
    else:
        metric[free] = np.diag(covariance)
    stiffness = _stiffness(density, mode, np.flatnonzero(free), root)
    if stiffness > ROUGH:
        return None
    generator = np.random.default_rng(np.random.SeedSequence([seed, 6]))
    inits = [_init(density, mode, free, root, generator) for _ in range(chains)]
    return Start(
        mode, metric, [constrained(parameters, data, q) for q in inits], moments, stiffness
    )


def _mode(density: Density, q: Floats) -> Floats:
    """Go up from a point by L-BFGS."""
    from scipy import optimize

    def downwards(q: Floats) -> tuple[float, Floats]:
        value, gradient = density.at(q)
        return (-value, -gradient) if np.isfinite(value) else (1e300, np.zeros_like(q))

    found = optimize.minimize(
        downwards, q, jac=True, method="L-BFGS-B", options={"ftol": 1e-12, "gtol": 1e-6}
    )
    return np.asarray(found.x, dtype=np.float64)


def _hessian(density: Density, mode: Floats, free: NDArray[np.int64]) -> tuple[Floats, Floats]:
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


def _moments(density: Density, mode: Floats, free: NDArray[np.int64], directions: Floats) -> Floats:
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


def _stiffness(density: Density, mode: Floats, free: NDArray[np.int64], root: Floats) -> float:
    """Largest curvature two standard deviations from the mode, in units of the metric's."""
    worst = 0.0
    for k in range(root.shape[1]):
        for side in (-2.0, 2.0):
            rows = []
            for i in range(root.shape[1]):
                up, down = mode.copy(), mode.copy()
                up[free] += side * root[:, k] + 0.25 * root[:, i]
                down[free] += side * root[:, k] - 0.25 * root[:, i]
                rows.append((density.at(down)[1] - density.at(up)[1])[free] @ root / 0.5)
            hessian = np.array(rows)
            if not np.isfinite(hessian).all():
                return np.inf
            worst = max(worst, float(np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1]))
    return worst


def _init(
    density: Density,
    mode: Floats,
    free: NDArray[np.bool_],
    root: Floats,
    generator: np.random.Generator,
) -> Floats:
    """Draw a point about the mode, nearer to it where the density there is not finite."""
    z = generator.standard_normal(root.shape[1])
    rest = generator.standard_normal(int((~free).sum()))
    for factor in (1.0, 0.5, 0.25, 0.125):
        q = mode.copy()
        q[free] += factor * SPREAD * (root @ z)
        q[~free] += factor * rest
        if np.isfinite(density.at(q)[0]):
            return q
    return mode.copy()
