"""What an engine is asked to do besides sampling: a frozen, checked request for each method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import OptionError
from ..options import check_integer
from .config import Inits


@dataclass(frozen=True, kw_only=True)
class Optimize:
    """Find a mode by L-BFGS.

    Attributes
    ----------
    seed : int
    inits : number, or mapping of parameter names to values, optional
    jacobian : bool
        True: the mode of the density on the unconstrained scale; False: on the user's scale.
    iterations : int
        Give up after so many.
    """

    seed: int
    inits: Inits
    jacobian: bool
    iterations: int

    def __post_init__(self) -> None:
        """Check the options."""
        check_integer("iterations", self.iterations, 1)


@dataclass(frozen=True, kw_only=True)
class Pathfinder:
    """Draw from a variational approximation along L-BFGS paths (Zhang et al. 2022).

    Attributes
    ----------
    seed : int
    inits : as in `Optimize`
    draws : int
        Number of draws over all paths, resampled by Pareto-smoothed importance weights.
    paths : int
        Number of optimisation paths.
    """

    seed: int
    inits: Inits
    draws: int
    paths: int

    def __post_init__(self) -> None:
        """Check the options."""
        check_integer("draws", self.draws, 1)
        check_integer("paths", self.paths, 1)


@dataclass(frozen=True, kw_only=True)
class Laplace:
    """Draw from the normal approximation at the mode.

    Attributes
    ----------
    seed : int
    inits, jacobian : as in `Optimize`
    draws : int
    """

    seed: int
    inits: Inits
    draws: int
    jacobian: bool

    def __post_init__(self) -> None:
        """Check the options."""
        check_integer("draws", self.draws, 1)


@dataclass(frozen=True, kw_only=True)
class Variational:
    """Draw from the normal approximation found by ADVI (Kucukelbir et al. 2017).

    Attributes
    ----------
    seed : int
    inits : as in `Optimize`
    draws : int
    algorithm : {"meanfield", "fullrank"}
        Independent normals on the unconstrained scale, or a multivariate normal.
    iterations : int
        Of stochastic gradient ascent, at most.
    require_converged : bool
        Whether draws of an approximation that may not have converged are an error.
    """

    seed: int
    inits: Inits
    draws: int
    algorithm: Literal["meanfield", "fullrank"]
    iterations: int
    require_converged: bool

    def __post_init__(self) -> None:
        """Check the options."""
        check_integer("draws", self.draws, 1)
        check_integer("iterations", self.iterations, 1)
        if self.algorithm not in ("meanfield", "fullrank"):
            raise OptionError(
                f"algorithm must be 'meanfield' or 'fullrank', not {self.algorithm!r}"
            )
