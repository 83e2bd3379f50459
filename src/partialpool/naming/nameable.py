"""Can all that a model has be told apart, named, and saved?  Asked before anything is sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.levels import list_values
from ..design.design import Design, GroupDesign
from ..errors import DataError, warn
from ..storage import frames
from .names import check_characters, check_names
from .variables import level_labels


def check_nameable(design: Design) -> None:
    """Check the names of a model's factors, coefficients, levels, response and rows.

    Raises
    ------
    DataError
        If two of them would be called alike, or one could not be saved.

    Warns
    -----
    DataWarning
        If labels will not come back from a saved fit as they are.
    """
    _check_factors(design)
    response = design.response
    check_names(design.groups, None if response is None else response.name)
    check_characters("the formula", design.formula.text)
    for name in (*design.coefficients, *(c for term in design.groups for c in term.coefficients)):
        check_characters(f"the coefficient {name!r}", name)
    for term in design.groups:
        _check_levels(term)
    for message in frames.lost(design.data):
        warn(message)


def _check_factors(design: Design) -> None:
    """Refuse the column `a:b` beside the combinations of a and b."""
    seen: dict[str, tuple[str, ...]] = {}
    for term in design.formula.groups:
        before = seen.setdefault(term.factor, term.factors)
        if before != term.factors:
            ways = " and ".join(
                "the combinations of " + ", ".join(map(repr, names))
                if len(names) > 1
                else f"the column {names[0]!r}"
                for names in (before, term.factors)
            )
            raise DataError(
                f"two grouping factors would be called {term.factor!r}: {ways}. Rename the "
                "columns that have a colon in their name"
            )


def _check_levels(term: GroupDesign) -> None:
    labels = level_labels(term)
    if len(set(labels.tolist())) == len(labels):
        return
    alike = _alike(labels, term.levels)
    raise DataError(
        f"`{term.factor}` has different groups whose labels read alike, {list_values(alike)}: no "
        f"table or file could tell them apart. If they are the same group, make text of all "
        f"labels, data[{term.factor.split(':')[0]!r}].astype(str); if not, recode some of them"
    )


def _alike(labels: NDArray[np.generic], levels: Sequence[Hashable]) -> list[Hashable]:
    texts = labels.tolist()
    twice = {text for text, count in Counter(texts).items() if count > 1}
    return [level for level, text in zip(levels, texts, strict=True) if text in twice]
