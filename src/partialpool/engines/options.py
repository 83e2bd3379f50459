"""Types of the options that methods pass on to `SamplerConfig`, for editors and type checkers."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from .config import Inits, Metric


class SamplerOptions(TypedDict, total=False):
    """The fields of `SamplerConfig`, which has their meaning and defaults, but for the seed."""

    chains: int
    parallel_chains: int | None
    warmup: int
    draws: int
    thin: int
    inits: Inits
    adapt_delta: float
    max_treedepth: int
    metric: Metric
    inv_metric: NDArray[np.float64] | None
    step_size: float | None
    adapt_engaged: bool
    save_warmup: bool
    output_dir: Path | None
    progress: bool
