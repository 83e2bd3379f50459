"""Write the DataFrame of a fit as a NetCDF group, and restore it to rebuild the design.

The values and types of the columns and the index, and the order of categories, are restored.
Pickle is never used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..errors import DataError
from .columns import restored, stored, unstorable_type
from .labels import as_text, decoded, encoded

if TYPE_CHECKING:
    import pandas as pd

ROW = "row"


def to_dataset(frame: pd.DataFrame) -> xr.Dataset:
    """Write a DataFrame as a Dataset with a variable for each column along dimension row.

    Numbers and truth values are stored unchanged. Text, categories and dates become numbers, and
    the attribute ``columns`` describes what they stand for. An index of numbers is the coordinate
    of dimension row. Another index is the coordinate as text, and is also stored exactly, as
    variables that the attribute ``index`` describes.
    """
    import pandas as pd

    variables: dict[str, tuple[str, Any]] = {}
    kinds: dict[str, dict[str, Any]] = {}
    for position, name in enumerate(frame.columns):
        kind, values = stored(frame[name])
        variables[f"column_{position}"] = (ROW, values)
        kinds[f"column_{position}"] = {"name": name, **kind}
    index = frame.index
    if isinstance(index.dtype, np.dtype) and index.dtype.kind in "iuf":
        rows: Any = index.rename(ROW)  # unchanged, so that a RangeIndex is restored as one
        parts = {}
    else:
        rows = np.array([as_text(label) for label in index])
        levels = [index]
        if isinstance(index, pd.MultiIndex):
            levels = [index.get_level_values(level) for level in range(index.nlevels)]
        parts = {f"index_{i}": stored(level) for i, level in enumerate(levels)}
    variables |= {name: (ROW, values) for name, (_, values) in parts.items()}
    attrs = {
        "columns": json.dumps(kinds),
        "index": json.dumps({name: kind for name, (kind, _) in parts.items()}),
        "index_names": json.dumps([encoded(name) for name in index.names]),
    }
    return xr.Dataset(variables, coords={ROW: rows}, attrs=attrs)


def from_dataset(stored: xr.Dataset) -> pd.DataFrame:
    """Restore a DataFrame that `to_dataset` of this version or of 0.1 wrote.

    Raises
    ------
    DataError
        If the Dataset has no stored columns.
    """
    import pandas as pd

    if "columns" not in stored.attrs:
        raise DataError("this file has no data of a formula model")
    columns: dict[str, Any] = {}
    for variable, kind in json.loads(stored.attrs["columns"]).items():
        read = restored if "as" in kind else _restored_0_1
        values = read(kind, stored[variable].values)
        objects = isinstance(values, np.ndarray) and values.dtype.kind == "O"
        if objects:  # a Series, because pandas would convert an array of date objects
            values = pd.Series(values, dtype=object).set_axis(_index(stored))
        columns[kind["name"]] = values
    return pd.DataFrame(columns, index=_index(stored))


def _index(stored: xr.Dataset) -> Any:
    import pandas as pd

    kinds = json.loads(stored.attrs.get("index", "{}"))
    names = [decoded(name) for name in json.loads(stored.attrs.get("index_names", "[null]"))]
    parts = [restored(kind, stored[variable].values) for variable, kind in kinds.items()]
    if len(parts) > 1 or len(names) > 1:
        return pd.MultiIndex.from_arrays(parts, names=names)
    if not parts:
        return pd.Index(stored[ROW].values, name=names[0])
    return pd.Index(parts[0], dtype=parts[0].dtype, name=names[0], tupleize_cols=False)


def _restored_0_1(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
    """Restore a column that partialpool 0.1 stored."""
    import pandas as pd

    labels = [decoded(value) for value in kind.get("labels", ())]
    if kind["kind"] == "category":
        return pd.Categorical.from_codes(
            values, categories=pd.Index(labels), ordered=kind["ordered"]
        )
    if kind["kind"] == "text":
        return [labels[code] if code >= 0 else None for code in values]
    return values.astype(bool) if kind["kind"] == "bool" else values


def lost(frame: pd.DataFrame) -> list[str]:
    """Return a message for each column, and for the index, that cannot be restored unchanged."""
    import pandas as pd

    index = frame.index
    levels = [index]
    if isinstance(index, pd.MultiIndex):
        levels = [index.get_level_values(level) for level in range(index.nlevels)]
    parts: list[tuple[str, Any]] = [(f"column {name!r}", frame[name]) for name in frame.columns]
    parts += [("the index", level) for level in levels]
    messages: list[str] = []
    for what, values in parts:
        kind = unstorable_type(values)
        if kind is not None:
            way = (
                f"data[{values.name!r}].astype(str)" if what != "the index" else "an index of text"
            )
            messages.append(
                f"{what} holds labels of type {kind}, which a saved fit cannot hold: after save "
                f"and pp.load they are text. If that matters, make them text or numbers before "
                f"the fit: {way}"
            )
    return messages
