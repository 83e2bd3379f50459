"""Recognise dates and numbers in columns of text, and write the warning with the code to type."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from .levels import list_values

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_LABEL = re.compile(r"\s*0\d+\s*")
"""Digits after a 0, "017", are a label and not a number."""
_NO_VALUE = frozenset(
    {"", "nan", "na", "n/a", "<na>", "#n/a", "none", "null", "nat", "?", "-", "."}
)
"""Texts that stand for a missing value among numbers."""
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
"""Kind ("dates" or "times"), pattern, and the arguments of `pandas.to_datetime` that read it."""
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
"""Way of writing, pattern, the code that makes it readable, and the least count of such texts."""


def if_categories(name: str) -> str:
    """Return the sentence that says what to write if the values are categories."""
    return f"If its values are categories, write C({quoted(name)})."


def quoted(name: str) -> str:
    """Return a column's name as formulas write it, in backquotes if it needs them."""
    return name if name.replace(".", "_").isidentifier() else f"`{name}`"


def dates_message(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for dates as text, each of which would get a coefficient."""
    if len(texts) < 3 or len(texts) < column.nunique():
        return None
    stripped = [text.strip() for text in texts]
    fitting = [entry for entry in _FORMATS if _all_match(entry[1], stripped)]
    fitting = [entry for entry in fitting if _all_dates(stripped, entry[2])]
    if not fitting:
        return None
    kind, _, how = fitting[0]
    message = days_message(name, kind, texts[0], len(texts), how)
    if len(fitting) > 1:
        message += f" If the month comes first, take {fitting[1][2].removeprefix(', ')}."
    return message


def _all_dates(texts: Sequence[str], how: str) -> bool:
    """Whether `pandas.to_datetime` reads all texts with the arguments `how`."""
    form = how.split('"')[1] if how else "%Y-%m-%d"
    days = pd.to_datetime(pd.Series(texts), errors="coerce", format=form, utc="utc" in how)
    return not days.isna().any()


def days_message(name: str, kind: str, example: object, count: int, how: str) -> str:
    """Return the warning for a column of dates or times, with the code that makes days of it.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"dates", "times"}
    example : object
        One of the values.
    count : int
        Number of different values.
    how : str
        Arguments of `pandas.to_datetime`, from the comma on.
    """
    data = f"data[{name!r}]"
    unit = ".dt.days" if kind == "dates" else ".dt.total_seconds() / 86400"
    what = f"{kind} as text" if isinstance(example, str) else kind
    return (
        f"Column {name!r} holds {what}, such as {str(example)!r}, and each of its {count} would "
        f"be a separate category. Make days since the first of it: "
        f"{data} = pd.to_datetime({data}{how}); {data} = ({data} - {data}.min()){unit}. "
        f"{if_categories(name)}"
    )


def holds_dates(column: pd.Series[Any]) -> bool:
    """Whether a column of objects holds three or more of Python's dates, and nothing else."""
    if column.dtype != object:
        return False
    values = column.unique().tolist()
    return len(values) > 2 and all(isinstance(value, datetime.date) for value in values)


def numbers_message(name: str, column: pd.Series[Any], texts: Sequence[str]) -> str | None:
    """Return the warning for numbers as text, also with thousands separators or currency signs."""
    values = [text for text in texts if text.strip().lower() not in _NO_VALUE]
    others = [value for value in column.unique().tolist() if not isinstance(value, str)]
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in others):
        return None
    few = 2 if len(values) < len(texts) else 3  # two different numbers may well be two categories
    if not values or len(values) + len(others) < few or any(map(_LABEL.fullmatch, values)):
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
        also = f", and {list_values(missing)} for none in {rows} of {len(column)} rows"
    return (
        f"Column {name!r} holds numbers {how}, such as {values[0]!r}{also}: each of its "
        f"{len(texts) + len(others)} values would be a separate category. Make numbers of it: "
        f"{data} = pd.to_numeric({data}{code}{coerce}).{alternative} {if_categories(name)}"
    )


def _all_match(pattern: str, texts: Iterable[str]) -> bool:
    whole = re.compile(pattern)
    return all(map(whole.fullmatch, texts))
