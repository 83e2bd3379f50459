"""A user's measurements and their standard deviations, checked, and the target of shrinkage."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import DataError, OptionError

FloatArray = npt.NDArray[np.float64]
Target = Literal["mean"] | float
"""The value towards which estimates are shrunk: "mean" for the precision-weighted mean."""


def numbers(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return a user's numbers as float64; raise `DataError` if some are not finite numbers."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must hold numbers: {error}.") from error
    refuse_where(array, ~np.isfinite(array), f"{name} is not a finite number")
    return array


def refuse_where(values: FloatArray, wrong: npt.NDArray[np.bool_], message: str) -> None:
    """Raise `DataError` if `wrong` is True anywhere, with the positions and the first value."""
    if not np.any(wrong):
        return
    if values.ndim == 0:
        raise DataError(f"{message}: it is {values}.")
    places = np.argwhere(wrong)
    shown = ", ".join("-".join(map(str, place)) for place in places[:5])
    shown += f" and {len(places) - 5} more" if len(places) > 5 else ""
    first = values[tuple(places[0])]
    raise DataError(f"{message} at position {shown} (counting from 0): the first is {first}.")


def weights(scale: FloatArray) -> FloatArray:
    """Return weights proportional to 1 / sd^2; the largest is 1, so that none overflows."""
    weight: FloatArray = (scale.min() / scale) ** 2
    return weight


def centre_of(values: FloatArray, scale: FloatArray, towards: Target) -> float:
    """Return the target of shrinkage: the precision-weighted mean of the values, or `towards`."""
    if towards != "mean":
        return float(towards)
    weight = weights(scale)
    # Differences from the first value are averaged, so that the mean of equal values is exact.
    return float(values[0] + np.sum(weight * (values - values[0])) / weight.sum())


def numerator_of(k: int, towards: Target) -> int:
    """Return k - r - 2, the numerator of James-Stein's rule, after checking the number of units."""
    if towards != "mean" and (isinstance(towards, str) or not np.isfinite(towards)):
        raise OptionError(f'towards is {towards!r}: give "mean" or a finite number.')
    least, goal = (4, "their mean") if towards == "mean" else (3, "a given target")
    if k < least:
        raise DataError(f"Shrinking towards {goal} needs at least {least} units; there are {k}.")
    return k - least + 1


def measurements(y: npt.ArrayLike, sd: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return measurements and their standard deviations as arrays (unit,), after checking them.

    Raises
    ------
    DataError
        If a value is not a finite number, an sd is not above 0, `y` has not one dimension, or
        `sd` is neither one number nor one per measurement.
    """
    values, scale = numbers("y", y), numbers("sd", sd)
    if values.ndim != 1:
        raise DataError(f"y must hold one measurement per unit; it has shape {values.shape}.")
    if scale.shape not in ((), values.shape):
        needed = f"one number or one for each of the {values.size} measurements"
        raise DataError(f"sd must hold {needed}; it has shape {scale.shape}.")
    refuse_where(scale, scale <= 0, "sd is not above 0")
    return values, np.broadcast_to(scale, values.shape)
