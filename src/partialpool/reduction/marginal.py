"""Reduce a Gaussian design to the sums left when group effects are integrated out.

Those of one term are, or of all: what the rows say is in sums by the groups of one term, and in
products of its columns with those of the others.

They are the data of the programs ``glmm/gaussian_marginal*``. Here "columns" are those of the
population-level design matrix, the intercept first, and "effects" are group-level effects.
"""

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
from . import elimination
from . import pair_sums as crossed
from . import sums as reduce
from .elimination import Elimination
from .pair_sums import GroupColumns
from .sums import GaussianSums

PROGRAM, BY_PATTERN = "glmm/gaussian_marginal", "glmm/gaussian_marginal_patterns"
CROSSED, ALL = "glmm/gaussian_marginal_crossed", "glmm/gaussian_marginal_all"
BLOCK = 2**16
"""Number of rows that are reduced at a time."""
FEW_PATTERNS = 1.5
"""Patterns are used if the groups are at least this many times as many as the patterns ..."""
WORK = 20_000
"""... and a gradient takes no more multiplications with sums over patterns than with sums over
groups, or no more than this number."""
PRODUCT = 1_000
"""Multiplications within vectors that take as long as one multiplication of two coefficients, of
which a gradient needs one for each pair of columns. With 60 columns, one pattern of 40 groups took
300 times as long as the 40 groups."""
ENTRIES = 5_000_000
"""With further group terms, one term is integrated out only up to this many entries of Z'W and
W'W."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """The sums left of a Gaussian design when group effects are integrated out.

    Attributes
    ----------
    label : str
        Label of the group term whose sums are by group: the one that is integrated out, or the
        first of all.
    sums : GaussianSums
        Cross-products about the least-squares fit.
    whitened : GaussianSums
        The same with the orthonormal columns Q of X = QR in place of X, so that columns that
        nearly cancel, such as an intercept and a year, cost no digits.
    patterns : Patterns or None
        The whitened sums over groups with the same Z'Z; None if such groups are few.
    R_inverse : array, (column, column)
        Inverse of R of X = QR, where X has its rows multiplied by the roots of their weights.
    x_mean : array, (predictor,)
        Means of the predictors; the prior of the intercept is that of the mean response there.
    rows : int
        Number of rows of the design.
    elimination : Elimination or None
        The order in which the effects of all terms are integrated out, with terms numbered in the
        order of `integrated_first`; None if only those of one term are.
    """

    label: str
    sums: GaussianSums
    whitened: GaussianSums
    patterns: reduce.Patterns | None
    R_inverse: Floats
    x_mean: Floats
    rows: int
    elimination: Elimination | None = None

    @property
    def program(self) -> str:
        """Name of the Stan program whose data these sums are."""
        if self.sums.crossed is not None:
            return CROSSED if self.elimination is None else ALL
        return PROGRAM if self.patterns is None else BY_PATTERN

    def line(self, design: Design) -> str:
        """Describe the reduction in a line: ``919 rows -> 85 county -> 41 patterns``.

        With several group terms the pairs of groups with rows in common are counted:
        ``144 rows -> 24 plate x 6 sample (144 pairs)``.
        """
        terms = integrated_first(design, self.label).groups
        line = f"{self.rows} rows -> {' x '.join(f'{len(t.levels)} {t.label}' for t in terms)}"
        if self.sums.crossed is not None:
            shared, _ = crossed.pairs(columns_of(terms[0]), [columns_of(t) for t in terms[1:]])
            return f"{line} ({shared} pairs)"
        if self.patterns is None:
            return line
        count = len(self.patterns.groups)
        return line + f" -> {count} pattern{'s' if count > 1 else ''}"


def integrated_first(design: Design, label: str) -> Design:
    """Return the design with the term of this label, whose sums are by group, before the others."""
    first = tuple(term for term in design.groups if term.label == label)
    others = tuple(term for term in design.groups if term.label != label)
    return dataclasses.replace(design, groups=first + others)


def label_with_most_effects(design: Design, labels: Collection[str]) -> str:
    """Return, of the group terms with these labels, the label of the one with the most effects."""
    terms = [term for term in design.groups if term.label in labels]
    return max(terms, key=lambda term: len(term.coefficients) * len(term.levels)).label


def columns_of(term: GroupDesign) -> GroupColumns:
    """Return the columns of a group term and the group of each row, from which sums are made."""
    return GroupColumns(term.Z, term.codes, len(term.levels))


def reason_to_sample(design: Design, label: str) -> str | None:
    """Say why the term of this label should be sampled and not integrated out; None if it need not.

    The reason is the number of sums over pairs of its groups and groups of other terms.
    """
    first, *further = integrated_first(design, label).groups
    if not further:
        return None
    shared, entries = crossed.pairs(columns_of(first), [columns_of(term) for term in further])
    if entries <= ENTRIES:
        return None
    others = ", ".join(term.label for term in further)
    return (
        f"{first.label} and {others} have {shared:,} pairs of groups with rows in common, and so "
        f"{entries:,} sums; {first.label} is integrated out only up to {ENTRIES:,} sums"
    )


def columns(design: Design) -> Floats:
    """Return the population-level design matrix, (row, column), the intercept first."""
    ones = np.ones((len(design.offset), int(design.intercept)))
    return np.concatenate([ones, design.X], axis=1)


def order_of_elimination(design: Design) -> tuple[str, Elimination]:
    """Choose the order in which the effects of all group terms are integrated out.

    Returns
    -------
    label : str
        Label of the first term.
    order : Elimination
        Terms are numbered in the order of `integrated_first` with that label.
    """
    labels = [term.label for term in design.groups]
    chosen = elimination.plan([columns_of(term) for term in design.groups])
    label = labels[chosen.chain[0]]
    ordered = [term.label for term in integrated_first(design, label).groups]
    chain, outside = (
        tuple(ordered.index(labels[number]) for number in numbers)
        for numbers in (chosen.chain, chosen.outside)
    )
    return label, Elimination(chain, tuple(sorted(outside)), chosen.cost)


def reduced(
    design: Design, label: str | None = None, *, order: Elimination | None = None
) -> Reduced | None:
    """Reduce a Gaussian design to sums, with the group effects of one term or all integrated out.

    Known standard errors become weights.

    Parameters
    ----------
    design : Design
    label : str, optional
        Label of the group term that is integrated out; by default the first term.
    order : Elimination, optional
        If the effects of all terms are integrated out: the order, which begins with that term.

    Returns
    -------
    Reduced or None
        None if the columns are linearly dependent, as they may be in a part of the rows.
    """
    response = design.response
    assert response is not None
    label = design.groups[0].label if label is None else label
    term, *further = integrated_first(design, label).groups
    blocks = functools.partial(_blocks, design, term, further)
    # the mean is taken off y first, so that the residuals of a large y keep their digits
    center = np.zeros(design.X.shape[1] + int(design.intercept))
    center[: int(design.intercept)] = np.mean(response.y) - np.mean(design.offset)
    R, coefficients = reduce.least_squares_of(
        (rows.X, rows.y - center.sum(), rows.weights) for rows in blocks()
    )
    if coefficients is None:
        return None
    sums = functools.reduce(
        operator.add,
        (
            reduce.gaussian_sums(
                rows.X, rows.Z, rows.codes, len(term.levels), rows.y - center.sum(),
                reference=coefficients, weights=rows.weights, further=rows.further,
            )
            for rows in blocks()
        ),
    )  # fmt: skip
    sums = dataclasses.replace(sums, reference=coefficients + center)
    R_inverse = np.asarray(np.linalg.inv(R), dtype=np.float64)
    whitened = sums.times(R_inverse)
    patterns = reduce.patterns(whitened) if not further and _few_patterns(sums) else None
    x_mean = design.X.mean(axis=0)
    return Reduced(label, sums, whitened, patterns, R_inverse, x_mean, len(response.y), order)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The columns of a block of consecutive rows, with the offset taken off y."""

    X: Floats
    y: Floats
    weights: Floats | None
    Z: Floats
    codes: NDArray[np.int64]
    further: list[GroupColumns]


