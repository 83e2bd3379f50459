"""Which program a formula model runs, what it gets, and its draws under the user's names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr

from . import glmm, marginal, programs
from .collapse import collapsed
from .design import Design
from .errors import OptionError
from .families import Family
from .group_effects import GroupEffects
from .informative import ENOUGH, group_information
from .joint import History
from .joint_layout import tempered
from .marginal import Reduced
from .prior_table import PriorTable
from .stan_program import StanProgram

PARAMETERIZATIONS = ("auto", "marginal", "centered", "noncentered")
KEPT = 20_000_000
"""Group effects of a marginal fit (draws x groups x coefficients) up to which they are kept."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A program and its data.

    Attributes
    ----------
    program : StanProgram
    data : dict
        Exactly what Stan gets.
    reduced : Reduced or None
        Of a model whose group effects are integrated out.
    rows : int
        Distinct rows, where equal ones were taken together.
    """

    program: StanProgram
    data: dict[str, Any]
    reduced: Reduced | None
    rows: int


def parameterizations(
    design: Design, family: Family, given: str | Mapping[str, str], *, pooling: str
) -> dict[str, str]:
    """Decide how the effects of each group term are dealt with, by label.

    ``auto`` integrates them out where that is exact and the program exists: a gaussian family
    and one group term. Else they are sampled centered where the typical group's own rows tell
    much about it (`informative.ENOUGH`), and non-centered where they do not.

    Raises
    ------
    OptionError
        For a term or a choice that there is not.
    """
    labels = [term.label for term in design.groups]
    wanted = dict.fromkeys(labels, given) if isinstance(given, str) else dict(given)
    for label in wanted:
        if label not in labels:
            near = difflib.get_close_matches(str(label), labels, 1, 0.6)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise OptionError(
                f"parameterization names {label!r}, but the group terms are "
                f"{', '.join(labels) or 'none'}.{hint}"
            )
    for label, choice in {**wanted, **({"it": given} if isinstance(given, str) else {})}.items():
        if choice not in PARAMETERIZATIONS:
            raise OptionError(
                f"parameterization of {label} must be one of {', '.join(PARAMETERIZATIONS)}, "
                f"not {choice!r}"
            )
    possible = family.name == "gaussian" and len(labels) == 1 and pooling == "partial"
    if "marginal" in wanted.values() and not possible and labels:
        raise OptionError(
            "parameterization='marginal' integrates the group effects out exactly, which needs "
            f"family 'gaussian', one group term and partial pooling; this model has family "
            f"{family.name!r}, {len(labels)} group term(s) and {pooling} pooling. 'auto' takes "
            "what there is"
        )
    chosen = {label: wanted.get(label, "auto") for label in labels}
    for term in design.groups:
        if chosen[term.label] == "auto":
            known = pooling == "partial" and group_information(design, family, term) > ENOUGH
            sampled = "centered" if known else "noncentered"
            chosen[term.label] = "marginal" if possible else sampled
    return chosen


def prepare(
    design: Design,
    family: Family,
    table: PriorTable,
    how: Mapping[str, str],
    *,
    history: History | None = None,
) -> Prepared:
    """Lay out the program and its data.

    Parameters
    ----------
    design : Design
    family : Family
    table : PriorTable
    how : mapping of term label to "marginal", "centered" or "noncentered"
        Of rows that do not determine a fit, effects to integrate out are sampled non-centered.
    history : History, optional
        A joint prior of the population, and the power of the likelihood.
    """
    power = 1.0 if history is None else history.likelihood
    reduced = marginal.reduced(tempered(design, power)) if "marginal" in how.values() else None
    if reduced is not None:
        data = marginal.stan_data(design, table, reduced, family=family, history=history)
        return Prepared(programs.get(reduced.program), data, reduced, len(design.offset))
    centered = {label: choice == "centered" for label, choice in how.items()}
    own = any(row.name.startswith("coef(") for row in table.rows)
    distinct = design if own else collapsed(design, family)
    rows = tempered(distinct, power)
    data = glmm.stan_data(rows, family, table, centered, whole=design, history=history)
    return Prepared(programs.get(family.program), data, None, len(distinct.offset))


def posterior_of(
    prepared: Prepared,
    raw: xr.Dataset,
    design: Design,
    family: Family,
    table: PriorTable,
    *,
    seed: int,
) -> xr.Dataset:
    """Name the draws of a prepared program; of a marginal one, draw the group effects too.

    They are left out where there would be more than `KEPT` numbers.
    """
    if prepared.reduced is None:
        return glmm.named_posterior(raw, design, family, table)
    named = glmm.named(raw.drop_vars("r", errors="ignore"), design, family, table)
    (term,) = design.groups
    size = raw.sizes["chain"] * raw.sizes["draw"] * len(term.levels) * len(term.coefficients)
    effects = GroupEffects.of(named, design, prepared.reduced, seed=seed)
    if effects is None or size > KEPT:
        return named
    drawn = effects.draw()
    return named.assign({str(drawn.name): drawn})
