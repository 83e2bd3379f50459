"""Fit a regression again to some of its rows, with the priors and sampler of the first fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr

from ..design.design import Design
from ..diagnostics.checks import diagnose
from ..sampling import methods
from ..sampling.fit import Fit
from ..stan_data.prepare import Prepared
from .posterior import Posterior

REPEATED = ("chains", "warmup", "draws", "adapt_delta", "max_treedepth")
"""Options of the first fit that a refit uses too, if the user gave them; others are chosen anew."""


@dataclass(frozen=True)
class Sampler:
    """How a fit was sampled, for fitting again in the same way.

    Attributes
    ----------
    method : str
        "sample" for NUTS, or the name of an approximation, such as "pathfinder".
    engine : str
    seed : int
    options : mapping of str to value
        The options of `REPEATED` that the user gave; all that the fit has, if it does not say.
    """

    method: str
    engine: str
    seed: int
    options: Mapping[str, Any]

    @classmethod
    def of(cls, fit: Fit) -> Sampler:
        """Read method, engine, seed and options from the attributes of a fit."""
        attrs = fit.attrs
        config, from_user = fit.config, str(attrs.get("given", " ".join(REPEATED))).split()
        options = {name: config[name] for name in REPEATED if name in from_user and name in config}
        return cls(attrs["method"], attrs["engine"], int(attrs["seed"]), options)


def fit_again(prepared: Prepared, design: Design, sampler: Sampler) -> tuple[Posterior, list[str]]:
    """Sample a regression again for some of its rows, with the same priors.

    Parameters
    ----------
    prepared : Prepared
        The regression for all rows.
    design : Design
        The rows to fit: some of those of ``prepared.design``.
    sampler : Sampler

    Returns
    -------
    posterior : Posterior
    problems : list of str
        The most serious problem that the diagnosis found, in a sentence; empty if there is none.
    """
    again = prepared.of_rows(design)
    fit = methods.sample(
        again.program,
        again.data,
        engine=sampler.engine,
        seed=sampler.seed,
        verbose=False,
        progress=False,
        hint=again.mode_hint,
        **sampler.options,
    )
    posterior = Posterior.of_program(fit.posterior, again, seed=sampler.seed)
    return posterior, _problems(fit, posterior.draws)


def _problems(fit: Fit, draws: xr.Dataset) -> list[str]:
    """Return the most serious problem with the draws of the population parameters, if any.

    Group effects are not checked: there are too many. `draws` are under the user's names, because
    the signs of some of the program's parameters are arbitrary, so that their R-hat is meaningless.
    """
    of_groups = [str(name) for name in draws if str(name).startswith(("r_", "coef_"))]
    diagnosis = diagnose(
        draws.drop_vars(of_groups),
        fit.sample_stats,
        max_treedepth=fit.treedepth_limit,
        adapt_delta=fit.config["adapt_delta"],
    )
    failed = [check for check in diagnosis.failed if check.name != "chains"]
    return [check.sentence() for check in failed[:1]]
