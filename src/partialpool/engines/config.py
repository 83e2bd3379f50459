"""The sampler's options, the same for every engine, and their checks.

Names are CmdStanPy's where it has them.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..options import check_integer, check_number, check_seed

Metric = Literal["diag_e", "dense_e", "unit_e"]
Inits = float | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True, kw_only=True)
class SamplerConfig:
    """How to run the NUTS sampler.

    Parameters
    ----------
    chains : int
        Number of Markov chains. Fewer than four make R-hat unreliable.
    parallel_chains : int, optional
        How many chains run at once; by default as many as there are usable CPUs.
    warmup, draws : int
        Iterations per chain: `warmup` of adaptation, then `draws` of sampling.
    thin : int
        Keep every `thin`-th draw; ``ceil(draws / thin)`` per chain are returned.
    seed : int
        1 to 2**32 - 1. The same seed, program, data and versions give the same draws.
    inits : float, mapping, or one mapping per chain, optional
        A number is the radius of uniform random starts on the unconstrained scale (Stan's
        default is 2); a mapping holds starting values by parameter name, as declared.
    adapt_delta : float
        Target acceptance probability of step-size adaptation, between 0 and 1.
    max_treedepth : int
        A trajectory has at most ``2**max_treedepth - 1`` leapfrog steps.
    metric : {"diag_e", "dense_e", "unit_e"}
        Form of the mass matrix: diagonal, dense, or the identity.
    inv_metric : array, optional
        Inverse metric to start from, of shape (n,) for diag_e and (n, n) for dense_e, where n is
        the number of unconstrained parameters.
    step_size : float, optional
        Step size to start from (Stan's default is 1).
    adapt_engaged : bool
        If False, the metric and the step size are not adapted.
    save_warmup : bool
        Also return the warmup draws.
    output_dir : Path, optional
        Keep CmdStan's files (CSV and console output) in a new folder inside this one. Only CmdStan
        has this option.
    progress : bool
        Show a progress bar.
    """

    chains: int = 4
    parallel_chains: int | None = None
    warmup: int = 1000
    draws: int = 1000
    thin: int = 1
    seed: int = 1
    inits: Inits = None
    adapt_delta: float = 0.8
    max_treedepth: int = 10
    metric: Metric = "diag_e"
    inv_metric: NDArray[np.float64] | None = None
    step_size: float | None = None
    adapt_engaged: bool = True
    save_warmup: bool = False
    output_dir: Path | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        """Check every option; raise `OptionError` for the first that is not valid."""
        for name, lowest in (
            ("chains", 1),
            ("warmup", 0),
            ("draws", 1),
            ("thin", 1),
            ("max_treedepth", 1),
        ):
            check_integer(name, getattr(self, name), lowest)
        if self.parallel_chains is not None:
            check_integer("parallel_chains", self.parallel_chains, 1)
        check_seed(self.seed)
        check_number("adapt_delta", self.adapt_delta, above=0, below=1)
        if self.step_size is not None:
            check_number("step_size", self.step_size, above=0)
        if self.metric not in ("diag_e", "dense_e", "unit_e"):
            raise OptionError(
                f"metric must be 'diag_e', 'dense_e' or 'unit_e', not {self.metric!r}"
            )
        self._check_inv_metric()
        check_inits(self.inits, self.chains)
        if self.adapt_engaged and self.warmup == 0:
            raise OptionError(
                "warmup=0 leaves no iterations for adaptation: pass adapt_engaged=False (with "
                "step_size= and inv_metric= of an earlier fit), or a warmup of some hundred "
                "iterations"
            )

    def _check_inv_metric(self) -> None:
        if self.inv_metric is None:
            return
        ndim = {"diag_e": 1, "dense_e": 2, "unit_e": 0}[self.metric]
        if ndim == 0:
            raise OptionError("metric='unit_e' takes no inv_metric: leave it out")
        if np.ndim(self.inv_metric) != ndim or not np.all(np.isfinite(self.inv_metric)):
            raise OptionError(
                f"inv_metric for metric={self.metric!r} must be {ndim}-dimensional and finite, "
                f"not an array of shape {np.shape(self.inv_metric)}"
            )

    @property
    def stored_draws(self) -> int:
        """Number of draws per chain after thinning."""
        return math.ceil(self.draws / self.thin)

    @property
    def stored_warmup(self) -> int:
        """Number of warmup draws per chain after thinning (0 unless `save_warmup`)."""
        return math.ceil(self.warmup / self.thin) if self.save_warmup else 0


def check_inits(inits: object, chains: int) -> None:
    """Raise `OptionError` unless `inits` is None, a radius, a mapping, or one mapping per chain."""
    if inits is None or isinstance(inits, Mapping):
        return
    if isinstance(inits, numbers.Real):
        check_number("inits", inits, at_least=0)
    elif (
        isinstance(inits, str)
        or not isinstance(inits, Sequence)
        or not all(isinstance(chain, Mapping) for chain in inits)
    ):
        raise OptionError(
            "inits must be a number (the radius of random starts), a mapping of parameter "
            f"names to values, or a list of one mapping per chain, not {inits!r}"
        )
    elif len(inits) != chains:
        raise OptionError(
            f"inits must have one mapping for each of the {chains} chains, not {len(inits)}"
        )
