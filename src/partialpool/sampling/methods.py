"""Run a Stan program on an engine: check the data, run a method, and make a `Fit` of the draws.

These functions are behind the methods of `StanProgram`. Data are checked before an engine gets
them. If no seed is given, one is drawn at random and recorded in the fit.
"""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Mapping
from typing import Any

from ..engines import select
from ..engines.base import Engine, LogDensity
from ..engines.config import Inits, SamplerConfig, check_inits
from ..errors import OptionError
from ..options import choose_seed
from ..source.labels import check_labels
from ..source.program import StanSource
from . import warm_start
from .conditional_start import find_given
from .fit import Fit
from .kept import keeping_draws, print_diagnosis
from .warm_start import ModeHint, NoStart, WarmStart

Labels = Mapping[str, Any] | None

START_OPTIONS = {"inits", "metric", "inv_metric", "step_size", "adapt_engaged"}
"""Options that set how the sampler starts. If the user gives one, there is no warm start."""


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
        A point from which to search for the posterior mode. If the search succeeds, chains start
        near the mode, with a metric computed there and a shorter warmup. Options that the user
        gave are not changed. The fit's ``attrs["start"]`` says how the chains started and why.
    verbose : bool
        Print which prior constants have their defaults and, when sampling ends, one line that says
        whether the draws can be trusted.

    Raises
    ------
    DataError, OptionError
        If data, labels or options are wrong.
    EngineError, SamplingError
        If the engine is not installed, or the program fails.
    KeptDrawsError
        If something fails after sampling has ended: the error has the draws.
    """
    names = [name for name in SamplerConfig.__dataclass_fields__ if name != "seed"]
    unknown = [name for name in options if name not in names]
    if unknown:
        raise OptionError(
            f"sample has no option {', '.join(map(repr, unknown))}; its options are coords, dims, "
            f"engine, seed, verbose, {', '.join(names)}"
        )
    config = SamplerConfig(seed=choose_seed(seed), **options)
    checked, labels = check_input(program, data, coords, dims, config.inits, config.chains)
    if verbose and (defaults := program.defaults_for(data)):
        listed = ", ".join(f"{name}={value}" for name, value in defaults.items())
        print(f"{program.name}: priors at their defaults, in the units of the example: {listed}")
    runner = select(engine)
    start = _start(runner, program, checked, hint, config, options)
    config = warm_start.configure(config, start, options.keys())
    draws = runner.sample(program, checked, config)
    with keeping_draws(draws, program.name):
        info = {**draws.info, "given": " ".join(sorted(options)), "start": _describe(start)}
        draws = dataclasses.replace(draws, info=info)
        fit = Fit.from_draws(program, checked, draws, method="sample", config=config, **labels)
    if verbose:
        print_diagnosis(fit)
    return fit


def _start(
    runner: Engine,
    program: StanSource,
    data: Mapping[str, Any],
    hint: ModeHint | None,
    config: SamplerConfig,
    options: Mapping[str, Any],
) -> WarmStart | NoStart:
    """Compute a warm start, if there is a hint and the user gave none of `START_OPTIONS`."""
    if chosen := sorted(options.keys() & START_OPTIONS):
        return NoStart(f"the user gave {', '.join(chosen)}")
    if hint is None:
        return NoStart("no point is known from which to look for the mode")
    if not hint.smooth and not hint.given:
        return NoStart("a program that samples effects in this parameterization may have funnels")
    density = runner.density(program, data, seed=config.seed)
    find = warm_start.find if hint.smooth else find_given
    return find(density, program, data, hint, chains=config.chains, seed=config.seed)


def _describe(start: WarmStart | NoStart) -> str:
    """Return a sentence on how the chains started, for the attributes of the fit."""
    if isinstance(start, NoStart):
        return f"Stan's own warmup: {start.reason}"
    return start.how


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
        A value for every parameter, with its declared shape and within its bounds.
    jacobian : bool
        Add the log Jacobian of the transform to the unconstrained scale, as the sampler does.

    Returns
    -------
    LogDensity
        Value, without constant terms, and gradient on the unconstrained scale.
    """
    checked = program.check_data(data)
    point = program.check_parameters(checked, params)
    return select(engine).log_density(program, checked, point, jacobian=jacobian)


def check_input(
    program: StanSource,
    data: Mapping[str, Any],
    coords: Labels,
    dims: Labels,
    inits: Inits,
    chains: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check data, labels and initial values before an engine runs.

    Returns
    -------
    data : dict
        With defaults for prior constants that were not given.
    labels : dict
        "coords" and "dims", for `Fit.from_draws`.
    """
    checked = program.check_data(data)
    labels, all_dims = check_labels(program.declarations.all, checked, coords=coords, dims=dims)
    check_inits(inits, chains)
    if inits is not None and not isinstance(inits, numbers.Real):
        for chain in [inits] if isinstance(inits, Mapping) else inits:  # type: ignore[union-attr]
            program.check_parameters(checked, chain, partial=True, what="inits")
    return checked, {"coords": labels, "dims": all_dims}
