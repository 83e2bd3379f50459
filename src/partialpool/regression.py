"""`Regression`: the part of a `Model` that is computed before sampling."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .design.design import Design, build
from .design.pooling import check_pooling, pooled
from .errors import DataError, OptionError, warn
from .family import families
from .family.families import Family
from .family.response_check import check_response
from .family.separable import check_separable
from .formula.parse import parse
from .naming.nameable import check_nameable
from .priors import centering
from .priors import history as histories
from .priors import table as prior_table
from .priors.centering import Centering
from .priors.checks import hidden_priors
from .priors.distributions import Prior
from .priors.history import History, PosteriorPrior
from .priors.table import PriorTable
from .sampling.program import StanProgram
from .stan_data import history as history_data
from .stan_data.parameterization import parameterizations
from .stan_data.prepare import Prepared, prepare

if TYPE_CHECKING:
    import pandas as pd

KEYS = 2
"""Version of the prior names in saved fits. Version 1, of partialpool 0.1, had the same name for a
parameter and for the slope of a column with the name of that parameter."""


@dataclass(frozen=True, eq=False)
class Regression:
    """A regression before sampling: its design, priors, program and data.

    The parameters are those of `Model`. All checks run when the object is made; other results are
    computed when they are first used.
    """

    formula: str
    data: pd.DataFrame = field(repr=False)
    _: dataclasses.KW_ONLY
    family: str = "gaussian"
    priors: Mapping[str, Prior] = field(default_factory=dict)
    pooling: str = "partial"
    parameterization: str | Mapping[str, str] = "auto"
    na_action: str = "error"
    history: PosteriorPrior | History | None = field(default=None, repr=False)
    priors_at: str = "auto"

    def __post_init__(self) -> None:
        """Check everything before sampling, so that no mistake shows up only after it.

        Raises
        ------
        FormulaError, DataError, OptionError
        """
        check_pooling(self.pooling, self.full_design)
        check_response(self.full_design, self.response_family)
        check_nameable(self.full_design)
        check_separable(self.full_design, self.response_family, self.pooling)
        _ = self.prior_table, self.parameterizations  # computing them checks them
        self._check_history()
        warnings = hidden_priors(
            self.design,
            self.centering,
            self.priors,
            pooling=self.pooling,
            priors_at=self.priors_at,
            history=() if self.joint_prior is None else self.joint_prior.prior.names,
        )
        for message in warnings:
            warn(message)
        _ = self.specification  # raises if a fit of this model could not be saved

    @functools.cached_property
    def response_family(self) -> Family:
        """The family: its link, mean, log likelihood and random draws."""
        return families.get(self.family)

    @functools.cached_property
    def full_design(self) -> Design:
        """The design matrices of the formula, with all group terms, whatever the pooling."""
        return build(parse(self.formula), self.data, na_action=self.na_action)  # type: ignore[arg-type]

    @functools.cached_property
    def design(self) -> Design:
        """The design matrices that are fitted: `full_design` under the chosen pooling."""
        return pooled(self.full_design, self.pooling)

    @functools.cached_property
    def prior_table(self) -> PriorTable:
        """Every prior by name, with where it comes from."""
        return prior_table.resolve(
            self.program_design,
            self.response_family,
            self.priors,
            estimated=self.pooling != "none",
            centered=self.centering.terms,
        )

    @functools.cached_property
    def centering(self) -> Centering:
        """The columns that are centered, so that priors hold where `priors_at` says."""
        if self.priors_at not in centering.PRIORS_AT:
            raise OptionError(f"priors_at must be 'auto', 'mean' or 'zero', not {self.priors_at!r}")
        history = self.joint_prior
        return centering.choose(
            self.design,
            self.priors if isinstance(self.priors, Mapping) else (),
            pooling=self.pooling,
            priors_at=self.priors_at,
            history=None if history is None else history.prior.centers_of(self.design.groups),
        )

    @functools.cached_property
    def program_design(self) -> Design:
        """The design matrices of the program: those of `design`, with some columns centered."""
        return self.centering.design(self.design)

    @functools.cached_property
    def parameterizations(self) -> dict[str, str]:
        """The parameterization of each group term, by label: "marginal", "rescaled", ..."""
        return parameterizations(
            self.program_design, self.response_family, self.parameterization, pooling=self.pooling
        )

    @functools.cached_property
    def prepared(self) -> Prepared:
        """The program and its data, with the sums to which the rows were reduced."""
        return prepare(
            self.program_design,
            self.response_family,
            self.prior_table,
            self.parameterizations,
            history=self.joint_prior,
        )

    @property
    def joint_prior(self) -> History | None:
        """The history as a joint prior of the population with its weight; None without one."""
        return histories.as_history(self.history)

    def _check_history(self) -> None:
        """Check that the model has a population, and all parameters of its history."""
        history = self.joint_prior
        if history is None:
            return
        if self.pooling == "none":
            raise OptionError(
                "history is a prior of the population, and with pooling='none' there is none: use "
                "pooling='partial' or 'complete'"
            )
        history_data.check_names(
            history.prior, history_data.coordinate_names(self.design, self.response_family)
        )

    @property
    def fixed_priors(self) -> dict[str, Prior]:
        """Every prior by name, defaults included, to fit other rows with the same priors."""
        return {row.name: row.prior for row in self.prior_table.rows}

    @property
    def program(self) -> StanProgram:
        """The Stan program of this model; `program.full_code` is the code that Stan runs."""
        return self.prepared.program

    @property
    def stan_data(self) -> dict[str, Any]:
        """The data that Stan gets, by the names in the program's data block.

        Comments in the program explain sizes and codes. A response or column whose standard
        deviation is not between 0.1 and 10 is divided by a power of ten, which makes sampling
        faster. Where priors hold at the means of the predictors (`priors_at`), columns of
        correlated group terms and numeric columns in products have their means subtracted.
        """
        return self.prepared.data

    def prior_summary(self) -> pd.DataFrame:
        """Return a table of every prior and where its scale comes from.

        Returns
        -------
        DataFrame
            Indexed by the name of the parameter; columns prior and source.
        """
        return self.prior_table.frame()

    @functools.cached_property
    def specification(self) -> str:
        """Everything about the model but the data, as JSON, to be saved with a fit.

        Raises
        ------
        DataError
            If a prior has a value that cannot be written as JSON.
        """
        parameterization = self.parameterization
        return json.dumps(
            {
                "formula": self.formula,
                "family": self.family,
                "priors": {
                    name: [type(prior).__name__, dataclasses.astuple(prior)]
                    for name, prior in self.priors.items()
                },
                "pooling": self.pooling,
                "parameterization": (
                    parameterization
                    if isinstance(parameterization, str)
                    else dict(parameterization)
                ),
                "history": histories.as_plain(self.joint_prior),
                "priors_at": self.priors_at,
                "keys": KEYS,
            },
            default=_plain,
        )


def _plain(value: Any) -> Any:
    """Turn a NumPy number into Python's; raise `DataError` for anything else."""
    if isinstance(value, np.generic):
        return value.item()
    raise DataError(f"{value!r} cannot be saved with a fit: give a number or text")
