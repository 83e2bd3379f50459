"""Groups left out whole: against quadrature, refits and dense normals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import logsumexp

import partialpool as pp
from partialpool.errors import AccuracyError, DataError
from partialpool.posterior.scores import GroupLoo
from partialpool.sampling import inference_data

FAST: dict[str, Any] = {"engine": "stanli", "seed": 1, "verbose": False}


# Known errors, one predictor-free population: exact by one-dimensional quadrature ----------------


def measured_data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    lab = np.repeat(np.arange(9), [1, 2, 3, 4, 2, 3, 5, 1, 3])
    se = rng.uniform(0.4, 1.2, len(lab))
    y = rng.normal(1, 1.0, 9)[lab] + se * rng.normal(size=len(lab))
    return pd.DataFrame({"y": y, "se": se, "lab": [f"lab {i}" for i in lab]})


MEASURED = measured_data()
LABS = list(dict.fromkeys(MEASURED["lab"]))
TAU = np.linspace(1e-4, 15, 3001)


def log_evidence(kept: np.ndarray) -> float:
    """Log density of some rows, Intercept ~ normal(0, 3) and tau ~ half-normal(0, 1) averaged."""
    rows = MEASURED[kept]
    if rows.empty:
        return 0.0
    same = (rows["lab"].to_numpy()[:, None] == rows["lab"].to_numpy()).astype(float)
    noise = np.diag(rows["se"] ** 2) + 9.0
    logs = [
        stats.multivariate_normal(np.zeros(len(rows)), noise + tau**2 * same).logpdf(rows["y"])
        for tau in TAU[::10]
    ]
    density = np.exp(logs - np.max(logs)) * stats.halfnorm.pdf(TAU[::10])
    return float(np.log(integrate.simpson(density, x=TAU[::10])) + np.max(logs))


def exact_scores() -> np.ndarray:
    whole = log_evidence(np.ones(len(MEASURED), dtype=bool))
    return np.array([whole - log_evidence((MEASURED["lab"] != lab).to_numpy()) for lab in LABS])


PRIORS = {"Intercept": pp.Normal(0, 3), "sd(lab)": pp.HalfNormal(1)}


@pytest.fixture(scope="module")
def measured() -> pp.ModelFit:
    model = pp.Model("y | se(se) ~ 1 + (1 | lab)", MEASURED, priors=PRIORS)
    return model.sample(**FAST, draws=8000)


def test_scores_of_groups_are_what_they_are_without_them(measured: pp.ModelFit) -> None:
    exact = exact_scores()
    loo = measured.loo(by="lab")
    assert isinstance(loo, GroupLoo)
    assert loo.pointwise.index.tolist() == LABS
    assert loo.pointwise.index.name == "lab"
    np.testing.assert_allclose(loo.pointwise["elpd"], exact, atol=0.05)
    np.testing.assert_allclose(loo.elpd, loo.pointwise["elpd"].sum())
    np.testing.assert_allclose(loo.se, 3 * loo.pointwise["elpd"].std())
    assert str(loo).startswith("GroupLoo: elpd")
    assert not loo.pointwise["refitted"].any()
    within = loo.pointwise["elpd"] + loo.p / 9  # the density under the fit to all is higher
    assert loo.p > 0.5
    assert not np.allclose(within, exact, atol=0.05)


def test_refits_without_a_group_agree(
    measured: pp.ModelFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Say of two groups that their weights cannot be trusted: they alone are fitted again."""
    k = np.zeros(9)
    k[[2, 6]] = 2, np.nan
    monkeypatch.setattr(inference_data, "psis_loo", lambda *given: (np.full(9, -99.0), k))
    with pytest.raises(
        AccuracyError,
        match=r"2 of 9 groups .*up to 2\.00.*: group lab 2, lab 6\. .*loo\(by='lab', refit=True\)",
    ):
        measured.loo(by="lab")
    loo = measured.loo(by="lab", refit=True)
    assert np.flatnonzero(loo.pointwise["refitted"]).tolist() == [2, 6]
    exact = exact_scores()[[2, 6]]
    np.testing.assert_allclose(loo.pointwise["elpd"].to_numpy()[[2, 6]], exact, atol=0.05)
    assert (loo.pointwise["elpd"].drop(["lab 2", "lab 6"]) == -99).all()


# Slopes, unknown sigma: against fits to the other groups' rows ------------------------------------


