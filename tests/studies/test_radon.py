"""The radon study: every comparison agrees, and wrong models and data make it fail."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

import partialpool as pp
from partialpool.errors import DataError, EngineError
from partialpool.reproduce import Study
from partialpool.reproduce.radon import modes as radon_modes
from partialpool.reproduce.radon import study as radon
from partialpool.reproduce.radon.models import reduced
from partialpool.reproduce.tools import published
from partialpool.reproduce.tools.efficiency import efficiency
from partialpool.reproduce.tools.reml import Sums, effects, profile, reml, sums
from partialpool.reproduce.tools.reml_quadrature import exact_posterior

GH, WIECKI = radon.GELMAN_HILL, radon.WIECKI


@pytest.fixture(scope="module")
def study() -> Study:
    return pp.reproduce.run("radon", engine="stanli")


def test_every_comparison_agrees(study: Study) -> None:
    table = study.comparison
    assert table["agrees"].all(), table[~table["agrees"]].to_string()
    compared = table[table["verdict"] == "agrees"]
    assert len(compared) == len(table) - 7  # the centered run, two of the mode, four of the RMSE
    assert not compared["ours"].isna().any()


def test_only_the_centered_program_fails(study: Study) -> None:
    divergent = {k: fit.sample_stats["diverging"].values.sum() for k, fit in study.fits.items()}
    good = {name for name, count in divergent.items() if count == 0}
    assert good == set(radon.MODELS) - {"centered"}
    ess = radon.parameterisations(study.fits)["ess"].unstack("fit")
    assert ess.loc["sigma_b", "centered"] < 400 <= ess.loc["sigma_b", "noncentered"]
    assert ess.loc["sigma_b", "noncentered"] < ess.loc["sigma_b", "marginal"]


@pytest.mark.parametrize("name", ["partial", "uranium", "marginal"])
def test_the_other_response_is_caught(name: str, study: Study) -> None:
    """The two responses mixed up: the classic error."""
    model = radon.MODELS[name]
    other = WIECKI if model.response == GH else GH
    wrong = model.program.sample(
        **radon.data_and_labels(model.program, other),
        engine="stanli",
        seed=1,
        verbose=False,
        progress=False,
    )
    table = _compared({name: wrong}, of=name)
    assert not table.loc[f"{name}: mu_a", "agrees"]
    assert not table.loc[f"{name}: sigma", "agrees"]


def test_a_wrong_prior_is_caught(study: Study) -> None:
    """sigma_b ~ half-normal(0.1), where half-Cauchy(5) was meant."""
    model = radon.MODELS["marginal"]
    inputs = model.data_and_labels
    inputs["data"] |= {"prior_sigma_b_family": 1, "prior_sigma_b_scale": 0.1}
    wrong = model.program.sample(**inputs, engine="stanli", seed=1, verbose=False, progress=False)
    assert not _compared({"marginal": wrong}, of="marginal").loc["marginal: sigma_b", "agrees"]


def _compared(fits: dict, *, of: str):
    rows = tuple(row for row in published.read("radon") if row.quantity.startswith(f"{of}: "))
    return published.compare(rows, radon.numbers(fits))


def test_files(study: Study, tmp_path: Path) -> None:
    files = pp.reproduce.save(study, tmp_path)
    names = {path.name for path in files}
    assert {f"{name}.nc" for name in radon.MODELS} < names
    assert {"published.csv", "folds.csv", "funnel_centered.png", "collapse.png"} < names
    assert all(path.stat().st_size for path in files)
    assert not plt.get_fignums()


def test_county_75_is_todd() -> None:
    assert list(radon.county_sizes())[74] == radon.FUNNEL
    sizes = [radon.county_sizes()[county] for county in radon.CHOSEN]
    assert sizes == sorted(sizes)


# --- cross-validation -----------------------------------------------------------------------------


def test_poolings_in_order(study: Study) -> None:
    rmse = (
        study.tables["folds"]
        .frame.reset_index()
        .pivot(index="assignment", columns="pooling", values="rmse")
    )
    gap = rmse.to_numpy().std(axis=0).max()  # between assignments
    assert (rmse["none"] - rmse["partial"] > 3 * gap).all()
    assert (rmse["complete"] - rmse["none"] > 3 * gap).all()
    assert (rmse["partial"] - rmse["uranium"] > 3 * gap).all()
    assert (study.tables["folds"].frame["divergences"] == 0).all()


@pytest.mark.parametrize(
    ("pooling", "fixed"), [("partial", "1 floor"), ("uranium", "1 floor log_uranium")]
)
def test_predictions_are_those_of_reml(pooling: str, fixed: str) -> None:
    """Two folds, also predicted in closed form from REML estimates."""
    folds = radon.cross_validate(
        poolings=[pooling], folds=2, assignments=1, engine="stanli", draws=400
    )
    expected = _rmse_by_reml(fixed, GH, folds=2)
    assert folds["rmse"].iloc[0] == pytest.approx(expected, abs=0.002)
    wrong = _rmse_by_reml(fixed, WIECKI, folds=2)
    assert abs(folds["rmse"].iloc[0] - wrong) > 0.02


def _rmse_by_reml(fixed: str, response: str, *, folds: int) -> float:
    houses = pp.datasets.load("radon")
    houses["1"] = 1.0
    codes = np.unique(houses["county"], return_inverse=True)[1]
    x, y = houses[fixed.split()].to_numpy(float), houses[response].to_numpy()
    z = np.ones((len(y), 1))
    fold = np.random.default_rng([1, 0]).permutation(len(y)) % folds
    errors = np.empty(len(y))
    for k in range(folds):
        seen = fold != k
        data = sums(y[seen], x[seen], z[seen], codes[seen] + 1)
        found = reml(data)
        own = np.zeros(85)
        own[: len(data.zz)] = effects(
            data, coefficients=found.coefficients, scale=found.scale, sigma=found.sigma
        )[:, 0]
        errors[~seen] = y[~seen] - x[~seen] @ found.coefficients - own[codes[~seen]]
    return float(np.sqrt(np.mean(errors**2)))


def test_no_pooling_needs_complete_pooling() -> None:
    with pytest.raises(DataError, match='has "none" but not "complete"'):
        radon.cross_validate(poolings=["none"])


# --- REML and quadrature --------------------------------------------------------------------------


def small(*, slopes: bool) -> tuple[Sums, tuple]:
    rng = np.random.default_rng(5)
    group = np.array([1, 1, 1, 2, 2, 4, 4, 4, 4, 4, 5])  # group 3 is empty
    x = np.column_stack([np.ones(11), rng.normal(size=11)])
    z = x if slopes else x[:, :1]
    y = rng.normal(size=11) + 0.5 * group
    return sums(y, x, z, group), (y, x, z, group)


@pytest.mark.parametrize("slopes", [False, True])
def test_restricted_likelihood_is_that_of_error_contrasts(slopes: bool) -> None:
    """REML is the likelihood of K'y with K'X = 0: by SciPy's multivariate normal."""
    data, (y, x, z, group) = small(slopes=slopes)
    contrasts = np.linalg.svd(x)[0][:, x.shape[1] :]
    same = group[:, None] == group
    scale = np.array([[0.5, 0.3], [1.2, 0.1], [0.2, 2.0]])[:, : z.shape[1]]
    sigma, rho = np.array([0.7, 1.1, 0.4]), np.array([-0.4, 0.8, 0.1]) * slopes
    expected, gls = [], []
    for sd, residual, r in zip(scale, sigma, rho, strict=True):
        correlation = np.eye(len(sd)) + (1 - np.eye(len(sd))) * r
        between = z @ (sd[:, None] * correlation * sd) @ z.T
        covariance = same * between + residual**2 * np.eye(len(y))
        inside = contrasts.T @ covariance @ contrasts
        expected.append(stats.multivariate_normal(None, inside).logpdf(contrasts.T @ y))
        weighted = x.T @ np.linalg.inv(covariance)
        gls.append(np.linalg.solve(weighted @ x, weighted @ y))
    found = profile(data, scale, sigma, rho)
    np.testing.assert_allclose(np.diff(found.log_likelihood), np.diff(expected), atol=1e-9)
    np.testing.assert_allclose(found.coefficients, gls, atol=1e-9)


