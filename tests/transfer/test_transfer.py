"""A large sample regularises a small one: closed forms, limits, NUTS against both."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from programs.checks import assert_mean, cmdstan_if_full
from scipy import integrate, optimize, special, stats

import partialpool as pp
from partialpool.engines.cmdstan import compiled as cache
from partialpool.engines.cmdstan.engine import FLAGS
from partialpool.errors import AccuracyError, DataError, DataWarning, OptionError
from partialpool.priors.history import NormalCheck, PosteriorPrior
from partialpool.transfer import conjugate
from partialpool.transfer.approximate import check_normal, normal_of
from partialpool.transfer.population import Coordinates, coordinates_of, partial_correlations

transfer = pp.transfer
Array = NDArray[np.float64]
QUIET: dict[str, Any] = {"engine": "stanli", "progress": False, "verbose": False, "seed": 3}


def pair(columns: int = 2, sigma: float | None = 1.3, seed: int = 1, shift: float = 0.4) -> Any:
    rng = np.random.default_rng(seed)
    X, H = (np.column_stack([np.ones(n), rng.normal(size=(n, columns - 1))]) for n in (15, 120))
    b = np.linspace(0.5, -0.7, columns)
    y, h = X @ (b + shift) + 1.3 * rng.normal(size=15), H @ b + 1.3 * rng.normal(size=120)
    return transfer.Pair.of(X, y, X_history=H, y_history=h, sigma=sigma, prior=pp.Normal(0.2, 2.0))


def assert_normal(got: Any, wanted: Any, **tolerance: float) -> None:
    np.testing.assert_allclose(got.mean, wanted.mean, **(tolerance or {"rtol": 1e-9}))
    np.testing.assert_allclose(got.covariance, wanted.covariance, **(tolerance or {"rtol": 1e-9}))


def closed(one: Any) -> dict[str, Any]:
    given = {"prior": one.prior, "new": one.new, "history": one.history, "sigma": one.sigma}
    return {
        "given": given,
        "alone": conjugate.posterior(one.prior, one.new, sigma=one.sigma),
        "history": conjugate.posterior(one.prior, one.history, sigma=one.sigma),
        "pooled": conjugate.posterior(one.prior, one.new + one.history, sigma=one.sigma),
    }


# --- closed forms ---------------------------------------------------------------------------------


def test_limits() -> None:
    """Nothing of the history at one end, at the other the history, or both as one."""
    one = pair()
    known = closed(one)
    given = known["given"]
    loose = {"rtol": 1e-5}
    assert_normal(conjugate.power_prior(**given, a0=0), known["alone"])
    assert_normal(conjugate.power_prior(**given, a0=1), known["pooled"])
    kl = lambda strength: conjugate.kl_regularised(  # noqa: E731
        known["alone"], known["history"], strength=strength
    )
    assert_normal(kl(0), known["alone"])
    assert_normal(kl(1e7), known["history"], **loose)
    assert_normal(conjugate.exchangeable(**given, tau=0), known["pooled"])
    flat = transfer.MultivariateNormal.of([0.2, 0.2], 1e12 * np.eye(2))
    apart = conjugate.exchangeable(**given, tau=1e6)
    assert_normal(apart, conjugate.posterior(flat, one.new, sigma=1.3), **loose)
    assert_normal(conjugate.commensurate(**given, sd=0), known["pooled"])
    reverse = transfer.reverse_kl(known["alone"], known["history"], strength=0)
    assert_normal(reverse, known["alone"])
    reverse = transfer.reverse_kl(known["alone"], known["history"], strength=1e7)
    assert_normal(reverse, known["history"], rtol=1e-4)


def test_kl_regularised_is_the_best_of_all_normals() -> None:
    """The objective itself, maximised numerically over means and Cholesky factors."""
    known = closed(pair())
    alone, history, strength = known["alone"], known["history"], 0.7

    def normal(x: Array) -> Any:
        lower = np.array([[np.exp(x[2]), 0], [x[3], np.exp(x[4])]])
        return transfer.MultivariateNormal(x[:2], lower @ lower.T)

    def forward(x: Array) -> float:
        q = normal(x)
        return transfer.kl_divergence(q, alone) + strength * transfer.kl_divergence(q, history)

    def reverse(x: Array) -> float:
        q = normal(x)
        return transfer.kl_divergence(q, alone) + strength * transfer.kl_divergence(history, q)

    start = np.array([0.0, 0.0, -1.0, 0.0, -1.0])
    for loss, method in ((forward, transfer.kl_regularised), (reverse, transfer.reverse_kl)):
        found = optimize.minimize(loss, start, tol=1e-12)
        exact = method(alone, history, strength=strength)
        assert_normal(normal(found.x), exact, rtol=2e-4, atol=2e-5)
        assert loss(found.x) >= loss(_point(exact)) - 1e-9


def _point(normal: Any) -> Array:
    lower = np.linalg.cholesky(normal.covariance)
    return np.array([*normal.mean, np.log(lower[0, 0]), lower[1, 0], np.log(lower[1, 1])])


def test_the_two_directions_differ_where_samples_do() -> None:
    """Forward: the sd knows no distance. Reverse: it covers the history."""
    sds = []
    for shift in (0.0, 3.0):
        known = closed(pair(columns=1, shift=shift))
        both = (known["alone"], known["history"])
        methods = (transfer.kl_regularised, transfer.reverse_kl)
        sds.append([method(*both, strength=1.0).sd[0] for method in methods])
    (forward, reverse), (forward_far, reverse_far) = sds
    assert forward_far == pytest.approx(forward, rel=1e-9)
    assert reverse_far > 1.5 * reverse


def test_posterior_as_prior_is_all_data_at_once() -> None:
    known = closed(pair(columns=3))
    one = pair(columns=3)
    twice = conjugate.posterior(known["history"], one.new, sigma=one.sigma)
    assert_normal(twice, known["pooled"])


def test_evidence_is_the_integral() -> None:
    one = pair(columns=1)

    def density(b: float) -> float:
        r = one.y - b
        return float(
            np.exp(-0.5 * r @ r / 1.69 - len(r) * np.log(1.3) + 20) * stats.norm.pdf(b, 0.2, 2.0)
        )

    integral, _ = integrate.quad(density, -5, 6, epsabs=0, epsrel=1e-11)
    found = conjugate.log_evidence(one.prior, one.new, sigma=1.3)
    assert found == pytest.approx(np.log(integral) - 20, rel=1e-9)


def test_exchangeable_is_the_dense_normal() -> None:
    one = pair(columns=2)
    tau = np.array([0.3, 1.1])
    V, T = np.diag(one.prior_scale**2), np.diag(tau**2)
    H, A = (s.R.T @ s.R / 1.69 for s in (one.history, one.new))
    prior = np.linalg.inv(np.block([[V + T, V], [V, V + T]]))
    m = np.concatenate([one.prior_location] * 2)
    total = prior + np.block([[H, 0 * H], [0 * H, A]])
    right = prior @ m + np.concatenate([H @ one.history.beta_hat, A @ one.new.beta_hat])
    covariance = np.linalg.inv(total)
    dense = transfer.MultivariateNormal((covariance @ right)[2:], covariance[2:, 2:])
    found = conjugate.exchangeable(one.prior, one.new, one.history, sigma=1.3, tau=tau)
    assert_normal(found, dense)


def test_mixtures_do_not_depend_on_their_nodes() -> None:
    given = closed(pair(columns=1))["given"]
    half = lambda tau: -0.5 * np.square(tau / 0.5)  # noqa: E731
    for nodes in (200, 400):
        many = transfer.power_prior_normalised(**given, nodes=nodes)
        tau = transfer.exchangeable_mixture(**given, log_prior=half, largest=4.0, nodes=nodes)
        slab = transfer.commensurate_mixture(
            **given, spike_chance=0.5, spike_sd=0.01, slab=(0.1, 2.0), nodes=nodes
        )
        now = [many.mean, many.sd, tau.mean, tau.sd, slab.mean, slab.sd]
        if nodes == 200:
            before = now
    np.testing.assert_allclose(now, before, rtol=1e-7)


# --- NUTS against the closed forms ----------------------------------------------------------------


def assert_draws(draws: Array, exact: Any, label: str) -> None:
    """Means and variances of each column."""
    for k in range(draws.shape[2]):
        here = draws[:, :, k]
        assert_mean(here, float(exact.mean[k]), f"{label} {k}")
        squares = (here - exact.mean[k]) ** 2
        assert_mean(squares, float(exact.covariance[k, k]), f"{label} {k}, variance")


def beta(fit: Any) -> Array:
    return np.asarray(fit.posterior["beta"].values)


@pytest.fixture(scope="module")
def exact_prior() -> Any:
    """The history's posterior as a prior, exactly: no draws in between."""
    one = pair()
    history = conjugate.posterior(one.prior, one.history, sigma=one.sigma)
    check = NormalCheck(np.zeros(2), 0.0, 0.1, 0.1, 1000)
    factor = np.linalg.cholesky(history.covariance)
    names, plain = ("beta[1]", "beta[2]"), ("as it is",) * 2
    return PosteriorPrior(names, plain, history.mean, factor, check, "")


