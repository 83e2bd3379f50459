"""Build the design of a model: the design matrices of a formula on a table.

A design has the design matrix of the fixed part and, for each group term, its design matrix and
the code of each row's group. There is never a matrix of rows by groups. A design remembers means,
knots and levels of its data, and `Design.on` evaluates the same columns on other data. The text
of the formula and `Design.data` are enough to build the design again, so a saved fit has these
two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..columns.columns import Columns, fit_columns
from ..data import frame as frames
from ..data.levels import Factor, fit_factor
from ..data.text_columns import check_columns, check_numbers_as_text
from ..errors import DataError, OptionError, warn
from ..formula.tree import Formula, names_in
from .group_term import (
    GroupDesign,
    check_overlap,
    label_of,
    slope_notes,
    spelling_hint,
    unseen_groups_message,
)
from .rank import check_rank
from .response import Array, Expressions, Response

__all__ = ["Design", "GroupDesign", "Response", "build"]

NewGroups = Literal["error", "sample", "population"]


@dataclass(frozen=True, eq=False)
class _Memory:
    """What is needed to evaluate the design on other data.

    Attributes
    ----------
    expressions : Expressions
        The response, what belongs to it, and the offsets.
    fixed : Columns
    groups : dict of str to (Columns, Factor)
        By the label of the group term.
    kinds : dict of str to Kind
        Types of the columns of the data.
    """

    expressions: Expressions
    fixed: Columns
    groups: dict[str, tuple[Columns, Factor]]
    kinds: dict[str, frames.Kind]


@dataclass(frozen=True, eq=False)
class Design:
    """The design matrices of a formula on a table.

    Attributes
    ----------
    formula : Formula
    data : DataFrame
        The columns used, with the user's index and without the rows that were dropped.
    dropped : int
        Number of rows dropped.
    intercept : bool
        Whether the fixed part has an intercept.
    coefficients : tuple of str
        Names of X's columns; "Intercept" is not among them.
    X : array, (row, coefficient)
        Design matrix of the fixed part, without its intercept.
    offset : array, (row,)
        Sum of the offsets; zeros if there are none.
    groups : tuple of GroupDesign
        One for each group term.
    response : Response or None
        None in a design made by `on`.
    trials, weights, se : array, (row,), or None
        As in the response; None if other data do not have their columns.
    notes : tuple of str
        Remarks on the data that need no warning.
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
        """Evaluate this design on other data.

        Parameters
        ----------
        newdata : DataFrame or dict of columns
            Columns that only the response, `weights()` and `se()` name are not needed.
        new_groups : {"error", "sample", "population"}
            What to do with groups that the data of the fit did not have: "error" raises; the
            others code them as -1, -2, ..., and the prediction decides on their effects.
        with_trials : bool
            Whether newdata must have the columns that `trials()` names.

        Returns
        -------
        Design
            With the columns and group terms of this one, and without a response.

        Raises
        ------
        DataError
            If columns are missing, values are missing or of another type, or a level or group
            is new.
        OptionError
            If `new_groups` is not one of those.
        """
        if new_groups not in ("error", "sample", "population"):
            raise OptionError(
                f"new_groups is 'error', 'sample' or 'population', not {new_groups!r}."
            )
        return _evaluate_on(self, newdata, new_groups, with_trials)


