"""Closed-form estimators: published numbers, exact risks, and what must hold for every input."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from partialpool import datasets
from partialpool.errors import DataError, OptionError
from partialpool.estimators import (
    arcsine_transform,
    empirical_bayes_normal,
    inverse_arcsine_transform,
    james_stein,
    limited_translation,
    total_squared_error,
)

# The same inputs in every run; no deadline, since machines share their cores.
repeatable = settings(derandomize=True, deadline=None)

# ------------------------------------------------------------------ the baseball data


def first_45(name: str = "baseball_1970") -> pd.DataFrame:
    """Add to the table the average so far (y) and that of the rest of the season (truth)."""
    frame = datasets.load(name)
    frame["y"] = frame["hits"] / frame["at_bats"]
    frame["truth"] = frame["remaining_hits"] / frame["remaining_at_bats"]
    return frame


def arcsine_errors(hits: pd.Series, truth: pd.Series) -> tuple[float, float]:
    x, theta = arcsine_transform(hits / 45, 45), arcsine_transform(truth, 45)
    return total_squared_error(x, theta), total_squared_error(james_stein(x).estimate, theta)


def closer(estimate: np.ndarray, y: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.abs(estimate - truth) < np.abs(y - truth)


def test_baseball_arcsine_scale() -> None:
    frame = first_45()
    result = james_stein(arcsine_transform(frame["y"], frame["at_bats"]))
    assert result.sum_of_squares == pytest.approx(18.96, abs=0.005)
    assert result.shrinkage == pytest.approx(0.209, abs=0.0005)
    back = inverse_arcsine_transform(result.estimate, 45)
    published = [
        *(0.290, 0.286, 0.281, 0.277, 0.273, 0.273, 0.268, 0.264, 0.259, 0.259),
        *(0.254, 0.254, 0.254, 0.254, 0.254, 0.249, 0.244, 0.239),
    ]
    np.testing.assert_allclose(back, published, atol=0.0005)


def test_baseball_raw_scale() -> None:
    frame = first_45()
    mean = frame["y"].mean()
    result = james_stein(frame["y"], sd=np.sqrt(mean * (1 - mean) / 45))
    assert result.shrinkage == pytest.approx(0.212, abs=0.0005)
    assert result.target == pytest.approx(0.265, abs=0.0005)
    # "16 of 18" is the count on this scale (Efron & Morris 1977)
    assert closer(result.estimate, frame["y"], frame["truth"]).sum() == 16


def test_baseball_closer_for_15_on_the_arcsine_scale() -> None:
    frame = first_45()
    x, theta = arcsine_transform(frame["y"], 45), arcsine_transform(frame["truth"], 45)
    better = closer(james_stein(x).estimate, x, theta)
    assert frame["player"][~better].to_list() == ["Clemente", "Swoboda", "E. Rodriguez"]


@pytest.mark.parametrize(
    ("kessinger", "mle", "stein", "ratio"),
    [
        (155, 17.54, 5.01, 3.50),  # his hits in the record books
        (154, 17.56, 5.01, 3.50),  # the published .263 is 154/586: the published errors
    ],
)
def test_baseball_errors(kessinger: int, mle: float, stein: float, ratio: float) -> None:
    frame = first_45()
    frame.loc[frame["player"] == "Kessinger", "remaining_hits"] = kessinger
    errors = arcsine_errors(frame["hits"], frame["remaining_hits"] / frame["remaining_at_bats"])
    assert errors == pytest.approx((mle, stein), abs=0.005)
    assert errors[0] / errors[1] == pytest.approx(ratio, abs=0.005)


def test_baseball_errors_from_averages_rounded_as_published() -> None:
    frame = first_45()
    errors = arcsine_errors(frame["hits"], frame["remaining_average"])
    assert errors == pytest.approx((17.57, 5.00), abs=0.005)


def test_baseball_errors_of_the_circulating_table() -> None:
    frame = first_45("baseball_1970_stan")
    errors = arcsine_errors(frame["hits"], frame["truth"])
    assert errors == pytest.approx((19.90, 6.27), abs=0.005)
    assert errors[0] / errors[1] == pytest.approx(3.18, abs=0.005)


def lost_savings(d: float, n: int) -> float:
    """Integrate the loss of limited translation's savings, n degrees of freedom."""
    share = stats.beta(1.5, (n - 1) / 2)
    low = min(1.0, d**2 / (n - 2))

    def loss(w: float) -> float:
        return share.pdf(w) * (1 - d / np.sqrt((n - 2) * w)) ** 2

    return integrate.quad(loss, low, 1.0)[0]


