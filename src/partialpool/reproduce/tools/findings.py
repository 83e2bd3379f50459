"""Findings: numbers by quantity and model, for a table or to be held against published ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from .published import Number

if TYPE_CHECKING:
    import pandas as pd

Findings: TypeAlias = Mapping[tuple[str, str], Number]
"""By (quantity, model)."""


def table(findings: Findings) -> pd.DataFrame:
    """Lay findings out, a row per quantity and a column per model.

    Returns
    -------
    DataFrame
        The last column, largest_mcse, is the largest Monte-Carlo standard error in the row.
        Models without the quantity are NaN.
    """
    import pandas as pd

    cells = pd.Series({key: number.value for key, number in findings.items()})
    errors = pd.Series({key: number.mcse for key, number in findings.items()})
    quantities = list(dict.fromkeys(quantity for quantity, _ in findings))
    models = list(dict.fromkeys(model for _, model in findings))
    wide = cells.unstack().reindex(index=quantities, columns=models)
    largest = errors.unstack().reindex(index=quantities).max(axis=1)
    return wide.assign(largest_mcse=largest).rename_axis(index="quantity", columns=None)


def by_name(*findings: Findings) -> dict[str, Number]:
    """Name findings as `published/NAME.csv` does: quantity, model."""
    return {
        f"{quantity}, {model}": number
        for each in findings
        for (quantity, model), number in each.items()
    }
