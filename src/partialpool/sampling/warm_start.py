"""A start for the sampler near the posterior mode, in the metric of the inverse Hessian there.

Where a posterior is smooth and has no funnel, few iterations of warmup are enough if the metric is
known beforehand. It is computed from the density itself: L-BFGS finds the mode, differences of
gradients give the Hessian, and the second moment of the density along each axis of the Hessian
corrects the metric where the posterior is wider or narrower than its curvature at the mode. How
much the curvature changes within two standard deviations says how near the posterior is to a
normal. The start changes how long sampling takes, not the posterior.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..engines.base import Density
from ..engines.config import SamplerConfig
from ..errors import PartialPoolError
from ..source.program import StanSource
from ..source.unconstrained import constrained, places
from . import curvature

SHORT, MEDIUM = 100, 149
"""Iterations of warmup where the curvature is at most `TAME`, and where it is more. They adapt the
step size alone: Stan keeps a given metric in a warmup of fewer than 150 iterations."""
NEAR_NORMAL, TAME, ROUGH = 2.0, 4.0, 8.0
"""Bounds on the largest curvature two standard deviations from the mode, in units of the metric (a
normal posterior has 1): below the first the posterior counts as near normal, above the last the
start is not used."""
MOST_CORRELATED = 0.7
"""Largest correlation, of any direction of the other parameters with those that are nearly
standard normal, up to which the metric may treat the two as independent."""
WIDE = 1.4
"""Bound on the second moments of a near normal posterior, in units of the inverse Hessian's."""
LONG_STEPS = 0.6
"""Target acceptance where the posterior is near normal: steps are longer there, and give more
effective draws for half the gradients (trees of three leapfrog steps instead of seven)."""
STEP, HALF_TURN, DEPTH = 2.5, math.pi, 3
"""For n standard normal parameters the step size at that acceptance is about ``STEP / n**0.25``
(Beskos et al. 2013, Bernoulli 19:1501), and a trajectory of length `HALF_TURN` is long enough:
NUTS would double it once more, to points near minus the first one. The limit on the tree depth is
never set below `DEPTH`."""
DENSE = 60
"""Number of unconstrained parameters up to which the metric is dense."""
SPREAD = 1.5
"""Standard deviations about the mode from which the chains' initial values are drawn."""


@dataclass(frozen=True, eq=False)
class ModeHint:
    """What is known of a program's posterior before its density is computed.

    Attributes
    ----------
    values : mapping of str to value
        Of every parameter, as declared: a point from which L-BFGS can find the mode.
    standard : tuple of str
        Parameters that are nearly independent standard normals, whatever the others are.
    smooth : bool
        False for parameterisations that may have a funnel: then no mode is looked for.
    """

    values: Mapping[str, Any]
    standard: tuple[str, ...] = ()
    smooth: bool = True


@dataclass(frozen=True)
class NoStart:
    """The sampler starts as Stan does by itself, for a reason.

    Attributes
    ----------
    reason : str
        Why there is no warm start, in the user's words; the fit keeps it as ``attrs["start"]``.
    """

    reason: str


@dataclass(frozen=True, eq=False)
class WarmStart:
    """Initial values and a metric for the sampler.

    Attributes
    ----------
    mode : array, (unconstrained,)
    inv_metric : array, (unconstrained,) or (unconstrained, unconstrained)
    inits : list of dict
        Initial values by parameter name, a dict for each chain.
    moments : array, (axis,)
        Second moments along the axes of the inverse Hessian, in its units.
    stiffness : float
        Largest curvature two standard deviations from the mode, in units of the metric.
    stretch : float
        Longest axis over the shortest in units of the metric: 1 for a dense metric, more for a
        diagonal one, which leaves correlations.
    """

    mode: Floats
    inv_metric: Floats
    inits: list[dict[str, Any]]
    moments: Floats
    stiffness: float
    stretch: float = 1.0

    @property
    def near_normal(self) -> bool:
        """Whether the posterior is so near a normal that long steps are accepted everywhere."""
        return self.stiffness < NEAR_NORMAL and bool((self.moments < WIDE).all())

    @property
    def treedepth(self) -> int:
        """The limit on the tree depth that is enough for a near normal posterior."""
        step = STEP / len(self.mode) ** 0.25
        doublings = round(math.log2(HALF_TURN * self.stretch / step))
        return min(max(DEPTH, doublings), SamplerConfig.max_treedepth)


def configure(
    config: SamplerConfig, start: WarmStart | NoStart, given: Collection[str]
) -> SamplerConfig:
    """Put a warm start into the sampler's options.

    Parameters
    ----------
    config : SamplerConfig
    start : WarmStart or NoStart
        Without a warm start the options stay as they are.
    given : collection of str
        Names of the options that the user gave, which stay as they are.
    """
    if isinstance(start, NoStart):
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
    program: StanSource,
    data: Mapping[str, Any],
    hint: ModeHint,
    *,
    chains: int,
    seed: int,
) -> WarmStart | NoStart:
    """Find the mode of a program's density and the metric there, or say why there is none."""
    with _blas().limit(limits=1, user_api="blas"):  # threads cost more than vectors this small
        return _find(density, program, data, hint, chains, seed)


