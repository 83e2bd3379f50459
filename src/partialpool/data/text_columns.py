"""Warn of columns of text that are probably no categories.

Such text is dates, numbers, several spellings of one level, or identifiers. A model with them as
categories can be fitted, but is probably not what the user means, so each gives a warning with
the code to type. A Categorical column, or C(column) for a predictor, says that the values are
categories.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import warn
from ..formula.tree import Formula
from .levels import listed
from .spelling import merging_code, shown, variants

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_CODE = re.compile(r"\s*0\d+\s*")  # "017" is a label
_NO_VALUE = frozenset(
    {"", "nan", "na", "n/a", "<na>", "#n/a", "none", "null", "nat", "?", "-", "."}
)
_SURELY_NONE = frozenset({"", "nan", "<na>", "#n/a", "nat"})
_CODES_OF_NONE = (-999.0, -9999.0, -99999.0)
_FORMATS: tuple[tuple[str, str, str], ...] = (
    ("dates", r"[12]\d{3}-\d{2}-\d{2}", ""),
    ("times", r"[12]\d{3}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?", ', format="ISO8601"'),
    (
        "times",
        r"[12]\d{3}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})",
        ', format="ISO8601", utc=True',
    ),
    ("dates", r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", ', format="%Y%m%d"'),
    ("dates", r"[12]\d{3}/\d{1,2}/\d{1,2}", ', format="%Y/%m/%d"'),
    ("dates", r"\d{1,2}\.\d{1,2}\.[12]\d{3}", ', format="%d.%m.%Y"'),
    ("dates", r"\d{1,2}/\d{1,2}/[12]\d{3}", ', format="%d/%m/%Y"'),
    ("dates", r"\d{1,2}/\d{1,2}/[12]\d{3}", ', format="%m/%d/%Y"'),
)
_WRITTEN: tuple[tuple[str, str, str, int], ...] = (
    (
        "with commas between thousands",
        r"[+-]?([1-9]\d{0,2}(,\d{3})+|\d{1,3})(\.\d+)?",
        '.str.replace(",", "")',
        3,
    ),
    ("with decimal commas", r"[+-]?\d+(,\d+)?", '.str.replace(",", ".")', 3),
    (
        "with points between thousands and decimal commas",
        r"[+-]?([1-9]\d{0,2}(\.\d{3})+|\d{1,3})(,\d+)?",
        '.str.replace(".", "", regex=False).str.replace(",", ".")',
        3,
    ),
    (
        "with a currency sign",
        r"[+-]?[$€£¥]\s?[+-]?\d[\d,]*(\.\d+)?",
        r'.str.replace(r"[^0-9.\-]", "", regex=True)',
        10,
    ),
    ("with a percent sign", r"[+-]?\d+(\.\d+)?\s?%", '.str.rstrip(" %")', 10),
)
_MOST_ROWS = 0.9
_FEW = 10


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
            message = _codes_of_none(name, column)
            if name in terms and _holds_dates(column):
                message = _days(name, "dates", column.iloc[0], column.nunique(), "")
        elif texts is not None and name in terms:
            message = _dates(name, column, texts) or _numbers(name, column, texts)
        if message is None and texts:
            message = _spellings(name, column, texts, term=name in terms)
            message = message or _no_values(name, column, texts)
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
    from ..formula import tokens as syntax

    return syntax.names(select(syntax.scan(text)))


def _outside_calls(tokens: Sequence[Any]) -> list[Any]:
    """Select the tokens outside all parentheses: columns that are terms or parts of products."""
    from ..formula import tokens as syntax

    return [t for t, depth in zip(tokens, syntax.depths(tokens), strict=True) if depth == 0]


def _not_in_c(tokens: Sequence[Any]) -> list[Any]:
    """Select the tokens that are not inside C(...)."""
    from ..formula import tokens as syntax

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


def _as_they_are(name: str) -> str:
    return f"If its values are categories, write C({_quoted(name)})."


def _quoted(name: str) -> str:
    return name if name.replace(".", "_").isidentifier() else f"`{name}`"


def _dates(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for dates as text, each of which would get a coefficient."""
    if len(texts) < 3 or len(texts) < column.nunique():
        return None
    stripped = [text.strip() for text in texts]
    fitting = [entry for entry in _FORMATS if _all_match(entry[1], stripped)]
    fitting = [entry for entry in fitting if _all_dates(stripped, entry[2])]
    if not fitting:
        return None
    kind, _, how = fitting[0]
    message = _days(name, kind, texts[0], len(texts), how)
    if len(fitting) > 1:
        message += f" If the month comes first, take {fitting[1][2].removeprefix(', ')}."
    return message