@cmdstan_if_full
def test_every_method_samples_its_closed_form(engine: str, exact_prior: Any) -> None:
    one = pair()
    options = QUIET | {"engine": engine}
    known = closed(one)
    given = known["given"]
    wanted = {
        "alone": (one.alone(**options), known["alone"]),
        "posterior as prior": (one.posterior_prior(exact_prior, **options), known["pooled"]),
        "power": (one.power_prior(0.3, **options), conjugate.power_prior(**given, a0=0.3)),
        "kl": (
            one.kl_regularised(0.7, exact_prior, **options),
            conjugate.kl_regularised(known["alone"], known["history"], strength=0.7),
        ),
        "exchangeable": (
            one.exchangeable(tau=[0.2, 0.6], **options),
            conjugate.exchangeable(**given, tau=np.array([0.2, 0.6])),
        ),
        "a0 unknown": (one.power_prior(**options), transfer.power_prior_normalised(**given)),
    }
    for label, (fit, exact) in wanted.items():
        assert_draws(beta(fit), exact, label)
    with pytest.raises(AssertionError, match="MCSE"):
        assert_draws(beta(wanted["kl"][0]), known["alone"], "control")


@cmdstan_if_full
def test_adaptive_methods_sample_their_mixtures(engine: str) -> None:
    one = pair(columns=1)
    options = QUIET | {"engine": engine}
    given = closed(one)["given"]
    half = lambda tau: -0.5 * np.square(tau / 0.4)  # noqa: E731
    mixture = transfer.exchangeable_mixture(**given, log_prior=half, largest=3.5)
    fit = one.exchangeable(scale=0.4, **options)
    assert_draws(beta(fit), mixture, "exchangeable")
    assert_mean(np.asarray(fit.posterior["tau"].values)[:, :, 0], mixture.knob_mean, "tau")
    mixture = transfer.commensurate_mixture(
        **given, spike_chance=0.4, spike_sd=0.05, slab=(0.2, 2.0)
    )
    fit = one.commensurate(
        spike_chance=0.4, spike_sd=0.05, slab=(0.2, 2.0), **options | {"draws": 2000}
    )
    assert_draws(beta(fit), mixture, "commensurate")
    agreement = np.asarray(fit.posterior["agreement"].values)[:, :, 0]
    assert_mean(agreement, float(mixture.weights[0]), "agreement")


