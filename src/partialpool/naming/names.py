"""Choose names of a posterior's variables and dimensions that never collide.

A user's columns can have any names: ``child_pair``, ``sd_child``, ``row``. In xarray, variables,
dimensions and coordinates share one namespace, so a name that could collide with another is
changed, by rules that never give two things the same name:

- variables are ``sd_g``, ``cor_g``, ``r_g``, ``coef_g``, ``center_sd_g`` and ``center_cor_g`` of a
  group term g, and ``beta``, ``sigma``, ``nu``, ``phi``;
- a dimension whose name would begin like a variable's (``sd_``) gets the prefix ``of_``;
- the dimension of a term's groups is ``g``, or ``g_group`` if ``g`` is taken or ends like the
  dimensions ``g_coefficient`` and ``g_pair`` of a term.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import xarray as xr

from ..arrays import SAMPLE_DIMS
from ..errors import DataError

TAKEN = (*SAMPLE_DIMS, "coefficient", "row", "beta", "sigma", "nu", "phi", ".")
"""Names that no dimension of groups can have."""
PREFIXES = ("sd_", "cor_", "r_", "coef_", "center_")
"""How the names of a term's variables begin."""
INNER = ("coefficient", "pair")
"""Dimensions of a term besides its groups: its coefficients, and pairs of correlated ones."""

_LIKE_A_VARIABLE = re.compile(rf"(of_)*({'|'.join(PREFIXES)})", re.DOTALL)
_LIKE_A_DIMENSION = re.compile(
    rf"({'|'.join(map(re.escape, TAKEN))}|.*_({'|'.join(INNER)}))(_group)*", re.DOTALL
)
_LIKE_A_ROW = re.compile(r"(chain|draw|row|\.)(_response)*")


class Labelled(Protocol):
    """Anything with the label of a group term."""

    @property
    def label(self) -> str:
        """Label of the term."""


def dim_of(term: Labelled) -> str:
    """Return the name of the dimension of a term's groups: its label, if that is free."""
    dimension = _unlike_variables(term.label)
    return f"{dimension}_group" if _LIKE_A_DIMENSION.fullmatch(dimension) else dimension


def name_of(kind: str, term: Labelled) -> str:
    """Return the name of a term's variable or dimension: ``sd_county``, ``county_coefficient``.

    Parameters
    ----------
    kind : str
        A variable, such as "sd" or "cor", or one of `INNER`.
    term : Labelled
    """
    if kind in INNER:
        return _unlike_variables(f"{term.label}_{kind}")
    return f"{kind}_{_safe(term.label)}"


def response_variable(name: str) -> str:
    """Return the response's name as a variable: its expression, with "/" replaced."""
    safe = _safe(name)
    return f"{safe}_response" if _LIKE_A_ROW.fullmatch(safe) else safe


def _unlike_variables(dimension: str) -> str:
    """Return a dimension's name with the prefix ``of_`` if it begins like a variable's."""
    safe = _safe(dimension)
    return f"of_{safe}" if _LIKE_A_VARIABLE.match(safe) else safe


def _safe(name: str) -> str:
    """Replace "/", which NetCDF does not allow in a name."""
    return name.replace("/", "\N{DIVISION SLASH}")


def names_of(term: Labelled) -> tuple[str, ...]:
    """List all names of variables and dimensions that a term can have in a posterior."""
    kinds = ("sd", "cor", "r", "coef", "center_sd", "center_cor")
    variables = [name_of(kind, term) for kind in kinds]
    return (dim_of(term), *(name_of(kind, term) for kind in INNER), *variables)


def check_names(terms: Sequence[Labelled], response: str | None) -> None:
    """Raise if names in the posterior would collide or cannot be saved, before sampling.

    Parameters
    ----------
    terms : sequence of Labelled
    response : str or None
        The expression of the response.

    Raises
    ------
    DataError
        If two group factors would have the same name, or a name has a character that NetCDF
        cannot hold.
    """
    owner: dict[str, str] = dict.fromkeys(TAKEN, "the model itself")
    for term in terms:
        check_characters(f"the group factor {term.label!r}", term.label)
        for name in names_of(term):
            first = owner.setdefault(name, term.label)
            if first != term.label:
                raise DataError(
                    f"the group factors {first!r} and {term.label!r} would both be called "
                    f"{name!r} in the posterior: rename one of these columns"
                )
    if response is not None:
        check_characters(f"the response {response!r}", response)


def check_characters(what: str, name: str) -> None:
    """Raise `DataError` if a name has a character that NetCDF cannot hold."""
    unreadable = "\0" in name or any("\ud800" <= char <= "\udfff" for char in name)
    if unreadable:
        raise DataError(
            f"{what} has a character in it that no saved fit can hold (a null, or half of a "
            "surrogate pair): rename the column, or recode its levels"
        )


def renamed(posterior: xr.Dataset, terms: Iterable[Labelled]) -> xr.Dataset:
    """Rename the dimensions of a posterior that partialpool 0.1 saved to their present names.

    Dimensions are recognised by their position: (chain, draw, group, coefficient).
    """
    changes: dict[str, str] = {}
    for term in terms:
        changes |= _changes(posterior, term)
    changes = {old: new for old, new in changes.items() if old != new}
    renamed_posterior: xr.Dataset = posterior.rename(changes) if changes else posterior
    return renamed_posterior


def _changes(posterior: xr.Dataset, term: Labelled) -> Mapping[str, str]:
    """Map the names of a term's dimensions in a saved posterior to the present names."""
    group, inner, pair = dim_of(term), name_of("coefficient", term), name_of("pair", term)
    dims_of = {
        "r": (*SAMPLE_DIMS, group, inner),
        "coef": (*SAMPLE_DIMS, group, inner),
        "sd": (*SAMPLE_DIMS, inner),
        "cor": (*SAMPLE_DIMS, pair),
    }
    changes: dict[str, str] = {}
    for kind, dims in dims_of.items():
        name = name_of(kind, term)
        if name in posterior and posterior[name].ndim == len(dims):
            changes |= zip(map(str, posterior[name].dims), dims, strict=True)
    if group not in changes.values() and group not in posterior.dims:  # no variable has effects
        label = _safe(term.label)
        for old in (label, f"{label}_group"):
            if old in posterior.dims and old not in changes:
                changes[old] = group
                break
    return changes
