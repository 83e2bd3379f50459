"""Names of a posterior's variables and dimensions, for any names of columns.

Group factors, columns and responses are called as the user likes: ``child_pair``, ``sd_child``,
``row``. Variables, dimensions and their coordinates stand in one namespace of xarray, so a name
that could be another's is changed, by rules that never give two the same one:

- variables are ``sd_g``, ``cor_g``, ``r_g``, ``coef_g``, ``center_sd_g`` and ``center_cor_g`` of a
  group term g, and ``beta``, ``sigma``, ``nu``, ``phi``;
- a dimension that would begin as a variable does begins with ``of_``;
- a term's groups lie along ``g``, or ``g_group`` where ``g`` is taken or ends as the dimensions
  ``g_coefficient`` and ``g_pair`` of a term do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import xarray as xr

from ..arrays import SAMPLE_DIMS
from ..errors import DataError

TAKEN = (*SAMPLE_DIMS, "coefficient", "row", "beta", "sigma", "nu", "phi", ".")
PREFIXES = ("sd_", "cor_", "r_", "coef_", "center_")
SCALARS = ("beta", "sigma", "nu", "phi")
INNER = ("coefficient", "pair")

_LIKE_A_VARIABLE = re.compile(rf"(of_)*({'|'.join(PREFIXES)})", re.DOTALL)
_LIKE_A_DIMENSION = re.compile(
    rf"({'|'.join(map(re.escape, TAKEN))}|.*_({'|'.join(INNER)}))(_group)*", re.DOTALL
)
_LIKE_A_ROW = re.compile(r"(chain|draw|row|\.)(_response)*")


class Labelled(Protocol):
    """A group term, as far as names go."""

    @property
    def label(self) -> str:
        """Label of the term."""


def dim_of(term: Labelled) -> str:
    """Name of the dimension along which a term's groups lie: its label, where that is free."""
    own = _own(term.label)
    return f"{own}_group" if _LIKE_A_DIMENSION.fullmatch(own) else own


def name_of(kind: str, term: Labelled) -> str:
    """Name of a term's variable or inner dimension: ``sd_county``, ``county_coefficient``."""
    return _own(f"{term.label}_{kind}") if kind in INNER else f"{kind}_{_safe(term.label)}"


def response_variable(name: str) -> str:
    """Name of the response as a variable: the expression, but that "/" is not allowed in one."""
    safe = _safe(name)
    return f"{safe}_response" if _LIKE_A_ROW.fullmatch(safe) else safe


def _own(dimension: str) -> str:
    """Return a dimension's name that no variable's name begins like."""
    safe = _safe(dimension)
    return f"of_{safe}" if _LIKE_A_VARIABLE.match(safe) else safe


def _safe(name: str) -> str:
    return name.replace("/", "\N{DIVISION SLASH}")


def names_of(term: Labelled) -> tuple[str, ...]:
    """List all names that a term can give to variables and dimensions."""
    kinds = ("sd", "cor", "r", "coef", "center_sd", "center_cor")
    variables = [name_of(kind, term) for kind in kinds]
    return (dim_of(term), *(name_of(kind, term) for kind in INNER), *variables)


def check_names(terms: Sequence[Labelled], response: str | None) -> None:
    """Refuse what a posterior cannot name, before anything is sampled.

    Raises
    ------
    DataError
        Names the two columns that would be called alike, or the character that no file can hold.
    """
    owner: dict[str, str] = dict.fromkeys(TAKEN, "the model itself")
    for term in terms:
        check_characters(f"the group factor {term.label!r}", term.label)
        for name in names_of(term):
            before = owner.setdefault(name, term.label)
            if before != term.label:
                raise DataError(
                    f"the group factors {before!r} and {term.label!r} would both be called "
                    f"{name!r} in the posterior: rename one of these columns"
                )
    if response is not None:
        check_characters(f"the response {response!r}", response)


def check_characters(what: str, name: str) -> None:
    """Refuse a name that no file can hold."""
    unreadable = "\0" in name or any("\ud800" <= char <= "\udfff" for char in name)
    if unreadable:
        raise DataError(
            f"{what} has a character in it that no saved fit can hold (a null, or half of a "
            "surrogate pair): rename the column, or recode its levels"
        )


def renamed(posterior: xr.Dataset, terms: Iterable[Labelled]) -> xr.Dataset:
    """Bring the dimensions of a posterior that partialpool 0.1 saved to their names of today.

    They are told by their position: (chain, draw, group, coefficient).
    """
    changes: dict[str, str] = {}
    for term in terms:
        changes |= _changes(posterior, term)
    changes = {old: new for old, new in changes.items() if old != new}
    found: xr.Dataset = posterior.rename(changes) if changes else posterior
    return found


def _changes(posterior: xr.Dataset, term: Labelled) -> Mapping[str, str]:
    group, inner, pair = dim_of(term), name_of("coefficient", term), name_of("pair", term)
    wanted = {
        "r": (*SAMPLE_DIMS, group, inner),
        "coef": (*SAMPLE_DIMS, group, inner),
        "sd": (*SAMPLE_DIMS, inner),
        "cor": (*SAMPLE_DIMS, pair),
    }
    changes: dict[str, str] = {}
    for kind, dims in wanted.items():
        name = name_of(kind, term)
        if name in posterior and posterior[name].ndim == len(dims):
            changes |= zip(map(str, posterior[name].dims), dims, strict=True)
    if group not in changes.values() and group not in posterior.dims:  # effects were not kept
        before = _safe(term.label)
        for old in (before, f"{before}_group"):
            if old in posterior.dims and old not in changes:
                changes[old] = group
                break
    return changes
