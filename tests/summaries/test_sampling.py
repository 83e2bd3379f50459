"""Diagnoses side by side: each number is that of the fit's own diagnosis."""

from __future__ import annotations

import numpy as np
import pytest

import partialpool as pp
from partialpool.errors import DataError


@pytest.fixture(scope="module")
def fits() -> dict[str, pp.Fit]:
    schools = pp.datasets.load("eight_schools")
    data = {"J": 8, "y": schools["effect"], "sigma": schools["standard_error"]}
    return {
        form: pp.programs.get(f"normal_known_variance/{form}").sample(
            data, engine="stanli", seed=1, draws=300, progress=False, verbose=False
        )
        for form in ("centered", "noncentered")
    }


def test_numbers_are_those_of_the_diagnoses(fits: dict[str, pp.Fit]) -> None:
    table = pp.summaries.sampling_table(fits)
    assert list(table.index) == list(fits)
    assert table["divergences"]["centered"] > table["divergences"]["noncentered"]
    for name, fit in fits.items():
        row, diagnosis = table.loc[name], fit.diagnose()
        assert row["adapt_delta"] == 0.8
        assert row["divergences"] == diagnosis["divergences"].value
        assert row["r_hat"] == diagnosis["R-hat"].value
        assert row["ess_bulk"] == diagnosis["bulk ESS"].value
        assert row["ess_tail"] == diagnosis["tail ESS"].value
        assert row["ebfmi"] == diagnosis["E-BFMI"].value
        by_chain = fit.sample_stats["diverging"].values.sum(axis=1)
        assert row["by_chain"] == ", ".join(map(str, by_chain))
        assert row["gradients"] == fit.sample_stats["n_steps"].values.sum()


def test_only_the_variables_asked_for_count(fits: dict[str, pp.Fit]) -> None:
    table = pp.summaries.sampling_table(fits, var_names=["mu"])
    for name, fit in fits.items():
        assert table["ess_bulk"][name] == fit.summary(["mu"])["ess_bulk"]["mu"]
    every = pp.summaries.sampling_table(fits)
    assert np.all(table["ess_bulk"] >= every["ess_bulk"])


def test_refuses(fits: dict[str, pp.Fit]) -> None:
    with pytest.raises(DataError, match="fits is empty"):
        pp.summaries.sampling_table({})
    with pytest.raises(DataError, match="centered has no variable nu"):
        pp.summaries.sampling_table(fits, var_names=["nu"])
