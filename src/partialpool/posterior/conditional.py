"""The exact conditional distribution of group effects in a Gaussian model, given all else.

Notation: Lambda is the Cholesky factor of the covariance of a group's effects; S_j = Z_j'Z_j,
C_j = Z_j'X and v_j = Z_j'e are sums over the rows of group j, where e are the residuals of a
reference fit; d is the difference of the population coefficients from that fit (`reduction.sums`).
With A_j = I + Lambda'S_j Lambda / sigma^2 and u_j = v_j - C_j d, the effects of group j are
r_j = Lambda w_j, where w_j is normal with mean A_j^-1 Lambda'u_j / sigma^2 and covariance A_j^-1
(Lindley & Smith 1972, JRSS B 34:1). Given also the effects r2 of further group terms, whose columns
are W, Z_j'W r2 is subtracted from u_j (`reduction.pair_sums`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..reduction.sums import GaussianSums

CHUNK = 200_000
"""Size of each array (draws x groups) in a chunk: small enough for a processor's cache."""


@dataclass(frozen=True, eq=False)
class Population:
    """Draws of the parameters that the group effects depend on.

    Attributes
    ----------
    coefficients : array, (draw, column)
        Population-level coefficients of the columns of X, the intercept first.
    factor : array, (draw, coefficient, coefficient)
        Lambda: lower Cholesky factor of the covariance of a group's effects.
    sigma : array, (draw,)
        Residual standard deviation; 1 where standard errors are known.
    further : array, (draw, effect), or None
        Effects of further group terms, in the order of the columns W of `CrossedSums`.
    """

    coefficients: Floats
    factor: Floats
    sigma: Floats
    further: Floats | None = None

    def __len__(self) -> int:
        """Return the number of draws."""
        return len(self.sigma)


@dataclass(frozen=True, eq=False)
class SolvedChunk:
    """The conditional distributions of all groups' effects, for a chunk of draws.

    Matrices and vectors over coefficients are lists, with an array (draw, group) for each element.

    Attributes
    ----------
    part : slice
        The draws of this chunk.
    factor : array, (draw, coefficient, coefficient)
        Lambda of these draws.
    sigma : array, (draw, 1)
    lower : list of list of array
        Lower Cholesky factor F of A.
    x : list of array
        F^-1 Lambda'u / sigma.
    """

    part: slice
    factor: Floats
    sigma: Floats
    lower: list[list[Floats]]
    x: list[Floats]

    def backward(self, right: list[Floats]) -> list[Floats]:
        """Solve F'x = right by back substitution."""
        x: list[Floats] = list(right)
        for a in reversed(range(len(x))):
            remainder = right[a]
            for b in range(a + 1, len(x)):
                remainder = remainder - self.lower[b][a] * x[b]
            x[a] = remainder / self.lower[a][a]
        return x

    def effects(self, w: list[Floats]) -> list[Floats]:
        """Return the group effects Lambda w."""
        return [
            np.sum([self.factor[:, k, a, None] * w[a] for a in range(k + 1)], axis=0)
            for k in range(len(w))
        ]


def _forward(lower: list[list[Floats]], right: list[Floats]) -> list[Floats]:
    """Solve F x = right by forward substitution."""
    x: list[Floats] = []
    for a, row in enumerate(lower):
        remainder = right[a]
        for b in range(a):
            remainder = remainder - row[b] * x[b]
        x.append(remainder / row[a])
    return x