def test_effects_are_the_conditional_mean() -> None:
    data, (y, x, z, group) = small(slopes=True)
    beta, scale, sigma, rho = np.array([0.4, -0.2]), np.array([0.6, 0.9]), 0.8, -0.5
    covariance = np.outer(scale, scale) * np.array([[1, rho], [rho, 1]])
    found = effects(data, coefficients=beta, scale=scale, sigma=sigma, rho=rho)
    for j in range(5):
        here = group == j + 1
        own = z[here]
        precision = np.linalg.inv(covariance) + own.T @ own / sigma**2
        expected = np.linalg.solve(precision, own.T @ (y - x @ beta)[here] / sigma**2)
        np.testing.assert_allclose(found[j], expected, atol=1e-10)
    assert (found[2] == 0).all()


def test_least_squares_of_the_other_response_are_caught() -> None:
    rows = tuple(r for r in published.read("radon") if r.quantity.startswith("least squares"))
    assert len(rows) == 5

    def told(response: str) -> list[bool]:
        table = radon.least_squares(response)
        ours = {
            f"least squares, {pooling}: {name}": published.Number(float(table.loc[pooling, name]))
            for pooling in table.index
            for name in table.columns
        }
        return published.compare(rows, ours)["agrees"].tolist()

    assert all(told(GH))
    assert not any(told(WIECKI))


