"""The classic data sets of partial pooling, each with its source and licence.

Every data set is a CSV file with a JSON sidecar of the same name beside it. A new pair of files in
this folder is a new data set: nothing else has to be registered.
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
    """What is known about a data set.

    Attributes
    ----------
    name : str
        The name `load` takes.
    title : str
        What the data are, in one line.
    source : str
        Where they were published.
    licence : str
        Under which terms they are here.
    taken_from : str
        The copy the numbers were read from, and how it was checked.
    columns : mapping of str to str
        The meaning and, in parentheses, the unit of each column, in the order of the table.
    notes : tuple of str
        Known errors and peculiarities.
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
        One row per data set: its name, the numbers of its rows and columns, and its description.
    """
    import pandas as pd

    rows = [(name, *load(name).shape, describe(name).title) for name in _names()]
    return pd.DataFrame(rows, columns=["name", "rows", "columns", "description"])


def load(name: str) -> pd.DataFrame:
    """Load a data set.

    Parameters
    ----------
    name : str
        One of the names that `list` gives.

    Returns
    -------
    pandas.DataFrame
        A fresh copy. Its `attrs` hold the sidecar: title, source, licence, columns, notes.

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
        One of the names that `list` gives.

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
