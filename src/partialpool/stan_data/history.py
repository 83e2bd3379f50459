"""The joint normal prior of a history, as data of the programs in ``glmm/``."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..design.design import Design
from ..errors import DataError
from ..family.families import Family
from ..priors.history import IDENTITY, LOG, History, PosteriorPrior
from ..priors.table import sd_name, slope_name
from .units import Units

NO_JOINT: dict[str, Any] = {
    "D": 0,
    "joint_at": np.empty(0, dtype=np.int64),
    "prior_joint_mean": np.empty(0),
    "prior_joint_L": np.empty((0, 0)),
    "own_power": 1.0,
}
"""The data of a program in ``glmm/`` that has no joint prior."""


def coordinate_names(design: Design, family: Family) -> list[str]:
    """Return the names of the population parameters, in the order in which programs number them.

    These are coefficients, standard deviations, correlations and auxiliary parameters.
    """
    response = design.response
    known_se = response is not None and response.se is not None
    names = ["Intercept"] if design.intercept else []
    names += [slope_name(name) for name in design.coefficients]
    names += [sd_name(term, c) for term in design.groups for c in term.coefficients]
    names += [name for term in design.groups if term.correlated for name in cor_names(term)]
    return names + [name for name in family.auxiliaries if not (name == "sigma" and known_se)]


def cor_names(term: Any) -> list[str]:
    """Return the names of a term's correlations, such as ``cor(county)[Intercept, floor]``."""
    c = term.coefficients
    return [f"cor({term.label})[{c[j]}, {c[i]}]" for i in range(len(c)) for j in range(i)]


def joint_data(
    history: History | None, design: Design, family: Family, unit: Units | None = None
) -> dict[str, Any]:
    """Return the data of a joint prior for a program in ``glmm/``.

    Parameters
    ----------
    history : History or None
        None, or one of weight 0, gives the data of a program without a joint prior.
    design : Design
    family : Family
    unit : Units, optional
        Units of the program's data and parameters; the user's units if not given.

    Raises
    ------
    DataError
        If the model does not have a parameter of the prior.
    """
    if history is None or history.weight == 0:
        return dict(NO_JOINT)
    prior, names = history.prior, coordinate_names(design, family)
    check_names(prior, names)
    at = np.array([names.index(name) + 1 for name in prior.names], dtype=np.int64)
    factor = np.array([_units(design, unit).get(name, 1.0) for name in prior.names])
    is_log = np.array([transform == LOG for transform in prior.transforms])
    is_identity = np.array([transform == IDENTITY for transform in prior.transforms])
    scale = np.where(is_identity, factor, 1.0)
    return {
        "D": len(at),
        "joint_at": at,
        "prior_joint_mean": prior.mean * scale + np.where(is_log, np.log(factor), 0.0),
        "prior_joint_L": prior.cholesky * scale[:, None] / math.sqrt(history.weight),
        "own_power": history.own,
    }


def check_names(prior: PosteriorPrior, names: Sequence[str]) -> None:
    """Check that a model has all parameters of a joint prior.

    Parameters
    ----------
    prior : PosteriorPrior
    names : sequence of str
        The model's population parameters, from `coordinate_names`.

    Raises
    ------
    DataError
        If the prior has a parameter that the model does not have, or only some of the
        correlations of a term.
    """
    unknown = [name for name in prior.names if name not in names]
    if unknown:
        raise DataError(
            f"the history has {', '.join(unknown)}, which this model does not have (it has "
            f"{', '.join(names)}): choose parameters that both have: "
            "pp.prior_from(fit, names=[...])"
        )
    for name in names:
        term = re.match(r"cor\(.*?\)\[", name, re.DOTALL)  # not poly(x, 2)[1]
        same = [other for other in names if term and other.startswith(term[0])]
        if 0 < sum(other in prior.names for other in same) < len(same):
            raise DataError(
                f"the history has only some of the correlations {', '.join(same)}: choose all of "
                "them or none in pp.prior_from(fit, names=[...])"
            )


def tempered(design: Design, power: float) -> Design:
    """Raise the likelihood to a power, by multiplying the weight of every row by it."""
    response = design.response
    if power == 1 or response is None:
        return design
    rows = len(design.offset)
    weights = np.full(rows, power) if response.weights is None else power * response.weights
    return dataclasses.replace(design, response=dataclasses.replace(response, weights=weights))


def _units(design: Design, unit: Units | None) -> Mapping[str, float]:
    """Return, by name, the factors from the user's units to the program's; 1 where missing."""
    if unit is None:
        return {}
    factors = {"Intercept": 1 / unit.eta, "sigma": 1 / unit.eta}
    slopes = map(slope_name, design.coefficients)
    factors |= dict(zip(slopes, (unit.x / unit.eta).tolist(), strict=True))
    for term in design.groups:
        for name, z_unit in zip(term.coefficients, unit.z[term.label].tolist(), strict=True):
            factors[sd_name(term, name)] = z_unit / unit.eta
    return factors
