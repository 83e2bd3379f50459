"""`StanProgram`: a Stan program that can be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from ..engines.base import LogDensity, Mode
from ..engines.config import SamplerConfig
from ..engines.options import SamplerOptions
from ..options import takes_options_of
from ..source.program import StanSource
from . import methods
from .fit import Fit


class StanProgram(StanSource):
    """One Stan program: its name, its text, what it declares, and what can be done with it.

    Programs are equal when their names and code are, wherever they stand.

    Attributes
    ----------
    name : str
        ``family/variant`` in the catalogue, else the file's name without its ending.
    path : Path or None
        The `.stan` file; None for a program that was restored from a saved fit.
    code : str
        The file's text; `full_code` has its `#include`s put in.
    """

    @takes_options_of(SamplerConfig)
    def sample(
        self,
        data: Mapping[str, Any],
        *,
        coords: Mapping[str, Any] | None = None,
        dims: Mapping[str, Any] | None = None,
        engine: str = "auto",
        seed: int | None = None,
        verbose: bool = True,
        **options: Unpack[SamplerOptions],
    ) -> Fit:
        """Draw from the posterior by NUTS.

        Parameters
        ----------
        data : mapping
            Values of the data block's variables. Prior constants (`prior_*`) that are left
            out take the catalogue's defaults.
        coords, dims : mappings, optional
            As in ArviZ: labels of each dimension, and the dimensions of each variable, e.g.
            ``coords={"player": names}, dims={"theta": ["player"]}``.
        engine : {"auto", "cmdstan", "stanli"}
        seed : int, optional
            Random, and recorded, if not given.
        verbose : bool
            Print which prior constants were left at their defaults and, at the end, one line that
            says whether the draws can be trusted.
        **options
            Those of `SamplerConfig`: chains, parallel_chains, warmup, draws, thin, inits,
            adapt_delta, max_treedepth, metric, inv_metric, step_size, adapt_engaged,
            save_warmup, output_dir, progress.

        Returns
        -------
        Fit

        Raises
        ------
        DataError, OptionError, EngineError, SamplingError
        """
        return methods.sample(
            self,
            data,
            coords=coords,
            dims=dims,
            engine=engine,
            seed=seed,
            verbose=verbose,
            **options,
        )

    @takes_options_of(methods.optimize)
    def optimize(self, data: Mapping[str, Any], **options: Any) -> Mode:
        """Find the posterior mode."""
        return methods.optimize(self, data, **options)

    @takes_options_of(methods.pathfinder)
    def pathfinder(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by Pathfinder."""
        return methods.pathfinder(self, data, **options)

    @takes_options_of(methods.laplace)
    def laplace(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by a normal at its mode."""
        return methods.laplace(self, data, **options)

    @takes_options_of(methods.variational)
    def variational(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by ADVI."""
        return methods.variational(self, data, **options)

    @takes_options_of(methods.generate_quantities)
    def generate_quantities(self, data: Mapping[str, Any], fit: Fit, **options: Any) -> Fit:
        """Run generated quantities on a fit's draws."""
        return methods.generate_quantities(self, data, fit, **options)

    def log_density(
        self,
        data: Mapping[str, Any],
        params: Mapping[str, Any],
        *,
        jacobian: bool = True,
        engine: str = "auto",
    ) -> LogDensity:
        """Log density and gradient at given parameter values."""
        return methods.log_density(self, data, params, jacobian=jacobian, engine=engine)
