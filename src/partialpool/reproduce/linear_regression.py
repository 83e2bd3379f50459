"""Linear regression on simulated data, then grouped means, in the five steps of an analysis.

The steps are: specify, sample, examine, add the hierarchy, predict. Both posteriors are known
exactly, because given its scale each model is a regression with normal coefficients
(`quadrature`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import plots, programs
from ..sampling.fit import Fit
from ..summaries import coverage, predict_normal, sampling_table
from .tools import simulate
from .tools.published import Number, compare, mean_of, quantile_of, read, sd_of
from .tools.quadrature import NormalRegression, half_cauchy, normal_regression, unit_effect
from .tools.study import Settings, Study, Table
from .tools.truth import truth_table

if TYPE_CHECKING:
    import pandas as pd

VARIANTS = ("centered", "noncentered", "marginal")
AT = 2.0
"""Value of x at which a new observation is predicted."""
SEED = 11
"""Seed of the predictions."""


def linear_regression(settings: Settings) -> Study:
    """Fit the line and the grouped means, and predict the held-out observations."""
    line, groups = simulate.regression(), simulate.grouped_means()
    fits = {
        "line": settings.sample(
            "line",
            programs.get("linear/complete_pooling"),
            line.data,
            coords={"predictor": ["x"]},
            dims={"b": ["predictor"]},
        )
    }
    for variant in VARIANTS:
        program = programs.get(f"linear/grouped_means_{variant}")
        fits[variant] = settings.sample(variant, program, groups.data, **labels(groups))
    predictions = predict(fits, line, groups)
    compared = compare(read("linear_regression"), numbers(fits, line, groups))
    of_means = {variant: fits[variant] for variant in VARIANTS}
    theta = fits["marginal"].posterior["theta"]
    return Study(
        "linear_regression",
        {
            "line": Table("The line", line_table(fits["line"], line)),
            "sampling": Table("Grouped means: the variants", sampling_table(of_means)),
            "means": Table("Grouped means: no and partial pooling", means_table(theta, groups)),
            "coverage": Table("Held out: how many are in their intervals", predictions),
        },
        compared,
        fits,
        {
            "line": lambda: plots.regression_lines(
                line.x,
                line.y,
                ["all points"] * len(line.x),
                **one_line(fits["line"]),
                truth={"all points": (line.intercept, line.slope)},
                xlabel="x",
                ylabel="y",
            )[0],
            "held_out": lambda: plots.observed_predicted(
                line.y_new,
                predict_line(fits["line"], line.x_new),
                xlabel="held out: y",
                ylabel="predicted (95% interval)",
                probability=0.95,
            ),
            "means": lambda: plots.shrinkage(
                groups.raw_means,
                theta.mean(("chain", "draw")).values,
                labels=theta["unit"].values.tolist(),
                outcome=groups.means,
                pooled=float(np.mean(groups.y)),
                names=("average", "partially pooled", "truth"),
                xlabel="mean of the group",
            ),
            "variants": lambda: plots.forest(
                {name: fit.posterior["theta"] for name, fit in of_means.items()}
            ),
        },
    )


def labels(groups: simulate.GroupedMeans) -> dict[str, Any]:
    """Return coords and dims that name the groups, for `StanProgram.sample`."""
    names = [f"group {j} (n = {size})" for j, size in enumerate(groups.sizes, start=1)]
    return {"coords": {"unit": names}, "dims": {"theta": ["unit"]}}


def one_line(fit: Fit) -> dict[str, Any]:
    """Return draws of the line as those of a single group, for `plots.regression_lines`."""
    draws = {
        "intercept": fit.posterior["a"],
        "slope": fit.posterior["b"].isel(predictor=0, drop=True),
    }
    return {
        name: coefficient.expand_dims(group=["all points"]).transpose("chain", "draw", "group")
        for name, coefficient in draws.items()
    }


def predict_line(fit: Fit, x: Any, *, seed: int = SEED) -> xr.DataArray:
    """Draw predictions of new observations at each x."""
    at = xr.DataArray(np.asarray(x, dtype=float), dims="point")
    line = fit.posterior["a"] + fit.posterior["b"].isel(predictor=0, drop=True) * at
    return predict_normal(line, fit.posterior["sigma"], seed=seed)


def predict_groups(fit: Fit, group: Any, sd: float, *, seed: int = SEED) -> xr.DataArray:
    """Draw predictions of new observations of groups in the fit, numbered from 1."""
    positions = xr.DataArray(np.asarray(group) - 1, dims="point")
    theta = fit.posterior["theta"].isel(unit=positions).drop_vars("unit")
    return predict_normal(theta, sd, seed=seed)


def predict_new_groups(fit: Fit, count: int, sd: float, *, seed: int = SEED) -> xr.DataArray:
    """Draw predictions of one observation in each of `count` new groups."""
    places = xr.DataArray(np.zeros(count), dims="point")
    theta = predict_normal(fit.posterior["mu"] + places, fit.posterior["tau"], seed=seed)
    return predict_normal(theta, sd, seed=seed + 1)


def predict(
    fits: Mapping[str, Fit], line: simulate.Regression, groups: simulate.GroupedMeans
) -> pd.DataFrame:
    """Tabulate the coverage of predictive intervals of the held-out observations."""
    import pandas as pd

    means, sd = fits["marginal"], groups.residual_sd
    coverages = {
        "line": coverage(predict_line(fits["line"], line.x_new), line.y_new),
        "groups seen": coverage(predict_groups(means, groups.group_new, sd), groups.y_new),
        "groups not seen": coverage(
            predict_new_groups(means, len(groups.y_other), sd), groups.y_other
        ),
    }
    return pd.concat(coverages, names=["held out"]).reset_index("probability")


def line_table(fit: Fit, line: simulate.Regression) -> pd.DataFrame:
    """Tabulate the posterior of the line with the true values."""
    posterior = fit.posterior
    draws = {"a": posterior["a"], "b": posterior["b"].isel(predictor=0)}
    truth = {"a": line.intercept, "b": line.slope, "sigma": line.residual_sd}
    return truth_table(draws | {"sigma": posterior["sigma"]}, truth)


def means_table(theta: xr.DataArray, groups: simulate.GroupedMeans) -> pd.DataFrame:
    """Tabulate the posterior of the group means with the averages and the true means."""
    names = [str(name) for name in theta["unit"].values]
    table = truth_table(
        {name: theta.isel(unit=j) for j, name in enumerate(names)},
        dict(zip(names, groups.means.tolist(), strict=True)),
    )
    table.insert(1, "average", groups.raw_means)
    return table


def numbers(
    fits: Mapping[str, Fit], line: simulate.Regression, groups: simulate.GroupedMeans
) -> dict[str, Number]:
    """Return every number of ``published/linear_regression.csv`` from the fits."""
    of_line, means = fits["line"], fits["marginal"].posterior
    new = predict_line(of_line, [AT]).isel(point=0)
    ours: dict[str, Number] = {"new y at x = 2: mean": mean_of(new)}
    ours |= {f"new y at x = 2: {p:.0%}": quantile_of(new, p) for p in (0.05, 0.95)}
    draws = {"a": of_line.posterior["a"], "b": of_line.posterior["b"].isel(predictor=0)}
    draws |= {"sigma": of_line.posterior["sigma"]}
    draws |= {f"theta[{j + 1}]": means["theta"].isel(unit=j) for j in range(len(groups.means))}
    for name, values in draws.items():
        ours |= {f"{name} mean": mean_of(values), f"{name} sd": sd_of(values)}
    other = predict_new_groups(fits["marginal"], 1, groups.residual_sd).isel(point=0)
    for name, values in {"mu": means["mu"], "tau": means["tau"], "y of a new group": other}.items():
        ours |= {f"{name} {p:.0%}": quantile_of(values, p) for p in (0.05, 0.5, 0.95)}
    for variant in VARIANTS:
        ours[f"tau 50% ({variant})"] = quantile_of(fits[variant].posterior["tau"], 0.5)
    held_out = predict(fits, line, groups)
    good = held_out["within"].between(held_out["low"], held_out["high"])
    return ours | {
        "truths of the line within 99.9%": _count(line_table(of_line, line)["within"]),
        "true means within 99.9%": _count(means_table(means["theta"], groups)["within"]),
        "coverages of the line as they should be": _count(good["line"]),
        "coverages of groups seen as they should be": _count(good["groups seen"]),
    }


def _count(passed: Any) -> Number:
    return Number(float(np.count_nonzero(passed)))


def exact_line(line: simulate.Regression, *, prior_scale: float = 5.0) -> NormalRegression:
    """Return the exact posterior of (a, b), integrated over sigma by quadrature.

    The prior of sigma is half-Cauchy with scale `prior_scale`.
    """
    return normal_regression(
        line.y,
        np.column_stack([np.ones(len(line.x)), line.x]),
        lambda sigma: sigma**2,
        nodes=(np.linspace(-1.5, 1.5, 301),),
        log_priors=(half_cauchy(prior_scale),),
        prior_precision=10.0**-2,
    )


def exact_means(groups: simulate.GroupedMeans) -> NormalRegression:
    """Return the exact posterior of mu, with group means and tau integrated out."""
    variance = groups.residual_sd**2 / groups.sizes
    return normal_regression(
        groups.raw_means,
        np.ones((len(groups.means), 1)),
        lambda tau: tau**2 + variance,
        nodes=(np.linspace(-14, 14, 1401),),
        log_priors=(half_cauchy(5.0),),
        prior_precision=10.0**-2,
    )


def exact(line: simulate.Regression, groups: simulate.GroupedMeans) -> dict[str, float]:
    """Return the exact value of every number of `numbers` that has one."""
    of_line, means = exact_line(line), exact_means(groups)
    (sigma,), (tau,) = of_line.scales, means.scales
    new = of_line.linear([1.0, AT], variance=sigma**2)
    mixtures = {"a": of_line.linear([1.0, 0.0]), "b": of_line.linear([0.0, 1.0])}
    for j, average in enumerate(groups.raw_means):
        error = groups.residual_sd / np.sqrt(groups.sizes[j])
        group_mean = unit_effect(means, average, mean=[1.0], between=tau, residual=error)
        mixtures[f"theta[{j + 1}]"] = group_mean
    values = {"new y at x = 2: mean": new.mean()}
    values |= {f"new y at x = 2: {p:.0%}": new.quantile(p) for p in (0.05, 0.95)}
    for name, mixture in mixtures.items():
        values |= {f"{name} mean": mixture.mean(), f"{name} sd": mixture.sd()}
    mean, square = (of_line.scale_mean(0, power) for power in (1, 2))
    values |= {"sigma mean": mean, "sigma sd": float(np.sqrt(square - mean**2))}
    quantiles = {
        "mu": means.linear([1.0]).quantile,
        "tau": lambda p: means.scale_quantile(0, p),
        "y of a new group": means.linear([1.0], variance=tau**2 + groups.residual_sd**2).quantile,
    }
    for name, quantile in quantiles.items():
        values |= {f"{name} {p:.0%}": quantile(p) for p in (0.05, 0.5, 0.95)}
    return values | {f"tau 50% ({variant})": values["tau 50%"] for variant in VARIANTS}
