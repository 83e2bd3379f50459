"""The stanli engine: runs Stan programs in this process, without a C++ toolchain.

stanli interprets the program that stanc compiled, and samples with Stan's NUTS and random-number
generator. A method that it does not have raises an `EngineError` that names CmdStan, which has it.
"""

from __future__ import annotations

import contextlib
import numbers
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..errors import DataError, EngineError, OptionError, ProgramError, SamplingError
from ..options import usable_cpus
from ..source.compiler import compiled, complaint
from ..source.data import as_json, translate_stan_error
from ..source.program import StanSource
from .base import Density, Draws, LogDensity, Mode, StanData, without_generated
from .columns import by_variable, csv_names, sampler_stats
from .config import Inits, SamplerConfig
from .progress import stdout_progress
from .requests import Laplace, Optimize, Pathfinder, Variational

NAME = "stanli"


class StanliEngine:
    """Runs programs through stanli; the methods are those of `Engine`.

    The engine keeps the last model that it built, and uses it again in the next call if program,
    data and seed are the same.
    """

    name = NAME

    def __init__(self) -> None:
        self._built: tuple[StanSource, StanData, int, Any] | None = None

    def version(self) -> str:
        """Return the name and version of the engine."""
        import stanli

        return f"stanli {stanli.__version__}"

    def sample(self, program: StanSource, data: StanData, config: SamplerConfig) -> Draws:
        """Draw from the posterior by NUTS."""
        if config.output_dir is not None:
            self._refuse("write CSV files (output_dir); save the fit with fit.save(), or use it")
        model = self._model(program, data, config.seed)
        inits, radius = self._initial_points(model, config.inits, config.chains)
        parallel = config.parallel_chains or usable_cpus()
        total = config.warmup + config.draws
        began = time.perf_counter()
        with (
            warnings.catch_warnings(),
            stdout_progress(config.chains, total, show=config.progress) as refresh,
            stan_errors(program),
        ):
            warnings.filterwarnings("ignore", message="(?s).*interpreter also failed")
            result = model.sample(
                chains=config.chains,
                seed=int(config.seed),
                warmup=config.warmup,
                samples=config.draws,
                delta=config.adapt_delta,
                max_depth=config.max_treedepth,
                thin=config.thin,
                save_warmup=config.save_warmup,
                inits=inits,
                init_radius=radius,
                parallel_chains=min(parallel, config.chains),
                refresh=refresh,
                metric=config.metric,
                inv_metric=config.inv_metric,
                step_size=config.step_size,
                adapt_engaged=config.adapt_engaged,
            )
        seconds = time.perf_counter() - began
        self._check_complete(program, data, csv_names(result.names))
        warmup = config.stored_warmup
        values, stats = result.draws(), result.sampler_stats
        order = {stan: position for position, stan in enumerate(_columns())}
        return Draws(
            names=csv_names(result.names),
            values=values[:, warmup:],
            sampler_stats=sampler_stats(lambda name: stats[:, warmup:, order[name]]),
            warmup_values=values[:, :warmup] if config.save_warmup else None,
            warmup_sampler_stats=(
                sampler_stats(lambda name: stats[:, :warmup, order[name]])
                if config.save_warmup
                else {}
            ),
            step_size=np.asarray(result.step_size, dtype=np.float64),
            inv_metric=(
                None if config.metric == "unit_e" else np.asarray(result.inv_metric, np.float64)
            ),
            info=self._info(seconds),
        )

    def optimize(self, program: StanSource, data: StanData, request: Optimize) -> Mode:
        """Find the mode of the posterior on the unconstrained scale by L-BFGS."""
        if not request.jacobian:
            self._refuse("optimise without the Jacobian (jacobian=False)")
        model = self._model(program, data, request.seed)
        inits, radius = self._initial_points(model, request.inits, 1)
        began = time.perf_counter()
        with stan_errors(program):
            result = model.optimize(
                seed=request.seed,
                iter=request.iterations,
                init=None if inits is None else inits[0],
                init_radius=radius,
            )
            # stanli does not report convergence: at an optimum, further iterations change nothing
            further = model.optimize(seed=request.seed, iter=10, init=result.unconstrained)
        names = csv_names(tuple(result))
        flat = np.array([float(result[name]) for name in result])
        lp = float(result.lp)
        return Mode(
            values=without_generated(program, by_variable(names, flat)),
            lp=lp,
            jacobian=True,
            converged=float(further.lp) - lp < 1e-6 * max(1.0, abs(lp)),
            info=self._info(time.perf_counter() - began),
        )

    def pathfinder(self, program: StanSource, data: StanData, request: Pathfinder) -> Draws:
        """Raise `EngineError`: stanli's Python package has no Pathfinder."""
        self._refuse("run Pathfinder")

    def laplace(self, program: StanSource, data: StanData, request: Laplace) -> Draws:
        """Raise `EngineError`: stanli's Python package has no Laplace approximation."""
        self._refuse("run the Laplace approximation")

    def variational(self, program: StanSource, data: StanData, request: Variational) -> Draws:
        """Raise `EngineError`: stanli's Python package has no ADVI."""
        self._refuse("run variational inference")

    def generate_quantities(
        self, program: StanSource, data: StanData, draws: Mapping[str, NDArray[Any]], *, seed: int
    ) -> Draws:
        """Raise `EngineError`: stanli computes generated quantities only while it samples."""
        self._refuse("generate quantities from an earlier fit's draws")

    def log_density(
        self,
        program: StanSource,
        data: StanData,
        params: Mapping[str, Any],
        *,
        jacobian: bool,
    ) -> LogDensity:
        """Evaluate the log density, with the Jacobian, and its gradient."""
        if not jacobian:
            self._refuse("evaluate the density without the Jacobian (jacobian=False)")
        model = self._model(program, data, seed=1)
        point = _unconstrain(model, params)
        try:
            value, gradient = model.log_prob_grad(point)
        except RuntimeError as error:
            raise SamplingError(f"{program.name}: {error}") from None
        return LogDensity(float(value), np.asarray(gradient, dtype=np.float64))

    def density(self, program: StanSource, data: StanData, *, seed: int) -> Density:
        """Return the log density of this program and these data as a function."""
        return StanliDensity(self._model(program, data, seed))

    def _model(self, program: StanSource, data: StanData, seed: int) -> Any:
        """Return the model of a program and its data: the last one, if it was built for these."""
        if self._built is not None:
            last_program, last_data, last_seed, model = self._built
            if last_program is program and last_data is data and last_seed == seed:
                return model
        model = self._new_model(program, data, seed)
        self._built = (program, data, seed, model)
        return model

    def _new_model(self, program: StanSource, data: StanData, seed: int) -> Any:
        import stanli

        with stan_errors(program), warnings.catch_warnings():
            # stanli leaves out what it cannot compute: _check_complete reports it
            warnings.filterwarnings("ignore", message="(?s).*interpreter also failed")
            return stanli.Model(
                mir=compiled(program.full_code),
                data=as_json(data),
                seed=int(seed),
            )

    def _initial_points(
        self, model: Any, inits: Inits, chains: int
    ) -> tuple[NDArray[np.float64] | None, float]:
        """Return initial points, (chain, unconstrained), or None, and the radius of random ones."""
        if inits is None:
            return None, 2.0
        if isinstance(inits, numbers.Real):
            return None, float(inits)
        by_chain = (
            [inits] * chains
            if isinstance(inits, Mapping)
            else cast("Sequence[Mapping[str, Any]]", inits)
        )
        return np.array([_unconstrain(model, values) for values in by_chain]), 2.0

    def _check_complete(
        self, program: StanSource, data: StanData, columns: tuple[str, ...]
    ) -> None:
        """Raise `EngineError` if stanli left out a variable that the program declares."""
        returned = {column.split(".")[0].split(":")[0] for column in columns}
        missing = [
            str(declaration)
            for declaration in program.declarations.declared
            if declaration.block != "data"
            and declaration.name not in returned
            and 0 not in (declaration.shape(data) or ())
        ]
        if missing:
            self._refuse(f"compute {'; '.join(missing)} of {program.name}")

    def _refuse(self, what: str) -> NoReturn:
        """Raise `EngineError`: stanli cannot do this, CmdStan can."""
        raise EngineError(
            f"stanli cannot {what}; CmdStan can: engine='cmdstan' "
            "(`partialpool doctor` tells whether it is installed and how to install it)"
        )

    def _info(self, seconds: float) -> dict[str, str | float | int]:
        return {"engine": NAME, "engine_version": self.version(), "seconds": seconds}