def _all_dates(texts: Sequence[str], how: str) -> bool:
    form = how.split('"')[1] if how else "%Y-%m-%d"
    days = pd.to_datetime(pd.Series(texts), errors="coerce", format=form, utc="utc" in how)
    return not days.isna().any()


def _days(name: str, kind: str, example: object, count: int, how: str) -> str:
    data = f"data[{name!r}]"
    unit = ".dt.days" if kind == "dates" else ".dt.total_seconds() / 86400"
    what = f"{kind} as text" if isinstance(example, str) else kind
    return (
        f"Column {name!r} holds {what}, such as {str(example)!r}, and each of its {count} would "
        f"be a separate category. Make days since the first of it: "
        f"{data} = pd.to_datetime({data}{how}); {data} = ({data} - {data}.min()){unit}. "
        f"{_as_they_are(name)}"
    )


def _holds_dates(column: pd.Series[Any]) -> bool:
    """Whether a column of objects holds three or more of Python's dates, and nothing else."""
    if column.dtype != object:
        return False
    values = column.unique().tolist()
    return len(values) > 2 and all(isinstance(value, datetime.date) for value in values)


def _numbers(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for numbers as text, also with thousands separators or currency signs."""
    values = [text for text in texts if text.strip().lower() not in _NO_VALUE]
    others = [value for value in column.unique().tolist() if not isinstance(value, str)]
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in others):
        return None
    few = 2 if len(values) < len(texts) else 3  # two different numbers may well be two categories
    if not values or len(values) + len(others) < few or any(map(_CODE.fullmatch, values)):
        return None
    how, code, alternative = "as text", "", ""
    missing = [text for text in texts if text.strip().lower() in _NO_VALUE]
    if not all(map(_NUMBER.fullmatch, values)):
        stripped = [text.strip() for text in values]
        written = next(
            (
                entry
                for entry in _WRITTEN
                if len(values) >= entry[3] and _all_match(entry[1], stripped)
            ),
            None,
        )
        if written is None or others:
            return None
        how, code = f"as text, written {written[0]}", written[2]
        if written is _WRITTEN[0] and _all_match(_WRITTEN[1][1], stripped):
            alternative = f" If these are decimal commas, take {_WRITTEN[1][2]}."
    data = f"data[{name!r}]"
    coerce = ', errors="coerce"' if missing else ""
    also = ""
    if missing:
        rows = int(column.isin(missing).sum())
        also = f", and {listed(missing)} for none in {rows} of {len(column)} rows"
    return (
        f"Column {name!r} holds numbers {how}, such as {values[0]!r}{also}: each of its "
        f"{len(texts) + len(others)} values would be a separate category. Make numbers of it: "
        f"{data} = pd.to_numeric({data}{code}{coerce}).{alternative} {_as_they_are(name)}"
    )


def _all_match(pattern: str, texts: Iterable[str]) -> bool:
    whole = re.compile(pattern)
    return all(map(whole.fullmatch, texts))


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
    as_term = f", or C({_quoted(name)})" if term else ""
    return (
        f"Column {name!r} holds {examples}{others}, which are probably one: "
        f"{merging_code(name, texts, ordered)}. If they are not, say so by a Categorical: "
        f"data[{name!r}].astype('category'){as_term}."
    )


def _no_values(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for missing values that became text, as after `astype(str)`."""
    short = [text for text in texts if len(text) < 9]
    missing = [text for text in short if text.strip().lower() in _SURELY_NONE]
    if not missing or len(missing) == len(texts):
        return None
    rows = int(column.isin(missing).sum())
    data = f"data[{name!r}]"
    return (
        f"Column {name!r} holds {listed(missing)} in {rows} of {len(column)} rows, which is "
        f"probably a missing value and no category: {data} = {data}.replace({missing!r}, None), "
        f'and fill these in, or pass na_action="drop". If it is a category, say so by a '
        f"Categorical: {data}.astype('category')."
    )


def _identifiers(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for a predictor with a different level in nearly every row."""
    rows = len(column)
    if len(texts) < _FEW or len(texts) < _MOST_ROWS * rows:
        return None
    return (
        f"Column {name!r} holds {len(texts)} different texts in {rows} rows, such as "
        f"{texts[0]!r}: as a predictor, each would have a coefficient, and nearly every row "
        f"would be fitted exactly. Leave it out, or make it a grouping factor: "
        f"(1 | {_quoted(name)}). {_as_they_are(name)}"
    )


def _codes_of_none(name: str, column: pd.Series[Any]) -> str | None:
    """Return the warning for -999 among numbers that are all 0 or more and near each other."""
    if column.dtype.kind not in "if":
        return None
    values = column.to_numpy(dtype=np.float64)
    least = float(values.min())
    if least not in _CODES_OF_NONE:
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
