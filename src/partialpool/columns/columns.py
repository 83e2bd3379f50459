"""Columns of numbers from sums of terms, remembered.

`Columns` keeps what the data taught it (the mean that `center(x)` took off, the knots of
`bs(x)`, the levels of a column), so that other data get the same columns; it keeps none of the
data themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..arrays import Floats
from ..data.levels import listed
from ..errors import DataError
from ..formula import tokens as syntax
from ..formula.expressions import Expression
from ..formula.parse import read_terms
from .coding import codings
from .parts import Component, Part
from .row_errors import computing, finished


@dataclass(frozen=True)
class Columns:
    """A sum of terms, evaluated once; `on` gives its columns for other data.

    Attributes
    ----------
    text : str
    names : tuple of str
        Of the columns; the intercept's is "Intercept".
    parts : tuple of tuple of str
        For each column the names of those that it is the product of: ``x:z`` of "x" and "z",
        ``f[b]:year`` of "f[b]" and "year", the intercept of none.
    means : mapping of str to float
        The mean, in the data of the fit, of each part that is of numbers, not of categories.
    far : mapping of str to float
        Of those of these that are all above or all below 0, by how many standard deviations
        their mean is away from 0.
    levels : tuple of tuple of str
        Of each factor, the names of the columns that its levels have in a full coding; those of a
        lean coding are some of them, unless contrasts are given.
    """

    text: str
    names: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    means: Mapping[str, float]
    far: Mapping[str, float]
    levels: tuple[tuple[str, ...], ...]
    _parts: tuple[Part, ...]
    _products: tuple[tuple[Component, ...], ...]

    def on(self, frame: pd.DataFrame, where: str) -> Floats:
        """Evaluate on other data, prepared by `table.prepared_again` for this."""
        with computing(self.text, where, frame):
            values = [part.again(frame, where) for part in self._parts]
            matrix = _matrix(self._parts, values, self._products, len(frame))
        return finished(matrix, self.names, frame, where)


def fit_columns(text: str, frame: pd.DataFrame, where: str = "data") -> tuple[Columns, Floats]:
    """Evaluate a sum of terms ("1 + floor") and remember how.

    Returns
    -------
    Columns
        Names, and the means to evaluate other data.
    ndarray of shape (rows, columns)
    """
    terms, intercept = _terms(text)
    places: dict[str, int] = {}
    parts: list[Part] = []
    for expression in itertools.chain.from_iterable(terms):
        key = f"{expression.column is None} {expression.name}"
        if key not in places:
            places[key] = len(parts)
            parts.append(Part(expression))
    with computing(text, where, frame):
        values = [part.fit(frame, where) for part in parts]
        sums = [[places[f"{each.column is None} {each.name}"] for each in term] for term in terms]
        products: list[tuple[Component, ...]] = [()] if intercept else []
        products += itertools.islice(_products(parts, sums, intercept), len(frame) + 1)
        if len(products) > len(frame) + intercept:
            raise DataError(
                f"`{text}` has more coefficients than the data have rows, which are {len(frame)}: "
                f"leave terms out, or make (1 | factor) of a factor of many levels."
            )
        matrix = _matrix(parts, values, products, len(frame))
    names = tuple(":".join(each.name for each in product) or "Intercept" for product in products)
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        way = "Rename the column, or recode the levels of the factor."
        raise DataError(f"`{text}` gives two coefficients the same name: {listed(twice)}. {way}")
    columns = Columns(
        text=text,
        names=names,
        parts=tuple(tuple(each.name for each in product) for product in products),
        means=_means(parts, values),
        far=_far(parts, values),
        levels=tuple(
            tuple(each.name for each in part.components(place, True))
            for place, part in enumerate(parts)
            if part.levels is not None
        ),
        _parts=tuple(parts),
        _products=tuple(products),
    )
    return columns, finished(matrix, names, frame, where)


def _terms(text: str) -> tuple[tuple[tuple[Expression, ...], ...], bool]:
    if text in ("0", "1"):
        return (), text == "1"
    tokens = syntax.scan(text)
    return read_terms(text, tokens), tokens[0].literal == 1


def _products(
    parts: Sequence[Part], sums: Sequence[Sequence[int]], intercept: bool
) -> Iterator[tuple[Component, ...]]:
    """Write each term out as products of columns."""
    split = [
        (
            frozenset(place for place in term if parts[place].levels is None),
            tuple(place for place in term if parts[place].levels is not None),
        )
        for term in sums
    ]
    for term, chosen in zip(sums, codings(split, intercept=intercept), strict=True):
        for coding in chosen:
            full = dict(coding)
            kept = [place for place in term if parts[place].levels is None or place in full]
            lists = [parts[place].components(place, full.get(place, False)) for place in kept]
            yield from itertools.product(*lists)


def _matrix(
    parts: Sequence[Part],
    values: Sequence[Any],
    products: Sequence[tuple[Component, ...]],
    rows: int,
) -> Floats:
    matrix = np.empty((rows, len(products)))
    for place, product in enumerate(products):
        column = matrix[:, place]
        column[:] = 1.0
        for index, each in enumerate(product):
            own = parts[each.place].column(values[each.place], each)
            if index:
                column *= own
            else:
                column[:] = own
    return matrix


def _means(parts: Sequence[Part], values: Sequence[Any]) -> dict[str, float]:
    return {
        each.name: float(value[:, each.column].mean())
        for place, (part, value) in enumerate(zip(parts, values, strict=True))
        if part.levels is None
        for each in part.components(place, False)
    }


def _far(parts: Sequence[Part], values: Sequence[Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for place, (part, value) in enumerate(zip(parts, values, strict=True)):
        for each in part.components(place, False) if part.levels is None else ():
            column = value[:, each.column]
            with np.errstate(all="ignore"):  # what is not finite is refused after this
                sd = float(column.std())
            if sd > 0 and (column.min() > 0 or column.max() < 0):
                found[each.name] = abs(float(column.mean())) / sd
    return found
