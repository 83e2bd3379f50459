"""The `Engine` protocol, and what engines return: draws, modes and log densities.

Arrays are ordered (chain, draw, ...), as in ArviZ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from ..arrays import Floats
from ..source.program import StanSource
from .columns import by_variable
from .config import SamplerConfig
from .requests import Laplace, Optimize, Pathfinder, Variational

StanData = Mapping[str, Any]
"""The data of a program, by name, after `StanSource.check_data`."""


@dataclass(frozen=True)
class Draws:
    """Draws of all parameters, transformed parameters and generated quantities of a program.

    Attributes
    ----------
    names : tuple of str
        Names of the columns, as in Stan's CSV files: ``theta.1``, ``L.2.1``.
    values : array, (chain, draw, column)
    sampler_stats : mapping of str to array, (chain, draw)
        Under ArviZ's names. For NUTS: lp, acceptance_rate, step_size, tree_depth, n_steps,
        diverging and energy. For approximations: lp and lp_approx.
    warmup_values : array, (chain, draw, column), optional
        Warmup draws, if they were saved.
    warmup_sampler_stats : mapping of str to array, (chain, draw)
        Their statistics; empty if they were not saved.
    step_size : array, (chain,), optional
        Step size of each chain after adaptation.
    inv_metric : array, (chain, n) or (chain, n, n), optional
        Inverse metric of each chain after adaptation, for n unconstrained parameters.
    info : mapping
        Engine, versions and seconds, which become attributes of the fit.
    """

    names: tuple[str, ...]
    values: Floats
    sampler_stats: Mapping[str, NDArray[Any]]
    warmup_values: Floats | None = None
    warmup_sampler_stats: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    step_size: Floats | None = None
    inv_metric: Floats | None = None
    info: Mapping[str, str | float | int] = field(default_factory=dict)

    def variables(self, *, warmup: bool = False) -> dict[str, NDArray[Any]]:
        """Return the draws by variable, each (chain, draw, *declared shape).

        Parameters
        ----------
        warmup : bool
            Return the warmup draws instead; an empty dict if they were not saved.
        """
        values = self.warmup_values if warmup else self.values
        return {} if values is None else by_variable(self.names, values)


@dataclass(frozen=True)
class Mode:
    """The point that maximises a density: what `optimize` returns.

    Attributes
    ----------
    values : mapping of str to array
        Every parameter and transformed parameter at the mode, with its declared shape. Generated
        quantities are left out, because they may be random.
    lp : float
        The log density at the mode, without constant terms, as in Stan.
    jacobian : bool
        True: the mode of the density on the unconstrained scale. False: the mode on the scale of
        the parameters (the maximum a posteriori or penalised maximum likelihood estimate).
    converged : bool
        False if the iterations ran out before the optimum was found.
    info : mapping
        Engine, versions and seconds.
    """

    values: Mapping[str, NDArray[Any]]
    lp: float
    jacobian: bool
    converged: bool = True
    info: Mapping[str, str | float | int] = field(default_factory=dict)


def without_generated(
    program: StanSource, values: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Leave out the generated quantities, which may be random and so have no value at the mode."""
    generated = program.declarations.generated_quantities
    return {name: value for name, value in values.items() if name.split(":")[0] not in generated}


@dataclass(frozen=True)
class LogDensity:
    """A log density at a point, and its gradient.

    Attributes
    ----------
    value : float
        Without constant terms.
    gradient : array, (unconstrained,)
        On the unconstrained scale.
    """

    value: float
    gradient: Floats


class Density(Protocol):
    """The log density of a program and its data as a function on the unconstrained scale."""

    def unconstrain(self, values: Mapping[str, Any]) -> Floats:
        """Transform values of all parameters to a point on the unconstrained scale."""

    def at(self, q: Floats) -> tuple[float, Floats]:
        """Return log density and gradient at a point; -inf and nan if they cannot be computed."""


class Engine(Protocol):
    """Runs Stan programs, on data that have been checked by `StanSource.check_data`."""

    name: str

    def version(self) -> str:
        """Return the name and version of the engine."""

    def sample(self, program: StanSource, data: StanData, config: SamplerConfig) -> Draws:
        """Draw from the posterior by NUTS."""

    def optimize(self, program: StanSource, data: StanData, request: Optimize) -> Mode:
        """Find the mode by L-BFGS."""

    def pathfinder(self, program: StanSource, data: StanData, request: Pathfinder) -> Draws:
        """Draw from a variational approximation found along L-BFGS paths (Zhang et al. 2022)."""

    def laplace(self, program: StanSource, data: StanData, request: Laplace) -> Draws:
        """Draw from the normal approximation at the mode."""

    def variational(self, program: StanSource, data: StanData, request: Variational) -> Draws:
        """Draw from the normal approximation found by ADVI (Kucukelbir et al. 2017)."""

    def generate_quantities(
        self, program: StanSource, data: StanData, draws: Mapping[str, NDArray[Any]], *, seed: int
    ) -> Draws:
        """Run the generated quantities block once for each draw of the parameters."""

    def log_density(
        self,
        program: StanSource,
        data: StanData,
        params: Mapping[str, Any],
        *,
        jacobian: bool,
    ) -> LogDensity:
        """Evaluate log density and gradient at constrained parameter values."""

    def density(self, program: StanSource, data: StanData, *, seed: int) -> Density:
        """Return the log density of this program and these data as a function."""
