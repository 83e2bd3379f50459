"""A Gaussian design as data of ``glmm/gaussian_marginal``: one group term integrated out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import priors, reduce
from .conditional import GroupRows
from .design import Design, GroupDesign
from .families import Family
from .glmm import codes, lkj_shape
from .joint import History
from .joint_layout import joint_data
from .prior_table import PriorTable, sd_name
from .priors import Code
from .reduce import GaussianSums

Floats = NDArray[np.float64]
PROGRAM, BY_PATTERN = "glmm/gaussian_marginal", "glmm/gaussian_marginal_patterns"
FEW_PATTERNS = 4
"""Patterns are used where there are this many times fewer of them than groups."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left of the rows of a Gaussian model with one group term.

    Attributes
    ----------
    sums : GaussianSums
        About the least-squares fit.
    whitened : GaussianSums
        The same with Q in the place of X = QR: no columns that nearly cancel, as those of a year.
    patterns : Patterns
        Of the whitened sums.
    R_inverse : array, (column, column)
        Of X = QR, rows weighted.
    x_mean : array, (predictor,)
        Means of the predictors, where the prior of the intercept stands.
    rows : int
    """

    sums: GaussianSums
    whitened: GaussianSums
    patterns: reduce.Patterns
    R_inverse: Floats
    x_mean: Floats
    rows: int

    @property
    def by_pattern(self) -> bool:
        """Whether few enough groups differ in Z'Z to sum over patterns."""
        return len(self.patterns.groups) * FEW_PATTERNS <= len(self.sums.ZZ)

    @property
    def program(self) -> str:
        """Name of the program that takes these sums."""
        return BY_PATTERN if self.by_pattern else PROGRAM

    def line(self, label: str) -> str:
        """Say the reduction: ``919 rows -> 85 county -> 41 patterns``."""
        line = f"{self.rows} rows -> {len(self.sums.ZZ)} {label}"
        count = len(self.patterns.groups)
        last = f" -> {count} pattern{'s' if count > 1 else ''}" if self.by_pattern else ""
        return line + last


def columns(design: Design) -> Floats:
    """All columns of the fixed part, the intercept first."""
    ones = np.ones((len(design.offset), int(design.intercept)))
    return np.concatenate([ones, design.X], axis=1)


def reduced(design: Design) -> Reduced | None:
    """Reduce a design with one group term; known standard errors become weights.

    None where the columns do not determine a fit, as those of a part of the rows may not.
    """
    response = design.response
    assert response is not None
    (term,) = design.groups
    X, y, weights = columns(design), response.y - design.offset, weights_of(design)
    root = X if weights is None else X * np.sqrt(weights)[:, None]
    R = np.asarray(np.linalg.qr(root, mode="r"), dtype=np.float64)
    if not _full_rank(R):
        return None
    far = np.zeros(X.shape[1])  # a fit near the data: residuals of a large y keep their digits
    far[: int(design.intercept)] = y.mean()
    y = y - far.sum()
    near = reduce.least_squares(X, y, weights)
    sums = reduce.gaussian_sums(
        X, term.Z, term.codes, len(term.levels), y, reference=near, weights=weights
    )
    sums = dataclasses.replace(sums, reference=near + far)
    R_inverse = np.asarray(np.linalg.inv(R), dtype=np.float64)
    whitened = sums.times(R_inverse)
    patterns = reduce.patterns(whitened)
    return Reduced(sums, whitened, patterns, R_inverse, design.X.mean(axis=0), len(y))


def weights_of(design: Design) -> Floats | None:
    """How often each row counts in the sums: its weight, over the square of a known se."""
    response = design.response
    assert response is not None
    if response.se is None:
        return response.weights
    of_se: Floats = (1.0 if response.weights is None else response.weights) / response.se**2
    return of_se


def group_rows(
    design: Design, codes: NDArray[np.int64], groups: int, reference: Floats
) -> tuple[GaussianSums, GroupRows]:
    """Sum the rows of each group, about a reference fit."""
    response = design.response
    assert response is not None
    (term,) = design.groups
    X, y, w = columns(design), response.y - design.offset, weights_of(design)
    sums, own = (
        reduce.gaussian_sums(X, Z, codes, groups, y, reference=reference, weights=w)
        for Z in (term.Z, X)
    )
    count = np.ones(len(y)) if response.weights is None else response.weights
    squares = (y - X @ reference) ** 2 * (1.0 if w is None else w)
    logs = 0.5 * np.log(2 * np.pi) + (0.0 if response.se is None else np.log(response.se))
    rows, rr, constant = (
        np.bincount(codes, values, groups).astype(np.float64)
        for values in (count, squares, -count * logs)
    )
    return sums, GroupRows(rows, rr, own.Zr, own.ZZ, constant)


def _full_rank(R: Floats) -> bool:
    size = np.linalg.norm(R, axis=0)
    if R.shape[0] < R.shape[1] or not size.all():
        return False
    return not R.size or bool(np.linalg.matrix_rank(R / size) == R.shape[1])


def stan_data(
    design: Design,
    table: PriorTable,
    found: Reduced,
    *,
    family: Family,
    history: History | None = None,
) -> dict[str, Any]:
    """Lay out what the data block of `found.program` declares."""
    response = design.response
    assert response is not None
    (term,) = design.groups
    sums, whitened = found.sums, found.whitened
    q, k = len(term.coefficients), design.X.shape[1]
    known = response.se is not None
    columns_left = max(1.0, sums.rows - sums.XX.shape[0])
    unit = 1.0 if known else float(np.sqrt(sums.rr / columns_left)) or 1.0
    taus = [priors.code(table[sd_name(term, name)]) for name in term.coefficients]
    betas = [priors.code(table[name]) for name in design.coefficients]
    alpha = priors.code(table["Intercept"]) if design.intercept else Code(1, 0.0, 1.0, 1.0)
    sigma = Code(1, 0.0, 1.0, 1.0) if known else priors.code(table["sigma"])
    data: dict[str, Any] = {
        "K": k,
        "has_intercept": int(design.intercept),
        "P": len(sums.XX),
        "x_mean": found.x_mean,
        "beta_hat": sums.reference,
        "R_inverse": found.R_inverse,
        "rss": sums.rr,
        "rows": sums.rows,
        "known_se": int(known),
        "q": q,
        "correlated": int(term.correlated),
        "C": q * (q - 1) // 2 if term.correlated else 0,
        **codes("alpha", alpha, location=True),
        **codes("beta", betas, location=True),
        **joint_data(history, design, family),
        **codes("tau", taus, location=False),
        "prior_cor_eta": lkj_shape(term, table),
        **codes("sigma", sigma, location=False),
        "y_unit": unit,
        "tau_unit": unit / np.sqrt(np.maximum(_mean_square(term), 1e-300)),
    }
    if found.by_pattern:
        patterns = found.patterns
        return data | {
            "B": len(patterns.groups),
            "groups": patterns.groups.astype(np.float64),
            "ZZ": patterns.ZZ,
            "G": patterns.G,
        }
    return data | {
        "J": len(sums.ZZ),
        "ZZ": np.moveaxis(sums.ZZ, 0, -1),
        "ZQ": np.moveaxis(whitened.ZX, 0, -1),
        "Zr": sums.Zr.T,
        "draw_effects": 0,
    }


def _mean_square(term: GroupDesign) -> Floats:
    mean: Floats = np.mean(term.Z**2, axis=0)
    return np.where(mean > 0, mean, 1.0)
