"""bambi on PyMC's own sampler, nutpie and numpyro. Runs in the peers' own environment."""

from __future__ import annotations

import logging
import platform
from importlib.metadata import version
from pathlib import Path

import bambi as bmb
import numpy as np
import pandas as pd

from .measured import Fitted
from .tasks import Task

BACKENDS = {
    "pymc": ("pymc", "pytensor"),
    "nutpie": ("nutpie", "pymc", "pytensor", "numba"),
    "numpyro": ("numpyro", "jax", "pymc"),
}


def versions(variant: str) -> str:
    """Of bambi and what samples."""
    listed = ", ".join(f"{name} {version(name)}" for name in ("bambi", *BACKENDS[variant]))
    return f"{listed}, Python {platform.python_version()}"


def priors(task: Task) -> dict[str, bmb.Prior]:
    """The task's priors under bambi's names; it has none of a correlation."""
    given = task.priors

    def effects(rate: float) -> bmb.Prior:
        return bmb.Prior("Normal", mu=0, sigma=bmb.Prior("Exponential", lam=rate))

    table = {
        "Intercept": bmb.Prior("Normal", mu=given.intercept[0], sigma=given.intercept[1]),
        f"1|{task.group}": effects(given.sd_intercept),
    }
    if task.x is not None:
        table[task.x] = bmb.Prior("Normal", mu=given.slope[0], sigma=given.slope[1])
        table[f"{task.x}|{task.group}"] = effects(given.sd_slope)
    if given.sigma is not None:
        table["sigma"] = bmb.Prior("Exponential", lam=given.sigma)
    return table


def fit(
    task: Task, frame: pd.DataFrame, *, variant: str, seed: int, draws: int, folder: Path
) -> Fitted:
    """`variant` is the sampler."""
    logging.getLogger("pymc").setLevel(logging.ERROR)
    left = f"p({task.y}, {task.trials})" if task.trials else task.y
    model = bmb.Model(f"{left} ~ {task.right}", frame, family=task.family, priors=priors(task))
    data = model.fit(
        draws=draws,
        tune=draws,
        chains=4,
        cores=2,
        random_seed=seed,
        inference_method=variant,
        progressbar=False,
    )
    posterior = data["posterior"]
    own = {"Intercept": f"1|{task.group}", **({task.x: f"{task.x}|{task.group}"} if task.x else {})}
    population = {name: posterior[name].values for name in own}
    population |= {f"sd:{name}": posterior[f"{own[name]}_sigma"].values for name in own}
    if "sigma" in posterior:
        population["sigma"] = posterior["sigma"].values
    effects = (
        np.asarray(posterior[term].transpose("chain", "draw", ...).values) for term in own.values()
    )
    return Fitted(float(posterior.attrs["sampling_time"]), population, effects, data)
