"""What every peer written in Python returns, and how its draws are judged."""

from __future__ import annotations

import importlib
import itertools
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

CHUNK = 400
"""Scalars whose ESS is computed at a time."""


@dataclass(frozen=True)
class Fitted:
    """A fit that has just been made.

    Attributes
    ----------
    sampling : float
        Seconds of sampling, warmup with it, as the peer tells.
    population : mapping of str to array, (chain, draw)
        Coefficients, ``sd:``, ``cor``, ``sigma``, under the same names for every peer.
    effects : iterator of arrays, (chain, draw, scalar)
        Deviations of the groups from the population, in pieces.
    keep : object
        What the draws live in.
    """

    sampling: float
    population: Mapping[str, np.ndarray]
    effects: Iterator[np.ndarray]
    keep: Any = field(repr=False)


def judged(fitted: Fitted) -> dict[str, Any]:
    """Smallest bulk ESS and largest R-hat over everything, and the population's moments."""
    names = list(fitted.population)
    population = np.stack([fitted.population[name] for name in names], axis=2)
    ess, r_hat, count, worst = np.inf, 0.0, 0, ""
    for number, block in enumerate(itertools.chain([population], fitted.effects)):
        for start in range(0, block.shape[2], CHUNK):
            part = block[:, :, start : start + CHUNK]
            of_ess, of_r_hat = diagnostics(part)
            if of_ess.min() < ess:
                ess = float(of_ess.min())
                worst = names[int(of_ess.argmin())] if number == 0 else "a group effect"
            r_hat = max(r_hat, float(of_r_hat.max()))
            count += part.shape[2]
    draws = population.reshape(-1, len(names))
    return {
        "ess": ess,
        "r_hat": r_hat,
        "quantities": count,
        "least_ess_of": worst,
        "estimates": {
            name: [float(mean), float(sd)]
            for name, mean, sd in zip(names, draws.mean(0), draws.std(0, ddof=1), strict=True)
        },
    }


def diagnostics(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bulk ESS and rank-normalised split R-hat of each scalar (Vehtari et al. 2021)."""
    arviz = importlib.import_module("arviz")
    draws = xr.Dataset({"v": (("chain", "draw", "scalar"), np.asarray(values, np.float64))})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ess = arviz.ess(draws, method="bulk")["v"].values
        r_hat = arviz.rhat(draws, method="rank")["v"].values
    # a chain that stands still has neither: the worst of both
    ess = np.where(np.isfinite(ess), ess, 0.0)
    return ess, np.where(np.isfinite(r_hat), r_hat, np.inf)
