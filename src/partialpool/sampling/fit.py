"""`Fit`: the draws of a Stan program, as InferenceData, with the program."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..diagnostics.cache import StatisticsCache
from ..engines.base import Draws
from ..engines.config import SamplerConfig
from ..errors import DataError, EngineError, warn
from ..source.labels import Dims
from ..source.program import StanSource
from . import inference_data
from .groups import attributes, groups_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from ..diagnostics.diagnosis import Diagnosis


@dataclass(frozen=True)
class Fit:
    """Draws from a posterior, with what is needed to check them and to repeat the fit.

    Attributes
    ----------
    program : StanSource
        The program that was run.
    idata : InferenceData (ArviZ 0.23) or DataTree (ArviZ 1.x)
        Groups posterior, sample_stats, observed_data and constant_data; warmup_posterior and
        warmup_sample_stats if warmup was saved; sampler_state with the adapted step sizes and
        metric.
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
        """Make a fit from the draws of an engine.

        Parameters
        ----------
        program : StanSource
        data : mapping
            The data that the engine got.
        draws : Draws
        method : str
            "sample" for NUTS, or the name of an approximation.
        config : SamplerConfig, optional
            For NUTS.
        seed : int, optional
            For other methods.
        coords, dims : mappings, optional
            Labels, as `labels.check_labels` returned them. If they do not fit the draws, they are
            left out with a warning, so that no draws are lost.
        """
        build = functools.partial(
            cls._from_draws, program, data, draws, method=method, config=config, seed=seed
        )
        try:
            return build(coords=coords or {}, dims=dims or {})
        except Exception as error:
            if not coords and not dims:
                raise  # the error has nothing to do with labels
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
        groups = groups_of(program, data, draws, method=method, coords=coords, dims=dims)
        attrs = attributes(program, draws, method=method, config=config, seed=seed)
        return cls(program, inference_data.assemble(groups, attrs))

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior draws, with dimensions chain, draw and the named ones."""
        return inference_data.group(self.idata, "posterior")

    @property
    def sample_stats(self) -> xr.Dataset:
        """What the sampler reports for each draw: lp, acceptance rate, tree depth, divergences."""
        return inference_data.group(self.idata, "sample_stats")

    @property
    def attrs(self) -> dict[str, Any]:
        """Program, engine, versions, seed and options, with which the fit can be repeated."""
        return dict(self.idata.attrs)

    @property
    def config(self) -> dict[str, Any]:
        """The sampler's options as they were used; ``attrs["given"]`` names those the user gave."""
        options: dict[str, Any] = json.loads(self.attrs["config"])
        return options

    @property
    def treedepth_limit(self) -> int | None:
        """The tree depth that trajectories should not reach; None if there is no such limit.

        There is none for draws that do not come from NUTS, and none if `max_treedepth` was lowered
        for a near-normal posterior, where reaching it is intended.
        """
        if self.attrs["method"] != "sample":
            return None
        limit = int(self.config["max_treedepth"])
        from_user = str(self.attrs.get("given", "max_treedepth")).split()
        return (
            limit if "max_treedepth" in from_user or limit == SamplerConfig.max_treedepth else None
        )

    @functools.cached_property
    def _statistics(self) -> StatisticsCache:
        """The statistics of draws that `diagnose` and the tables share."""
        return StatisticsCache()

    def diagnose(self) -> Diagnosis:
        """Check convergence, divergences and effective sample sizes; see `Diagnosis`.

        Raises
        ------
        EngineError
            If the draws do not come from NUTS: these checks do not apply to them.
        """
        from ..diagnostics.checks import diagnose_with

        method = self.attrs["method"]
        if method != "sample":
            raise EngineError(
                f"these draws come from {method}, not from a Markov chain, so there is nothing to "
                "diagnose: compare them with those of sample()"
            )
        return diagnose_with(
            self._statistics,
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
        """Summarise every quantity of the posterior.

        Parameters
        ----------
        var_names : str or sequence of str, optional
            Variables to summarise; all if not given.
        quantiles : float or sequence of float
            Probabilities of the posterior quantiles, each between 0 and 1.

        Returns
        -------
        DataFrame
            A row for each scalar: mean, sd, quantiles, Monte Carlo standard errors, effective
            sample sizes and R-hat. The columns are the same under every version of ArviZ; see
            `summaries.summary`.
        """
        from ..summaries.summary_table import summary_with

        return summary_with(
            self._statistics, self.posterior, var_names=var_names, quantiles=quantiles
        )

    def parameter_draws(self, program: StanSource) -> dict[str, NDArray[Any]]:
        """Return the draws of the parameters that `program` declares, each (chain, draw, ...).

        Raises
        ------
        DataError
            If this fit does not have one of them.
        """
        missing = [name for name in program.parameters if name not in self.posterior]
        if missing:
            raise DataError(
                f"{program.name} declares {', '.join(missing)}, which this fit of "
                f"{self.program.name} does not have"
            )
        return {name: np.asarray(self.posterior[name].values) for name in program.parameters}

    def save(self, path: str | Path) -> Path:
        """Save the fit as a NetCDF file, which `partialpool.load` reads.

        An existing file is replaced only when the new one is complete.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DataError
            If the folder does not exist or cannot be written to.
        """
        return inference_data.save(self.idata, path)

    def __repr__(self) -> str:
        """Show program, method, engine and number of draws."""
        size = self.posterior.sizes
        return (
            f"<Fit of {self.program.name} by {self.attrs['method']} on "
            f"{self.attrs['engine_version']}: {size['chain']} chains x {size['draw']} draws>"
        )
