"""Warnings of priors that are stronger than they look.

These are priors that refer to predictors of zero when zero is far from the data, and default priors
of columns that the other columns nearly determine. The sampling diagnostics do not show either, so
a model warns of them before it is sampled.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from ..columns.columns import Columns
from ..data.levels import list_values
from ..design.design import Design
from ..design.margins import FAR, without_margins
from ..design.rank import share_of_its_own
from .centering import Centering, choose
from .keys import class_name, slope_name

LITTLE = 0.04
"""There is a warning if the other columns leave less than this share of a column's standard
deviation unexplained. The default prior of the coefficient then allows the remainder to explain no
more than a tenth of the response's standard deviation."""


def hidden_priors(
    design: Design,
    centering: Centering,
    user_keys: Collection[str],
    *,
    pooling: str,
    priors_at: str,
    history: Collection[str] = (),
) -> list[str]:
    """Return the warnings of a model's priors, each with what to type instead.

    Parameters
    ----------
    design : Design
        With the user's columns.
    centering : Centering
        What `centering.choose` returned.
    user_keys : collection of str
        Keys of the priors that the user gives.
    pooling : {"partial", "complete", "none"}
    priors_at : {"auto", "mean", "zero"}
    history : collection of str
        Names of the parameters that have a joint prior.
    """
    margins = without_margins(design, pooling)
    if history:
        return margins
    far = far_from_zero(design, centering, pooling=pooling, priors_at=priors_at)
    return far or margins or _nearly_determined(centering.design(design), user_keys, pooling)


def _nearly_determined(design: Design, user_keys: Collection[str], pooling: str) -> list[str]:
    """Return warnings of columns that the others of their term nearly determine.

    Columns whose prior the user gives are left out.
    """
    warnings: list[str] = []
    terms: list[Any] = [
        (
            "the fixed part", design.coefficients, design.X, design.intercept,
            lambda name: (slope_name(name), class_name(name)), "b",
        )
    ]  # fmt: skip
    if pooling == "partial":
        terms += [
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
    for where, names, columns, intercept, keys, key_of_all in terms:
        slopes = [k for k, name in enumerate(names) if name != "Intercept"]
        constant = intercept or len(slopes) < len(names)
        if len(slopes) < 2:
            continue
        shares = share_of_its_own(columns[:, slopes], intercept=constant)
        remainders = {
            names[k]: share
            for k, share in zip(slopes, shares.tolist(), strict=True)
            if share < LITTLE and not {*keys(names[k]), key_of_all} & set(user_keys)
        }
        if remainders:
            name = min(remainders, key=lambda name: (-len(name), name))
            warnings.append(
                f"{list_values(list(remainders))} in {where} are nearly determined by its other "
                f"columns: these leave only {remainders[name]:.2g} of the standard deviation of "
                f"`{name}` unexplained. The default prior of its coefficient is scaled by the "
                "whole standard deviation, and can hide the effect of so small a remainder. Take "
                "the mean off a predictor before it is squared or multiplied (center(x), "
                "poly(x, 2)), leave a column out, or give the coefficient a prior."
            )
    return warnings


def far_from_zero(
    design: Design, centering: Centering, *, pooling: str, priors_at: str = "auto"
) -> list[str]:
    """Return warnings of priors, and of independence, at a zero that is far from the data.

    Parameters
    ----------
    design : Design
        With the user's columns.
    centering : Centering
        What `centering.choose` returned.
    pooling : {"partial", "complete", "none"}
    priors_at : {"auto", "mean", "zero"}

    Returns
    -------
    list of str
        Each says what to type instead.
    """
    warnings = _far_products(design, centering, pooling, priors_at)
    with_intercept = {t.factor: t for t in design.groups if "Intercept" in t.coefficients}
    for term in design.groups if pooling == "partial" else ():
        columns, _ = design._memory.groups[term.label]
        far = _far(term.coefficients, columns)
        if term.factor not in with_intercept or term.label in centering.terms or not far:
            continue
        if term is with_intercept[term.factor] and term.correlated:
            warnings.append(
                f"The priors of sd({term.label}, Intercept) and cor({term.label}) hold where "
                f"{_zeros(far)}. So far from the data they mean something else than near the "
                f"data, and can make slopes vanish. {_remedy(far, priors_at)}"
            )
        else:
            warnings.append(
                f"The formula makes intercepts and slopes of {term.factor} independent where "
                f"{_zeros(far)}. Near the data they are then almost perfectly correlated, which "
                f"can make slopes vanish. {_remedy(far, 'mean')}"
            )
    return warnings


Far = dict[str, tuple[float, float]]
"""By name of a predictor that is far from zero: its mean, and the mean over its sd."""


def _far_products(design: Design, centering: Centering, pooling: str, priors_at: str) -> list[str]:
    """Return warnings of slopes whose meaning depends on a predictor that is far from zero."""
    columns = design._memory.fixed
    all_centered = choose(design, (), pooling=pooling, priors_at="mean").fixed
    if all_centered is None:
        return []
    chosen = np.eye(len(all_centered)) if centering.fixed is None else centering.fixed
    parts = dict(zip(columns.names, columns.parts, strict=True))
    names = design.coefficients
    far = _far(names, columns)
    far_of_slope: dict[str, Far] = {}
    for i, k in np.argwhere((all_centered != 0) & (chosen == 0)).tolist():
        multipliers = {p: far[p] for p in parts[names[k]] if p in far and p not in parts[names[i]]}
        far_of_slope.setdefault(names[i], {}).update(multipliers)
    return [
        f"The prior of `{name}` holds where {_zeros(multipliers)}. So far from the data the slope "
        f"means something else than near the data. {_remedy(multipliers, priors_at)}"
        for name, multipliers in far_of_slope.items()
        if multipliers
    ]


def _far(names: Collection[str], columns: Columns) -> Far:
    """Return the columns among those named that are numbers and far from zero."""
    parts = dict(zip(columns.names, columns.parts, strict=True))
    single = {name: parts[name][0] for name in names if len(parts.get(name, ())) == 1}
    return {
        name: (columns.means[part], columns.far[part])
        for name, part in single.items()
        if columns.far.get(part, 0.0) > FAR
    }


def _zeros(far: Far) -> str:
    return " and ".join(
        f"`{name}` is 0, {sds:.3g} standard deviations from its mean {mean:.6g}"
        for name, (mean, sds) in far.items()
    )


def _remedy(far: Far, priors_at: str) -> str:
    name = next(iter(far))
    centered = f"center({name})" if name.isidentifier() else f"{name} less its mean"
    remedy = f"Write {centered} instead of {name}"
    return f"{remedy}." if priors_at == "mean" else f'{remedy}, or pass priors_at="mean".'