class StanliDensity:
    """The log density of a stanli model, a `Density`."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def unconstrain(self, values: Mapping[str, Any]) -> Floats:
        """Transform values of all parameters to a point on the unconstrained scale."""
        return _unconstrain(self._model, values)

    def at(self, q: Floats) -> tuple[float, Floats]:
        """Return log density and gradient at a point; -inf and nan if they cannot be computed."""
        try:
            value, gradient = self._model.log_prob_grad(q)
        except RuntimeError:
            return -np.inf, np.full(len(q), np.nan)
        return float(value), np.asarray(gradient, dtype=np.float64)


def _columns() -> tuple[str, ...]:
    """Return Stan's names of the sampler columns, in stanli's order."""
    import stanli

    return tuple(stanli.SAMPLER_COLUMNS)


def _unconstrain(model: Any, values: Mapping[str, Any]) -> NDArray[np.float64]:
    """Transform values of all parameters to the unconstrained scale."""
    nested = {name: np.asarray(value, dtype=np.float64).tolist() for name, value in values.items()}
    try:
        return np.asarray(model.unconstrain(nested), dtype=np.float64)
    except ValueError as error:
        raise OptionError(
            f"these parameter values cannot be used: {error}. stanli needs every parameter, in "
            "its declared shape and within its bounds; engine='cmdstan' draws those left out"
        ) from None


@contextlib.contextmanager
def stan_errors(program: StanSource) -> Iterator[None]:
    """Translate errors of stanli into errors of this package, in terms of program and data."""
    try:
        yield
    except ValueError as error:
        raise OptionError(f"{program.name}: {error}") from None
    except RuntimeError as error:
        text = str(error)
        if "error in 'string'" in text:
            name = str(program.path or program.name)
            said = complaint(program.code, program.include_paths, name)
            raise ProgramError(f"{program.name} does not compile.\n{said or text}") from None
        in_terms_of_data = translate_stan_error(text, program.data)
        if in_terms_of_data is not None:
            raise DataError(f"{program.name}: {in_terms_of_data}") from None
        raise SamplingError(f"{program.name}: {text}") from None
