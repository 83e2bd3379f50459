"""A Gaussian design reduced to sums, with the effects of one group term integrated out."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..design.design import Design, GroupDesign
from . import pair_sums as crossed
from . import sums as reduce
from .pair_sums import GroupColumns
from .sums import GaussianSums

PROGRAM, BY_PATTERN = "glmm/gaussian_marginal", "glmm/gaussian_marginal_patterns"
CROSSED = "glmm/gaussian_marginal_crossed"
BLOCK = 2**16
"""Rows that are reduced at a time."""
FEW_PATTERNS = 1.5
"""Patterns are used where there are this many times fewer of them than groups ..."""
WORK = 20_000
"""... and their sums take no more multiplications a gradient than the groups', or than this."""
PRODUCT = 1_000
"""Multiplications in vectors that take as long as one of two coefficients, which a gradient needs
for each pair: with 60 columns, one pattern of 40 groups was 300 times as slow as they are."""
ENTRIES = 5_000_000
"""Entries of Z'W and W'W up to which further terms are taken beside one integrated out."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left of the rows of a Gaussian model whose effects of one term are integrated out.

    Attributes
    ----------
    label : str
        That term's.
    sums : GaussianSums
        About the least-squares fit.
    whitened : GaussianSums
        The same with Q in the place of X = QR: no columns that nearly cancel, as those of a year.
    patterns : Patterns or None
        Of the whitened sums, where they are few.
    R_inverse : array, (column, column)
        Of X = QR, rows weighted.
    x_mean : array, (predictor,)
        Means of the predictors, where the prior of the intercept stands.
    rows : int
    """

    label: str
    sums: GaussianSums
    whitened: GaussianSums
    patterns: reduce.Patterns | None
    R_inverse: Floats
    x_mean: Floats
    rows: int

    @property
    def program(self) -> str:
        """Name of the program that takes these sums."""
        if self.sums.crossed is not None:
            return CROSSED
        return PROGRAM if self.patterns is None else BY_PATTERN

    def line(self, design: Design) -> str:
        """Say the reduction: ``919 rows -> 85 county -> 41 patterns``.

        Of several terms, the pairs of groups that share rows: ``144 rows -> 24 plate x 6 sample
        (144 pairs)``.
        """
        terms = arranged(design, self.label).groups
        line = f"{self.rows} rows -> {' x '.join(f'{len(t.levels)} {t.label}' for t in terms)}"
        if self.sums.crossed is not None:
            shared, _ = crossed.pairs(columns_of(terms[0]), [columns_of(t) for t in terms[1:]])
            return f"{line} ({shared} pairs)"
        if self.patterns is None:
            return line
        count = len(self.patterns.groups)
        return line + f" -> {count} pattern{'s' if count > 1 else ''}"


def arranged(design: Design, label: str) -> Design:
    """Put the term that is integrated out first, as the programs have it."""
    first = tuple(term for term in design.groups if term.label == label)
    others = tuple(term for term in design.groups if term.label != label)
    return dataclasses.replace(design, groups=first + others)


def largest(design: Design, labels: Collection[str]) -> str:
    """Of some terms, return the label of the one with the most effects."""
    terms = [term for term in design.groups if term.label in labels]
    return max(terms, key=lambda term: len(term.coefficients) * len(term.levels)).label


def columns_of(term: GroupDesign) -> GroupColumns:
    """Take what sums need of a term."""
    return GroupColumns(term.Z, term.codes, len(term.levels))


def too_many(design: Design, label: str) -> str | None:
    """Say why the term's effects are better sampled, where the sums are not small."""
    first, *further = arranged(design, label).groups
    if not further:
        return None
    shared, entries = crossed.pairs(columns_of(first), [columns_of(term) for term in further])
    if entries <= ENTRIES:
        return None
    others = ", ".join(term.label for term in further)
    return (
        f"{first.label} and {others} have {shared:,} pairs of groups with rows in common, and so "
        f"{entries:,} sums; more than {ENTRIES:,} are too many to integrate {first.label} out"
    )


def columns(design: Design) -> Floats:
    """All columns of the fixed part, the intercept first."""
    ones = np.ones((len(design.offset), int(design.intercept)))
    return np.concatenate([ones, design.X], axis=1)


def reduced(design: Design, label: str | None = None) -> Reduced | None:
    """Reduce a design; known standard errors become weights.

    None where the columns do not determine a fit, as those of a part of the rows may not.

    Parameters
    ----------
    design : Design
    label : str, optional
        Of the term whose effects are integrated out; the first one's if not given.
    """
    response = design.response
    assert response is not None
    label = design.groups[0].label if label is None else label
    term, *further = arranged(design, label).groups
    parts = functools.partial(_parts, design, term, further)
    center = float(np.mean(response.y)) - float(np.mean(design.offset))
    far = np.zeros(design.X.shape[1] + int(design.intercept))
    far[: int(design.intercept)] = center  # near the data: residuals of a large y keep their digits
    R, near = reduce.least_squares_of(
        (each.X, each.y - far.sum(), each.weights) for each in parts()
    )
    if near is None:
        return None
    sums = functools.reduce(
        operator.add,
        (
            reduce.gaussian_sums(
                each.X, each.Z, each.codes, len(term.levels), each.y - far.sum(),
                reference=near, weights=each.weights, further=each.further,
            )
            for each in parts()
        ),
    )  # fmt: skip
    sums = dataclasses.replace(sums, reference=near + far)
    R_inverse = np.asarray(np.linalg.inv(R), dtype=np.float64)
    whitened = sums.times(R_inverse)
    patterns = reduce.patterns(whitened) if not further and _few_patterns(sums) else None
    x_mean = design.X.mean(axis=0)
    return Reduced(label, sums, whitened, patterns, R_inverse, x_mean, len(response.y))


@dataclass(frozen=True, eq=False)
class _Part:
    """Some rows."""

    X: Floats
    y: Floats
    weights: Floats | None
    Z: Floats
    codes: NDArray[np.int64]
    further: list[GroupColumns]


def _parts(design: Design, term: GroupDesign, further: Sequence[GroupDesign]) -> Iterator[_Part]:
    """Take rows in turn: what is made of them is never held of all."""
    response = design.response
    assert response is not None
    rows, weights = len(response.y), weights_of(design)
    step = max(BLOCK, 4 * len(term.levels))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        X = design.X[part]
        yield _Part(
            np.concatenate([np.ones((len(X), int(design.intercept))), X], axis=1),
            response.y[part] - design.offset[part],
            None if weights is None else weights[part],
            term.Z[part],
            term.codes[part],
            [GroupColumns(each.Z[part], each.codes[part], len(each.levels)) for each in further],
        )


def _few_patterns(sums: GaussianSums) -> bool:
    groups, q, columns = (int(size) for size in sums.ZX.shape)
    alike = int(reduce.patterns_of(sums).max()) + 1
    pairs, pairs_of_columns = q * (q + 1) // 2, (columns + 1) * (columns + 2) // 2
    work = (alike * pairs**2 + PRODUCT) * pairs_of_columns
    work_by_group = groups * q**2 * (columns + 1)
    return alike * FEW_PATTERNS <= groups and work <= max(WORK, work_by_group)


def weights_of(design: Design) -> Floats | None:
    """How often each row counts in the sums: its weight, over the square of a known se."""
    response = design.response
    assert response is not None
    if response.se is None:
        return response.weights
    of_se: Floats = (1.0 if response.weights is None else response.weights) / response.se**2
    return of_se
