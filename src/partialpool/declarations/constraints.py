"""Whether values satisfy Stan's constrained types, with Stan's tolerance.

Nothing is refused here that Stan accepts. (The other way round there is one gap: a matrix that is
singular up to rounding error is left to Stan.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 1e-8
"""Stan's CONSTRAINT_TOLERANCE."""

_SINGULAR = 1e-12


class Check(NamedTuple):
    """One part of a constraint.

    Attributes
    ----------
    fails : callable
        Takes values whose last dimensions are those of the vector or matrix; gives a bool for
        each vector or matrix.
    says : callable
        Takes the variable's name and one vector or matrix that fails; says what is wrong.
    """

    fails: Callable[[Array], Any]
    says: Callable[[str, Array], str]


def violation(constraint: str, name: str, values: Array, ndim: int) -> str | None:
    """Say what is wrong, if anything is.

    Parameters
    ----------
    constraint : str
        As in `Declaration.constraint`.
    name : str
        What to call the variable.
    values : array
    ndim : int
        How many of the last dimensions are those of the vector (1) or matrix (2).

    Returns
    -------
    str or None
        A sentence about the first vector or matrix that fails, such as
        ``p[2] is not a simplex: it sums to 1.1, not to 1``.
    """
    if values.size == 0:
        return None
    for check in CHECKS.get(constraint, ()):
        failing = np.argwhere(check.fails(values))
        if len(failing):
            place = tuple(failing[0])
            return check.says(name + subscript(place), values[place])
    return None


def subscript(place: tuple[int, ...]) -> str:
    """Write ``[1,3]`` for the position (0, 2): Stan counts from 1."""
    return f"[{','.join(str(index + 1) for index in place)}]" if place else ""


def _first(failing: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(index) for index in np.argwhere(failing)[0])


def _sums_to(total: float, kind: str, axes: int = 1) -> Check:
    along = tuple(range(-axes, 0))
    return Check(
        lambda x: ~(np.abs(x.sum(axis=along) - total) <= TOLERANCE),
        lambda name, x: f"{name} is not {kind}: it sums to {x.sum():.10g}, not to {total:g}",
    )


def _elements(fails: Callable[[Array], Any], axes: int, text: str) -> Check:
    """Check of each element; `text` may use name, element and value."""
    along = tuple(range(-axes, 0))

    def says(name: str, x: Array) -> str:
        place = _first(fails(x))
        element = f"{name}{subscript(place)}"
        return text.format(name=name, element=element, value=f"{x[place]:.10g}")

    return Check(lambda x: fails(x).any(axis=along), says)


def _transposed(check: Check) -> Check:
    return Check(
        lambda x: check.fails(np.swapaxes(x, -1, -2)), lambda name, x: check.says(name, x.T)
    )


def _of_rows(check: Check, word: str) -> Check:
    """Take a check of vectors to the rows of matrices."""

    def says(name: str, x: Array) -> str:
        row = _first(check.fails(x))[0]
        return check.says(f"{word} {row + 1} of {name}", x[row])

    return Check(lambda x: check.fails(x).any(axis=-1), says)


def _not_increasing(x: Array) -> NDArray[np.bool_]:
    wrong = np.zeros(x.shape, dtype=bool)
    wrong[..., 1:] = ~(np.diff(x, axis=-1) > 0)
    return wrong


def _first_negative(x: Array) -> NDArray[np.bool_]:
    wrong = np.zeros(x.shape, dtype=bool)
    wrong[..., 0] = x[..., 0] < 0
    return wrong


def _above_diagonal(x: Array) -> NDArray[np.bool_]:
    return np.asarray(np.triu(x, 1) != 0)


def _diagonal(wrong: Callable[[Array], NDArray[np.bool_]]) -> Callable[[Array], NDArray[np.bool_]]:
    def on_diagonal(x: Array) -> NDArray[np.bool_]:
        rows, columns = x.shape[-2:]
        return np.asarray(np.eye(rows, columns, dtype=bool) & wrong(x))

    return on_diagonal


def _asymmetric(x: Array) -> NDArray[np.bool_]:
    return ~(np.abs(x - np.swapaxes(x, -1, -2)) <= TOLERANCE)


def _indefinite(x: Array) -> NDArray[np.bool_]:
    eigenvalues = np.linalg.eigvalsh(x)
    return np.asarray(eigenvalues[..., 0] < -_SINGULAR * np.abs(eigenvalues).max(axis=-1))


_INCREASING = _elements(
    _not_increasing,
    1,
    "{name} is not in increasing order: {element} is {value}, no more than before",
)
_NONNEGATIVE = _elements(
    lambda x: ~(x >= 0), 1, "{name} is not a simplex: {element} is {value}, below 0"
)
_SIMPLEX = (_sums_to(1.0, "a simplex"), _NONNEGATIVE)
_UNIT = Check(
    lambda x: ~(np.abs((x**2).sum(axis=-1) - 1) <= TOLERANCE),
    lambda name, x: (
        f"{name} is not a unit vector: its squares sum to {(x**2).sum():.10g}, not to 1"
    ),
)
_LOWER_TRIANGULAR = _elements(
    _above_diagonal, 2, "{name} is not lower triangular: {element} is {value}"
)
_POSITIVE_DIAGONAL = _elements(
    _diagonal(lambda x: ~(x > 0)), 2, "the diagonal of {name} is not positive: {element} is {value}"
)
_SYMMETRIC = _elements(
    _asymmetric, 2, "{name} is not symmetric: {element} is {value}, unlike its mirror image"
)
_UNIT_DIAGONAL = _elements(
    _diagonal(lambda x: ~(np.abs(x - 1) <= TOLERANCE)),
    2,
    "{name} is not a correlation matrix: {element} is {value}, not 1",
)
_DEFINITE = Check(
    _indefinite,
    lambda name, x: (
        f"{name} is not positive definite: its smallest eigenvalue is "
        f"{np.linalg.eigvalsh(x)[0]:.10g}"
    ),
)

CHECKS: dict[str, tuple[Check, ...]] = {
    "simplex": _SIMPLEX,
    "ordered": (_INCREASING,),
    "positive_ordered": (
        _elements(_first_negative, 1, "{name} is not positive: {element} is {value}"),
        _INCREASING,
    ),
    "unit_vector": (_UNIT,),
    "sum_to_zero_vector": (_sums_to(0.0, "a sum-to-zero vector"),),
    "sum_to_zero_matrix": (_sums_to(0.0, "a sum-to-zero matrix", axes=2),),
    "row_stochastic_matrix": tuple(_of_rows(check, "row") for check in _SIMPLEX),
    "column_stochastic_matrix": tuple(_transposed(_of_rows(check, "column")) for check in _SIMPLEX),
    "cholesky_factor_corr": (_LOWER_TRIANGULAR, _POSITIVE_DIAGONAL, _of_rows(_UNIT, "row")),
    "cholesky_factor_cov": (_LOWER_TRIANGULAR, _POSITIVE_DIAGONAL),
    "corr_matrix": (_SYMMETRIC, _UNIT_DIAGONAL, _DEFINITE),
    "cov_matrix": (_SYMMETRIC, _DEFINITE),
}
"""What each constrained type asks for, in the order of Stan's own checks."""
