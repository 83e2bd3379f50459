"""Group effects given everything else, in a Gaussian model: exact normals, group by group.

With A_j = I + Lambda'S_j Lambda / sigma^2 and u_j = v_j - C_j d (`reduce`), the effects of group j
given the population are r_j = Lambda w_j, w_j normal with mean A_j^-1 Lambda'u_j / sigma^2
and covariance A_j^-1 (Lindley & Smith 1972, JRSS B 34:1). Given the effects r2 of further terms
too, u_j is less by Z_j'W r2 (`crossed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..reduction.sums import GaussianSums

CHUNK = 200_000
"""Numbers of one kind (draws x groups) held at a time: few enough for a processor's cache."""


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
    further : array, (draw, effect), or None
        Effects of further group terms, ordered as the columns W of `CrossedSums`.
    """

    coefficients: Floats
    factor: Floats
    sigma: Floats
    further: Floats | None = None

    def __len__(self) -> int:
        """Count the draws."""
        return len(self.sigma)


@dataclass(frozen=True, eq=False)
class Solved:
    """A chunk of draws, A factorised: everything (draw, group), by coefficient.

    Attributes
    ----------
    part : slice
        Which draws.
    factor : array, (draw, coefficient, coefficient)
    sigma : array, (draw, 1)
    lower : list of list of array
        Cholesky factor F of A.
    x : list of array
        F^-1 Lambda'u / sigma.
    """

    part: slice
    factor: Floats
    sigma: Floats
    lower: list[list[Floats]]
    x: list[Floats]

    def backward(self, right: list[Floats]) -> list[Floats]:
        """Solve F'x = right."""
        x: list[Floats] = list(right)
        for a in reversed(range(len(x))):
            left = right[a]
            for b in range(a + 1, len(x)):
                left = left - self.lower[b][a] * x[b]
            x[a] = left / self.lower[a][a]
        return x

    def effects(self, w: list[Floats]) -> list[Floats]:
        """Return Lambda w."""
        return [
            np.sum([self.factor[:, k, a, None] * w[a] for a in range(k + 1)], axis=0)
            for k in range(len(w))
        ]


def _forward(lower: list[list[Floats]], right: list[Floats]) -> list[Floats]:
    """Solve F x = right."""
    x: list[Floats] = []
    for a, row in enumerate(lower):
        left = right[a]
        for b in range(a):
            left = left - row[b] * x[b]
        x.append(left / row[a])
    return x


def solved(
    sums: GaussianSums, population: Population, groups: NDArray[np.int64]
) -> Iterator[Solved]:
    """Factorise A of every draw and group: q is small, so element by element, in chunks."""
    q = sums.ZZ.shape[1]
    ZZ = sums.ZZ[groups].reshape(len(groups), q * q).T
    both = np.concatenate([sums.Zr[groups][:, :, None], sums.ZX[groups]], axis=2)
    by_column = both.reshape(len(groups), q * both.shape[2]).T
    of_others = _products(sums, population, groups)
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
                left = pairs.reshape(len(d), -1) @ ZZ + float(a == b)
                for i in range(b):
                    left -= lower[a][i] * (lower[b][i] if b < a else lower[a][i])
                lower[a].append(np.sqrt(left) if a == b else left / lower[b][b])
        right = [
            (scaled[:, :, a, None] * e[:, None, :]).reshape(len(d), -1) @ by_column
            for a in range(q)
        ]
        if of_others is not None:
            u = of_others(part)
            right = [
                right[a] - sum(scaled[:, k, a, None] * u[k] for k in range(a, q)) for a in range(q)
            ]
        yield Solved(part, factor, sigma, lower, _forward(lower, right))


def _products(
    sums: GaussianSums, population: Population, groups: NDArray[np.int64]
) -> Callable[[slice], Floats] | None:
    """Return a function of which draws that gives Z'W r2: (coefficient, draw, group)."""
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
    """Make standard normals (group, draw, coefficient) into effects (draw, group, coefficient)."""
    out = np.empty((len(population), len(groups), z.shape[2]))
    for each in solved(sums, population, groups):
        right = [x / each.sigma + z[:, each.part, a].T for a, x in enumerate(each.x)]
        for k, effect in enumerate(each.effects(each.backward(right))):
            out[each.part, :, k] = effect
    return out


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
    combine : array, (coefficient', coefficient), optional
        By which the effects are multiplied first; `added` is then (draw, coefficient').

    Returns
    -------
    mean, sd : arrays, (group, coefficient')
    """
    chosen, q = _chosen(sums, groups), sums.ZZ.shape[1]
    matrix = np.eye(q) if combine is None else combine
    shift: Floats | None = None
    total, square, within = (np.zeros((len(matrix), len(chosen))) for _ in range(3))
    for each in solved(sums, population, chosen):
        means = each.effects(each.backward([x / each.sigma for x in each.x]))
        if combine is not None:
            means = [sum((m * e for m, e in zip(row, means, strict=True))) for row in matrix]
        factor = matrix @ each.factor
        for k, mean in enumerate(means):
            if added is not None:
                means[k] = mean = mean + added[each.part, k, None]
        if shift is None:
            shift = np.array([mean[0] for mean in means])
        for k, mean in enumerate(means):
            away = mean - shift[k]
            total[k] += away.sum(axis=0)
            square[k] += (away**2).sum(axis=0)
            of_k = _forward(each.lower, [factor[:, k, a, None] for a in range(q)])
            within[k] += sum((x**2).sum(axis=0) for x in of_k)
    assert shift is not None
    n = len(population)
    between = np.maximum(square - total**2 / n, 0.0) / max(1, n - 1)
    mean_of, sd_of = shift + total / n, np.sqrt(within / n + between)
    return mean_of.T, sd_of.T
