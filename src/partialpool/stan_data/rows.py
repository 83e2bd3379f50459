"""A design and its priors as data of a program in ``stan/glmm/``, and its draws with names."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS
from ..design.design import Design, GroupDesign
from ..family.families import Family
from ..naming.names import as_text, dim_of, name_of, response_variable
from ..priors import distributions as priors
from ..priors.distributions import Code
from ..priors.history import History
from ..priors.table import PriorTable, cor_name, own_name, sd_name, slope_name
from ..priors.unpooled import own_priors
from .history import joint_data
from .units import units_of

__all__ = [
    "codes",
    "dim_of",
    "effects_of",
    "level_labels",
    "lkj_shape",
    "name_of",
    "named",
    "named_posterior",
    "pairs",
    "response_variable",
    "scale_factor",
    "stan_data",
    "term_sizes",
]


def stan_data(
    design: Design,
    family: Family,
    table: PriorTable,
    *,
    whole: Design | None = None,
    history: History | None = None,
) -> dict[str, Any]:
    """Lay out what the data block of the family's program declares, but for `coordinates`.

    Parameters
    ----------
    design : Design
    family : Family
    table : PriorTable
        With ``sd(...)`` of every group coefficient, or ``coef(...)``: then the standard
        deviations are fixed, and the locations become part of the known linear predictor.
    whole : Design, optional
        Of all rows, where `design` has equal ones taken together: the units and the means of the
        predictors are theirs.
    history : History, optional
        A joint prior of the population.

    Returns
    -------
    dict
    """
    response = design.response
    assert response is not None
    n = len(response.y)
    terms = design.groups
    fixed = np.array([own_name(t, c) in table for t in terms for c in t.coefficients], dtype=int)
    taus = [_tau(term, name, table) for term in terms for name in term.coefficients]
    own = own_priors(design, table)
    whole = design if whole is None else whole
    unit = units_of(whole, family)
    of_z = np.concatenate([np.empty(0), *(unit.z[term.label] for term in terms)])
    Z = [term.Z - own.means.get(term.label, 0.0) for term in terms]
    known = design.offset + sum(
        columns @ own.locations[term.label]
        for term, columns in zip(terms, Z, strict=True)
        if term.label in own.locations
    )
    alpha = priors.code(table["Intercept"]) if design.intercept else Code(1, 0.0, 1.0, 1.0)
    betas = [priors.code(table[slope_name(name)]) for name in design.coefficients]
    betas = [_times(each, u / unit.eta) for each, u in zip(betas, unit.x, strict=True)]
    taus = [_times(each, u / unit.eta) for each, u in zip(taus, of_z, strict=True)]
    y = response.y.astype(np.int64) if family.discrete else response.y / unit.eta
    data: dict[str, Any] = {
        "N": n,
        "y": y,
        "weights": np.ones(n) if response.weights is None else response.weights,
        "known": known / unit.eta,
        "K": design.X.shape[1],
        "X": (design.X - own.x_means) / unit.x,
        "has_intercept": int(design.intercept),
        "x_mean": (whole.X.mean(axis=0) - own.x_means) / unit.x,
        "T": len(terms),
        "q": [len(term.coefficients) for term in terms],
        "J": [len(term.levels) for term in terms],
        **term_sizes(terms),
        "correlated": [int(term.correlated) for term in terms],
        "group": np.array([term.codes + 1 for term in terms], dtype=np.int64).reshape(-1, n),
        "Z": np.concatenate([np.empty((n, 0)), *Z], axis=1) / of_z,
        **codes("alpha", _times(alpha, 1 / unit.eta), location=True),
        **codes("beta", betas, location=True),
        **joint_data(history, design, family, unit),
        "tau_fixed": fixed,
        **codes("tau", taus, location=False),
        "prior_cor_eta": [lkj_shape(term, table) for term in terms],
    }
    if family.name in ("bernoulli", "binomial", "beta_binomial"):
        trials = np.ones(n) if response.trials is None else response.trials
        data["trials"] = trials.astype(np.int64)
    if family.name == "gaussian":
        data["known_se"] = int(response.se is not None)
        data["se"] = np.zeros(n) if response.se is None else response.se / unit.eta
    for name in family.auxiliaries:
        auxiliary = priors.code(table[name]) if name in table else Code(1, 0.0, 1.0, 1.0)
        scaled = _times(auxiliary, 1 / unit.eta) if name == "sigma" else auxiliary
        data |= codes(name, scaled, location=False)
    return data


def term_sizes(terms: tuple[GroupDesign, ...]) -> dict[str, int]:
    """Count coefficients, correlations and effects of all terms: Q, C, R."""
    counts = [(len(term.coefficients), len(term.levels), term.correlated) for term in terms]
    return {
        "Q": sum(q for q, _, _ in counts),
        "C": sum(q * (q - 1) // 2 for q, _, correlated in counts if correlated),
        "R": sum(q * groups for q, groups, _ in counts),
    }


def _tau(term: GroupDesign, name: str, table: PriorTable) -> Code:
    own = own_name(term, name)
    if own in table:
        return Code(1, 0.0, priors.code(table[own]).scale, 1.0)
    return priors.code(table[sd_name(term, name)])


def lkj_shape(term: GroupDesign, table: PriorTable) -> float:
    """Return the shape of the LKJ prior of a term's correlations; 1 where it has none."""
    prior = table[cor_name(term)] if cor_name(term) in table else priors.LKJ(1.0)
    assert isinstance(prior, priors.LKJ)
    return float(prior.eta)