def test_normalised_power_prior_with_unknown_sigma_is_the_quadrature() -> None:
    """a0 by its exact marginal: a ratio of normal-inverse-gamma constants."""
    one = pair(columns=1, sigma=None)
    fit = one.power_prior(**QUIET)
    s2 = one.history.rss / (one.history.rows - 1)
    V = one.prior_scale[0] ** 2 / s2

    def constant(power: float, both: bool) -> float:
        parts = [(one.history, power)] + [(one.new, 1.0)] * both
        A = 1 / V + sum(w * s.rows for s, w in parts)
        g = 0.2 / V + sum(w * s.rows * s.beta_hat[0] for s, w in parts)
        c = 0.04 / V + sum(w * (s.rss + s.rows * s.beta_hat[0] ** 2) for s, w in parts)
        shape = 2 + sum(w * s.rows for s, w in parts) / 2
        of_sigma = special.gammaln(shape) - shape * np.log(s2 + (c - g * g / A) / 2)
        return float(-0.5 * np.log(A) + of_sigma)

    a0 = np.linspace(0, 1, 2001)[1:]
    logs = np.array([constant(a, True) - constant(a, False) for a in a0])
    weights = np.exp(logs - logs.max())
    exact = float(weights @ a0 / weights.sum())
    assert_mean(np.asarray(fit.posterior["a0"].values), exact, "a0")
    uncorrected = np.exp(np.array([constant(a, True) for a in a0]) - constant(1.0, True))
    wrong = float(uncorrected @ a0 / uncorrected.sum())
    with pytest.raises(AssertionError, match="MCSE"):
        assert_mean(np.asarray(fit.posterior["a0"].values), wrong, "not normalised")


@pytest.mark.cmdstan
@pytest.mark.full
def test_advi_finds_the_kl_regularised_posterior(cmdstan: Any, exact_prior: Any) -> None:
    """Full-rank ADVI of the tempered program, its steps and tolerance small enough to compare."""
    import cmdstanpy

    one = pair()
    known = closed(one)
    exact = conjugate.kl_regularised(known["alone"], known["history"], strength=0.7)
    data = one.stan_data("beta", "sigma") | exact_prior.stan_data() | {"lambda": 0.7}
    program = pp.programs.get("transfer/kl_regularised")
    executable = cache.executable(program, cache.CmdStan.at(cmdstan), flags=FLAGS)
    with silenced():
        fit = cmdstanpy.CmdStanModel(exe_file=str(executable)).variational(
            data={name: np.asarray(value).tolist() for name, value in data.items()},
            algorithm="fullrank",
            seed=5,
            grad_samples=50,
            elbo_samples=500,
            tol_rel_obj=1e-4,
            iter=20000,
            draws=4000,
            require_converged=False,
        )
    draws = fit.stan_variable("beta", mean=False)
    np.testing.assert_array_less(np.abs(draws.mean(axis=0) - exact.mean), 0.15 * exact.sd)
    np.testing.assert_allclose(draws.std(axis=0), exact.sd, rtol=0.1)
    assert (np.abs(draws.mean(axis=0) - known["alone"].mean) > 0.5 * exact.sd).any()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """CmdStanPy logs every run."""
    logger = logging.getLogger("cmdstanpy")
    before, logger.disabled = logger.disabled, True
    yield
    logger.disabled = before


