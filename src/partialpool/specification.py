"""All of a model but its data, as text that a saved fit holds."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import joint, priors
from .model import Model

if TYPE_CHECKING:
    import pandas as pd


def specify(model: Model) -> str:
    """All of a model but its data, as JSON."""
    given = {
        name: [type(prior).__name__, dataclasses.astuple(prior)]
        for name, prior in model.priors.items()
    }
    how = model.parameterization
    return json.dumps(
        {
            "formula": model.formula,
            "family": model.family,
            "priors": given,
            "pooling": model.pooling,
            "parameterization": how if isinstance(how, str) else dict(how),
            "history": joint.as_plain(model.joint_prior),
            "priors_at": model.priors_at,
        }
    )


def restore(attrs: Mapping[str, Any], data: pd.DataFrame) -> Model:
    """Build a model again from what `specify` wrote, and its data."""
    given = json.loads(attrs["model"])
    given["priors"] = {
        name: getattr(priors, kind)(*values) for name, (kind, values) in given["priors"].items()
    }
    given["history"] = joint.from_plain(given.get("history"))
    given.setdefault("priors_at", "zero")  # where those of fits of version 0.1 hold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said when the model was built the first time
        return Model(given.pop("formula"), data, **given)
