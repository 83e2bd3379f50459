"""The line and the grouped means: as exact posteriors have them, and as wrong models do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from studies.checks import assert_exact_column

import partialpool as pp
from partialpool.reproduce import Settings, linear_regression
from partialpool.reproduce.tools import simulate
from partialpool.reproduce.tools.published import compare, read
from partialpool.reproduce.tools.study import Study

LINE, GROUPS = simulate.regression(), simulate.grouped_means()


@pytest.fixture(scope="module")
def study() -> Study:
    return pp.reproduce.run("linear_regression", engine="stanli")


def compared(fits: dict[str, Any]) -> Any:
    return compare(read("linear_regression"), linear_regression.numbers(fits, LINE, GROUPS))


def test_study_agrees(study: Study) -> None:
    assert study.comparison["agrees"].all(), study.comparison[~study.comparison["agrees"]]
    assert study.tables["sampling"].frame.loc["centered", "ess_bulk"] > 400


def test_exact_column_is_the_quadrature() -> None:
    assert_exact_column("linear_regression", linear_regression.exact(LINE, GROUPS))


WRONG = {
    "prior of tau": ("marginal", {"prior_tau_scale": 0.1, "prior_tau_family": 1}),
    "known sd": ("marginal", {"sigma": 2.0}),
    "response": ("line", {"y": LINE.y[::-1]}),
    "prior of the slope": ("line", {"prior_b_scale": 0.1}),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_model_is_caught(study: Study, what: str) -> None:
    name, wrong = WRONG[what]
    right = study.fits[name]
    data = (LINE if name == "line" else GROUPS).data
    labels = (
        {"coords": {"predictor": ["x"]}, "dims": {"b": ["predictor"]}}
        if name == "line"
        else linear_regression.labels(GROUPS)
    )
    program = pp.programs.get(right.program.name)
    fit = Settings(engine="stanli").sample(name, program, data | wrong, **labels)
    table = compared({**study.fits, name: fit})
    assert not table["agrees"].all()


def test_predictions_without_residual_sd_are_caught(study: Study) -> None:
    """The line's own uncertainty is not that of a new point."""
    line = study.fits["line"].posterior
    x = linear_regression.predict_line(study.fits["line"], LINE.x_new)
    good = pp.summaries.coverage(x, LINE.y_new)
    assert good["within"].between(good["low"], good["high"]).all()
    at = np.asarray(LINE.x_new)
    only = line["a"].values[..., None] + line["b"].values * at
    bad = pp.summaries.coverage(only, LINE.y_new)
    assert not bad["within"].between(bad["low"], bad["high"]).any()


def test_new_groups_spread_more_than_old_ones(study: Study) -> None:
    fit = study.fits["marginal"]
    old = linear_regression.predict_groups(fit, [1, 2, 3, 4, 5], GROUPS.residual_sd)
    new = linear_regression.predict_new_groups(fit, 2, GROUPS.residual_sd)
    assert old.dims == new.dims == ("chain", "draw", "point")
    assert float(new.std()) > 1.3 * float(old.std(("chain", "draw")).max())


def test_figures(study: Study) -> None:
    from matplotlib import pyplot as plt

    for draw in study.figures.values():
        draw().figure.canvas.draw()
        plt.close("all")