def test_reml_refusals() -> None:
    data, (y, x, z, group) = small(slopes=False)
    with pytest.raises(DataError, match="two effects per group; there are 1"):
        reml(data, correlated=True)
    with pytest.raises(DataError, match="rows differ: 11 of x and y, 11 of z, 10"):
        sums(y, x, z, group[1:])


FLOORS = {"partial": "1 floor", "uranium": "1 floor log_uranium"}


@pytest.mark.parametrize("name", FLOORS)
def test_exact_column_of_varying_intercepts(name: str) -> None:
    exact = exact_posterior(
        reduced(GH, fixed=FLOORS[name]), scale=[(1e-4, 2, 150)], sigma=(0.65, 0.88, 16)
    )
    terms = ("mu_a", "b", "g")[: len(exact.coefficients)]
    _assert_exact(name, dict(zip(terms, exact.coefficients, strict=True)), exact)


def test_exact_column_of_wieckis_model() -> None:
    exact = exact_posterior(
        reduced(WIECKI, fixed="1 floor", slopes=True),
        scale=[(0.03, 1.2, 30), (1e-4, 2, 60)],
        sigma=(0.65, 0.86, 14),
    )
    means = dict(zip(("mu_a", "mu_b"), exact.coefficients, strict=True))
    for name in ("noncentered", "marginal", "centered"):
        _assert_exact(name, means | {"sigma_b": exact.scale[1]}, exact)
    nodes, density = radon.exact_spread()
    step = np.log(nodes[1] / nodes[0])
    assert (density * nodes**2).sum() * step == pytest.approx(exact.scale[1], abs=2e-4)
    assert np.ptp(density[nodes < 0.01]) < 0.01 < density[0]  # it does not vanish at 0


@pytest.mark.slow
def test_exact_column_of_correlated_slopes() -> None:
    exact = exact_posterior(
        reduced(GH, fixed="1 floor", slopes=True),
        scale=[(0.06, 0.9, 20), (1e-3, 1.8, 44)],
        sigma=(0.65, 0.86, 14),
        rho=36,
        eta=2,
    )
    means = dict(zip(("mu_a", "mu_b"), exact.coefficients, strict=True))
    _assert_exact("correlated", means | {"sigma_b": exact.scale[1], "rho": exact.rho}, exact)


