"""partialpool at its defaults, and textbook Stan programs run through its engines."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import partialpool as pp

from .measured import CHUNK, Fitted
from .tasks import Task

STAN = Path(__file__).parent / "stan"


def versions(engine: str) -> str:
    """Of partialpool, its commit where it is a checkout, and what it runs on."""
    git = ["git", "-C", str(STAN), "rev-parse", "--short", "HEAD"]
    found = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    commit = f" ({found})" if found else ""
    of_engine = (
        f"stanli {version('stanli')}"
        if engine == "stanli"
        else f"CmdStan {pp.cmdstan_path().name.removeprefix('cmdstan-')}"
    )
    python = f"Python {platform.python_version()}"
    return f"partialpool {pp.__version__}{commit}, {of_engine}, {python}"


def priors(task: Task) -> dict[str, Any]:
    """The task's priors under partialpool's names."""
    given, sd = task.priors, f"sd({task.group}"
    table: dict[str, Any] = {
        "Intercept": pp.Normal(*given.intercept),
        f"{sd}, Intercept)": pp.Exponential(given.sd_intercept),
    }
    if task.x is not None:
        table |= {
            task.x: pp.Normal(*given.slope),
            f"{sd}, {task.x})": pp.Exponential(given.sd_slope),
            f"cor({task.group})": pp.LKJ(given.lkj),
        }
    if given.sigma is not None:
        table["sigma"] = pp.Exponential(given.sigma)
    return table


def model_of(task: Task, frame: pd.DataFrame) -> pp.Model:
    """The task as a user writes it."""
    left = f"{task.y} | trials({task.trials})" if task.trials else task.y
    return pp.Model(f"{left} ~ {task.right}", frame, family=task.family, priors=priors(task))


def fit(
    task: Task, frame: pd.DataFrame, *, variant: str, seed: int, draws: int, folder: Path
) -> Fitted:
    """A formula and a DataFrame to InferenceData; `variant` is the engine; its own warmup."""
    model = model_of(task, frame)
    result = model.sample(engine=variant, seed=seed, draws=draws, progress=False, verbose=False)
    posterior = result.posterior
    population = {
        name: posterior["beta"].sel(coefficient=name).values for name in task.coefficients
    }
    sds = posterior[f"sd_{task.group}"].values
    population |= {f"sd:{name}": sds[..., k] for k, name in enumerate(task.coefficients)}
    if task.x is not None:
        population["cor"] = posterior[f"cor_{task.group}"].values[..., 0]
    if "sigma" in posterior:
        population["sigma"] = posterior["sigma"].values
    seconds = float(result.attrs["seconds"])
    return Fitted(seconds, population, _effects(result, task), result)


def _effects(result: Any, task: Task) -> Iterator[np.ndarray]:
    groups = result.posterior[task.group].values
    if f"r_{task.group}" in result.posterior:
        yield _flat(result.effects().values)
        return
    for start in range(0, len(groups), CHUNK):  # too many to hold at once
        yield _flat(result.effects(groups[start : start + CHUNK].tolist()).values)


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(*values.shape[:2], -1)


def program_and_data(
    task: Task, frame: pd.DataFrame, form: str | None
) -> tuple[pp.StanProgram, dict[str, Any]]:
    """partialpool's own program, or the textbook's of a form."""
    if form is not None:
        return program_of(task, form), textbook_data(task, frame, form)
    model = model_of(task, frame)
    return model.program, model.stan_data


def compile_seconds(program: pp.StanProgram, data: dict[str, Any]) -> float:
    """Compile a program with CmdStan by a run of a few draws: all but the seconds of that run."""
    began = time.perf_counter()
    result = program.sample(
        data, engine="cmdstan", chains=1, warmup=5, draws=5, seed=1, progress=False, verbose=False
    )
    return time.perf_counter() - began - float(result.attrs["seconds"])


def program_of(task: Task, form: str) -> pp.StanProgram:
    """The textbook program for a task; `form` is noncentered, centered or counts."""
    family = "binomial" if form == "counts" or task.family == "binomial" else task.family
    shape = "intercepts" if task.x is None else "slopes"
    parameterization = "centered" if form == "centered" else "noncentered"
    return pp.StanProgram.from_file(STAN / f"{family}_{shape}_{parameterization}.stan")


def textbook_data(task: Task, frame: pd.DataFrame, form: str) -> dict[str, Any]:
    """What its data block declares; ``counts`` adds up equal rows first, as an expert would."""
    columns = [task.group] if task.x is None else [task.group, task.x]
    y, trials = frame[task.y], frame[task.trials] if task.trials else None
    if form == "counts" and trials is None:
        frame = frame.groupby(columns, sort=False)[task.y].agg(["sum", "count"]).reset_index()
        y, trials = frame["sum"], frame["count"]
    codes, levels = pd.factorize(frame[task.group], sort=True)
    given = task.priors
    data: dict[str, Any] = {
        "N": len(frame),
        "J": len(levels),
        "group": codes + 1,
        "y": y.to_numpy(),
        "prior_alpha_location": given.intercept[0],
        "prior_alpha_scale": given.intercept[1],
    }
    if trials is not None:
        data["trials"] = trials.to_numpy()
    if task.x is None:
        data["prior_tau_rate"] = given.sd_intercept
    else:
        weights = np.ones(len(frame)) if trials is None else trials.to_numpy(float)
        x = frame[task.x].to_numpy(float)
        data |= {
            "x": x,
            "x_mean": float(np.average(x, weights=weights)),
            "prior_beta_location": given.slope[0],
            "prior_beta_scale": given.slope[1],
            "prior_tau_rate": [given.sd_intercept, given.sd_slope],
            "prior_cor_eta": given.lkj,
        }
    if given.sigma is not None:
        data["prior_sigma_rate"] = given.sigma
    return data


def fit_textbook(
    task: Task, frame: pd.DataFrame, *, variant: str, seed: int, draws: int, folder: Path
) -> Fitted:
    """A hand-written program; `variant` is form and engine, as in "centered-stanli"."""
    form, engine = variant.rsplit("-", 1)
    program = program_of(task, form)
    data = textbook_data(task, frame, form)
    result = program.sample(
        data, engine=engine, seed=seed, warmup=draws, draws=draws, progress=False, verbose=False
    )
    posterior = result.posterior
    tau, intercept = posterior["tau"].values, posterior["Intercept"].values
    population = {"Intercept": intercept}
    if task.x is None:
        population["sd:Intercept"] = tau
    else:
        slope = posterior["beta"].values.reshape(intercept.shape)
        population |= {task.x: slope, "cor": posterior["rho"].values}
        population |= {f"sd:{name}": tau[..., k] for k, name in enumerate(task.coefficients)}
    if "sigma" in posterior:
        population["sigma"] = posterior["sigma"].values
    if form == "centered":
        mean = np.stack([intercept, slope], axis=-1)[:, :, None]
        effects = posterior["b"].values - mean
    else:
        effects = posterior["r"].values
    seconds = float(result.attrs["seconds"])
    return Fitted(seconds, population, iter([_flat(effects)]), result)
