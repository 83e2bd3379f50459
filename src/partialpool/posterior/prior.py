"""Independent draws from the prior of a formula model, without a Markov chain."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..design.design import Design, GroupDesign
from ..errors import DataError
from ..family.families import Family
from ..priors import distributions as priors
from ..priors.distributions import (
    LKJ,
    Cauchy,
    Exponential,
    Flat,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    Prior,
    StudentT,
)
from ..priors.table import PriorTable, coef_name, cor_name, sd_name, slope_name
from .named import named

Array = NDArray[np.float64]


def draw_prior(
    design: Design, family: Family, table: PriorTable, *, draws: int, seed: int
) -> xr.Dataset:
    """Draw every parameter from its prior.

    Parameters
    ----------
    design : Design
        In the columns that the program gets.
    family : Family
    table : PriorTable
    draws : int
        Number of draws.
    seed : int

    Returns
    -------
    Dataset
        With the names of `named.named`, and one chain.

    Raises
    ------
    DataError
        If a prior is flat, so that nothing can be drawn from it.
    """
    flat = [row.name for row in table.rows if isinstance(row.prior, Flat)]
    if flat:
        raise DataError(
            f"the prior of {', '.join(flat)} is flat: nothing can be drawn from it. Give a proper "
            "one, such as priors={'Intercept': pp.Normal(0, 10)}"
        )
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    beta = [draw(table[slope_name(name)], rng, draws) for name in design.coefficients]
    raw: dict[str, Any] = {"beta": _columns(beta, draws)}
    if design.intercept:
        at_means = draw(table["Intercept"], rng, draws)
        raw["Intercept"] = (at_means - raw["beta"] @ design.X.mean(axis=0))[:, None]
    sds, correlations, effects = [], [], []
    for term in design.groups:
        sd, rho, r = _term(term, table, rng, draws)
        sds.append(sd)
        correlations.append(rho)
        effects.append(r)
    raw["tau"] = np.concatenate([np.empty((draws, 0)), *sds], axis=1)
    raw["rho"] = np.concatenate([np.empty((draws, 0)), *correlations], axis=1)
    raw["r"] = np.concatenate([np.empty((draws, 0)), *effects], axis=1)
    for name in family.auxiliaries:
        if name in table:
            values = draw(table[name], rng, draws)
            raw[name] = _above_one(table[name], values, rng) if name == "nu" else values
    variables = {
        name: (("chain", "draw", *[f"{name}_dim"] * (values.ndim - 1)), values[None])
        for name, values in raw.items()
    }
    sampled = xr.Dataset(variables, coords={"chain": [0], "draw": np.arange(draws)})
    return named(sampled, design, family, table)


def _term(
    term: GroupDesign, table: PriorTable, rng: np.random.Generator, draws: int
) -> tuple[Array, Array, Array]:
    """Draw standard deviations, correlations and effects of a group term.

    Returns
    -------
    sd : array, (draw, coefficient)
    rho : array, (draw, pair)
    effects : array, (draw, effect)
        In the order of `_flat_effects`.
    """
    q, groups = len(term.coefficients), len(term.levels)
    z = rng.standard_normal((draws, groups, q))
    if coef_name(term, term.coefficients[0]) in table:
        scales = [priors.code(table[coef_name(term, name)]).scale for name in term.coefficients]
        sd = np.broadcast_to(np.array(scales), (draws, q))
        return sd, np.empty((draws, 0)), _flat_effects(z * sd[:, None])
    sd = _columns([draw(table[sd_name(term, n)], rng, draws) for n in term.coefficients], draws)
    lower = np.broadcast_to(np.eye(q), (draws, q, q))
    rho = np.empty((draws, 0))
    if term.correlated:
        prior = table[cor_name(term)]
        assert isinstance(prior, LKJ)
        lower = lkj_cholesky(rng, draws, q, prior.eta)
        full = lower @ lower.swapaxes(1, 2)
        rho = np.stack([full[:, i, j] for i in range(q) for j in range(i)], axis=1)
    return sd, rho, _flat_effects(np.einsum("sij,sgj->sgi", lower, z) * sd[:, None])


def _flat_effects(effects: Array) -> Array:
    """Flatten effects (draw, group, coefficient) as the programs do.

    In the result, (draw, effect), all groups of the first coefficient come first.
    """
    return effects.swapaxes(1, 2).reshape(len(effects), -1)


def lkj_cholesky(rng: np.random.Generator, draws: int, q: int, eta: float) -> Array:
    """Draw Cholesky factors of correlation matrices from the LKJ distribution with shape eta.

    The canonical partial correlations are independent, with beta distributions on (-1, 1):
    Lewandowski, Kurowicka & Joe 2009, Journal of Multivariate Analysis 100:1989, section 2.4.

    Returns
    -------
    array, (draw, q, q)
    """
    lower = np.zeros((draws, q, q))
    lower[:, 0, 0] = 1.0
    for i in range(1, q):
        remaining = np.ones(draws)  # squared length of the row that is left, of 1
        for j in range(i):
            shape = eta + 0.5 * (q - 2 - j)
            partial = 2.0 * rng.beta(shape, shape, draws) - 1.0
            lower[:, i, j] = partial * np.sqrt(remaining)
            remaining = remaining * (1.0 - partial**2)
        lower[:, i, i] = np.sqrt(remaining)
    return lower


def draw(prior: Prior, rng: np.random.Generator, size: int) -> Array:
    """Draw `size` values from a proper univariate prior; `DataError` for any other."""
    match prior:
        case Normal(location, scale):
            return location + scale * rng.standard_normal(size)
        case StudentT(df, location, scale):
            return location + scale * rng.standard_t(df, size)
        case Cauchy(location, scale):
            return location + scale * rng.standard_cauchy(size)
        case HalfNormal(scale):
            return np.abs(scale * rng.standard_normal(size))
        case HalfStudentT(df, scale):
            return np.abs(scale * rng.standard_t(df, size))
        case HalfCauchy(scale):
            return np.abs(scale * rng.standard_cauchy(size))
        case Exponential(rate):
            return rng.exponential(1.0 / rate, size)
        case Gamma(shape, rate):
            return rng.gamma(shape, 1.0 / rate, size)
    raise DataError(f"nothing can be drawn from {prior!r}")


def _above_one(prior: Prior, values: Array, rng: np.random.Generator) -> Array:
    """Draw again the degrees of freedom of a t distribution that are below their lower bound 1."""
    for _ in range(1000):
        below = values < 1.0
        if not below.any():
            return values
        values[below] = draw(prior, rng, int(below.sum()))
    raise DataError(f"{prior!r} has almost no probability above 1, the lower bound of nu")


def _columns(columns: list[Array], draws: int) -> Array:
    """Put columns, each (draw,), together as (draw, column); there may be none."""
    return np.stack(columns, axis=1) if columns else np.empty((draws, 0))
