"""Choose, from a pilot fit, the coordinates in which a program of ``stan/glmm/`` is sampled.

alpha and beta are standardised by the pilot fit's mean and covariance. The effects of a rescaled
term are standardised by the mean and covariance that the pilot fit gives them, given the sampled
population (Kleppe 2019, JCGS 28:493). Standard deviations are sampled on a scale that is linear
near 0 (see `sd_scale`). The posterior is the same for all coordinates; how fast it is sampled is
not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arrays import Floats
from .fit import Pilot, Term
from .sd_scale import CENTERED, RESCALED, tau_units

FORMS = {"noncentered": 0, "centered": CENTERED, "rescaled": RESCALED}
"""Codes of the data item `form`."""
START = 0.3
"""Smallest starting value of a standard deviation, in its unit."""


def coordinates(data: Mapping[str, Any], how: Sequence[str], pilot: Pilot | None) -> dict[str, Any]:
    """Return the items of a program's data block that define the coordinates.

    Parameters
    ----------
    data : mapping
        All other items of the data block.
    how : sequence of {"noncentered", "centered", "rescaled"}
        The parameterization of each group term.
    pilot : Pilot, optional
        Without a pilot fit, the terms to be rescaled are non-centered.
    """
    P = data["K"] + data["has_intercept"]
    form = [FORMS[name] for name in how]
    if pilot is None:
        form = [0 if code == RESCALED else code for code in form]
    b_hat: Floats = np.zeros(P)
    B: Floats = np.eye(P)
    if pilot is not None:
        b_hat, B = pilot.b, np.asarray(np.linalg.cholesky(pilot.covariance), dtype=np.float64)
    terms = pilot.terms if pilot is not None else ()
    rescaled = [term for term, code in zip(terms, form, strict=False) if code == RESCALED]
    empty = [np.empty(0)]
    ZWZ = np.concatenate(empty + [_pairs(term) for term in rescaled])
    ZWe = np.concatenate(empty + [_residuals(term, B) for term in rescaled])
    T = len(form)
    nested = np.zeros((T, T), dtype=np.int64)
    above = empty.copy()
    for t, term in enumerate(terms):
        for u in sorted(term.above) if form[t] == FORMS["rescaled"] else ():
            nested[t, u] = 1
            above.append(np.moveaxis(term.above[u], 0, -1).ravel())
    ZWZ_above = np.concatenate(above)
    turn = range(T) if pilot is None else pilot.turn
    return {
        "P": P,
        "b_hat": b_hat,
        "B": B,
        "tau_unit": tau_units(data, form, pilot),
        "form": form,
        "G": len(ZWZ),
        "H": len(ZWe),
        "ZWZ": ZWZ,
        "ZWe": ZWe,
        "turn": [t + 1 for t in turn],
        "nested": nested,
        "E": len(ZWZ_above),
        "ZWZ_above": ZWZ_above,
    }


def _pairs(term: Term) -> Floats:
    """Return the lower triangles of Z'WZ, flat: by pair of coefficients, then group."""
    a, b = np.tril_indices(term.covariance.shape[0])
    return np.ascontiguousarray(term.ZWZ[:, a, b].T).ravel()


def _residuals(term: Term, B: Floats) -> Floats:
    """Return Z'We and Z'WX B, flat: by coefficient, then column, then group."""
    ZWe_ZWX = np.concatenate([term.ZWe[:, :, None], term.ZWX @ B], axis=2)
    return np.ascontiguousarray(np.moveaxis(ZWe_ZWX, 0, -1)).ravel()


def starts(data: Mapping[str, Any], pilot: Pilot | None) -> dict[str, Any] | None:
    """Return the pilot fit as starting values: a value for each parameter the program declares.

    Parameters
    ----------
    data : mapping
        The whole data block, `coordinates` included.
    pilot : Pilot, optional
        Without a pilot fit, None is returned.
    """
    if pilot is None:
        return None
    raw, cpc, z = [], [], []
    at = 0
    for t, term in enumerate(pilot.terms):
        q = len(term.covariance)
        sd = np.sqrt(np.diag(term.covariance))
        for k in range(q):
            if not data["tau_fixed"][at + k]:
                unit = float(data["tau_unit"][at + k])
                raw.append(
                    np.arcsinh(max(sd[k] / unit, START)) if unit else np.log(max(sd[k], 1e-3))
                )
        at += q
        correlation = np.eye(q)
        if data["correlated"][t]:
            correlation = term.covariance / np.maximum(np.outer(sd, sd), 1e-300)
            np.fill_diagonal(correlation, 1.0)
            cpc += partial_correlations(np.linalg.cholesky(correlation))
        z.append(_standardised(term, sd, correlation, data["form"][t]))
    values: dict[str, Any] = {
        "xi": np.zeros(data["P"]),
        "tau_raw": np.array(raw, dtype=np.float64),
        "cpc": np.array(cpc, dtype=np.float64),
        "z": np.concatenate([np.empty(0), *z]),
    }
    values |= pilot.auxiliaries
    if "known_se" in data:
        values["sigma"] = np.array(list(pilot.auxiliaries.values()), dtype=np.float64)
    if "nu" in values:
        values["nu"] = max(values["nu"], 1.01)
    return values


def _standardised(term: Term, sd: Floats, correlation: Floats, form: int) -> Floats:
    """Return the term's effects in the coordinates of `form`, by coefficient, then group."""
    if form == FORMS["rescaled"]:
        return np.zeros(term.effects.size)
    effects = term.effects
    if form == FORMS["noncentered"]:
        factor = np.maximum(sd, 1e-8)[:, None] * np.linalg.cholesky(correlation)
        effects = np.linalg.solve(factor, effects.T).T
    return np.ascontiguousarray(effects.T).ravel()


def partial_correlations(L: Floats) -> list[float]:
    """Return the canonical partial correlations of a correlation's Cholesky factor, row by row."""
    partial = []
    for i in range(1, len(L)):
        unexplained = 1.0
        for j in range(i):
            cpc = L[i, j] / np.sqrt(unexplained)
            unexplained -= L[i, j] ** 2
            partial.append(float(np.clip(cpc, -0.99, 0.99)))
    return partial
