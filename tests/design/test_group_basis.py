"""Coefficients of groups are what predictions say, however the two parts are coded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import partialpool as pp
from partialpool.design.group_basis import Basis, basis_of, intercepts_of
from partialpool.design.span import equal_places, span_of
from partialpool.errors import PartialPoolError
from partialpool.model.coefficients import group_moments
from partialpool.posterior import posterior as posterior_module
from partialpool.posterior import predict, tables
from partialpool.posterior.prior import draw_prior
from partialpool.sampling import inference_data

SHORT: dict[str, Any] = {
    "engine": "stanli", "seed": 1, "chains": 2, "draws": 400, "verbose": False
}  # fmt: skip


def table(rows: int = 120, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cells = rng.permutation(np.arange(rows))
    return pd.DataFrame(
        {
            "y": rng.normal(250, 50, rows),
            "x": rng.normal(size=rows),
            "z": rng.normal(3, 2, rows),
            "year": rng.integers(1990, 2020, rows),
            "w": rng.gamma(2.0, size=rows),
            "f": np.array(list("abc"))[cells % 3],
            "u": np.array(["lo", "hi"])[cells // 3 % 2],
            "g": np.array(["p", "q", "r", "s"])[cells // 6 % 4],
            "h": rng.integers(0, 5, rows),
        },
        index=rng.permutation(rows) + 1000,
    )


DATA = table()


def drawn(formula: str, data: pd.DataFrame = DATA, *, draws: int = 7, **options: Any) -> Any:
    """A fit whose draws are the prior's: coefficients and predictions must agree of any."""
    model = pp.Model(formula, data, **options)
    posterior = draw_prior(
        model.program_design, model.response_family, model.prior_table, draws=draws, seed=3
    )
    posterior = model.centering.to_user(posterior, model.design)
    idata = inference_data.assemble({"posterior": posterior}, {"seed": 1})
    return pp.ModelFit(model.program, idata, model)


def column(design: Any, term: Any, name: str) -> NDArray[Any]:
    """The column of a name, the population's if it has one."""
    if name == "Intercept" and design.intercept:
        return np.ones(len(design.offset))
    if name in design.coefficients:
        return np.asarray(design.X[:, design.coefficients.index(name)])
    return np.asarray(term.Z[:, term.coefficients.index(name)])


def from_coef(fit: Any, label: str) -> NDArray[Any]:
    """The linear predictor of the rows of the fit, from one term's coefficients: (draw, row).

    Besides these it takes the population's columns that they leave out, and the deviations
    of other terms. It does not look at how coefficients were put together.
    """
    whole, design = fit.model.full_design, fit.model.design
    term = tables.term_of(design, label)
    basis = fit._bases[label]
    values = tables.group_coefficients(fit.posterior, term, basis)[0]
    eta = np.zeros((len(values), len(whole.offset))) + whole.offset
    for k, name in enumerate(basis.names):
        eta += values[:, term.codes, k] * column(whole, term, name)
    beta = fit.posterior["beta"][0] if "beta" in fit.posterior else None
    for name in [] if beta is None else beta["coefficient"].values.tolist():
        own = column(whole, term, name)
        if not any(np.allclose(own, column(whole, term, each), 1e-12, 0) for each in basis.names):
            eta += beta.sel(coefficient=name).values[:, None] * own
    for other in design.groups:
        if other.label != label:
            effects = predict.effects_of(fit.posterior, other)[0]
            for k in range(len(other.coefficients)):
                eta += effects[:, other.codes, k] * other.Z[:, k]
    return eta


def check(fit: Any) -> None:
    expected = fit.predict(kind="linpred").values[0]
    scale = np.abs(expected).max()
    for term in fit.model.design.groups:
        names = fit._bases[term.label].names
        assert len(set(names)) == len(names)
        np.testing.assert_allclose(from_coef(fit, term.label), expected, atol=1e-8 * scale)


# Where a term's own names stay, and where the population's columns take their place ---------------

