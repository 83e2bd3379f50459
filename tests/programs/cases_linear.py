"""The data on which the programs in `linear/` are tested, and what they declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

DATA_NAMES = frozenset({"N", "J", "K", "group", "x", "X", "u", "y", "sigma"})

LONG = frozenset(
    {"linear/varying_intercept_slope_marginal", "linear/varying_intercept_slope_lkj_marginal"}
)
"""Programs of more than 100 lines: the two-step marginal density is written out twice."""

GROUPS: dict[str, tuple[int, list[int], list[float]]] = {
    "unequal groups": (4, [1, 1, 1, 1, 2, 2, 3, 3, 4], [0, 1, 0, 1, 1, 0, 2.5, -0.5, 1]),
    "one observation": (1, [1], [0.7]),
    "an empty group, another order": (3, [3, 1, 3, 1], [0.5, -1, 2, 0.1]),
    "x the same within groups": (2, [1, 1, 2, 2, 2], [0.1, 0.1, 1, 1, 1]),
}
"""Number of groups, group of each observation, predictor of each observation."""


def odd_priors(data: dict[str, Any], rotation: int) -> dict[str, Any]:
    """A value for every prior constant, none of them an example's; families in rotation."""
    endings = {"location": 0.4, "scale": 1.7, "df": 4.5, "eta": 1.6}
    priors = {}
    for i, name in enumerate(key for key in data if key.startswith("prior_")):
        ending = name.rsplit("_", 1)[1]
        priors[name] = (i + rotation) % 4 + 1 if ending == "family" else endings[ending] + 0.1 * i
    return data | priors


def observations(name: str, label: str) -> dict[str, Any]:
    """Made-up data of a program, without prior constants."""
    groups, group, x = GROUPS[label]
    count = len(group)
    rng = np.random.default_rng([count, groups])
    y = (1 + rng.normal(size=groups)[np.array(group) - 1] + rng.normal(size=count)).tolist()
    if name == "linear/complete_pooling":
        predictors = groups - 1
        table = rng.normal(size=(count, predictors)).tolist()
        return {"N": count, "K": predictors, "X": table, "y": y}
    made: dict[str, Any] = {"N": count, "J": groups, "group": group, "x": x, "y": y}
    made |= {"sigma": 0.8, "u": rng.normal(size=groups).tolist()}
    return made


def linear_cases(name: str, example: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for label in GROUPS:
        made = {key: value for key, value in observations(name, label).items() if key in example}
        for rotation in range(4 if label == "unequal groups" else 1):
            yield f"{label}, families {rotation}", odd_priors(example | made, rotation)


def dimensions(name: str) -> dict[str, int]:
    """How many dimensions each parameter and quantity has that a program may declare."""
    scalars = ("mu", "tau", "mu_a", "mu_b", "sigma_a", "sigma_b", "sigma", "g", "rho")
    shapes = dict.fromkeys(scalars, 0) | {"theta": 1, "z": 1, "z_a": 1, "z_b": 1, "L": 2}
    of_units = ("complete_pooling", "individual_slopes", "varying_intercept_slope")
    own_intercepts = not name.startswith(("linear/complete_pooling", "linear/individual_slopes"))
    own_slopes = name.startswith(tuple(f"linear/{model}" for model in of_units))
    return shapes | {"a": int(own_intercepts), "b": int(own_slopes)}


def effects(name: str) -> frozenset[str]:
    """What every variant of the model must offer."""
    return frozenset({"theta"} if name.startswith("linear/grouped_means") else {"a", "b"})