def test_baseball_limited_translation() -> None:
    d = optimize.brentq(lambda d: lost_savings(d, 17) - 0.2, 0.01, 3.0)
    assert d == pytest.approx(0.787, abs=0.0005)
    frame = first_45()
    x = arcsine_transform(frame["y"], 45)
    result = limited_translation(x, d=d)
    v = result.james_stein.sum_of_squares
    np.testing.assert_allclose(result.limit, d * np.sqrt(17 * 15 / (18 * v)))
    assert result.limit[0] == pytest.approx(0.68, abs=0.005)
    spared = ["Clemente", "F. Robinson", "F. Howard", "Johnstone", "Campaneris", "Munson", "Alvis"]
    assert frame["player"][result.limited].to_list() == spared
    clemente = inverse_arcsine_transform(result.estimate[0], 45)
    assert clemente == pytest.approx(0.351, abs=0.0005)


# ------------------------------------------------------------------ the arcsine transform


def test_arcsine_ends_and_middle() -> None:
    np.testing.assert_allclose(
        arcsine_transform([0, 0.5, 1], 4), [-np.pi, 0, np.pi], rtol=1e-15, atol=1e-15
    )
    np.testing.assert_array_equal(inverse_arcsine_transform([-99, 0, 99], [4, 9, 16]), [0, 0.5, 1])
    assert f"{arcsine_transform(0.4, 45):.2f}" == "-1.35"


@repeatable
@given(st.floats(0, 1), st.floats(0.5, 1e6))
def test_arcsine_round_trip(proportion: float, n: float) -> None:
    back = inverse_arcsine_transform(arcsine_transform(proportion, n), n)
    assert back == pytest.approx(proportion, rel=1e-9, abs=1e-14)


@repeatable
@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(1, 100))
def test_inverse_arcsine_is_monotone(a: float, b: float, n: int) -> None:
    low, high = inverse_arcsine_transform(sorted([a, b]), n)
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize("p", [0.15, 0.3, 0.5])
def test_arcsine_variance_is_about_1(p: float) -> None:
    hits = np.arange(401)
    mass = stats.binom(400, p).pmf(hits)
    x = arcsine_transform(hits / 400, 400)
    variance = mass @ x**2 - (mass @ x) ** 2
    assert variance == pytest.approx(1, abs=0.01)


# ------------------------------------------------------------------ exact values


def test_james_stein_by_hand() -> None:
    mean = james_stein([0.0, 2.0, 4.0, 6.0], sd=2.0)
    assert (mean.target, mean.sum_of_squares, mean.shrinkage) == (3, 5, 1 - 1 / 5)
    np.testing.assert_allclose(mean.estimate, [0.6, 2.2, 3.8, 5.4])
    fixed = james_stein([0.0, 2.0, 4.0, 6.0], sd=2.0, towards=2)
    assert (fixed.target, fixed.sum_of_squares, fixed.shrinkage) == (2, 6, 1 - 2 / 6)


def test_james_stein_with_unequal_sd_works_in_units_of_sd() -> None:
    y, sd = np.array([1.0, -2.0, 3.0, 8.0, 0.0]), np.array([1.0, 2.0, 0.5, 4.0, 1.0])
    result = james_stein(y, sd=sd)
    assert result.target == pytest.approx(np.average(y, weights=1 / sd**2))
    standard = james_stein((y - result.target) / sd, towards=0)
    assert result.sum_of_squares == pytest.approx(standard.sum_of_squares)
    assert result.shrinkage == pytest.approx(1 - 2 / standard.sum_of_squares)
    np.testing.assert_allclose(
        result.estimate - result.target, result.shrinkage * (y - result.target)
    )