def codes(name: str, given: Code | list[Code], *, location: bool) -> dict[str, Any]:
    """Lay out priors as data blocks have them: prior_NAME_family, ..._scale, ..._df."""
    fields = ("family", "location", "scale", "df") if location else ("family", "scale", "df")
    if isinstance(given, Code):
        return {f"prior_{name}_{field}": getattr(given, field) for field in fields}
    return {f"prior_{name}_{field}": [getattr(c, field) for c in given] for field in fields}


def _times(code: Code, factor: float) -> Code:
    """Return the prior of a parameter times a factor."""
    location, scale = code.location * factor, code.scale * factor
    return dataclasses.replace(code, location=location, scale=scale)


def effects_of(posterior: xr.Dataset, term: GroupDesign) -> NDArray[np.float64]:
    """Group effects, or groups' own coefficients without pooling: (chain, draw, group, q)."""
    name = name_of("r" if name_of("r", term) in posterior else "coef", term)
    values = posterior[name].transpose(*SAMPLE_DIMS, dim_of(term), name_of("coefficient", term))
    return np.asarray(values.values, dtype=np.float64)


def scale_factor(posterior: xr.Dataset, term: GroupDesign) -> NDArray[np.float64]:
    """Return the Cholesky factor of the covariance of a term's effects, by draw: (draw, q, q)."""
    sds = _by_draw(posterior[name_of("sd", term)].values)
    q = sds.shape[1]
    correlation = np.broadcast_to(np.eye(q), (len(sds), q, q)).copy()
    if name_of("cor", term) in posterior:
        rho = _by_draw(posterior[name_of("cor", term)].values)
        below = [(i, j) for i in range(q) for j in range(i)]
        for at, (i, j) in enumerate(below):
            correlation[:, i, j] = correlation[:, j, i] = rho[:, at]
    lower = np.linalg.cholesky(correlation + 1e-12 * np.eye(q))
    scaled: NDArray[np.float64] = sds[:, :, None] * lower
    return scaled


def _by_draw(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).reshape(-1, values.shape[-1])


def pairs(term: GroupDesign) -> list[str]:
    """Labels of a term's correlations, in the order in which Stan has them."""
    names = term.coefficients
    return [f"{names[j]}, {names[i]}" for i in range(len(names)) for j in range(i)]


def in_users_units(raw: xr.Dataset, design: Design, family: Family) -> xr.Dataset:
    """Bring the draws of a program from the units of `stan_data` to those of the data."""
    unit = units_of(design, family)
    none = [np.empty(0)]
    of_z = [unit.z[term.label] for term in design.groups]
    of_r = [np.repeat(unit.z[term.label], len(term.levels)) for term in design.groups]
    factors: dict[str, Any] = {
        "Intercept": unit.eta,
        "beta": unit.eta / unit.x,
        "tau": unit.eta / np.concatenate(none + of_z),
        "r": unit.eta / np.concatenate(none + of_r),
        "sigma": unit.eta,
    }
    return raw.assign({name: raw[name] * f for name, f in factors.items() if name in raw})


