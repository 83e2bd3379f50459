"""Priors that say more than they seem to: at a zero that is far away, of nearly determined columns.

Such a fit has no fault that sampling could show: it is said before.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from ..columns.columns import Columns
from ..data.levels import listed
from ..design.design import Design
from ..design.margins import FAR, without_margins
from ..design.rank import share_of_its_own
from .centering import Centering, choose
from .keys import class_name, slope_name

LITTLE = 0.04
"""Share of a column's standard deviation that no other columns have, below which the default prior
of its coefficient allows what that share explains to be a tenth of the response's sd, no more."""


def hidden_priors(
    design: Design,
    chosen: Centering,
    given: Collection[str],
    *,
    pooling: str,
    priors_at: str,
    history: Collection[str] = (),
) -> list[str]:
    """List what is to be said of a model's priors.

    Parameters
    ----------
    design : Design
        In the user's columns.
    chosen : Centering
        What `centering.choose` returned.
    given : collection of str
        Names of the priors that the user gives.
    pooling : {"partial", "complete", "none"}
    priors_at : {"auto", "mean", "zero"}
    history : collection of str
        Names of the parameters that have a joint prior instead.

    Returns
    -------
    list of str
        What to say, and what to type instead.
    """
    margins = without_margins(design, pooling)
    if history:
        return margins
    far = far_from_zero(design, chosen, pooling=pooling, priors_at=priors_at)
    return far or margins or _nearly_determined(chosen.design(design), given, pooling)


def _nearly_determined(design: Design, given: Collection[str], pooling: str) -> list[str]:
    """Say of which columns a default prior hides what they say beside the others."""
    said: list[str] = []
    sums: list[Any] = [
        (
            "the fixed part", design.coefficients, design.X, design.intercept,
            lambda name: (slope_name(name), class_name(name)), "b",
        )
    ]  # fmt: skip
    if pooling == "partial":
        sums += [
            (
                f"the term of {t.label}",
                t.coefficients,
                t.Z,
                False,
                lambda name, label=t.label: (f"sd({label}, {name})",),
                f"sd({t.label})",
            )
            for t in design.groups
        ]
    for what, names, columns, intercept, keys, every in sums:
        slopes = [k for k, name in enumerate(names) if name != "Intercept"]
        constant = intercept or len(slopes) < len(names)
        if len(slopes) < 2:
            continue
        shares = share_of_its_own(columns[:, slopes], intercept=constant)
        little = {
            names[k]: share
            for k, share in zip(slopes, shares.tolist(), strict=True)
            if share < LITTLE and not {*keys(names[k]), every} & set(given)
        }
        if little:
            name = min(little, key=lambda name: (-len(name), name))
            said.append(
                f"{listed(list(little))} in {what} are nearly determined by its other columns: "
                f"what `{name}` says beside these has {little[name]:.2g} of its standard "
                "deviation, so little that its default prior, which is scaled by the whole, can "
                "hide it. Take the mean off a predictor before it is squared or multiplied "
                "(center(x), poly(x, 2)), leave a column out, or give its prior."
            )
    return said


def far_from_zero(
    design: Design, chosen: Centering, *, pooling: str, priors_at: str = "auto"
) -> list[str]:
    """Say which priors, and whose independence, hold at a zero that is far from the data.

    Parameters
    ----------
    design : Design
    chosen : Centering
        What `choose` returned.
    pooling : {"partial", "complete", "none"}
    priors_at : {"auto", "mean", "zero"}

    Returns
    -------
    list of str
        What to say, and what to type instead.
    """
    said = _far_products(design, chosen, pooling, priors_at)
    homes = {t.factor: t for t in design.groups if "Intercept" in t.coefficients}
    for term in design.groups if pooling == "partial" else ():
        columns, _ = design._memory.groups[term.label]
        far = _far(term.coefficients, columns)
        if term.factor not in homes or term.label in chosen.terms or not far:
            continue
        if term is homes[term.factor] and term.correlated:
            said.append(
                f"The priors of sd({term.label}, Intercept) and cor({term.label}) hold where "
                f"{_told(far)}. There they say something else than where the data are, and they "
                f"can make slopes vanish. {_way(far, priors_at)}"
            )
        else:
            said.append(
                f"The formula makes intercepts and slopes of {term.factor} independent where "
                f"{_told(far)}. Where the data are, they then nearly determine each other, which "
                f"can make slopes vanish. {_way(far, 'mean')}"
            )
    return said


Far = dict[str, tuple[float, float]]
"""Of predictors that are far from zero, the mean, and how many sds that is from zero."""


def _far_products(design: Design, chosen: Centering, pooling: str, priors_at: str) -> list[str]:
    columns = design._memory.fixed
    best = choose(design, (), pooling=pooling, priors_at="mean").fixed
    if best is None:
        return []
    taken = np.eye(len(best)) if chosen.fixed is None else chosen.fixed
    parts = dict(zip(columns.names, columns.parts, strict=True))
    names = design.coefficients
    far = _far(names, columns)
    said: dict[str, Far] = {}
    for i, k in np.argwhere((best != 0) & (taken == 0)).tolist():
        of = {p: far[p] for p in parts[names[k]] if p in far and p not in parts[names[i]]}
        said.setdefault(names[i], {}).update(of)
    return [
        f"The prior of `{name}` holds where {_told(of)}. There it says something else than where "
        f"the data are. {_way(of, priors_at)}"
        for name, of in said.items()
        if of
    ]


def _far(names: Collection[str], columns: Columns) -> Far:
    """Find the columns among those named that are numbers, and far from zero."""
    parts = dict(zip(columns.names, columns.parts, strict=True))
    single = {name: parts[name][0] for name in names if len(parts.get(name, ())) == 1}
    return {
        name: (columns.means[part], columns.far[part])
        for name, part in single.items()
        if columns.far.get(part, 0.0) > FAR
    }


def _told(far: Far) -> str:
    each = [
        f"`{name}` is 0, {sds:.3g} standard deviations from its mean {mean:.6g}"
        for name, (mean, sds) in far.items()
    ]
    return " and ".join(each)


def _way(far: Far, priors_at: str) -> str:
    name = next(iter(far))
    centered = f"center({name})" if name.isidentifier() else f"{name} less its mean"
    way = f"Write {centered} in the place of {name}"
    return f"{way}." if priors_at == "mean" else f'{way}, or pass priors_at="mean".'
