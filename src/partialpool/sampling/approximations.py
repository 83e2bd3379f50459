"""Methods besides NUTS: the mode, approximations of the posterior, generated quantities.

The functions behind the methods of `StanProgram`. Data are checked before any engine sees them; a
seed that is not given is drawn, and recorded in the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ..engines import select
from ..engines.base import Draws, Mode
from ..engines.config import Inits
from ..engines.requests import Laplace, Optimize, Pathfinder, Variational
from ..errors import DataError, EngineError
from ..options import choose_seed
from ..source.program import StanSource
from .fit import Fit
from .kept import keeping_draws
from .methods import Labels, check_input


def optimize(
    program: StanSource,
    data: Mapping[str, Any],
    *,
    jacobian: bool = True,
    engine: str = "auto",
    seed: int | None = None,
    inits: Inits = None,
    iterations: int = 2000,
) -> Mode:
    """Find the posterior mode by L-BFGS.

    Parameters
    ----------
    jacobian : bool
        True: the mode of the density on the unconstrained scale. False: the mode on the scale of
        the parameters, which is the maximum a posteriori estimate (the maximum likelihood
        estimate with flat priors).
    inits : number, or mapping of parameter names to values, optional
        Initial values, or the half-width of the interval on the unconstrained scale from which
        they are drawn; 2 if not given.
    iterations : int
        Largest number of iterations.

    Returns
    -------
    Mode
    """
    request = Optimize(
        seed=choose_seed(seed), inits=inits, jacobian=jacobian, iterations=iterations
    )
    checked, _ = check_input(program, data, None, None, inits, 1)
    return select(engine).optimize(program, checked, request)


def pathfinder(
    program: StanSource,
    data: Mapping[str, Any],
    *,
    draws: int = 1000,
    paths: int = 4,
    coords: Labels = None,
    dims: Labels = None,
    engine: str = "auto",
    seed: int | None = None,
    inits: Inits = None,
) -> Fit:
    """Approximate the posterior by Pathfinder (Zhang et al. 2022).

    Parameters
    ----------
    draws : int
        Number of draws, resampled from all paths with Pareto-smoothed importance weights.
    paths : int
        Number of optimisation paths, which start at different points.

    Returns
    -------
    Fit
        With one chain. Its sample_stats has lp and lp_approx, the log densities of posterior and
        approximation at each draw.
    """
    request = Pathfinder(seed=choose_seed(seed), inits=inits, draws=draws, paths=paths)
    checked, labels = check_input(program, data, coords, dims, inits, paths)
    result = select(engine).pathfinder(program, checked, request)
    return _labelled(program, checked, result, "pathfinder", request.seed, labels)


def laplace(
    program: StanSource,
    data: Mapping[str, Any],
    *,
    draws: int = 1000,
    jacobian: bool = True,
    coords: Labels = None,
    dims: Labels = None,
    engine: str = "auto",
    seed: int | None = None,
    inits: Inits = None,
) -> Fit:
    """Approximate the posterior by a normal around its mode, on the unconstrained scale.

    Parameters
    ----------
    draws : int
        Number of draws from the normal.
    jacobian : bool
        Which mode is used, as in `optimize`.

    Returns
    -------
    Fit
        As `pathfinder` returns.
    """
    request = Laplace(seed=choose_seed(seed), inits=inits, draws=draws, jacobian=jacobian)
    checked, labels = check_input(program, data, coords, dims, inits, 1)
    result = select(engine).laplace(program, checked, request)
    return _labelled(program, checked, result, "laplace", request.seed, labels)


def variational(
    program: StanSource,
    data: Mapping[str, Any],
    *,
    draws: int = 1000,
    algorithm: Literal["meanfield", "fullrank"] = "meanfield",
    iterations: int = 10_000,
    require_converged: bool = True,
    coords: Labels = None,
    dims: Labels = None,
    engine: str = "auto",
    seed: int | None = None,
    inits: Inits = None,
) -> Fit:
    """Approximate the posterior by automatic differentiation variational inference.

    Parameters
    ----------
    algorithm : {"meanfield", "fullrank"}
        The approximation on the unconstrained scale: independent normals, or a multivariate normal.
    iterations : int
        Largest number of iterations of stochastic gradient ascent.
    require_converged : bool
        True: fail if ADVI may not have converged. False: return the draws even then.

    Returns
    -------
    Fit
        As `pathfinder` returns.
    """
    request = Variational(
        seed=choose_seed(seed),
        inits=inits,
        draws=draws,
        algorithm=algorithm,
        iterations=iterations,
        require_converged=require_converged,
    )
    checked, labels = check_input(program, data, coords, dims, inits, 1)
    result = select(engine).variational(program, checked, request)
    return _labelled(program, checked, result, "variational", request.seed, labels)


def generate_quantities(
    program: StanSource,
    data: Mapping[str, Any],
    fit: Fit,
    *,
    coords: Labels = None,
    dims: Labels = None,
    engine: str = "auto",
    seed: int | None = None,
) -> Fit:
    """Run a program's generated quantities block once for each draw of an earlier fit.

    Parameters
    ----------
    fit : Fit
        Its posterior must hold every parameter that `program` declares.

    Returns
    -------
    Fit
        Its posterior has the generated quantities, (chain, draw, ...).

    Raises
    ------
    DataError
        If `fit` is not a fit, or lacks a parameter.
    EngineError
        If the program has no parameters, or the engine cannot do this.
    """
    if not isinstance(fit, Fit):
        raise DataError(f"generate_quantities takes a Fit with the draws, not {fit!r}")
    seed = choose_seed(seed)
    checked, labels = check_input(program, data, coords, dims, None, 1)
    parameters = fit.parameter_draws(program)
    if not parameters:
        raise EngineError(
            f"{program.name} has no parameters to take from a fit: use sample(), which draws its "
            "generated quantities"
        )
    result = select(engine).generate_quantities(program, checked, parameters, seed=seed)
    return _labelled(program, checked, result, "generate_quantities", seed, labels)


def _labelled(
    program: StanSource,
    data: Mapping[str, Any],
    draws: Draws,
    method: str,
    seed: int,
    labels: Mapping[str, Any],
) -> Fit:
    """Make a fit from the draws of a method other than NUTS."""
    with keeping_draws(draws, program.name):
        return Fit.from_draws(program, data, draws, method=method, seed=seed, **labels)
