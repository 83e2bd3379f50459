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
    from .model.fit import ModelFit
    from .model.ladder import pooling_ladder
    from .model.load import load
    from .model.model import Model, fit
    from .posterior.scores import compare
    from .priors.distributions import (
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
    from .sampling.fit import Fit
    from .sampling.program import StanProgram
    from .toolchain import cmdstan_path, install_cmdstan
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
    "Fit": ".sampling.fit",
    "Model": ".model.model",
    "ModelFit": ".model.fit",
    "StanProgram": ".sampling.program",
    "cmdstan_path": ".toolchain",
    "compare": ".posterior.scores",
    "fit": ".model.model",
    "install_cmdstan": ".toolchain",
    "load": ".model.load",
    "pooling_ladder": ".model.ladder",
    "prior_from": ".transfer",
    **dict.fromkeys(_PRIORS, ".priors.distributions"),
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
