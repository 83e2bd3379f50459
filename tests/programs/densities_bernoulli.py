"""Log densities of `bernoulli/`, as in densities.py: independent of the programs.

The likelihood is that of counts: rows of equal district (and town or country) are one binomial
observation, where the programs take a Bernoulli one a row.
"""

from __future__ import annotations

import numpy as np
from programs.densities import (
    CAUCHY,
    EXPONENTIAL,
    NORMAL,
    REFERENCES,
    STUDENT_T,
    Array,
    Data,
    Parameters,
    Reference,
    column,
    log_scale_jacobian,
    no_jacobian,
    total,
)
from scipy import special, stats


def counts(cells: Array, data: Data, size: int) -> tuple[Array, Array]:
    """Rows and ones in each cell."""
    cells = np.asarray(cells, dtype=int)
    ones = np.asarray(data["y"], dtype=float)
    return np.bincount(cells, minlength=size), np.bincount(cells, ones, minlength=size)


def likelihood_of_counts(log_odds: Array, rows: Array, ones: Array) -> Array:
    """Of (points, cells) log odds."""
    yes, no = special.log_expit(log_odds), special.log_expit(-log_odds)
    return total(ones * yes + (rows - ones) * no)


def districts(data: Data) -> tuple[Array, Array]:
    """Rows and ones of each district."""
    return counts(np.array(data["district"]) - 1, data, data["J"])


def town_and_country(data: Data) -> tuple[Array, Array]:
    """Rows and ones of each district in the country, then of each in town."""
    cells = np.array(data["district"]) - 1 + data["J"] * np.array(data["urban"])
    return counts(cells, data, 2 * data["J"])


def normal_prior(x: Array, name: str, data: Data) -> Array:
    location, scale = data[f"prior_{name}_location"], data[f"prior_{name}_scale"]
    return np.asarray(stats.norm.logpdf(x, location, scale))


def positive_prior(x: Array, name: str, data: Data) -> Array:
    family, scale, df = (data[f"prior_{name}_{part}"] for part in ("family", "scale", "df"))
    density = {
        NORMAL: lambda: stats.halfnorm.logpdf(x, scale=scale),
        STUDENT_T: lambda: np.log(2) + stats.t.logpdf(x, df, scale=scale),
        CAUCHY: lambda: stats.halfcauchy.logpdf(x, scale=scale),
        EXPONENTIAL: lambda: stats.expon.logpdf(x, scale=scale),
    }
    return np.asarray(density[family]())


# --- intercepts -----------------------------------------------------------------------------------


def fixed_effects(p: Parameters, data: Data) -> Array:
    return total(normal_prior(p["a"], "a", data)) + likelihood_of_counts(p["a"], *districts(data))


def hyper_intercept(p: Parameters, data: Data) -> Array:
    return normal_prior(p["a_bar"], "a_bar", data) + positive_prior(p["sigma"], "sigma", data)


def varying_intercept_centered(p: Parameters, data: Data) -> Array:
    a = total(stats.norm.logpdf(p["a"], column(p["a_bar"]), column(p["sigma"])))
    return hyper_intercept(p, data) + a + likelihood_of_counts(p["a"], *districts(data))


def varying_intercept_noncentered(p: Parameters, data: Data) -> Array:
    a = column(p["a_bar"]) + column(p["sigma"]) * p["z"]
    prior = hyper_intercept(p, data) + total(stats.norm.logpdf(p["z"]))
    return prior + likelihood_of_counts(a, *districts(data))


def intercept(vector: str) -> Reference:
    density = {"a": varying_intercept_centered, "z": varying_intercept_noncentered}[vector]
    return Reference(
        lambda data: 2 + data["J"],
        lambda q, data: {"a_bar": q[:, 0], "sigma": np.exp(q[:, 1]), vector: q[:, 2:]},
        log_scale_jacobian,
        density,
    )


# --- intercepts and slopes ------------------------------------------------------------------------


