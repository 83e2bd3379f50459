"""Effects that a large marginal fit does not keep, against the same fit that keeps them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import partialpool as pp
from partialpool.errors import DataError
from partialpool.model.coefficients import group_moments
from partialpool.posterior import effects as group_effects
from partialpool.posterior import posterior as posterior_module
from partialpool.posterior import predict

SHORT: dict[str, Any] = {
    "engine": "stanli", "seed": 1, "chains": 2, "warmup": 200, "draws": 400, "verbose": False
}  # fmt: skip
FORMULAS = {
    "slopes": "y ~ x + (1 + x | place)",
    "known se": "y | se(s) + weights(w) ~ 0 + x + offset(s) + (1 + x || place)",
}


def data() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    g = np.concatenate([np.arange(12), rng.integers(0, 12, 48)])
    x = rng.normal(2, 1, 60)
    return pd.DataFrame(
        {
            "place": [f"p{i}" for i in g], "x": x, "s": rng.uniform(0.5, 2, 60),
            "w": rng.uniform(0.5, 2, 60),
            "y": rng.normal(0, 2, 12)[g] + rng.normal(0, 1, 12)[g] * x + rng.normal(size=60),
        },
        index=[f"row {i}" for i in range(60)],
    )  # fmt: skip


DATA = data()
Pair = tuple[pp.ModelFit, pp.ModelFit]


@pytest.fixture(scope="module", params=FORMULAS)
def pair(request: pytest.FixtureRequest) -> Pair:
    """One fit that keeps its effects, and the same one that does not."""
    model = pp.Model(FORMULAS[request.param], DATA)
    with pytest.MonkeyPatch.context() as patch:
        kept = model.sample(**SHORT)
        patch.setattr(posterior_module, "KEPT", 0)
        return kept, model.sample(**SHORT)


def test_population_is_the_same_and_effects_are_left_out(pair: Pair) -> None:
    kept, large = pair
    assert set(kept.posterior.data_vars) - set(large.posterior.data_vars) == {"r_place"}
    xr.testing.assert_identical(kept.posterior.drop_vars("r_place"), large.posterior)
    pd.testing.assert_frame_equal(kept.summary(), large.summary())


def test_effects_of_groups_asked_for(pair: Pair) -> None:
    kept, large = pair
    for groups in (None, ["p3"], ["p11", "p0", "p7"], pd.Index(["p2", "p1"])):
        one, other = kept.effects(groups), large.effects(groups)
        xr.testing.assert_allclose(one, other, rtol=1e-12)
        assert one.dims == ("chain", "draw", "place", "place_coefficient")
        assert one.name == other.name == "r_place"
        if groups is not None:
            assert other["place"].values.tolist() == list(groups)
    np.testing.assert_array_equal(
        kept.effects(["p3"], factor="place")[:, :, 0], kept.posterior["r_place"].sel(place="p3")
    )


@pytest.mark.parametrize("table", ["ranef", "coef"])
def test_tables_have_the_moments_without_draws(pair: Pair, table: str) -> None:
    """The exact mean of 800 draws' conditional means, against draws: apart by their error."""
    kept, large = pair
    drawn, exact = getattr(kept, table)(), getattr(large, table)()
    assert list(exact.columns) == ["mean", "sd"]
    assert exact.index.equals(drawn.index)
    assert drawn["ess_bulk"].min() > 100
    assert (abs(exact["mean"] - drawn["mean"]) < 5 * drawn["mcse_mean"]).all()
    assert (abs(exact["sd"] - drawn["sd"]) < 5 * drawn["mcse_sd"]).all()
    moved = exact["mean"] + 0.5 * exact["sd"]
    assert not (abs(moved - drawn["mean"]) < 5 * drawn["mcse_mean"]).any()
    mean, sd = group_moments(large, "place")
    np.testing.assert_array_equal(mean.ravel(), large.coef()["mean"])
    assert mean.shape == sd.shape == (12, len(large.posterior["place_coefficient"]))
    np.testing.assert_allclose(group_moments(kept, "place")[0].ravel(), kept.coef()["mean"])


def new_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {"place": ["p5", "q1", "p0", "p5", "q0"], "x": [0.0, 1, 2, 3, 4], "s": 1.5, "w": 1.0}
    )


