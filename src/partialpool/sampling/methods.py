"""Run a program with an engine: checked data in, a `Fit` out.

The functions behind the methods of `StanProgram`. Data are checked before any engine sees
them; a seed that is not given is drawn, and recorded in the fit.
"""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Mapping
from typing import Any, Literal

from ..engines import select
from ..engines.base import Draws, Engine, LogDensity, Mode
from ..engines.config import Inits, SamplerConfig, check_inits
from ..engines.requests import Laplace, Optimize, Pathfinder, Variational
from ..errors import DataError, EngineError, OptionError
from ..options import choose_seed
from ..source.labels import check_labels
from ..source.program import StanSource
from . import warm_start
from .fit import Fit
from .kept import keeping_draws, say_diagnosis
from .warm_start import ModeHint, NoStart, WarmStart

Labels = Mapping[str, Any] | None

START_OPTIONS = {"inits", "metric", "inv_metric", "step_size", "adapt_engaged"}
"""Options that say how the sampler starts: with one of them there is no warm start."""


def sample(
    program: StanSource,
    data: Mapping[str, Any],
    *,
    coords: Labels = None,
    dims: Labels = None,
    engine: str = "auto",
    seed: int | None = None,
    verbose: bool = True,
    hint: ModeHint | None = None,
    **options: Any,
) -> Fit:
    """Draw from the posterior by NUTS; see `StanProgram.sample`.

    Parameters
    ----------
    hint : ModeHint, optional
        From where to look for the mode: then chains start about it, in the metric of the
        density there, with the warmup that is enough for it. Options that the user gave stay as
        they are. The fit's ``attrs["start"]`` says how the chains started, and why.
    verbose : bool
        Print which prior constants were left at their defaults, and when sampling ends one line:
        fine, or the worst finding of the diagnosis.
    """
    known = [name for name in SamplerConfig.__dataclass_fields__ if name != "seed"]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise OptionError(
            f"sample has no option {', '.join(map(repr, unknown))}; its options are coords, dims, "
            f"engine, seed, verbose, {', '.join(known)}"
        )
    config = SamplerConfig(seed=choose_seed(seed), **options)
    checked, labels = _checked(program, data, coords, dims, config.inits, config.chains)
    if verbose and (defaults := program.defaults_for(data)):
        listed = ", ".join(f"{name}={value}" for name, value in defaults.items())
        print(f"{program.name}: priors at their defaults, in the units of the example: {listed}")
    runner = select(engine)
    start = _start(runner, program, checked, hint, config, options)
    config = warm_start.configure(config, start, options.keys())
    draws = runner.sample(program, checked, config)
    with keeping_draws(draws, program.name):
        told = {"given": " ".join(sorted(options)), "start": _describe(start)}
        draws = dataclasses.replace(draws, info={**draws.info, **told})
        fit = Fit.from_draws(program, checked, draws, method="sample", config=config, **labels)
    if verbose:
        say_diagnosis(fit)
    return fit


def _start(
    runner: Engine,
    program: StanSource,
    data: Mapping[str, Any],
    hint: ModeHint | None,
    config: SamplerConfig,
    options: Mapping[str, Any],
) -> WarmStart | NoStart:
    """Look for a warm start where there is a hint and the user chose no start."""
    if chosen := sorted(options.keys() & START_OPTIONS):
        return NoStart(f"the user gave {', '.join(chosen)}")
    if hint is None:
        return NoStart("no point is known from which to look for the mode")
    if not hint.smooth:
        return NoStart("a program that samples effects in this parameterization may have funnels")
    density = runner.density(program, data, seed=config.seed)
    return warm_start.find(density, program, data, hint, chains=config.chains, seed=config.seed)


def _describe(start: WarmStart | NoStart) -> str:
    """Say how the chains started, for the fit's attributes."""
    if isinstance(start, NoStart):
        return f"Stan's own warmup: {start.reason}"
    return (
        "about the mode, in the metric of the inverse Hessian there (curvature two standard "
        f"deviations from the mode: up to {start.stiffness:.3g} times that of a normal)"
    )


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
        True: the mode of the density on the unconstrained scale. False: on the scale of the
        parameters, the maximum a posteriori estimate (maximum likelihood with flat priors).
    inits : number, or mapping of parameter names to values, optional
    iterations : int
        Give up after so many.

    Returns
    -------
    Mode
    """
    request = Optimize(
        seed=choose_seed(seed), inits=inits, jacobian=jacobian, iterations=iterations
    )
    checked, _ = _checked(program, data, None, None, inits, 1)
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
        Draws to return, resampled over all paths by Pareto-smoothed importance weights.
    paths : int
        Optimisation paths, from different starts.

    Returns
    -------
    Fit
        With one chain; sample_stats has lp and lp_approx, so that the fit can be judged.
    """
    request = Pathfinder(seed=choose_seed(seed), inits=inits, draws=draws, paths=paths)
    checked, labels = _checked(program, data, coords, dims, inits, paths)
    result = select(engine).pathfinder(program, checked, request)
    return _approximation(program, checked, result, "pathfinder", request.seed, labels)


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
    """Approximate the posterior by the normal at its mode, on the unconstrained scale."""
    request = Laplace(seed=choose_seed(seed), inits=inits, draws=draws, jacobian=jacobian)
    checked, labels = _checked(program, data, coords, dims, inits, 1)
    result = select(engine).laplace(program, checked, request)
    return _approximation(program, checked, result, "laplace", request.seed, labels)


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
        Independent normals on the unconstrained scale, or a multivariate normal.
    iterations : int
        Of stochastic gradient ascent, at most.
    require_converged : bool
        False: return the draws even where ADVI says that it may not have converged.
    """
    request = Variational(
        seed=choose_seed(seed),
        inits=inits,
        draws=draws,
        algorithm=algorithm,
        iterations=iterations,
        require_converged=require_converged,
    )
    checked, labels = _checked(program, data, coords, dims, inits, 1)
    result = select(engine).variational(program, checked, request)
    return _approximation(program, checked, result, "variational", request.seed, labels)


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
    if not isinstance(fit, Fit):
        raise DataError(f"generate_quantities takes a Fit with the draws, not {fit!r}")
    seed = choose_seed(seed)
    checked, labels = _checked(program, data, coords, dims, None, 1)
    parameters = fit.parameter_draws(program)
    if not parameters:
        raise EngineError(
            f"{program.name} has no parameters to take from a fit: sample it, which draws its "
            "generated quantities"
        )
    result = select(engine).generate_quantities(program, checked, parameters, seed=seed)
    return _approximation(program, checked, result, "generate_quantities", seed, labels)


def log_density(
    program: StanSource,
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
    program: StanSource,
    data: Mapping[str, Any],
    draws: Draws,
    method: str,
    seed: int,
    labels: Mapping[str, Any],
) -> Fit:
    with keeping_draws(draws, program.name):
        return Fit.from_draws(program, data, draws, method=method, seed=seed, **labels)


def _checked(
    program: StanSource,
    data: Mapping[str, Any],
    coords: Labels,
    dims: Labels,
    inits: Inits,
    chains: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check all that a user gives, before any engine runs."""
    checked = program.check_data(data)
    named, spread = check_labels(program.declarations.all, checked, coords=coords, dims=dims)
    check_inits(inits, chains)
    if inits is not None and not isinstance(inits, numbers.Real):
        for chain in [inits] if isinstance(inits, Mapping) else inits:  # type: ignore[union-attr]
            program.check_parameters(checked, chain, partial=True, what="inits")
    return checked, {"coords": named, "dims": spread}