def build(formula: Formula, data: Any, *, na_action: Literal["error", "drop"] = "error") -> Design:
    """Build the design of a formula on a table.

    Parameters
    ----------
    formula : Formula
        From `formula.parse`.
    data : DataFrame or dict of columns
    na_action : {"error", "drop"}
        Whether rows with missing or infinite values raise an error or are left out.

    Returns
    -------
    Design

    Raises
    ------
    DataError
        If the data do not suit the formula; names the column, level and rows.

    Warns
    -----
    DataWarning
        If a predictor with a slope for each group varies within no group, or if text is probably
        no category.
    """
    whole = frames.as_frame(data)
    used = frames.complete(frames.select(whole, formula.variables), na_action)
    check_numbers_as_text(used, formula.terms)
    check_columns(used, formula)
    evaluated = names_in(formula.response, formula.trials, formula.weights, formula.se)
    frame, kinds = frames.prepared(used, (*evaluated, *formula.predictors))
    expressions = Expressions(formula)
    y = expressions.evaluate_response(frame)
    fixed, columns = fit_columns(formula.fixed, frame)
    intercept, names, X = _without_intercept(fixed.names, columns)
    check_rank(names, X, intercept=intercept, term="the fixed part")
    groups: list[GroupDesign] = []
    remembered: dict[str, tuple[Columns, Factor]] = {}
    coded: dict[tuple[str, ...], tuple[Factor, NDArray[np.int64]]] = {}
    for term in formula.groups:
        if term.factors not in coded:
            coded[term.factors] = fit_factor(term.factors, used)
        factor, codes = coded[term.factors]
        same = term.effects == formula.fixed
        effects, Z = (fixed, columns) if same else fit_columns(term.effects, frame)
        has_intercept, slopes, slope_columns = _without_intercept(effects.names, Z)
        check_rank(slopes, slope_columns, intercept=has_intercept, term=f"the group term {term}")
        label = label_of(term.factor, list(remembered), [t.factor for t in formula.groups])
        remembered[label] = effects, factor
        groups.append(
            GroupDesign(
                label=label,
                factor=term.factor,
                coefficients=effects.names,
                Z=Z,
                codes=codes,
                levels=factor.levels,
                new_levels=(),
                correlated=term.correlated and len(effects.names) > 1,
            )
        )
    check_overlap(formula.groups, groups)
    return Design(
        formula=formula,
        data=used,
        dropped=len(whole) - len(used),
        intercept=intercept,
        coefficients=names,
        X=X,
        offset=expressions.evaluate_offset(frame, "data"),
        groups=tuple(groups),
        response=y,
        trials=y.trials,
        weights=y.weights,
        se=y.se,
        notes=tuple(slope_notes(groups)),
        _memory=_Memory(expressions, fixed, remembered, kinds),
    )


def _evaluate_on(design: Design, newdata: Any, new_groups: NewGroups, with_trials: bool) -> Design:
    """Evaluate a design on other data: see `Design.on`."""
    formula, memory, where = design.formula, design._memory, "newdata"
    whole = frames.as_frame(newdata, where)
    terms = [memory.groups[group.label] for group in design.groups]
    needed = [*names_in(formula.fixed, *formula.offsets, *(effects.text for effects, _ in terms))]
    needed += names_in(formula.trials) if with_trials else ()
    optional = names_in(formula.trials, formula.weights, formula.se)
    needed += [name for name in optional if name in whole.columns]
    evaluated = tuple(dict.fromkeys(needed))
    grouping = [name for _, factor in terms for name in factor.columns]
    used = frames.select(whole, tuple(dict.fromkeys([*evaluated, *grouping])), where)
    used = frames.complete(used, "error", where)
    frame = frames.prepared_again(used, evaluated, memory.kinds, where)
    groups: list[GroupDesign] = []
    for group, (effects, factor) in zip(design.groups, terms, strict=True):
        codes, unseen = factor.on(used)
        if unseen and new_groups == "error":
            raise DataError(unseen_groups_message(factor, codes, unseen))
        if like := spelling_hint(unseen, factor.levels):
            warn(f"`{factor.name}` in {where} holds groups that are new to the fit.{like}")
        groups.append(
            GroupDesign(
                label=group.label,
                factor=group.factor,
                coefficients=group.coefficients,
                Z=effects.on(frame, where),
                codes=codes,
                levels=group.levels,
                new_levels=unseen,
                correlated=group.correlated,
            )
        )
    columns = memory.fixed.on(frame, where)
    places = [memory.fixed.names.index(name) for name in design.coefficients]
    parts = memory.expressions.evaluate_parts(frame, where)
    return Design(
        formula=formula,
        data=used,
        dropped=0,
        intercept=design.intercept,
        coefficients=design.coefficients,
        X=columns[:, places],
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
    """Return whether there is an intercept, and the names and columns of all other coefficients."""
    slopes = [index for index, name in enumerate(names) if name != "Intercept"]
    first = len(names) - len(slopes)
    contiguous = slopes == list(range(first, len(names)))
    X = columns[:, first:] if contiguous else columns[:, slopes]  # a slice copies nothing
    return len(slopes) < len(names), tuple(names[index] for index in slopes), X
