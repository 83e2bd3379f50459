"""Log densities of the programs in `linear/`, written again from the mathematics.

The marginal ones are multivariate normal densities of each group's observations, with the full
covariance matrix; the programs never form one. Nothing here reads a Stan program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from programs.densities import (
    CAUCHY,
    EXPONENTIAL,
    NORMAL,
    STUDENT_T,
    Array,
    Data,
    Parameters,
    Reference,
    column,
    total,
)
from scipy import stats

CHUNK = 400
"""Points at a time: (points, n, n) covariances of the largest county fit in memory."""

Piece = tuple[str, str, str]
"""Parameter, the data variable that is its length ("" of a scalar), and its range."""


# --- transforms -----------------------------------------------------------------------------------


def length(piece: Piece, data: Data) -> int:
    return int(data[piece[1]]) if piece[1] else 1


def cut(q: Array, pieces: tuple[Piece, ...], data: Data) -> Iterator[tuple[Piece, Array]]:
    """The columns of q that belong to each parameter, in the order of declaration."""
    start = 0
    for piece in pieces:
        stop = start + length(piece, data)
        yield piece, q[:, start:stop]
        start = stop


def constrain(q: Array, pieces: tuple[Piece, ...], data: Data) -> Parameters:
    maps: dict[str, Callable[[Array], Array]] = {
        "real": lambda part: part,
        "positive": np.exp,
        "correlation": np.tanh,
    }
    values = {name: maps[kind](part) for (name, _, kind), part in cut(q, pieces, data)}
    vectors = {name for name, size, _ in pieces if size}
    return {name: value if name in vectors else value[:, 0] for name, value in values.items()}


def log_jacobian(q: Array, pieces: tuple[Piece, ...], data: Data) -> Array:
    slopes = np.zeros(len(q))
    for (_, _, kind), part in cut(q, pieces, data):
        if kind == "positive":
            slopes += total(part)
        elif kind == "correlation":
            slopes += total(-2 * np.log(np.cosh(part)))
    return slopes


def reference(*pieces: Piece, density: Callable[[Parameters, Data], Array]) -> Reference:
    def log_posterior(p: Parameters, data: Data) -> Array:
        points = len(next(iter(p.values())))
        chunks = [slice(start, start + CHUNK) for start in range(0, points, CHUNK)]
        parts = [
            density({name: value[chunk] for name, value in p.items()}, data) for chunk in chunks
        ]
        return np.concatenate(parts)

    return Reference(
        lambda data: sum(length(piece, data) for piece in pieces),
        lambda q, data: constrain(q, pieces, data),
        lambda q, data: log_jacobian(q, pieces, data),
        log_posterior,
    )


# --- priors ---------------------------------------------------------------------------------------


def location_prior(x: Array, name: str, data: Data) -> Array:
    """Of (points,), or of every component of (points, length)."""
    log_density = stats.norm.logpdf(x, data[f"prior_{name}_location"], data[f"prior_{name}_scale"])
    return np.asarray(log_density if x.ndim == 1 else total(log_density))


def scale_prior(x: Array, name: str, data: Data) -> Array:
    family, scale = data[f"prior_{name}_family"], data[f"prior_{name}_scale"]
    distribution: Any = {
        NORMAL: stats.halfnorm,
        STUDENT_T: stats.t(data[f"prior_{name}_df"], scale=scale),
        CAUCHY: stats.halfcauchy,
        EXPONENTIAL: stats.expon,
    }[family]
    if family == STUDENT_T:
        return np.asarray(np.log(2) + distribution.logpdf(x))
    return np.asarray(distribution.logpdf(x, scale=scale))


def priors(p: Parameters, data: Data) -> Array:
    """Every parameter that has prior constants: a location, unless it has a family."""
    log_density = np.zeros(len(next(iter(p.values()))))
    for name, value in p.items():
        if f"prior_{name}_family" in data:
            log_density += scale_prior(value, name, data)
        elif f"prior_{name}_location" in data:
            log_density += location_prior(value, name, data)
    if "rho" in p:  # LKJ of a 2 x 2 correlation matrix: its determinant to the power eta - 1
        log_density += (data["prior_L_eta"] - 1) * np.log1p(-(p["rho"] ** 2))
    return log_density


# --- likelihoods ----------------------------------------------------------------------------------


def codes(data: Data) -> Any:
    return np.asarray(data["group"]) - 1


def independent(data: Data, mean: Array, sd: Any) -> Array:
    """Of (points, N) means."""
    return total(stats.norm.logpdf(np.asarray(data["y"]), mean, sd))


def units(x: Array, mean: Any, sd: Any) -> Array:
    """Of (points, units) effects."""
    return total(stats.norm.logpdf(x, mean, sd))


def multivariate_normal(distance: Array, roots: Array) -> Array:
    """Log density at (points, n) distances from the mean; covariances are roots' roots.

    The Cholesky factor is R in roots = QR: the covariance itself, (points, n, n), would lose half
    of the digits where the residual standard deviation is small.
    """
    factor = np.linalg.qr(roots, mode="r")
    z = np.linalg.solve(np.swapaxes(factor, 1, 2), distance[..., np.newaxis])[..., 0]
    log_diagonal = np.log(np.abs(np.diagonal(factor, axis1=1, axis2=2)))
    return -total(log_diagonal) - 0.5 * total(z**2 + np.log(2 * np.pi))


def by_group(data: Data, mean: Array, sigma: Array, columns: Array, factor: Array) -> Array:
    """The observations of a group are normal with covariance sigma^2 I + Z factor factor' Z'.

    `columns` is Z, (N, q); the group's effects have the covariance factor factor', (points, q, q).
    With Z = QR, Q square and orthogonal, the group's distances from the mean times Q have the
    covariance sigma^2 I + R factor factor' R': only the first q of them vary together, so that no
    matrix is larger than q x 2q at any point, however many observations the group has.
    """
    log_density = np.zeros(len(mean))
    y, group = np.asarray(data["y"]), codes(data)
    for j in np.unique(group):
        here = group == j
        rotation, triangle = np.linalg.qr(columns[here], mode="complete")
        rotated = (y[here] - mean[:, here]) @ rotation
        q = min(triangle.shape)
        residual = column(column(sigma)) * np.eye(q)
        roots = np.concatenate([residual, np.swapaxes(triangle[:q] @ factor, 1, 2)], axis=1)
        log_density += multivariate_normal(rotated[:, :q], roots)
        log_density += units(rotated[:, q:], 0, column(sigma))
    return log_density


# --- the models -----------------------------------------------------------------------------------


def complete_pooling(p: Parameters, data: Data) -> Array:
    predictors = np.reshape(data["X"], (data["N"], data["K"]))
    mean = column(p["a"]) + p["b"] @ predictors.T
    return priors(p, data) + independent(data, mean, column(p["sigma"]))


def no_pooling(p: Parameters, data: Data) -> Array:
    return priors(p, data) + intercepts(p, data, p["a"])


def grouped_means_centered(p: Parameters, data: Data) -> Array:
    effects = units(p["theta"], column(p["mu"]), column(p["tau"]))
    return priors(p, data) + effects + independent(data, p["theta"][:, codes(data)], data["sigma"])


def grouped_means_noncentered(p: Parameters, data: Data) -> Array:
    theta = column(p["mu"]) + column(p["tau"]) * p["z"]
    effects = units(p["z"], 0, 1)
    return priors(p, data) + effects + independent(data, theta[:, codes(data)], data["sigma"])


def grouped_means_marginal(p: Parameters, data: Data) -> Array:
    mean = np.repeat(column(p["mu"]), data["N"], axis=1)
    factor = column(column(p["tau"]))
    sigma = np.full(len(mean), float(data["sigma"]))
    return priors(p, data) + by_group(data, mean, sigma, np.ones((data["N"], 1)), factor)


def individual_slopes(p: Parameters, data: Data, b: Array) -> Array:
    return independent(data, column(p["a"]) + b * np.asarray(data["x"]), column(p["sigma"]))


def individual_slopes_centered(p: Parameters, data: Data) -> Array:
    effects = units(p["b"], column(p["mu_b"]), column(p["sigma_b"]))
    return priors(p, data) + effects + individual_slopes(p, data, p["b"])


def individual_slopes_noncentered(p: Parameters, data: Data) -> Array:
    b = column(p["mu_b"]) + column(p["sigma_b"]) * p["z_b"]
    return priors(p, data) + units(p["z_b"], 0, 1) + individual_slopes(p, data, b)


def individual_slopes_marginal(p: Parameters, data: Data) -> Array:
    x = np.asarray(data["x"])
    sd = np.sqrt(column(p["sigma"] ** 2) + column(p["sigma_b"] ** 2) * x**2)
    return priors(p, data) + independent(data, column(p["a"]) + column(p["mu_b"]) * x, sd)


def intercepts(p: Parameters, data: Data, a: Array) -> Array:
    mean = a[:, codes(data)] + column(p["b"]) * np.asarray(data["x"])
    return independent(data, mean, column(p["sigma"]))


def mean_intercept(p: Parameters, data: Data) -> Array:
    """Of each group: (points, J); on the line in u where the groups have a predictor."""
    line = np.zeros((len(p["mu_a"]), data["J"])) + column(p["mu_a"])
    return line + column(p["g"]) * np.asarray(data["u"]) if "g" in p else line


def varying_intercept_centered(p: Parameters, data: Data) -> Array:
    effects = units(p["a"], mean_intercept(p, data), column(p["sigma_a"]))
    return priors(p, data) + effects + intercepts(p, data, p["a"])


def varying_intercept_noncentered(p: Parameters, data: Data) -> Array:
    a = mean_intercept(p, data) + column(p["sigma_a"]) * p["z_a"]
    return priors(p, data) + units(p["z_a"], 0, 1) + intercepts(p, data, a)


def varying_intercept_marginal(p: Parameters, data: Data) -> Array:
    mean = mean_intercept(p, data)[:, codes(data)] + column(p["b"]) * np.asarray(data["x"])
    factor = column(column(p["sigma_a"]))
    return priors(p, data) + by_group(data, mean, p["sigma"], np.ones((data["N"], 1)), factor)


def lines(p: Parameters, data: Data, a: Array, b: Array) -> Array:
    group = codes(data)
    return independent(data, a[:, group] + b[:, group] * np.asarray(data["x"]), column(p["sigma"]))


def factor_of_lines(p: Parameters) -> Array:
    """Factor of the covariance of intercept and slope: (points, 2, 2)."""
    zero = np.zeros(len(p["mu_a"]))
    rho = p.get("rho", zero)
    rows = [[p["sigma_a"], zero], [rho * p["sigma_b"], np.sqrt(1 - rho**2) * p["sigma_b"]]]
    return np.moveaxis(np.array(rows), 2, 0)


def varying_intercept_slope_centered(p: Parameters, data: Data) -> Array:
    effects = np.zeros(len(p["mu_a"]))
    roots = np.swapaxes(factor_of_lines(p), 1, 2)
    for j in range(data["J"]):
        distance = np.column_stack([p["a"][:, j] - p["mu_a"], p["b"][:, j] - p["mu_b"]])
        effects += multivariate_normal(distance, roots)
    return priors(p, data) + effects + lines(p, data, p["a"], p["b"])


def varying_intercept_slope_noncentered(p: Parameters, data: Data) -> Array:
    rho = column(p["rho"]) if "rho" in p else 0.0
    a = rho * p["z_b"] + np.sqrt(1 - rho**2) * p["z_a"]
    a = column(p["mu_a"]) + column(p["sigma_a"]) * a
    b = column(p["mu_b"]) + column(p["sigma_b"]) * p["z_b"]
    effects = units(p["z_a"], 0, 1) + units(p["z_b"], 0, 1)
    return priors(p, data) + effects + lines(p, data, a, b)


def varying_intercept_slope_marginal(p: Parameters, data: Data) -> Array:
    x = np.asarray(data["x"])
    mean = column(p["mu_a"]) + column(p["mu_b"]) * x
    columns = np.column_stack([np.ones_like(x, dtype=float), x])
    return priors(p, data) + by_group(data, mean, p["sigma"], columns, factor_of_lines(p))


# --- what the unconstrained numbers are, in the order of declaration ------------------------------


def real(*names: str, size: str = "") -> tuple[Piece, ...]:
    return tuple((name, size, "real") for name in names)


def positive(*names: str) -> tuple[Piece, ...]:
    return tuple((name, "", "positive") for name in names)


RHO: Piece = ("rho", "", "correlation")
MEANS = (*real("mu"), *positive("tau"))
SLOPES = (*real("a", "mu_b"), *positive("sigma_b", "sigma"))
INTERCEPTS = (*real("b", "mu_a"), *positive("sigma_a", "sigma"))
PREDICTED = (*real("b", "mu_a", "g"), *positive("sigma_a", "sigma"))
LINES = (*real("mu_a", "mu_b"), *positive("sigma_a", "sigma_b", "sigma"))
A, Z_A = real("a", size="J"), real("z_a", size="J")
AB, Z_AB = real("a", "b", size="J"), real("z_a", "z_b", size="J")

_MODELS: dict[str, tuple[tuple[Piece, ...], Callable[[Parameters, Data], Array]]] = {
    "complete_pooling": (
        (*real("a"), *real("b", size="K"), *positive("sigma")),
        complete_pooling,
    ),
    "no_pooling": ((*A, *real("b"), *positive("sigma")), no_pooling),
    "grouped_means_centered": ((*MEANS, *real("theta", size="J")), grouped_means_centered),
    "grouped_means_noncentered": ((*MEANS, *real("z", size="J")), grouped_means_noncentered),
    "grouped_means_marginal": (MEANS, grouped_means_marginal),
    "individual_slopes_centered": ((*SLOPES, *real("b", size="N")), individual_slopes_centered),
    "individual_slopes_noncentered": (
        (*SLOPES, *real("z_b", size="N")),
        individual_slopes_noncentered,
    ),
    "individual_slopes_marginal": (SLOPES, individual_slopes_marginal),
    "varying_intercept_centered": ((*INTERCEPTS, *A), varying_intercept_centered),
    "varying_intercept_noncentered": ((*INTERCEPTS, *Z_A), varying_intercept_noncentered),
    "varying_intercept_marginal": (INTERCEPTS, varying_intercept_marginal),
    "varying_intercept_group_predictor_centered": ((*PREDICTED, *A), varying_intercept_centered),
    "varying_intercept_group_predictor_noncentered": (
        (*PREDICTED, *Z_A),
        varying_intercept_noncentered,
    ),
    "varying_intercept_group_predictor_marginal": (PREDICTED, varying_intercept_marginal),
    "varying_intercept_slope_centered": ((*LINES, *AB), varying_intercept_slope_centered),
    "varying_intercept_slope_noncentered": ((*LINES, *Z_AB), varying_intercept_slope_noncentered),
    "varying_intercept_slope_marginal": (LINES, varying_intercept_slope_marginal),
    "varying_intercept_slope_lkj_centered": (
        (*LINES, RHO, *AB),
        varying_intercept_slope_centered,
    ),
    "varying_intercept_slope_lkj_noncentered": (
        (*LINES, RHO, *Z_AB),
        varying_intercept_slope_noncentered,
    ),
    "varying_intercept_slope_lkj_marginal": ((*LINES, RHO), varying_intercept_slope_marginal),
}

REFERENCES: dict[str, Reference] = {
    f"linear/{name}": reference(*pieces, density=density)
    for name, (pieces, density) in _MODELS.items()
}
