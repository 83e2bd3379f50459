"""A slope per point: the exact posterior, who reaches its neck and who does not."""

from __future__ import annotations

import numpy as np
import pytest
from studies.checks import assert_exact_column

import partialpool as pp
from partialpool.reproduce import Settings, individual_slopes
from partialpool.reproduce.tools import simulate
from partialpool.reproduce.tools.published import compare, read
from partialpool.reproduce.tools.study import Study

POINTS = simulate.individual_slopes()


@pytest.fixture(scope="module")
def study() -> Study:
    return pp.reproduce.run("individual_slopes", engine="stanli")


def test_study_agrees(study: Study) -> None:
    assert study.comparison["agrees"].all(), study.comparison[~study.comparison["agrees"]]
    best = study.tables["sampling"].frame.loc["marginal"]
    assert best["divergences"] == 0
    assert best["ess_bulk"] > 400


def test_exact_column_is_the_quadrature() -> None:
    assert_exact_column("individual_slopes", individual_slopes.exact(POINTS))


def test_variants_with_slopes_fail_as_they_should(study: Study) -> None:
    table = study.tables["sampling"].frame
    silent = table.loc[["centered", "noncentered"]]
    assert (silent["r_hat"] > 1.05).all()
    assert (silent["ess_bulk"] < 100).all()
    assert (silent["ebfmi"] < 0.1).all()
    noisy = table.loc[["noise_centered", "noise_noncentered"]]
    assert (noisy["ebfmi"].to_numpy() > silent["ebfmi"].to_numpy()).all()
    assert (noisy["ess_bulk"].to_numpy() > silent["ess_bulk"].to_numpy()).all()


def test_ridge_is_the_power_that_algebra_says(study: Study) -> None:
    """Every tenth: 100 points' densities ten times as high, less the sampler's log Jacobian."""
    table = study.tables["ridge"].frame
    np.testing.assert_allclose(np.diff(table["centered"]), 99 * np.log(10), rtol=1e-3)
    assert table["marginal"].max() < 5
    assert table["marginal"].diff().iloc[-1] == pytest.approx(-np.log(10), abs=0.2)


@pytest.mark.parametrize(
    "wrong",
    [{"prior_sigma_family": 1, "prior_sigma_scale": 0.1}, {"y": POINTS.y + 0.3}],
    ids=["prior", "response"],
)
def test_wrong_model_is_caught(study: Study, wrong: dict) -> None:
    fit = Settings(engine="stanli").sample(
        "marginal",
        pp.programs.get("linear/individual_slopes_marginal"),
        POINTS.data | wrong,
        adapt_delta=0.99,
        **individual_slopes.LABELS,
    )
    numbers = individual_slopes.numbers({**study.fits, "marginal": fit}, POINTS)
    assert not compare(read("individual_slopes"), numbers)["agrees"].all()


def test_figures(study: Study) -> None:
    from matplotlib import pyplot as plt

    for draw in study.figures.values():
        draw().figure.canvas.draw()
        plt.close("all")
