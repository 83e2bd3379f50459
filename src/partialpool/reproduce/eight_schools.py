"""Coaching in eight schools: centered, non-centered and marginal fits, and published quantiles.

The data are from Rubin 1981 (Journal of Educational Statistics 6:377). The model with flat priors
of mu and tau, and the table of posterior quantiles from 200 draws, are from Gelman et al., Bayesian
Data Analysis, 3rd edition, section 5.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import datasets, plots, programs
from ..sampling.fit import Fit
from ..summaries import sampling_table
from .tools.published import Number, compare, mean_of, quantile_of, read, sd_of
from .tools.quadrature import Mixture, NormalRegression, normal_regression, uniform, unit_effect
from .tools.study import Settings, Study, Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FLAT = {
    "prior_mu_family": 0,
    "prior_mu_location": 0,
    "prior_mu_scale": 1,
    "prior_tau_family": 0,
    "prior_tau_scale": 1,
    "prior_tau_df": 1,
}
"""Prior constants of the programs. Family 0 is flat; its other constants are read but not used."""
RUNS: dict[str, tuple[str, float]] = {
    "centered": ("centered", 0.8),
    "centered_small_steps": ("centered", 0.99),
    "noncentered": ("noncentered", 0.95),
    "marginal": ("marginal", 0.8),
}
"""Program in normal_known_variance/ and adapt_delta, by name of the fit."""
QUANTILES = {"2.5%": 0.025, "25%": 0.25, "50%": 0.5, "75%": 0.75, "97.5%": 0.975}


def eight_schools(settings: Settings) -> Study:
    """Fit the model in its three forms and compare its quantiles with the book's."""
    schools = datasets.load("eight_schools")
    school_data = data(schools)
    fits = {
        "complete": settings.sample(
            "complete",
            programs.get("normal_known_variance/complete_pooling"),
            {name: value for name, value in school_data.items() if "tau" not in name},
            **labels(schools, "theta"),
        )
    }
    for name, (variant, delta) in RUNS.items():
        fits[name] = settings.sample(
            name,
            programs.get(f"normal_known_variance/{variant}"),
            school_data,
            adapt_delta=delta,
            **labels(schools, *(("theta", "z") if variant == "noncentered" else ("theta",))),
        )
    partial = {name: fits[name] for name in RUNS}
    best = fits["marginal"].posterior
    return Study(
        "eight_schools",
        {
            "schools": Table("Effects (points): no, partial, complete", pooling(fits, schools), 1),
            "sampling": Table("The three forms", sampling_table(partial)),
        },
        compare(read("eight_schools"), numbers(fits)),
        fits,
        {
            "shrinkage": lambda: plots.shrinkage(
                schools["effect"],
                best["theta"].mean(("chain", "draw")).values,
                labels=list(schools["school"]),
                pooled=float(fits["complete"].posterior["mu"].mean()),
                names=("estimate", "partially pooled", ""),
                xlabel="effect of coaching (points)",
            ),
            "funnels": lambda: funnels(partial)[0],
            "given_tau": lambda: given_tau(schools),
            "tau_centered": lambda: against_exact(fits["centered"], schools),
            "tau_marginal": lambda: against_exact(fits["marginal"], schools),
        },
    )


