"""Warn of columns of text that are probably no categories.

Such text is dates, numbers, several spellings of one level, or identifiers. A model with them as
categories can be fitted, but is probably not what the user means, so each gives a warning with
the code to type. A Categorical column, or C(column) for a predictor, says that the values are
categories.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, warn
from ..formula import tokens as syntax
from ..formula.tree import Formula
from .dates_and_numbers import (
    dates_message,
    days_message,
    holds_dates,
    if_categories,
    numbers_message,
    quoted,
)
from .frame import as_numbers, is_number
from .levels import list_values
from .spelling import merging_code, shown, variants

_MISSING_TEXTS = frozenset({"", "nan", "<na>", "#n/a", "nat"})
"""Texts that stand for a missing value in any column."""
_MISSING_CODES = (-999.0, -9999.0, -99999.0)
"""Numbers that stand for a missing value in many data files."""
_IDENTIFIER_SHARE = 0.9
_FEWEST_IDENTIFIERS = 10
"""Different texts, as a share of the rows and in number, from which on they are identifiers."""


def check_numbers_as_text(frame: pd.DataFrame, terms: Sequence[str]) -> None:
    """Raise `DataError` if a term is a column of text in which nearly all values are numbers.

    This is probably a mistake in the user's file. A Categorical column, or C(column) in the
    formula, says that the values are categories.
    """
    for term in terms:
        for name in _names(term, _outside_calls):
            column = frame.get(name)
            if column is None or as_numbers(column) is not None:
                continue
            if isinstance(column.dtype, pd.CategoricalDtype):
                continue
            texts = [value for value in column.unique().tolist() if isinstance(value, str)]
            odd = [value for value in texts if not is_number(value)]
            if len(texts) - len(odd) < max(3, len(odd) + 1) or not odd:
                continue
            rows = frame.index[column.isin(odd)]
            raise DataError(
                f"Column {name!r} holds text such as {odd[0]!r} in {len(rows)} of {len(frame)} "
                f"rows (row {list_values(rows.tolist(), 4)}), and numbers in all others. Correct "
                f"these rows and make numbers of the column: pd.to_numeric(data[{name!r}]). If its "
                f"values are categories, write C({name})."
            )


def check_columns(frame: pd.DataFrame, formula: Formula) -> None:
    """Warn of columns that are probably not of the type they are used as, once for each column.

    Parameters
    ----------
    frame : DataFrame
        The columns of the formula, without missing values.
    formula : Formula

    Warns
    -----
    DataWarning
        Names the column and its values, and gives the code that corrects it.
    """
    terms = dict.fromkeys(name for text in formula.terms for name in _names(text, _outside_calls))
    inside = [*formula.terms, *formula.offsets, formula.response]
    compared = dict.fromkeys(name for text in inside for name in _names(text, _not_in_c))
    one_row_each = formula.trials is None and formula.se is None
    for name in dict.fromkeys([*terms, *compared, *formula.factors]):
        column = frame[name]
        texts = _texts(column)
        message = None
        if texts is None and name in compared:
            message = _missing_codes(name, column)
            if name in terms and holds_dates(column):
                message = days_message(name, "dates", column.iloc[0], column.nunique(), "")
        elif texts is not None and name in terms:
            message = dates_message(name, column, texts) or numbers_message(name, column, texts)
        if message is None and texts:
            message = _spellings(name, column, texts, term=name in terms)
            message = message or _missing_texts(name, column, texts)
            if message is None and one_row_each and name in terms:
                message = _identifiers(name, column, texts)
        if message is not None:
            warn(message)


def _texts(column: pd.Series[Any]) -> list[str] | None:
    """List the different texts of a column; None if it has none or is a Categorical."""
    if isinstance(column.dtype, pd.CategoricalDtype) or column.dtype.kind in "biufcmM":
        return None
    texts = [value for value in column.unique().tolist() if isinstance(value, str)]
    return texts or None


def _names(text: str, select: Callable[[Sequence[Any]], list[Any]]) -> tuple[str, ...]:
    """List the columns that the selected tokens of a text name."""
    return syntax.names(select(syntax.scan(text)))


def _outside_calls(tokens: Sequence[Any]) -> list[Any]:
    """Select the tokens outside all parentheses: columns that are terms or parts of products."""
    return [t for t, depth in zip(tokens, syntax.depths(tokens), strict=True) if depth == 0]


def _not_in_c(tokens: Sequence[Any]) -> list[Any]:
    """Select the tokens that are not inside C(...)."""
    selected: list[Any] = []
    inside: int | None = None
    for token, depth in zip(tokens, syntax.depths(tokens), strict=True):
        if inside is None or depth <= inside:
            selected.append(token)
        if inside is None and token.lexeme == "C":
            inside = depth
        elif depth == inside and token.lexeme != "(":
            inside = None
    return selected


def _spellings(
    name: str, column: pd.Series[Any], texts: Sequence[str], *, term: bool
) -> str | None:
    """Return the warning for levels that differ in white space, case or invisible characters."""
    groups = variants(texts)
    if not groups:
        return None
    counts = column.value_counts()
    ordered = [
        # the text to keep comes first: without invisible characters, then the most frequent
        sorted(group, key=lambda text: (shown(text) != repr(text), -int(counts[text])))
        for group in groups
    ]
    first = ordered[0]
    examples = " and ".join(f"{shown(text)} ({int(counts[text])} rows)" for text in first[:4])
    others = f", and {len(groups) - 1} more such" if len(groups) > 1 else ""
    as_term = f", or C({quoted(name)})" if term else ""
    return (
        f"Column {name!r} holds {examples}{others}, which are probably one: "
        f"{merging_code(name, texts, ordered)}. If they are not, say so by a Categorical: "
        f"data[{name!r}].astype('category'){as_term}."
    )


def _missing_texts(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for missing values that became text, as after `astype(str)`."""
    short = [text for text in texts if len(text) < 9]
    missing = [text for text in short if text.strip().lower() in _MISSING_TEXTS]
    if not missing or len(missing) == len(texts):
        return None
    rows = int(column.isin(missing).sum())
    data = f"data[{name!r}]"
    return (
        f"Column {name!r} holds {list_values(missing)} in {rows} of {len(column)} rows, which is "
        f"probably a missing value and no category: {data} = {data}.replace({missing!r}, None), "
        f'and fill these in, or pass na_action="drop". If it is a category, say so by a '
        f"Categorical: {data}.astype('category')."
    )


