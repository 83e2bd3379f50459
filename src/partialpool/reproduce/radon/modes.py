"""Posterior modes of Wiecki's model, and the path on which its joint density is unbounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import programs
from ...errors import EngineError, SamplingError
from ...sampling.fit import Fit
from ..tools.reml import effects
from .models import MODELS, WIECKI, reduced

if TYPE_CHECKING:
    import pandas as pd

    from ...engines.base import Mode

FORMS = ("centered", "noncentered", "marginal")
COLUMNS = ("sigma_a", "sigma_b", "smallest_slope", "largest_slope", "outcome")


def modes(
    *, engine: str = "auto", seeds: Sequence[int] = (1, 2, 3), forms: Sequence[str] = FORMS
) -> pd.DataFrame:
    """Search for the posterior mode of each form of the model, from several starting points.

    Parameters
    ----------
    engine : str
        Name of the engine; stanli finds modes with the Jacobian only.
    seeds : sequence of int
        A seed for each random starting point.
    forms : sequence of {"centered", "noncentered", "marginal"}

    Returns
    -------
    DataFrame
        Rows (form, jacobian, seed); columns sigma_a, sigma_b, smallest_slope and largest_slope
        over counties (for the marginal program, of the slopes' means given the mode), and outcome,
        which says whether the optimizer converged.
    """
    import pandas as pd

    rows = {
        (form, jacobian, seed): _search(form, engine=engine, jacobian=jacobian, seed=seed)
        for form in forms
        for jacobian in (True, False)
        for seed in seeds
    }
    index = pd.MultiIndex.from_tuples(list(rows), names=["form", "jacobian", "seed"])
    return pd.DataFrame(list(rows.values()), index=index, columns=list(COLUMNS))


def _search(form: str, *, engine: str, jacobian: bool, seed: int) -> tuple[Any, ...]:
    """Search for a mode from one starting point; return its row of `COLUMNS`."""
    model = MODELS[form]
    no_values = (np.nan,) * (len(COLUMNS) - 1)
    try:
        mode = model.program.optimize(
            model.data_and_labels["data"], engine=engine, jacobian=jacobian, seed=seed
        )
    except SamplingError:
        return (*no_values, "the optimizer failed")
    except EngineError:
        if jacobian:
            raise
        return (*no_values, "this engine cannot")
    slopes = _slopes(mode)
    sds = (float(mode.values["sigma_a"]), float(mode.values["sigma_b"]))
    outcome = "converged" if mode.converged else "gave up"
    return (*sds, float(slopes.min()), float(slopes.max()), outcome)


def _slopes(mode: Mode) -> NDArray[np.float64]:
    """Return the counties' slopes at a mode; their conditional means, if integrated out."""
    if "b" in mode.values:
        return np.asarray(mode.values["b"], dtype=np.float64)
    population = {name: float(mode.values[name]) for name in ("mu_a", "mu_b", "sigma_a", "sigma_b")}
    county_effects = effects(
        reduced(WIECKI, fixed="1 floor", slopes=True),
        coefficients=[population["mu_a"], population["mu_b"]],
        scale=[population["sigma_a"], population["sigma_b"]],
        sigma=float(mode.values["sigma"]),
    )
    return population["mu_b"] + county_effects[:, 1]


def collapse(
    fit: Fit, *, engine: str = "auto", sigma_b: Sequence[float] | None = None
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Compute log densities along a path on which the sd of the slopes goes to 0.

    On the path, the other parameters are at their posterior means. The slopes of the joint density
    are at their conditional mode given sigma_b.

    Parameters
    ----------
    fit : Fit
        A fit of the marginal program.
    engine : str
        Engine that computes the log densities.
    sigma_b : sequence of float, optional
        Points of the path; by default 31 from 0.005 to 2.

    Returns
    -------
    sigma_b : array, (point,)
    log_densities : mapping of name to array (point,)
        Log densities of the centered program (the joint density of slopes and sigma_b) and of the
        marginal program, each as a density of sigma_b and of log sigma_b (with the Jacobian).
    """
    path = np.geomspace(0.005, 2, 31) if sigma_b is None else np.asarray(sigma_b, dtype=np.float64)
    centered, marginal = (programs.get(MODELS[k].name) for k in ("centered", "marginal"))
    data = MODELS["marginal"].data_and_labels["data"]
    fixed = [name for name in marginal.parameters if name != "sigma_b"]
    mean = {name: fit.posterior[name].mean(["chain", "draw"]).values for name in (*fixed, "a")}
    group, x = data["group"] - 1, data["x"]
    cross_products = np.bincount(group, x * (data["y"] - mean["a"][group] - mean["mu_b"] * x))
    squares = np.bincount(group, x * x)
    joint_densities, marginal_densities = [], []
    for sd in path:
        values = {name: mean[name] for name in fixed} | {"sigma_b": sd}
        slopes = mean["mu_b"] + cross_products / (squares + (mean["sigma"] / sd) ** 2)
        marginal_densities.append(marginal.log_density(data, values, engine=engine).value)
        values |= {"a": mean["a"], "b": slopes}
        joint_densities.append(centered.log_density(data, values, engine=engine).value)
    log_volume = np.log(path)
    return path, {
        "joint with the slopes, of sigma_b": np.array(joint_densities) - log_volume,
        "joint, of log sigma_b": np.array(joint_densities),
        "slopes integrated out, of sigma_b": np.array(marginal_densities) - log_volume,
        "integrated out, of log sigma_b": np.array(marginal_densities),
    }
