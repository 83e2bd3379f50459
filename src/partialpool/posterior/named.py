"""Convert the draws of a program in ``stan/glmm/`` to the user's units and names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS
from ..design.design import Design
from ..family.families import Family
from ..naming.names import dim_of, name_of
from ..naming.variables import level_labels, pairs
from ..priors.table import PriorTable, sd_name
from ..priors.unpooled import unpooled_priors
from ..stan_data.units import units_of


def in_users_units(raw: xr.Dataset, design: Design, family: Family) -> xr.Dataset:
    """Convert draws from the units of `stan_data` to the units of the user's data.

    Parameters
    ----------
    raw : Dataset
        Under the program's names; variables without units are left as they are.
    design : Design
        In the columns that the program got.
    family : Family
    """
    unit = units_of(design, family)
    none = [np.empty(0)]
    z_units = [unit.z[term.label] for term in design.groups]
    r_units = [np.repeat(unit.z[term.label], len(term.levels)) for term in design.groups]
    factors: dict[str, Any] = {
        "Intercept": unit.eta,
        "beta": unit.eta / unit.x,
        "tau": unit.eta / np.concatenate(none + z_units),
        "r": unit.eta / np.concatenate(none + r_units),
        "sigma": unit.eta,
    }
    return raw.assign({name: raw[name] * factor for name, factor in factors.items() if name in raw})


def named(
    raw: xr.Dataset,
    design: Design,
    family: Family,
    table: PriorTable,
    *,
    without: Collection[str] = (),
) -> xr.Dataset:
    """Rename the draws of a program in ``stan/glmm/`` to the names that users know.

    Parameters
    ----------
    raw : Dataset
        Under the program's names, in the user's units (`in_users_units`).
    design : Design
        In the columns that the program got.
    family : Family
    table : PriorTable
        Says which terms have estimated standard deviations, and which have fixed priors.
    without : collection of str
        Labels of group terms whose effects are not in `raw`.

    Returns
    -------
    Dataset
        ``beta`` (coefficient); of each group term g ``sd_g`` (g_coefficient), ``cor_g`` (g_pair)
        and ``r_g`` (g, g_coefficient), or ``coef_g`` without pooling; ``sigma``, ``nu``, ``phi``.
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
    unpooled = unpooled_priors(design, table)
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
                coefficients[term.label] = effects + unpooled.locations[term.label]
        tau_at += q
        r_at += 0 if term.label in without else q * groups
    for term in design.groups if coefficients else ():
        values = unpooled.at_zero(coefficients, raw["beta"].values)[term.label]
        parts[name_of("coef", term)] = (
            (*SAMPLE_DIMS, dim_of(term), name_of("coefficient", term)),
            values,
        )
    for name in family.auxiliaries:
        if name in table:
            values = raw[name].values
            parts[name] = (SAMPLE_DIMS, values.reshape(values.shape[:2]))
    return xr.Dataset(parts, coords=coords)
