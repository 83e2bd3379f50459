"""The table of a model's priors: the defaults, and those that the user gives in their place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..design.design import Design
from ..errors import DataError
from ..family.families import Family
from . import distributions as priors
from .defaults import default_priors
from .distributions import Prior
from .keys import (
    check_distinct,
    class_name,
    coef_name,
    cor_name,
    refuse_unknown,
    sd_name,
    slope_name,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PriorTable",
    "Row",
    "coef_name",
    "cor_name",
    "resolve",
    "sd_name",
    "slope_name",
]


@dataclass(frozen=True)
class Row:
    """The prior of one parameter.

    Attributes
    ----------
    name : str
        Key of the parameter: ``Intercept``, ``floor``, ``sd(county, floor)``, ``cor(county)``,
        ``sigma``.
    prior : Prior
    source : str
        ``given``, or how the default was scaled.
    wider : tuple of str
        Keys that stand for this parameter and others: ``b(floor)``, ``b``, ``sd(county)``.
    """

    name: str
    prior: Prior
    source: str
    wider: tuple[str, ...] = ()


@dataclass(frozen=True)
class PriorTable:
    """The priors of all parameters of a model, in the order in which they are reported."""

    rows: tuple[Row, ...]

    def __getitem__(self, name: str) -> Prior:
        """Return the prior of the parameter with this key."""
        return next(row.prior for row in self.rows if row.name == name)

    def __contains__(self, name: object) -> bool:
        """Tell whether a parameter with this key has a prior."""
        return any(row.name == name for row in self.rows)

    def takes(self, key: str) -> bool:
        """Tell whether a key of `priors` stands for one or more of these parameters."""
        return any(key == row.name or key in row.wider for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """Return a table with the columns prior and source, and a row per parameter."""
        import pandas as pd

        return pd.DataFrame(
            {
                "prior": [repr(row.prior) for row in self.rows],
                "source": [row.source for row in self.rows],
            },
            index=pd.Index([row.name for row in self.rows], name="parameter"),
        )


def resolve(
    design: Design,
    family: Family,
    user_priors: Mapping[str, Prior],
    *,
    estimated: bool = True,
    centered: Collection[str] = (),
) -> PriorTable:
    """Return the table of a model's priors: the user's where given, else the defaults.

    Parameters
    ----------
    design : Design
    family : Family
    user_priors : mapping of key to Prior
        ``b`` stands for all slopes, ``b(x)`` for the slope of x, whatever x is called, ``sd(g)``
        for all standard deviations of g. The key of a single parameter goes before these.
    estimated : bool
        False if the standard deviations between groups are fixed (no pooling) and have no prior.
    centered : collection of str
        Labels of the terms whose columns in `design` are centered (`centering`). The sources then
        say that the priors of their intercepts refer to the means of the predictors.

    Raises
    ------
    DataError
        If a key matches no parameter, or a distribution does not suit its parameter.
    """
    if not isinstance(user_priors, Mapping):
        raise DataError(
            f"priors must be a mapping, such as {{'b': pp.Normal(0, 1)}}: {user_priors!r}"
        )
    defaults = default_priors(design, family, estimated=estimated, centered=centered)
    check_distinct([(d.name, d.wider, _described(d.name, d.kind, d.wider)) for d in defaults])
    rows: list[Row] = []
    used: set[str] = set()
    for default in defaults:
        name, wider = default.name, default.wider
        _check_given_once(name, wider, user_priors)
        matching = [key for key in (name, *wider) if key in user_priors]
        used.update(matching)
        prior = user_priors[matching[0]] if matching else default.prior
        source = "given" if matching else default.source
        rows.append(Row(name, _CHECKS[default.kind](name, prior), source, wider))
    prefix = "sd" if estimated else "coef"
    groups = {"b"} | {f"{prefix}({term.label})" for term in design.groups}
    names = [*(row.name for row in rows), *sorted(groups)]
    refuse_unknown([key for key in user_priors if key not in used], names, design.coefficients)
    return PriorTable(tuple(rows))


def _described(name: str, kind: str, wider: tuple[str, ...]) -> str:
    """Describe a parameter for an error: ``a standard deviation among sd(a)``."""
    nouns = {"location": "a coefficient", "positive": "a standard deviation"}
    noun = nouns.get(kind, "a coefficient" if wider else "the parameter")
    return f"{noun} among {wider[-1]}" if wider else f"the parameter {name}"


def _check_given_once(name: str, wider: tuple[str, ...], user_priors: Mapping[str, Prior]) -> None:
    long_name = class_name(name)
    if name in user_priors and long_name in user_priors and long_name in wider:
        raise DataError(
            f"priors: {name!r} and {long_name!r} are the same parameter: give only one of them"
        )


_CHECKS = {
    "normal": priors.check_normal,
    "location": priors.check_location,
    "positive": priors.check_positive,
    "correlation": priors.check_correlation,
}
