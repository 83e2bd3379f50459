"""The programs under test and the data they are tested on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from programs import densities, densities_linear
from programs.cases_bernoulli import bernoulli_cases
from programs.cases_linear import linear_cases
from programs.densities import FLAT

import partialpool as pp

STAN = Path(__file__).parents[2] / "stan"
REFERENCES = {**densities.REFERENCES, **densities_linear.REFERENCES}
PROGRAMS = tuple(REFERENCES)
ONE_OF_EACH = (
    "bernoulli/varying_intercept_noncentered",
    "binomial/partial_pooling_beta_marginal",
    "glmm/gaussian_marginal",
    "linear/varying_intercept_slope_lkj_marginal",
    "normal_known_variance/marginal",
    "transfer/exchangeable",
)
"""A program of each folder, which is compiled and tested on CmdStan by default."""
HIERARCHICAL_NORMAL = tuple(
    f"normal_known_variance/{name}" for name in ("centered", "noncentered", "marginal")
)

ODD_PRIORS: dict[str, Any] = {
    "prior_phi_alpha": 0.7,
    "prior_phi_beta": 3.5,
    "prior_theta_alpha": 2.5,
    "prior_theta_beta": 0.4,
    "prior_kappa_min": 0.1,
    "prior_kappa_shape": 2.3,
    "prior_mu_location": 0.4,
    "prior_mu_scale": 2.2,
    "prior_sigma_scale": 0.6,
    "prior_theta_location": -1.5,
    "prior_theta_scale": 3.1,
    "prior_tau_scale": 1.7,
    "prior_tau_df": 4.5,
}
"""A value for every prior constant, none of them an example's."""


def program_path(name: str) -> Path:
    return STAN / f"{name}.stan"


def program_code(name: str) -> str:
    """The program's text, whole."""
    return pp.programs.get(name).full_code


def example_data(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((STAN / f"{name}.data.json").read_text(encoding="utf-8"))
    return data


def with_odd_priors(data: dict[str, Any]) -> dict[str, Any]:
    return data | {name: ODD_PRIORS[name] for name in data if name in ODD_PRIORS}


def binomial_cases(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    rng = np.random.default_rng(1970)
    trials = rng.integers(0, 30, size=7)
    units = {
        "edges": ([0, 1, 1, 5, 5, 40], [0, 0, 1, 0, 5, 39]),
        "one unit": ([12], [3]),
        "one unit, no trials": ([0], [0]),
        "only successes": ([3, 8], [3, 8]),
        "only failures": ([3, 8], [0, 0]),
        "random": (trials.tolist(), rng.binomial(trials, 0.6).tolist()),
    }
    for label, (trials_, successes) in units.items():
        data = {"N": len(trials_), "trials": trials_, "successes": successes}
        yield label, with_odd_priors(example_data(name) | data)


def is_proper(data: dict[str, Any]) -> bool:
    """A flat prior on tau needs three units, or two and a proper prior on mu.

    For large tau the likelihood falls as tau^-J; integrating mu over the whole line gives back a
    factor tau, and tau^-(J - 1) is integrable only from J = 3 on.
    """
    flat = data.get("prior_tau_family") == FLAT
    return not flat or data["J"] >= (3 if data["prior_mu_family"] == FLAT else 2)


def normal_cases(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    example = example_data(name)
    units = {
        "eight schools": (example["y"], example["sigma"]),
        "one unit": ([1.3], [0.8]),
        "two units": ([1.3, -0.4], [0.8, 1.9]),
        "unequal": ([0.2, -3.0, 4.1, 0.3], [0.05, 1.0, 20.0, 0.4]),
    }
    location = "prior_theta_family" if "prior_theta_family" in example else "prior_mu_family"
    tau_families = range(5) if "prior_tau_family" in example else [None]
    for label, (y, sigma) in units.items():
        for mu_family in range(2):
            for tau_family in tau_families:
                data = with_odd_priors(example | {"J": len(y), "y": y, "sigma": sigma})
                data[location] = mu_family
                if tau_family is not None:
                    data["prior_tau_family"] = tau_family
                if is_proper(data):
                    yield f"{label}, mu {mu_family}, tau {tau_family}", data


CASES: dict[str, Callable[[str], Iterator[tuple[str, dict[str, Any]]]]] = {
    "binomial": binomial_cases,
    "normal_known_variance": normal_cases,
    "linear": lambda name: linear_cases(name, example_data(name)),
    "bernoulli": lambda name: bernoulli_cases(example_data(name)),
}


def all_cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Program, what is special about the data, data."""
    for name in PROGRAMS:
        yield name, "example", example_data(name)
        for label, data in CASES[name.split("/")[0]](name):
            yield name, label, data
