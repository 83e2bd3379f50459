"""partialpool: Bayesian hierarchical models on hand-written Stan programs.

>>> import partialpool as pp
>>> players = pp.datasets.load("baseball_1970_stan")
>>> program = pp.programs.get("binomial/partial_pooling_logit_noncentered")
>>> fit = program.sample(
...     {"N": 18, "trials": players.at_bats, "successes": players.hits},
...     coords={"player": players.player}, dims={"theta": ["player"]}, seed=1,
... )                                                              # doctest: +SKIP
>>> fit.summary(["theta"])                                         # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .errors import (
    AccuracyError,
    DataError,
    DataWarning,
    EngineError,
    FormulaError,
    KeptDrawsError,
    OptionError,
    PartialPoolError,
    ProgramError,
    SamplingError,
)

if TYPE_CHECKING:
    from . import (
        datasets,
        diagnostics,
        estimators,
        plots,
        programs,
        reproduce,
        summaries,
        transfer,
    )
    from .engines.toolchain import cmdstan_path, install_cmdstan
    from .fits import Fit
    from .ladder import pooling_ladder
    from .loading import load
    from .model import Model, fit
    from .model_fit import ModelFit
    from .priors import (
        LKJ,
        Cauchy,
        Exponential,
        Flat,
        Gamma,
        HalfCauchy,
        HalfNormal,
        HalfStudentT,
        Normal,
        StudentT,
    )
    from .scores import compare
    from .stan_program import StanProgram
    from .transfer import prior_from

__version__ = "0.2.0.dev0"

__all__ = [
    "LKJ",
    "AccuracyError",
    "Cauchy",
    "DataError",
    "DataWarning",
    "EngineError",
    "Exponential",
    "Fit",
    "Flat",
    "FormulaError",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "KeptDrawsError",
    "Model",
    "ModelFit",
    "Normal",
    "OptionError",
    "PartialPoolError",
    "ProgramError",
    "SamplingError",
    "StanProgram",
    "StudentT",
    "__version__",
    "cmdstan_path",
    "compare",
    "datasets",
    "diagnostics",
    "estimators",
    "fit",
    "install_cmdstan",
    "load",
    "plots",
    "pooling_ladder",
    "prior_from",
    "programs",
    "reproduce",
    "summaries",
    "transfer",
]

_MODULES = frozenset(
    {
        *("datasets", "diagnostics", "estimators", "plots", "programs", "reproduce"),
        *("summaries", "transfer"),
    }
)
_PRIORS = (
    "LKJ", "Cauchy", "Exponential", "Flat", "Gamma",
    "HalfCauchy", "HalfNormal", "HalfStudentT", "Normal", "StudentT",
)  # fmt: skip
_HOMES = {
    "Fit": ".fits",
    "Model": ".model",
    "ModelFit": ".model_fit",
    "StanProgram": ".stan_program",
    "cmdstan_path": ".engines.toolchain",
    "compare": ".scores",
    "fit": ".model",
    "install_cmdstan": ".engines.toolchain",
    "load": ".loading",
    "pooling_ladder": ".ladder",
    "prior_from": ".transfer",
    **dict.fromkeys(_PRIORS, ".priors"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import partialpool` stays light."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
