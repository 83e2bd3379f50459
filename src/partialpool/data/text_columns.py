"""Text that is no category: dates, numbers, spellings of one thing, identifiers.

Each is a warning, with the code to type: a model of it can be computed, but is hardly meant.
A Categorical column, and C(column) for a predictor, say that the values are meant as they are.
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
from .spelling import mending, shown, variants

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
    """Warn of columns that hold something else than they are taken for, once of each.

    Parameters
    ----------
    frame : DataFrame
        The columns of the formula, without missing values.
    formula : Formula

    Warns
    -----
    DataWarning
        Names the column and values, and has the code that mends it.
    """
    terms = dict.fromkeys(name for text in formula.terms for name in _names(text, _depth_zero))
    inside = [*formula.terms, *formula.offsets, formula.response]
    compared = dict.fromkeys(name for text in inside for name in _names(text, _not_in_c))
    one_row_each = formula.trials is None and formula.se is None
    for name in dict.fromkeys([*terms, *compared, *formula.factors]):
        column = frame[name]
        texts = _texts(column)
        told = None
        if texts is None and name in compared:
            told = _codes_of_none(name, column)
            if name in terms and _holds_dates(column):
                told = _days(name, "dates", column.iloc[0], column.nunique(), "")
        elif texts is not None and name in terms:
            told = _dates(name, column, texts) or _numbers(name, column, texts)
        if told is None and texts:
            told = _spellings(name, column, texts, term=name in terms)
            told = told or _no_values(name, column, texts)
            if told is None and one_row_each and name in terms:
                told = _identifiers(name, column, texts)
        if told is not None:
            warn(told)


def _texts(column: pd.Series[Any]) -> list[str] | None:
    """List the texts that a column holds; None of numbers, dates and Categoricals."""
    if isinstance(column.dtype, pd.CategoricalDtype) or column.dtype.kind in "biufcmM":
        return None
    found = [value for value in column.unique().tolist() if isinstance(value, str)]
    return found or None


def _names(text: str, kept: Callable[[Sequence[Any]], list[Any]]) -> tuple[str, ...]:
    from ..formula import tokens as syntax

    return syntax.names(kept(syntax.scan(text)))


def _depth_zero(tokens: Sequence[Any]) -> list[Any]:
    """Tokens outside all parentheses: columns that are terms, or parts of interactions."""
    from ..formula import tokens as syntax

    return [t for t, depth in zip(tokens, syntax.depths(tokens), strict=True) if depth == 0]


def _not_in_c(tokens: Sequence[Any]) -> list[Any]:
    """Tokens but for those inside C(...)."""
    from ..formula import tokens as syntax

    kept: list[Any] = []
    inside: int | None = None
    for token, depth in zip(tokens, syntax.depths(tokens), strict=True):
        if inside is None or depth <= inside:
            kept.append(token)
        if inside is None and token.lexeme == "C":
            inside = depth
        elif depth == inside and token.lexeme != "(":
            inside = None
    return kept


def _as_they_are(name: str) -> str:
    return f"If its values are categories, write C({_quoted(name)})."


def _quoted(name: str) -> str:
    return name if name.replace(".", "_").isidentifier() else f"`{name}`"


def _dates(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Tell of dates as text: every one of them would get a coefficient."""
    if len(texts) < 3 or len(texts) < column.nunique():
        return None
    stripped = [text.strip() for text in texts]
    fitting = [each for each in _FORMATS if _all_match(each[1], stripped)]
    fitting = [each for each in fitting if _all_dates(stripped, each[2])]
    if not fitting:
        return None
    kind, _, how = fitting[0]
    told = _days(name, kind, texts[0], len(texts), how)
    if len(fitting) > 1:
        told += f" If the month comes first, take {fitting[1][2].removeprefix(', ')}."
    return told


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
        f"be a category of its own. Make days since the first of it: "
        f"{data} = pd.to_datetime({data}{how}); {data} = ({data} - {data}.min()){unit}. "
        f"{_as_they_are(name)}"
    )


def _holds_dates(column: pd.Series[Any]) -> bool:
    """Whether a column of objects holds Python's dates, three or more."""
    if column.dtype != object:
        return False
    values = column.unique().tolist()
    return len(values) > 2 and all(isinstance(value, datetime.date) for value in values)


