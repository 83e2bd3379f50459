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
    z = np.empty((len(population), len(chosen), q))
    for place, j in enumerate(chosen.tolist()):
        rng = np.random.default_rng(np.random.SeedSequence([seed, 4, j]))
        z[:, place] = rng.standard_normal((len(population), q))
    out = np.empty_like(z)
    for part, mean, root in _normals(sums, population, chosen):
        out[part] = mean + np.einsum("sjab,sjb->sja", root, z[part])
    return out


def effect_moments(
    sums: GaussianSums,
    population: Population,
    *,
    groups: Sequence[int] | None = None,
    added: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Posterior means and standard deviations of group effects, without drawing them.

    Averages of the conditional means and variances over the population's draws: less noisy than
    the moments of draws (Rao-Blackwell), and nothing of size draws x groups is kept.

    Parameters
    ----------
    sums : GaussianSums
    population : Population
    groups : sequence of int, optional
    added : array, (draw, coefficient), optional
        What the population adds to the effects of every group, draw by draw.

    Returns
    -------
    mean, sd : arrays, (group, coefficient)
    """
    chosen = np.arange(len(sums.ZZ)) if groups is None else np.asarray(groups, dtype=np.int64)
    q = sums.ZZ.shape[1]
    total, square, within = (np.zeros((len(chosen), q)) for _ in range(3))
    shift: Floats | None = None
    for part, mean, root in _normals(sums, population, chosen):
        if added is not None:
            mean = mean + added[part, None]
        shift = mean[0] if shift is None else shift
        total += (mean - shift).sum(axis=0)
        square += ((mean - shift) ** 2).sum(axis=0)
        within += (root**2).sum(axis=(0, 3))
    assert shift is not None
    n = len(population)
    between = np.maximum(square - total**2 / n, 0.0) / max(1, n - 1)
    return shift + total / n, np.sqrt(within / n + between)


@dataclass(frozen=True, eq=False)
class GroupRows:
    """Cross-products of the rows of each group, for densities of whole groups.

    Attributes
    ----------
    rows : array, (group,)
        Sums of the weights.
    rr : array, (group,)
        Sums of squared residuals of the reference fit.
    Xr : array, (group, column)
    XX : array, (group, column, column)
    constant : array, (group,)
        What does not depend on the draws: -log(2 pi) / 2 of each row, and its known log se.
    """

    rows: Floats
    rr: Floats
    Xr: Floats
    XX: Floats
    constant: Floats


def group_log_likelihood(sums: GaussianSums, own: GroupRows, population: Population) -> Floats:
    """Log density of each group's rows, its effects integrated out: (draw, group).

    Complete with its constants. Rows of weight w have their densities to the power w.
    """
    q, groups = sums.ZZ.shape[1], len(sums.ZZ)
    out = np.empty((len(population), groups))
    step = max(1, CHUNK // max(1, groups * q * q))
    for start in range(0, len(population), step):
        part = slice(start, min(start + step, len(population)))
        factor, sigma = population.factor[part], population.sigma[part, None]
        d = population.coefficients[part] - sums.reference
        u = sums.Zr[None] - np.einsum("jap,sp->sja", sums.ZX, d)
        inner = np.einsum("sia,jik,skb->sjab", factor, sums.ZZ, factor)
        lower = np.linalg.cholesky(inner / sigma[:, :, None, None] ** 2 + np.eye(q))
        scaled = np.einsum("sia,sji->sja", factor, u) / sigma[:, :, None]
        x = np.linalg.solve(lower, scaled[..., None])[..., 0]
        logs = np.log(np.diagonal(lower, axis1=2, axis2=3)).sum(axis=2)
        products = (d[:, :, None] * d[:, None, :]).reshape(len(d), -1)
        squares = own.rr - 2 * d @ own.Xr.T + products @ own.XX.reshape(groups, -1).T
        left = squares - (x**2).sum(axis=2)
        out[part] = own.constant - own.rows * np.log(sigma) - logs - 0.5 * left / sigma**2
    return out
