"""`StanProgram`: a Stan program with methods that run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from ..engines.base import LogDensity, Mode
from ..engines.config import SamplerConfig
from ..engines.options import SamplerOptions
from ..options import takes_options_of
from ..source.program import StanSource
from . import approximations, methods
from .fit import Fit


@dataclass(frozen=True)
class StanProgram(StanSource):
    """A Stan program: its code, the variables that it declares, and methods that run it.

    Two programs are equal if their names and their code are equal, whatever their paths.

    Attributes
    ----------
    name : str
        ``family/variant`` for a program of the catalogue, else the file's name without ``.stan``.
    path : Path or None
        The `.stan` file; None for a program that was restored from a saved fit.
    code : str
        The text of the file. In `full_code` every `#include` is replaced by the included file.
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
            Values of the variables in the data block. Prior constants (`prior_*`) that are not
            given have the defaults of the catalogue.
        coords, dims : mappings, optional
            As in ArviZ: the labels of each dimension, and the names of the dimensions of each
            variable, such as ``coords={"player": names}, dims={"theta": ["player"]}``.
        engine : {"auto", "cmdstan", "stanli"}
            What runs the program. "auto": CmdStan if it is installed, else stanli.
        seed : int, optional
            Drawn at random if not given; it is recorded in the fit.
        verbose : bool
            Print which prior constants have their defaults and, at the end, one line that says
            whether the draws can be trusted.
        **options
            The options of `SamplerConfig`: chains, parallel_chains, warmup, draws, thin, inits,
            adapt_delta, max_treedepth, metric, inv_metric, step_size, adapt_engaged,
            save_warmup, output_dir, progress.

        Returns
        -------
        Fit

        Raises
        ------
        DataError
            If data or labels do not fit the program.
        OptionError
            For an unknown option, or a value that is not allowed.
        EngineError
            If the engine is not installed, or lacks something that the options ask for.
        SamplingError
            If the program fails while it runs.
        KeptDrawsError
            If something fails after sampling has ended: the error has the draws.
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

    @takes_options_of(approximations.optimize)
    def optimize(self, data: Mapping[str, Any], **options: Any) -> Mode:
        """Find the posterior mode by L-BFGS."""
        return approximations.optimize(self, data, **options)

    @takes_options_of(approximations.pathfinder)
    def pathfinder(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by Pathfinder."""
        return approximations.pathfinder(self, data, **options)

    @takes_options_of(approximations.laplace)
    def laplace(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by a normal around its mode."""
        return approximations.laplace(self, data, **options)

    @takes_options_of(approximations.variational)
    def variational(self, data: Mapping[str, Any], **options: Any) -> Fit:
        """Approximate the posterior by ADVI."""
        return approximations.variational(self, data, **options)

    @takes_options_of(approximations.generate_quantities)
    def generate_quantities(self, data: Mapping[str, Any], fit: Fit, **options: Any) -> Fit:
        """Run the generated quantities block once for each draw of a fit."""
        return approximations.generate_quantities(self, data, fit, **options)

    def log_density(
        self,
        data: Mapping[str, Any],
        params: Mapping[str, Any],
        *,
        jacobian: bool = True,
        engine: str = "auto",
    ) -> LogDensity:
        """Evaluate the log density and its gradient at given parameter values."""
        return methods.log_density(self, data, params, jacobian=jacobian, engine=engine)