@pytest.mark.parametrize("kind", ["mean", "response", "linpred"])
def test_predictions_are_the_same(pair: Pair, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, large = pair

    def predictions(fit: pp.ModelFit) -> list[xr.DataArray]:
        every = [fit.predict(kind=kind), fit.predict(new_rows().iloc[[0, 2]], kind=kind)]
        for new_groups in ("sample", "population"):
            every.append(fit.predict(new_rows(), kind=kind, new_groups=new_groups))
        only_new = new_rows().iloc[[1, 4]]
        return [*every, fit.predict(only_new, kind=kind, new_groups="sample")]

    expected = predictions(kept)
    for chunk in (None, 1, 1000):
        if chunk is not None:
            monkeypatch.setattr(group_effects, "CHUNK", chunk)
        for one, other in zip(expected, predictions(large), strict=True):
            xr.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


def test_only_the_groups_of_the_rows_are_drawn(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    draw = group_effects.GroupEffects.draw

    def listening(self: Any, groups: Any = None) -> xr.DataArray:
        asked.extend(np.asarray(groups).tolist())
        return draw(self, groups)

    monkeypatch.setattr(group_effects.GroupEffects, "draw", listening)
    _, large = pair
    large.predict(new_rows(), new_groups="sample")
    levels = large.model.design.groups[0].levels
    assert [levels[code] for code in asked] == ["p0", "p5"]
    with pytest.raises(DataError, match="q1"):
        large.predict(new_rows())


def test_log_likelihood_in_chunks(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, large = pair
    expected = kept.log_likelihood()
    for chunk in (1, 2000, 10**9):
        monkeypatch.setattr(group_effects, "CHUNK", chunk)
        monkeypatch.setattr(predict, "CHUNK", chunk)
        xr.testing.assert_allclose(large.log_likelihood(), expected, rtol=1e-10)


def test_kfold_and_ladder_do_without_kept_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    model = pp.Model(FORMULAS["slopes"], DATA)
    fit = model.sample(**SHORT)
    expected = fit.kfold(3)
    ladder = pp.pooling_ladder(FORMULAS["slopes"], DATA, **SHORT)
    monkeypatch.setattr(posterior_module, "KEPT", 0)
    large = model.sample(**SHORT)
    pd.testing.assert_frame_equal(large.kfold(3).pointwise, expected.pointwise)
    found = pp.pooling_ladder(FORMULAS["slopes"], DATA, **SHORT)
    assert "r_place" not in found.fits["partial"].posterior
    one, other = ladder.coef(), found.coef()
    np.testing.assert_allclose(one["partial"], other["partial"], atol=0.3 * one["sd_partial"].max())
    pd.testing.assert_series_equal(one["none"], other["none"])


def test_saved_and_loaded(pair: Pair, tmp_path: Path) -> None:
    for fit in pair:
        back = pp.load(fit.save(tmp_path / "fit.nc"))
        assert isinstance(back, pp.ModelFit)
        assert back.model.program == fit.model.program
        for kind in ("mean", "response", "linpred"):
            xr.testing.assert_equal(fit.predict(kind=kind), back.predict(kind=kind))
            xr.testing.assert_equal(
                fit.predict(new_rows(), kind=kind, new_groups="sample"),
                back.predict(new_rows(), kind=kind, new_groups="sample"),
            )
        xr.testing.assert_equal(fit.effects(["p1"]), back.effects(["p1"]))
        xr.testing.assert_equal(fit.log_likelihood(), back.log_likelihood())
        for table in ("ranef", "coef", "fixef", "varcorr"):
            pd.testing.assert_frame_equal(getattr(fit, table)(), getattr(back, table)())


def test_labels_and_terms_that_there_are_not(pair: Pair) -> None:
    for fit in pair:
        with pytest.raises(DataError, match="has no place 'p99'; did you mean 'p9'"):
            fit.effects(["p0", "p99"])
        with pytest.raises(DataError, match="no group term 'county'; there are place"):
            fit.effects(factor="county")
        with pytest.raises(DataError, match="must be a list of labels of place, not 'p0'"):
            fit.effects("p0")


def test_effects_of_fits_that_sample_them() -> None:
    model = pp.Model(FORMULAS["slopes"], DATA, parameterization="noncentered")
    fit = model.sample(**SHORT)
    xr.testing.assert_equal(fit.effects(["p2"]), fit.posterior["r_place"].sel(place=["p2"]))
    none = dataclasses.replace(model, pooling="none", parameterization="auto").sample(**SHORT)
    with pytest.raises(DataError, match="use coef"):
        none.effects()
    flat = dataclasses.replace(model, pooling="complete", parameterization="auto").sample(**SHORT)
    with pytest.raises(DataError, match="no group terms"):
        flat.effects()
