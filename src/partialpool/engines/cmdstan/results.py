"""Turn what CmdStan returned into `Draws`, after checking that all draws are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...arrays import Floats
from ...errors import SamplingError
from ..base import Draws
from ..columns import sampler_stats
from ..config import SamplerConfig

Info = dict[str, str | float | int]


def sampled(
    drawn: Floats, columns: Sequence[str], fit: Any, config: SamplerConfig, info: Info
) -> Draws:
    """Make `Draws` of those of NUTS.

    Parameters
    ----------
    drawn : array, (chain, draw, column)
        Warmup first, if it was saved.
    columns : sequence of str
        Stan's names of the columns.
    fit : CmdStanMCMC
        Has the adapted step sizes and metrics.
    config : SamplerConfig
    info : dict
        Becomes the `info` of the draws.

    Raises
    ------
    SamplingError
        If there are more or fewer draws or chains than were asked for.
    """
    rows = config.stored_warmup + config.stored_draws
    if drawn.shape[:2] != (config.chains, rows):
        raise SamplingError(
            f"CmdStan returned {drawn.shape[1]} draws in {drawn.shape[0]} chains where {rows} "
            f"in {config.chains} were asked for; its files are incomplete"
        )
    variables, position = variables_in(columns), _positions(columns)
    warmup, kept = drawn[:, : config.stored_warmup], drawn[:, config.stored_warmup :]
    return Draws(
        names=tuple(columns[i] for i in variables),
        values=kept[:, :, variables],
        sampler_stats=sampler_stats(lambda name: kept[:, :, position[name]]),
        warmup_values=warmup[:, :, variables] if config.save_warmup else None,
        warmup_sampler_stats=(
            sampler_stats(lambda name: warmup[:, :, position[name]]) if config.save_warmup else {}
        ),
        step_size=np.asarray(fit.step_size, dtype=np.float64),
        inv_metric=_adapted_metric(fit, config.chains),
        info=info,
    )


def approximation(
    drawn: Floats, columns: Sequence[str], draws: int, stats: Mapping[str, str], info: Info
) -> Draws:
    """Make `Draws` of one chain of those of an approximation.

    Parameters
    ----------
    drawn : array, (draw, column)
    columns : sequence of str
        Stan's names of the columns.
    draws : int
        Number of draws that were asked for.
    stats : mapping of str to str
        Stan's names of the statistics of each draw, and ArviZ's.
    info : dict
        Becomes the `info` of the draws.

    Raises
    ------
    SamplingError
        If there are more or fewer draws than were asked for.
    """
    values = np.asarray(drawn, dtype=np.float64)
    if len(values) != draws:
        raise SamplingError(f"CmdStan returned {len(values)} draws where {draws} were asked for")
    variables, position = variables_in(columns), _positions(columns)
    return Draws(
        names=tuple(columns[i] for i in variables),
        values=values[np.newaxis][:, :, variables],
        sampler_stats={
            arviz: values[np.newaxis, :, position[stan]]
            for stan, arviz in stats.items()
            if stan in position
        },
        info=info,
    )


def variables_in(columns: Sequence[str]) -> list[int]:
    """Return the positions of the program's variables: names that do not end in two underscores."""
    return [i for i, name in enumerate(columns) if not name.endswith("__")]


def _positions(columns: Sequence[str]) -> dict[str, int]:
    return {name: i for i, name in enumerate(columns)}


def _adapted_metric(fit: Any, chains: int) -> Floats | None:
    """Return the inverse metric of each chain; None for unit_e and without parameters."""
    if fit.inv_metric is None or len(fit.inv_metric) != chains:
        return None
    return np.asarray(fit.inv_metric, dtype=np.float64)