def named_posterior(
    raw: xr.Dataset, design: Design, family: Family, table: PriorTable
) -> xr.Dataset:
    """Give the draws of a program in ``stan/glmm/`` the names that the user knows.

    Returns
    -------
    Dataset
        ``beta`` (coefficient); of each group term g ``sd_g`` (g_coefficient), ``cor_g`` (g_pair)
        and ``r_g`` (g, g_coefficient), or ``coef_g`` without pooling; ``sigma``, ``nu``, ``phi``.
    """
    return named(in_users_units(raw, design, family), design, family, table)


def named(
    raw: xr.Dataset,
    design: Design,
    family: Family,
    table: PriorTable,
    *,
    without: Collection[str] = (),
) -> xr.Dataset:
    """Give draws in the user's units their names, as `named_posterior`.

    `without` has the labels of terms whose effects are not in `raw`.
    """
    parts: dict[str, tuple[tuple[str, ...], Any]] = {}
    coords: dict[str, Any] = {dim: raw[dim].values for dim in SAMPLE_DIMS if dim in raw.coords}
    columns, names = [], []
    if design.intercept:
        columns.append(raw["Intercept"].values)
        names.append("Intercept")
    if design.coefficients:
        columns.append(raw["beta"].values)
        names += design.coefficients
    if names:
        parts["beta"] = ((*SAMPLE_DIMS, "coefficient"), np.concatenate(columns, axis=2))
        coords["coefficient"] = names
    own = own_priors(design, table)
    coefficients: dict[str, NDArray[np.float64]] = {}
    tau_at = rho_at = r_at = 0
    for term in design.groups:
        q, groups = len(term.coefficients), len(term.levels)
        dim, inner, pair = dim_of(term), name_of("coefficient", term), name_of("pair", term)
        coords[dim], coords[inner] = level_labels(term), list(term.coefficients)
        if sd_name(term, term.coefficients[0]) in table:
            sds = raw["tau"].values[:, :, tau_at : tau_at + q]
            parts[name_of("sd", term)] = ((*SAMPLE_DIMS, inner), sds)
            if term.correlated:
                count = q * (q - 1) // 2
                cors = raw["rho"].values[:, :, rho_at : rho_at + count]
                parts[name_of("cor", term)] = ((*SAMPLE_DIMS, pair), cors)
                coords[pair] = pairs(term)
                rho_at += count
        if "r" in raw and term.label not in without:
            values = raw["r"].values[:, :, r_at : r_at + q * groups]
            effects = values.reshape(*values.shape[:2], q, groups).swapaxes(2, 3)
            if name_of("sd", term) in parts:
                parts[name_of("r", term)] = ((*SAMPLE_DIMS, dim, inner), effects)
            else:
                coefficients[term.label] = effects + own.locations[term.label]
        tau_at += q
        r_at += 0 if term.label in without else q * groups
    for term in design.groups if coefficients else ():
        values = own.at_zero(coefficients, raw["beta"].values)[term.label]
        parts[name_of("coef", term)] = (
            (*SAMPLE_DIMS, dim_of(term), name_of("coefficient", term)),
            values,
        )
    for name in family.auxiliaries:
        if name in table:
            values = raw[name].values
            parts[name] = (SAMPLE_DIMS, values.reshape(values.shape[:2]))
    return xr.Dataset(parts, coords=coords)


def level_labels(term: GroupDesign) -> NDArray[Any]:
    """Labels of a term's groups as an array that NetCDF can hold: numbers, or text."""
    if {type(level) for level in term.levels} <= {int, float}:
        array = np.asarray(term.levels)
        if array.dtype.kind in "iuf" and array.tolist() == list(term.levels):  # to the last digit
            return array
    return np.array([as_text(level) for level in term.levels])