def funnels(fits: Mapping[str, Fit], *, school: str = "A") -> NDArray[Any]:
    """Draw log tau against the effect of a school, a panel per fit; the number of fits is even."""
    import matplotlib.pyplot as plt

    _, grid = plt.subplots(
        math.ceil(len(fits) / 2),
        2,
        figsize=(7.5, 3.2 * math.ceil(len(fits) / 2)),
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    panels: NDArray[Any] = grid.ravel()
    for i, (panel, (name, fit)) in enumerate(zip(panels, fits.items(), strict=True)):
        plots.funnel(
            fit.posterior["theta"].sel(school=school),
            fit.posterior["tau"],
            divergent=fit.sample_stats["diverging"],
            xlabel=f"effect of school {school} (points)" if i >= len(fits) - 2 else "",
            ylabel="log tau" if i % 2 == 0 else "",
            ax=panel,
        )
        panel.get_legend().remove()
        divergent = int(fit.sample_stats["diverging"].sum())
        panel.set_title(
            f"{name.replace('_', ' ')}: {divergent} divergent (crosses)", fontsize="medium"
        )
    return panels


def given_tau(schools: pd.DataFrame) -> Axes:
    """Draw every school's exact mean effect given tau, and the exact posterior density of tau."""
    posterior = exact_tau(schools)
    (tau,) = posterior.scales
    return plots.conditional_means(
        tau,
        {f"school {name}": effect.location for name, effect in exact_effects(schools).items()},
        density=posterior.scale_pdf(0, tau),
        limits=(0.0, 30.0),
        xlabel="tau (points); in grey its posterior density",
        ylabel="mean effect given tau (points)",
    )


def against_exact(fit: Fit, schools: pd.DataFrame) -> Axes:
    """Draw a histogram of tau with its exact posterior density."""
    ax = plots.prior_density(
        {"exact": lambda tau: exact_tau(schools).scale_pdf(0, tau)},
        limits=(0, 25),
        posterior=fit.posterior["tau"],
        xlabel="tau (points)",
    )
    ax.set_title(fit.program.name, fontsize="medium")
    return ax


def data(schools: pd.DataFrame) -> dict[str, Any]:
    """Return data for `normal_known_variance/*`, with the book's flat priors."""
    school_data = {"J": len(schools), "y": schools["effect"], "sigma": schools["standard_error"]}
    return school_data | FLAT


def labels(schools: pd.DataFrame, *variables: str) -> dict[str, Any]:
    """Return coords and dims that name the schools, for `StanProgram.sample`."""
    dims = {name: ["school"] for name in variables}
    return {"coords": {"school": schools["school"]}, "dims": dims}


def pooling(fits: Mapping[str, Fit], schools: pd.DataFrame) -> pd.DataFrame:
    """Tabulate each school's estimate under no, partial and complete pooling."""
    theta = fits["marginal"].posterior["theta"]
    low, high = np.quantile(theta.values, [0.05, 0.95], axis=(0, 1))
    table = schools.set_index("school")[["effect", "standard_error"]]
    return table.assign(
        partial=theta.mean(("chain", "draw")).values,
        sd=theta.std(("chain", "draw"), ddof=1).values,
        q5=low,
        q95=high,
        complete=float(fits["complete"].posterior["mu"].mean()),
    )


def numbers(fits: Mapping[str, Fit]) -> dict[str, Number]:
    """Return every number of ``published/eight_schools.csv`` from the fits."""
    best = fits["marginal"].posterior
    mu = fits["complete"].posterior["mu"]
    ours = {"complete pooling mean": mean_of(mu), "complete pooling sd": sd_of(mu)}
    for school in best["school"].values:
        theta = best["theta"].sel(school=school)
        ours |= {f"theta[{school}] {q}": quantile_of(theta, p) for q, p in QUANTILES.items()}
    ours |= {"mu mean": mean_of(best["mu"]), "mu sd": sd_of(best["mu"])}
    for name in RUNS:
        tau = fits[name].posterior["tau"]
        ours[f"P(tau < 1), {name}"] = mean_of(tau < 1)
        ours[f"tau 50%, {name}"] = quantile_of(tau, 0.5)
    return ours


def exact_tau(schools: pd.DataFrame) -> NormalRegression:
    """Return the exact posterior of mu, integrated over tau by quadrature."""
    variance = schools["standard_error"].to_numpy(dtype=float) ** 2
    return normal_regression(
        schools["effect"],
        np.ones((len(schools), 1)),
        lambda tau: tau**2 + variance,
        nodes=(np.linspace(-14, 12, 1301),),
        log_priors=(uniform(),),
    )


def exact_effects(schools: pd.DataFrame) -> dict[str, Mixture]:
    """Return the exact posterior of the effect of each school."""
    posterior = exact_tau(schools)
    (tau,) = posterior.scales
    rows = zip(schools["school"], schools["effect"], schools["standard_error"], strict=True)
    return {
        str(school): unit_effect(posterior, float(y), mean=[1.0], between=tau, residual=error)
        for school, y, error in rows
    }


def exact(schools: pd.DataFrame) -> dict[str, float]:
    """Return the exact value of every number of `numbers`, by quadrature."""
    posterior = exact_tau(schools)
    precision = schools["standard_error"].to_numpy(dtype=float) ** -2
    weighted = float((precision * schools["effect"]).sum() / precision.sum())
    values = {
        "complete pooling mean": weighted,
        "complete pooling sd": float(precision.sum() ** -0.5),
    }
    for school, effect in exact_effects(schools).items():
        values |= {f"theta[{school}] {q}": effect.quantile(p) for q, p in QUANTILES.items()}
    mu = posterior.linear([1.0])
    values |= {"mu mean": mu.mean(), "mu sd": mu.sd()}
    for name in RUNS:
        values[f"P(tau < 1), {name}"] = float(posterior.scale_cdf(0, 1.0))
        values[f"tau 50%, {name}"] = posterior.scale_quantile(0, 0.5)
    return values


def source_errors(schools: pd.DataFrame, *, draws: int = 200) -> dict[str, float]:
    """Return Monte-Carlo standard errors of quantiles from independent draws, as in the book."""
    return {
        f"theta[{school}] {q}": float(np.sqrt(p * (1 - p) / draws) / effect.pdf(effect.quantile(p)))
        for school, effect in exact_effects(schools).items()
        for q, p in QUANTILES.items()
    }
