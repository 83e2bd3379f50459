"""Fit a regression again without some of its rows, as it was fitted before."""

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
"""Options that a refit takes from the user; it chooses all others as a first fit does."""


@dataclass(frozen=True)
class Sampler:
    """How a fit was sampled.

    Attributes
    ----------
    method : str
        "sample" for NUTS, or the name of an approximation.
    engine : str
    seed : int
    options : mapping of str to value
        Those of `REPEATED` that the user gave.
    """

    method: str
    engine: str
    seed: int
    options: Mapping[str, Any]

    @classmethod
    def of(cls, fit: Fit) -> Sampler:
        """Read from a fit's attributes how it was sampled."""
        attrs = fit.attrs
        given = str(attrs.get("given", " ".join(REPEATED))).split()
        options = {name: fit.config[name] for name in REPEATED if name in given}
        return cls(attrs["method"], attrs["engine"], int(attrs["seed"]), options)


def fit_again(prepared: Prepared, design: Design, sampler: Sampler) -> tuple[Posterior, list[str]]:
    """Sample a regression for other rows under the same priors.

    Parameters
    ----------
    prepared : Prepared
        Of the fit to all rows.
    design : Design
        Of the rows to fit to: some of those of ``prepared.design``.
    sampler : Sampler

    Returns
    -------
    posterior : Posterior
    problems : list of str
        What is wrong with the draws, the gravest finding; empty if nothing is.
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
    """Name the gravest finding about the population parameters; groups are too many to look at.

    `draws` are under the user's names: the signs of some of the program's own parameters are
    arbitrary, so that their R-hat means nothing.
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
