"""The tables of a fit share the statistics of its draws, which are computed once."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import partialpool as pp
from partialpool.diagnostics import cache
from partialpool.diagnostics.checks import diagnose
from partialpool.diagnostics.statistics import statistics
from partialpool.sampling import inference_data


@pytest.fixture(scope="module")
def model() -> pp.Model:
    return pp.Model("reaction ~ days + (1 + days | subject)", pp.datasets.load("sleepstudy"))


@pytest.fixture(scope="module")
def sampled(model: pp.Model) -> pp.ModelFit:
    return model.sample(engine="stanli", seed=1, draws=100, verbose=False)


@pytest.fixture
def fit(sampled: pp.ModelFit) -> pp.ModelFit:
    """The fit without what other tests have computed of it."""
    return dataclasses.replace(sampled)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of scalars of each pass, passes of none left out."""
    found: list[int] = []

    def counted(variables: list[NDArray[Any]]) -> list[NDArray[np.float64]]:
        found.extend([sum(values.shape[2] for values in variables)] if variables else [])
        return statistics(variables)

    monkeypatch.setattr(cache, "statistics", counted)
    return found


def tables(fit: pp.ModelFit) -> list[pd.DataFrame]:
    return [fit.summary(), fit.ranef(), fit.coef(), fit.fixef(), fit.varcorr(), fit.sigma()]


def test_each_quantity_is_computed_once(fit: pp.ModelFit, computed: list[int]) -> None:
    scalars = sum(v[0, 0].size for v in fit.posterior.data_vars.values())
    fit.diagnose()
    assert computed == [scalars]
    tables(fit)
    assert computed == [scalars, 2 * 18]  # those of `coef`
    fit.summary(["r_subject"], quantiles=(0.1,))
    fit.ranef(quantiles=(0.25, 0.75))
    tables(fit)
    fit.diagnose()
    assert len(computed) == 2


def test_a_summary_does_not_compute_what_it_does_not_show(
    fit: pp.ModelFit, computed: list[int]
) -> None:
    assert computed == []
    shown = len(fit.summary())
    assert computed == [shown]
    fit.fixef()
    assert computed == [shown]


def test_shared_tables_are_those_of_the_draws(fit: pp.ModelFit) -> None:
    fit.diagnose()
    expected = pp.summaries.summary(fit.posterior)
    rows = fit.ranef()
    pd.testing.assert_frame_equal(
        rows.reset_index(drop=True),
        expected[expected.index.str.startswith("r_subject")].reset_index(drop=True),
    )
    beta = expected[expected.index.str.startswith("beta")]
    np.testing.assert_array_equal(fit.fixef().to_numpy(), beta.to_numpy())
    alone = diagnose(
        fit.posterior,
        fit.sample_stats,
        max_treedepth=fit.treedepth_limit,
        adapt_delta=fit.config["adapt_delta"],
    )
    assert fit.diagnose() == alone


def test_tables_that_are_changed_do_not_change_later_ones(fit: pp.ModelFit) -> None:
    first = fit.ranef()
    kept = first.copy()
    first.loc[:, :] = 0.0
    pd.testing.assert_frame_equal(fit.ranef(), kept)


def test_draws_that_are_changed_are_summarised_anew(fit: pp.ModelFit) -> None:
    groups = {
        name: inference_data.group(fit.idata, name).copy(deep=True)
        for name in inference_data.group_names(fit.idata)
    }
    own = dataclasses.replace(fit, idata=inference_data.assemble(groups, fit.attrs))
    before = own.sigma()
    assert "sigma" not in own.diagnose()["R-hat"].where
    inference_data.group(own.idata, "posterior")["sigma"].values[0] += 100
    after = own.sigma()
    assert after["mean"].item() > before["mean"].item() + 10
    assert after["r_hat"].item() > 1.5 > before["r_hat"].item()
    assert own.diagnose()["R-hat"].where[0] == "sigma"


def test_a_fit_from_a_file_has_the_same_tables(fit: pp.ModelFit, tmp_path: Path) -> None:
    expected = tables(fit)
    loaded = pp.load(fit.save(tmp_path / "fit.nc"))
    assert isinstance(loaded, pp.ModelFit)
    assert loaded.diagnose() == fit.diagnose()
    for ours, theirs in zip(tables(loaded), expected, strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


def test_what_is_kept_can_be_copied(fit: pp.ModelFit, computed: list[int]) -> None:
    fit.summary()
    for copied in (copy.deepcopy(fit._statistics), pickle.loads(pickle.dumps(fit._statistics))):
        vars(fit)["_statistics"] = copied
        fit.summary()
    assert len(computed) == 1
