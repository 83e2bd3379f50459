"""Which program a formula model runs, what it gets, and its draws under the user's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from .. import programs
from ..design.design import Design
from ..errors import OptionError, nearest
from ..family.families import Family
from ..pilot.coordinates import coordinates, starts
from ..pilot.fit import pilot_fit
from ..pilot.information import ENOUGH, estimated_information
from ..posterior.effects import GroupEffects
from ..priors.history import History
from ..priors.table import PriorTable
from ..reduction import marginal
from ..reduction.equal_rows import collapsed
from ..reduction.marginal import Reduced
from ..sampling.program import StanProgram
from ..sampling.warm_start import Near
from . import rows as glmm
from . import sums as marginal_data
from .history import tempered

PARAMETERIZATIONS = ("auto", "marginal", "rescaled", "centered", "noncentered")
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
    near : Near, optional
        From where the mode can be found, if the posterior has one.
    """

    program: StanProgram
    data: dict[str, Any]
    reduced: Reduced | None
    rows: int
    near: Near | None = None


def parameterizations(
    design: Design, family: Family, given: str | Mapping[str, str], *, pooling: str
) -> dict[str, str]:
    """Decide how the effects of each group term are dealt with, by label.

    ``auto`` integrates out those of one term where that is exact, in a gaussian family: of the
    term with the most effects, unless another is named; further terms are then sampled centered
    where the typical group's rows tell much about it (`informative.ENOUGH`), and non-centered where
    they do not. Else effects are sampled rescaled: each group's about what its rows say of it at a
    quick fit, given the population. ``marginal`` for all terms integrates out the one, and is
    auto for others.

    Raises
    ------
    OptionError
        For a term or a choice that there is not; for two terms to integrate out.
    """
    labels = [term.label for term in design.groups]
    wanted = dict.fromkeys(labels, given) if isinstance(given, str) else dict(given)
    for label in wanted:
        if label not in labels:
            near = nearest(label, labels)
            hint = f" Did you mean {near!r}?" if near else ""
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
    chosen = {label: wanted.get(label, "auto") for label in labels}
    out = _integrated_out(design, family, chosen, pooling, all_alike=isinstance(given, str))
    known = set() if out is None else _well_known(design)
    for label in labels:
        if label == out:
            chosen[out] = "marginal"
        elif chosen[label] in ("auto", "marginal"):
            sampled = "centered" if label in known else "noncentered"
            chosen[label] = "rescaled" if out is None else sampled
    return chosen


def _well_known(design: Design) -> set[str]:
    """Return the labels of terms about whose groups their own rows tell much."""
    if len(design.groups) == 1:
        return set()
    weights = marginal.weights_of(design)
    found = estimated_information(
        design, np.ones(len(design.offset)) if weights is None else weights
    )
    return {label for label, information in found.items() if information > ENOUGH}


def _integrated_out(
    design: Design, family: Family, chosen: Mapping[str, str], pooling: str, *, all_alike: bool
) -> str | None:
    """Return the label of the term whose effects are integrated out, or None."""
    asked = [label for label, choice in chosen.items() if choice == "marginal"]
    possible = family.name == "gaussian" and pooling == "partial"
    if asked and not possible:
        raise OptionError(
            "parameterization='marginal' integrates the group effects out exactly, which needs "
            f"family 'gaussian' and partial pooling; this model has family {family.name!r} and "
            f"{pooling} pooling. 'auto' takes what there is"
        )
    if "rescaled" in chosen.values():
        if asked:
            raise OptionError(
                f"beside {asked[0]}, whose effects are integrated out (marginal), others can be "
                "'auto', 'centered' or 'noncentered', not 'rescaled'"
            )
        return None
    if len(asked) > 1 and not all_alike:
        raise OptionError(
            f"parameterization is 'marginal' for {' and '.join(asked)}, but the effects of one "
            "term alone can be integrated out exactly: let the others be 'auto', 'centered' or "
            "'noncentered'"
        )
    candidates = asked or [label for label, choice in chosen.items() if choice == "auto"]
    if not possible or not candidates:
        return None
    label = marginal.largest(design, candidates)
    why = marginal.too_many(design, label)
    if why and asked:
        raise OptionError(f"parameterization='marginal': {why}. 'auto' samples its effects")
    return None if why else label


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
    how : mapping of term label to "marginal", "rescaled", "centered" or "noncentered"
        Of rows that do not determine a fit, effects to integrate out are sampled rescaled.
    history : History, optional
        A joint prior of the population, and the power of the likelihood.
    """
    near: Near | None
    power = 1.0 if history is None else history.likelihood
    out = next((label for label, choice in how.items() if choice == "marginal"), None)
    centered = {label: choice == "centered" for label, choice in how.items()}
    reduced = None if out is None else marginal.reduced(tempered(design, power), out)
    if reduced is not None:
        data = marginal_data.stan_data(
            design, table, reduced, centered, family=family, history=history
        )
        near = marginal_data.near(data)
        return Prepared(programs.get(reduced.program), data, reduced, len(design.offset), near)
    own = any(row.name.startswith("coef(") for row in table.rows)
    distinct = design if own else collapsed(design, family)
    rows = tempered(distinct, power)
    data = glmm.stan_data(rows, family, table, whole=design, history=history)
    found = pilot_fit(data, family.name)
    forms = [how[term.label] for term in design.groups]
    forms = ["rescaled" if form == "marginal" else form for form in forms]
    data |= coordinates(data, forms, found)
    values = starts(data, found)
    smooth = forms in ([], ["rescaled"])  # effects of several terms may make up for each other
    near = None if values is None else Near(values, standard=("z",), smooth=smooth)
    return Prepared(programs.get(family.program), data, None, len(distinct.offset), near)


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
    ordered = marginal.arranged(design, prepared.reduced.label)
    term, *further = ordered.groups
    sampled = raw if further else raw.drop_vars("r", errors="ignore")
    named = glmm.named(sampled, ordered, family, table, without=[term.label])
    size = raw.sizes["chain"] * raw.sizes["draw"] * len(term.levels) * len(term.coefficients)
    effects = GroupEffects.of(named, design, prepared.reduced, seed=seed)
    if effects is None or size > KEPT:
        return named
    drawn = effects.draw()
    return named.assign({str(drawn.name): drawn})
