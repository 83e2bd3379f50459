"""A DataFrame as a NetCDF group, and back: what a fit needs to build its design again.

Columns come back with their values, order of categories, and index; never by pickle.
"""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .errors import DataError

if TYPE_CHECKING:
    import pandas as pd

ROW = "row"


def to_dataset(frame: pd.DataFrame) -> xr.Dataset:
    """Store a DataFrame: a variable per column along dimension row.

    Numbers and booleans stay as they are; text, categories and dates become codes, with their
    labels in the attribute ``columns``.
    """
    import pandas as pd

    variables: dict[str, tuple[str, Any]] = {}
    kinds: dict[str, dict[str, Any]] = {}
    for position, name in enumerate(frame.columns):
        column = frame[name]
        kind: dict[str, Any] = {"name": name}
        if isinstance(column.dtype, pd.CategoricalDtype):
            labels = [_encoded(value) for value in column.cat.categories]
            kind |= {"kind": "category", "labels": labels, "ordered": bool(column.cat.ordered)}
            values: Any = column.cat.codes.to_numpy(np.int64)
        elif pd.api.types.is_bool_dtype(column.dtype):
            kind |= {"kind": "bool"}
            values = column.to_numpy(dtype=np.int8)
        elif pd.api.types.is_numeric_dtype(column.dtype):
            kind |= {"kind": "number"}
            values = column.to_numpy(dtype=np.float64 if column.hasnans else None)
            values = values.astype(np.float64) if values.dtype == object else values
        else:
            codes, texts = pd.factorize(column)
            values = codes.astype(np.int64)
            kind |= {"kind": "text", "labels": [_encoded(value) for value in texts]}
        variables[f"column_{position}"] = (ROW, values)
        kinds[f"column_{position}"] = kind
    index = frame.index
    plain = index.dtype.kind in "iuf"  # as it is: a range stays one
    rows: Any = index.rename(ROW) if plain else np.array([str(i) for i in index])
    return xr.Dataset(variables, coords={ROW: rows}, attrs={"columns": json.dumps(kinds)})


def from_dataset(stored: xr.Dataset) -> pd.DataFrame:
    """Restore the DataFrame that `to_dataset` stored."""
    import pandas as pd

    if "columns" not in stored.attrs:
        raise DataError("this file has no data of a formula model")
    columns: dict[str, Any] = {}
    for variable, kind in json.loads(stored.attrs["columns"]).items():
        values = stored[variable].values
        labels = [_decoded(value) for value in kind.get("labels", ())]
        if kind["kind"] == "category":
            columns[kind["name"]] = pd.Categorical.from_codes(
                values, categories=pd.Index(labels), ordered=kind["ordered"]
            )
        elif kind["kind"] == "text":
            columns[kind["name"]] = [labels[code] if code >= 0 else None for code in values]
        elif kind["kind"] == "bool":
            columns[kind["name"]] = values.astype(bool)
        else:
            columns[kind["name"]] = values
    return pd.DataFrame(columns, index=pd.Index(stored[ROW].values))


def _encoded(label: Any) -> Any:
    """Write a label as JSON; what JSON does not know as its kind and parts."""
    import pandas as pd

    if isinstance(label, np.generic):
        label = label.item()
    match label:
        case str() | bool() | int() | float() | None:
            return label
        case datetime.datetime():
            zone = None if label.tzinfo is None else str(label.tzinfo)
            return {"timestamp": label.isoformat(), "zone": zone}
        case datetime.date():
            return {"date": label.isoformat()}
        case pd.Period():
            return {"period": str(label), "freq": label.freqstr}
        case pd.Interval():
            ends = [_encoded(label.left), _encoded(label.right)]
            return {"interval": ends, "closed": label.closed}
    return str(label)


def _decoded(label: Any) -> Any:
    import pandas as pd

    match label:
        case {"timestamp": when, "zone": zone}:
            return pd.Timestamp(when) if zone is None else pd.Timestamp(when).tz_convert(zone)
        case {"date": day}:
            return datetime.date.fromisoformat(day)
        case {"period": text, "freq": freq}:
            return pd.Period(text, freq=freq)
        case {"interval": [left, right], "closed": closed}:
            return pd.Interval(_decoded(left), _decoded(right), closed)
    return label
