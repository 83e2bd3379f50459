"""Columns of numbers from expressions and terms, evaluated by formulae and remembered.

`Columns` keeps what the data taught it (the mean that `center(x)` took off, the knots of
`bs(x)`, the categories of a column), so that other data get the same columns. What formulae
keeps of the data themselves is let go.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import DataError, PartialPoolError
from .factors import listed
from .formula import names_in
from .table import check_levels, holds, warn

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """A sum of terms, evaluated once; `on` gives its columns for other data.

    Attributes
    ----------
    text : str
    names : tuple of str
    parts : tuple of tuple of str
        Of each column, the names of those whose product it is: ("x", "z") of `x:z`, () of the
        intercept.
    means : mapping of str to float
        Means of the numbers among these, over the data of the fit.
    """

    text: str
    names: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    means: Mapping[str, float]
    _common: Any
    _ranges: dict[str, tuple[float, float]]

    def on(self, frame: pd.DataFrame, where: str) -> Floats:
        """Evaluate on other data, prepared by `table.prepared` for this."""
        if self._common is None:
            return np.ones((len(frame), len(self.names)))
        with _quietly(self.text, where, frame):
            try:
                matrix = self._common.evaluate_new_data(frame).design_matrix
            except ValueError:
                self._unseen(frame, where)
                raise
        self._beyond(frame, where)
        return finished(matrix, self.names, frame, where)

    def _unseen(self, frame: pd.DataFrame, where: str) -> None:
        """Name levels that a call such as C(x) meets for the first time."""
        for part in _calls(self._common.terms.values()):
            if part.kind == "categoric":
                values = part.call.eval(frame, part.env)
                check_levels(part.name, getattr(values, "data", values), part.levels, where)

    def _beyond(self, frame: pd.DataFrame, where: str) -> None:
        """Warn where a spline is asked for values beyond the data it was made from."""
        for part in _calls(self._common.terms.values()):
            if part.name in self._ranges:
                low, high = self._ranges[part.name]
                values = np.asarray(part.call.args[0].eval(frame, part.env))
                count = int(((values < low) | (values > high)).sum())
                if count:
                    warn(
                        f"{count} of {len(values)} rows of {where} lie beyond the data of the "
                        f"fit in `{part.name}`, which were from {low:.4g} to {high:.4g}: "
                        f"a spline runs off there, and predictions mean little."
                    )


def _calls(terms: Iterable[Any]) -> Iterator[Any]:
    """Yield the parts of terms that are calls of functions."""
    for term in terms:
        yield from (part for part in getattr(term, "components", ()) if hasattr(part, "call"))


def fit_columns(text: str, frame: pd.DataFrame, where: str = "data") -> tuple[Columns, Floats]:
    """Evaluate a sum of terms ("1 + floor") and remember how.

    Returns
    -------
    Columns
        Names, and the means to evaluate other data.
    ndarray of shape (rows, columns)
    """
    if text in ("0", "1"):
        names = ("Intercept",) * int(text)
        return Columns(text, names, ((),) * int(text), {}, None, {}), np.ones(
            (len(frame), len(names))
        )
    from formulae.environment import Environment
    from formulae.matrices import DesignMatrices

    from . import functions, syntax

    whole = f"1 + {text}"  # formulae takes a 0 as "less the intercept" only after one
    model = syntax.terms(whole, syntax.scan(whole))
    with _quietly(text, where, frame):
        common = DesignMatrices(model, frame, Environment([functions.NAMESPACE])).common
    found = () if common is None else tuple(common.terms.values())
    names = tuple(str(label) for term in found for label in term.labels)
    for term in found:
        _check_term(term, len(frame))
    if len(set(names)) < len(names) or len(found) < len(model.common_terms):
        twice = sorted({name for name in names if names.count(name) > 1})
        way = "Rename the column, or recode the levels of the factor."
        raise DataError(f"`{text}` gives two coefficients the same name: {listed(twice)}. {way}")
    ranges: dict[str, tuple[float, float]] = {}
    for part in _calls(found):
        if part.call.callee == "bs" and part.call.args:
            values = np.asarray(part.call.args[0].eval(frame, part.env))
            ranges[part.name] = (float(values.min()), float(values.max()))
    matrix = np.empty((len(frame), 0)) if common is None else common.design_matrix
    parts, means = _parts(found)
    for term in found:
        term.data = None
        for part in getattr(term, "components", ()):
            part.value = part._intermediate_data = None
    if common is not None:
        common.data = common.design_matrix = None
    columns = Columns(text, names, parts, means, common, ranges)
    return columns, finished(matrix, names, frame, where)


def _parts(terms: Sequence[Any]) -> tuple[tuple[tuple[str, ...], ...], dict[str, float]]:
    """List what each column is a product of, and the means of the numbers among these."""
    parts: list[tuple[str, ...]] = []
    means: dict[str, float] = {}
    for term in terms:
        components = getattr(term, "components", ())
        parts += itertools.product(*(tuple(map(str, part.labels)) for part in components))
        for part in components:
            if part.kind == "numeric":
                values = np.asarray(part.value, dtype=np.float64).reshape(len(part.value), -1)
                means |= dict(zip(map(str, part.labels), values.mean(axis=0).tolist(), strict=True))
    return tuple(parts), means


def _check_term(term: Any, rows: int) -> None:
    if len(term.labels) != np.size(term.data) // rows:
        raise DataError(f"`{term.name}` gives no column, or none that can be named.")
    for part in getattr(term, "components", ()):
        if part.kind == "categoric" and len(part.levels) < 2:
            raise DataError(
                f"`{part.name}` has one level only, {listed(part.levels)}, so it has no effect to "
                f"estimate. Leave it out of the formula, or add rows with another level."
            )


class Expression:
    """An expression ("log(y)", "10") that gives a number a row; remembers as `Columns` does."""

    def __init__(self, text: str, what: str) -> None:
        from . import syntax

        self.text = text
        self.what = what
        self.columns = names_in(text)
        self._expression = syntax.expression(text, syntax.scan(text))

    def on(self, frame: pd.DataFrame, where: str) -> NDArray[Any]:
        """Evaluate: the first time on the data of the fit."""
        from formulae.environment import Environment
        from formulae.transforms import TRANSFORMS

        from . import functions

        with _quietly(self.text, where, frame, self.what):
            space = Environment([TRANSFORMS, functions.NAMESPACE])
            value = self._expression.eval(frame, space)
        if isinstance(value, (int, float)):
            value = np.full(len(frame), value)
        values = np.asarray(value)
        if values.dtype.kind not in "biuf" or values.shape != (len(frame),):
            told = _text_in(self.text, frame, self.what)
            raise DataError(
                f"{self.what} `{self.text}` must be a number in each row of {where}.{told}"
            )
        if values.dtype.kind == "b":
            values = values.astype(np.int64)
        finished(values[:, None], (self.text,), frame, where)
        return values


def _text_in(text: str, frame: pd.DataFrame, what: str = "") -> str:
    """Say which column of an expression holds no numbers, and what to do."""
    for name in names_in(text):
        column = frame.get(name)
        if column is None or column.dtype.kind in "biuf":
            continue
        known = column.cat.categories if hasattr(column, "cat") else column
        values = known.tolist()
        told = f" Column {name!r} holds {holds(pd.Series(values, dtype=object))}."
        if what == "The response" and len(values) == 2:
            return f"{told} For a response of two outcomes write ({name} == {values[-1]!r}) ~ ..."
        return f"{told} Make numbers of it first, for example pd.to_numeric(data[{name!r}])."
    return ""


def finished(
    matrix: Any, names: Sequence[str], frame: pd.DataFrame, where: str
) -> NDArray[np.float64]:
    """Make a matrix of floats, every one of them finite."""
    values: Floats = np.asarray(matrix, dtype=np.float64)
    # A sum is finite if its entries are: rows are looked at only where it is not.
    with np.errstate(all="ignore"):
        suspects = np.flatnonzero(~np.isfinite(values.sum(axis=0)))
    for column in suspects.tolist():
        bad = np.flatnonzero(~np.isfinite(values[:, column]))
        if len(bad):
            labels = frame.index[bad].tolist()
            way = "Leave these rows out, or change the expression."
            if np.isnan(values[:, column]).all():
                way = "Perhaps a column in it is constant, or of the wrong sign."
            raise DataError(
                f"`{names[column]}` is not finite in {len(bad)} of {len(frame)} rows of {where} "
                f"(row {listed(labels, 4)}): it is {values[bad[0], column]} there. {way}"
            )
    return values


@contextlib.contextmanager
def _quietly(text: str, where: str, frame: pd.DataFrame, what: str = "") -> Iterator[None]:
    """Let neither formulae nor NumPy print; say which expression an error comes from."""
    try:
        with (
            np.errstate(all="ignore"),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    except PartialPoolError:
        raise
    except Exception as problem:
        terms = text.removeprefix("1 + ").removeprefix("0 + ")
        name = f"{what} `{text}`" if what else f"`{terms}`"
        reason = _text_in(text, frame, what) if isinstance(problem, TypeError) else ""
        raise DataError(
            f"{name} cannot be computed from {where}:{reason or f' {problem}'}"
        ) from problem