def _blocks(design: Design, term: GroupDesign, further: Sequence[GroupDesign]) -> Iterator[_Rows]:
    """Go through the rows block by block, so that copies of columns are made of one block only."""
    response = design.response
    assert response is not None
    rows, weights = len(response.y), weights_of(design)
    step = max(BLOCK, 4 * len(term.levels))
    for start in range(0, rows, step):
        block = slice(start, start + step)
        X = design.X[block]
        yield _Rows(
            np.concatenate([np.ones((len(X), int(design.intercept))), X], axis=1),
            response.y[block] - design.offset[block],
            None if weights is None else weights[block],
            term.Z[block],
            term.codes[block],
            [GroupColumns(t.Z[block], t.codes[block], len(t.levels)) for t in further],
        )


def _few_patterns(sums: GaussianSums) -> bool:
    """Tell whether sums over patterns are so few that a gradient is faster than with groups."""
    groups, q, columns = (int(size) for size in sums.ZX.shape)
    count = int(reduce.patterns_of(sums).max()) + 1
    pairs, pairs_of_columns = q * (q + 1) // 2, (columns + 1) * (columns + 2) // 2
    work = (count * pairs**2 + PRODUCT) * pairs_of_columns
    work_by_group = groups * q**2 * (columns + 1)
    return count * FEW_PATTERNS <= groups and work <= max(WORK, work_by_group)


def weights_of(design: Design) -> Floats | None:
    """Return the weight of each row in the sums: its weight, over the square of a known se.

    None if every row counts once.
    """
    response = design.response
    assert response is not None
    if response.se is None:
        return response.weights
    weights: Floats = (1.0 if response.weights is None else response.weights) / response.se**2
    return weights
