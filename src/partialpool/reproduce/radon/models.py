"""The programs of the radon study, and the data and labels for each."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ... import datasets, programs
from ...arrays import Floats
from ...sampling.program import StanProgram
from ..tools.reml import Sums, sums

GELMAN_HILL = "log_radon"
"""Gelman and Hill's response: the log of the activity, zeros taken as 0.1."""
WIECKI = "log_activity_plus_tenth"
"""Wiecki's response: the log of the activity plus 0.1."""

CHOSEN = (
    "LAC QUI PARLE",
    "AITKIN",
    "KOOCHICHING",
    "DOUGLAS",
    "CLAY",
    "STEARNS",
    "RAMSEY",
    "ST LOUIS",
)
"""The eight counties that Gelman and Hill draw, from the fewest houses to the most."""

SLOPES = "mu_a mu_b sigma_a sigma_b sigma"
"""Population parameters of the models with varying intercepts and slopes."""

FUNNEL = "TODD"
"""County 75, whose funnel Wiecki shows."""


@dataclass(frozen=True)
class Model:
    """A program applied to one of the two responses.

    Attributes
    ----------
    name : str
        Name of the program in the catalogue.
    response : str
        Column of the data set.
    meaning : str
        The model in a few words.
    """

    name: str
    response: str
    meaning: str

    @property
    def program(self) -> StanProgram:
        """The Stan program."""
        return programs.get(self.name)

    @property
    def data_and_labels(self) -> dict[str, Any]:
        """Data, coords and dims for `program.sample`."""
        return data_and_labels(self.program, self.response)


MODELS = MappingProxyType(
    {
        key: Model(f"linear/{name}", response, meaning)
        for key, name, response, meaning in (
            ("complete", "complete_pooling", GELMAN_HILL, "one line for all counties"),
            ("none", "no_pooling", GELMAN_HILL, "each county its own intercept, one slope"),
            ("partial", "varying_intercept_marginal", GELMAN_HILL, "intercepts from a normal"),
            (
                "uranium",
                "varying_intercept_group_predictor_marginal",
                GELMAN_HILL,
                "its mean a line in the log uranium",
            ),
            (
                "correlated",
                "varying_intercept_slope_lkj_marginal",
                GELMAN_HILL,
                "intercepts and slopes from a bivariate normal",
            ),
            (
                "centered",
                "varying_intercept_slope_centered",
                WIECKI,
                "intercepts and slopes, independent: centered",
            ),
            ("noncentered", "varying_intercept_slope_noncentered", WIECKI, "non-centered"),
            ("marginal", "varying_intercept_slope_marginal", WIECKI, "effects integrated out"),
            (
                "marginal_lkj",
                "varying_intercept_slope_lkj_marginal",
                WIECKI,
                "integrated out, with a correlation",
            ),
        )
    }
)
"""The models of the study. Models of different responses are never compared."""


def data_and_labels(program: StanProgram, response: str) -> dict[str, Any]:
    """Return a program's data and labels: ``program.sample(**data_and_labels(program, response))``.

    Parameters
    ----------
    program : StanProgram
        One of ``linear/``.
    response : {"log_radon", "log_activity_plus_tenth"}

    Returns
    -------
    dict
        data, with the default prior constants; coords and dims, with the names of the counties.
    """
    houses = datasets.load("radon")
    counties, group = np.unique(houses["county"], return_inverse=True)
    floor = houses["floor"].to_numpy(dtype=np.float64)
    all_data: dict[str, Any] = {
        "N": len(houses),
        "J": len(counties),
        "group": group + 1,
        "x": floor,
        "K": 1,
        "X": floor[:, None],
        "u": houses.groupby("county")["log_uranium"].first().to_numpy(),
        "y": houses[response].to_numpy(),
    }
    data = {name: value for name, value in all_data.items() if name in program.data}
    dimensions = {
        name: len(declaration.shape(data) or ())
        for name, declaration in program.declarations.all.items()
    }
    county_effects = [name for name in ("a", "b", "z_a", "z_b") if dimensions.get(name) == 1]
    labels: dict[str, Any] = {
        "coords": {"county": counties},
        "dims": {k: ["county"] for k in county_effects},
    }
    if "K" in data:
        labels = {"coords": {"predictor": ["floor"]}, "dims": {"b": ["predictor"]}}
    return {"data": data | program.prior_defaults(), **labels}


@functools.cache
def county_sizes() -> dict[str, int]:
    """Return the number of houses measured in each county."""
    sizes = datasets.load("radon")["county"].value_counts().sort_index()
    return {str(name): int(size) for name, size in sizes.items()}


def reduced(response: str, *, fixed: str, slopes: bool = False) -> Sums:
    """Return the sufficient sums of the data, for `reml` and `exact_posterior`.

    Parameters
    ----------
    response : {"log_radon", "log_activity_plus_tenth"}
    fixed : str
        Columns of X: some of "1", "floor" and "log_uranium", separated by blanks.
    slopes : bool
        Whether the slopes of floor vary between counties, as the intercepts do.
    """
    houses = datasets.load("radon")
    houses["1"] = 1.0
    codes = np.unique(houses["county"], return_inverse=True)[1] + 1
    x: Floats = houses[fixed.split()].to_numpy(dtype=np.float64)
    z = houses[["1", "floor"] if slopes else ["1"]].to_numpy(dtype=np.float64)
    return sums(houses[response].to_numpy(), x, z, codes)
