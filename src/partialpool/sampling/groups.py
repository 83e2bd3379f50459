"""What a `Fit` holds, made of an engine's draws: the groups of InferenceData, and attributes."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS
from ..engines.base import Draws
from ..engines.config import SamplerConfig
from ..source.labels import Dims
from ..source.program import StanSource, kind_of_data
from . import inference_data

if TYPE_CHECKING:
    import xarray as xr

    from ..source.declaration import Declaration


def groups_of(
    program: StanSource,
    data: Mapping[str, Any],
    draws: Draws,
    *,
    method: str,
    coords: Mapping[str, Any],
    dims: Dims,
) -> dict[str, xr.Dataset]:
    """Make the groups of InferenceData; see `Fit` for their names.

    Parameters
    ----------
    program : StanSource
    data : mapping
        The data that the engine got.
    draws : Draws
    method : str
        "sample" for NUTS, or the name of an approximation.
    coords, dims : mappings
        Labels, as `labels.check_labels` returned them.

    Raises
    ------
    DataError
        If the labels do not fit the draws.
    """
    declared = {**program.declarations.all}
    empty = functools.partial(_empty, declared, data, method)
    labelled = functools.partial(inference_data.dataset, coords=coords, dims=dims)
    sampled = functools.partial(labelled, sample_dims=SAMPLE_DIMS)
    groups = {
        "posterior": sampled(_typed(draws.variables(), declared) | empty(draws.values)),
        "sample_stats": sampled(draws.sampler_stats),
    }
    if draws.warmup_values is not None:
        warmup = _typed(draws.variables(warmup=True), declared)
        groups["warmup_posterior"] = sampled(warmup | empty(draws.warmup_values))
        groups["warmup_sample_stats"] = sampled(draws.warmup_sampler_stats)
    for kind, name in (("observed", "observed_data"), ("constant", "constant_data")):
        values = {k: v for k, v in data.items() if kind_of_data(program, k) == kind}
        if values:
            groups[name] = labelled(values)
    if draws.step_size is not None:
        groups["sampler_state"] = _state(draws)
    return groups


def attributes(
    program: StanSource,
    draws: Draws,
    *,
    method: str,
    config: SamplerConfig | None,
    seed: int | None,
) -> dict[str, str | int | float]:
    """Return the attributes that are saved with a fit, with which it can be repeated."""
    from .. import __version__

    return {
        **draws.info,
        "method": method,
        "program": program.name,
        "program_code": program.full_code,
        "program_sha256": program.sha256,
        "seed": int(config.seed if config else seed or 0),
        "config": _config_json(config),
        "created_at": datetime.datetime.now(datetime.UTC).isoformat(),
        "partialpool_version": __version__,
    }


def _empty(
    declared: Mapping[str, Declaration], data: Mapping[str, Any], method: str, drawn: NDArray[Any]
) -> dict[str, NDArray[np.float64]]:
    """Make the declared variables of size 0, which no engine returns."""
    blocks = {"generated quantities"}
    if method != "generate_quantities":
        blocks |= {"parameters", "transformed parameters"}
    shapes = {
        name: declaration.shape(data)
        for name, declaration in declared.items()
        if declaration.block in blocks
    }
    return {
        name: np.empty((*drawn.shape[:2], *shape))
        for name, shape in shapes.items()
        if shape is not None and 0 in shape
    }


def _typed(
    variables: Mapping[str, NDArray[Any]], declared: Mapping[str, Declaration]
) -> dict[str, NDArray[Any]]:
    """Turn variables that are declared as integers into integer arrays."""
    return {
        name: values.astype(np.int64)
        if name in declared and declared[name].base == "int" and np.isfinite(values).all()
        else values
        for name, values in variables.items()
    }


def _state(draws: Draws) -> xr.Dataset:
    """Return the adapted step size and metric of each chain."""
    arrays = {"step_size": draws.step_size, "inv_metric": draws.inv_metric}
    return inference_data.dataset(
        {name: array for name, array in arrays.items() if array is not None},
        coords={},
        dims={},
        sample_dims=("chain",),
    )


def _config_json(config: SamplerConfig | None) -> str:
    fields = () if config is None else dataclasses.fields(config)
    values = {field.name: getattr(config, field.name) for field in fields}
    return json.dumps(values, default=_plain)


def _plain(value: Any) -> Any:
    """Turn a value that JSON does not have into one that it has."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.tolist() if hasattr(value, "tolist") else str(value)
