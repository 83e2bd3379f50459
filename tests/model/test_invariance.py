"""What a model says does not depend on how its data are written down, for any family.

The log density of a default model, on the scale on which it is sampled, is compared at random
points before and after each rewriting of the table: but for a constant it must be the same.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import partialpool as pp
from partialpool.engines.stanli import StanliEngine
from partialpool.family import families

# Designs of each family, each of them rewritten in all ways below; 25 were tried in all ways.
EXAMPLES = int(os.environ.get("PARTIALPOOL_EXAMPLES", "5"))
FAMILIES = tuple(families.FAMILIES)
RIGHT = (
    "x + (1 + x | g)",
    "x + f + (1 | g)",
    "x*z + (1 + x*z | g)",
    "f*x + (1 + f | g) + (1 | h)",
    "x + z + (1 + x | g) + (1 + z | h)",
    "poly(x, 2) + offset(z) + (1 | g/h)",
    "x*f + (1 + x || g)",
    "0 + f + x + (0 + f | g)",
    "I(x > 0) + scale(z) + (1 + x | g)",
)
Rewritten = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
REWRITTEN: dict[str, Rewritten] = {
    "row order": lambda data, rng: data.sample(frac=1, random_state=int(rng.integers(1000))),
    "index": lambda data, rng: data.set_axis([f"r{i % 7}" for i in range(len(data))]),
    "group labels": lambda data, rng: data.assign(
        g=[f"the {10 * g:04d}th" for g in data["g"]], h=data["h"] * 7 - 100
    ),
    "group dtype": lambda data, rng: data.assign(
        g=data["g"].astype("category"), h=data["h"].astype("int8").astype("string")
    ),
    "unused categories": lambda data, rng: data.assign(
        f=pd.Categorical(data["f"], categories=["a", "zzz", "b", "c", "d"]),
        g=pd.Categorical(data["g"], categories=range(-3, 40)),
    ),
    "level names": lambda data, rng: data.assign(
        f=data["f"].map({"a": "A1", "b": "A2", "c": "A10"})
    ),
    "column dtype": lambda data, rng: data.assign(
        x=data["x"].astype(object), z=data["z"].astype("Float64"), y=data["y"].astype(object)
    ),
    "more columns": lambda data, rng: data.assign(sigma=1.0, beta="text")[
        ["beta", *reversed(data.columns), "sigma"]
    ],
    "scale": lambda data, rng: data.assign(x=37 * data["x"]),
    "shift": lambda data, rng: data.assign(x=data["x"] + 2014.5),
}
UNSCALED = ("I(x > 0)",)  # formulas in which zero, or the unit, has a meaning


def table(family: str, rng: np.random.Generator) -> pd.DataFrame:
    n, groups = int(rng.integers(40, 90)), int(rng.integers(3, 9))
    data = pd.DataFrame(
        {
            "x": rng.normal(size=n).round(2), "z": rng.normal(size=n).round(2),
            "f": rng.choice(list("abc"), n), "g": rng.integers(0, groups, n),
            "h": rng.integers(0, 3, n), "n": 9,
        }
    )  # fmt: skip
    data.loc[:2, "f"] = list("abc")
    eta = 0.4 * data["x"] + 0.5 * rng.normal(size=groups)[data["g"]]
    chance = 1 / (1 + np.exp(-eta))
    draws: dict[str, Any] = {
        "bernoulli": rng.binomial(1, chance),
        "binomial": rng.binomial(9, chance),
        "beta_binomial": rng.binomial(9, chance),
        "poisson": rng.poisson(np.exp(eta)),
        "negbinomial": rng.poisson(np.exp(eta)),
    }
    return data.assign(y=draws.get(family, eta + rng.normal(size=n)))


def densities(model: pp.Model, seed: int) -> np.ndarray:
    """Log densities at random points, less that at the first of them."""
    program, near = model.program, model.prepared.mode_hint
    assert near is not None
    density = StanliEngine().density(program, program.check_data(model.stan_data), seed=1)
    size = len(density.unconstrain(near.values))
    points = 0.4 * np.random.default_rng(seed).normal(size=(4, size))
    found = np.array([density.at(point)[0] for point in points])
    return found[1:] - found[0]


def model_of(formula: str, data: pd.DataFrame, family: str) -> pp.Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pp.DataWarning)
        return pp.Model(formula, data, family=family)


@pytest.mark.parametrize("family", FAMILIES)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 10**6), right=st.sampled_from(RIGHT))
def test_the_density_does_not_depend_on_how_the_data_are_written_down(
    family: str, seed: int, right: str
) -> None:
    rng = np.random.default_rng(seed)
    data = table(family, rng)
    left = "y | trials(n)" if family in ("binomial", "beta_binomial") else "y"
    model = model_of(f"{left} ~ {right}", data, family)
    expected = densities(model, seed)
    for name, rewrite in REWRITTEN.items():
        meant = any(part in right for part in UNSCALED)
        if name in ("scale", "shift") and (meant or "||" in right):
            continue
        other = model_of(f"{left} ~ {right}", rewrite(data, rng), family)
        np.testing.assert_allclose(
            densities(other, seed), expected, rtol=1e-6, atol=1e-6, err_msg=f"{name}: {right}"
        )


def test_another_model_has_another_density() -> None:
    """The control: what these comparisons would see."""
    data = table("gaussian", np.random.default_rng(1))
    one = model_of("y ~ x + (1 + x | g)", data, "gaussian")
    for other in (
        data.assign(x=data["x"] ** 2),
        data.assign(g=data["g"].sample(frac=1, random_state=1).to_numpy()),
        data.assign(y=data["y"] + data["x"]),
    ):
        moved = densities(model_of("y ~ x + (1 + x | g)", other, "gaussian"), 1)
        assert np.max(np.abs(moved - densities(one, 1))) > 0.01


@pytest.mark.parametrize("family", FAMILIES)
def test_predictions_of_a_subset_and_after_loading_are_the_same(
    family: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    data = table(family, rng).assign(x=lambda d: d["x"] + 50)
    left = "y | trials(n)" if family in ("binomial", "beta_binomial") else "y"
    fit = model_of(f"{left} ~ x*f + (1 + x | g) + (1 | h)", data, family).sample(
        seed=1, engine="stanli", draws=50, chains=2, verbose=False
    )
    whole = fit.predict()
    fit.save(tmp_path / "fit.nc")
    again = pp.load(tmp_path / "fit.nc")
    assert isinstance(again, pp.ModelFit)
    np.testing.assert_allclose(again.predict(), whole, rtol=1e-9)
    for rows in ([0], [5, 3, 3], list(rng.permutation(len(data)))):
        for each in (fit, again):
            np.testing.assert_allclose(
                each.predict(data.iloc[rows]), whole.isel(row=rows), rtol=1e-9
            )
