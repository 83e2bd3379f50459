"""How the effects of each group term are dealt with: integrated out, or sampled in which form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..design.design import Design
from ..errors import OptionError, nearest
from ..family.families import Family
from ..pilot.information import ENOUGH, estimated_information
from ..reduction import marginal

PARAMETERIZATIONS = ("auto", "marginal", "rescaled", "centered", "noncentered")


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
