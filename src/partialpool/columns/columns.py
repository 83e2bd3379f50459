"""Evaluate sums of terms as columns of a design matrix.

`Columns` keeps what it needs to evaluate the same columns on other data: the mean that
`center(x)` subtracted, the knots of `bs(x)`, the levels of a categorical column. It keeps no
rows of the data.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..arrays import Floats
from ..data.levels import list_values
from ..errors import DataError
from ..formula import tokens as syntax
from ..formula.expressions import Expression
from ..formula.summands import read_terms
from .coding import codings
from .parts import Component, Part
from .row_errors import checked_finite, naming_errors


@dataclass(frozen=True)
class Columns:
    """A sum of terms, evaluated on the data of the fit; `on` evaluates it on other data.

    Attributes
    ----------
    text : str
        The sum of terms: "1 + floor".
    names : tuple of str
        Names of the columns; the intercept is "Intercept".
    parts : tuple of tuple of str
        For each column, the names of the columns whose product it is: "x" and "z" for ``x:z``,
        "f[b]" and "year" for ``f[b]:year``, none for the intercept.
    means : mapping of str to float
        For each numeric part, its mean in the data of the fit.
    far : mapping of str to float
        For each numeric part that is all above or all below 0, the distance of its mean from 0
        in standard deviations.
    levels : tuple of tuple of str
        For each factor, the names of its columns in a full coding. Those of a lean coding are
        among them, unless the formula sets contrasts.
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
        """Evaluate on other data.

        Parameters
        ----------
        frame : DataFrame
            From `data.frame.prepared_again`.
        where : str
            Name of the data in messages: "newdata".

        Returns
        -------
        array, (row, column)
        """
        with naming_errors(self.text, where, frame):
            values = [part.on(frame, where) for part in self._parts]
            matrix = _matrix(self._parts, values, self._products, len(frame))
        return checked_finite(matrix, self.names, frame, where)


def fit_columns(text: str, frame: pd.DataFrame, where: str = "data") -> tuple[Columns, Floats]:
    """Evaluate a sum of terms ("1 + floor") on the data of the fit.

    Returns
    -------
    Columns
        The names of the columns, and how to evaluate them on other data.
    array, (row, column)

    Raises
    ------
    DataError
        If a term cannot be computed, is not finite, or there are more columns than rows.
    """
    terms, intercept = _terms(text)
    places: dict[tuple[bool, str], int] = {}
    parts: list[Part] = []
    for expression in itertools.chain.from_iterable(terms):
        if (key := _key(expression)) not in places:
            places[key] = len(parts)
            parts.append(Part(expression))
    with naming_errors(text, where, frame):
        values = [part.fit(frame, where) for part in parts]
        sums = [[places[_key(expression)] for expression in term] for term in terms]
        products: list[tuple[Component, ...]] = [()] if intercept else []
        products += itertools.islice(_products(parts, sums, intercept), len(frame) + 1)
        if len(products) > len(frame) + intercept:
            raise DataError(
                f"`{text}` has more coefficients than the data have rows, {len(frame)}: "
                f"leave terms out, or write a factor of many levels as (1 | factor)."
            )
        matrix = _matrix(parts, values, products, len(frame))
    component_names = tuple(tuple(part.name for part in product) for product in products)
    names = tuple(":".join(parts_of) or "Intercept" for parts_of in component_names)
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        way = "Rename the column, or recode the levels of the factor."
        raise DataError(
            f"`{text}` gives two coefficients the same name: {list_values(twice)}. {way}"
        )
    columns = Columns(
        text=text,
        names=names,
        parts=component_names,
        means=_means(parts, values),
        far=_far(parts, values),
        levels=tuple(
            tuple(component.name for component in part.components(place, True))
            for place, part in enumerate(parts)
            if part.levels is not None
        ),
        _parts=tuple(parts),
        _products=tuple(products),
    )
    return columns, checked_finite(matrix, names, frame, where)


def _key(expression: Expression) -> tuple[bool, str]:
    """Return a key that is equal for equal expressions: a column `log(x)` is not the call."""
    return expression.column is None, expression.name


def _terms(text: str) -> tuple[tuple[tuple[Expression, ...], ...], bool]:
    """Parse a sum of terms; return its terms and whether it has an intercept."""
    if text in ("0", "1"):
        return (), text == "1"
    tokens = syntax.scan(text)
    return read_terms(text, tokens), tokens[0].literal == 1


def _products(
    parts: Sequence[Part], sums: Sequence[Sequence[int]], intercept: bool
) -> Iterator[tuple[Component, ...]]:
    """Yield the columns of all terms, each as the components whose product it is."""
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
            used = [place for place in term if parts[place].levels is None or place in full]
            lists = [parts[place].components(place, full.get(place, False)) for place in used]
            yield from itertools.product(*lists)


def _matrix(
    parts: Sequence[Part],
    values: Sequence[Any],
    products: Sequence[tuple[Component, ...]],
    rows: int,
) -> Floats:
    """Multiply components into the columns of the matrix, (row, column)."""
    matrix = np.empty((rows, len(products)))
    for place, product in enumerate(products):
        column = matrix[:, place]
        column[:] = 1.0
        for index, component in enumerate(product):
            factor = parts[component.place].column(values[component.place], component)
            if index:
                column *= factor
            else:
                column[:] = factor
    return matrix


def _means(parts: Sequence[Part], values: Sequence[Any]) -> dict[str, float]:
    """Return `Columns.means`."""
    return {
        component.name: float(value[:, component.column].mean())
        for place, (part, value) in enumerate(zip(parts, values, strict=True))
        if part.levels is None
        for component in part.components(place, False)
    }


def _far(parts: Sequence[Part], values: Sequence[Any]) -> dict[str, float]:
    """Return `Columns.far`."""
    distances: dict[str, float] = {}
    for place, (part, value) in enumerate(zip(parts, values, strict=True)):
        for component in part.components(place, False) if part.levels is None else ():
            column = value[:, component.column]
            with np.errstate(all="ignore"):  # values that are not finite are refused later
                sd = float(column.std())
            if sd > 0 and (column.min() > 0 or column.max() < 0):
                distances[component.name] = abs(float(column.mean())) / sd
    return distances
