"""Posterior modes of Wiecki's model, and why the joint one collapses."""

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
    """Search the posterior mode of each form of the model, from several starts.

    Parameters
    ----------
    engine : str
        stanli has the mode with the Jacobian only.
    seeds : sequence of int
        A start each.
    forms : sequence of {"centered", "noncentered", "marginal"}

    Returns
    -------
    DataFrame
        Rows (form, jacobian, seed); columns sigma_a, sigma_b, smallest_slope and largest_slope
        over counties (of the marginal program: their means given the mode), and outcome, what
        the optimizer said.
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
    model = MODELS[form]
    nothing = (np.nan,) * (len(COLUMNS) - 1)
    try:
        mode = model.program.optimize(
            model.given["data"], engine=engine, jacobian=jacobian, seed=seed
        )
    except SamplingError:
        return (*nothing, "the optimizer failed")
    except EngineError:
        if jacobian:
            raise
        return (*nothing, "this engine cannot")
    slopes = _slopes(mode)
    at = (float(mode.values["sigma_a"]), float(mode.values["sigma_b"]))
    outcome = "converged" if mode.converged else "gave up"
    return (*at, float(slopes.min()), float(slopes.max()), outcome)


def _slopes(mode: Mode) -> NDArray[np.float64]:
    if "b" in mode.values:
        return np.asarray(mode.values["b"], dtype=np.float64)
    at = {name: float(mode.values[name]) for name in ("mu_a", "mu_b", "sigma_a", "sigma_b")}
    own = effects(
        reduced(WIECKI, fixed="1 floor", slopes=True),
        coefficients=[at["mu_a"], at["mu_b"]],
        scale=[at["sigma_a"], at["sigma_b"]],
        sigma=float(mode.values["sigma"]),
    )
    return at["mu_b"] + own[:, 1]


def collapse(
    fit: Fit, *, engine: str = "auto", sigma_b: Sequence[float] | None = None
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Log densities along the path on which the spread of the slopes shrinks to nothing.

    On the path all else stands at its posterior mean, and every slope of the joint density
    where that density is highest given sigma_b.

    Parameters
    ----------
    fit : Fit
        Of the marginal program.
    engine : str
    sigma_b : sequence of float, optional
        Points of the path.

    Returns
    -------
    sigma_b : array, (point,)
    log_densities : mapping of name to array (point,)
        Of the centered program (the joint density of slopes and sigma_b) and of the marginal
        one, each as a density of sigma_b and of log sigma_b (with the Jacobian).
    """
    path = np.geomspace(0.005, 2, 31) if sigma_b is None else np.asarray(sigma_b, dtype=np.float64)
    centered, marginal = (programs.get(MODELS[k].name) for k in ("centered", "marginal"))
    data = MODELS["marginal"].given["data"]
    fixed = [name for name in marginal.parameters if name != "sigma_b"]
    mean = {name: fit.posterior[name].mean(["chain", "draw"]).values for name in (*fixed, "a")}
    group, x = data["group"] - 1, data["x"]
    rest = np.bincount(group, x * (data["y"] - mean["a"][group] - mean["mu_b"] * x))
    weight = np.bincount(group, x * x)
    joint, alone = [], []
    for sd in path:
        at = {name: mean[name] for name in fixed} | {"sigma_b": sd}
        slopes = mean["mu_b"] + rest / (weight + (mean["sigma"] / sd) ** 2)
        alone.append(marginal.log_density(data, at, engine=engine).value)
        at |= {"a": mean["a"], "b": slopes}
        joint.append(centered.log_density(data, at, engine=engine).value)
    log_volume = np.log(path)
    return path, {
        "joint with the slopes, of sigma_b": np.array(joint) - log_volume,
        "joint, of log sigma_b": np.array(joint),
        "slopes integrated out, of sigma_b": np.array(alone) - log_volume,
        "integrated out, of log sigma_b": np.array(alone),
    }