def _identifiers(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for a predictor with a different level in nearly every row."""
    rows = len(column)
    if len(texts) < _FEWEST_IDENTIFIERS or len(texts) < _IDENTIFIER_SHARE * rows:
        return None
    return (
        f"Column {name!r} holds {len(texts)} different texts in {rows} rows, such as "
        f"{texts[0]!r}: as a predictor, each would have a coefficient, and nearly every row "
        f"would be fitted exactly. Leave it out, or make it a grouping factor: "
        f"(1 | {quoted(name)}). {if_categories(name)}"
    )


def _missing_codes(name: str, column: pd.Series[Any]) -> str | None:
    """Return the warning for -999 among numbers that are all 0 or more and near each other."""
    if column.dtype.kind not in "if":
        return None
    values = column.to_numpy(dtype=np.float64)
    least = float(values.min())
    if least not in _MISSING_CODES:
        return None
    others = values[values != least]
    if len(np.unique(others)) < 3 or others.min() < 0 or -least < 2 * np.ptp(others):
        return None
    rows, code, data = int((values == least).sum()), f"{least:g}", f"data[{name!r}]"
    return (
        f"Column {name!r} holds {code} in {rows} of {len(values)} rows, and from "
        f"{others.min():g} to {others.max():g} in all others: probably {code} stands for a missing "
        f"value. {data} = {data}.replace({code}, np.nan), and fill these in, or pass "
        f'na_action="drop".'
    )
