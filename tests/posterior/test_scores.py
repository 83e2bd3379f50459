"""Scores of rows left out, against refits, quadrature and sums by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import logsumexp

import partialpool as pp
from partialpool.errors import AccuracyError, DataError
from partialpool.posterior.scores import KFold, Loo, _folds
from partialpool.sampling import inference_data

FAST: dict[str, Any] = {"engine": "stanli", "seed": 1, "chains": 2, "verbose": False}


# A normal mean: everything is known exactly ---------------------------------------------------

Y = np.array([1.2, 0.4, 2.2, 1.7, 0.9, 2.2])
SE = np.array([0.5, 0.8, 0.6, 0.7, 0.5, 0.9])
MEASURED = pd.DataFrame({"y": Y, "se": SE, "lab": list("aabbcc")})
PRIOR = pp.Normal(0, 3)


def exact_left_out(out: np.ndarray) -> np.ndarray:
    """Log density of each row under the posterior of the rows that are not left out."""
    precision = 1 / 3**2 + np.sum(1 / SE[~out] ** 2)
    mean = np.sum(Y[~out] / SE[~out] ** 2) / precision
    return stats.norm(mean, np.sqrt(1 / precision + SE[out] ** 2)).logpdf(Y[out])


@pytest.fixture(scope="module")
def measured() -> pp.ModelFit:
    model = pp.Model("y | se(se) ~ 1", MEASURED, priors={"Intercept": PRIOR})
    return model.sample(**FAST, warmup=300, draws=4000)


def test_loo_is_what_it_is_without_the_row(measured: pp.ModelFit) -> None:
    exact = np.array([exact_left_out(np.arange(6) == i)[0] for i in range(6)])
    loo = measured.loo()
    assert isinstance(loo, Loo)
    np.testing.assert_allclose(loo.pointwise["elpd"], exact, atol=0.06)
    np.testing.assert_allclose(loo.elpd, loo.pointwise["elpd"].sum())
    np.testing.assert_allclose(loo.se, np.sqrt(6) * loo.pointwise["elpd"].std())
    full = stats.norm(*_posterior_of_all()).logpdf(Y)
    assert abs(loo.p - float(np.sum(full - exact))) < 0.1
    assert not np.allclose(loo.pointwise["elpd"], full, atol=0.06)


def _posterior_of_all() -> tuple[float, np.ndarray]:
    precision = 1 / 3**2 + np.sum(1 / SE**2)
    return float(np.sum(Y / SE**2) / precision), np.sqrt(1 / precision + SE**2)


def test_kfold_is_what_it_is_without_the_part(measured: pp.ModelFit) -> None:
    found = measured.kfold(3)
    assert isinstance(found, KFold)
    fold = found.pointwise["fold"].to_numpy()
    assert np.bincount(fold).tolist() == [2, 2, 2]
    for part in range(3):
        exact = exact_left_out(fold == part)
        np.testing.assert_allclose(found.pointwise["elpd"][fold == part], exact, atol=0.06)
    full = np.array([exact_left_out(np.arange(6) == i)[0] for i in range(6)])
    assert not np.allclose(found.pointwise["elpd"], full, atol=0.06)


def test_refits_replace_what_cannot_be_trusted(
    measured: pp.ModelFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Say of two rows that their weights cannot be trusted: they alone are fitted again."""
    exact = np.array([exact_left_out(np.arange(6) == i)[0] for i in range(6)])
    monkeypatch.setattr(
        inference_data, "psis_loo",
        lambda posterior, likelihood: (np.full(6, -99.0), np.array([0, 2, 0, np.nan, 0, 0.1])),
    )  # fmt: skip
    with pytest.raises(AccuracyError, match=r"2 of 6 rows .*up to 2.00.*: row 1, 3. .*refit=True"):
        measured.loo()
    loo = measured.loo(refit=True)
    assert loo.pointwise["refitted"].tolist() == [False, True, False, True, False, False]
    np.testing.assert_allclose(loo.pointwise["elpd"].to_numpy()[[1, 3]], exact[[1, 3]], atol=0.06)
    assert (loo.pointwise["elpd"].to_numpy()[[0, 2, 4, 5]] == -99).all()