# --- posterior as prior ---------------------------------------------------------------------------


def made(values: Array, names: tuple[str, ...] = ("a", "b")) -> Coordinates:
    return Coordinates(names, ("as it is",) * len(names), values)


def test_check_finds_what_is_not_normal() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=(4, 500, 2)) @ np.array([[2.0, 0], [1.5, 0.3]]).T
    fine = check_normal(made(z), *normal_of(made(z)))
    assert (fine.marginal < fine.marginal_limit).all()
    assert fine.joint < fine.joint_limit
    heavy = z.copy()
    heavy[:, :, 1] = rng.standard_t(2, size=(4, 500))
    found = check_normal(made(heavy), *normal_of(made(heavy)))
    assert found.marginal[1] > found.marginal_limit > found.marginal[0]
    ring = np.stack([np.cos(z[:, :, 0] * 9), np.sin(z[:, :, 0] * 9)], axis=2)
    found = check_normal(made(ring), *normal_of(made(ring)))
    assert found.joint > 5 * found.joint_limit


def test_draws_that_have_no_covariance_are_refused() -> None:
    z = np.random.default_rng(1).normal(size=(2, 100, 2))
    z[:, :, 1] = 2 * z[:, :, 0] + 1
    with pytest.raises(DataError, match="b is constant, or determined by the others"):
        normal_of(made(z))
    short = made(np.random.default_rng(1).normal(size=(1, 20, 3)), ("a", "b", "c"))
    with pytest.raises(DataError, match="too few for the covariance of 3 parameters"):
        check_normal(short, *normal_of(short))


def test_partial_correlations_undo_the_programs() -> None:
    from programs.densities_glmm import correlations

    partial = np.random.default_rng(2).uniform(-0.9, 0.9, size=(7, 6))
    np.testing.assert_allclose(partial_correlations(correlations(partial, 4), 4), partial)


@pytest.fixture(scope="module")
def radon() -> pd.DataFrame:
    return pp.datasets.load("radon")


@pytest.fixture(scope="module")
def large(radon: pd.DataFrame) -> Any:
    size = radon.groupby("county")["log_radon"].transform("size")
    return pp.fit("log_radon ~ floor + (1 | county)", radon[size >= 15], **QUIET)


@pytest.fixture(scope="module")
def small(radon: pd.DataFrame) -> pd.DataFrame:
    size = radon.groupby("county")["log_radon"].transform("size")
    return radon[size <= 3]


