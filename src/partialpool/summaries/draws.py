"""Draws as they are given, xarray or arrays, in one shape with labels."""

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
        What the groups are: player, county; "group" where draws came as an array.
    """

    values: NDArray[Any]
    labels: tuple[str, ...]
    dim: str

    @property
    def flat(self) -> NDArray[Any]:
        """All chains one after the other, (chain x draw, group)."""
        return self.values.reshape(-1, self.values.shape[2])


def group_draws(
    draws: Draws, *, what: str, labels: Sequence[str] | None = None, finite: bool = True
) -> GroupDraws:
    """Check draws of one quantity per group.

    Parameters
    ----------
    draws : DataArray or array, (chain, draw, group)
    what : str
        What to call them in messages.
    labels : sequence of str, optional
        Names of the groups; by default the coords, or 0, 1, 2, ...
    finite : bool
        Refuse draws that are not finite numbers.

    Raises
    ------
    DataError
        If there is not one dimension besides chain and draw, there are no draws, a draw is not
        finite, or the labels do not fit.
    """
    array = _labelled(draws, what, own=1)
    dim = str(array.dims[2])
    values = _numbers(array.values, what)
    found = array[dim].values.tolist() if labels is None else list(labels)
    if len(found) != values.shape[2]:
        raise DataError(f"{what} has {values.shape[2]} groups, but there are {len(found)} labels")
    names = tuple(map(str, found))
    if len(set(names)) != len(names):
        raise DataError(f"the labels of {what} are not all different")
    if finite:
        finite_groups = np.atleast_1d(np.isfinite(values).all(axis=(0, 1)))
        bad = [names[i] for i in np.flatnonzero(~finite_groups)]
        if bad:
            raise DataError(f"{what} has draws that are not finite for {', '.join(bad[:5])}")
    return GroupDraws(values, names, dim)


def scalar_draws(draws: Draws, *, what: str) -> NDArray[np.float64]:
    """Check draws of a single quantity.

    Returns
    -------
    array, (chain, draw)

    Raises
    ------
    DataError
        If there are dimensions besides chain and draw, there are no draws, or one is not finite.
    """
    values = _numbers(_labelled(draws, what, own=0).values, what)
    if not np.isfinite(values).all():
        raise DataError(f"{what} has draws that are not finite")
    return values


def _labelled(draws: Draws, what: str, *, own: int) -> xr.DataArray:
    wanted = "chain, draw and one group dimension" if own else "chain and draw only"
    if isinstance(draws, xr.DataArray):
        others = [dim for dim in draws.dims if dim not in ("chain", "draw")]
        if len(others) != own or draws.ndim != own + 2:
            hint = "" if own else f"; choose one with .sel({others[0] if others else 'dim'}=...)"
            raise DataError(
                f"{what} must have dimensions {wanted}, "
                f"not ({', '.join(map(str, draws.dims))}){hint}"
            )
        array = draws.transpose("chain", "draw", *others)
    else:
        values = np.asarray(draws)
        if values.ndim != own + 2:
            raise DataError(f"{what} must have dimensions {wanted}; its shape is {values.shape}")
        array = xr.DataArray(values, dims=("chain", "draw", "group")[: own + 2])
    if 0 in array.shape:
        raise DataError(f"{what} has no draws: its shape is {array.shape}")
    return array


def _numbers(values: NDArray[Any], what: str) -> NDArray[np.float64]:
    if values.dtype.kind not in "biuf":
        raise DataError(f"{what} must be numbers, not {values.dtype}")
    return np.asarray(values, dtype=np.float64)