OWN = [
    ("y ~ x + (1 + x | g)", ["Intercept", "x"]),
    ("y ~ 1 + (1 + x | g)", ["Intercept", "x"]),
    ("y ~ 0 + x + (1 + z | g)", ["Intercept", "z"]),
    ("y ~ x + (0 + x | g)", ["x"]),
    ("y ~ x*z + (x + z + z:x | g)", ["Intercept", "x", "z", "z:x"]),
    ("y ~ x*z*w + (0 + w:z:x | g)", ["w:z:x"]),
    ("y ~ f*x + (x:f | g)", None),
    ("y ~ f + (1 + f || g)", ["Intercept", "f[b]", "f[c]"]),
    ("y ~ 0 + f + (0 + f | g)", ["f[a]", "f[b]", "f[c]"]),
    ("y ~ center(z) + (1 + center(z) | g)", ["Intercept", "center(z)"]),
    ("y ~ poly(z, 2) + (1 + x | g / h)", ["Intercept", "x"]),
]
COMMON = [
    ("y ~ 0 + f + (1 + f | g)", ["f[a]", "f[b]", "f[c]"]),
    ("y ~ 0 + f + (1 | g)", ["f[a]", "f[b]", "f[c]"]),
    ("y ~ f + (0 + f | g)", ["Intercept", "f[b]", "f[c]"]),
    ("y ~ f + (0 + f + x | g)", ["Intercept", "f[b]", "f[c]", "x"]),
    ("y ~ center(z) + (1 + z | g)", ["Intercept", "center(z)"]),
    ("y ~ year + (1 + center(year) | g)", ["Intercept", "year"]),
    ("y ~ year + f + (0 + f + scale(year) || g)", ["Intercept", "year", "f[b]", "f[c]"]),
    ("y ~ x + I(x ** 2) + (1 + poly(x, 2) | g)", ["Intercept", "x", "I(x ** 2)"]),
]


@pytest.mark.parametrize(("formula", "names"), OWN)
def test_equal_columns_keep_the_names_of_the_term(formula: str, names: list[str] | None) -> None:
    fit = drawn(formula)
    check(fit)
    for term in fit.model.design.groups if names else ():
        basis = fit._bases[term.label]
        assert basis.combine is None
        assert list(basis.names) == names == list(term.coefficients)
    assert fit.coef().index.nlevels == 3


@pytest.mark.parametrize(("formula", "names"), COMMON)
def test_other_codings_are_told_in_columns_of_the_population(
    formula: str, names: list[str]
) -> None:
    fit = drawn(formula)
    check(fit)
    assert list(fit._bases["g"].names) == names
    assert fit.coef().loc[("g", "p")].index.tolist() == names
    own = fit.model.design.groups[0].coefficients
    assert fit.ranef().loc[("g", "p")].index.tolist() == list(own)


def test_an_interaction_in_another_order_is_added() -> None:
    fit = drawn("y ~ x*z + (x + z + z:x | g)")
    population = float(fit.posterior["beta"].sel(coefficient="x:z").mean())
    deviation = fit.ranef().loc[("g", "p", "z:x"), "mean"]
    np.testing.assert_allclose(fit.coef().loc[("g", "p", "z:x"), "mean"], population + deviation)
    assert abs(population) > 0.01


def test_cell_means() -> None:
    """Of `0 + f + (1 + f | g)`: what is predicted of each level in each group."""
    fit = drawn("y ~ 0 + f + (1 + f | g)")
    cells = pd.DataFrame([(g, f) for g in "pqrs" for f in "abc"], columns=["g", "f"])
    np.testing.assert_allclose(fit.coef()["mean"], fit.predict(cells).mean(("chain", "draw")))


ATOMS = ["x", "z", "f", "u", "center(z)", "x:z", "z:x", "f:x", "x:f", "f:u", "u:f", "year",
         "x:z:w", "w:x:z", "scale(year)", "f:u:x", "u:x:f"]  # fmt: skip