def test_prior_from_has_the_fits_moments(large: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        prior = pp.prior_from(large)
    assert prior.names == ("Intercept", "floor", "sd(county, Intercept)", "sigma")
    sigma = np.log(large.posterior["sigma"].values)
    assert prior.mean[3] == pytest.approx(sigma.mean())
    assert prior.sd[3] == pytest.approx(sigma.std(ddof=1))
    both = large.posterior["beta"].values.reshape(-1, 2)
    np.testing.assert_allclose(prior.covariance[:2, :2], np.cov(both.T), rtol=1e-9)
    assert "log_radon ~ floor" in str(prior)
    slopes = pp.prior_from(large, names=["b", "sigma"])
    assert slopes.names == ("floor", "sigma")
    np.testing.assert_allclose(slopes.mean, prior.select(["floor", "sigma"]).mean)


@pytest.mark.parametrize("how", ["marginal", "noncentered"])
def test_model_with_a_history_has_its_density(large: Any, small: Any, how: str) -> None:
    """Sampled without data (nothing of the likelihood), the population is the history's normal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        prior = pp.prior_from(large)
    formula = "log_radon | weights(w) ~ floor + (1 | county)"
    frame = small.assign(w=1e-9)
    model = pp.Model(formula, frame, history=prior, parameterization=how)
    fit = model.sample(**QUIET)
    found = coordinates_of(fit, list(prior.names)).draws
    for k, name in enumerate(prior.names):
        assert_mean(found[:, :, k], float(prior.mean[k]), name)
        assert_mean((found[:, :, k] - prior.mean[k]) ** 2, float(prior.sd[k] ** 2), f"{name}, var")
    cross = (found[:, :, 0] - prior.mean[0]) * (found[:, :, 1] - prior.mean[1])
    assert_mean(cross, float(prior.covariance[0, 1]), "covariance")


@pytest.mark.parametrize(("family", "own"), [("student", "nu"), ("negbinomial", "phi")])
def test_every_kind_of_parameter_takes_a_joint_prior(family: str, own: str) -> None:
    """Units of thousands, correlations, bounds: next to no data, so the prior is sampled."""
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(5), 6)
    frame = pd.DataFrame({"g": groups, "x": rng.normal(3000, 1000, 30), "w": 1e-9})
    frame["y"] = rng.poisson(3, 30) if family == "negbinomial" else rng.normal(400, 200, 30)
    factor = 1.0 if family == "negbinomial" else 200.0
    names = {
        "Intercept": ("as it is", 0.5 * factor, 0.3 * factor),
        "x": ("as it is", 1e-3 * factor, 5e-4 * factor),
        "sd(g, Intercept)": ("log", np.log(0.4 * factor), 0.2),
        "sd(g, x)": ("log", np.log(3e-4 * factor), 0.3),
        "cor(g)[Intercept, x]": ("log((1 + c) / (1 - c))", 0.5, 0.4),
        own: ("log(x - 1)" if own == "nu" else "log", 1.2, 0.25),
    }
    transforms, mean, sd = (list(each) for each in zip(*names.values(), strict=True))
    correlation = np.full((6, 6), 0.3) + 0.7 * np.eye(6)
    prior = PosteriorPrior(
        tuple(names), tuple(transforms), np.array(mean),
        np.array(sd)[:, None] * np.linalg.cholesky(correlation),
        NormalCheck(np.zeros(6), 0, 0, 0, 1), "made up",
    )  # fmt: skip
    model = pp.Model("y | weights(w) ~ x + (1 + x | g)", frame, family=family, history=prior)
    found = coordinates_of(model.sample(**QUIET), list(names)).draws
    z = (found - np.array(mean)) / np.array(sd)
    for k, name in enumerate(names):
        assert_mean(z[:, :, k], 0.0, name)
        assert_mean(z[:, :, k] ** 2, 1.0, f"{name}, variance")
        assert_mean(z[:, :, k] * z[:, :, (k + 1) % 6], 0.3, f"{name}, correlation")


def test_formula_models_regularise_as_the_closed_form() -> None:
    """No group terms, se known: all normal, so that history= has an exact answer."""
    rng = np.random.default_rng(9)

    def frame(n: int, shift: float) -> pd.DataFrame:
        x = rng.normal(3, 1, n)
        return pd.DataFrame({"x": x, "s": 1.3, "y": 1 + shift + 0.5 * x + 1.3 * rng.normal(size=n)})

    history, new = frame(200, 0.0), frame(20, 0.8)
    given = {"Intercept": pp.Normal(1, 3), "x": pp.Normal(0, 2)}
    formula = "y | se(s) ~ x"

    def exact(data: pd.DataFrame) -> Any:
        X = np.column_stack([np.ones(len(data)), data["x"]])
        at_means = np.array([[1, data["x"].mean()], [0, 1]])
        D = at_means.T @ np.diag([1 / 9, 1 / 4]) @ at_means
        m = np.linalg.solve(at_means, [1, 0])
        prior = transfer.MultivariateNormal(m, np.linalg.inv(D))
        return conjugate.posterior(prior, transfer.RegressionSums.of(X, data["y"]), sigma=1.3)

    before = exact(history)
    prior = PosteriorPrior(
        ("Intercept", "x"), ("as it is",) * 2, before.mean, np.linalg.cholesky(before.covariance),
        NormalCheck(np.zeros(2), 0, 0, 0, 1), "history",
    )  # fmt: skip
    ordinary = exact(new)
    wanted = {
        "kl": (prior.regularise(2.0), transfer.kl_regularised(ordinary, before, strength=2.0)),
        "none": (prior.regularise(0.0), ordinary),
        "no power": (prior.power(0.0), ordinary),
    }
    for label, (how, normal) in wanted.items():
        fit = pp.fit(formula, new, priors=given, history=how, **QUIET)
        assert_draws(np.asarray(fit.posterior["beta"].values), normal, label)
    X = np.column_stack([np.ones(20), new["x"]])
    both = conjugate.posterior(before, transfer.RegressionSums.of(X, new["y"]), sigma=1.3)
    fit = pp.fit(formula, new, priors=given, history=prior, **QUIET)
    assert_draws(np.asarray(fit.posterior["beta"].values), both, "posterior as prior")


def test_history_is_saved_shown_and_cross_validated(large: Any, small: Any, tmp_path: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        prior = pp.prior_from(large, names=["b", "sigma"])
    model = pp.Model("log_radon ~ floor + (1 | county)", small, history=prior.regularise(1.0))
    shown = str(model)
    assert "history  2 parameters from log_radon" in shown
    assert "to the power 0.5" in shown
    fit = model.sample(**QUIET | {"draws": 200, "warmup": 200})
    again = pp.load(fit.save(tmp_path / "fit.nc"))
    for name, value in model.stan_data.items():
        np.testing.assert_allclose(again.model.stan_data[name], value, err_msg=name)
    with pytest.raises(AccuracyError, match="likelihood is raised to the power 0.5"):
        fit.loo()
    with pytest.raises(OptionError, match="independent priors"):
        model.prior_predictive()
    assert np.isfinite(fit.kfold(2).elpd)


@pytest.mark.parametrize(
    ("history", "options", "error", "message"),
    [
        (3, {}, DataError, "history must be pp.prior_from"),
        ("prior", {"formula": "log_radon ~ 1"}, DataError, "history has floor, .*names="),
        ("prior", {"pooling": "none"}, OptionError, "with pooling='none' there is none"),
    ],
)
def test_histories_that_do_not_fit(
    large: Any, small: Any, history: Any, options: Any, error: Any, message: str
) -> None:
    prior = pp.prior_from(large, names=["floor"])
    with pytest.raises(error, match=message):
        pp.Model(
            **{"formula": "log_radon ~ floor + (1 | county)", "data": small} | options,
            history=prior if history == "prior" else history,
        )


@pytest.mark.parametrize("value", [-0.1, 1.5, np.nan, "1", True])
def test_powers_are_checked(exact_prior: Any, value: Any) -> None:
    with pytest.raises(OptionError, match="a0 must be"):
        exact_prior.power(value)
    if value != 1.5:
        with pytest.raises(OptionError, match="strength must be"):
            exact_prior.regularise(value)


# --- all the rows ---------------------------------------------------------------------------------


def test_weighted_rows_are_the_sums() -> None:
    """The same power prior from all rows of the history in glmm/, and from its sums."""
    rng = np.random.default_rng(4)
    frames = [pd.DataFrame({"x": rng.normal(size=n)}) for n in (12, 60)]
    new, history = (f.assign(y=1 + f["x"] + rng.normal(size=len(f))) for f in frames)
    priors = {"Intercept": pp.Normal(0, 5), "x": pp.Normal(0, 5), "sigma": pp.Exponential(1)}
    model = transfer.power_prior_model("y ~ x", new, history, a0=0.2, priors=priors)
    X, H = (np.column_stack([np.ones(len(f)), f["x"]]) for f in (new, history))
    one = transfer.Pair.of(X, new["y"], X_history=H, y_history=history["y"], prior=pp.Normal(0, 5))
    data = one.stan_data("history", "beta", "sigma") | {"a0": 0.2}
    program = pp.programs.get("transfer/power_prior")
    full = model.stan_data
    difference = []
    for intercept, slope, sigma in rng.normal(size=(8, 3)):
        # the Intercept's prior is at the means of X: the same density of beta, moved there
        at_means = intercept + slope * float(full["x_mean"][0])
        of_rows = model.program.log_density(
            full,
            {"xi": np.linalg.solve(full["B"], [at_means, slope] - full["b_hat"]),
             "sigma": [np.exp(sigma)], "tau_raw": [], "cpc": [], "z": []},
            engine="stanli",
        ).value  # fmt: skip
        of_sums = program.log_density(
            data, {"beta": [intercept, slope], "log_sigma": [sigma]}, engine="stanli"
        ).value
        prior = stats.norm.logpdf(at_means, 0, 5) - stats.norm.logpdf(intercept, 0, 5)
        difference.append(of_rows - of_sums - prior)
    np.testing.assert_allclose(difference, difference[0], rtol=1e-9)


def test_power_prior_models_ask_for_what_they_need(small: Any) -> None:
    with pytest.raises(OptionError, match="no weights"):
        transfer.power_prior_model("y | weights(w) ~ 1", small, small, a0=0.1)
    with pytest.raises(OptionError, match="a0 must be"):
        transfer.power_prior_model("y ~ 1", small, small, a0=2)
    trials = transfer.power_prior_model(
        "hits | trials(n) ~ 1",
        pd.DataFrame({"hits": [1], "n": [4]}),
        pd.DataFrame({"hits": [3, 0], "n": [4, 2]}),
        a0=0.5,
        family="binomial",
    )
    np.testing.assert_allclose(trials.design.response.weights, [1, 0.5, 0.5])


# --- distances ------------------------------------------------------------------------------------


def test_distances_are_their_integrals() -> None:
    p, q = (transfer.MultivariateNormal.of(m, v) for m, v in ((0.3, 0.5), (-0.4, 1.7)))
    pdf = [lambda x, n=n: stats.norm.pdf(x, n.mean[0], n.sd[0]) for n in (p, q)]
    kl, _ = integrate.quad(lambda x: pdf[0](x) * np.log(pdf[0](x) / pdf[1](x)), -5, 6)
    assert transfer.kl_divergence(p, q) == pytest.approx(kl, rel=1e-8)
    x = np.linspace(-15, 15, 200_001)
    area = integrate.simpson(np.minimum(pdf[0](x), pdf[1](x)), x=x)
    assert transfer.overlap(p.mean, p.sd, q.mean, q.sd)[0] == pytest.approx(area, rel=1e-6)
    moved = (p.mean[0] - q.mean[0]) ** 2 + (p.sd[0] - q.sd[0]) ** 2
    assert transfer.wasserstein(p, q) == pytest.approx(np.sqrt(moved))
    same = transfer.overlap(np.array([0.0]), np.array([1.0]), np.array([1.0]), np.array([1.0]))
    assert same[0] == pytest.approx(2 * stats.norm.cdf(-0.5))
    A = np.array([[2.0, 0.4], [0.4, 1.0]])
    a, b = transfer.MultivariateNormal.of([0, 0], A), transfer.MultivariateNormal.of([1, 0], 4 * A)
    assert transfer.wasserstein(a, b) == pytest.approx(np.sqrt(1 + np.trace(A)))
    assert transfer.kl_divergence(a, a) == pytest.approx(0, abs=1e-14)


def test_discrepancy_of_draws_is_the_exact_one(exact_prior: Any) -> None:
    one = pair(shift=1.0)
    known = closed(one)
    first, second = one.of_history(**QUIET), one.alone(**QUIET)
    report = transfer.discrepancy(first, second, names=["beta"])
    exact = [
        transfer.kl_divergence(known["alone"], known["history"]),
        transfer.kl_divergence(known["history"], known["alone"]),
    ]
    got = report.measures.iloc[:2]
    assert (np.abs(got["value"] - exact) <= 5 * got["mcse"]).all()
    assert (got["mcse"] < 0.2 * got["value"]).all()
    areas = transfer.overlap(
        known["alone"].mean, known["alone"].sd, known["history"].mean, known["history"].sd
    )
    assert (np.abs(report.table["overlap"] - areas) <= 5 * report.table["mcse"]).all()
    assert report.p_value < 0.05
    assert "prior-data conflict" in str(report)
    with pytest.raises(DataError, match="no parameter"):
        transfer.discrepancy(first, second, names=["gamma"])


def test_conflict_p_values_are_uniform_without_conflict() -> None:
    """On the rank of X: columns that determine each other count once."""
    rng = np.random.default_rng(8)
    prior = transfer.MultivariateNormal.of(np.zeros(3), np.eye(3))
    X = np.ones((10, 3))
    X[:, 2] = rng.normal(size=10)
    p = []
    for _ in range(400):
        y = X @ rng.normal(size=3) + 0.5 * rng.normal(size=10)
        value, df = transfer.conflict_p_value(prior, transfer.RegressionSums.of(X, y), sigma=0.5)
        assert df == 2
        p.append(value)
    assert stats.kstest(p, "uniform").pvalue > 0.001
    far = transfer.RegressionSums.of(X, y + 8)
    assert transfer.conflict_p_value(prior, far, sigma=0.5)[0] < 1e-3


# --- paths, pairs ---------------------------------------------------------------------------------


def test_paths_end_at_the_samples() -> None:
    one = pair()
    for method, first, last in (("kl", 1e-9, 1e9), ("power", 0.0, 1.0), ("between", 1e5, 1e-7)):
        path = transfer.path(one, method, [first, last])
        ends = path[path["parameter"] == "x2"]
        known = closed(one)
        near = {"kl": "history"}.get(method, "pooled")
        wanted = [known["alone"].mean[1], known[near].mean[1]]
        np.testing.assert_allclose(ends["mean_alone"], wanted[0])
        if method == "between":  # a large tau is a flat prior of what the new sample has
            wanted[0] = one.new.beta_hat[1]
        np.testing.assert_allclose(ends["mean"], wanted, rtol=1e-6)
    with pytest.raises(OptionError, match="method must be one of kl, power, between"):
        transfer.path(one, "prior", [1])
    with pytest.raises(OptionError, match="path needs a known sigma"):
        transfer.path(pair(sigma=None), "kl", [1])


def test_path_of_fits() -> None:
    one = pair()
    few = QUIET | {"draws": 200, "warmup": 300}
    fits = {a0: one.power_prior(a0, **few) for a0 in (1.0, 0.5)}
    path = transfer.path_of_fits(
        fits, knob="a0", alone=one.alone(**few), history=one.of_history(**few), names=["beta[x1]"]
    )
    assert path["value"].to_list() == [0.5, 1.0]
    assert path["method"].to_list() == ["power"] * 2
    assert (path["low"] < path["mean"]).all()
    with pytest.raises(DataError, match="has no 'beta\\[zz\\]'"):
        transfer.path_of_fits(
            fits, knob="a0", alone=fits[1.0], history=fits[1.0], names=["beta[zz]"]
        )


def test_pair_from_a_formula_is_at_the_historys_means(radon: pd.DataFrame, small: Any) -> None:
    one = transfer.Pair.from_formula("log_radon ~ floor", small, radon)
    assert one.columns == ("Intercept", "floor")
    np.testing.assert_allclose(one.X[:, 1], small["floor"] - radon["floor"].mean())
    assert one.history.beta_hat[0] == pytest.approx(radon["log_radon"].mean())
    with pytest.raises(OptionError, match="without group terms"):
        transfer.Pair.from_formula("log_radon ~ (1 | county)", small, radon)


def test_side_by_side_has_every_method() -> None:
    one = pair(sigma=None)
    fits = one.side_by_side(**QUIET | {"draws": 250, "warmup": 400})
    assert len(fits) == 8
    table = transfer.table(fits)
    assert table.shape == (8, 6)
    assert np.isfinite(table.to_numpy()).all()
    near = table["beta[x1]"]["mean"]
    assert near["history alone"] < near["posterior as prior"] < near["new sample alone"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"X": np.ones((3, 2)), "y": np.ones(4)}, r"their shapes are \(3, 2\) and \(4,\)"),
        (
            {"y": np.array([1, np.nan, 2.0])},
            "of X and y are not finite, the first is row 1",
        ),
        ({"X_history": np.ones((4, 3))}, "X has 2 columns, but X_history has 3"),
        ({"columns": ["a", "a"]}, "columns must be 2 names"),
        ({"sigma": -1.0}, "sigma must be positive"),
        ({"prior": pp.Cauchy(0, 1)}, "must be Normal"),
    ],
)
def test_pairs_that_do_not_fit(wrong: dict[str, Any], message: str) -> None:
    right: dict[str, Any] = {
        **{"X": np.ones((3, 2)), "y": np.ones(3)},
        **{"X_history": np.ones((4, 2)), "y_history": np.ones(4)},
    }
    with pytest.raises(DataError, match=message):
        transfer.Pair.of(**right | wrong)


# --- the study in the docs ------------------------------------------------------------------------


def test_study_has_the_closed_forms() -> None:
    """Its arithmetic for many replicates at once is that of the functions here, for one."""
    path = Path(__file__).parents[2] / "benchmarks" / "transfer_study.py"
    spec = importlib.util.spec_from_file_location("transfer_study", path)
    assert spec is not None
    assert spec.loader is not None
    study = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = study
    spec.loader.exec_module(study)
    h, y = np.array([0.31, 0.2]), np.array([0.42, 0.9])
    prior = transfer.MultivariateNormal.of(0.0, 1.0)
    for i in range(2):
        sums = [
            transfer.RegressionSums(float(n), np.array([m]), np.array([[n**0.5]]), 0.0)
            for n, m in ((100, y[i]), (10_000, h[i]))
        ]
        both: Any = {"prior": prior, "new": sums[0], "history": sums[1], "sigma": 1.0}
        alone, history = (transfer.normal_posterior(prior, each, sigma=1.0) for each in sums)
        half = lambda tau: -0.5 * np.square(tau / 0.5)  # noqa: E731
        wanted = {
            "new sample alone": alone,
            "posterior as prior (pooled)": transfer.power_prior(**both, a0=1.0),
            "power prior, a0 = 0.01": transfer.power_prior(**both, a0=0.01),
            "power prior, a0 unknown": transfer.power_prior_normalised(**both, nodes=500),
            "KL-regularised, lambda = 0.01": transfer.kl_regularised(alone, history, strength=0.01),
            "KL-regularised, lambda = 1": transfer.kl_regularised(alone, history, strength=1.0),
            "reverse KL, lambda = 1": transfer.reverse_kl(alone, history, strength=1.0),
            "exchangeable, tau ~ half-normal(0.5)": transfer.exchangeable_mixture(
                **both, log_prior=half, largest=4.5
            ),
            "commensurate, spike and slab": transfer.commensurate_mixture(
                **both, spike_chance=0.5, spike_sd=0.02, slab=(0.1, 2.0)
            ),
        }
        assert set(wanted) == set(study.METHODS)
        for name, exact in wanted.items():
            found = study.METHODS[name](h, y)
            np.testing.assert_allclose(found.mean[i], exact.mean[0], rtol=2e-5, err_msg=name)
            np.testing.assert_allclose(found.sd[i], exact.sd[0], rtol=2e-4, err_msg=name)
            if isinstance(exact, transfer.NormalMixture):
                below = exact.cdf([0.35])[0]
                np.testing.assert_allclose(found.below(0.35)[i], below, rtol=2e-4, err_msg=name)
