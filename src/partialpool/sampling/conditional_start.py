"""A warm start where group effects are sampled: about their mode, given a guess of the sds.

With the group effects among the parameters a posterior may have a funnel, whose mode is far from
its draws. So the sds, correlations and other parameters of variation stay at the values of a pilot
fit; only the coefficients and effects are moved, to their mode given these. The Hessian of the log
density there, over all parameters, gives the metric. Terms that are crossed make effects depend on
each other, which Stan's own warmup does not see: its metric is diagonal.

How good the guess is shows in draws from the normal with this mode and covariance: at each, the
gradient of that normal is compared with the gradient of the log density.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..engines.base import Density
from ..errors import PartialPoolError
from ..source.program import StanSource
from ..source.unconstrained import constrained, places
from .warm_start import TAME, ConditionalStart, ModeHint, NoStart, WarmStart, mode_of, one_thread

DENSE, MOST = 400, 1500
"""Largest number of unconstrained parameters for which the metric is dense, and for which there is
such a start: the Hessian takes four gradients for each."""
FIRST_STEP, STEP = 0.1, 0.5
"""Steps of the differences of gradients: the first, and those that follow in standard
deviations."""
FLAT, LEAST = 1e-7, 0.05
"""In units of its diagonal: eigenvalues of the Hessian above the first are taken as they are, for
directions in which effects of several terms, or the intercept, compensate each other. Where one is
negative, or hardly positive, its size is taken, but at least the second. With 1e-4 for the first,
fits without pooling had a metric far too narrow along these directions."""
CLOSE, HEAVY = 0.4, -2.5
"""Up to that difference of gradients, and if the log density is lower by more than this three
standard deviations away (4.5 of a normal), the tree depth is limited."""
TRIALS = 12
"""Number of draws at which gradients are compared."""
FAR = 0.5
"""Root mean square difference of the gradients, in standard deviations, above which there is no
such start."""


def find_given(
    density: Density,
    program: StanSource,
    data: Mapping[str, Any],
    hint: ModeHint,
    *,
    chains: int,
    seed: int,
) -> WarmStart | NoStart:
    """Compute a warm start with the parameters ``hint.given`` at their values.

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
        NoStart, with the reason, if the posterior about that point is too far from normal.
    """
    with one_thread():
        return _find(density, program, data, hint, chains, seed)


def _find(
    density: Density,
    program: StanSource,
    data: Mapping[str, Any],
    hint: ModeHint,
    chains: int,
    seed: int,
) -> WarmStart | NoStart:
    """Compute a warm start; see `find_given`."""
    parameters = program.declarations.parameters
    where = places(parameters, data)
    if where is None:
        return NoStart("the transform of some parameter's type is not known outside Stan")
    size = max((part.stop for part, _ in where.values()), default=0)
    if size > MOST:
        return NoStart(f"{size:,} parameters are too many to compute a metric (at most {MOST:,})")
    free = np.ones(size, dtype=bool)
    for name in hint.given:
        free[where[name][0]] = False
    try:
        point = mode_of(density, density.unconstrain(hint.values), free)
        hessian = _hessian(density, point)
    except PartialPoolError as error:
        return NoStart(f"the search for the mode given the sds failed: {error}")
    scale = np.sqrt(np.maximum(np.diag(hessian), LEAST))
    if not np.isfinite(hessian).all():
        return NoStart("the Hessian at the mode given the sds is not finite")
    eigenvalues, axes = np.linalg.eigh(hessian / np.outer(scale, scale))
    curvature = np.where(eigenvalues > FLAT, eigenvalues, np.maximum(abs(eigenvalues), LEAST))
    root = axes / np.sqrt(curvature) / scale[:, None]
    generator = np.random.default_rng(np.random.SeedSequence([seed, 7]))
    difference = _gradient_error(density, point, root, generator)
    if not difference <= FAR:
        return NoStart(
            "a normal about the mode given a quick fit's sds is too far from the posterior: "
            f"gradients differ by {difference:.2g} standard deviations (at most {FAR:g})"
        )
    metric, stretch = _metric(root)
    short = difference <= CLOSE and _have_light_tails(density, point, root, np.flatnonzero(~free))
    inits = [
        constrained(parameters, data, _finite(density, point, root, generator))
        for _ in range(chains)
    ]
    return ConditionalStart(
        point,
        metric,
        inits,
        np.ones(size),
        stiffness=TAME,
        stretch=stretch,
        short_trees=short,
        how=(
            "about the mode given the sds of a quick fit, in the metric of the inverse Hessian "
            f"there (gradients differ from a normal's by {difference:.2g} standard deviations)"
        ),
    )


def _hessian(density: Density, point: Floats) -> Floats:
    """Return the Hessian of minus the log density, by differences of gradients, twice."""
    size = len(point)
    steps = np.full(size, FIRST_STEP)
    hessian = np.empty((size, size))
    for _ in range(2):
        for i, step in enumerate(steps):
            up, down = point.copy(), point.copy()
            up[i] += step
            down[i] -= step
            hessian[i] = (density.at(down)[1] - density.at(up)[1]) / (2 * step)
        steps = STEP / np.sqrt(np.maximum(np.nan_to_num(np.diag(hessian)), LEAST))
    return np.asarray((hessian + hessian.T) / 2)


def _gradient_error(
    density: Density, point: Floats, root: Floats, generator: np.random.Generator
) -> float:
    """Return how far gradients are from those of the normal: the median over draws.

    In the coordinates z in which the normal is standard, its gradient is -z.
    """
    errors = []
    for _ in range(TRIALS):
        z = generator.standard_normal(len(point))
        gradient = density.at(point + root @ z)[1]
        errors.append(np.sqrt(np.mean(np.square(root.T @ gradient + z))))
    return float(np.median(np.nan_to_num(errors, nan=np.inf)))


def _have_light_tails(
    density: Density, point: Floats, root: Floats, given: NDArray[np.int64]
) -> bool:
    """Tell whether the density falls as a normal's does along each given parameter, to both sides.

    The other parameters move along as in the normal. An sd may have a tail to 0 or far to the
    right, where draws from the normal do not come.
    """
    at_point = density.at(point)[0]
    for axis in given:
        direction = root @ root[axis] / np.linalg.norm(root[axis])
        falls = [density.at(point + side * direction)[0] - at_point for side in (-3.0, 3.0)]
        if max(np.nan_to_num(falls, nan=-np.inf)) > HEAVY:
            return False
    return True


def _metric(root: Floats) -> tuple[Floats, float]:
    """Return the inverse metric, dense if parameters are few, and the stretch (see `WarmStart`)."""
    covariance = root @ root.T
    if len(root) <= DENSE:
        return covariance, 1.0
    sd = np.sqrt(np.diag(covariance))
    eigenvalues = np.linalg.eigvalsh(covariance / np.outer(sd, sd))
    return np.square(sd), math.sqrt(max(eigenvalues[-1], 1.0) / max(min(eigenvalues[0], 1.0), 1e-9))


def _finite(
    density: Density, point: Floats, root: Floats, generator: np.random.Generator
) -> Floats:
    """Draw an initial point; closer to the mode if the density is not finite there."""
    z = generator.standard_normal(len(point))
    for factor in (1.0, 0.5, 0.25):
        drawn = point + factor * (root @ z)
        if np.isfinite(density.at(drawn)[0]):
            return np.asarray(drawn)
    return point.copy()
