"""Run a program with an engine: checked data in, a `Fit` out.

The functions behind the methods of `StanProgram`. Data are checked before any engine sees
them; a seed that is not given is drawn, and recorded in the fit.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Literal

from .engines import select
from .engines.base import (
    Draws,
    Inits,
    LogDensity,
    Mode,
    SamplerConfig,
    check_integer,
    check_seed,
)
from .errors import OptionError
from .fit import Fit
from .programs import StanProgram

Labels = Mapping[str, Any] | None


def sample(
    program: StanProgram,
    data: Mapping[str, Any],
    *,
    coords: Labels = None,
    dims: Labels = None,
    engine: str = "auto",
    seed: int | None = None,
    verbose: bool = True,
    **options: Any,
) -> Fit:
    """Draw from the posterior by NUTS; see `StanProgram.sample`.

    Parameters
    ----------
    verbose : bool
        Print one line when sampling ends: fine, or the worst finding of the diagnosis.
    """
    try:
        config = SamplerConfig(seed=_seed(seed), **options)
    except TypeError as error:
        known = ", ".join(SamplerConfig.__dataclass_fields__)
        raise OptionError(f"{error}. The options of sample are {known}") from None
    checked = program.check_data(data)
    _check_inits(program, checked, config.inits)
    draws = select(engine).sample(program, checked, config)
    fit = Fit.from_draws(
        program, checked, draws, method="sample", config=config, coords=coords, dims=dims
    )
    if verbose:
        print(fit.diagnose().line())
    return fit


def optimize(
    program: StanProgram,
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
        True: the mode of the density on the unconstrained scale. False: on the scale of the
        parameters, the maximum a posteriori estimate (maximum likelihood with flat priors).
    inits : number, or mapping of parameter names to values, optional
    iterations : int
        Give up after so many.

    Returns
    -------
    Mode
    """
    check_integer("iterations", iterations, 1)
    checked = program.check_data(data)
    _check_inits(program, checked, inits)
    return select(engine).optimize(
        program,
        checked,
        jacobian=jacobian,
        seed=_seed(seed),
        inits=inits,
        iterations=iterations,
    )


def pathfinder(
    program: StanProgram,
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
        Draws to return, resampled over all paths by Pareto-smoothed importance weights.
    paths : int
        Optimisation paths, from different starts.

    Returns
    -------
    Fit
        With one chain; sample_stats has lp and lp_approx, so that the fit can be judged.
    """
    check_integer("draws", draws, 1)
    check_integer("paths", paths, 1)
    seed, checked = _seed(seed), program.check_data(data)
    _check_inits(program, checked, inits)
    result = select(engine).pathfinder(
        program, checked, draws=draws, paths=paths, seed=seed, inits=inits
    )
    return _approximation(program, checked, result, "pathfinder", seed, coords, dims)


def laplace(
    program: StanProgram,
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
    """Approximate the posterior by the normal at its mode, on the unconstrained scale."""
    check_integer("draws", draws, 1)
    seed, checked = _seed(seed), program.check_data(data)
    _check_inits(program, checked, inits)
    result = select(engine).laplace(
        program, checked, draws=draws, jacobian=jacobian, seed=seed, inits=inits
    )
    return _approximation(program, checked, result, "laplace", seed, coords, dims)


def variational(
    program: StanProgram,
    data: Mapping[str, Any],
    *,
    draws: int = 1000,
    algorithm: Literal["meanfield", "fullrank"] = "meanfield",
    iterations: int = 10_000,
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
        Independent normals on the unconstrained scale, or a multivariate normal.
    iterations : int
        Of stochastic gradient ascent, at most.
    """
    check_integer("draws", draws, 1)
    check_integer("iterations", iterations, 1)
    if algorithm not in ("meanfield", "fullrank"):
        raise OptionError(f"algorithm must be 'meanfield' or 'fullrank', not {algorithm!r}")
    seed, checked = _seed(seed), program.check_data(data)
    _check_inits(program, checked, inits)
    result = select(engine).variational(
        program,
        checked,
        draws=draws,
        algorithm=algorithm,
        iterations=iterations,
        seed=seed,
        inits=inits,
    )
    return _approximation(program, checked, result, "variational", seed, coords, dims)


def generate_quantities(
    program: StanProgram,
    data: Mapping[str, Any],
    fit: Fit,
    *,
    coords: Labels = None,
    dims: Labels = None,
    engine: str = "auto",
    seed: int | None = None,
) -> Fit:
    """Run a program's generated quantities once per draw of an earlier fit.

    Parameters
    ----------
    fit : Fit
        Its posterior must hold every parameter that `program` declares.

    Returns
    -------
    Fit
        Its posterior holds the generated quantities, draw by draw.
    """
    seed, checked = _seed(seed), program.check_data(data)
    parameters = fit.parameter_draws(program)
    result = select(engine).generate_quantities(program, checked, parameters, seed=seed)
    return _approximation(program, checked, result, "generate_quantities", seed, coords, dims)


def log_density(
    program: StanProgram,
    data: Mapping[str, Any],
    params: Mapping[str, Any],
    *,
    jacobian: bool = True,
    engine: str = "auto",
) -> LogDensity:
    """Evaluate a program's log density and its gradient at given parameter values.

    Parameters
    ----------
    params : mapping
        A value for every parameter, in its declared shape and within its bounds.
    jacobian : bool
        Add the log Jacobian of the transform to the unconstrained scale, as the sampler does.

    Returns
    -------
    LogDensity
        Constant terms are dropped; the gradient is on the unconstrained scale.
    """
    checked = program.check_data(data)
    point = program.check_parameters(checked, params)
    return select(engine).log_density(program, checked, point, jacobian=jacobian)


def _approximation(
    program: StanProgram,
    data: Mapping[str, Any],
    draws: Draws,
    method: str,
    seed: int,
    coords: Labels,
    dims: Labels,
) -> Fit:
    return Fit.from_draws(program, data, draws, method=method, seed=seed, coords=coords, dims=dims)


def _check_inits(program: StanProgram, data: Mapping[str, Any], inits: Inits) -> None:
    if inits is None or isinstance(inits, int | float):
        return
    for chain in [inits] if isinstance(inits, Mapping) else inits:
        program.check_parameters(data, chain, partial=True)


def _seed(seed: int | None) -> int:
    if seed is None:
        return 1 + secrets.randbelow(2**31 - 1)
    check_seed(seed)
    return int(seed)
