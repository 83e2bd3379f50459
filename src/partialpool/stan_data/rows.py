"""The data of a family's general program in ``stan/glmm/``, from a design and its priors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..design.design import Design
from ..family.families import Family
from ..priors import distributions as priors
from ..priors.distributions import Code
from ..priors.history import History
from ..priors.table import PriorTable, coef_name, slope_name
from ..priors.unpooled import unpooled_priors
from .codes import codes, lkj_shape, tau_code, term_sizes, times
from .history import joint_data
from .units import units_of


def stan_data(
    design: Design,
    family: Family,
    table: PriorTable,
    *,
    whole: Design | None = None,
    history: History | None = None,
) -> dict[str, Any]:
    """Make the data of the family's program, except those of `pilot.coordinates`.

    Parameters
    ----------
    design : Design
    family : Family
    table : PriorTable
        Has a prior ``sd(...)`` or ``coef(...)`` for every group coefficient. With ``coef(...)``
        the standard deviations are fixed, and the locations are added to the known part of the
        linear predictor.
    whole : Design, optional
        The design of all rows, if equal rows are combined in `design`. Units and means of the
        predictors are computed from it.
    history : History, optional
        A joint prior of the population parameters.

    Returns
    -------
    dict
        By the names in the program's data block.
    """
    response = design.response
    assert response is not None
    n = len(response.y)
    terms = design.groups
    fixed = np.array([coef_name(t, c) in table for t in terms for c in t.coefficients], dtype=int)
    taus = [tau_code(term, name, table) for term in terms for name in term.coefficients]
    unpooled = unpooled_priors(design, table)
    whole = design if whole is None else whole
    unit = units_of(whole, family)
    z_units = np.concatenate([np.empty(0), *(unit.z[term.label] for term in terms)])
    Z = [term.Z - unpooled.means.get(term.label, 0.0) for term in terms]
    known_eta = design.offset + sum(
        columns @ unpooled.locations[term.label]
        for term, columns in zip(terms, Z, strict=True)
        if term.label in unpooled.locations
    )
    alpha = priors.code(table["Intercept"]) if design.intercept else Code(1, 0.0, 1.0, 1.0)
    betas = [priors.code(table[slope_name(name)]) for name in design.coefficients]
    betas = [times(code, x / unit.eta) for code, x in zip(betas, unit.x, strict=True)]
    taus = [times(code, z / unit.eta) for code, z in zip(taus, z_units, strict=True)]
    y = response.y.astype(np.int64) if family.discrete else response.y / unit.eta
    data: dict[str, Any] = {
        "N": n,
        "y": y,
        "weights": np.ones(n) if response.weights is None else response.weights,
        "known": known_eta / unit.eta,
        "K": design.X.shape[1],
        "X": (design.X - unpooled.x_means) / unit.x,
        "has_intercept": int(design.intercept),
        "x_mean": (whole.X.mean(axis=0) - unpooled.x_means) / unit.x,
        "T": len(terms),
        "q": [len(term.coefficients) for term in terms],
        "J": [len(term.levels) for term in terms],
        **term_sizes(terms),
        "correlated": [int(term.correlated) for term in terms],
        "group": np.array([term.codes + 1 for term in terms], dtype=np.int64).reshape(-1, n),
        "Z": np.concatenate([np.empty((n, 0)), *Z], axis=1) / z_units,
        **codes("alpha", times(alpha, 1 / unit.eta), location=True),
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
        scaled = times(auxiliary, 1 / unit.eta) if name == "sigma" else auxiliary
        data |= codes(name, scaled, location=False)
    return data
