"""Keys of priors: a different name for each parameter of a model.

The slope of a column has the column's name, unless the model has another parameter of that name:
``sigma`` is always the residual standard deviation, and the slope of a column ``sigma`` is
``b(sigma)``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import DataError, nearest

if TYPE_CHECKING:
    from ..design.design import GroupDesign

RESERVED = ("Intercept", "b", "sigma", "nu", "phi")
_RESERVED_FORM = re.compile(r"(sd|cor|coef|b)\(")


def slope_name(coefficient: str) -> str:
    """Return the key of a population coefficient: its name, or ``b(sigma)`` if that is reserved."""
    taken = coefficient in RESERVED or _RESERVED_FORM.match(coefficient) is not None
    return class_name(coefficient) if taken else coefficient


def class_name(coefficient: str) -> str:
    """Return the key that a population coefficient has whatever its name is: ``b(floor)``."""
    return f"b({coefficient})"


def sd_name(term: GroupDesign, coefficient: str) -> str:
    """Return the key of a standard deviation between groups: ``sd(county, floor)``."""
    return f"sd({term.label}, {coefficient})"


def coef_name(term: GroupDesign, coefficient: str) -> str:
    """Return the key of the groups' coefficients without pooling: ``coef(county, floor)``."""
    return f"coef({term.label}, {coefficient})"


def cor_name(term: GroupDesign) -> str:
    """Return the key of a term's correlations: ``cor(county)``."""
    return f"cor({term.label})"


def check_distinct(keys: Sequence[tuple[str, tuple[str, ...], str]]) -> None:
    """Raise an error if two parameters of a model have the same key.

    Parameters
    ----------
    keys : sequence of (key, keys of several parameters, description)
        For each parameter: its key, the keys that stand for it and others, and words for it.

    Raises
    ------
    DataError
        The message describes both parameters, and says what to rename.
    """
    parameters: dict[str, str] = {}
    for name, _, parameter in keys:
        before = parameters.setdefault(name, parameter)
        if before is not parameter:
            raise _ambiguous(name, before, parameter)
    for _, wider, parameter in keys:
        for key in wider:
            if key in parameters and parameters[key] is not parameter:
                raise _ambiguous(key, parameters[key], f"several, {parameter}")


def _ambiguous(key: str, first: str, second: str) -> DataError:
    return DataError(
        f"priors: {key!r} would stand for {first} and for {second}: rename one of the columns "
        "whose names have commas or brackets in them"
    )


def refuse_unknown(unknown: Sequence[object], names: Sequence[str], slopes: Sequence[str]) -> None:
    """Raise `DataError` if the user gives a prior of a parameter that the model does not have.

    Parameters
    ----------
    unknown : sequence
        The user's keys that match no parameter.
    names : sequence of str
        All keys of the model.
    slopes : sequence of str
        Names of its population coefficients.
    """
    if not unknown:
        return
    key = str(unknown[0])
    if key in slopes:
        raise DataError(
            f"priors: {key!r} is reserved for another parameter, which this model does not have. "
            f"For the coefficient of the column {key!r} write {slope_name(key)!r}"
        )
    suggestion = nearest(key, names)
    hint = f"; did you mean {suggestion!r}?" if suggestion else "."
    raise DataError(
        f"priors: this model has no parameter {unknown[0]!r}{hint} "
        f"It has {', '.join(names)} ('b' is every slope)"
    )
