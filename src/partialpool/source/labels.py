"""Names of dimensions and their labels: checked before anything is sampled.

A mistake in a label must not cost an hour of sampling, so all that the declarations and the
data tell is checked first.
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
        Of all blocks.
    data : mapping
        As `check_data` returned them.
    coords : mapping of dimension to labels, optional
    dims : mapping of variable to names of its dimensions, optional
        Dimensions that are declared with the same size share a name: with
        ``dims={"theta": ["player"]}`` and ``vector[N] theta``, whatever else the program
        declares of size N is labelled by player too.

    Returns
    -------
    coords, dims
        The labels as arrays, and the names for every variable that has any.

    Raises
    ------
    DataError
        Names the dimension or variable, and what does not fit.
    """
    named = _checked_dims(declared, _mapping("dims", dims, '{"theta": ["player"]}'))
    spread = spread_dims(declared, named)
    given = _mapping("coords", coords, '{"player": names}')
    used = {dim: name for name, own in spread.items() for dim in own}
    labels: dict[str, NDArray[Any]] = {}
    for dim, values in given.items():
        if dim not in used:
            raise DataError(
                f"coords names {dim!r}, which is no dimension{_near(str(dim), used)}; the "
                f"dimensions are {', '.join(used) or 'not named: give dims='}"
            )
        labels[dim] = as_labels(dim, values)
    for name, own in spread.items():
        shape = declared[name].shape(data)
        for dim, size in zip(own, shape or (), strict=False):
            if dim in labels and len(labels[dim]) != size:
                raise DataError(
                    f"coords gives {len(labels[dim])} label(s) for {dim!r}, but {name!r} has "
                    f"{size} along it"
                )
    return labels, spread


def as_labels(dim: str, values: Any) -> NDArray[Any]:
    """Make one dimension's labels an array, all different; `DataError` if they are not."""
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


def spread_dims(declared: Mapping[str, Declaration], dims: Dims) -> dict[str, tuple[str, ...]]:
    """Give declarations of the same sizes the same dimension names."""
    by_size: dict[str, str] = {}
    for name, given in dims.items():
        for size, dim in zip(declared[name].dims, given, strict=False):
            if not size.isdigit():
                by_size.setdefault(size, dim)
    spread: dict[str, tuple[str, ...]] = {}
    for name, declaration in declared.items():
        found = [by_size.get(size) for size in declaration.dims]
        if name in dims:
            spread[name] = tuple(dims[name])
        elif found and all(found) and len(set(found)) == len(found):
            spread[name] = tuple(dim for dim in found if dim)
    return spread


def _checked_dims(
    declared: Mapping[str, Declaration], dims: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    unknown = [name for name in dims if name not in declared]
    if unknown:
        raise DataError(
            f"dims names {', '.join(map(repr, unknown))}, which the program does not declare; it "
            f"declares {', '.join(declared)}"
        )
    checked: dict[str, tuple[str, ...]] = {}
    for name, given in dims.items():
        if isinstance(given, str) or not isinstance(given, Sequence):
            raise DataError(f"dims[{name!r}] must be a list of names, not {given!r}")
        for dim in given:
            _check_name(name, dim, declared)
        if len(set(given)) != len(given):
            raise DataError(f"dims[{name!r}] names a dimension twice: {list(given)}")
        if len(given) > declared[name].ndim:
            raise DataError(
                f"dims names {len(given)} dimension(s) of {name!r} ({', '.join(given)}), but it "
                f"is declared as {declared[name]}, with {declared[name].ndim}"
            )
        checked[name] = tuple(given)
    return checked


def _check_name(name: str, dim: object, declared: Mapping[str, Declaration]) -> None:
    if not isinstance(dim, str) or not dim or "/" in dim:
        raise DataError(f"dims[{name!r}]: a dimension's name is text without '/', not {dim!r}")
    if dim in RESERVED or dim in declared:
        what = "a dimension of every draw" if dim in RESERVED else "a variable of the program"
        raise DataError(f"dims[{name!r}]: {dim!r} is {what}; choose another name")


def _mapping(what: str, value: Any, example: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DataError(f"{what} must be a mapping, such as {example}, not {value!r}")
    return value


def _near(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f" (did you mean {near!r}?)" if near else ""
