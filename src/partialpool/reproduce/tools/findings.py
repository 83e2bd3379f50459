"""Findings: numbers by quantity and model, for a table and for comparison with published ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from .published import Number

if TYPE_CHECKING:
    import pandas as pd

Findings: TypeAlias = Mapping[tuple[str, str], Number]
"""Numbers by (quantity, model)."""


def table(findings: Findings) -> pd.DataFrame:
    """Tabulate findings, a row per quantity and a column per model.

    Returns
    -------
    DataFrame
        Values of each quantity; NaN for a model without it. The last column, largest_mcse, is the
        largest Monte-Carlo standard error in the row.
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
    """Return findings under the names in ``published/NAME.csv``: "quantity, model"."""
    return {
        f"{quantity}, {model}": number
        for group in findings
        for (quantity, model), number in group.items()
    }