@st.composite
def formulas(draw: Any) -> str:
    def part() -> str:
        terms = draw(st.lists(st.sampled_from(ATOMS), max_size=4, unique=True))
        constant = draw(st.sampled_from(["1", "0", "1"]))
        return " + ".join([constant, *terms])

    count = draw(st.integers(1, 2))
    factors = draw(st.permutations(["g", "h", "g / u"]))[:count]
    bars = [draw(st.sampled_from(["|", "||"])) for _ in factors]
    groups = [f"({part()} {bar} {factor})" for bar, factor in zip(bars, factors, strict=True)]
    return f"y ~ {part()} + {' + '.join(groups)}"


def built(formula: str, pooling: str) -> Any:
    try:
        return drawn(formula, pooling=pooling)
    except PartialPoolError:
        return None


@pytest.mark.filterwarnings("ignore::partialpool.errors.DataWarning")
@settings(max_examples=300, deadline=None, derandomize=True)
@given(formulas(), st.sampled_from(["partial", "none"]))
def test_coefficients_are_what_predictions_say(formula: str, pooling: str) -> None:
    fit = built(formula, pooling)
    assume(fit is not None and fit.model.design.groups)
    check(fit)


@pytest.mark.filterwarnings("ignore::partialpool.errors.DataWarning")
@settings(max_examples=300, deadline=None, derandomize=True)
@given(formulas())
def test_no_pooling_keeps_what_groups_cannot_tell(formula: str) -> None:
    """The same space of predictions, and nothing of the population that groups have."""
    fit = built(formula, "none")
    assume(fit is not None and fit.model.design.groups)
    whole, left = fit.model.full_design, fit.model.design

    def scaled(design: Any, factors: set[str]) -> NDArray[Any]:
        ones = np.ones((len(DATA), int(design.intercept)))
        Z = [term.Z for term in design.groups if term.factor in factors]
        columns = np.hstack([ones, design.X, *Z])
        return np.asarray(columns / np.linalg.norm(columns, axis=0))

    def rank(columns: NDArray[Any]) -> int:
        return int(np.linalg.matrix_rank(columns, tol=1e-6)) if columns.size else 0

    population = left.intercept + left.X.shape[1]
    factors = {term.factor for term in left.groups}
    assert rank(scaled(left, factors)) == rank(scaled(whole, factors))
    for factor in factors:
        columns = scaled(left, {factor})
        assert rank(columns) == population + rank(columns[:, population:])


def test_a_few_new_rows_are_predicted_with_the_columns_of_the_fit() -> None:
    """The span of three rows is not that of the data."""
    fit = drawn("y ~ x + z + (1 + x | g)", pooling="none")
    some = fit.predict(DATA.iloc[[4, 9, 5]])
    np.testing.assert_allclose(some, fit.predict()[..., [4, 9, 5]])


# No pooling --------------------------------------------------------------------------------------

DROPPED = [
    ("y ~ x*z + (x + z + z:x | g)", False, ()),
    ("y ~ 0 + f + (1 + f | g)", False, ()),
    ("y ~ f + (0 + f | g)", False, ()),
    ("y ~ f + x + (0 + f | g)", False, ("x",)),
    ("y ~ 0 + f + (1 | g)", False, ("f[b]", "f[c]")),
    ("y ~ center(z) + (1 + z | g)", False, ()),
    ("y ~ x + (0 + center(x) | g)", True, ()),
    ("y ~ x + (0 + x | g)", True, ()),
    ("y ~ x + z + (1 + x | g)", False, ("z",)),
    ("y ~ center(z) + (1 | h) + (0 + z | g)", False, ("center(z)",)),
    ("y ~ center(z) + (1 | g) + (0 + z | g)", False, ()),
]


@pytest.mark.parametrize(("formula", "intercept", "left"), DROPPED)
def test_what_no_pooling_drops(formula: str, intercept: bool, left: tuple[str, ...]) -> None:
    design = pp.Model(formula, DATA, pooling="none").design
    assert design.intercept is intercept
    assert design.coefficients == left


def priors_of(model: pp.Model) -> dict[str, pp.Normal]:
    return {name: prior for name, prior in model.fixed_priors.items()
            if isinstance(prior, pp.Normal)}  # fmt: skip


