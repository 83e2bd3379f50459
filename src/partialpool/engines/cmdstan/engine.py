"""The CmdStan engine, the reference: programs are compiled, and run through CmdStanPy.

Each call is a `Session` (`call.py`), which writes its files into a separate folder. An interrupt
ends all processes of the call, and environment variables are restored afterwards. A result with
fewer or more rows than were asked for raises an error.
"""

from __future__ import annotations

import contextlib
import numbers
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import SamplingError
from ...options import usable_cpus
from ...source.program import StanSource
from ..base import Density, Draws, LogDensity, Mode, StanData, without_generated
from ..columns import by_variable
from ..config import Inits, SamplerConfig
from ..progress import stdout_progress
from ..requests import Laplace, Optimize, Pathfinder, Variational
from ..stanli import StanliEngine
from . import compiled as cache
from . import results, stan_csv
from .call import Session, opened

NAME = "cmdstan"
FLAGS = {"STAN_THREADS": "true"}
"""Run all chains in one process, which reads the data once and is easy to stop."""
DIGITS = 17
"""Significant digits of numbers in Stan's files, from which the same double is read back."""


class CmdStanEngine:
    """Runs programs with a CmdStan installation; the methods are those of `Engine`.

    Parameters
    ----------
    path : Path
        Folder of the CmdStan installation.
    """

    name = NAME

    def __init__(self, path: Path) -> None:
        self.cmdstan = cache.CmdStan.at(path)

    def version(self) -> str:
        """Return the name and version of the engine."""
        return f"CmdStan {self.cmdstan.version}"

    def sample(self, program: StanSource, data: StanData, config: SamplerConfig) -> Draws:
        """Draw from the posterior by NUTS, all chains as threads of one process."""
        iterations = config.warmup + config.draws
        inits = _inits(config.inits)
        with (
            self._session(program, data, keep_in=config.output_dir) as session,
            stdout_progress(config.chains, iterations, show=config.progress, quiet=True) as refresh,
        ):
            fit = session.run(
                lambda: session.model.sample(
                    data=session.data,
                    save_profile=session.profiled,
                    chains=config.chains,
                    parallel_chains=min(config.parallel_chains or usable_cpus(), config.chains),
                    threads_per_chain=1,
                    force_one_process_per_chain=False,
                    seed=int(config.seed),
                    inits=inits,
                    iter_warmup=config.warmup,
                    iter_sampling=config.draws,
                    thin=config.thin,
                    save_warmup=config.save_warmup,
                    adapt_delta=config.adapt_delta if config.adapt_engaged else None,
                    adapt_engaged=config.adapt_engaged,
                    max_treedepth=config.max_treedepth,
                    metric=config.metric,
                    inv_metric=_inv_metric(config),
                    step_size=config.step_size,
                    output_dir=session.folder,
                    sig_figs=DIGITS,
                    refresh=refresh or iterations,
                    show_progress=False,
                    show_console=refresh > 0,
                )
            )
            drawn = np.ascontiguousarray(
                np.swapaxes(fit.draws(inc_warmup=config.save_warmup), 0, 1), dtype=np.float64
            )
            return results.sampled(drawn, session.columns(fit), fit, config, self._info(session))

    def optimize(self, program: StanSource, data: StanData, request: Optimize) -> Mode:
        """Find the mode by L-BFGS, with or without the Jacobian."""
        with self._session(program, data) as session:
            result = session.run(
                lambda: session.model.optimize(
                    data=session.data,
                    save_profile=session.profiled,
                    algorithm="lbfgs",
                    jacobian=request.jacobian,
                    seed=request.seed,
                    inits=_inits(request.inits),
                    iter=request.iterations,
                    require_converged=False,
                    output_dir=session.folder,
                    sig_figs=DIGITS,
                )
            )
            columns = session.columns(result)
            flat = np.asarray(result.optimized_params_np, dtype=np.float64)
            variables = results.variables_in(columns)
            return Mode(
                values=without_generated(
                    program, by_variable([columns[i] for i in variables], flat[variables])
                ),
                lp=float(flat[columns.index("lp__")]),
                jacobian=request.jacobian,
                converged=bool(result.converged)
                and "Maximum number of iter" not in session.console(),
                info=self._info(session),
            )

    def pathfinder(self, program: StanSource, data: StanData, request: Pathfinder) -> Draws:
        """Draw by multi-path Pathfinder with Pareto-smoothed importance resampling."""
        with self._session(program, data) as session:
            result = session.run(
                lambda: session.model.pathfinder(
                    data=session.data,
                    save_profile=session.profiled,
                    draws=request.draws,
                    num_paths=request.paths,
                    num_threads=min(request.paths, usable_cpus()),
                    seed=request.seed,
                    inits=_inits(request.inits),
                    output_dir=session.folder,
                    sig_figs=DIGITS,
                )
            )
            stats = {"lp__": "lp", "lp_approx__": "lp_approx"}
            return results.approximation(
                result.draws(), session.columns(result), request.draws, stats, self._info(session)
            )

    def laplace(self, program: StanSource, data: StanData, request: Laplace) -> Draws:
        """Draw from the normal approximation at the mode."""
        with self._session(program, data) as session:
            result = session.run(
                lambda: session.model.laplace_sample(
                    data=session.data,
                    save_profile=session.profiled,
                    draws=request.draws,
                    jacobian=request.jacobian,
                    seed=request.seed,
                    output_dir=session.folder,
                    sig_figs=DIGITS,
                    opt_args={"inits": _inits(request.inits), "sig_figs": DIGITS},
                )
            )
            stats = {"log_p__": "lp", "log_q__": "lp_approx"}
            return results.approximation(
                result.draws(), session.columns(result), request.draws, stats, self._info(session)
            )

    def variational(self, program: StanSource, data: StanData, request: Variational) -> Draws:
        """Draw from the normal approximation found by ADVI."""
        with self._session(program, data) as session:
            result = session.run(
                lambda: session.model.variational(
                    data=session.data,
                    save_profile=session.profiled,
                    algorithm=request.algorithm,
                    iter=request.iterations,
                    require_converged=request.require_converged,
                    draws=request.draws,
                    seed=request.seed,
                    inits=_inits(request.inits),
                    output_dir=session.folder,
                    sig_figs=DIGITS,
                )
            )
            stats = {"log_p__": "lp", "log_g__": "lp_approx"}
            return results.approximation(
                result.variational_sample,
                session.columns(result),
                request.draws,
                stats,
                self._info(session),
            )

    def generate_quantities(
        self, program: StanSource, data: StanData, draws: Mapping[str, NDArray[Any]], *, seed: int
    ) -> Draws:
        """Run the generated quantities block once for each draw."""
        with self._session(program, data) as session:
            files = stan_csv.write_chains(draws, session.folder, model=session.model.name)
            result = session.run(
                lambda: session.model.generate_quantities(
                    data=session.data,
                    previous_fit=files,
                    seed=seed,
                    gq_output_dir=session.folder,
                    sig_figs=DIGITS,
                )
            )
            shape = next(iter(draws.values())).shape[:2]
            values = np.swapaxes(result.draws(), 0, 1)
            if values.shape[:2] != shape or not np.shape(values)[2]:
                raise SamplingError(
                    f"{program.name}: CmdStan generated {values.shape[1]} rows in "
                    f"{values.shape[0]} chains from {shape[1]} draws in {shape[0]} chains"
                )
            return Draws(
                names=session.columns(result),
                values=np.ascontiguousarray(values, dtype=np.float64),
                sampler_stats={},
                info=self._info(session),
            )

    def log_density(
        self,
        program: StanSource,
        data: StanData,
        params: Mapping[str, Any],
        *,
        jacobian: bool,
    ) -> LogDensity:
        """Evaluate log density and gradient at constrained parameter values."""
        with self._session(program, data) as session:
            table = session.run(
                lambda: session.model.log_prob(
                    dict(params), data=session.data, jacobian=jacobian, sig_figs=DIGITS
                )
            )
            row = table.to_numpy(dtype=np.float64)[0]
            return LogDensity(float(row[0]), row[1:])

    def density(self, program: StanSource, data: StanData, *, seed: int) -> Density:
        """Return the log density as a function, by stanli: a CmdStan call takes a process."""
        return StanliEngine().density(program, data, seed=seed)

    def _session(
        self, program: StanSource, data: StanData, *, keep_in: Path | None = None
    ) -> contextlib.AbstractContextManager[Session]:
        """Compile the program, unless it is compiled already, and open a session for one call."""
        exe = cache.executable(program, self.cmdstan, flags=FLAGS)
        return opened(program, exe, data, keep_in=keep_in)

    def _info(self, session: Session) -> dict[str, str | float | int]:
        return {
            "engine": NAME,
            "engine_version": self.version(),
            "compiler": self.cmdstan.compiler,
            "seconds": time.perf_counter() - session.began,
        }


def _inits(inits: Inits) -> Any:
    """Return initial values as CmdStanPy takes them."""
    if inits is None or isinstance(inits, numbers.Real):
        return None if inits is None else float(inits)
    if isinstance(inits, Mapping):
        return dict(inits)
    return [dict(chain) for chain in cast("Sequence[Mapping[str, Any]]", inits)]


def _inv_metric(config: SamplerConfig) -> Any:
    return None if config.inv_metric is None else {"inv_metric": np.asarray(config.inv_metric)}