def _numbers(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Tell of numbers as text, also of those that are written for people to read."""
    values = [text for text in texts if text.strip().lower() not in _NO_VALUE]
    rest = [value for value in column.unique().tolist() if not isinstance(value, str)]
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in rest):
        return None
    few = 2 if len(values) < len(texts) else 3  # two numbers are as good as two categories
    if not values or len(values) + len(rest) < few or any(map(_CODE.fullmatch, values)):
        return None
    how, code, other = "as text", "", ""
    missing = [text for text in texts if text.strip().lower() in _NO_VALUE]
    if not all(map(_NUMBER.fullmatch, values)):
        stripped = [text.strip() for text in values]
        written = next(
            (each for each in _WRITTEN if len(values) >= each[3] and _all_match(each[1], stripped)),
            None,
        )
        if written is None or rest:
            return None
        how, code = f"as text, written {written[0]}", written[2]
        if written is _WRITTEN[0] and _all_match(_WRITTEN[1][1], stripped):
            other = f" If these are decimal commas, take {_WRITTEN[1][2]}."
    data = f"data[{name!r}]"
    coerce = ', errors="coerce"' if missing else ""
    also = ""
    if missing:
        rows = int(column.isin(missing).sum())
        also = f", and {listed(missing)} for none in {rows} of {len(column)} rows"
    return (
        f"Column {name!r} holds numbers {how}, such as {values[0]!r}{also}: each of its "
        f"{len(texts) + len(rest)} values would be a category of its own. Make numbers of it: "
        f"{data} = pd.to_numeric({data}{code}{coerce}).{other} {_as_they_are(name)}"
    )


def _all_match(pattern: str, texts: Iterable[str]) -> bool:
    whole = re.compile(pattern)
    return all(map(whole.fullmatch, texts))


def _spellings(
    name: str, column: pd.Series[Any], texts: Sequence[str], *, term: bool
) -> str | None:
    """Tell of levels that differ by white space, letter case or what cannot be seen."""
    found = variants(texts)
    if not found:
        return None
    counts = column.value_counts()
    ordered = [
        sorted(each, key=lambda text: (shown(text) != repr(text), -int(counts[text])))
        for each in found  # one in which nothing is invisible first, then the most frequent
    ]
    first = ordered[0]
    both = " and ".join(f"{shown(text)} ({int(counts[text])} rows)" for text in first[:4])
    others = f", and {len(found) - 1} more such" if len(found) > 1 else ""
    meant = f", or C({_quoted(name)})" if term else ""
    return (
        f"Column {name!r} holds {both}{others}, which are probably one: "
        f"{mending(name, texts, ordered)}. If they are not, say so by a Categorical: "
        f"data[{name!r}].astype('category'){meant}."
    )


def _no_values(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Tell of missing values that became text, as `astype(str)` makes it."""
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
    """Tell of a predictor with a level in nearly every row."""
    rows = len(column)
    if len(texts) < _FEW or len(texts) < _MOST_ROWS * rows:
        return None
    return (
        f"Column {name!r} holds {len(texts)} different texts in {rows} rows, such as "
        f"{texts[0]!r}: as a predictor, each would have a coefficient, and nearly every row be "
        f"explained by its own. Leave it out, or let it be a group: (1 | {_quoted(name)}). "
        f"{_as_they_are(name)}"
    )


def _codes_of_none(name: str, column: pd.Series[Any]) -> str | None:
    """Tell of -999 among numbers that are all 0 or more and near each other."""
    if column.dtype.kind not in "if":
        return None
    values = column.to_numpy(dtype=np.float64)
    least = float(values.min())
    if least not in _CODES_OF_NONE:
        return None
    rest = values[values != least]
    if len(np.unique(rest)) < 3 or rest.min() < 0 or -least < 2 * np.ptp(rest):
        return None
    rows, code, data = int((values == least).sum()), f"{least:g}", f"data[{name!r}]"
    return (
        f"Column {name!r} holds {code} in {rows} of {len(values)} rows, and from "
        f"{rest.min():g} to {rest.max():g} in all others: probably {code} stands for a missing "
        f"value. {data} = {data}.replace({code}, np.nan), and fill these in, or pass "
        f'na_action="drop".'
    )
