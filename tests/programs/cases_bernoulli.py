"""The data that `bernoulli/` is tested on, beside its examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import programs.densities_bernoulli  # noqa: F401  (registers the programs)

ODD_PRIORS: dict[str, Any] = {
    "prior_a_location": -0.7,
    "prior_a_scale": 1.9,
    "prior_a_bar_location": 0.4,
    "prior_a_bar_scale": 2.2,
    "prior_b_bar_location": -1.1,
    "prior_b_bar_scale": 0.8,
    "prior_sigma_scale": 0.6,
    "prior_sigma_df": 4.5,
    "prior_sigma_a_scale": 0.7,
    "prior_sigma_a_df": 5.5,
    "prior_sigma_b_scale": 1.7,
    "prior_sigma_b_df": 2.5,
}
"""A value for every prior constant but codes and eta, none of them an example's."""


def tables() -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(1988)
    return {
        "one district": {"J": 1, "y": [1, 0, 0], "district": [1, 1, 1], "urban": [1, 0, 1]},
        "districts without women": {
            "J": 5,
            "y": [0, 1, 1, 0, 1, 0],
            "district": [4, 2, 2, 2, 4, 4],
            "urban": [0, 1, 0, 0, 1, 0],
        },
        "nobody, or everybody": {
            "J": 2,
            "y": [0, 1, 0, 1, 0],
            "district": [1, 2, 1, 2, 1],
            "urban": [1, 1, 0, 1, 1],
        },
        "random": {
            "J": 6,
            "y": rng.integers(0, 2, 40).tolist(),
            "district": rng.integers(1, 7, 40).tolist(),
            "urban": rng.integers(0, 2, 40).tolist(),
        },
    }


def families(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every family of every scale, and LKJ shapes below, at and above that of the flat prior."""
    if "prior_sigma_family" in example:
        for family in range(1, 5):
            yield {"prior_sigma_family": family}
    elif "prior_eta" in example:
        for family, eta in zip(range(1, 5), (0.6, 1, 2, 3.5), strict=True):
            yield {
                "prior_sigma_a_family": family,
                "prior_sigma_b_family": 5 - family,
                "prior_eta": eta,
            }
    else:
        yield {}


def bernoulli_cases(example: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    odd = {name: ODD_PRIORS[name] for name in example if name in ODD_PRIORS}
    for label, table in tables().items():
        rows = {"N": len(table["y"])} | {name: table[name] for name in table if name in example}
        for chosen in families(example):
            codes = ", ".join(str(value) for value in chosen.values())
            yield f"{label}, priors {codes}", example | rows | odd | chosen
