"""Initial values near the posterior mode, and a metric computed there, for a short warmup.

If a posterior is smooth and has no funnel, and the metric is known before sampling, a short warmup
is enough. The metric is computed from the density: L-BFGS finds the mode, and differences of
gradients give the Hessian. Second moments of the density along the axes of the Hessian then correct
its inverse where the posterior is wider or narrower than the curvature at the mode implies. How
much the curvature changes within two standard deviations measures how far the posterior is from a
normal. A warm start changes how long sampling takes, not the posterior.
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
"""Iterations of warmup if the largest curvature is below `TAME`, and if it is not. They adapt the
step size only: Stan does not change a given metric in a warmup of fewer than 150 iterations."""
NEAR_NORMAL, TAME, ROUGH = 1.6, 4.0, 8.0
"""Bounds on the largest curvature two standard deviations from the mode, in units of the metric (it
is 1 for a normal posterior). Below the first the posterior is treated as near normal, below the
second the short warmup is enough, above the last there is no warm start."""
MOST_CORRELATED = 0.7
"""Largest correlation between the nearly standard normal parameters and any direction of the other
parameters at which the metric may still treat the two as independent."""
WIDE = 1.4
"""Largest second moment of a near-normal posterior, in units of the inverse Hessian's."""
LONG_STEPS = 0.6
"""Target acceptance rate (adapt_delta) for a near-normal posterior. Steps are longer than at 0.8:
trees have three leapfrog steps instead of seven, and give more effective draws for half the
gradients."""
SHORT_STEPS, SHORTEST_STEPS = 0.9, 0.95
"""Target acceptance rates if the largest curvature is between the first two of these bounds, and
above the second: the step size is adapted in a short warmup, and must fit wherever curvature is
large. At 0.8 half of the fits to six groups of three had a divergence."""
STEP, TRAJECTORY, DEPTH = 2.5, 2.5, 3
"""For n standard normal parameters the step size at that acceptance rate is about
``STEP / n**0.25`` (Beskos et al. 2013, Bernoulli 19:1501), and a trajectory of length `TRAJECTORY`
is long enough. NUTS would double it once or twice more, and end near minus the starting point. That
is good for means, but not for sds and tails, as the distance from the mean stays the same. The
limit on the tree depth is at least `DEPTH`: at 2 skewed parameters, such as nu of student, had a
quarter of the effective draws."""
STEP_AT_DEFAULT = 0.7
"""Steps at adapt_delta 0.8 are shorter than at `LONG_STEPS` by this factor."""
DENSE = 60
"""Largest number of unconstrained parameters for which the metric is dense."""
SPREAD = 1.5
"""Scale, in standard deviations, with which the chains' initial values are drawn about the mode."""


@dataclass(frozen=True, eq=False)
class ModeHint:
    """What a model says about its posterior, as help in the search for the mode.

    Attributes
    ----------
    values : mapping of str to value
        A value of every parameter, as declared: a point from which L-BFGS can find the mode.
    standard : tuple of str
        Names of parameters that are nearly independent standard normals, whatever the values of
        the others: the metric is the identity for them.
    smooth : bool
        False if the posterior may have a funnel: then the search for the mode is no help.
    given : tuple of str
        Names of the sds and other parameters of variation, whose values are near their posterior
        means: the others' mode given them may be a start where the posterior has a funnel. Empty
        if no such values are known.
    """

    values: Mapping[str, Any]
    standard: tuple[str, ...] = ()
    smooth: bool = True
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoStart:
    """There is no warm start: Stan's own warmup is used.

    Attributes
    ----------
    reason : str
        Why there is no warm start; users read it in ``fit.attrs["start"]``.
    """

    reason: str


@dataclass(frozen=True, eq=False)
class WarmStart:
    """Initial values and a metric for the sampler.

    Attributes
    ----------
    mode : array, (unconstrained,)
        The posterior mode.
    inv_metric : array, (unconstrained,) or (unconstrained, unconstrained)
        Diagonal of the inverse metric, or the dense matrix.
    inits : list of dict
        For each chain, initial values by parameter name.
    moments : array, (axis,)
        Second moments along the axes of the inverse Hessian, in its units: 1 for a normal.
    stiffness : float
        Largest curvature two standard deviations from the mode, in units of the metric.
    stretch : float
        Length of the posterior's longest axis divided by that of its shortest, in units of the
        metric: 1 for a dense metric, more for a diagonal one, which ignores correlations.
    how : str
        How the start was found, in words for ``fit.attrs["start"]``.
    """

    mode: Floats
    inv_metric: Floats
    inits: list[dict[str, Any]]
    moments: Floats
    stiffness: float
    stretch: float = 1.0
    how: str = ""

    @property
    def near_normal(self) -> bool:
        """Whether the posterior is so close to normal that long steps are accepted everywhere."""
        return self.stiffness < NEAR_NORMAL and bool((self.moments < WIDE).all())

    @property
    def steps(self) -> dict[str, Any]:
        """Options of the sampler that set the length of steps and trajectories."""
        if self.near_normal:
            return {"adapt_delta": LONG_STEPS, "max_treedepth": self.treedepth()}
        return {"adapt_delta": SHORT_STEPS if self.stiffness < TAME else SHORTEST_STEPS}

    def treedepth(self, shorter: float = 1.0) -> int:
        """Return the tree depth that is enough for a near-normal posterior.

        Parameters
        ----------
        shorter : float
            Factor by which steps are shorter than those at `LONG_STEPS`.
        """
        step = shorter * STEP / len(self.mode) ** 0.25
        doublings = math.ceil(math.log2(1 + TRAJECTORY * self.stretch / step))
        return min(max(DEPTH, doublings), SamplerConfig.max_treedepth)


