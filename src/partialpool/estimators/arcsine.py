"""The variance-stabilising transform of Efron & Morris 1975 (JASA 70, 311-319) for proportions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import DataError

FloatArray = npt.NDArray[np.float64]


def arcsine_transform(proportion: npt.ArrayLike, n: npt.ArrayLike) -> FloatArray:
    """Transform proportions to a scale on which their variance is about 1 whatever their mean.

    Parameters
    ----------
    proportion : array_like
        Successes per trial, from 0 to 1 (both transform to finite values).
    n : array_like
        Numbers of trials, above 0; broadcast against `proportion`.

    Returns
    -------
    ndarray
        sqrt(n) asin(2 proportion - 1); a scalar for scalars.
    """
    share, trials = _pair("proportion", proportion, n)
    refuse_where(share, (share < 0) | (share > 1), "proportion is not between 0 and 1")
    transformed: FloatArray = np.sqrt(trials) * np.arcsin(2 * share - 1)
    return transformed


def inverse_arcsine_transform(x: npt.ArrayLike, n: npt.ArrayLike) -> FloatArray:
    """Transform values on the arcsine scale back to proportions.

    Parameters
    ----------
    x : array_like
        Values on the scale of `arcsine_transform`. Those beyond its ends, sqrt(n) pi / 2 either
        side of 0, become 0 or 1 (a sine would fold them back).
    n : array_like
        Numbers of trials, above 0; broadcast against `x`.

    Returns
    -------
    ndarray
        (1 + sin(x / sqrt(n))) / 2; a scalar for scalars.
    """
    values, trials = _pair("x", x, n)
    angle = np.clip(values / np.sqrt(trials), -np.pi / 2, np.pi / 2)
    proportion: FloatArray = (1 + np.sin(angle)) / 2
    return proportion


def _pair(name: str, value: npt.ArrayLike, n: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    values, trials = numbers(name, value), numbers("n", n)
    refuse_where(trials, trials <= 0, "n is not above 0")
    try:
        np.broadcast_shapes(values.shape, trials.shape)
    except ValueError:
        message = f"{name} has shape {values.shape}, n has {trials.shape}: they do not go together."
        raise DataError(message) from None
    return values, trials


def numbers(name: str, value: npt.ArrayLike) -> FloatArray:
    """Take finite numbers as float64; raise `DataError` naming the positions of others."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must hold numbers: {error}.") from error
    refuse_where(array, ~np.isfinite(array), f"{name} is not a finite number")
    return array


def refuse_where(values: FloatArray, wrong: npt.NDArray[np.bool_], message: str) -> None:
    """Raise `DataError` with the positions and the first value where `wrong` holds."""
    if not np.any(wrong):
        return
    if values.ndim == 0:
        raise DataError(f"{message}: it is {values}.")
    places = np.argwhere(wrong)
    shown = ", ".join("-".join(map(str, place)) for place in places[:5])
    shown += f" and {len(places) - 5} more" if len(places) > 5 else ""
    first = values[tuple(places[0])]
    raise DataError(f"{message} at position {shown} (counting from 0): the first is {first}.")
