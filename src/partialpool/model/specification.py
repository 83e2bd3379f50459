"""A model built again from what a saved fit holds of it."""

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
    """Build a model again from what `specify` wrote, and its data."""
    given = json.loads(attrs["model"])
    given["priors"] = {
        name: getattr(priors, kind)(*values) for name, (kind, values) in given["priors"].items()
    }
    given["history"] = joint.from_plain(given.get("history"))
    given.setdefault("priors_at", "zero")  # where those of fits of version 0.1 hold
    keys = given.pop("keys", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said when the model was built the first time
        if keys == 1:
            given |= _keys_of_today(given, data)
        return Model(given.pop("formula"), data, **given)


def _keys_of_today(given: Mapping[str, Any], data: pd.DataFrame) -> dict[str, Any]:
    """Call the priors and the history of a saved fit of 0.1 by names that tell all apart.

    There a column called as a parameter took the parameter's prior with it.
    """
    own, history = dict(given["priors"]), given["history"]
    names = [] if history is None else history.prior.names
    if not any(slope_name(key) != key for key in (*own, *names)):
        return {}
    design = build(parse(given["formula"]), data)
    coefficients = pooled(design, given["pooling"]).coefficients
    auxiliaries = families.get(given["family"]).auxiliaries
    for name in coefficients:
        key = slope_name(name)
        if key == name:
            continue
        if name in own and name != "b":
            own[key] = own[name]
            if name not in auxiliaries:
                del own[name]
        if name in names and (name not in auxiliaries or names.count(name) == 2):
            place = names.index(name)
            names = (*names[:place], key, *names[place + 1 :])
    if history is not None:
        prior = dataclasses.replace(history.prior, names=tuple(names))
        history = dataclasses.replace(history, prior=prior)
    return {"priors": own, "history": history}
