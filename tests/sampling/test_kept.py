"""Draws are kept, whatever fails after they were drawn: a failure put into each real component."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import partialpool as pp
from partialpool.diagnostics import checks as diagnostics
from partialpool.errors import DataWarning, KeptDrawsError, SamplingError
from partialpool.model import fit as model_fit
from partialpool.model import ladder
from partialpool.posterior import conditional, posterior
from partialpool.sampling import approximations
from partialpool.sampling import methods as run
from partialpool.sampling.fit import Fit

SHORT: dict[str, Any] = {
    "engine": "stanli", "seed": 1, "chains": 2, "warmup": 60, "draws": 20, "verbose": False
}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PARTIALPOOL_CACHE", str(tmp_path))
    return tmp_path


def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    g = np.repeat(list("abcdefgh"), 5)
    return pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40), "g": g})


def model(**options: Any) -> pp.Model:
    return pp.Model("y ~ x + (1 | g)", data(), **options)


def broken(*_: object, **__: object) -> Any:
    raise ValueError("conflicting sizes for dimension 'child_pair'")


WAYS = ("sample", "pathfinder", "laplace", "variational")


def drawn(way: str, patch: pytest.MonkeyPatch) -> pp.ModelFit:
    """Draws of a model; stanli has no approximations, so NUTS stands in for what CmdStan draws."""
    if way == "sample":
        return model().sample(**SHORT)
    patch.setattr(approximations, way, lambda program, data: run.sample(program, data, **SHORT))
    fit: pp.ModelFit = getattr(model(), way)()
    return fit


PARTS = {
    "naming": (posterior, "named"),
    "effects": (conditional, "draw_effects"),
    "the data": (model_fit.frames, "to_dataset"),
}


@pytest.mark.parametrize("part", list(PARTS))
@pytest.mark.parametrize("way", WAYS)
def test_draws_are_those_of_an_undisturbed_run(
    way: str, part: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = drawn(way, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(*PARTS[part], broken)
        with pytest.raises(KeptDrawsError, match="conflicting sizes.*`.fit`.*pp.load") as caught:
            drawn(way, patch)
    error = caught.value
    assert isinstance(error.__cause__, ValueError)
    assert isinstance(error.fit, Fit)
    (path,) = error.paths
    assert path.parent == cache / "kept-draws"
    read = pp.load(path)
    for raw in (error.fit, read):
        again = model_fit.ModelFit.from_program(model(), raw)
        xr.testing.assert_identical(again.posterior, undisturbed.posterior)
        xr.testing.assert_identical(again.sample_stats, undisturbed.sample_stats)


def test_an_interrupt_leaves_a_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(posterior, "named", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        model().sample(**SHORT)
    (path,) = (cache / "kept-draws").iterdir()
    assert str(path) in caught.value.__notes__[0]
    assert pp.load(path).posterior.sizes["draw"] == 20


def test_where_the_cache_cannot_be_written_the_fit_is_in_the_error(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / "kept-draws").write_text("a file where a folder should be")
    monkeypatch.setattr(posterior, "named", broken)
    with pytest.raises(KeptDrawsError) as caught:
        model().sample(**SHORT)
    assert caught.value.paths == ()
    assert caught.value.fit is not None
    assert "saved" not in str(caught.value)


@pytest.mark.parametrize("what", ["diagnosis", "printing"])
def test_a_failing_diagnosis_is_a_warning(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = model().sample(**SHORT)
    if what == "diagnosis":
        monkeypatch.setattr(diagnostics, "diagnose_with", broken)
    else:
        monkeypatch.setattr("builtins.print", broken)
    with pytest.warns(DataWarning, match="sampling ended, but the diagnosis of the draws failed"):
        fit = model().sample(**SHORT | {"verbose": True})
    xr.testing.assert_identical(fit.posterior, undisturbed.posterior)
    with pytest.raises(KeptDrawsError) as caught:  # warnings are errors here
        model().sample(**SHORT | {"verbose": True})
    xr.testing.assert_identical(caught.value.fit.posterior, undisturbed.posterior)


def schools() -> tuple[pp.StanProgram, dict[str, Any]]:
    program = pp.programs.get("binomial/complete_pooling")
    return program, {"N": 3, "trials": [10, 20, 30], "successes": [3, 9, 11]}


def test_draws_of_a_program_are_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, values = schools()
    undisturbed = program.sample(values, **SHORT)
    with monkeypatch.context() as patch:
        patch.setattr(diagnostics, "diagnose_with", broken)
        with pytest.warns(DataWarning, match="the diagnosis of the draws failed"):
            fit = program.sample(values, **SHORT | {"verbose": True})
    xr.testing.assert_identical(fit.posterior, undisturbed.posterior)
    with monkeypatch.context() as patch:
        patch.setattr(Fit, "_from_draws", broken)
        with pytest.raises(KeptDrawsError, match="`.draws`.*numpy.load") as caught:
            program.sample(values, **SHORT)
    draws = caught.value.draws
    again = Fit.from_draws(program, program.check_data(values), draws, method="sample", seed=1)
    xr.testing.assert_identical(again.posterior, undisturbed.posterior)
    with np.load(caught.value.paths[0]) as file:
        np.testing.assert_array_equal(file["values"], draws.values)
        assert file["names"].tolist() == list(draws.names)


@pytest.mark.parametrize("stage", ["sampling", "naming"])
def test_a_ladder_keeps_the_fits_before_one_that_fails(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {key: value for key, value in SHORT.items() if key != "verbose"}
    whole = pp.pooling_ladder("y ~ x + (1 | g)", data(), verbose=False, **options)
    calls: list[object] = []
    real = run.sample if stage == "sampling" else posterior.named

    def third_fails(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 3:
            raise SamplingError("Stan said no")
        return real(*args, **kwargs)

    monkeypatch.setattr(run if stage == "sampling" else posterior, real.__name__, third_fails)
    with pytest.raises(KeptDrawsError, match="Stan said no") as caught:
        ladder.pooling_ladder("y ~ x + (1 | g)", data(), verbose=False, **options)
    assert list(caught.value.fits) == ["complete", "none"]
    for rung, fit in caught.value.fits.items():
        xr.testing.assert_identical(fit.posterior, whole.fits[rung].posterior)
    read = [pp.load(path) for path in caught.value.paths]
    kept = [each for each in read if isinstance(each, pp.ModelFit)]
    assert [each.model.pooling for each in kept] == ["complete", "none"]
    assert (caught.value.fit is not None) == (stage == "naming")


def test_a_first_fit_that_fails_is_as_it_was() -> None:
    with pytest.raises(pp.OptionError):
        pp.pooling_ladder("y ~ x + (1 | g)", data(), chains=0)