def test_prior_of_an_intercept_that_is_implied() -> None:
    """Means of cells have the prior that an intercept has: about the mean of the response."""
    model = pp.Model("y ~ f + year + (0 + f + year | g)", DATA, pooling="none")
    given_priors = priors_of(model)
    for level in "abc":
        assert given_priors[f"coef(g, f[{level}])"].location == DATA["y"].mean()
    assert given_priors["coef(g, year)"].location == 0
    slope = pp.Model("y ~ year + (1 + year | g)", DATA, pooling="none")
    assert given_priors["coef(g, year)"] == priors_of(slope)["coef(g, year)"]
    without = priors_of(pp.Model("y ~ year + (0 + year | g)", DATA, pooling="none"))
    ratio = np.hypot(1, DATA["year"].mean() / DATA["year"].std())
    np.testing.assert_allclose(without["Intercept"].scale, 2.5 * DATA["y"].std() * ratio)
    origin = priors_of(pp.Model("y ~ 0 + year + (0 + year | g)", DATA, pooling="none"))
    size = np.hypot(DATA["y"].std(), DATA["y"].mean()) / np.sqrt((DATA["year"] ** 2).mean())
    np.testing.assert_allclose(origin["coef(g, year)"].scale, 2.5 * size)


ALONE = ["y ~ f + (0 + f | g)", "y ~ 0 + f + (1 + f | g)", "y ~ x*z + (x + z + z:x | g)",
         "y ~ f + year + (0 + f + year | g)", "y ~ f + year + (0 + f | g)",
         "y ~ 0 + f + year + (1 | g)", "y ~ 0 + f + (1 | g)",
         "y ~ year + (0 + year | g)", "y ~ year + (1 | h) + (0 + year | g)"]  # fmt: skip


def least_squares(design: Any, y: NDArray[Any]) -> NDArray[Any]:
    """Predict by a regression with a column of zeros and Z for each group and coefficient."""
    of = [
        (term.codes == code)[:, None] * term.Z
        for term in design.groups
        for code in range(len(term.levels))
    ]
    columns = np.hstack([np.ones((len(y), int(design.intercept))), design.X, *of])
    columns = columns / np.abs(columns).max(axis=0)
    return np.asarray(columns @ np.linalg.lstsq(columns, y, rcond=None)[0])


@pytest.mark.parametrize("formula", ALONE)
def test_no_pooling_is_least_squares(formula: str) -> None:
    rng = np.random.default_rng(5)
    year = DATA["year"] - 2005
    data = DATA.assign(y=1000 + 3 * DATA["x"] + 0.5 * year + rng.normal(size=120))
    fit = pp.fit(formula, data, pooling="none", **SHORT)
    expected = least_squares(fit.model.design, data["y"].to_numpy())
    found = fit.predict()
    away = (found.mean(("chain", "draw")) - expected) / found.std(("chain", "draw"))
    assert abs(away).max() < 5 / np.sqrt(400)  # a prior about 0 would be hundreds of sds away


# Ladder ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", ["y ~ x*z + (x + z + z:x | g)", "y ~ 0 + f + (1 + f | g)"])
def test_the_ladder_shows_the_same_coefficients(formula: str) -> None:
    signal = 250 + 5 * DATA["x"] + 3 * DATA["z"] + 4 * DATA["x"] * DATA["z"]
    signal += DATA["f"].map({"a": 0, "b": 20, "c": 40})
    data = DATA.assign(y=signal + np.random.default_rng(2).normal(0, 1, 120))
    ladder = pp.pooling_ladder(formula, data, **SHORT)
    found = ladder.coef()
    fixef = ladder.fits["complete"].fixef()["mean"].to_numpy()
    np.testing.assert_allclose(found["complete"].to_numpy().reshape(4, -1), np.tile(fixef, (4, 1)))
    names = found.index.unique("coefficient").tolist()
    for rung in ("none", "partial"):
        table = ladder.fits[rung].coef()
        assert table.index.unique("coefficient").tolist() == names
        np.testing.assert_allclose(found[rung], table["mean"])
        # the three estimate the same: the difference is within the groups' own errors
        away = (found[rung] - found["complete"]).abs() / found[f"sd_{rung}"]
        assert away.max() < 6


