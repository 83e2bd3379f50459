"""A joint normal prior as data of the programs in ``glmm/``, in their units and order."""

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
"""Data of a program in ``glmm/`` without a joint prior."""


def coordinates(design: Design, family: Family) -> list[str]:
    """Names of a model's population, in the order in which the programs number them."""
    response = design.response
    known = response is not None and response.se is not None
    names = ["Intercept"] if design.intercept else []
    names += [slope_name(name) for name in design.coefficients]
    names += [sd_name(term, c) for term in design.groups for c in term.coefficients]
    names += [name for term in design.groups if term.correlated for name in cor_names(term)]
    return names + [name for name in family.auxiliaries if not (name == "sigma" and known)]


def cor_names(term: Any) -> list[str]:
    """Names of a term's correlations: ``cor(county)[Intercept, floor]``."""
    c = term.coefficients
    return [f"cor({term.label})[{c[j]}, {c[i]}]" for i in range(len(c)) for j in range(i)]


def joint_data(
    history: History | None, design: Design, family: Family, unit: Units | None = None
) -> dict[str, Any]:
    """Lay out a joint prior as data of a program in ``glmm/``.

    Parameters
    ----------
    history : History or None
    design : Design
    family : Family
    unit : Units, optional
        In which the program sees the parameters; the user's own if not given.

    Raises
    ------
    DataError
        If the model does not have a parameter of the prior.
    """
    if history is None or history.weight == 0:
        return dict(NO_JOINT)
    prior, known = history.prior, coordinates(design, family)
    check_names(prior, known)
    at = np.array([known.index(name) + 1 for name in prior.names], dtype=np.int64)
    factor = np.array([_units(design, unit).get(name, 1.0) for name in prior.names])
    logs = np.array([each == LOG for each in prior.transforms])
    plain = np.array([each == IDENTITY for each in prior.transforms])
    scale = np.where(plain, factor, 1.0)
    return {
        "D": len(at),
        "joint_at": at,
        "prior_joint_mean": prior.mean * scale + np.where(logs, np.log(factor), 0.0),
        "prior_joint_L": prior.cholesky * scale[:, None] / math.sqrt(history.weight),
        "own_power": history.own,
    }


def check_names(prior: PosteriorPrior, known: Sequence[str]) -> None:
    """Refuse a prior of parameters that a model does not have, or of some correlations only."""
    unknown = [name for name in prior.names if name not in known]
    if unknown:
        raise DataError(
            f"the history has {', '.join(unknown)}, which this model does not have (it has "
            f"{', '.join(known)}): take those that both have, pp.prior_from(fit, names=[...])"
        )
    for name in known:
        term = re.match(r"cor\(.*?\)\[", name, re.DOTALL)  # not of poly(x, 2)[1]
        same = [other for other in known if term and other.startswith(term[0])]
        if 0 < sum(other in prior.names for other in same) < len(same):
            raise DataError(
                f"the history has some of the correlations {', '.join(same)}: take all or none"
            )


def tempered(design: Design, power: float) -> Design:
    """Take the likelihood to a power: every row's weight times it."""
    response = design.response
    if power == 1 or response is None:
        return design
    rows = len(design.offset)
    weights = np.full(rows, power) if response.weights is None else power * response.weights
    return dataclasses.replace(design, response=dataclasses.replace(response, weights=weights))


def _units(design: Design, unit: Units | None) -> Mapping[str, float]:
    """Return what each parameter is multiplied by to be in the program's units."""
    if unit is None:
        return {}
    found = {"Intercept": 1 / unit.eta, "sigma": 1 / unit.eta}
    slopes = map(slope_name, design.coefficients)
    found |= dict(zip(slopes, (unit.x / unit.eta).tolist(), strict=True))
    for term in design.groups:
        for name, of_z in zip(term.coefficients, unit.z[term.label].tolist(), strict=True):
            found[sd_name(term, name)] = of_z / unit.eta
    return found