def test_scores_with_slopes_against_fits_to_the_other_groups() -> None:
    sleep = pp.datasets.load("sleepstudy")
    formula = "reaction ~ days + (1 + days | subject)"
    fit = pp.Model(formula, sleep).sample(**FAST, draws=700)
    loo = fit.loo(by="subject", refit=True)
    for subject in (308, 335):
        mine = sleep["subject"] == subject
        priors = fit.model.fixed_priors
        other = pp.Model(formula, sleep[~mine], priors=priors, priors_at="mean")
        draws = other.sample(**FAST, draws=1200).posterior.stack(sample=("chain", "draw"))
        rows = sleep[mine]
        Z = np.column_stack([np.ones(len(rows)), rows["days"]])
        logs = []
        for s in range(0, draws.sizes["sample"], 2):
            one = draws.isel(sample=s)
            sd, rho = one["sd_subject"].values, float(one["cor_subject"].values[0])
            covariance = np.outer(sd, sd) * np.array([[1, rho], [rho, 1]])
            noise = float(one["sigma"]) ** 2 * np.eye(len(rows))
            dense = stats.multivariate_normal(Z @ one["beta"].values, Z @ covariance @ Z.T + noise)
            logs.append(dense.logpdf(rows["reaction"]))
        exact = logsumexp(logs) - np.log(len(logs))
        error = float(np.std(np.exp(np.array(logs) - exact)) / np.sqrt(len(logs)))
        assert error < 0.06
        assert abs(loo.pointwise.loc[subject, "elpd"] - exact) < 5 * error + 0.02
    rows_alone = fit.log_likelihood().values.reshape(2800, -1)
    of_rows = logsumexp(rows_alone, axis=0) - np.log(2800)
    in_sample = pd.Series(of_rows, index=sleep["subject"]).groupby(level=0).sum()
    assert (in_sample - loo.pointwise["elpd"]).sum() > 20


def test_comparison_by_groups() -> None:
    sleep = pp.datasets.load("sleepstudy")
    fits = {
        name: pp.Model(f"reaction ~ days + ({inner} | subject)", sleep).sample(**FAST, draws=300)
        for name, inner in (("slopes", "1 + days"), ("intercepts", "1"))
    }
    scores = {name: fit.loo(by="subject", refit=True) for name, fit in fits.items()}
    table = pp.compare(scores)
    assert list(table.index) == ["slopes", "intercepts"]
    assert table.loc["intercepts", "difference"] < -10
    with pytest.raises(DataError, match="GroupLoo and KFold"):
        pp.compare({"slopes": scores["slopes"], "rows": fits["slopes"].kfold(2)})


# What cannot be -----------------------------------------------------------------------------------


def test_few_groups_are_refused_with_the_way_out() -> None:
    """One of four groups far from the others: the population without it is another one."""
    rng = np.random.default_rng(3)
    lab = np.repeat(np.arange(4), 5)
    y = np.array([0.0, 0.1, -0.1, 9.0])[lab] + 0.1 * rng.normal(size=20)
    data = pd.DataFrame({"y": y, "lab": lab})
    fit = pp.Model("y ~ 1 + (1 | lab)", data).sample(**FAST, chains=2, draws=300)
    with pytest.raises(AccuracyError, match=r"group .*3.*few groups.*kfold\(by='lab'\)"):
        fit.loo(by="lab")
    loo = fit.loo(by="lab", refit=True)
    assert loo.pointwise.loc[3, "refitted"]
    assert loo.pointwise["elpd"].idxmin() == 3


@pytest.mark.parametrize(
    ("formula", "options", "by", "message"),
    [
        ("y ~ 1 + (1 | lab)", {}, "se", r"are by lab, not by se. fit.kfold\(by='se'\)"),
        (
            "y ~ 1 + (1 | lab)", {"parameterization": "centered"}, "lab",
            r"whose group effects are integrated out exactly.*fit.kfold\(by='lab'\)",
        ),
        ("y ~ 1 + (1 | lab)", {"pooling": "none"}, "lab", "integrated out exactly"),
        ("y ~ 1 + (1 | lab)", {"family": "student"}, "lab", "integrated out exactly"),
    ],
)  # fmt: skip
def test_what_has_no_scores_of_groups(
    formula: str, options: dict[str, Any], by: str, message: str
) -> None:
    model = pp.Model(formula, MEASURED, **options)
    fit = model.sample(**FAST, chains=2, warmup=100, draws=50)
    with pytest.raises(DataError, match=message):
        fit.loo(by=by)