def test_effects_that_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for formula in ("y ~ 0 + f + (1 + f | g)", "y ~ x*z + (x + z + z:x | g) + (1 | h)"):
        model = pp.Model(formula, DATA, parameterization={"g": "marginal"})
        kept = model.sample(**SHORT)
        with monkeypatch.context() as patch:
            patch.setattr(posterior_module, "KEPT", 0)
            large = model.sample(**SHORT)
        assert "r_g" not in large.posterior
        expected, found = kept.coef(), large.coef()
        assert found.index.equals(expected.index)
        assert (abs(found["mean"] - expected["mean"]) < 5 * expected["mcse_mean"]).all()
        np.testing.assert_allclose(found["sd"], expected["sd"], rtol=0.4)
        mean, sd = group_moments(large, "g")
        np.testing.assert_array_equal(mean.ravel(), found.loc[["g"], "mean"])
        np.testing.assert_array_equal(sd.ravel(), found.loc[["g"], "sd"])
        basis = large._bases["g"]
        effects = large.ranef().loc["g", "mean"].to_numpy().reshape(4, -1)
        beta = {str(name): np.asarray(value)
                for name, value in large.fixef()["mean"].items()}  # fmt: skip
        whole = basis.of_effects(effects) + np.array(basis.of_population(beta), float)
        np.testing.assert_allclose(mean, whole, rtol=1e-9)


# Columns -----------------------------------------------------------------------------------------


def test_weights_are_whole_numbers_where_they_can_be() -> None:
    basis = basis_of(*design_and_term("y ~ year + f + (0 + f + year | g)"))
    assert basis.combine is not None
    assert set(np.unique(basis.combine)) <= {-1.0, 0.0, 1.0}
    assert basis.names == ("Intercept", "year", "f[b]", "f[c]")


def design_and_term(formula: str) -> tuple[Any, Any]:
    design = pp.Model(formula, DATA).design
    return design, design.groups[0]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 3), st.sampled_from([0, 1e3, 1e9]))
def test_combinations_are_found_far_from_zero(
    seed: int, independent: int, further: int, far: float
) -> None:
    rng = np.random.default_rng(seed)
    base = np.column_stack([np.ones(80), rng.normal(far, 1, (80, independent))])
    mix = rng.integers(-3, 4, (base.shape[1], further))
    mix[-1, (mix == 0).all(axis=0)] = 1
    found = span_of([base, base @ mix])
    assert found.independent == tuple(range(base.shape[1]))
    np.testing.assert_allclose(found.weights[1:, base.shape[1] :], mix[1:], atol=1e-6)


def test_a_column_with_one_other_row_is_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partialpool.design.span._CHUNK", 50)
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    other = x.copy()
    other[501] += 1e-3
    assert equal_places(other[:, None], x[:, None]) == [None]
    assert span_of([x[:, None], other[:, None]]).independent == (0, 1)
    assert span_of([x[:, None], 2 * x[:, None]]).independent == (0,)


def test_intercepts_of_groups() -> None:
    (_, explicit), (_, implied) = (
        design_and_term(f"y ~ x + ({part} | g)") for part in ("1 + x", "0 + f + x")
    )
    np.testing.assert_array_equal(intercepts_of([explicit])["g"][1], [1, 0])
    np.testing.assert_array_equal(intercepts_of([implied])["g"][1], [1, 1, 1, 0])
    assert intercepts_of([design_and_term("y ~ x + (0 + x | g)")[1]]) == {}


def test_equal_columns_take_no_decomposition(monkeypatch: pytest.MonkeyPatch) -> None:
    design, term = design_and_term("y ~ x*z + (x + z + z:x | g)")
    monkeypatch.delattr("partialpool.design.group_basis.span_of")
    assert isinstance(basis_of(design, term), Basis)
