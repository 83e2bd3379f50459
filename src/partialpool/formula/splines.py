"""Splines: formulaic's bases, centred so that an intercept beside them is told apart.

Each basis has one column more than asked for; the column that the means of the data of the fit
point to is turned away (Wood 2017, Generalized Additive Models, section 1.8).  All is
done value by value, so that a row's columns never depend on the other rows.
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
    """B-splines with `df` columns; `intercept=True` leaves the basis as it is."""
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
    """Natural cubic splines, straight lines beyond the outer knots."""
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
    """Cyclic cubic splines, which meet smoothly where a period ends."""
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
    """Raise where an argument is no whole number."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} must be a whole number, such as {name}=3, not {value!r}")


def _remember_range(x: Floats, state: State) -> None:
    state.setdefault("range", (float(x.min()), float(x.max())))


def _columns(basis: Any) -> list[Floats]:
    return [np.asarray(column, dtype=np.float64) for column in basis.values()]


def _centered(columns: list[Floats], center: bool, state: State) -> Floats:
    if not center:
        return np.column_stack(columns)
    if "turn" not in state:
        state["turn"] = _turn(np.array([column.mean() for column in columns]))
    found = np.empty((len(columns[0]), len(columns) - 1))
    for place, weights in enumerate(state["turn"].T.tolist()):
        total = columns[0] * weights[0]
        for column, weight in zip(columns[1:], weights[1:], strict=True):
            total += column * weight
        found[:, place] = total
    return found


def _turn(means: Floats) -> Floats:
    """Householder's reflection that turns the means into the first direction, without it."""
    unit = means / np.linalg.norm(means)
    mirror = unit.copy()
    mirror[0] += 1 if unit[0] >= 0 else -1
    mirror /= np.linalg.norm(mirror)
    turn: Floats = (np.eye(len(means)) - 2 * np.outer(mirror, mirror))[:, 1:]
    return turn
