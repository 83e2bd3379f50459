"""The variance-stabilising transform of proportions in Efron & Morris 1975 (JASA 70, 311-319)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from .measurements import FloatArray, numbers, refuse_where


def arcsine_transform(proportion: npt.ArrayLike, n: npt.ArrayLike) -> FloatArray:
    """Transform proportions to a scale on which their variance is about 1 for any mean.

    Parameters
    ----------
    proportion : array_like
        Successes per trial, from 0 to 1 (both transform to finite values).
    n : array_like
        Numbers of trials, above 0; broadcast against `proportion`.

    Returns
    -------
    ndarray
        sqrt(n) asin(2 proportion - 1), of the shape of the broadcast arguments; a scalar for
        scalars.

    Raises
    ------
    DataError
        If a value is not a finite number, a proportion is not between 0 and 1, an n is not above
        0, or the shapes cannot be broadcast.
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
        Values on the scale of `arcsine_transform`, which goes from -sqrt(n) pi / 2 to
        sqrt(n) pi / 2. Values below become 0, and values above become 1.
    n : array_like
        Numbers of trials, above 0; broadcast against `x`.

    Returns
    -------
    ndarray
        (1 + sin(x / sqrt(n))) / 2, of the shape of the broadcast arguments; a scalar for scalars.

    Raises
    ------
    DataError
        If a value is not a finite number, an n is not above 0, or the shapes cannot be broadcast.
    """
    values, trials = _pair("x", x, n)
    angle = np.clip(values / np.sqrt(trials), -np.pi / 2, np.pi / 2)
    proportion: FloatArray = (1 + np.sin(angle)) / 2
    return proportion


def _pair(name: str, value: npt.ArrayLike, n: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return values and numbers of trials as arrays, after checking them."""
    values, trials = numbers(name, value), numbers("n", n)
    refuse_where(trials, trials <= 0, "n is not above 0")
    try:
        np.broadcast_shapes(values.shape, trials.shape)
    except ValueError:
        raise DataError(
            f"{name} has shape {values.shape} and n has shape {trials.shape}: they must be equal, "
            "or one of the two a single number."
        ) from None
    return values, trials
