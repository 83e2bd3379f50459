"""Names of columns: from Stan's CSV files to variables, and to ArviZ's sampler statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

STATS = {
    "lp__": "lp",
    "accept_stat__": "acceptance_rate",
    "stepsize__": "step_size",
    "treedepth__": "tree_depth",
    "n_leapfrog__": "n_steps",
    "divergent__": "diverging",
    "energy__": "energy",
}
"""From Stan's names of sampler columns to ArviZ's."""


def sampler_stats(column: Callable[[str], NDArray[np.float64]]) -> dict[str, NDArray[Any]]:
    """Return the sampler's statistics under ArviZ's names, with ArviZ's types.

    `column` returns the values of a column, (chain, draw), by Stan's name.
    """
    types = {"tree_depth": np.int64, "n_steps": np.int64, "diverging": np.bool_}
    return {
        arviz: column(stan).astype(types.get(arviz, np.float64)) for stan, arviz in STATS.items()
    }


def csv_names(names: Iterable[str]) -> tuple[str, ...]:
    """Turn names such as ``theta[1,2]`` into those of Stan's CSV files, ``theta.1.2``."""
    return tuple(name.replace("[", ".").replace(",", ".").rstrip("]") for name in names)


def by_variable(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """Collect the columns of Stan's CSV files into an array for each variable.

    Parameters
    ----------
    names : sequence of str
        Names of the columns.
    values : array, (..., column)

    Returns
    -------
    dict of variable to array, (..., *declared shape)
        A tuple ``t`` becomes a variable for each component, named as in Stan's CSV files: ``t:1``,
        ``t:2``. For an array of tuples, the dimensions of the array come first.
    """
    import stanio

    if not names:  # stanio needs at least one column
        return {}
    plain = [i for i, name in enumerate(names) if ":" not in name]
    variables = _variables(stanio, [names[i] for i in plain], values[..., plain])
    components: dict[str, list[tuple[tuple[Any, ...], str, int]]] = {}
    for i, name in enumerate(names):
        if ":" in name:
            variable, index = _component(name)
            key = tuple(part for part in reversed(index) if isinstance(part, int))
            key += tuple(part == "imag" for part in index if not isinstance(part, int))
            label = ".".join(["x", *map(str, index)])
            components.setdefault(variable, []).append((key, label, i))
    for variable, columns in components.items():
        columns.sort()
        component = _variables(
            stanio, [label for _, label, _ in columns], values[..., [i for *_, i in columns]]
        )
        variables[variable] = component["x"]
    return variables


def _variables(
    stanio: Any, names: Sequence[str], values: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    """Collect the columns of variables that are not tuples."""
    return (
        dict(stanio.stan_variables(stanio.parse_header(",".join(names)), values)) if names else {}
    )


def _component(name: str) -> tuple[str, tuple[int | str, ...]]:
    """Split ``t.3:2.1`` into the variable ``t:2`` and the index (3, 1)."""
    parts = [part.split(".") for part in name.split(":")]
    index = [int(i) if i.isdigit() else i for part in parts for i in part[1:]]
    return ":".join(part[0] for part in parts), tuple(index)
