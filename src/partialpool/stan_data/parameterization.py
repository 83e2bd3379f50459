"""Choose the parameterization of each group term: integrate its effects out, or sample them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..design.design import Design
from ..errors import OptionError, nearest
from ..family.families import Family
from ..pilot.information import enough, estimated_information
from ..reduction import marginal
from ..reduction.elimination import MOST

UNEVEN = 1e8
"""Ratio of weights (1 / se^2) of two rows up to which the effects of all terms are integrated out:
the log density is then right to about 1e-9."""
PARAMETERIZATIONS = ("auto", "marginal", "rescaled", "centered", "noncentered")


def parameterizations(
    design: Design, family: Family, choice: str | Mapping[str, str], *, pooling: str
) -> dict[str, str]:
    """Choose the parameterization of each group term.

    ``auto`` integrates out the effects of all terms if that can be done exactly, which needs the
    gaussian family, and costs no more than `elimination.MOST` for a log density. With more, it
    integrates out those of the term with the most effects. Further terms are then sampled: centered
    if the rows of a typical group determine its effects well (`information.enough`), else
    non-centered. If no term is integrated out, effects are sampled rescaled: relative to the mean
    and sd that each group's rows give at a quick fit. ``marginal`` for all terms is ``auto`` where
    effects can be integrated out, else an error. If the user names one term "marginal", only its
    effects are integrated out.

    Parameters
    ----------
    design : Design
    family : Family
    choice : str, or mapping of term label to str
        The user's choice, for all terms or by term: one of `PARAMETERIZATIONS`.
    pooling : {"partial", "complete", "none"}

    Returns
    -------
    dict of term label to "marginal", "rescaled", "centered" or "noncentered"

    Raises
    ------
    OptionError
        For an unknown term or choice, and for "marginal" if the effects of the term cannot be
        integrated out, or if it is chosen for several terms by name, but not for all.
    """
    labels = [term.label for term in design.groups]
    by_label = dict.fromkeys(labels, choice) if isinstance(choice, str) else dict(choice)
    for label in by_label:
        if label not in labels:
            near = nearest(label, labels)
            hint = f" Did you mean {near!r}?" if near else ""
            raise OptionError(
                f"parameterization names {label!r}, but the group terms are "
                f"{', '.join(labels) or 'none'}.{hint}"
            )
    named = {"parameterization": choice} if isinstance(choice, str) else {}
    named |= {f"parameterization of {label}": form for label, form in by_label.items()}
    for what, form in named.items():
        if form not in PARAMETERIZATIONS:
            raise OptionError(f"{what} must be one of {', '.join(PARAMETERIZATIONS)}, not {form!r}")
    chosen = {label: by_label.get(label, "auto") for label in labels}
    integrated = _integrated_out(design, family, chosen, pooling, all_alike=isinstance(choice, str))
    partly = 0 < len(integrated) < len(labels)
    centered = _well_determined(design) if partly else set()
    for label in labels:
        if label in integrated:
            chosen[label] = "marginal"
        elif chosen[label] in ("auto", "marginal"):
            sampled = "centered" if label in centered else "noncentered"
            chosen[label] = sampled if integrated else "rescaled"
    return chosen


def _even(design: Design) -> bool:
    """Tell whether no row weighs so much more than another that the other is lost in rounding."""
    weights = marginal.weights_of(design)
    if weights is None:
        return True
    positive = weights[weights > 0]
    return not len(positive) or bool(positive.max() < UNEVEN * positive.min())


def _well_determined(design: Design) -> set[str]:
    """Return the labels of terms whose groups' effects are well determined by the groups' rows."""
    if len(design.groups) == 1:
        return set()
    weights = marginal.weights_of(design)
    by_label = estimated_information(
        design, np.ones(len(design.offset)) if weights is None else weights
    )
    groups = {term.label: len(term.levels) for term in design.groups}
    return {label for label, value in by_label.items() if value > enough(groups[label])}


def _integrated_out(
    design: Design, family: Family, chosen: Mapping[str, str], pooling: str, *, all_alike: bool
) -> set[str]:
    """Return the labels of the terms whose effects are integrated out.

    `all_alike` says that the user made one choice for all terms.

    Raises
    ------
    OptionError
        If the user chose "marginal" where effects cannot be integrated out.
    """
    marginal_terms = [label for label, form in chosen.items() if form == "marginal"]
    possible = family.name == "gaussian" and pooling == "partial"
    if marginal_terms and not possible:
        raise OptionError(
            "parameterization='marginal' integrates the group effects out exactly, which needs "
            f"family 'gaussian' and partial pooling; this model has family {family.name!r} and "
            f"pooling {pooling!r}. Use 'auto'"
        )
    if "rescaled" in chosen.values():
        if marginal_terms:
            raise OptionError(
                f"the effects of {marginal_terms[0]} are integrated out (marginal), and then other "
                "terms can be 'auto', 'centered' or 'noncentered', not 'rescaled'"
            )
        return set()
    if 1 < len(marginal_terms) < len(chosen):
        raise OptionError(
            f"parameterization is 'marginal' for {' and '.join(marginal_terms)}, but the effects "
            "that can be integrated out exactly are those of one term or of all: choose 'auto', "
            "'centered' or 'noncentered' for the others, or 'marginal' for all"
        )
    automatic = [label for label, form in chosen.items() if form == "auto"]
    candidates = marginal_terms or automatic
    if not possible or not candidates:
        return set()
    if 1 < len(candidates) == len(chosen):
        cost = marginal.order_of_elimination(design)[1].cost
        if cost <= MOST and _even(design):
            return set(candidates)
        if marginal_terms and not all_alike:
            raise OptionError(
                f"parameterization is 'marginal' for {' and '.join(marginal_terms)}, but to "
                f"integrate the effects of all out would cost {cost:,} multiplications for each "
                f"log density, and it is done up to {MOST:,}: choose 'auto'"
            )
    label = marginal.label_with_most_effects(design, candidates)
    reason = marginal.reason_to_sample(design, label)
    if reason and marginal_terms:
        raise OptionError(f"parameterization='marginal': {reason}. 'auto' samples its effects")
    return set() if reason else {label}
