"""Choose the Stan program of a regression, and make the data that it gets."""

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
from ..priors.unpooled import UnpooledPriors, unpooled_priors
from ..reduction import marginal
from ..reduction.equal_rows import collapsed
from ..reduction.marginal import Reduced
from ..sampling.conditional_start import MOST
from ..sampling.program import StanProgram
from ..sampling.warm_start import ModeHint
from . import rows as sampled_rows
from . import sums as integrated_sums
from .crossed_start import pilot_hint
from .history import tempered
from .units import units_of


@dataclass(frozen=True, eq=False)
class Prepared:
    """A regression that is ready to be sampled: its program and data, and what they are made of.

    Attributes
    ----------
    design : Design
        The design matrices that the program gets, with some columns centered.
    family : Family
    priors : PriorTable
    parameterizations : mapping of term label to "marginal", "rescaled", "centered", "noncentered"
    history : History or None
        A joint prior of the population parameters, and the power of the likelihood.
    program : StanProgram
    data : dict
        The data that Stan gets, by name.
    reduced : Reduced or None
        The sums to which the rows were reduced, if the effects of a term are integrated out.
    rows : int
        Number of rows that the likelihood is computed from: equal rows of a discrete response with
        pooling count once.
    mode_hint : ModeHint or None
        A point from which to search for the posterior mode; None if there is none.
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
        """Prepare the same regression, with the same priors, for a design with other rows."""
        return prepare(
            design, self.family, self.priors, self.parameterizations, history=self.history
        )

    def reduced_by(self, label: str) -> Reduced | None:
        """Return the sums by the groups of any term; None if effects are not integrated out."""
        if self.reduced is None or self.reduced.label == label:
            return self.reduced
        return marginal.reduced(tempered(self.design, _power(self.history)), label)

    @functools.cached_property
    def unpooled(self) -> UnpooledPriors:
        """The fixed priors of the groups' coefficients; empty unless pooling is "none"."""
        return unpooled_priors(self.design, self.priors)


def prepare(
    design: Design,
    family: Family,
    priors: PriorTable,
    parameterizations: Mapping[str, str],
    *,
    history: History | None = None,
) -> Prepared:
    """Choose the Stan program of a regression and make its data.

    Parameters
    ----------
    design : Design
    family : Family
    priors : PriorTable
    parameterizations : mapping of term label to "marginal", "rescaled", "centered", "noncentered"
        From `parameterization.parameterizations`.
    history : History, optional
        A joint prior of the population parameters, and the power of the likelihood.
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
    """Prepare the program that integrates out the effects of one group term, or of all.

    Returns
    -------
    Prepared or None
        None if no term is "marginal", or if the rows do not determine all coefficients.
    """
    labels = [term for term, form in parameterizations.items() if form == "marginal"]
    if not labels:
        return None
    label, order = labels[0], None
    if len(labels) > 1:  # then it is all of them
        label, order = marginal.order_of_elimination(design)
    reduced = marginal.reduced(tempered(design, _power(history)), label, order=order)
    if reduced is None:
        return None
    centered = {term: form == "centered" for term, form in parameterizations.items()}
    data = integrated_sums.stan_data(
        design, priors, reduced, centered, family=family, history=history
    )
    hint: ModeHint | None = integrated_sums.mode_hint(data)
    if reduced.program == marginal.CROSSED:
        ordered = marginal.integrated_first(design, label)
        hint = _crossed_hint(data, ordered, family, priors, history)
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
        mode_hint=hint,
    )


def _crossed_hint(
    data: Mapping[str, Any],
    ordered: Design,
    family: Family,
    priors: PriorTable,
    history: History | None,
) -> ModeHint | None:
    """Make a pilot fit of a design whose first term is integrated out.

    None if it is not finite, or if there are too many parameters to start from it.
    """
    if data["P"] + data["Q"] + data["C"] + data["R"] + 1 > MOST:
        return None
    rows = tempered(ordered, _power(history))
    of_rows = sampled_rows.stan_data(rows, family, priors, whole=ordered, history=history)
    pilot = pilot_fit(of_rows, family.name)
    if pilot is None:
        return None
    return pilot_hint(data, ordered.groups, pilot, units_of(ordered, family))


def sampled(
    design: Design,
    family: Family,
    priors: PriorTable,
    parameterizations: Mapping[str, str],
    history: History | None,
) -> Prepared:
    """Prepare the family's general program, which samples the effects of every group term.

    A "marginal" term gets here if `integrated` returned None; its effects are sampled rescaled.
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
    # Effects of several terms can compensate each other: z is then not standard normal.
    smooth = forms in ([], ["rescaled"])
    hint = None
    if values is not None:
        several = len(forms) > 1
        given = tuple(name for name in values if name not in ("xi", "z")) if several else ()
        hint = ModeHint(values, standard=("z",), smooth=smooth, given=given)
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
    """Return the power to which the likelihood is raised."""
    return 1.0 if history is None else history.likelihood
