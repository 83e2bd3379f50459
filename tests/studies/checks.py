"""Checks that the studies share."""

from __future__ import annotations

from collections.abc import Mapping

from partialpool.reproduce.tools.published import read


def assert_exact_column(name: str, exact: Mapping[str, float]) -> None:
    """Every exact number in the file is the one computed, to the last digit printed."""
    rows = [row for row in read(name) if row.exact]
    assert {row.quantity for row in rows} == set(exact)
    for row in rows:
        digits = len(row.exact.partition(".")[2])
        assert f"{exact[row.quantity]:.{digits}f}" == row.exact, row.quantity
