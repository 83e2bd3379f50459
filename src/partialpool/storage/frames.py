"""A DataFrame as a NetCDF group, and back: what a fit needs to build its design again.

Columns and the index come back with their values, types and order of categories; never by pickle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..errors import DataError
from .columns import not_kept, restored, stored
from .labels import as_text, decoded, encoded

if TYPE_CHECKING:
    import pandas as pd

ROW = "row"


def to_dataset(frame: pd.DataFrame) -> xr.Dataset:
    """Store a DataFrame: a variable per column along dimension row.

    Numbers and booleans stay as they are; text, categories and dates become numbers, with what
    they mean in the attribute ``columns``. The index is the coordinate, as text where it is not
    of numbers; then variables and the attribute ``index`` have it as it is.
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
        rows: Any = index.rename(ROW)  # as it is: a range stays one
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
    """Restore the DataFrame that `to_dataset` stored, in this version or in 0.1."""
    import pandas as pd

    if "columns" not in stored.attrs:
        raise DataError("this file has no data of a formula model")
    columns: dict[str, Any] = {}
    for variable, kind in json.loads(stored.attrs["columns"]).items():
        read = restored if "as" in kind else _of_0_1
        values = read(kind, stored[variable].values)
        kept = isinstance(values, np.ndarray) and values.dtype.kind == "O"
        if kept:  # else pandas makes dates of objects that are dates
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


def _of_0_1(kind: Mapping[str, Any], values: NDArray[Any]) -> Any:
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
    """Say which columns, and whether the index, will not come back as they are."""
    import pandas as pd

    index = frame.index
    levels = [index]
    if isinstance(index, pd.MultiIndex):
        levels = [index.get_level_values(level) for level in range(index.nlevels)]
    parts: list[tuple[str, Any]] = [(f"column {name!r}", frame[name]) for name in frame.columns]
    parts += [("the index", level) for level in levels]
    found: list[str] = []
    for what, values in parts:
        kind = not_kept(values)
        if kind is not None:
            way = f"data[{values.name!r}].astype(str)" if what != "the index" else "its own text"
            found.append(
                f"{what} holds labels of type {kind}, which a saved fit cannot: after save and "
                f"pp.load they are text. If that matters, make them text or numbers before the "
                f"fit: {way}"
            )
    return found
