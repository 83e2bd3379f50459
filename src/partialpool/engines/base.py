"""What every engine takes and returns: draws, modes, and the `Engine` protocol.

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


@dataclass(frozen=True)
class Draws:
    """Draws of every quantity that a program declares, as an engine returns them.

    Attributes
    ----------
    names : tuple of str
        Column names as in Stan's CSV: ``theta.1``, ``L.2.1``.
    values : array, (chain, draw, column)
    sampler_stats : mapping of str to array, (chain, draw)
        Under ArviZ's names: lp, acceptance_rate, step_size, tree_depth, n_steps, diverging,
        energy for NUTS; lp and lp_approx for approximations.
    warmup_values, warmup_sampler_stats : the same for saved warmup draws, or None and empty
    step_size : array (chain,), optional
        After adaptation.
    inv_metric : array (chain, n) or (chain, n, n), optional
        After adaptation.
    info : mapping
        Engine, versions, seconds spent: what goes into the attributes of InferenceData.
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
        """Draws by variable, each shaped (chain, draw, *declared shape).

        Parameters
        ----------
        warmup : bool
            Those of the saved warmup instead.
        """
        values = self.warmup_values if warmup else self.values
        return {} if values is None else by_variable(self.names, values)


@dataclass(frozen=True)
class Mode:
    """The point that maximises a density: what `optimize` returns.

    Attributes
    ----------
    values : mapping of str to array
        Every declared parameter and transformed parameter at the mode, in its declared shape.
        (Generated quantities, which may be random, are not among them.)
    lp : float
        The log density there (with constant terms dropped, as Stan does).
    jacobian : bool
        True: mode of the posterior on the unconstrained scale. False: on the user's scale
        (the maximum a posteriori estimate, or penalised maximum likelihood).
    converged : bool
        False: the iterations ran out before the optimum was found.
    info : mapping
    """

    values: Mapping[str, NDArray[Any]]
    lp: float
    jacobian: bool
    converged: bool = True
    info: Mapping[str, str | float | int] = field(default_factory=dict)


def kept_at_mode(
    program: StanSource, values: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Leave out generated quantities: a random one has no value at the mode."""
    random = program.declarations.generated_quantities
    return {name: value for name, value in values.items() if name.split(":")[0] not in random}


@dataclass(frozen=True)
class LogDensity:
    """A log density (constant terms dropped) and its gradient on the unconstrained scale."""

    value: float
    gradient: Floats


class Density(Protocol):
    """The log density of a program and its data on the unconstrained scale, to be asked often."""

    def unconstrain(self, values: Mapping[str, Any]) -> Floats:
        """Return the point of the unconstrained scale where all parameters have these values."""

    def at(self, q: Floats) -> tuple[float, Floats]:
        """Return log density and gradient at a point; -inf where there is none."""


class Engine(Protocol):
    """Runs Stan programs. Data given to an engine have been checked by `standata`."""

    name: str

    def version(self) -> str:
        """Name and version, with the version of Stan behind it."""

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
        """Give the log density as a function; only of this call's program and data."""
