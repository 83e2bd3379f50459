"""Check a user's draws, a DataArray or an array, and bring them to shape (chain, draw, group)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr
from numpy.typing import NDArray

from ..errors import DataError

Draws: TypeAlias = xr.DataArray | npt.ArrayLike
"""A DataArray with dimensions chain, draw (and group), or an array (chain, draw[, group])."""


@dataclass(frozen=True)
class GroupDraws:
    """Draws of one quantity per group.

    Attributes
    ----------
    values : array, (chain, draw, group)
    labels : tuple of str
        Name of each group.
    dim : str
        Name of the group dimension, such as player or county; "group" if the draws were an array.
    """

    values: NDArray[Any]
    labels: tuple[str, ...]
    dim: str

    @property
    def flat(self) -> NDArray[Any]:
        """The draws with the chains one after the other, (chain x draw, group)."""
        return self.values.reshape(-1, self.values.shape[2])


def group_draws(
    draws: Draws, *, what: str, labels: Sequence[str] | None = None, finite: bool = True
) -> GroupDraws:
    """Return draws of one quantity per group as an array with labels, after checking them.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw, group)
    what : str
        Name of the draws in error messages.
    labels : sequence of str, optional
        Names of the groups; by default the coords, or 0, 1, 2, ...
    finite : bool
        Whether to raise an error for draws that are NaN or infinite.

    Returns
    -------
    GroupDraws

    Raises
    ------
    DataError
        If there is not exactly one dimension besides chain and draw, there are no draws, a draw
        is not finite, the number of labels is not the number of groups, or two labels are equal.
    """
    array = _labelled(draws, what, group_dims=1)
    dim = str(array.dims[2])
    values = _numbers(array.values, what)
    group_labels = array[dim].values.tolist() if labels is None else list(labels)
    if len(group_labels) != values.shape[2]:
        raise DataError(
            f"{what} has {values.shape[2]} groups, but there are {len(group_labels)} labels"
        )
    names = tuple(map(str, group_labels))
    if len(set(names)) != len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise DataError(f"the labels of {what} are not all different: {repeated!r} is repeated")
    if finite:
        finite_groups = np.atleast_1d(np.isfinite(values).all(axis=(0, 1)))
        bad = [names[i] for i in np.flatnonzero(~finite_groups)]
        if bad:
            raise DataError(f"{what} has draws that are not finite for {', '.join(bad[:5])}")
    return GroupDraws(values, names, dim)


def scalar_draws(draws: Draws, *, what: str) -> NDArray[np.float64]:
    """Return draws of a single quantity as an array, after checking them.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw)
    what : str
        Name of the draws in error messages.

    Returns
    -------
    array, (chain, draw)

    Raises
    ------
    DataError
        If there are dimensions besides chain and draw, there are no draws, or one is not finite.
    """
    values = _numbers(_labelled(draws, what, group_dims=0).values, what)
    if not np.isfinite(values).all():
        raise DataError(f"{what} has draws that are not finite")
    return values


def _labelled(draws: Draws, what: str, *, group_dims: int) -> xr.DataArray:
    """Return draws as a DataArray with dimensions chain, draw and `group_dims` (0 or 1) others."""
    expected_dims = "chain, draw and one group dimension" if group_dims else "chain and draw only"
    if isinstance(draws, xr.DataArray):
        others = [dim for dim in draws.dims if dim not in ("chain", "draw")]
        if len(others) != group_dims or draws.ndim != group_dims + 2:
            hint = (
                ""
                if group_dims
                else f"; choose one with .sel({others[0] if others else 'dim'}=...)"
            )
            raise DataError(
                f"{what} must have dimensions {expected_dims}, "
                f"not ({', '.join(map(str, draws.dims))}){hint}"
            )
        array = draws.transpose("chain", "draw", *others)
    else:
        values = np.asarray(draws)
        if values.ndim != group_dims + 2:
            raise DataError(
                f"{what} must have dimensions {expected_dims}; its shape is {values.shape}"
            )
        array = xr.DataArray(values, dims=("chain", "draw", "group")[: group_dims + 2])
    if 0 in array.shape:
        raise DataError(f"{what} has no draws: its shape is {array.shape}")
    return array


def _numbers(values: NDArray[Any], what: str) -> NDArray[np.float64]:
    if values.dtype.kind not in "biuf":
        raise DataError(f"{what} must be numbers, not {values.dtype}")
    return np.asarray(values, dtype=np.float64)