@functools.cache
def _blas() -> Any:
    """Look for the BLAS libraries once: the search takes longer than many an optimisation."""
    from threadpoolctl import ThreadpoolController

    importlib.import_module("scipy.optimize")  # which loads a BLAS library of its own
    return ThreadpoolController()


def _find(
    density: Density,
    program: StanSource,
    data: Mapping[str, Any],
    hint: ModeHint,
    chains: int,
    seed: int,
) -> WarmStart | NoStart:
    parameters = program.declarations.parameters
    where = places(parameters, data)
    if where is None:
        return NoStart("the transform of some parameter's type is not known outside Stan")
    size = max((part.stop for part, _ in where.values()), default=0)
    free = np.ones(size, dtype=bool)
    for name in hint.standard:
        free[where[name][0]] = False
    if not free.any():
        return NoStart("the program has no parameters but standardised group effects")
    try:
        mode = _mode(density, density.unconstrain(hint.values))
        hessian, across = curvature.hessian(density, mode, np.flatnonzero(free))
    except PartialPoolError as error:
        return NoStart(f"the search for the mode failed: {error}")
    scale = np.sqrt(np.abs(np.diag(hessian)))
    if not np.isfinite(hessian).all() or not (scale > 0).all():
        return NoStart("the Hessian where the search for the mode ended is not finite")
    eigenvalues, axes = np.linalg.eigh(hessian / np.outer(scale, scale))
    if eigenvalues.min() < 1e-8:
        return NoStart(
            "the density has no proper maximum: in some direction it is flat, or still rises, "
            "where the search for the mode ended"
        )
    directions = axes / np.sqrt(eigenvalues) / scale[:, None]  # columns: one sd along each axis
    to_standard = across[:, ~free].T @ directions
    if to_standard.size and (tie := np.linalg.norm(to_standard, ord=2)) > MOST_CORRELATED:
        return NoStart(
            f"the population's parameters are correlated with the standardised group effects, by "
            f"{tie:.2f} (at most {MOST_CORRELATED})"
        )
    moments = curvature.moments(density, mode, np.flatnonzero(free), directions)
    if not np.isfinite(moments).all():
        return NoStart("the density about the mode is not finite")
    root = directions * np.sqrt(np.clip(moments, 0.25, 16))
    metric, stretch = _metric(root, free)
    stiffness = curvature.stiffness(density, mode, np.flatnonzero(free), root)
    if stiffness > ROUGH:
        return NoStart(
            f"the curvature of the log density two standard deviations from the mode is up to "
            f"{stiffness:.3g} times that at the mode (at most {ROUGH:g}), as in a funnel or "
            "where there are few groups"
        )
    generator = np.random.default_rng(np.random.SeedSequence([seed, 6]))
    points = [_init(density, mode, free, root, generator) for _ in range(chains)]
    inits = [constrained(parameters, data, point) for point in points]
    return WarmStart(mode, metric, inits, moments, stiffness, stretch)


def _metric(root: Floats, free: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the inverse metric of all parameters, and how far it is from the covariance.

    Parameters
    ----------
    root : array, (free, free)
        Of the covariance of the free parameters.
    free : array of bool, (unconstrained,)
        The others are standard normals.
    """
    covariance, size = root @ root.T, len(free)
    if size <= DENSE:
        dense = np.eye(size)
        dense[np.ix_(free, free)] = covariance
        return dense, 1.0
    diagonal = np.ones(size)
    diagonal[free] = np.diag(covariance)
    correlation = covariance / np.sqrt(np.outer(diagonal[free], diagonal[free]))
    eigenvalues = np.linalg.eigvalsh(correlation)
    return diagonal, math.sqrt(max(eigenvalues[-1], 1.0) / max(min(eigenvalues[0], 1.0), 1e-12))


def _mode(density: Density, q: Floats) -> Floats:
    """Climb from a point to the mode by L-BFGS."""
    from scipy import optimize

    def downwards(q: Floats) -> tuple[float, Floats]:
        value, gradient = density.at(q)
        return (-value, -gradient) if np.isfinite(value) else (1e300, np.zeros_like(q))

    result = optimize.minimize(
        downwards, q, jac=True, method="L-BFGS-B", options={"ftol": 1e-12, "gtol": 1e-6}
    )
    return np.asarray(result.x, dtype=np.float64)


def _init(
    density: Density,
    mode: Floats,
    free: NDArray[np.bool_],
    root: Floats,
    generator: np.random.Generator,
) -> Floats:
    """Draw an initial point about the mode; nearer to it if the density there is not finite."""
    z = generator.standard_normal(root.shape[1])
    rest = generator.standard_normal(int((~free).sum()))
    for factor in (1.0, 0.5, 0.25, 0.125):
        q = mode.copy()
        q[free] += factor * SPREAD * (root @ z)
        q[~free] += factor * rest
        if np.isfinite(density.at(q)[0]):
            return q
    return mode.copy()