@dataclass(frozen=True, eq=False)
class ConditionalStart(WarmStart):
    """A start about the mode given the sds of a quick fit.

    Attributes
    ----------
    short_trees : bool
        Whether the posterior is so near a normal that short trees are enough.
    """

    short_trees: bool = False

    @property
    def steps(self) -> dict[str, Any]:
        """Options of the sampler: Stan's adapt_delta, with shorter trees if the normal is close."""
        if not self.short_trees:
            return {"adapt_delta": SHORT_STEPS}
        return {"max_treedepth": self.treedepth(shorter=STEP_AT_DEFAULT)}


def configure(
    config: SamplerConfig, start: WarmStart | NoStart, user_options: Collection[str]
) -> SamplerConfig:
    """Set the sampler's options for a warm start.

    Parameters
    ----------
    config : SamplerConfig
    start : WarmStart or NoStart
        Without a warm start the options are not changed.
    user_options : collection of str
        Names of the options that the user gave, which are not changed.
    """
    if isinstance(start, NoStart):
        return config
    suggested: dict[str, Any] = {"warmup": SHORT if start.stiffness < TAME else MEDIUM}
    if "adapt_delta" not in user_options:
        suggested |= start.steps
    return dataclasses.replace(
        config,
        inits=start.inits,
        metric="dense_e" if start.inv_metric.ndim == 2 else "diag_e",
        inv_metric=start.inv_metric,
        **{name: value for name, value in suggested.items() if name not in user_options},
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
    """Compute a warm start for a program and its data.

    Parameters
    ----------
    density : Density
    program : StanSource
    data : mapping
    hint : ModeHint
    chains : int
        Number of chains that need initial values.
    seed : int
        Seed of the initial values.

    Returns
    -------
    WarmStart or NoStart
        NoStart, with the reason, if there is no mode, or if the posterior is too far from normal.
    """
    with one_thread():
        return _find(density, program, data, hint, chains, seed)


def one_thread() -> Any:
    """Return a context in which BLAS uses one thread: for small vectors more cost time."""
    return _blas().limit(limits=1, user_api="blas")


@functools.cache
def _blas() -> Any:
    """Find the loaded BLAS libraries, only once: this may take longer than finding the mode."""
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
    """Compute a warm start; see `find`."""
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
        mode = mode_of(density, density.unconstrain(hint.values))
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
    directions = axes / np.sqrt(eigenvalues) / scale[:, None]  # columns are one sd long
    to_standard = across[:, ~free].T @ directions
    if to_standard.size and (correlation := np.linalg.norm(to_standard, ord=2)) > MOST_CORRELATED:
        return NoStart(
            f"the population's parameters are correlated with the standardised group effects, by "
            f"{correlation:.2f} (at most {MOST_CORRELATED})"
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
            f"{stiffness:.3g} times that of a normal (at most {ROUGH:g}), as in a funnel or "
            "where there are few groups"
        )
    generator = np.random.default_rng(np.random.SeedSequence([seed, 6]))
    points = [_init(density, mode, free, root, generator) for _ in range(chains)]
    inits = [constrained(parameters, data, point) for point in points]
    how = (
        "about the mode, in the metric of the inverse Hessian there (curvature two standard "
        f"deviations from the mode: up to {stiffness:.3g} times that of a normal)"
    )
    return WarmStart(mode, metric, inits, moments, stiffness, stretch, how)


def _metric(root: Floats, free: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the inverse metric of all parameters, and the stretch (see `WarmStart`).

    Parameters
    ----------
    root : array, (free, free)
        Square root of the covariance matrix of the free parameters.
    free : array of bool, (unconstrained,)
        False for parameters that are treated as standard normals.
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


def mode_of(density: Density, q: Floats, free: NDArray[np.bool_] | None = None) -> Floats:
    """Find the mode by L-BFGS, from a point q; only the `free` coordinates are moved, if given."""
    from scipy import optimize

    moved = np.ones(len(q), dtype=bool) if free is None else free

    def minus_log_density(x: Floats) -> tuple[float, Floats]:
        point = q.copy()
        point[moved] = x
        value, gradient = density.at(point)
        return (-value, -gradient[moved]) if np.isfinite(value) else (1e300, np.zeros_like(x))

    result = optimize.minimize(
        minus_log_density,
        q[moved],
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 1e-12, "gtol": 1e-6},
    )
    mode = q.copy()
    mode[moved] = result.x
    return mode


def _init(
    density: Density,
    mode: Floats,
    free: NDArray[np.bool_],
    root: Floats,
    generator: np.random.Generator,
) -> Floats:
    """Draw an initial point around the mode; closer to it if the density is not finite there."""
    z = generator.standard_normal(root.shape[1])
    z_standard = generator.standard_normal(int((~free).sum()))
    for factor in (1.0, 0.5, 0.25, 0.125):
        q = mode.copy()
        q[free] += factor * SPREAD * (root @ z)
        q[~free] += factor * z_standard
        if np.isfinite(density.at(q)[0]):
            return q
    return mode.copy()
