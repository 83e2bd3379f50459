"""Build the model of a saved fit again, from its attributes and its data."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..design.design import build
from ..design.pooling import pooled
from ..family import families
from ..formula.parse import parse
from ..priors import distributions as priors
from ..priors import history as joint
from ..priors.keys import slope_name
from .model import Model

if TYPE_CHECKING:
    import pandas as pd


def restore(attrs: Mapping[str, Any], data: pd.DataFrame) -> Model:
    """Build the model of a saved fit again.

    Parameters
    ----------
    attrs : mapping
        Attributes of the fit; ``attrs["model"]`` is what `Regression.specification` wrote.
    data : DataFrame
        The data saved with the fit.
    """
    saved = json.loads(attrs["model"])
    saved["priors"] = {
        name: getattr(priors, kind)(*values) for name, (kind, values) in saved["priors"].items()
    }
    saved["history"] = joint.from_plain(saved.get("history"))
    saved.setdefault("priors_at", "zero")  # version 0.1 had priors at zero only
    keys = saved.pop("keys", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user saw the warnings when the model was first built
        if keys == 1:
            saved |= _renamed_priors(saved, data)
        return Model(saved.pop("formula"), data, **saved)


def _renamed_priors(saved: Mapping[str, Any], data: pd.DataFrame) -> dict[str, Any]:
    """Rename the priors and history of a fit saved by version 0.1 to today's unambiguous names.

    In 0.1 the slope of a column called ``sigma`` and the parameter sigma had the same name, so
    that one prior was used for both.
    """
    prior_of, history = dict(saved["priors"]), saved["history"]
    names = [] if history is None else history.prior.names
    if not any(slope_name(key) != key for key in (*prior_of, *names)):
        return {}
    design = build(parse(saved["formula"]), data)
    coefficients = pooled(design, saved["pooling"]).coefficients
    auxiliaries = families.get(saved["family"]).auxiliaries
    for name in coefficients:
        key = slope_name(name)
        if key == name:
            continue
        if name in prior_of and name != "b":
            prior_of[key] = prior_of[name]
            if name not in auxiliaries:
                del prior_of[name]
        if name in names and (name not in auxiliaries or names.count(name) == 2):
            place = names.index(name)
            names = (*names[:place], key, *names[place + 1 :])
    if history is not None:
        prior = dataclasses.replace(history.prior, names=tuple(names))
        history = dataclasses.replace(history, prior=prior)
    return {"priors": prior_of, "history": history}
