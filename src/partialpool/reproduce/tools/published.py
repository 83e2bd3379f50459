"""Comparison of published numbers with ours, within rounding and Monte-Carlo error.

The published numbers of a study are in ``published/NAME.csv``, with columns

    quantity   name of the number
    published  the number as printed, whose last digit gives its rounding; may be empty
    mcse       Monte-Carlo standard error of the published number; empty if it has none
    exact      exact value, by quadrature or analytically, rounded at its last digit; may be empty
    kind       compare: ours must agree with it; wrong: it is known to be wrong, and ours must agree
               with the exact value only; shown: it is printed beside ours but not comparable, such
               as a number from a failed sampler
    note       the reason for the kind, and the place of publication

Ours agrees if it differs by no more than the rounding and five Monte-Carlo standard errors.
"""

from __future__ import annotations

import csv
import importlib
import importlib.resources
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...errors import DataError
from ...summaries.monte_carlo import estimate_mean

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("compare", "wrong", "shown")
STANDARD_ERRORS = 5.0


@dataclass(frozen=True)
class Number:
    """A number that we computed, with its Monte-Carlo error.

    Attributes
    ----------
    value : float
    mcse : float
        Monte-Carlo standard error of `value`; 0 if it was computed without draws.
    """

    value: float
    mcse: float = 0.0


@dataclass(frozen=True)
class Published:
    """A row of ``published/NAME.csv``, whose columns the module describes."""

    quantity: str
    published: str
    mcse: float
    exact: str
    kind: str
    note: str


def mean_of(draws: npt.ArrayLike) -> Number:
    """Return the mean of draws (chain, draw): a probability, if they are booleans."""
    estimate = estimate_mean(np.asarray(draws)[:, :, None])
    return Number(float(estimate.mean[0]), float(np.nan_to_num(estimate.mcse[0])))


def sd_of(draws: npt.ArrayLike) -> Number:
    """Return the standard deviation of draws (chain, draw)."""
    values = np.asarray(draws, dtype=np.float64)
    return Number(float(values.std(ddof=1)), _mcse(values, method="sd"))


def quantile_of(draws: npt.ArrayLike, probability: float) -> Number:
    """Return a quantile of draws (chain, draw)."""
    values = np.asarray(draws, dtype=np.float64)
    error = _mcse(values, method="quantile", prob=probability)
    return Number(float(np.quantile(values, probability)), error)


def _mcse(values: Any, **options: Any) -> float:
    if np.ptp(values) == 0:
        return 0.0
    arviz: Any = importlib.import_module("arviz")
    draws = xr.Dataset({"x": (("chain", "draw"), values)})
    return float(np.asarray(arviz.mcse(draws, **options)["x"].values))


def read(name: str) -> tuple[Published, ...]:
    """Read the published numbers of a study.

    Raises
    ------
    DataError
        If the study has no file of published numbers.
    """
    path = importlib.resources.files(__package__).joinpath("published", f"{name}.csv")
    if not path.is_file():
        raise DataError(f"there are no published numbers of a study {name!r}")
    lines = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return tuple(
        Published(
            line["quantity"],
            line["published"],
            float(line["mcse"] or 0),
            line["exact"],
            line["kind"],
            line["note"],
        )
        for line in lines
    )


def compare(rows: tuple[Published, ...], ours: Mapping[str, Number]) -> pd.DataFrame:
    """Tabulate published numbers beside ours, and whether they agree.

    Parameters
    ----------
    rows : tuple of Published
    ours : mapping of quantity to Number
        Our numbers, with every quantity of `rows`; other quantities are ignored.

    Returns
    -------
    DataFrame
        Columns published, exact, ours, mcse, tolerance, agrees, verdict, note; indexed by
        quantity. ``agrees`` is also True if the two are not compared; ``verdict`` says so.

    Raises
    ------
    DataError
        If a quantity is not in `ours`.
    """
    import pandas as pd

    missing = [row.quantity for row in rows if row.quantity not in ours]
    if missing:
        raise DataError(f"ours has no number for {', '.join(missing)}")
    return pd.DataFrame(
        [_line(row, ours[row.quantity]) for row in rows],
        index=pd.Index([row.quantity for row in rows], name="quantity"),
    )


def _line(row: Published, ours: Number) -> dict[str, Any]:
    """Return the columns of `compare` for one published number and ours."""
    tolerance = _rounding(row.published) + STANDARD_ERRORS * math.hypot(ours.mcse, row.mcse)
    agrees_with_published = not row.published or abs(ours.value - float(row.published)) <= tolerance
    agrees_with_exact = not row.exact or (
        abs(ours.value - float(row.exact)) <= _rounding(row.exact) + STANDARD_ERRORS * ours.mcse
    )
    if row.kind == "shown":
        agrees, verdict = True, "not compared"
    elif row.kind == "wrong":
        agrees = agrees_with_exact and bool(row.exact)
        verdict = "published is wrong; ours is exact" if agrees else "differs from the exact value"
    else:
        agrees = agrees_with_published and agrees_with_exact
        verdict = "agrees" if agrees else "differs"
    return {
        "published": row.published,
        "exact": row.exact,
        "ours": ours.value,
        "mcse": ours.mcse,
        "tolerance": tolerance,
        "agrees": agrees,
        "verdict": verdict,
        "note": row.note,
    }


def _rounding(printed: str) -> float:
    """Return half a unit of the last printed digit, plus a little for binary rounding."""
    if not printed:
        return 0.0
    mantissa, _, exponent = printed.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5000001 * 10.0 ** (int(exponent or 0) - decimals)