def test_plain_rule_overshoots_and_positive_part_does_not() -> None:
    y = [0.0, 0.1, 0.2, 0.3, 0.4]
    plain = james_stein(y)
    assert plain.sum_of_squares == pytest.approx(0.1)
    assert plain.shrinkage == pytest.approx(1 - 2 / 0.1)
    assert plain.estimate[0] > 0.2 > plain.estimate[-1]
    positive = james_stein(y, positive_part=True)
    assert positive.shrinkage == 0
    np.testing.assert_array_equal(positive.estimate, 0.2)


@pytest.mark.parametrize("value", [0.1, -1e9, 0.0])
@pytest.mark.parametrize("sd", [0.3, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])
@pytest.mark.parametrize("function", [james_stein, limited_translation, empirical_bayes_normal])
def test_equal_measurements_stay(function: Callable, sd: object, value: float) -> None:
    result = function([value] * 6, sd=sd)
    np.testing.assert_array_equal(result.estimate, value)
    if function is james_stein:
        assert (result.sum_of_squares, result.shrinkage) == (0, 0)


def test_limited_translation_by_hand() -> None:
    result = limited_translation([0.0, 0.0, 0.0, 8.0], d=0.5)  # V = 48, B = 1/48
    limit = 0.5 * np.sqrt(3 / (4 * 48))
    np.testing.assert_allclose(result.limit, limit)
    assert result.limited.tolist() == [False, False, False, True]
    np.testing.assert_allclose(result.estimate, [2 / 48] * 3 + [8 - limit])


def test_limited_translation_towards_a_given_target() -> None:
    sd = np.array([1.0, 2.0, 4.0])
    result = limited_translation([0.0, 2.0, 8.0], d=0.1, sd=sd, towards=0)  # V = 5, B = 1/5
    np.testing.assert_allclose(result.limit, 0.1 * np.sqrt(1 / 5) * sd)
    np.testing.assert_allclose(result.estimate, [0, 2 - result.limit[1], 8 - result.limit[2]])


def test_one_measurement_that_decides_the_mean_is_left_alone() -> None:
    for d in (0.0, 1.0, np.inf):
        result = limited_translation([5.0, 1.0, 2.0, 9.0], d=d, sd=[1e-9, 1, 1, 1])
        assert np.isfinite(result.estimate).all()
        assert result.estimate[0] == pytest.approx(5, abs=1e-8)


def test_limited_translation_uses_the_relevance_function() -> None:
    y = np.array([1.0, -2.0, 3.0, 8.0, 0.0])
    sd = np.array([1.0, 2.0, 0.5, 4.0, 1.0])
    d = 0.6
    result = limited_translation(y, d=d, sd=sd)
    b = 1 - result.james_stein.shrinkage
    z = (y - result.james_stein.target) / sd
    projection = np.eye(5) - np.outer(1 / sd, 1 / sd) / np.sum(1 / sd**2)  # covariance of z
    u = b * z**2 / np.diag(projection)
    rho = np.minimum(1, d / np.sqrt(u))
    assert 0 < (rho < 1).sum() < 5
    np.testing.assert_allclose(result.estimate, y - b * rho * sd * z)
    np.testing.assert_array_equal(result.limited, rho < 1)


def test_empirical_bayes_solves_its_equation() -> None:
    rng = np.random.default_rng(5)
    sd = rng.uniform(0.5, 3, size=12)
    y = 4 + rng.normal(0, np.sqrt(9 + sd**2))

    def excess(variance: float) -> float:
        weight = 1 / (variance + sd**2)
        return weight @ (y - np.average(y, weights=weight)) ** 2 - 11

    variance = optimize.brentq(excess, 0, 1000, xtol=1e-12)
    result = empirical_bayes_normal(y, sd=sd)
    assert result.between_sd**2 == pytest.approx(variance, rel=1e-9)
    np.testing.assert_allclose(1 - result.shrinkage, 9 / 11 * sd**2 / (variance + sd**2))
    assert result.target == pytest.approx(np.average(y, weights=1 / (variance + sd**2)))
    order = np.argsort(sd)
    assert (np.diff(result.shrinkage[order]) < 0).all()  # the precise keep more


