"""Eight schools: the book's table, the exact posterior, and wrong models that match neither."""

from __future__ import annotations

import pytest
from studies.checks import assert_exact_column

import partialpool as pp
from partialpool.reproduce import Settings, eight_schools
from partialpool.reproduce.tools.published import compare, read
from partialpool.reproduce.tools.study import Study

SCHOOLS = pp.datasets.load("eight_schools")


@pytest.fixture(scope="module")
def study() -> Study:
    return pp.reproduce.run("eight_schools", engine="stanli")


def test_study_agrees(study: Study) -> None:
    assert study.comparison["agrees"].all(), study.comparison[~study.comparison["agrees"]]
    sampling = study.tables["sampling"].frame
    assert (sampling.loc[["noncentered", "marginal"], "divergences"] == 0).all()
    assert (sampling.loc[["noncentered", "marginal"], "ess_bulk"] > 400).all()


def test_exact_column_is_the_quadrature() -> None:
    assert_exact_column("eight_schools", eight_schools.exact(SCHOOLS))


def test_mcse_column_is_that_of_200_draws() -> None:
    errors = eight_schools.source_errors(SCHOOLS)
    rows = [row for row in read("eight_schools") if row.published]
    assert {row.quantity for row in rows} == set(errors)
    for row in rows:
        assert row.mcse == pytest.approx(errors[row.quantity], abs=0.0051)


def test_centered_run_fails_as_it_should(study: Study) -> None:
    """It has divergences, and misses small tau, of which the exact posterior has a tenth."""
    row = study.tables["sampling"].frame.loc["centered"]
    assert row["divergences"] > 0
    assert row["ebfmi"] < 0.5
    exact = float(eight_schools.exact_tau(SCHOOLS).scale_cdf(0, 1.0))
    assert float((study.fits["centered"].posterior["tau"] < 1).mean()) < exact / 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"prior_tau_family": 3, "prior_tau_scale": 5},  # the example's, not the book's
        {"sigma": 0.7 * SCHOOLS["standard_error"]},
    ],
)
def test_wrong_model_is_caught(study: Study, wrong: dict) -> None:
    fit = Settings(engine="stanli").sample(
        "marginal",
        pp.programs.get("normal_known_variance/marginal"),
        eight_schools.data(SCHOOLS) | wrong,
        **eight_schools.labels(SCHOOLS, "theta"),
    )
    table = compare(read("eight_schools"), eight_schools.numbers({**study.fits, "marginal": fit}))
    assert not table["agrees"].all()


def test_figures(study: Study) -> None:
    from matplotlib import pyplot as plt

    for draw in study.figures.values():
        draw().figure.canvas.draw()
        plt.close("all")
