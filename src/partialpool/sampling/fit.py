"""A fit: a program, and the draws it gave, as InferenceData."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS
from ..engines.base import Draws
from ..engines.config import SamplerConfig
from ..errors import DataError, EngineError, warn
from ..source.labels import Dims
from ..source.program import StanSource, kind_of_data
from . import inference_data

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from ..diagnostics.diagnosis import Diagnosis
    from ..source.declaration import Declaration


@dataclass(frozen=True)
class Fit:
    """Draws from a posterior, with all that is needed to judge them and to run it again.

    Attributes
    ----------
    program : StanSource
    idata : InferenceData (ArviZ 0.23) or DataTree (ArviZ 1.x)
        Groups posterior, sample_stats, observed_data, constant_data; warmup_posterior and
        warmup_sample_stats where warmup was saved.
    """

    program: StanSource
    idata: Any

    @classmethod
    def from_draws(
        cls,
        program: StanSource,
        data: Mapping[str, Any],
        draws: Draws,
        *,
        method: str,
        config: SamplerConfig | None = None,
        seed: int | None = None,
        coords: Mapping[str, Any] | None = None,
        dims: Dims | None = None,
    ) -> Fit:
        """Label an engine's draws with what `labels.check_labels` returned.

        Labels that turn out not to fit are left out with a warning: draws are never lost.
        """
        build = functools.partial(
            cls._from_draws, program, data, draws, method=method, config=config, seed=seed
        )
        try:
            return build(coords=coords or {}, dims=dims or {})
        except Exception as error:
            if not coords and not dims:
                raise  # what is wrong is not the labels
            warn(f"{error}. The draws are kept, without labels", UserWarning)
            return build(coords={}, dims={})

    @classmethod
    def _from_draws(
        cls,
        program: StanSource,
        data: Mapping[str, Any],
        draws: Draws,
        *,
        method: str,
        config: SamplerConfig | None,
        seed: int | None,
        coords: Mapping[str, Any],
        dims: Dims,
    ) -> Fit:
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
        attrs = _attrs(program, draws, method, config, seed)
        return cls(program, inference_data.assemble(groups, attrs))

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior draws, with dimensions chain, draw and the named ones."""
        return inference_data.group(self.idata, "posterior")

    @property
    def sample_stats(self) -> xr.Dataset:
        """What the sampler reports of each draw."""
        return inference_data.group(self.idata, "sample_stats")

    @property
    def attrs(self) -> dict[str, Any]:
        """Program, engine, versions, seed, options: what is needed to run the fit again."""
        return dict(self.idata.attrs)

    @property
    def config(self) -> dict[str, Any]:
        """The sampler's options, as they were used; ``attrs["given"]`` names the user's own."""
        options: dict[str, Any] = json.loads(self.attrs["config"])
        return options

    @property
    def treedepth_limit(self) -> int | None:
        """The limit of trajectories that these should not reach; None if they were meant to.

        None of draws that are not NUTS's, too.
        """
        if self.attrs["method"] != "sample":
            return None
        limit = int(self.config["max_treedepth"])
        given = str(self.attrs.get("given", "max_treedepth")).split()
        return limit if "max_treedepth" in given or limit == SamplerConfig.max_treedepth else None

    def diagnose(self) -> Diagnosis:
        """Check the draws; see `Diagnosis`.

        Raises
        ------
        EngineError
            For draws that do not come from NUTS: these checks do not apply to them.
        """
        from ..diagnostics.checks import diagnose

        method = self.attrs["method"]
        if method != "sample":
            raise EngineError(
                f"these draws come from {method}, not from a Markov chain, so there is nothing to "
                "diagnose: compare them with those of sample()"
            )
        return diagnose(
            self.posterior,
            self.sample_stats,
            max_treedepth=self.treedepth_limit,
            adapt_delta=self.config["adapt_delta"],
            has_parameters=bool(self.program.parameters),
        )

    def summary(
        self,
        var_names: str | Sequence[str] | None = None,
        *,
        quantiles: float | Sequence[float] = (0.05, 0.5, 0.95),
    ) -> pd.DataFrame:
        """Mean, sd, quantiles, Monte-Carlo errors, ESS and R-hat of every quantity.

        The columns are the same under every version of ArviZ; see `summaries.summary`.
        """
        from ..summaries import summary

        return summary(self.posterior, var_names=var_names, quantiles=quantiles)

    def parameter_draws(self, program: StanSource) -> dict[str, NDArray[Any]]:
        """Draws of the parameters that `program` declares, each (chain, draw, ...).

        Raises
        ------
        DataError
            If this fit lacks one of them.
        """
        missing = [name for name in program.parameters if name not in self.posterior]
        if missing:
            raise DataError(
                f"{program.name} declares {', '.join(missing)}, which this fit of "
                f"{self.program.name} does not have"
            )
        return {name: np.asarray(self.posterior[name].values) for name in program.parameters}

    def save(self, path: str | Path) -> Path:
        """Write the fit as NetCDF, atomically; `partialpool.load` reads it back."""
        return inference_data.save(self.idata, path)

    def __repr__(self) -> str:
        """Program, engine and size."""
        size = self.posterior.sizes
        return (
            f"<Fit of {self.program.name} by {self.attrs['method']} on "
            f"{self.attrs['engine_version']}: {size['chain']} chains x {size['draw']} draws>"
        )


def _empty(
    declared: Mapping[str, Declaration], data: Mapping[str, Any], method: str, drawn: NDArray[Any]
) -> dict[str, NDArray[np.float64]]:
    """Variables of size 0, which have no column in any file."""
    blocks = {"generated quantities"}
    if method != "generate_quantities":
        blocks |= {"parameters", "transformed parameters"}
    shapes = {name: each.shape(data) for name, each in declared.items() if each.block in blocks}
    return {
        name: np.empty((*drawn.shape[:2], *shape))
        for name, shape in shapes.items()
        if shape is not None and 0 in shape
    }


def _typed(
    variables: Mapping[str, NDArray[Any]], declared: Mapping[str, Declaration]
) -> dict[str, NDArray[Any]]:
    return {
        name: values.astype(np.int64)
        if name in declared and declared[name].base == "int" and np.isfinite(values).all()
        else values
        for name, values in variables.items()
    }


def _state(draws: Draws) -> xr.Dataset:
    arrays = {"step_size": draws.step_size, "inv_metric": draws.inv_metric}
    return inference_data.dataset(
        {name: array for name, array in arrays.items() if array is not None},
        coords={},
        dims={},
        sample_dims=("chain",),
    )


def _attrs(
    program: StanSource,
    draws: Draws,
    method: str,
    config: SamplerConfig | None,
    seed: int | None,
) -> dict[str, str | int | float]:
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


def _config_json(config: SamplerConfig | None) -> str:
    fields = () if config is None else dataclasses.fields(config)
    return json.dumps({each.name: getattr(config, each.name) for each in fields}, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return value.tolist() if hasattr(value, "tolist") else str(value)
