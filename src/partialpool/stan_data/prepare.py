"""Which program a regression runs, and the data that the program gets."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import programs
from ..design.design import Design
from ..family.families import Family
from ..pilot.coordinates import coordinates, starts
from ..pilot.fit import pilot_fit
from ..priors.history import History
from ..priors.table import PriorTable
from ..priors.unpooled import Own, own_priors
from ..reduction import marginal
from ..reduction.equal_rows import collapsed
from ..reduction.marginal import Reduced
from ..sampling.program import StanProgram
from ..sampling.warm_start import ModeHint
from . import rows as sampled_rows
from . import sums as integrated_sums
from .history import tempered


@dataclass(frozen=True, eq=False)
class Prepared:
    """A regression ready to be sampled: a program and its data, and what both were made of.

    Attributes
    ----------
    design : Design
        In the columns that the program gets (`Centering.design`).
    family : Family
    priors : PriorTable
    parameterizations : mapping of term label to "marginal", "rescaled", "centered", "noncentered"
    history : History or None
        A joint prior of the population, and the power of the likelihood.
    program : StanProgram
    data : dict
        Exactly what Stan gets.
    reduced : Reduced or None
        The sums that are left of the rows, where a term's effects are integrated out.
    rows : int
        Number of distinct rows, where equal ones were taken together.
    mode_hint : ModeHint or None
        A point from which the posterior mode can be looked for, if the posterior has a mode.
    """

    design: Design
    family: Family
    priors: PriorTable
    parameterizations: Mapping[str, str]
    history: History | None
    program: StanProgram
    data: dict[str, Any]
    reduced: Reduced | None
    rows: int
    mode_hint: ModeHint | None

    def of_rows(self, design: Design) -> Prepared:
        """Prepare the same regression for a design of other rows, with the same priors."""
        return prepare(
            design, self.family, self.priors, self.parameterizations, history=self.history
        )

    @functools.cached_property
    def unpooled(self) -> Own:
        """The fixed priors of the groups' coefficients, where there is no pooling."""
        return own_priors(self.design, self.priors)


def prepare(
    design: Design,
    family: Family,
    priors: PriorTable,
    parameterizations: Mapping[str, str],
    *,
    history: History | None = None,
) -> Prepared:
    """Choose the program of a regression and lay out its data.

    Parameters
    ----------
    design : Design
    family : Family
    priors : PriorTable
    parameterizations : mapping of term label to "marginal", "rescaled", "centered", "noncentered"
        From `parameterization.parameterizations`.
    history : History, optional
        A joint prior of the population, and the power of the likelihood.
    """
    arguments = (design, family, priors, parameterizations, history)
    return integrated(*arguments) or sampled(*arguments)


def integrated(
    design: Design,
    family: Family,
    priors: PriorTable,
    parameterizations: Mapping[str, str],
    history: History | None,
) -> Prepared | None:
    """Prepare a program that integrates the effects of one group term out.

    Returns
    -------
    Prepared or None
        None where no term is "marginal", or where the rows do not determine its coefficients.
    """
    label = next((term for term, form in parameterizations.items() if form == "marginal"), None)
    if label is None:
        return None
    reduced = marginal.reduced(tempered(design, _power(history)), label)
    if reduced is None:
        return None
    centered = {term: form == "centered" for term, form in parameterizations.items()}
    data = integrated_sums.stan_data(
        design, priors, reduced, centered, family=family, history=history
    )
    return Prepared(
        design=design,
        family=family,
        priors=priors,
        parameterizations=parameterizations,
        history=history,
        program=programs.get(reduced.program),
        data=data,
        reduced=reduced,
        rows=len(design.offset),
        mode_hint=integrated_sums.mode_hint(data),
    )


def sampled(
    design: Design,
    family: Family,
    priors: PriorTable,
    parameterizations: Mapping[str, str],
    history: History | None,
) -> Prepared:
    """Prepare the general program of a family, which samples the effects of every group term.

    A term that is "marginal", but that `integrated` could not do, is sampled rescaled.
    """
    unpooled = any(row.name.startswith("coef(") for row in priors.rows)
    distinct = design if unpooled else collapsed(design, family)
    rows = tempered(distinct, _power(history))
    data = sampled_rows.stan_data(rows, family, priors, whole=design, history=history)
    pilot = pilot_fit(data, family.name)
    forms = [parameterizations[term.label] for term in design.groups]
    forms = ["rescaled" if form == "marginal" else form for form in forms]
    data |= coordinates(data, forms, pilot)
    values = starts(data, pilot)
    # Effects of several terms can stand in for each other, so their posterior is no near-normal.
    smooth = forms in ([], ["rescaled"])
    hint = None if values is None else ModeHint(values, standard=("z",), smooth=smooth)
    return Prepared(
        design=design,
        family=family,
        priors=priors,
        parameterizations=parameterizations,
        history=history,
        program=programs.get(family.program),
        data=data,
        reduced=None,
        rows=len(distinct.offset),
        mode_hint=hint,
    )


def _power(history: History | None) -> float:
    return 1.0 if history is None else history.likelihood