def hyper_slope(q: Array, data: Data) -> Parameters:
    """Of two correlated things a Cholesky factor has one free number: rho, the tanh of Stan's.

    Its second row is (rho, uncorrelated), of length 1.
    """
    return {
        "a_bar": q[:, 0],
        "b_bar": q[:, 1],
        "sigma_a": np.exp(q[:, 2]),
        "sigma_b": np.exp(q[:, 3]),
        "rho": np.tanh(q[:, 4]),
        "uncorrelated": 1 / np.cosh(q[:, 4]),
    }


def slope_jacobian(q: Array, data: Data) -> Array:
    """The slope of the tanh is the squared secant, hyperbolic."""
    log_cosh = np.logaddexp(q[:, 4], -q[:, 4]) - np.log(2)
    return np.asarray(q[:, 2] + q[:, 3] - 2 * log_cosh)


def hyper_slope_prior(p: Parameters, data: Data) -> Array:
    """LKJ(eta) of two correlated things: (1 + rho) / 2 ~ Beta(eta, eta)."""
    means = normal_prior(p["a_bar"], "a_bar", data) + normal_prior(p["b_bar"], "b_bar", data)
    sds = positive_prior(p["sigma_a"], "sigma_a", data)
    sds = sds + positive_prior(p["sigma_b"], "sigma_b", data)
    lkj = 2 * (data["prior_eta"] - 1) * np.log(p["uncorrelated"])
    return np.asarray(means + sds + lkj)


def varying_slope_centered(p: Parameters, data: Data) -> Array:
    u = (p["a"] - column(p["a_bar"])) / column(p["sigma_a"])
    v = (p["b"] - column(p["b_bar"])) / column(p["sigma_b"])
    rest = column(p["uncorrelated"])
    log_det = np.log(column(p["sigma_a"]) * column(p["sigma_b"]) * rest)
    distance = (u**2 - 2 * column(p["rho"]) * u * v + v**2) / rest**2
    ab = total(-log_det - distance / 2)
    log_odds = np.hstack([p["a"], p["a"] + p["b"]])
    return hyper_slope_prior(p, data) + ab + likelihood_of_counts(log_odds, *town_and_country(data))


def varying_slope_noncentered(p: Parameters, data: Data) -> Array:
    u = p["z_a"]
    v = column(p["rho"]) * u + column(p["uncorrelated"]) * p["z_b"]
    a = column(p["a_bar"]) + column(p["sigma_a"]) * u
    b = column(p["b_bar"]) + column(p["sigma_b"]) * v
    z = total(stats.norm.logpdf(u) + stats.norm.logpdf(p["z_b"]))
    log_odds = np.hstack([a, a + b])
    return hyper_slope_prior(p, data) + z + likelihood_of_counts(log_odds, *town_and_country(data))


def halves(q: Array, data: Data) -> Parameters:
    return {"a": q[:, 5 : 5 + data["J"]], "b": q[:, 5 + data["J"] :]}


def interleaved(q: Array, data: Data) -> Parameters:
    """Stan writes a matrix column by column."""
    return {"z_a": q[:, 5::2], "z_b": q[:, 6::2]}


BERNOULLI: dict[str, Reference] = {
    "bernoulli/fixed_effects": Reference(
        lambda data: data["J"], lambda q, data: {"a": q}, no_jacobian, fixed_effects
    ),
    "bernoulli/varying_intercept_centered": intercept("a"),
    "bernoulli/varying_intercept_noncentered": intercept("z"),
    "bernoulli/varying_intercept_slope_centered": Reference(
        lambda data: 5 + 2 * data["J"],
        lambda q, data: hyper_slope(q, data) | halves(q, data),
        slope_jacobian,
        varying_slope_centered,
    ),
    "bernoulli/varying_intercept_slope_noncentered": Reference(
        lambda data: 5 + 2 * data["J"],
        lambda q, data: hyper_slope(q, data) | interleaved(q, data),
        slope_jacobian,
        varying_slope_noncentered,
    ),
}
REFERENCES.update(BERNOULLI)