@pytest.mark.parametrize(("towards", "freedom"), [("mean", 8), (1.5, 9)])
@pytest.mark.parametrize("excess", [-0.5, 0.5, 30])
def test_empirical_bayes_with_equal_sd(towards: object, freedom: int, excess: float) -> None:
    y = np.random.default_rng(8).normal(1.5, 3, size=9)
    sd = np.sqrt(james_stein(y, towards=towards).sum_of_squares / (freedom + excess))
    result = empirical_bayes_normal(y, sd=sd, towards=towards)
    stein = james_stein(y, sd=sd, towards=towards)
    assert stein.sum_of_squares == pytest.approx(freedom + excess)
    if excess > 0:  # it is James-Stein
        assert result.between_sd == pytest.approx(sd * np.sqrt(excess / freedom))
        np.testing.assert_allclose(result.shrinkage, stein.shrinkage)
        np.testing.assert_allclose(result.estimate, stein.estimate)
    else:
        assert result.between_sd == 0
        np.testing.assert_allclose(result.shrinkage, 2 / freedom)


def test_empirical_bayes_eight_schools() -> None:
    schools = datasets.load("eight_schools")
    result = empirical_bayes_normal(schools["effect"], sd=schools["standard_error"])
    assert result.between_sd == 0  # the effects vary less than their errors
    assert result.target == pytest.approx(7.7, abs=0.05)  # the pooled effect in BDA3, section 5.5
    np.testing.assert_allclose(result.shrinkage, 2 / 7)


def test_pandas_columns_come_back_as_arrays_and_are_not_changed() -> None:
    y = pd.Series([1.0, 2.0, 4.0, 8.0], index=list("abcd"))
    result = james_stein(y)
    result.estimate[:] = 0
    assert type(result.estimate) is np.ndarray
    assert y.to_list() == [1, 2, 4, 8]


# ------------------------------------------------------------------ risk, by simulation

REPLICATIONS = 4000


