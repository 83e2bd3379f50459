"""Individual slopes: 100 points, each with a slope of its own, and no noise around the lines.

The example is from Wiecki's notebook on random slopes, in which 100,000 Metropolis iterations did
not converge. Its uniform priors of the scales are replaced by half-normal priors wide enough for
the posterior to be the same to three digits. The posterior is known exactly: given its two scales,
and with the slopes integrated out, the model is a regression with normal coefficients
(`quadrature`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import plots, programs
from ..sampling.fit import Fit
from ..summaries import sampling_table
from .tools import simulate
from .tools.published import Number, compare, mean_of, quantile_of, read, sd_of
from .tools.quadrature import (
    LogPrior,
    Mixture,
    NormalRegression,
    half_normal,
    normal_regression,
    unit_effect,
)
from .tools.study import Settings, Study, Table
from .tools.truth import truth_table

if TYPE_CHECKING:
    import pandas as pd

PARAMETERS = ("a", "mu_b", "sigma_b", "sigma")
RUNS: dict[str, tuple[str, float, float]] = {
    "marginal": ("marginal", 0.99, 0.0),
    "marginal_long_steps": ("marginal", 0.8, 0.0),
    "centered": ("centered", 0.8, 0.0),
    "noncentered": ("noncentered", 0.8, 0.0),
    "noise_marginal": ("marginal", 0.8, 2.0),
    "noise_centered": ("centered", 0.8, 2.0),
    "noise_noncentered": ("noncentered", 0.8, 2.0),
}
"""Variant of linear/individual_slopes, adapt_delta, and sd of the noise, by name of the fit."""
LABELS: dict[str, Any] = {
    "coords": {"point": [f"point {n}" for n in range(1, 101)]},
    "dims": {"b": ["point"]},
}
BEST = "marginal"
SHORT = 500
"""Number of draws, and of warmup iterations, of runs that would fail or be slow at any length."""
FIVE = (0, 1, 9, 49, 99)
"""Ranks, by x, of the points whose lines are drawn."""
SMALL = 0.05
"""A small residual sd: the exact posterior reaches below it, and failing samplers stay there."""


def individual_slopes(settings: Settings) -> Study:
    """Fit the model in its three forms, without noise and with some."""
    points = {noise: simulate.individual_slopes(noise=noise) for noise in (0.0, 2.0)}
    fits = {}
    for name, (variant, delta, noise) in RUNS.items():
        program = programs.get(f"linear/individual_slopes_{variant}")
        length = {} if variant == "marginal" else {"warmup": SHORT, "draws": SHORT}
        options: dict[str, Any] = {"adapt_delta": delta, **length, **LABELS}
        fits[name] = settings.sample(name, program, points[noise].data, **options)
    noiseless, best, engine = points[0.0], fits[BEST], settings.engine
    return Study(
        "individual_slopes",
        {
            "sampling": Table(
                "The forms, without and with noise",
                sampling_table(fits, var_names=PARAMETERS),
            ),
            "population": Table("Without noise: posterior and truth", population(best, noiseless)),
            "slopes": Table("Five slopes", five_slopes(best, noiseless)),
            "ridge": Table("Log density as sigma nears 0", ridge(noiseless, engine=engine)),
        },
        compare(read("individual_slopes"), numbers(fits, noiseless)),
        fits,
        {
            **{f"trace_{name}": _trace(best, noiseless, name) for name in PARAMETERS[:3]},
            "sigma_marginal": lambda: trace_sigma(best),
            "sigma_centered": lambda: trace_sigma(fits["centered"]),
            "sigma_noncentered": lambda: trace_sigma(fits["noncentered"]),
            "neck": lambda: neck(fits["marginal_long_steps"], best)[0],
            "lines": lambda: five_lines(best, noiseless)[0],
        },
    )


def five(points: simulate.IndividualSlopes) -> NDArray[np.int64]:
    """Return the positions of five points, from the smallest x to the largest."""
    return np.argsort(points.x)[list(FIVE)]


def population(fit: Fit, points: simulate.IndividualSlopes) -> pd.DataFrame:
    """Tabulate the population parameters, and the mean and sd of the 100 slopes, with the truth.

    The residual sd is left out, because its true value, 0, is below every interval.
    """
    draws = {name: fit.posterior[name] for name in PARAMETERS[:3]}
    draws |= {
        "mean of the slopes": fit.posterior["b"].mean("point"),
        "sd of the slopes": fit.posterior["b"].std("point", ddof=1),
    }
    truth = dict(
        zip(
            draws,
            [
                points.intercept,
                points.slope_mean,
                points.slope_sd,
                float(points.slopes.mean()),
                float(points.slopes.std(ddof=1)),
            ],
            strict=True,
        )
    )
    return truth_table(draws, truth)


def five_slopes(fit: Fit, points: simulate.IndividualSlopes) -> pd.DataFrame:
    """Tabulate the posterior of five slopes with their true values."""
    chosen = five(points)
    names = [f"b[{n + 1}], x = {points.x[n]:.2f}" for n in chosen]
    draws = {
        name: fit.posterior["b"].isel(point=int(n)) for name, n in zip(names, chosen, strict=True)
    }
    return truth_table(draws, dict(zip(names, points.slopes[chosen].tolist(), strict=True)))


def ridge(
    points: simulate.IndividualSlopes,
    *,
    sigmas: tuple[float, ...] = (1.0, 0.1, 0.01, 0.001),
    engine: str = "auto",
) -> pd.DataFrame:
    """Tabulate log densities at decreasing sigma, where every line goes through its point.

    Columns centered and marginal are the log density minus that at the first sigma. The density is
    that of log sigma, as the sampler uses it; a density that is constant in sigma decreases on
    this scale by log(10) = 2.303 when sigma is divided by 10.
    """
    import pandas as pd

    values = {"a": points.intercept, "mu_b": points.slope_mean, "sigma_b": points.slope_sd}
    interpolating = {"b": (points.y - points.intercept) / points.x}
    differences = {}
    for variant, effects in {"centered": interpolating, "marginal": {}}.items():
        program = programs.get(f"linear/individual_slopes_{variant}")
        log_densities = [
            program.log_density(
                points.data, {**values, "sigma": sigma, **effects}, engine=engine
            ).value
            for sigma in sigmas
        ]
        differences[variant] = np.array(log_densities) - log_densities[0]
    return pd.DataFrame(differences, index=pd.Index(sigmas, name="sigma"))


def _trace(fit: Fit, points: simulate.IndividualSlopes, name: str) -> Any:
    true = (points.intercept, points.slope_mean, points.slope_sd)
    truth = dict(zip(PARAMETERS[:3], true, strict=True))[name]
    return lambda: plots.trace(
        fit.posterior[name], divergent=fit.sample_stats["diverging"], truth=truth
    )


def trace_sigma(fit: Fit) -> Any:
    """Draw the trace of the residual sd on a logarithmic axis, on which its truth is -infinity."""
    ax = plots.trace(fit.posterior["sigma"], divergent=fit.sample_stats["diverging"], log=True)
    ax.set_title(fit.program.name, fontsize="medium")
    return ax


def neck(*fits: Fit) -> NDArray[Any]:
    """Draw the log residual sd against the intercept, a panel per fit, with the same limits."""
    import matplotlib.pyplot as plt

    _, panels = plt.subplots(
        1, len(fits), figsize=(4.2 * len(fits), 4.2), sharex=True, sharey=True, layout="constrained"
    )
    axes: NDArray[Any] = np.atleast_1d(panels)
    for panel, fit in zip(axes, fits, strict=True):
        plots.funnel(
            fit.posterior["a"],
            fit.posterior["sigma"],
            divergent=fit.sample_stats["diverging"],
            xlabel="intercept a",
            ylabel="log sigma" if panel is axes[0] else "",
            ax=panel,
        )
        panel.set_title(f"adapt_delta = {fit.config['adapt_delta']}", fontsize="medium")
    return axes


def five_lines(fit: Fit, points: simulate.IndividualSlopes, *, lines: int = 100) -> NDArray[Any]:
    """Draw posterior lines and the true line of each of five points."""
    chosen = five(points)
    names = [f"point {n + 1}" for n in chosen]
    slopes = fit.posterior["b"].sel(point=names)
    panels: NDArray[Any] = plots.regression_lines(
        points.x[chosen],
        points.y[chosen],
        names,
        intercept=fit.posterior["a"].expand_dims(point=names).transpose("chain", "draw", "point"),
        slope=slopes,
        groups=names,
        truth={
            name: (points.intercept, float(points.slopes[n]))
            for name, n in zip(names, chosen, strict=True)
        },
        lines=lines,
        xlabel="x",
        ylabel="y",
    )
    return panels


def numbers(fits: Mapping[str, Fit], points: simulate.IndividualSlopes) -> dict[str, Number]:
    """Return every number of ``published/individual_slopes.csv`` from the fits."""
    best = fits[BEST].posterior
    draws = {name: best[name] for name in PARAMETERS[:3]}
    draws |= {f"b[{n + 1}]": best["b"].isel(point=int(n)) for n in five(points)}
    ours: dict[str, Number] = {}
    for name, values in draws.items():
        ours |= {f"{name} mean": mean_of(values), f"{name} sd": sd_of(values)}
    ours |= {f"sigma {p:.0%}": quantile_of(best["sigma"], p) for p in (0.05, 0.5, 0.95)}
    for name, (_, _, noise) in RUNS.items():
        if noise == 0:
            sigma = fits[name].posterior["sigma"]
            ours[f"P(sigma < {SMALL}), {name}"] = mean_of(sigma < SMALL)
    population_within = population(fits[BEST], points)["within"]
    slopes = truth_table(
        {str(n): best["b"].isel(point=n) for n in range(len(points.x))},
        {str(n): float(slope) for n, slope in enumerate(points.slopes)},
    )
    return ours | {
        "truths of the population within 99.9%": Number(float(population_within.sum())),
        "true slopes within 99.9%": Number(float(slopes["within"].sum())),
    }


def exact_posterior(
    points: simulate.IndividualSlopes,
    *,
    sigma_b: LogPrior | None = None,
    sigma: LogPrior | None = None,
    nodes: int = 81,
) -> NormalRegression:
    """Return the exact posterior of (a, mu_b), integrated over sigma_b and sigma, in this order.

    The log priors of the scales are by default half-normal(100) and half-normal(10); sigma_b has
    `nodes` quadrature nodes, and sigma four times as many.
    """
    return normal_regression(
        points.y,
        np.column_stack([np.ones(len(points.x)), points.x]),
        lambda slope_sd, noise: noise**2 + slope_sd**2 * points.x**2,
        nodes=(np.linspace(-1.2, 1.2, nodes), np.linspace(-14, 2.5, 4 * nodes)),
        log_priors=(sigma_b or half_normal(100.0), sigma or half_normal(10.0)),
        prior_precision=10.0**-8,
    )


def exact_slope(
    posterior: NormalRegression, points: simulate.IndividualSlopes, position: int
) -> Mixture:
    """Return the exact posterior of the slope of a point."""
    slope_sd, noise = posterior.scales
    return unit_effect(
        posterior,
        float(points.y[position]),
        mean=[0.0, 1.0],
        between=slope_sd,
        fixed=[1.0, 0.0],
        x=float(points.x[position]),
        residual=noise,
    )


def exact(points: simulate.IndividualSlopes) -> dict[str, float]:
    """Return the exact value of every number of `numbers` that has one."""
    posterior = exact_posterior(points)
    mixtures = {"a": posterior.linear([1.0, 0.0]), "mu_b": posterior.linear([0.0, 1.0])}
    mixtures |= {f"b[{n + 1}]": exact_slope(posterior, points, int(n)) for n in five(points)}
    values: dict[str, float] = {}
    for name, mixture in mixtures.items():
        values |= {f"{name} mean": mixture.mean(), f"{name} sd": mixture.sd()}
    mean, square = (posterior.scale_mean(0, power) for power in (1, 2))
    values |= {"sigma_b mean": mean, "sigma_b sd": float(np.sqrt(square - mean**2))}
    values |= {f"sigma {p:.0%}": posterior.scale_quantile(1, p) for p in (0.05, 0.5, 0.95)}
    below = float(posterior.scale_cdf(1, SMALL))
    noiseless = [name for name, (_, _, noise) in RUNS.items() if noise == 0]
    return values | {f"P(sigma < {SMALL}), {name}": below for name in noiseless}
