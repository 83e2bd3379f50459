"""Starting values of ``glmm/gaussian_marginal_crossed``, from a pilot fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arrays import Floats
from ..design.design import GroupDesign
from ..pilot.coordinates import partial_correlations
from ..pilot.fit import Pilot
from ..sampling.warm_start import ModeHint
from .units import Units

LEAST = 0.3
"""Smallest starting value of a standard deviation, in its unit."""


def pilot_hint(
    data: Mapping[str, Any], terms: Sequence[GroupDesign], pilot: Pilot, units: Units
) -> ModeHint:
    """Return the pilot fit as a value of each parameter of the program, with the sds given.

    Parameters
    ----------
    data : mapping
        The program's data block.
    terms : sequence of GroupDesign
        The one whose effects are integrated out, then those whose effects are sampled.
    pilot : Pilot
        A fit with the terms in this order.
    units : Units
        The units of the pilot fit's data.
    """
    raw, cpc, z, at = [], [], [], 0
    for t, term in enumerate(terms):
        unit = units.eta / units.z[term.label]
        covariance = pilot.terms[t].covariance * np.outer(unit, unit)
        sd = np.sqrt(np.diag(covariance))
        for k, value in enumerate(sd):
            tau_unit = float(data["tau_unit"][at + k])
            if data["centered"][t] or not tau_unit:
                least = 1e-3 * (tau_unit or data["y_unit"])
                raw.append(np.log(max(value, least) / (tau_unit or 1.0)))
            else:
                raw.append(np.arcsinh(max(value / tau_unit, LEAST)))
        at += len(sd)
        correlation = np.eye(len(sd))
        if data["correlated"][t]:
            correlation = covariance / np.maximum(np.outer(sd, sd), 1e-300)
            np.fill_diagonal(correlation, 1.0)
            cpc += partial_correlations(np.linalg.cholesky(correlation))
        if t > 0:
            effects = (pilot.terms[t].effects * unit).T
            factor = np.diag(np.full(len(sd), data["y_unit"]))
            if not data["centered"][t]:
                smallest = 1e-3 * np.asarray(data["tau_unit"])[at - len(sd) : at]
                factor = np.maximum(sd, smallest)[:, None] * np.linalg.cholesky(correlation)
            z.append(
                _reflected(np.asarray(np.linalg.solve(factor, effects), dtype=np.float64)).ravel()
            )
    sigma = pilot.auxiliaries.get("sigma", 1.0) * units.eta / data["y_unit"]
    values = {
        "xi": np.zeros(data["P"]),
        "tau_raw": np.array(raw),
        "cpc": np.array(cpc, dtype=np.float64),
        "z": np.concatenate(z),
        "sigma_std": np.full(1 - data["known_se"], sigma),
    }
    return ModeHint(values, smooth=False, given=("tau_raw", "cpc", "sigma_std"))


def _reflected(effects: Floats) -> Floats:
    """Reflect effects, (coefficient, group), as the program does: their sum becomes the first."""
    groups = effects.shape[1]
    if groups == 1:
        return effects
    v = np.full(groups, groups**-0.5)
    v[0] -= 1
    return np.asarray(effects - np.outer(effects @ v, v) / (1 - groups**-0.5))