def test_draws_of_an_approximation_are_refused(
    measured: pp.ModelFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An approximation has no options of NUTS: what advises kfold must not need them."""
    attrs = measured.idata.attrs
    monkeypatch.setitem(attrs, "method", "pathfinder")
    monkeypatch.setitem(attrs, "config", "{}")
    monkeypatch.delitem(attrs, "given")
    with pytest.raises(AccuracyError, match=r"come from pathfinder.*fit.kfold\(10\)"):
        measured.loo()
    with pytest.raises(DataError, match="at least 2 folds"):
        measured.kfold(1)
    assert np.isfinite(measured.kfold(2).elpd)


# Baseball: one row for each player -------------------------------------------------------------


@pytest.fixture(scope="module")
def players() -> pd.DataFrame:
    return pp.datasets.load("baseball_1970_stan")


@pytest.fixture(scope="module")
def unpooled(players: pd.DataFrame) -> pp.ModelFit:
    model = pp.Model(
        "hits | trials(at_bats) ~ 1 + (1 | player)", players, family="binomial", pooling="none"
    )
    return model.sample(**FAST, warmup=300, draws=500)


ETA = np.linspace(-15, 15, 30_001)


def moment(hits: int, trials: int, power: int = 0, scale: float = 2.5) -> float:
    """Integrate the log odds to a power over likelihood and prior of one player."""
    chance = stats.binom(trials, 1 / (1 + np.exp(-ETA))).pmf(hits)
    return float(integrate.simpson(ETA**power * chance * stats.norm(0, scale).pdf(ETA), x=ETA))


def test_each_player_alone_against_quadrature(unpooled: pp.ModelFit, players: pd.DataFrame) -> None:
    hits, trials = int(players["hits"].iloc[0]), int(players["at_bats"].iloc[0])

    def moments(scale: float) -> tuple[float, float]:
        total, first, second = (moment(hits, trials, power, scale) for power in range(3))
        return first / total, float(np.sqrt(second / total - (first / total) ** 2))

    mean, sd = moments(2.5)
    row = unpooled.coef().loc[("player", players["player"].iloc[0], "Intercept")]
    assert row["ess_bulk"] > 300
    assert abs(row["mean"] - mean) < 5 * row["mcse_mean"]
    assert abs(row["sd"] - sd) < 5 * row["mcse_sd"]
    assert abs(row["mean"] - moments(0.7)[0]) > 5 * row["mcse_mean"]


def test_loo_without_pooling_is_refused_and_the_ways_out_are_exact(
    unpooled: pp.ModelFit, players: pd.DataFrame
) -> None:
    rows = zip(players["hits"], players["at_bats"], strict=True)
    exact = np.log([moment(int(h), int(n)) for h, n in rows])
    with pytest.raises(AccuracyError, match=r"of 18 rows.*kfold\(by='player'\)"):
        unpooled.loo()
    by_player = unpooled.kfold(6, by="player")
    assert by_player.pointwise["fold"].nunique() == 6
    draws = 1000
    error = 1.5 / np.sqrt(draws)  # sd of the density over its mean is near 1.5
    np.testing.assert_allclose(by_player.pointwise["elpd"], exact, atol=5 * error)
    assert abs(by_player.elpd - exact.sum()) < 5 * error * np.sqrt(18)
    likelihood = unpooled.log_likelihood().values.reshape(draws, -1)
    within = logsumexp(likelihood, axis=0) - np.log(draws)
    naive, _ = inference_data.psis_loo(unpooled.posterior, unpooled.log_likelihood())
    assert naive.sum() > exact.sum() + 5  # what importance sampling would have said
    assert within.sum() > naive.sum()


def test_partial_pooling_is_better_and_kfold_leaves_players_out_whole(
    unpooled: pp.ModelFit, players: pd.DataFrame
) -> None:
    model = dataclasses.replace(unpooled.model, pooling="partial")
    partial = model.sample(**FAST, warmup=300, draws=300)
    scores = {"none": unpooled.kfold(6, by="player"), "partial": partial.kfold(6, by="player")}
    table = pp.compare(scores)
    assert list(table.index) == ["partial", "none"]
    assert table.loc["none", "difference"] < -2 * table.loc["none", "se_difference"]


# Comparisons, by hand --------------------------------------------------------------------------


def score(elpd: list[float], kind: type = Loo, **options: Any) -> Any:
    index = options.pop("index", range(len(elpd)))
    table = pd.DataFrame({"elpd": elpd, **options.pop("columns", {})}, index=index)
    given = {"response": "y", "problems": (), **options}
    more = {"p": 1.0} if kind is Loo else {}
    return kind(sum(elpd), 1.0, table, **given, **more)


def test_compare_by_hand() -> None:
    a, b = score([-1.0, -2.0, -4.0]), score([-1.5, -1.0, -2.0])
    table = pp.compare({"a": a, "b": b})
    assert list(table.index) == ["b", "a"]
    assert table.loc["b", ["difference", "se_difference"]].tolist() == [0, 0]
    difference = np.array([0.5, -1.0, -2.0])
    np.testing.assert_allclose(table.loc["a", "difference"], difference.sum())
    np.testing.assert_allclose(table.loc["a", "se_difference"], np.sqrt(3) * difference.std(ddof=1))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (score([-1.0, -2.0]), "a and b were scored on different rows"),
        (score([-1.0, -2, -3], index=[5, 6, 7]), "different rows"),
        (score([-1.0, -2, -3], KFold, columns={"fold": [0, 1, 2]}), "ways: Loo and KFold"),
        (score([-1.0, -2, -3], response="log(y)"), r"a predicts y, b log\(y\)"),
        (3, "b is neither a fit of a Model"),
    ],
)
def test_what_does_not_compare(other: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pp.compare({"a": score([-1.0, -2.0, -4.0]), "b": other})


def test_other_parts_do_not_compare() -> None:
    a = score([-1.0, -2, -3], KFold, columns={"fold": [0, 1, 2]})
    b = score([-1.0, -2, -3], KFold, columns={"fold": [0, 1, 1]})
    with pytest.raises(DataError, match="give kfold the same k, by and seed"):
        pp.compare({"a": a, "b": b})
    for nothing in ({}, [a]):
        with pytest.raises(DataError, match="compare takes a dict of models by name"):
            pp.compare(nothing)  # type: ignore[arg-type]


def test_a_score_says_what_was_wrong_in_refits() -> None:
    assert str(score([-1.0, -2.0])) == "Loo: elpd -3.0 (se 1.0)"
    assert repr(score([-1.0, -2.0], problems=("without row 3: ...",))).endswith(
        "sampling problems in 1 refits: see problems"
    )


# Folds -----------------------------------------------------------------------------------------


def test_folds_are_a_partition() -> None:
    data = pd.DataFrame({"g": np.repeat(list("abcdefg"), [1, 9, 2, 3, 1, 1, 8])})
    plain = _folds(data, 4, None, 1)
    assert sorted(np.bincount(plain)) == [6, 6, 6, 7]
    grouped = _folds(data, 3, "g", 1)
    assert all(len(set(grouped[data["g"] == name])) == 1 for name in "abcdefg")
    assert set(grouped) == {0, 1, 2}
    assert set(_folds(data, 50, "g", 1)) == set(range(7))
    np.testing.assert_array_equal(plain, _folds(data, 4, None, 1))
    assert not np.array_equal(plain, _folds(data, 4, None, 2))


@pytest.mark.parametrize(
    ("k", "by", "message"),
    [
        (1, None, "at least 2 folds"),
        (2.5, None, "at least 2 folds"),
        (2, "h", "by='h' is not a column of the formula"),
        (2, "one", "only one one to leave out"),
    ],
)
def test_folds_that_cannot_be(k: Any, by: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _folds(pd.DataFrame({"g": list("ab"), "one": [1, 1]}), k, by, 1)


def test_a_category_that_a_part_has_alone() -> None:
    """Columns are those of all rows: what only the part left out could tell, the prior says."""
    data = MEASURED.assign(kind=list("xxxxyz"))
    model = pp.Model("y | se(se) ~ kind + (1 | lab)", data)
    found = model.sample(**FAST, warmup=150, draws=100).kfold(3, by="lab")
    assert np.isfinite(found.pointwise["elpd"]).all()


# Ladder ----------------------------------------------------------------------------------------


def test_pooling_ladder(players: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    ladder = pp.pooling_ladder(
        "hits | trials(at_bats) ~ 1 + (1 | player)",
        players,
        family="binomial",
        priors={"sd(player)": pp.HalfNormal(0.5), "coef(player)": pp.Normal(-1, 1)},
        engine="stanli", seed=1, chains=2, warmup=200, draws=200,
    )  # fmt: skip
    printed = capsys.readouterr().out
    assert [line.split(" pooling")[0] for line in printed.splitlines()] == [
        "complete", "no", "partial"
    ]  # fmt: skip
    table = ladder.coef()
    assert table.index.names == ["player", "coefficient"]
    assert (table["n"] == 1).all()
    rate = players["hits"].sum() / players["at_bats"].sum()
    np.testing.assert_allclose(table["complete"], np.log(rate / (1 - rate)), atol=0.05)
    assert (table["sd_partial"] < table["sd_none"]).all()
    pooled, own, between = table["complete"], table["none"], table["partial"]
    extreme = abs(own - pooled) > 0.3
    assert extreme.any()
    assert ((between - pooled).abs() < (own - pooled).abs())[extreme].all()
    assert ladder.fits["none"].model.priors == {"coef(player)": pp.Normal(-1, 1)}
    with pytest.raises(DataError, match="there is no group term 'team'"):
        ladder.coef("team")