def losses(estimate: Callable, theta: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Squared errors of each unit in each replication."""
    return np.array([(estimate(theta + e) - theta) ** 2 for e in noise])


def standard_normals(seed: int, k: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(REPLICATIONS, k))


def z_score(differences: np.ndarray) -> float:
    return float(differences.mean() / (differences.std() / np.sqrt(differences.size)))


@pytest.mark.parametrize(("towards", "exact"), [(7.0, 2.0), ("mean", 3.0)])
def test_risk_where_all_means_are_on_the_target(towards: object, exact: float) -> None:
    noise = standard_normals(1, 10)
    total = losses(lambda y: james_stein(y, towards=towards).estimate, np.full(10, 7.0), noise)
    assert abs(z_score(total.sum(axis=1) - exact)) < 5
    assert z_score(total.sum(axis=1) - exact - 0.6) < -5  # it would see a difference of 0.6


@pytest.mark.parametrize("sd", [np.ones(8), np.geomspace(0.2, 5, 8)])
def test_james_stein_beats_the_measurements_in_units_of_sd(sd: np.ndarray) -> None:
    theta = np.linspace(-2, 2, 8) * sd
    noise = standard_normals(2, 8) * sd
    plain, positive = (
        losses(lambda y, p=p: james_stein(y, sd=sd, positive_part=p).estimate, theta, noise)
        for p in (False, True)
    )
    gain = ((noise**2 - plain) / sd**2).sum(axis=1)
    assert z_score(gain) > 5
    assert ((plain - positive) / sd**2).sum(axis=1).mean() > 0


@pytest.mark.parametrize(("d", "kept"), [(0.3718, 0.5), (0.7869, 0.8), (1.2946, 0.95)])
def test_savings_that_limited_translation_keeps(d: float, kept: float) -> None:
    assert lost_savings(d, 17) == pytest.approx(1 - kept, abs=1e-4)
    rng = np.random.default_rng(3)
    theta = 2 + rng.normal(0, 0.7, size=(REPLICATIONS, 18))
    y = theta + rng.normal(size=theta.shape)
    results = [limited_translation(row, d=d) for row in y]
    raw = ((y - theta) ** 2).sum(axis=1)
    limited = ((np.array([r.estimate for r in results]) - theta) ** 2).sum(axis=1)
    stein = ((np.array([r.james_stein.estimate for r in results]) - theta) ** 2).sum(axis=1)
    saved, possible = raw - limited, raw - stein
    assert abs(z_score(saved - kept * possible)) < 5
    assert z_score(saved - (kept - 0.1) * possible) > 5


def test_limited_translation_spares_the_outlier_and_still_gains() -> None:
    theta = np.array([5.0, *np.zeros(9)])
    noise = standard_normals(4, 10)
    stein = losses(lambda y: james_stein(y).estimate, theta, noise)
    limited = losses(lambda y: limited_translation(y, d=0.75).estimate, theta, noise)
    assert z_score(stein[:, 0] - 1.3) > 5  # James-Stein costs the outlier dear
    assert z_score(stein[:, 0] - limited[:, 0]) > 5
    assert z_score((noise**2 - limited).sum(axis=1)) > 5


def test_empirical_bayes_beats_james_stein_where_precision_varies() -> None:
    rng = np.random.default_rng(6)
    sd = np.geomspace(0.3, 3, 15)
    theta = rng.normal(10, 1, size=(1000, 15))
    y = theta + rng.normal(size=theta.shape) * sd
    bayes = np.array([empirical_bayes_normal(row, sd=sd).estimate for row in y])
    stein = np.array([james_stein(row, sd=sd).estimate for row in y])
    error = [((estimate - theta) ** 2).sum(axis=1) for estimate in (y, stein, bayes)]
    assert z_score(error[0] - error[2]) > 5
    assert z_score(error[1] - error[2]) > 5


# ------------------------------------------------------------------ properties of every input


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    k = draw(st.integers(4, 15))
    y = draw(st.lists(st.floats(-100, 100), min_size=k, max_size=k))
    sd = draw(st.lists(st.floats(0.1, 10), min_size=k, max_size=k))
    values, scale = np.array(y), np.array(sd)
    assume(james_stein(values, sd=scale).sum_of_squares > 1e-3)
    return values, scale


ESTIMATORS: list[Callable] = [
    james_stein,
    lambda y, sd: james_stein(y, sd=sd, positive_part=True),
    limited_translation,
    empirical_bayes_normal,
]
CLOSE = {"rtol": 1e-7, "atol": 1e-5}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@repeatable
@given(problem=problems(), shift=st.floats(-100, 100), factor=st.floats(0.1, 10))
def test_shift_and_scale(estimator: Callable, problem: tuple, shift: float, factor: float) -> None:
    y, sd = problem
    moved = estimator(shift + factor * y, sd=factor * sd).estimate
    np.testing.assert_allclose(moved, shift + factor * estimator(y, sd=sd).estimate, **CLOSE)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@repeatable
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_order_does_not_matter(estimator: Callable, problem: tuple, seed: int) -> None:
    y, sd = problem
    order = np.random.default_rng(seed).permutation(y.size)
    ordered = estimator(y[order], sd=sd[order]).estimate
    np.testing.assert_allclose(ordered, estimator(y, sd=sd).estimate[order], **CLOSE)


@repeatable
@given(problems(), st.one_of(st.just("mean"), st.floats(-100, 100)))
def test_positive_part_lies_between_measurement_and_target(problem: tuple, towards: object) -> None:
    y, sd = problem
    for result in (
        james_stein(y, sd=sd, towards=towards, positive_part=True),
        empirical_bayes_normal(y, sd=sd, towards=towards),
    ):
        low, high = np.minimum(y, result.target), np.maximum(y, result.target)
        assert np.all((low - 1e-9 <= result.estimate) & (result.estimate <= high + 1e-9))
        assert np.all((result.shrinkage >= 0) & (result.shrinkage <= 1))


@repeatable
@given(problems(), st.booleans(), st.one_of(st.just("mean"), st.floats(-100, 100)))
def test_limits_of_d(problem: tuple, positive_part: bool, towards: object) -> None:
    y, sd = problem
    options = {"sd": sd, "towards": towards, "positive_part": positive_part}
    np.testing.assert_array_equal(limited_translation(y, d=0, **options).estimate, y)
    stein = james_stein(y, **options).estimate
    assert not limited_translation(y, d=np.inf, **options).limited.any()
    np.testing.assert_array_equal(limited_translation(y, d=np.inf, **options).estimate, stein)


@repeatable
@given(problems(), st.floats(0, 3), st.floats(0, 3))
def test_a_larger_limit_moves_further_and_never_past_james_stein(
    problem: tuple, a: float, b: float
) -> None:
    y, sd = problem
    small, large = (limited_translation(y, d=d, sd=sd) for d in sorted([a, b]))
    tolerance = 1e-9 * (1 + np.abs(large.james_stein.estimate))
    moves = [np.abs(r.estimate - y) for r in (small, large, large.james_stein)]
    assert np.all(moves[0] <= moves[1] + tolerance)
    assert np.all(moves[1] <= moves[2] + tolerance)
    assert np.all(moves[1] <= large.limit + tolerance)


# ------------------------------------------------------------------ users' mistakes

NAN = float("nan")
MISTAKES = [
    (lambda: james_stein([1, 2, 3]), DataError, "at least 4 units; there are 3"),
    (lambda: james_stein([1, 2], towards=0), DataError, "at least 3 units; there are 2"),
    (lambda: james_stein([]), DataError, "there are 0"),
    (lambda: empirical_bayes_normal([1, 2, 3], sd=1), DataError, "at least 4 units"),
    (lambda: james_stein([1, NAN, 3, 4, NAN]), DataError, "y is not a finite .* position 1, 4"),
    (lambda: james_stein([NAN] * 9), DataError, "position 0, 1, 2, 3, 4 and 4 more"),
    (lambda: james_stein([1, 2, np.inf, 3]), DataError, "position 2 .counting from 0.*inf"),
    (lambda: james_stein(list("abcd")), DataError, "y must hold numbers.*'a'"),
    (
        lambda: james_stein(pd.Series([1, 2, 3, pd.NA], dtype="Int64")),
        DataError,
        "y must hold numbers|y is not a finite number at position 3",
    ),
    (lambda: james_stein([[1, 2], [3, 4]]), DataError, r"one measurement per unit.*\(2, 2\)"),
    (lambda: james_stein(5.0), DataError, "one measurement per unit"),
    (lambda: james_stein([1, 2, 3, 4], sd=0), DataError, "sd is not above 0: it is 0"),
    (lambda: james_stein([1, 2, 3, 4], sd=[1, 0, 1, -2]), DataError, "above 0 at position 1, 3"),
    (lambda: james_stein([1, 2, 3, 4], sd=[1, 1]), DataError, r"each of the 4 .*\(2,\)"),
    (lambda: james_stein([1, 2, 3, 4], sd=NAN), DataError, "sd is not a finite number"),
    (lambda: james_stein([1, 2, 3, 4], towards="median"), OptionError, "'median': give"),
    (lambda: james_stein([1, 2, 3, 4], towards=NAN), OptionError, "towards is nan"),
    (lambda: limited_translation([1, 2, 3, 4], d=-1), OptionError, "d is -1"),
    (lambda: limited_translation([1, 2, 3, 4], d=NAN), OptionError, "d is nan"),
    (lambda: empirical_bayes_normal([1, 2, 3, 4], sd=[1, 2, 0, 4]), DataError, "position 2"),
    (
        lambda: arcsine_transform([0.2, 1.2, -0.1], 45),
        DataError,
        "between 0 and 1 at position 1, 2",
    ),
    (lambda: arcsine_transform(18, 45), DataError, "between 0 and 1: it is 18"),
    (lambda: arcsine_transform([0.2, 0.3], [45, 0]), DataError, "n is not above 0 at position 1"),
    (lambda: arcsine_transform([0.2, 0.3], [1, 2, 3]), DataError, "they must be equal, or one"),
    (lambda: inverse_arcsine_transform([0, NAN], 45), DataError, "x is not a finite .* position 1"),
    (lambda: total_squared_error([1, 2], [1, 2, 3]), DataError, r"\(2,\), but truth has \(3,\)"),
    (lambda: total_squared_error([1, NAN], [1, 2]), DataError, "estimate is not a finite"),
]


@pytest.mark.parametrize(("mistake", "kind", "message"), MISTAKES)
def test_mistakes(mistake: Callable, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        mistake()
