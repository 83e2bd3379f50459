"""`Regression`: a formula, data, a family and priors, and all that follows before sampling."""

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
"""How priors are named in saved fits: 1, of partialpool 0.1, had one name for a column and a
parameter that were called alike."""


@dataclass(frozen=True, eq=False)
class Regression:
    """What is known of a `Model` before sampling; see there for the parameters.

    Everything is computed when it is first asked for, and checked when the object is made.
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
        """Check everything now, so that nothing fails after an hour of sampling."""
        check_pooling(self.pooling, self.full_design)
        check_response(self.full_design, self.response_family)
        check_nameable(self.full_design)
        check_separable(self.full_design, self.response_family, self.pooling)
        _ = self.prior_table, self.parameterizations
        self._check_history()
        hidden = hidden_priors(
            self.design,
            self.centering,
            self.priors,
            pooling=self.pooling,
            priors_at=self.priors_at,
            history=() if self.joint_prior is None else self.joint_prior.prior.names,
        )
        for message in hidden:
            warn(message)
        _ = self.specification  # so that a fit can be saved

    @functools.cached_property
    def response_family(self) -> Family:
        """The family, with its link and functions."""
        return families.get(self.family)

    @functools.cached_property
    def full_design(self) -> Design:
        """The design that the formula asks for, before pooling drops anything."""
        return build(parse(self.formula), self.data, na_action=self.na_action)  # type: ignore[arg-type]

    @functools.cached_property
    def design(self) -> Design:
        """The design that is fitted."""
        return pooled(self.full_design, self.pooling)

    @functools.cached_property
    def prior_table(self) -> PriorTable:
        """Every prior, in order."""
        return prior_table.resolve(
            self.program_design,
            self.response_family,
            self.priors,
            estimated=self.pooling != "none",
            centered=self.centering.terms,
        )

    @functools.cached_property
    def centering(self) -> Centering:
        """Which columns the program gets, so that priors hold where `priors_at` says."""
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
        """The design in the columns that the program gets: `design`, some of them centered."""
        return self.centering.design(self.design)

    @functools.cached_property
    def parameterizations(self) -> dict[str, str]:
        """How the effects of each group term are dealt with: marginal, rescaled, ..."""
        return parameterizations(
            self.program_design, self.response_family, self.parameterization, pooling=self.pooling
        )

    @functools.cached_property
    def prepared(self) -> Prepared:
        """The program, its data, and what the reduction left of the rows."""
        return prepare(
            self.program_design,
            self.response_family,
            self.prior_table,
            self.parameterizations,
            history=self.joint_prior,
        )

    @property
    def joint_prior(self) -> History | None:
        """The history, and how much it counts."""
        return histories.as_history(self.history)

    def _check_history(self) -> None:
        history = self.joint_prior
        if history is None:
            return
        if self.pooling == "none":
            raise OptionError(
                "history is of a population, which pooling='none' does not have: use 'partial' "
                "or 'complete'"
            )
        history_data.check_names(
            history.prior, history_data.coordinates(self.design, self.response_family)
        )

    @property
    def fixed_priors(self) -> dict[str, Prior]:
        """Every prior by name, so that a fit to part of the rows has the same ones."""
        return {row.name: row.prior for row in self.prior_table.rows}

    @property
    def program(self) -> StanProgram:
        """The Stan program; `program.full_code` is exactly what Stan runs."""
        return self.prepared.program

    @property
    def stan_data(self) -> dict[str, Any]:
        """Exactly what Stan gets; sizes and codes are explained in the program.

        In the user's own units, or, for columns whose standard deviation is not between 0.1 and
        10, in these times a power of ten, with which the sampler is quicker. Columns of correlated
        group terms, and numbers in products of columns, are less their means where their priors
        hold there (`priors_at`).
        """
        return self.prepared.data

    def prior_summary(self) -> pd.DataFrame:
        """Every prior, and where its scale comes from: columns prior and source."""
        return self.prior_table.frame()

    @functools.cached_property
    def specification(self) -> str:
        """All but the data, as JSON: what a saved fit holds.

        Raises
        ------
        DataError
            If a prior holds something that cannot be written.
        """
        form = self.parameterization
        return json.dumps(
            {
                "formula": self.formula,
                "family": self.family,
                "priors": {
                    name: [type(prior).__name__, dataclasses.astuple(prior)]
                    for name, prior in self.priors.items()
                },
                "pooling": self.pooling,
                "parameterization": form if isinstance(form, str) else dict(form),
                "history": histories.as_plain(self.joint_prior),
                "priors_at": self.priors_at,
                "keys": KEYS,
            },
            default=_plain,
        )


def _plain(value: Any) -> Any:
    """Write NumPy's numbers as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise DataError(f"{value!r} cannot be saved with a fit: give a number, or text")
