"""Keys of priors: a name for each parameter of a model that no other parameter can have.

A coefficient is called as its column is, unless that is a name of the model's own: the residual
standard deviation stays ``sigma``, and the slope of a column ``sigma`` is ``b(sigma)``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import DataError, nearest

RESERVED = ("Intercept", "b", "sigma", "nu", "phi")
_RESERVED_FORM = re.compile(r"(sd|cor|coef|b)\(")


def slope_name(coefficient: str) -> str:
    """Name of a population coefficient: its own, or ``b(sigma)`` where that is taken."""
    taken = coefficient in RESERVED or _RESERVED_FORM.match(coefficient) is not None
    return class_name(coefficient) if taken else coefficient


def class_name(coefficient: str) -> str:
    """Name of a population coefficient that is always understood: ``b(floor)``."""
    return f"b({coefficient})"


def check_distinct(keys: Sequence[tuple[str, tuple[str, ...], str]]) -> None:
    """Refuse a model of which two parameters would have one key.

    Parameters
    ----------
    keys : sequence of (name, keys of several parameters, what it is)

    Raises
    ------
    DataError
        Names the two parameters, and says what to rename.
    """
    owner: dict[str, str] = {}
    for name, _, what in keys:
        before = owner.setdefault(name, what)
        if before is not what:
            raise _alike(name, before, what)
    for _, wider, what in keys:
        for key in wider:
            if key in owner and owner[key] is not what:
                raise _alike(key, owner[key], f"several, {what}")


def _alike(key: str, one: str, other: str) -> DataError:
    return DataError(
        f"priors: {key!r} would stand for {one} and for {other}: rename one of the columns whose "
        "names have commas or brackets in them"
    )


def refuse_unknown(unknown: Sequence[object], names: Sequence[str], slopes: Sequence[str]) -> None:
    """Refuse priors of parameters that a model does not have.

    Parameters
    ----------
    unknown : sequence
        Keys that match nothing.
    names : sequence of str
        All keys of the model.
    slopes : sequence of str
        Its coefficients' names.
    """
    if not unknown:
        return
    key = str(unknown[0])
    if key in slopes:
        raise DataError(
            f"priors: {key!r} is a name of the model's own, and this model has no such parameter. "
            f"For the coefficient of the column write {slope_name(key)!r}"
        )
    near = nearest(key, names)
    hint = f"; did you mean {near!r}?" if near else "."
    raise DataError(
        f"priors: nothing in this model is called {unknown[0]!r}{hint} "
        f"It has {', '.join(names)} ('b' is every slope)"
    )
