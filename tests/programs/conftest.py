"""How the program tests reach an engine. Only this file knows which one it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stanli
from programs.checks import Array, LogDensity, MakeLogDensity, Sample
from programs.find_stanc import find_stanc


def _stanli_log_density(program: Path, data: Mapping[str, Any]) -> LogDensity:
    model = stanli.Model(stan_file=str(program), data=dict(data))

    def log_density(q: Array) -> tuple[Array, Array]:
        pairs = [model.log_prob_grad(row) for row in q]
        return np.array([value for value, _ in pairs]), np.array([slope for _, slope in pairs])

    return log_density


def _stanli_sample(
    program: Path,
    data: Mapping[str, Any],
    *,
    seed: int,
    draws: int = 1000,
    adapt_delta: float = 0.8,
) -> dict[str, Array]:
    model = stanli.Model(stan_file=str(program), data=dict(data))
    fit = model.sample(chains=4, samples=draws, seed=seed, delta=adapt_delta, refresh=0)
    return {name: np.asarray(fit.draws(name)) for name in fit.variables}


@pytest.fixture(scope="session", params=["stanli"])
def log_density(request: pytest.FixtureRequest) -> MakeLogDensity:
    """Of (program, data): the log density and its gradient at many points."""
    return {"stanli": _stanli_log_density}[request.param]


@pytest.fixture(scope="session", params=["stanli"])
def sample(request: pytest.FixtureRequest) -> Sample:
    """Of (program, data, seed=): (chains, draws, ...) for every variable."""
    return {"stanli": _stanli_sample}[request.param]


@pytest.fixture(scope="session")
def stanc() -> Path:
    """Stan's compiler."""
    return find_stanc()
