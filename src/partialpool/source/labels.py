"""Check the names of dimensions and their labels (dims and coords) before sampling.

Everything that can be checked from declarations and data is checked first, so that a mistake in a
label does not show up only after an hour of sampling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, nearest
from .declaration import Declaration

Dims = Mapping[str, Sequence[str]]
RESERVED = ("chain", "draw")
"""Names of the dimensions of every draw."""


def check_labels(
    declared: Mapping[str, Declaration],
    data: Mapping[str, Any],
    *,
    coords: Mapping[str, Any] | None,
    dims: Dims | None,
) -> tuple[dict[str, NDArray[Any]], dict[str, tuple[str, ...]]]:
    """Check coords and dims against a program and its data.

    Parameters
    ----------
    declared : mapping of name to Declaration
        The variables that all blocks declare.
    data : mapping
        As `check_data` returned them.
    coords : mapping of dimension to labels, optional
    dims : mapping of variable to names of its dimensions, optional
        Dimensions that are declared with the same size get the same name: with
        ``dims={"theta": ["player"]}`` and ``vector[N] theta``, the dimension player is used for
        all other variables that are declared with size N.

    Returns
    -------
    coords, dims
        coords has an array of labels for each dimension, and dims the names of the dimensions of
        each variable whose dimensions are named.

    Raises
    ------
    DataError
        If a name is unknown or not allowed, or sizes do not match. The message names the dimension
        or variable.
    """
    named = _checked_dims(declared, _mapping("dims", dims, '{"theta": ["player"]}'))
    all_dims = _dims_of_same_size(declared, named)
    user_coords = _mapping("coords", coords, '{"player": names}')
    used = {dim: name for name, dims_of_name in all_dims.items() for dim in dims_of_name}
    labels: dict[str, NDArray[Any]] = {}
    for dim, values in user_coords.items():
        if dim not in used:
            raise DataError(
                f"coords names {dim!r}, which is not a dimension{_near(str(dim), used)}; the "
                f"dimensions are {', '.join(used) or 'not named: give dims='}"
            )
        labels[dim] = as_labels(dim, values)
    for name, dims_of_name in all_dims.items():
        shape = declared[name].shape(data)
        for dim, size in zip(dims_of_name, shape or (), strict=False):
            if dim in labels and len(labels[dim]) != size:
                raise DataError(
                    f"coords gives {len(labels[dim])} label(s) for {dim!r}, but {name!r} has "
                    f"{size} along it"
                )
    return labels, all_dims


def as_labels(dim: str, values: Any) -> NDArray[Any]:
    """Make an array of a dimension's labels.

    Raises
    ------
    DataError
        If they are not one list, or not all different.
    """
    try:
        labels = np.asarray(values)
    except (TypeError, ValueError):
        labels = np.empty((), dtype=object)
    if labels.ndim != 1:
        raise DataError(f"the labels of {dim!r} must be one list, not {type(values).__name__}")
    if labels.dtype == object:  # such as the tuples of a MultiIndex
        labels = np.array(
            [", ".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in labels]
        )
    if len(set(labels.tolist())) != len(labels):
        raise DataError(f"the labels that coords gives for {dim!r} are not all different")
    return labels


def _dims_of_same_size(
    declared: Mapping[str, Declaration], dims: Dims
) -> dict[str, tuple[str, ...]]:
    """Name the dimensions of other variables that are declared with the same sizes too."""
    by_size: dict[str, str] = {}
    for name, names in dims.items():
        for size, dim in zip(declared[name].dims, names, strict=False):
            if not size.isdigit():
                by_size.setdefault(size, dim)
    all_dims: dict[str, tuple[str, ...]] = {}
    for name, declaration in declared.items():
        inferred = [by_size.get(size) for size in declaration.dims]
        if name in dims:
            all_dims[name] = tuple(dims[name])
        elif inferred and all(inferred) and len(set(inferred)) == len(inferred):
            all_dims[name] = tuple(dim for dim in inferred if dim)
    return all_dims


def _checked_dims(
    declared: Mapping[str, Declaration], dims: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """Check the user's names of dimensions: the variables, the names and how many there are."""
    unknown = [name for name in dims if name not in declared]
    if unknown:
        raise DataError(
            f"dims names {', '.join(map(repr, unknown))}, which the program does not declare; it "
            f"declares {', '.join(declared)}"
        )
    checked: dict[str, tuple[str, ...]] = {}
    for name, names in dims.items():
        if isinstance(names, str) or not isinstance(names, Sequence):
            raise DataError(f"dims[{name!r}] must be a list of names, not {names!r}")
        for dim in names:
            _check_name(name, dim, declared)
        if len(set(names)) != len(names):
            raise DataError(f"dims[{name!r}] names a dimension twice: {list(names)}")
        if len(names) > declared[name].ndim:
            raise DataError(
                f"dims names {len(names)} dimension(s) of {name!r} ({', '.join(names)}), but it "
                f"is declared as {declared[name]}, with {declared[name].ndim}"
            )
        checked[name] = tuple(names)
    return checked


def _check_name(name: str, dim: object, declared: Mapping[str, Declaration]) -> None:
    """Check the name of one dimension of a variable."""
    if not isinstance(dim, str) or not dim or "/" in dim:
        raise DataError(f"dims[{name!r}]: a dimension's name is text without '/', not {dim!r}")
    if dim in RESERVED or dim in declared:
        what = "a dimension of every draw" if dim in RESERVED else "a variable of the program"
        raise DataError(f"dims[{name!r}]: {dim!r} is {what}; choose another name")


def _mapping(what: str, value: Any, example: str) -> Mapping[str, Any]:
    """Check that dims or coords is a mapping; an empty one for None."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DataError(f"{what} must be a mapping, such as {example}, not {value!r}")
    return value


def _near(name: str, names: Iterable[str]) -> str:
    """Suggest the nearest of some names."""
    near = nearest(name, names)
    return f" (did you mean {near!r}?)" if near else ""
