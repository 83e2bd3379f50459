"""The coordinates in which a program of ``stan/glmm/`` is sampled, from a pilot fit.

Group effects about what the pilot says of them given the population (rescaled: Kleppe 2019, JCGS
28:493), alpha and beta standardised by its covariance, sds on a scale that is linear near
0. No posterior depends on them.
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
"""Least starting value of a standard deviation, in its unit."""


def coordinates(data: Mapping[str, Any], how: Sequence[str], found: Pilot | None) -> dict[str, Any]:
    """Lay out the coordinates that a program's data block declares.

    Parameters
    ----------
    data : mapping
        All else that it declares.
    how : sequence of {"noncentered", "centered", "rescaled"}
        By term.
    found : Pilot, optional
        Without one, rescaled terms are non-centered.
    """
    P = data["K"] + data["has_intercept"]
    form = [FORMS[each] for each in how]
    if found is None:
        form = [0 if each == 2 else each for each in form]
    b_hat: Floats = np.zeros(P)
    B: Floats = np.eye(P)
    if found is not None:
        b_hat, B = found.b, np.asarray(np.linalg.cholesky(found.covariance), dtype=np.float64)
    terms = found.terms if found is not None else ()
    rescaled = [term for term, each in zip(terms, form, strict=False) if each == 2]
    none = [np.empty(0)]
    ZWZ = np.concatenate(none + [_pairs(term) for term in rescaled])
    ZWe = np.concatenate(none + [_residuals(term, B) for term in rescaled])
    T = len(form)
    nested = np.zeros((T, T), dtype=np.int64)
    above = none.copy()
    for t, term in enumerate(terms):
        for u in sorted(term.above) if form[t] == FORMS["rescaled"] else ():
            nested[t, u] = 1
            above.append(np.moveaxis(term.above[u], 0, -1).ravel())
    ZWZ_above = np.concatenate(above)
    turn = range(T) if found is None else found.turn
    return {
        "P": P,
        "b_hat": b_hat,
        "B": B,
        "tau_unit": tau_units(data, form, found),
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
    a, b = np.tril_indices(term.covariance.shape[0])
    return np.ascontiguousarray(term.ZWZ[:, a, b].T).ravel()


def _residuals(term: Term, B: Floats) -> Floats:
    both = np.concatenate([term.ZWe[:, :, None], term.ZWX @ B], axis=2)
    return np.ascontiguousarray(np.moveaxis(both, 0, -1)).ravel()


def starts(data: Mapping[str, Any], found: Pilot | None) -> dict[str, Any] | None:
    """Return starting values of all parameters, by name, as the program declares them.

    Parameters
    ----------
    data : mapping
        With its `coordinates`.
    found : Pilot, optional
    """
    if found is None:
        return None
    raw, cpc, z = [], [], []
    at = 0
    for t, term in enumerate(found.terms):
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
            cpc += _partial(np.linalg.cholesky(correlation))
        z.append(_standardised(term, sd, correlation, data["form"][t]))
    values: dict[str, Any] = {
        "xi": np.zeros(data["P"]),
        "tau_raw": np.array(raw, dtype=np.float64),
        "cpc": np.array(cpc, dtype=np.float64),
        "z": np.concatenate([np.empty(0), *z]),
    }
    values |= found.auxiliaries
    if "known_se" in data:
        values["sigma"] = np.array(list(found.auxiliaries.values()), dtype=np.float64)
    if "nu" in values:
        values["nu"] = max(values["nu"], 1.01)
    return values


def _standardised(term: Term, sd: Floats, correlation: Floats, form: int) -> Floats:
    if form == FORMS["rescaled"]:
        return np.zeros(term.effects.size)
    effects = term.effects
    if form == FORMS["noncentered"]:
        factor = np.maximum(sd, 1e-8)[:, None] * np.linalg.cholesky(correlation)
        effects = np.linalg.solve(factor, effects.T).T
    return np.ascontiguousarray(effects.T).ravel()


def _partial(L: Floats) -> list[float]:
    """Canonical partial correlations of a Cholesky factor, row by row."""
    found = []
    for i in range(1, len(L)):
        left = 1.0
        for j in range(i):
            cpc = L[i, j] / np.sqrt(left)
            left -= L[i, j] ** 2
            found.append(float(np.clip(cpc, -0.99, 0.99)))
    return found
