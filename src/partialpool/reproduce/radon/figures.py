"""The figures of the radon study."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ... import datasets, plots
from ...sampling.fit import Fit
from ..tools.efficiency import efficiency
from ..tools.published import read
from ..tools.reml_quadrature import exact_posterior
from .models import (
    CHOSEN,
    FUNNEL,
    GELMAN_HILL,
    MODELS,
    SLOPES,
    WIECKI,
    county_sizes,
    reduced,
)
from .modes import collapse

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SIDE_BY_SIDE = ("centered", "noncentered", "marginal", "marginal_lkj")
FUNNEL_LIMITS = (-9.0, 0.0)
"""Limits of log sigma_b in all funnels, the same so that they can be compared."""

PUBLISHED_MODE = next(
    float(row.published) for row in read("radon") if row.quantity == "joint mode: slopes"
)
"""Slope of all counties at the joint mode that Wiecki published."""


def parameterisations(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Tabulate ESS per second of the four programs on Wiecki's response."""
    side_by_side = {name: fits[name] for name in SIDE_BY_SIDE}
    return efficiency(side_by_side, SLOPES.split())


@functools.cache
def exact_spread() -> tuple[Any, Any]:
    """Return values of sigma_b and its exact posterior density in Wiecki's model, each (node,)."""
    data = reduced(WIECKI, fixed="1 floor", slopes=True)
    scale = [(0.06, 0.9, 16), (1e-4, 2.0, 180)]
    exact = exact_posterior(data, scale=scale, sigma=(0.65, 0.86, 10))
    return exact.nodes[1], exact.density[1]


def ladder_of(fits: Mapping[str, Fit], counties: Sequence[str]) -> dict[str, Any]:
    """Return arguments for `plots.pooling_ladder`: counties' intercepts under three poolings.

    Parameters
    ----------
    fits : mapping of key of `MODELS` to Fit
        Fits that include "complete", "none" and "partial"; the 90% intervals are those of
        "partial".
    counties : sequence of str
        Counties to draw.
    """
    none, partial = (fits[k].posterior["a"].sel(county=list(counties)) for k in ("none", "partial"))
    low, high = partial.quantile([0.05, 0.95], dim=["chain", "draw"]).values
    return {
        "group_size": [county_sizes()[county] for county in counties],
        "none": none.mean(["chain", "draw"]),
        "partial": partial.mean(["chain", "draw"]),
        "complete": float(fits["complete"].posterior["a"].mean()),
        "labels": list(counties),
        "interval": (low, high),
        "xlabel": "houses measured in the county",
        "ylabel": "intercept: level in the basement (log pCi/L)",
    }


def figures(fits: Mapping[str, Fit], engine: str) -> dict[str, Callable[[], Axes]]:
    """Return functions that draw the figures, by file name.

    Parameters
    ----------
    fits : mapping of key of `MODELS` to Fit
    engine : str
        Engine that computes the log densities of the figure "collapse".
    """
    posterior = {name: fit.posterior for name, fit in fits.items()}
    funnel_county = {"county": FUNNEL}
    response_unit = "log pCi/L"

    def ladder(counties: Sequence[str]) -> Callable[[], Axes]:
        return lambda: plots.pooling_ladder(**ladder_of(fits, counties))

    def lines() -> Axes:
        houses = datasets.load("radon")
        slope = float(posterior["complete"]["b"].mean())
        panels = plots.regression_lines(
            houses["floor"],
            houses[GELMAN_HILL],
            houses["county"].to_list(),
            intercept=posterior["partial"]["a"],
            slope=posterior["partial"]["b"],
            groups=CHOSEN,
            complete=(float(posterior["complete"]["a"].mean()), slope),
            xlabel="floor (0 basement, 1 first floor)",
            ylabel=f"log radon ({response_unit})",
        )
        first: Axes = panels[0]
        return first

    def uranium() -> Axes:
        draws = posterior["uranium"]
        return plots.group_predictor(
            MODELS["uranium"].data_and_labels["data"]["u"],
            draws["a"],
            intercept=draws["mu_a"],
            slope=draws["g"],
            named=[name for name in CHOSEN if name != "CLAY"],  # it would overlap another name
            xlabel="log uranium in the county's soil (log ppm)",
            ylabel=f"intercept: basement level ({response_unit})",
        )

    def trace() -> Axes:
        diverging = fits["centered"].sample_stats["diverging"]
        return plots.trace(posterior["centered"]["sigma_b"], divergent=diverging, log=True)

    def funnel(form: str, effect: str) -> Callable[[], Axes]:
        def draw() -> Axes:
            draws, diverging = posterior[form], fits[form].sample_stats["diverging"]
            ax = plots.funnel(
                draws[effect].sel(funnel_county), draws["sigma_b"], divergent=diverging
            )
            ax.set_ylim(FUNNEL_LIMITS)
            return ax

        return draw

    def spread() -> Axes:
        return plots.marginals(
            {name: posterior[name]["sigma_b"] for name in SIDE_BY_SIDE[:3]},
            limits=(0, 0.8),
            bins=40,
            exact=exact_spread(),
            xlabel=f"sigma_b ({response_unit} per floor)",
        )

    def joint() -> Axes:
        path, curves = collapse(fits["marginal"], engine=engine)
        mean = float(posterior["marginal"]["sigma_b"].mean())
        return plots.density_path(
            path,
            curves,
            reference=mean,
            limits=(-8, 30),
            xlabel=f"sigma_b ({response_unit} per floor)",
        )

    def slopes() -> Axes:
        drawn_counties = {"county": [*CHOSEN, FUNNEL]}
        return plots.forest(
            {"posterior": posterior["marginal"]["b"].sel(drawn_counties)},
            sort="estimate",
            reference=PUBLISHED_MODE,
            xlabel=f"slope ({response_unit} per floor); line: the mode that was published",
        )

    def speed() -> Axes:
        rate = parameterisations(fits)["ess_per_second"]
        return plots.ess_bars(
            {name: rate[name] for name in SIDE_BY_SIDE},
            enough=None,
            xlabel="effective draws per second",
        )

    return {
        "lines": lines,
        "ladder": ladder(CHOSEN),
        "ladder_all": ladder(list(county_sizes())),
        "uranium": uranium,
        "trace": trace,
        "funnel_centered": funnel("centered", "b"),
        "funnel_noncentered": funnel("noncentered", "b"),
        "offsets": funnel("noncentered", "z_b"),
        "spread": spread,
        "collapse": joint,
        "slopes": slopes,
        "speed": speed,
    }
