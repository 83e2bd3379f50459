"""Write single labels as JSON, and restore them with the same value and type.

Pickle is never used. A label of a type that is not known here becomes text; `is_storable` is False
for it.
"""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np


class NotStorable(Exception):
    """A label or a time zone is of a type that cannot be written as JSON and restored."""


def is_storable(label: Any) -> bool:
    """Whether a label is restored with the same value and type."""
    try:
        _written(label)
    except NotStorable:
        return False
    return True


def encoded(label: Any) -> Any:
    """Write a label as JSON.

    Text, numbers and truth values are written unchanged, other known types as dicts of their
    parts, and unknown types as text.
    """
    try:
        return _written(label)
    except NotStorable:
        return str(label)


def _written(label: Any) -> Any:
    import pandas as pd

    kind = type(label)
    if label is None or kind in (str, bool, int, float):
        return label
    if isinstance(label, np.generic):
        return {"numpy": [label.dtype.str, _numpy_part(label)]}
    if kind is pd.Timestamp:
        return {"Timestamp": [_integer(label.asm8), label.unit], "zone": encoded_zone(label.tzinfo)}
    if kind is pd.Timedelta:
        return {"Timedelta": [_integer(label.asm8), label.unit]}
    if kind is pd.Period:
        return {"Period": [label.ordinal, label.freqstr]}
    if kind is pd.Interval:
        return {"Interval": [_written(label.left), _written(label.right)], "closed": label.closed}
    if kind is datetime.datetime:
        naive = label.replace(tzinfo=None).isoformat()
        return {"datetime": naive, "fold": label.fold, "zone": encoded_zone(label.tzinfo)}
    if kind is datetime.time:
        naive = label.replace(tzinfo=None).isoformat()
        return {"time": naive, "fold": label.fold, "zone": encoded_zone(label.tzinfo)}
    if kind is datetime.date:
        return {"date": label.isoformat()}
    if kind is datetime.timedelta:
        return {"timedelta": [label.days, label.seconds, label.microseconds]}
    if kind is Decimal:
        return {"Decimal": str(label)}
    if kind is Fraction:
        return {"Fraction": [label.numerator, label.denominator]}
    if kind is complex:
        return {"complex": [label.real, label.imag]}
    if kind is bytes:
        return {"bytes": label.hex()}
    if kind is uuid.UUID:
        return {"UUID": label.hex}
    if kind in (tuple, frozenset):
        return {kind.__name__: [_written(element) for element in label]}
    raise NotStorable(kind.__name__)


def _numpy_part(label: Any) -> Any:
    if label.dtype.kind in "mM":
        return _integer(label)
    if isinstance(label, np.bytes_):
        return bytes(label).hex()  # keeps null bytes at the end, which item() drops
    if isinstance(label, np.str_):
        return "".join(label)
    part = label.item()
    if isinstance(part, complex):
        return [part.real, part.imag]
    if not isinstance(part, (bool, int, float)):  # a long double, for example
        raise NotStorable(type(label).__name__)
    return part


def _integer(moment: Any) -> int:
    return int(moment.astype(np.int64))


def decoded(label: Any) -> Any:
    """Restore a label that `encoded` of this version or of 0.1 wrote."""
    import pandas as pd

    match label:
        case {"numpy": [code, part]}:
            return _from_numpy(np.dtype(code), part)
        case {"Timestamp": [value, unit], "zone": where}:
            moment = pd.Timestamp(np.datetime64(value, unit))
            tz = decoded_zone(where)
            return moment if tz is None else moment.tz_localize("UTC").tz_convert(tz)
        case {"Timedelta": [value, unit]}:
            return pd.Timedelta(np.timedelta64(value, unit))
        case {"Period": [ordinal, freq]}:
            return pd.Period(ordinal=ordinal, freq=freq)
        case {"Interval": [left, right], "closed": closed}:
            return pd.Interval(decoded(left), decoded(right), closed)
        case {"datetime": text, "fold": fold, "zone": where}:
            when = datetime.datetime.fromisoformat(text)
            return when.replace(fold=fold, tzinfo=decoded_zone(where))
        case {"time": text, "fold": fold, "zone": where}:
            return datetime.time.fromisoformat(text).replace(fold=fold, tzinfo=decoded_zone(where))
        case {"date": day}:
            return datetime.date.fromisoformat(day)
        case {"timedelta": parts}:
            return datetime.timedelta(*parts)
        case {"Decimal": text}:
            return Decimal(text)
        case {"Fraction": [above, below]}:
            return Fraction(above, below)
        case {"complex": [real, imaginary]}:
            return complex(real, imaginary)
        case {"bytes": digits}:
            return bytes.fromhex(digits)
        case {"UUID": digits}:
            return uuid.UUID(hex=digits)
        case {"tuple": parts}:
            return tuple(decoded(part) for part in parts)
        case {"frozenset": parts}:
            return frozenset(decoded(part) for part in parts)
    return _decoded_0_1(label)


def _decoded_0_1(label: Any) -> Any:
    """Restore a label that partialpool 0.1 wrote."""
    import pandas as pd

    match label:
        case {"timestamp": when, "zone": place}:
            return pd.Timestamp(when) if place is None else pd.Timestamp(when).tz_convert(place)
        case {"period": text, "freq": freq}:
            return pd.Period(text, freq=freq)
        case {"interval": [left, right], "closed": closed}:
            return pd.Interval(decoded(left), decoded(right), closed)
    return label


def _from_numpy(dtype: np.dtype[Any], part: Any) -> Any:
    if dtype.kind in "mM":
        return np.array(part, dtype=np.int64).view(dtype)[()]
    if dtype.kind == "S":
        return np.bytes_(bytes.fromhex(part))
    return dtype.type(complex(*part) if dtype.kind == "c" else part)


def encoded_zone(tz: Any) -> Any:
    """Write a time zone as JSON.

    Raises
    ------
    NotStorable
        If it is not of zoneinfo or pytz, nor a fixed offset.
    """
    if tz is None:
        return None
    if isinstance(tz, zoneinfo.ZoneInfo) and tz.key is not None:
        return {"key": tz.key}
    if isinstance(tz, datetime.timezone):
        offset, name = tz.utcoffset(None), tz.tzname(None)
        custom_name = name if name != datetime.timezone(offset).tzname(None) else None
        return {"offset": [offset.days, offset.seconds, offset.microseconds], "name": custom_name}
    if type(tz).__module__.startswith("pytz") and getattr(tz, "zone", None):
        return {"pytz": tz.zone}
    raise NotStorable(type(tz).__name__)


def decoded_zone(written: Any) -> Any:
    """Restore a time zone that `encoded_zone` wrote."""
    match written:
        case {"key": key}:
            return zoneinfo.ZoneInfo(key)
        case {"offset": parts, "name": name}:
            offset = datetime.timedelta(*parts)
            return datetime.timezone(offset) if name is None else datetime.timezone(offset, name)
        case {"pytz": name}:
            try:
                import pytz  # type: ignore[import-untyped]
            except ImportError:
                return zoneinfo.ZoneInfo(name)
            return pytz.timezone(name)
    return None


def as_text(label: object) -> str:
    """Write a label as text that NetCDF can hold: nulls and lone surrogates are escaped."""
    text = str(label)
    if text.isprintable() and text.isascii():
        return text
    text = text.replace("\0", "\\x00")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
