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

from . import curvature
from .engines.base import Density
from .engines.config import SamplerConfig
from .errors import PartialPoolError
from .source.unconstrained import constrained, places

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
    stretch : float
        Longest axis over the shortest in the metric's units: 1 of a dense metric, more of a
        diagonal one that leaves correlations.
    """

    mode: Floats
    inv_metric: Floats
    inits: list[dict[str, Any]]
    moments: Floats
    stiffness: float
    stretch: float = 1.0

    @property
    def near_normal(self) -> bool:
        """Whether long steps lead astray nowhere."""
        return self.stiffness < NEAR_NORMAL and bool((self.moments < WIDE).all())

    @property
    def treedepth(self) -> int:
        """Doublings of a trajectory that are enough where the posterior is near normal."""
        step = STEP / len(self.mode) ** 0.25
        doublings = round(math.log2(HALF_TURN * self.stretch / step))
        return min(max(DEPTH, doublings), SamplerConfig.max_treedepth)


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
        hessian, across = curvature.hessian(density, mode, np.flatnonzero(free))
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
    moments = curvature.moments(density, mode, np.flatnonzero(free), directions)
    if not np.isfinite(moments).all():
        return None
    root = directions * np.sqrt(np.clip(moments, 0.25, 16))
    covariance = root @ root.T
    stretch = 1.0
    metric = np.eye(size) if size <= DENSE else np.ones(size)
    if size <= DENSE:
        metric[np.ix_(free, free)] = covariance
    else:
        metric[free] = np.diag(covariance)
        left = np.linalg.eigvalsh(covariance / np.sqrt(np.outer(metric[free], metric[free])))
        stretch = math.sqrt(max(left[-1], 1.0) / max(min(left[0], 1.0), 1e-12))
    stiffness = curvature.stiffness(density, mode, np.flatnonzero(free), root)
    if stiffness > ROUGH:
        return None
    generator = np.random.default_rng(np.random.SeedSequence([seed, 6]))
    inits = [_init(density, mode, free, root, generator) for _ in range(chains)]
    starts = [constrained(parameters, data, q) for q in inits]
    return Start(mode, metric, starts, moments, stiffness, stretch)


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
