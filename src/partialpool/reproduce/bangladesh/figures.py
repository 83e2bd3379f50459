"""The figures of the study `bangladesh`, drawn with functions of `plots`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import plots
from ...sampling.fit import Fit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def _panels(count: int, *, width: float, height: float, **options: Any) -> Any:
    """Return axes side by side in a new figure; width and height are in inches."""
    import matplotlib.pyplot as plt

    _, panels = plt.subplots(
        1, count, figsize=(width, height), layout="constrained", squeeze=False, **options
    )
    return panels[0]


def attempt(fit: Fit, fixed: Fit, *, title: str = "") -> Axes:
    """Draw rank histograms of sigma, and effective sample sizes of a mixed and the fixed model."""
    left, right = _panels(2, width=11, height=3.6, width_ratios=(1.2, 1))
    plots.rank_histogram(fit.posterior["sigma"], ax=left, xlabel="rank of sigma among all chains")
    mixed_sizes = fit.summary(["a", "a_bar", "sigma"])["ess_bulk"]
    sizes = {
        "mixed": _floats(mixed_sizes),
        "fixed": _floats(fixed.summary(["a"])["ess_bulk"], mixed_sizes.index),
    }
    plots.ess_bars(sizes, xlabel="bulk effective sample size (draws)", ax=right)
    right.set_xlim(5, 10_000)
    right.set_xticks([10, 30, 100, 300, 1000, 3000], ["10", "30", "100", "300", "1,000", "3,000"])
    first: Axes = left
    first.set_title("ranks of sigma", fontsize="medium")
    right.set_title("effective sample sizes", fontsize="medium")
    if title:
        left.figure.suptitle(title)
    return first


def _floats(sizes: pd.Series, index: pd.Index | None = None) -> dict[str, float]:
    """Return sizes by quantity; NaN, which has no bar, for quantities of `index` without one."""
    aligned = sizes if index is None else sizes.reindex(index)
    return {str(name): float(size) for name, size in aligned.items()}


def pairs(failed: Fit, clean: Fit, *, code: int = 3) -> Axes:
    """Draw a district's log odds against log sigma, with divergences marked, in three panels.

    The panels show the centered fit, the non-centered fit, and the non-centered fit in the
    coordinates of its sampler, z instead of a.
    """
    panels = _panels(3, width=13, height=4.6, sharey=True)
    titled_fits = (
        ("centered", failed, "a"),
        ("non-centered", clean, "a"),
        ("non-centered, as its sampler sees it", clean, "z"),
    )
    for ax, (title, fit, variable) in zip(panels, titled_fits, strict=True):
        plots.funnel(
            fit.posterior[variable].sel(code=code),
            fit.posterior["sigma"],
            divergent=fit.sample_stats["diverging"],
            xlabel=f"{variable}[{code}] ({'log odds' if variable == 'a' else 'in units of sigma'})",
            ylabel="log sigma" if ax is panels[0] else "",
            ax=ax,
        )
        ax.set_title(title, fontsize="medium")
    panels[1].set_xlim(panels[0].get_xlim())
    first: Axes = panels[0]
    return first


def forests(mixed: Fit, fixed: Fit) -> Axes:
    """Draw z and a of a mixed model, and a of the fixed model, in three panels with one scale."""
    panels = _panels(3, width=11, height=3, sharex=True)
    titled_fits = (
        ("z, mixed", mixed, "z"),
        ("a, mixed", mixed, "a"),
        ("a, fixed", fixed, "a"),
    )
    for ax, (title, fit, variable) in zip(panels, titled_fits, strict=True):
        plots.forest({title: fit.posterior[variable]}, reference=0.0, ax=ax)
        ax.set_title(title, fontsize="medium")
        ax.set_xlabel("log odds" if variable == "a" else "in units of sigma")
    panels[0].set_ylabel("district")
    first: Axes = panels[0]
    return first


def districts(intercepts: Fit, counts: pd.DataFrame) -> Axes:
    """Draw every district's share of users, and its probability under varying intercepts."""
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
    """Draw the rural and urban shares of users of every district, and their pooled estimates."""
    observed = counts.where(counts > 0)
    return plots.shrinkage_plane(
        (counts["rural_users"] / observed["rural"], counts["urban_users"] / observed["urban"]),
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
    """Draw the exponential prior of sigma and two half-normal priors."""
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
