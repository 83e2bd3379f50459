"""Spline bases from formulaic, centred so that they are identified beside an intercept.

Each basis is computed with one column more than asked for. A rotation then removes the one
direction in which the columns' means over the data of the fit are not 0 (Wood 2017, Generalized
Additive Models, section 1.8). Everything is computed elementwise, so that a row of the basis
never depends on the other rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import Floats

State = dict[str, Any]


def bs(
    x: Floats,
    df: int | None = None,
    degree: int = 3,
    intercept: bool | None = None,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    center: bool = True,
    *,
    _state: State,
) -> Floats:
    """Return a B-spline basis, (row, `df`); `intercept=True` leaves it uncentred."""
    from formulaic.transforms import basis_spline

    if df is None:
        raise ValueError("say how many columns, for example bs(x, df=5)")
    check_whole("df", df)
    check_whole("degree", degree)
    center = center if intercept is None else not intercept
    if df < degree + (not center):
        raise ValueError(f"df={df} is too small for degree={degree}: the least is "
                         f"{degree + (not center)}")  # fmt: skip
    _remember_range(x, _state)
    basis = basis_spline(
        x,
        df=df + center,
        degree=degree,
        include_intercept=True,
        lower_bound=lower_bound,
        upper_bound=upper_bound,
        extrapolation="extend",
        _state=_state.setdefault("basis", {}),
    )
    if np.any(np.diff(_state["basis"]["knots"]) < 0):
        raise ValueError("its knots, at quantiles of the data, lie beyond the bounds given to it")
    return _centered(_columns(basis), center, _state)


def cr(
    x: Floats,
    df: int = 10,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    center: bool = True,
    *,
    _state: State,
) -> Floats:
    """Return a natural cubic spline basis, (row, `df`), linear beyond the outer knots."""
    from formulaic.transforms import natural_cubic_spline

    check_whole("df", df)
    _remember_range(x, _state)
    basis = natural_cubic_spline(
        x,
        df=df + center,
        lower_bound=lower_bound,
        upper_bound=upper_bound,
        extrapolation="extend",
        _state=_state.setdefault("basis", {}),
    )
    return _centered(_columns(basis), center, _state)


def cc(
    x: Floats,
    period: float,
    df: int = 10,
    lower_bound: float | None = None,
    center: bool = True,
    *,
    _state: State,
) -> Floats:
    """Return a cyclic cubic spline basis, (row, `df`), smooth from one period to the next."""
    from formulaic.transforms import cyclic_cubic_spline

    check_whole("df", df)
    if not period > 0:
        raise ValueError(f"the period must be greater than 0, it is {period}")
    low = _state.setdefault("low", float(x.min()) if lower_bound is None else float(lower_bound))
    basis = cyclic_cubic_spline(
        low + np.mod(x - low, period),
        df=df + center,
        lower_bound=low,
        upper_bound=low + period,
        extrapolation="extend",
        _state=_state.setdefault("basis", {}),
    )
    return _centered(_columns(basis), center, _state)


def check_whole(name: str, value: Any) -> None:
    """Raise `ValueError` unless an argument is a whole number of at least 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} must be a whole number, such as {name}=3, not {value!r}")


def _remember_range(x: Floats, state: State) -> None:
    state.setdefault("range", (float(x.min()), float(x.max())))


def _columns(basis: Any) -> list[Floats]:
    return [np.asarray(column, dtype=np.float64) for column in basis.values()]


def _centered(columns: list[Floats], center: bool, state: State) -> Floats:
    """Stack columns; if `center`, project out the direction of their means in the fit's data."""
    if not center:
        return np.column_stack(columns)
    if "directions" not in state:
        state["directions"] = _orthogonal_directions(
            np.array([column.mean() for column in columns])
        )
    basis = np.empty((len(columns[0]), len(columns) - 1))
    for place, weights in enumerate(state["directions"].T.tolist()):
        total = columns[0] * weights[0]
        for column, weight in zip(columns[1:], weights[1:], strict=True):
            total += column * weight
        basis[:, place] = total
    return basis


def _orthogonal_directions(means: Floats) -> Floats:
    """Return an orthonormal basis, (column, column - 1), of the directions orthogonal to `means`.

    It is the Householder reflection that maps `means` to the first axis, less its first column.
    """
    unit = means / np.linalg.norm(means)
    mirror = unit.copy()
    mirror[0] += 1 if unit[0] >= 0 else -1
    mirror /= np.linalg.norm(mirror)
    turn: Floats = (np.eye(len(means)) - 2 * np.outer(mirror, mirror))[:, 1:]
    return turn