def _assert_exact(name: str, means: dict, exact) -> None:
    means = means | {"sigma_a": exact.scale[0], "sigma": exact.sigma}
    rows = {row.quantity: row.exact for row in published.read("radon")}
    checked = 0
    for quantity, mean in means.items():
        printed = rows.get(f"{name}: {quantity}")
        if printed:
            half = 0.51 * 10.0 ** -len(printed.partition(".")[2])
            assert mean == pytest.approx(float(printed), abs=half), quantity
            checked += 1
    assert checked == (1 if name == "centered" else len(means))


# --- modes ----------------------------------------------------------------------------------------


def test_joint_density_has_no_mode(study: Study) -> None:
    """Joint: a factor 1 / sigma_b for each slope; the Jacobian takes back one of 85."""
    sigma_b, curves = radon.collapse(
        study.fits["marginal"], engine="stanli", sigma_b=[1e-5, 1e-4, 0.05, 0.3, 1]
    )
    joint = curves["joint with the slopes, of sigma_b"]
    assert (np.diff(joint) < 0).all()
    assert joint[0] - joint[1] == pytest.approx(85 * np.log(10), abs=0.01)
    with_jacobian = curves["joint, of log sigma_b"]
    assert with_jacobian[0] - with_jacobian[1] == pytest.approx(84 * np.log(10), abs=0.01)
    for name in ("slopes integrated out, of sigma_b", "integrated out, of log sigma_b"):
        assert np.argmax(curves[name]) == 3
    assert len(sigma_b) == 5


def test_modes_on_stanli() -> None:
    modes = radon.modes(engine="stanli", seeds=[1])
    said = modes["outcome"].droplevel("seed")
    assert (said[said.index.get_level_values("jacobian") == 0] == "this engine cannot").all()
    assert said["centered", True] == "the optimizer failed"
    pooled, not_pooled = modes.loc[("marginal", True, 1)], modes.loc[("noncentered", True, 1)]
    assert 0.2 < pooled["sigma_b"] < 0.4
    assert -1.2 < pooled["smallest_slope"] < pooled["largest_slope"] < -0.2
    assert not_pooled["sigma_b"] > 5
    assert not_pooled["largest_slope"] > 1


@pytest.mark.cmdstan
@pytest.mark.full
@pytest.mark.usefixtures("cmdstan")
def test_modes_on_cmdstan() -> None:
    modes = radon.modes(engine="cmdstan", seeds=[1], forms=["noncentered", "marginal"])
    flat = modes.loc[("noncentered", False, 1)]
    assert flat["sigma_b"] < 1e-3
    least_squares = pp.programs.get("linear/complete_pooling")
    data = radon.data_and_labels(least_squares, WIECKI)["data"]
    slope = np.polyfit(data["X"][:, 0], data["y"], 1)[0]
    assert flat["smallest_slope"] == pytest.approx(slope, abs=1e-3)
    assert flat["largest_slope"] == pytest.approx(slope, abs=1e-3)
    assert modes.loc[("marginal", False, 1), "sigma_b"] == pytest.approx(0.264, abs=0.002)


def test_a_missing_engine_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise EngineError("not installed")

    monkeypatch.setattr(pp.StanProgram, "optimize", refuse)
    with pytest.raises(EngineError, match="not installed"):
        radon_modes.modes(engine="stanli")


# --- efficiency -----------------------------------------------------------------------------------


def test_efficiency(study: Study) -> None:
    fits = {name: study.fits[name] for name in ("partial", "uranium")}
    table = efficiency(fits, ["mu_a", "sigma"])
    assert list(table.index.names) == ["fit", "quantity"]
    row = table.loc[("uranium", "sigma")]
    assert row["ess"] == fits["uranium"].summary("sigma")["ess_bulk"].iloc[0]
    assert row["ess_per_second"] * row["seconds"] == pytest.approx(row["ess"])
    assert row["seconds"] == fits["uranium"].attrs["seconds"]
