"""Classic data sets for hierarchical models, each with its source and licence.

Each data set is a CSV file and a JSON file of the same name, its sidecar, in this folder. To add a
data set, add these two files; there is no list to edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import DataError, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset", "describe", "list", "load"]


@dataclass(frozen=True)
class Dataset:
    """The description of a data set.

    Attributes
    ----------
    name : str
        The name to pass to `load`.
    title : str
        A description in one line.
    source : str
        The publication that the data come from.
    licence : str
        The terms under which the data are distributed here.
    taken_from : str
        The copy from which the numbers were taken, and how they were checked.
    columns : mapping of str to str
        The meaning and, in parentheses, the unit of each column, in the order of the table.
    notes : tuple of str
        Known errors and peculiarities of the data.
    """

    name: str
    title: str
    source: str
    licence: str
    taken_from: str
    columns: Mapping[str, str]
    notes: tuple[str, ...]


def list() -> pd.DataFrame:
    """List the data sets.

    Returns
    -------
    pandas.DataFrame
        One row per data set, with columns name, rows and columns (their numbers), and description.
    """
    import pandas as pd

    rows = [(name, *load(name).shape, describe(name).title) for name in _names()]
    return pd.DataFrame(rows, columns=["name", "rows", "columns", "description"])


def load(name: str) -> pd.DataFrame:
    """Load a data set.

    Parameters
    ----------
    name : str
        One of the names that `list` returns.

    Returns
    -------
    pandas.DataFrame
        A new copy of the table. Its `attrs` hold the description: name, title, source, licence,
        taken_from, columns and notes.

    Raises
    ------
    DataError
        If there is no data set of that name.
    """
    import pandas as pd

    sidecar = _sidecar(name)
    with files(__name__).joinpath(f"{name}.csv").open("r", encoding="utf-8") as file:
        frame = pd.read_csv(file)
    frame.attrs.update(name=name, **sidecar)
    return frame


def describe(name: str) -> Dataset:
    """Describe a data set without loading it.

    Parameters
    ----------
    name : str
        One of the names that `list` returns.

    Returns
    -------
    Dataset
        Its title, source, licence, columns and notes.

    Raises
    ------
    DataError
        If there is no data set of that name.
    """
    sidecar = _sidecar(name)
    columns: dict[str, str] = sidecar.pop("columns")
    notes: tuple[str, ...] = tuple(sidecar.pop("notes"))
    return Dataset(name=name, columns=MappingProxyType(columns), notes=notes, **sidecar)


def _names() -> tuple[str, ...]:
    entries = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(entry.removesuffix(".csv") for entry in entries if entry.endswith(".csv")))


def _sidecar(name: str) -> dict[str, Any]:
    """Return the content of a data set's JSON file; raise `DataError` if there is none."""
    names = _names()
    if name not in names:
        near = nearest(name, names)
        hint = f" Did you mean {near!r}?" if near else ""
        raise DataError(
            f"There is no data set {name!r}.{hint} The data sets are {', '.join(names)}."
        )
    text = files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    sidecar: dict[str, Any] = json.loads(text)
    return sidecar