def solved(
    sums: GaussianSums, population: Population, groups: NDArray[np.int64]
) -> Iterator[SolvedChunk]:
    """Yield the conditional distributions of the effects of some groups, in chunks of draws.

    A is factorised for all draws and groups at once, element by element: it has few coefficients.
    """
    q = sums.ZZ.shape[1]
    ZZ = sums.ZZ[groups].reshape(len(groups), q * q).T
    ZrX = np.concatenate([sums.Zr[groups][:, :, None], sums.ZX[groups]], axis=2)
    by_column = ZrX.reshape(len(groups), q * ZrX.shape[2]).T
    further_part = _further_part(sums, population, groups)
    step = max(1, CHUNK // max(1, len(groups)))
    for start in range(0, len(population), step):
        part = slice(start, min(start + step, len(population)))
        factor, sigma = population.factor[part], population.sigma[part, None]
        scaled = factor / sigma[:, :, None]
        d = population.coefficients[part] - sums.reference
        e = np.concatenate([np.ones((len(d), 1)), -d], axis=1)
        lower: list[list[Floats]] = []
        for a in range(q):
            lower.append([])
            for b in range(a + 1):
                pairs = scaled[:, :, a, None] * scaled[:, None, :, b]
                element = pairs.reshape(len(d), -1) @ ZZ + float(a == b)
                for i in range(b):
                    element -= lower[a][i] * (lower[b][i] if b < a else lower[a][i])
                lower[a].append(np.sqrt(element) if a == b else element / lower[b][b])
        right = [
            (scaled[:, :, a, None] * e[:, None, :]).reshape(len(d), -1) @ by_column
            for a in range(q)
        ]
        if further_part is not None:
            u = further_part(part)
            right = [
                right[a] - sum(scaled[:, k, a, None] * u[k] for k in range(a, q)) for a in range(q)
            ]
        yield SolvedChunk(part, factor, sigma, lower, _forward(lower, right))


def _further_part(
    sums: GaussianSums, population: Population, groups: NDArray[np.int64]
) -> Callable[[slice], Floats] | None:
    """Return a function from a slice of draws to Z'W r2, (coefficient, draw, group).

    Return None if there are no further terms.
    """
    further = population.further
    if sums.crossed is None or further is None:
        return None
    q = sums.ZZ.shape[1]
    rows = (np.arange(q)[:, None] * len(sums.ZZ) + groups).ravel()
    ZW = sums.crossed.ZW[rows]
    return lambda part: np.swapaxes((ZW @ further[part].T).reshape(q, len(groups), -1), 1, 2)


def draw_effects(
    sums: GaussianSums, population: Population, *, groups: Sequence[int] | None = None, seed: int
) -> Floats:
    """Draw group effects from their conditional distribution, once for each draw.

    Parameters
    ----------
    sums : GaussianSums
    population : Population
    groups : sequence of int, optional
        Codes of the groups; all if not given. The draws of a group are the same whichever other
        groups are drawn with it.
    seed : int

    Returns
    -------
    array, (draw, group, coefficient)
    """
    chosen = _chosen(sums, groups)
    z = np.empty((len(chosen), len(population), sums.ZZ.shape[1]))
    for place, j in enumerate(chosen.tolist()):
        z[place] = np.random.default_rng(np.random.SeedSequence([seed, 4, j])).standard_normal(
            z.shape[1:]
        )
    return effects_from(sums, population, chosen, z)


def effects_from(
    sums: GaussianSums, population: Population, groups: NDArray[np.int64], z: Floats
) -> Floats:
    """Turn standard normals z, (group, draw, coefficient), into group effects.

    Returns
    -------
    array, (draw, group, coefficient)
    """
    effects = np.empty((len(population), len(groups), z.shape[2]))
    for chunk in solved(sums, population, groups):
        right = [x / chunk.sigma + z[:, chunk.part, a].T for a, x in enumerate(chunk.x)]
        for k, effect in enumerate(chunk.effects(chunk.backward(right))):
            effects[chunk.part, :, k] = effect
    return effects


def _chosen(sums: GaussianSums, groups: Sequence[int] | None) -> NDArray[np.int64]:
    return np.arange(len(sums.ZZ)) if groups is None else np.asarray(groups, dtype=np.int64)


def effect_moments(
    sums: GaussianSums,
    population: Population,
    *,
    groups: Sequence[int] | None = None,
    added: Floats | None = None,
    combine: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Compute posterior means and standard deviations of group effects without drawing them.

    They are computed from the conditional means and variances, averaged over the population's
    draws. This has less Monte Carlo error than moments of draws (Rao-Blackwell), and stores no
    array of size draws x groups.

    Parameters
    ----------
    sums : GaussianSums
    population : Population
    groups : sequence of int, optional
        Codes of the groups; all if not given.
    added : array, (draw, coefficient'), optional
        Population part that is added to the effects of every group.
    combine : array, (coefficient', coefficient), optional
        Matrix by which the effects are multiplied before `added` is added; the identity if not
        given.

    Returns
    -------
    mean, sd : arrays, (group, coefficient')
    """
    chosen, q = _chosen(sums, groups), sums.ZZ.shape[1]
    matrix = np.eye(q) if combine is None else combine
    shift: Floats | None = None
    total, square, within = (np.zeros((len(matrix), len(chosen))) for _ in range(3))
    for chunk in solved(sums, population, chosen):
        means = chunk.effects(chunk.backward([x / chunk.sigma for x in chunk.x]))
        if combine is not None:
            means = [sum((m * e for m, e in zip(row, means, strict=True))) for row in matrix]
        factor = matrix @ chunk.factor
        for k, mean in enumerate(means):
            if added is not None:
                means[k] = mean = mean + added[chunk.part, k, None]
        if shift is None:
            shift = np.array([mean[0] for mean in means])
        for k, mean in enumerate(means):
            difference = mean - shift[k]
            total[k] += difference.sum(axis=0)
            square[k] += (difference**2).sum(axis=0)
            whitened = _forward(chunk.lower, [factor[:, k, a, None] for a in range(q)])
            within[k] += sum((x**2).sum(axis=0) for x in whitened)
    assert shift is not None
    n = len(population)
    between = np.maximum(square - total**2 / n, 0.0) / max(1, n - 1)
    mean_of, sd_of = shift + total / n, np.sqrt(within / n + between)
    return mean_of.T, sd_of.T
