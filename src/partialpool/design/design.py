"""Designs: a formula and a table made into what the programs take.

A design holds the columns of the fixed part, and for each group term its columns and one code
a row: never a matrix of rows by groups. It remembers what the data taught it; `Design.on`
gives the same columns for other data. Formula text and `Design.data` make the same design
again, so a fit is saved by these two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns.columns import Columns, fit_columns
from ..data import frame as table
from ..data.levels import Factor, fit_factor
from ..data.text_columns import check_columns
from ..errors import DataError, OptionError, warn
from ..formula.tree import Formula, names_in
from .group_term import (
    GroupDesign,
    check_overlap,
    label_of,
    notes_on,
    spelled_like,
    unseen_groups,
)
from .rank import check_rank
from .response import Array, Expressions, Response

__all__ = ["Design", "GroupDesign", "Response", "build"]

NewGroups = Literal["error", "sample", "population"]


@dataclass(frozen=True, eq=False)
class _Memory:
    """What the data of the fit taught: transforms, categories, groups."""

    expressions: Expressions
    fixed: Columns
    groups: dict[str, tuple[Columns, Factor]]  # by the term's label
    kinds: dict[str, table.Kind]


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
        As in the response; for new data None where newdata lacks their columns.
    notes : tuple of str
        What a user may want to know of the data and is no fault.
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
    trials: Array | None
    weights: Array | None
    se: Array | None
    notes: tuple[str, ...]
    _memory: _Memory = field(repr=False)

    def __repr__(self) -> str:
        """Show the formula, the sizes and the names."""
        names = ("Intercept",) * self.intercept + self.coefficients
        lines = [f"{self.formula}", f"{len(self.data)} rows: {', '.join(names) or 'no fixed part'}"]
        return "\n".join([*lines, *(repr(group) for group in self.groups)])

    def on(
        self, newdata: Any, *, new_groups: NewGroups = "error", with_trials: bool = True
    ) -> Design:
        """Make the design of other data, with the columns and group terms of this one.

        Parameters
        ----------
        newdata : DataFrame or dict of columns
            Columns that only the response, `weights()` and `se()` name are not needed.
        new_groups : {"error", "sample", "population"}
            What to do with groups that the data of the fit did not hold: raise, or code them
            as -1, -2, ... (and leave it to the prediction what these mean).
        with_trials : bool
            Whether newdata must hold the columns that `trials()` names.

        Returns
        -------
        Design
        """
        if new_groups not in ("error", "sample", "population"):
            raise OptionError(
                f"new_groups is 'error', 'sample' or 'population', not {new_groups!r}."
            )
        return _on(self, newdata, new_groups, with_trials)


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

    Warns
    -----
    DataWarning
        If a slope that is to differ between groups varies within none, or text is no category.
    """
    given = table.as_frame(data)
    used = table.complete(table.select(given, formula.variables), na_action)
    table.check_text(used, formula.terms)
    check_columns(used, formula)
    evaluated = names_in(formula.response, formula.trials, formula.weights, formula.se)
    frame, kinds = table.prepared(used, (*evaluated, *formula.predictors))
    expressions = Expressions(formula)
    y = expressions.evaluate_response(frame)
    fixed, columns = fit_columns(formula.fixed, frame)
    intercept, names, X = _without_intercept(fixed.names, columns)
    check_rank(names, X, intercept=intercept, term="the fixed part")
    groups: list[GroupDesign] = []
    learnt: dict[str, tuple[Columns, Factor]] = {}
    coded: dict[tuple[str, ...], tuple[Factor, NDArray[np.int64]]] = {}
    for term in formula.groups:
        if term.factors not in coded:
            coded[term.factors] = fit_factor(term.factors, used)
        factor, codes = coded[term.factors]
        same = term.effects == formula.fixed
        own, Z = (fixed, columns) if same else fit_columns(term.effects, frame)
        inner, rest, varying = _without_intercept(own.names, Z)
        check_rank(rest, varying, intercept=inner, term=f"the group term {term}")
        label = label_of(term.factor, list(learnt), [t.factor for t in formula.groups])
        learnt[label] = own, factor
        groups.append(
            GroupDesign(
                label=label,
                factor=term.factor,
                coefficients=own.names,
                Z=Z,
                codes=codes,
                levels=factor.levels,
                new_levels=(),
                correlated=term.correlated and len(own.names) > 1,
            )
        )
    check_overlap(formula.groups, groups)
    return Design(
        formula=formula,
        data=used,
        dropped=len(given) - len(used),
        intercept=intercept,
        coefficients=names,
        X=X,
        offset=expressions.evaluate_offset(frame, "data"),
        groups=tuple(groups),
        response=y,
        trials=y.trials,
        weights=y.weights,
        se=y.se,
        notes=tuple(notes_on(groups)),
        _memory=_Memory(expressions, fixed, learnt, kinds),
    )


def _on(design: Design, newdata: Any, new_groups: NewGroups, with_trials: bool) -> Design:
    formula, memory, where = design.formula, design._memory, "newdata"
    given = table.as_frame(newdata, where)
    terms = [memory.groups[group.label] for group in design.groups]
    wanted = [*names_in(formula.fixed, *formula.offsets, *(own.text for own, _ in terms))]
    wanted += names_in(formula.trials) if with_trials else ()
    others = names_in(formula.trials, formula.weights, formula.se)
    wanted += [name for name in others if name in given.columns]
    evaluated = tuple(dict.fromkeys(wanted))
    grouping = [name for _, factor in terms for name in factor.columns]
    used = table.select(given, tuple(dict.fromkeys([*evaluated, *grouping])), where)
    used = table.complete(used, "error", where)
    frame = table.prepared_again(used, evaluated, memory.kinds, where)
    groups: list[GroupDesign] = []
    for group, (own, factor) in zip(design.groups, terms, strict=True):
        codes, unseen = factor.on(used)
        if unseen and new_groups == "error":
            raise DataError(unseen_groups(factor, codes, unseen))
        if like := spelled_like(unseen, factor.levels):
            warn(f"`{factor.name}` in {where} holds groups that are new to the fit.{like}")
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
    columns = memory.fixed.on(frame, where)
    kept = [memory.fixed.names.index(name) for name in design.coefficients]
    parts = memory.expressions.evaluate_parts(frame, where)
    return Design(
        formula=formula,
        data=used,
        dropped=0,
        intercept=design.intercept,
        coefficients=design.coefficients,
        X=columns[:, kept],
        offset=memory.expressions.evaluate_offset(frame, where),
        groups=tuple(groups),
        response=None,
        trials=parts["trials"],
        weights=parts["weights"],
        se=parts["se"],
        notes=(),
        _memory=memory,
    )


def _without_intercept(
    names: Sequence[str], columns: NDArray[np.float64]
) -> tuple[bool, tuple[str, ...], NDArray[np.float64]]:
    keep = [index for index, name in enumerate(names) if name != "Intercept"]
    first = len(names) - len(keep)  # a slice is a view: nothing is copied
    rest = columns[:, first:] if keep == list(range(first, len(names))) else columns[:, keep]
    return len(keep) < len(names), tuple(names[index] for index in keep), rest
