"""The figures of `bangladesh`: functions of `plots`, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import plots
from ..fit import Fit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LOG_ODDS = "log odds of using contraception"


def _panels(count: int, *, width: float, height: float, **options: Any) -> Any:
    import matplotlib.pyplot as plt

    _, panels = plt.subplots(
        1, count, figsize=(width, height), layout="constrained", squeeze=False, **options
    )
    return panels[0]


def attempt(fit: Fit, fixed: Fit, *, title: str = "") -> Axes:
    """Draw the ranks of sigma by chain, and effective sample sizes beside the fixed model's."""
    left, right = _panels(2, width=11, height=3.6, width_ratios=(1.2, 1))
    plots.rank_histogram(fit.posterior["sigma"], ax=left, xlabel="rank of sigma among all chains")
    sizes = {
        "mixed": fit.summary(["a", "a_bar", "sigma"])["ess_bulk"].to_dict(),
        "fixed": fixed.summary(["a"])["ess_bulk"].to_dict() | {"a_bar": np.nan, "sigma": np.nan},
    }
    plots.ess_bars(sizes, xlabel="bulk effective sample size (draws)", ax=right)
    right.set_xlim(5, 10_000)
    left.set_title(title or "ranks of sigma", fontsize="medium")
    right.set_title("and effective sample sizes", fontsize="medium")
    return left


def pairs(fits: dict[str, Fit], *, district: int = 3) -> Axes:
    """Draw a district's log odds against log sigma, divergences marked, a panel per fit."""
    panels = _panels(len(fits), width=5.2 * len(fits), height=4.6, sharex=True, sharey=True)
    for ax, (name, fit) in zip(panels, fits.items(), strict=True):
        plots.funnel(
            fit.posterior["a"].sel(code=district),
            fit.posterior["sigma"],
            divergent=fit.sample_stats["diverging"],
            xlabel=f"a[{district}] (log odds)",
            ylabel="log sigma",
            ax=ax,
        )
        ax.set_title(name, fontsize="medium")
    first: Axes = panels[0]
    return first


def forests(mixed: Fit, fixed: Fit) -> Axes:
    """Draw z and a of a mixed model and a of the fixed one, three panels on one scale."""
    panels = _panels(3, width=11, height=3, sharex=True)
    given = (
        ("z, mixed (in units of sigma)", mixed, "z"),
        ("a, mixed", mixed, "a"),
        ("a, fixed", fixed, "a"),
    )
    for ax, (title, fit, variable) in zip(panels, given, strict=True):
        plots.forest({title: fit.posterior[variable]}, reference=0.0, ax=ax)
        ax.set_title(title, fontsize="medium")
        ax.set_xlabel("log odds" if variable == "a" else "standard deviations")
        ax.set_ylabel("district")
    first: Axes = panels[0]
    return first


def districts(intercepts: Fit, counts: pd.DataFrame) -> Axes:
    """Draw every district's share of users, and its chance under varying intercepts."""
    women = counts["rural"] + counts["urban"]
    users = counts["rural_users"] + counts["urban_users"]
    theta = intercepts.posterior["theta"].stack(sample=("chain", "draw"))
    return plots.shrinkage(
        users / women,
        theta.mean("sample"),
        labels=[f"{code} ({n})" for code, n in women.items()],
        interval=tuple(theta.quantile([0.055, 0.945], "sample").values),
        pooled=users.sum() / women.sum(),
        names=("users / women", "partially pooled", ""),
        xlabel="chance of using contraception; 89% intervals; district (women)",
    )


def slopes(fit: Fit, counts: pd.DataFrame) -> Axes:
    """Draw country and town of every district: shares of users, and where pooling takes them."""
    known = counts.where(counts > 0)
    return plots.shrinkage_plane(
        (counts["rural_users"] / known["rural"], counts["urban_users"] / known["urban"]),
        (
            fit.posterior["theta_rural"].mean(("chain", "draw")),
            fit.posterior["theta_urban"].mean(("chain", "draw")),
        ),
        labels=[str(code) for code in counts.index],
        size=counts["rural"] + counts["urban"],
        pooled=(
            counts["rural_users"].sum() / counts["rural"].sum(),
            counts["urban_users"].sum() / counts["urban"].sum(),
        ),
        diagonal=True,
        name=8,
        names=("users / women", "partially pooled"),
        xlabel="chance of using contraception, country",
        ylabel="chance of using contraception, town",
    )


def priors() -> Axes:
    """Draw the exponential and a half-normal prior of sigma."""
    from scipy import stats

    return plots.prior_density(
        {
            "exponential(1)": stats.expon(),
            "half-normal(0.5)": stats.halfnorm(scale=0.5),
            "half-normal(0.25)": stats.halfnorm(scale=0.25),
        },
        limits=(0, 3),
        xlabel="sigma: sd between districts (log odds)",
    )
