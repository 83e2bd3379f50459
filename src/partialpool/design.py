"""Designs: a formula and a table made into what the programs take.

A design holds the columns of the fixed part, and for each group term its columns and one code
a row: never a matrix of rows by groups. It remembers what the data taught it; `Design.on`
gives the same columns for other data.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from . import table
from .columns import Columns, evaluate, fit_columns
from .errors import DataError, OptionError
from .factors import Factor, fit_factor, listed
from .formula import Formula, names_in

Array = NDArray[Any]
NewGroups = Literal["error", "sample", "population"]


@dataclass(frozen=True, eq=False)
class Response:
    """The response and what belongs to it, one value a row."""

    y: Array
    name: str
    trials: Array | None = None
    weights: Array | None = None
    se: Array | None = None


@dataclass(frozen=True, eq=False)
class GroupDesign:
    """A group term: its columns, and the group of each row.

    Attributes
    ----------
    label : str
        "county"; a second term of the same factor is "county.1".
    factor : str
    coefficients : tuple of str
        Names of Z's columns.
    Z : ndarray of shape (rows, coefficients)
    codes : ndarray of int
        Place of the row's group in `levels`; -(i + 1) stands for `new_levels[i]`.
    levels : tuple
        The user's labels.
    new_levels : tuple
        Labels that the data of the fit did not hold (in `Design.on` alone).
    correlated : bool
        Whether the coefficients of a group are correlated; False if there is one.
    """

    label: str
    factor: str
    coefficients: tuple[str, ...]
    Z: NDArray[np.float64]
    codes: NDArray[np.int64]
    levels: tuple[Hashable, ...]
    new_levels: tuple[Hashable, ...]
    correlated: bool


@dataclass(frozen=True, eq=False)
class _Memory:
    """What the data of the fit taught: transforms, categories, groups."""

    fixed: Columns
    effects: tuple[Columns, ...]
    factors: tuple[Factor, ...]
    levels: dict[str, tuple[Hashable, ...]]


@dataclass(frozen=True, eq=False)
class Design:
    """A formula and a table, made into columns and codes.

    Attributes
    ----------
    formula : Formula
    data : DataFrame
        The columns used; rows that were dropped are not in it, the index is the user's.
    dropped : int
        Number of rows dropped.
    intercept : bool
    coefficients : tuple of str
        Names of X's columns; "Intercept" is not among them.
    X : ndarray of shape (rows, coefficients)
        The fixed part without its intercept.
    offset : ndarray
        Sum of the offsets, zeros without any.
    groups : tuple of GroupDesign
    response : Response or None
        None in a design made by `on`.
    trials, weights, se : ndarray or None
        As in the response; for new data None where newdata lacks the columns of weights or se.
    """

    formula: Formula
    data: pd.DataFrame
    dropped: int
    intercept: bool
    coefficients: tuple[str, ...]
    X: NDArray[np.float64]
    offset: NDArray[np.float64]
    groups: tuple[GroupDesign, ...]
    response: Response | None
    trials: Array | None = None
    weights: Array | None = None
    se: Array | None = None
    _memory: _Memory | None = field(default=None, repr=False)

    def on(self, newdata: Any, *, new_groups: NewGroups = "error") -> Design:
        """Make the design of other data, with the columns of this one.

        Parameters
        ----------
        newdata : DataFrame or dict of columns
            Columns of the response are not needed.
        new_groups : {"error", "sample", "population"}
            What to do with groups that the data of the fit did not hold: raise, or code them
            as -1, -2, ... (and leave it to the prediction what these mean).

        Returns
        -------
        Design
        """
        if new_groups not in ("error", "sample", "population"):
            raise OptionError(
                f"new_groups is 'error', 'sample' or 'population', not {new_groups!r}."
            )
        assert self._memory is not None
        return _on(self, self._memory, newdata, new_groups)


def build(formula: Formula, data: Any, *, na_action: Literal["error", "drop"] = "error") -> Design:
    """Make the design of a formula and a table.

    Parameters
    ----------
    formula : Formula
        From `formula.parse`.
    data : DataFrame or dict of columns
    na_action : {"error", "drop"}
        Whether rows with missing or infinite values are refused or left out.

    Returns
    -------
    Design

    Raises
    ------
    DataError
        Names the column, level and rows, and says what to do.
    """
    given = table.as_frame(data)
    selected = table.select(given, formula.variables)
    used = table.complete(selected, na_action)
    frame, levels = table.prepared(used, _evaluated(formula))
    response = _response(formula, frame)
    fixed, columns = fit_columns(formula.fixed, frame)
    intercept, names, X = _without_intercept(fixed.names, columns)
    groups: list[GroupDesign] = []
    effects: list[Columns] = []
    factors: dict[tuple[str, ...], tuple[Factor, NDArray[np.int64]]] = {}
    for term in formula.groups:
        if term.factors not in factors:
            factors[term.factors] = fit_factor(term.factors, used)
        factor, codes = factors[term.factors]
        own, Z = fit_columns(term.effects, frame)
        effects.append(own)
        count = sum(group.factor == term.factor for group in groups)
        groups.append(
            GroupDesign(
                label=f"{term.factor}.{count}" if count else term.factor,
                factor=term.factor,
                coefficients=own.names,
                Z=Z,
                codes=codes,
                levels=factor.levels,
                new_levels=(),
                correlated=term.correlated and len(own.names) > 1,
            )
        )
    return Design(
        formula=formula,
        data=used,
        dropped=len(given) - len(used),
        intercept=intercept,
        coefficients=names,
        X=X,
        offset=_offset(formula, frame, "data"),
        groups=tuple(groups),
        response=response,
        trials=response.trials,
        weights=response.weights,
        se=response.se,
        _memory=_Memory(
            fixed, tuple(effects), tuple(factors[t.factors][0] for t in formula.groups), levels
        ),
    )


def _on(design: Design, memory: _Memory, newdata: Any, new_groups: NewGroups) -> Design:
    formula = design.formula
    where = "newdata"
    given = table.as_frame(newdata, where)
    needed = names_in(formula.trials, formula.weights, formula.se)
    optional = set(needed) - set(names_in(formula.trials)) - set(given.columns)
    needed = tuple(dict.fromkeys([*formula.predictors, *needed]))
    needed = tuple(name for name in needed if name not in optional)
    used = table.select(given, tuple(dict.fromkeys([*needed, *formula.factors])), where)
    used = table.complete(used, "error", where)
    frame = table.prepared_again(used, needed, memory.levels, where)
    X = _without_intercept(memory.fixed.names, memory.fixed.on(frame, where))[2]
    groups: list[GroupDesign] = []
    for group, own, factor in zip(design.groups, memory.effects, memory.factors, strict=True):
        codes, unseen = factor.on(used)
        if unseen and new_groups == "error":
            raise DataError(
                f"`{factor.name}` in newdata holds groups that the data of the fit did not: "
                f"{listed(unseen)} ({int((codes < 0).sum())} of {len(used)} rows). Pass "
                f'new_groups="sample" to draw them from the population of groups, or '
                f'new_groups="population" to leave their deviation out.'
            )
        groups.append(
            GroupDesign(
                label=group.label,
                factor=group.factor,
                coefficients=group.coefficients,
                Z=own.on(frame, where),
                codes=codes,
                levels=group.levels,
                new_levels=unseen,
                correlated=group.correlated,
            )
        )
    parts = _parts(formula, frame, where)
    return Design(
        formula=formula,
        data=used,
        dropped=0,
        intercept=design.intercept,
        coefficients=design.coefficients,
        X=X,
        offset=_offset(formula, frame, where),
        groups=tuple(groups),
        response=None,
        trials=parts["trials"],
        weights=parts["weights"],
        se=parts["se"],
        _memory=memory,
    )


def _evaluated(formula: Formula) -> tuple[str, ...]:
    """Columns that expressions name: all but those that are grouping factors only."""
    own = names_in(formula.response, formula.trials, formula.weights, formula.se)
    return tuple(dict.fromkeys([*own, *formula.predictors]))


def _response(formula: Formula, frame: pd.DataFrame) -> Response:
    y = evaluate(formula.response, frame, "The response")
    return Response(y=y, name=formula.response, **_parts(formula, frame, "data"))


def _parts(formula: Formula, frame: pd.DataFrame, where: str) -> dict[str, Array | None]:
    """Evaluate trials, weights and standard errors; None where a column is not there."""
    found: dict[str, Array | None] = {}
    for name in ("trials", "weights", "se"):
        text: str | None = getattr(formula, name)
        found[name] = None
        if text is None or not set(names_in(text)) <= set(frame.columns):
            continue
        values = evaluate(text, frame, f"{name}()", where)
        found[name] = values
        if name == "trials":
            bad, wanted = (values < 0) | (values != np.floor(values)), "whole numbers from 0"
        else:
            bad, wanted = values <= 0, "greater than 0"
        if bad.any():
            rows = frame.attrs["labels"][np.flatnonzero(bad)[:5]].tolist()
            raise DataError(
                f"{name}({text}) must be {wanted}: it is {values[bad][0]} in {int(bad.sum())} of "
                f"{len(values)} rows of {where} (row {listed(rows, 4)})."
            )
    return found


def _offset(formula: Formula, frame: pd.DataFrame, where: str) -> NDArray[np.float64]:
    total = np.zeros(len(frame))
    for text in formula.offsets:
        total += evaluate(text, frame, "offset()", where)
    return total


def _without_intercept(
    names: Sequence[str], columns: NDArray[np.float64]
) -> tuple[bool, tuple[str, ...], NDArray[np.float64]]:
    keep = [index for index, name in enumerate(names) if name != "Intercept"]
    rest = columns if len(keep) == len(names) else columns[:, keep]
    return len(keep) < len(names), tuple(names[index] for index in keep), rest
