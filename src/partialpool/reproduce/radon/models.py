"""The radon programs, and the data each is given."""

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
"""Parameters of the population, where intercepts and slopes vary."""

FUNNEL = "TODD"
"""County 75, whose funnel Wiecki shows."""


@dataclass(frozen=True)
class Model:
    """A program on one of the two responses.

    Attributes
    ----------
    name : str
        Of the program.
    response : str
        Column of the data set.
    meaning : str
    """

    name: str
    response: str
    meaning: str

    @property
    def program(self) -> StanProgram:
        """The program itself."""
        return programs.get(self.name)

    @property
    def given(self) -> dict[str, Any]:
        """Data, coords and dims for `program.sample`."""
        return given(self.program, self.response)


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
"""The fits of the study. Those on one response are never compared with those on the other."""


def given(program: StanProgram, response: str) -> dict[str, Any]:
    """Give a program its data and labels: ``program.sample(**given(program, response))``.

    Parameters
    ----------
    program : StanProgram
        One of ``linear/``.
    response : {"log_radon", "log_activity_plus_tenth"}

    Returns
    -------
    dict
        data, with the default priors; coords and dims, which name counties.
    """
    houses = datasets.load("radon")
    counties, group = np.unique(houses["county"], return_inverse=True)
    floor = houses["floor"].to_numpy(dtype=np.float64)
    everything: dict[str, Any] = {
        "N": len(houses),
        "J": len(counties),
        "group": group + 1,
        "x": floor,
        "K": 1,
        "X": floor[:, None],
        "u": houses.groupby("county")["log_uranium"].first().to_numpy(),
        "y": houses[response].to_numpy(),
    }
    data = {name: value for name, value in everything.items() if name in program.data}
    sized = {name: len(each.shape(data) or ()) for name, each in program.declarations.all.items()}
    own = [name for name in ("a", "b", "z_a", "z_b") if sized.get(name) == 1]
    labels: dict[str, Any] = {"coords": {"county": counties}, "dims": {k: ["county"] for k in own}}
    if "K" in data:
        labels = {"coords": {"predictor": ["floor"]}, "dims": {"b": ["predictor"]}}
    return {"data": data | program.prior_defaults(), **labels}


@functools.cache
def county_sizes() -> dict[str, int]:
    """Houses measured in each county."""
    sizes = datasets.load("radon")["county"].value_counts().sort_index()
    return {str(name): int(size) for name, size in sizes.items()}


def reduced(response: str, *, fixed: str, slopes: bool = False) -> Sums:
    """Reduce the data to sums, for `reml` and `exact_posterior`.

    Parameters
    ----------
    response : {"log_radon", "log_activity_plus_tenth"}
    fixed : str
        Columns of X: some of "1", "floor" and "log_uranium", with blanks between.
    slopes : bool
        Counties differ in their slope too, not in their intercept only.
    """
    houses = datasets.load("radon")
    houses["1"] = 1.0
    codes = np.unique(houses["county"], return_inverse=True)[1] + 1
    x: Floats = houses[fixed.split()].to_numpy(dtype=np.float64)
    z = houses[["1", "floor"] if slopes else ["1"]].to_numpy(dtype=np.float64)
    return sums(houses[response].to_numpy(), x, z, codes)
