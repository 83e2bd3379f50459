"""Group effects given everything else, in a Gaussian model: exact normals, group by group.

With A_j = I + Lambda'S_j Lambda / sigma^2 and u_j = v_j - C_j d (`reduce`), the effects of group j
given the population are r_j = Lambda w_j, w_j normal with mean A_j^-1 Lambda'u_j / sigma^2
and covariance A_j^-1 (Lindley & Smith 1972, JRSS B 34:1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .reduce import GaussianSums

Floats = NDArray[np.float64]
CHUNK = 2_000_000
"""Numbers of one kind (draws x groups x coefficients squared) held at a time."""


@dataclass(frozen=True, eq=False)
class Population:
    """Draws of all that the group effects depend on besides the data.

    Attributes
    ----------
    coefficients : array, (draw, column)
        Of the columns of X, the intercept first.
    factor : array, (draw, coefficient, coefficient)
        Lambda: Cholesky factor of the covariance of the group effects.
    sigma : array, (draw,)
        Residual standard deviation; 1 where standard errors are known.
    """

    coefficients: Floats
    factor: Floats
    sigma: Floats

    def __len__(self) -> int:
        """Count the draws."""
        return len(self.sigma)


def _normals(
    sums: GaussianSums, population: Population, groups: NDArray[np.int64]
) -> Iterator[tuple[slice, Floats, Floats]]:
    """Yield chunks of draws: which, means (draw, group, q), roots (draw, group, q, q).

    The effects are the means plus ``root @ z`` with standard normal z.
    """
    q = sums.ZZ.shape[1]
    step = max(1, CHUNK // max(1, len(groups) * q * q))
    ZZ, ZX, Zr = sums.ZZ[groups], sums.ZX[groups], sums.Zr[groups]
    for start in range(0, len(population), step):
        part = slice(start, min(start + step, len(population)))
        factor, sigma = population.factor[part], population.sigma[part]
        d = population.coefficients[part] - sums.reference
        u = Zr[None] - np.einsum("jap,sp->sja", ZX, d)
        inner = np.einsum("sia,jik,skb->sjab", factor, ZZ, factor) / sigma[:, None, None, None] ** 2
        lower = np.linalg.cholesky(inner + np.eye(q))
        # w = A^-1 Lambda'u / sigma^2, root of A^-1 = F'^-1
        scaled = np.einsum("sia,sji->sja", factor, u) / sigma[:, None, None] ** 2
        inverse = np.linalg.inv(lower)
        mean = np.einsum("sjba,sjbc,sjc->sja", inverse, inverse, scaled)
        root = np.einsum("sab,sjcb->sjac", factor, inverse)
        yield part, np.einsum("sab,sjb->sja", factor, mean), root


def draw_effects(
    sums: GaussianSums, population: Population, *, groups: Sequence[int] | None = None, seed: int
) -> Floats:
    """Draw group effects, one per draw of the population.

    Parameters
    ----------
    sums : GaussianSums
    population : Population
    groups : sequence of int, optional
        Only these; all if not given. A group's draws do not depend on which others are asked for.
    seed : int

    Returns
    -------
    array, (draw, group, coefficient)
    """
    chosen = np.arange(len(sums.ZZ)) if groups is None else np.asarray(groups, dtype=np.int64)
    q = sums.ZZ.shape[1]
    z = np.stack(
        [
            np.random.default_rng(np.random.SeedSequence([seed, 4, int(j)])).standard_normal(
                (len(population), q)
            )
            for j in chosen
        ],
        axis=1,
    )
    out = np.empty((len(population), len(chosen), q))
    for part, mean, root in _normals(sums, population, chosen):
        out[part] = mean + np.einsum("sjab,sjb->sja", root, z[part])
    return out


def effect_moments(
    sums: GaussianSums, population: Population, *, groups: Sequence[int] | None = None
) -> tuple[Floats, Floats]:
    """Posterior means and standard deviations of group effects, without drawing them.

    Averages of the conditional means and variances over the population's draws: less noisy than
    the moments of draws (Rao-Blackwell), and nothing of size draws x groups is kept.

    Returns
    -------
    mean, sd : arrays, (group, coefficient)
    """
    chosen = np.arange(len(sums.ZZ)) if groups is None else np.asarray(groups, dtype=np.int64)
    q = sums.ZZ.shape[1]
    total, square, within = (np.zeros((len(chosen), q)) for _ in range(3))
    shift: Floats | None = None
    for _, mean, root in _normals(sums, population, chosen):
        shift = mean[0] if shift is None else shift
        total += (mean - shift).sum(axis=0)
        square += ((mean - shift) ** 2).sum(axis=0)
        within += (root**2).sum(axis=(0, 3))
    assert shift is not None
    n = len(population)
    between = np.maximum(square / n - (total / n) ** 2, 0.0)
    return shift + total / n, np.sqrt(within / n + between)


def group_log_likelihood(sums: GaussianSums, population: Population) -> Floats:
    """Log density of each group's rows, its effects integrated out: (draw, group).

    Up to a constant of the group, which needs its own number of rows: see `marginal`.
    """
    q = sums.ZZ.shape[1]
    out = np.empty((len(population), len(sums.ZZ)))
    step = max(1, CHUNK // max(1, len(sums.ZZ) * q * q))
    for start in range(0, len(population), step):
        part = slice(start, min(start + step, len(population)))
        factor, sigma = population.factor[part], population.sigma[part]
        d = population.coefficients[part] - sums.reference
        u = sums.Zr[None] - np.einsum("jap,sp->sja", sums.ZX, d)
        inner = np.einsum("sia,jik,skb->sjab", factor, sums.ZZ, factor)
        lower = np.linalg.cholesky(inner / sigma[:, None, None, None] ** 2 + np.eye(q))
        scaled = np.einsum("sia,sji->sja", factor, u) / sigma[:, None, None]
        x = np.linalg.solve(lower, scaled[..., None])[..., 0]
        logs = np.log(np.diagonal(lower, axis1=2, axis2=3)).sum(axis=2)
        out[part] = -logs + 0.5 * (x**2).sum(axis=2) / sigma[:, None] ** 2
    return out
