"""Log densities of `glmm/`, written from the mathematics: independent of the programs.

Group effects have their multivariate normal density with the covariance matrix of all groups
written out. Correlations follow from partial ones by the recursion that defines these, and LKJ is
the power of the determinant that defines it, with the Jacobian of the recursion by complex steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from programs.densities import Array, Data, column, log_slope_of_expit, total
from scipy import special, stats


def location_prior(x: Array, family: int, location: float, scale: float, df: float) -> Array:
    densities: dict[int, Callable[[], Any]] = {
        0: lambda: np.zeros_like(x),
        1: lambda: stats.norm.logpdf(x, location, scale),
        2: lambda: stats.t.logpdf(x, df, location, scale),
        3: lambda: stats.cauchy.logpdf(x, location, scale),
    }
    return np.asarray(densities[family]())


def positive_prior(x: Array, family: int, scale: float, df: float) -> Array:
    densities: dict[int, Callable[[], Any]] = {
        1: lambda: stats.halfnorm.logpdf(x, scale=scale),
        2: lambda: stats.t.logpdf(x, df, scale=scale),
        3: lambda: stats.halfcauchy.logpdf(x, scale=scale),
        4: lambda: stats.expon.logpdf(x, scale=scale),
        5: lambda: stats.gamma.logpdf(x, df, scale=scale),
    }
    return np.asarray(densities[family]())


def auxiliary_prior(x: Array, name: str, data: Data) -> Array:
    return positive_prior(x, *(data[f"prior_{name}_{part}"] for part in ("family", "scale", "df")))


# --- likelihoods: of eta, the auxiliary parameters and the data; one number a row of the data -----


def normal(eta: Array, auxiliary: list[Array], data: Data) -> Array:
    scale = np.asarray(data["se"]) if data["known_se"] else column(auxiliary[0])
    return np.asarray(stats.norm.logpdf(data["y"], eta, scale))


def student_t(eta: Array, auxiliary: list[Array], data: Data) -> Array:
    sigma, nu = auxiliary
    return np.asarray(stats.t.logpdf(data["y"], column(nu), eta, column(sigma)))


def binomial(eta: Array, auxiliary: list[Array], data: Data) -> Array:
    y, n = np.asarray(data["y"]), np.asarray(data["trials"])
    return np.asarray(y * special.log_expit(eta) + (n - y) * special.log_expit(-eta))


def beta_binomial(eta: Array, auxiliary: list[Array], data: Data) -> Array:
    phi = column(auxiliary[0])
    shapes = special.expit(eta) * phi, special.expit(-eta) * phi
    return np.asarray(stats.betabinom.logpmf(data["y"], data["trials"], *shapes))


def poisson(eta: Array, auxiliary: list[Array], data: Data) -> Array:
    return np.asarray(stats.poisson.logpmf(data["y"], np.exp(eta)))


def negative_binomial(eta: Array, auxiliary: list[Array], data: Data) -> Array:
    """Its chances, phi / (phi + mu) and mu / (phi + mu), by their logs: either may near 0."""
    y, phi = np.asarray(data["y"]), column(auxiliary[0])
    both = np.logaddexp(np.log(phi), eta)
    ways = special.gammaln(y + phi) - special.gammaln(phi) - special.gammaln(y + 1)
    return np.asarray(ways + phi * (np.log(phi) - both) + y * (eta - both))


Likelihood = Callable[[Array, list[Array], Data], Array]
LIKELIHOODS: dict[str, tuple[Likelihood, dict[str, float]]] = {
    "gaussian": (normal, {"sigma": 0}),
    "student": (student_t, {"sigma": 0, "nu": 1}),
    "binomial": (binomial, {}),
    "beta_binomial": (beta_binomial, {"phi": 0}),
    "poisson": (poisson, {}),
    "negbinomial": (negative_binomial, {"phi": 0}),
}
"""Each family's likelihood, and its auxiliary parameters with the lower bound of each."""


# --- group terms ----------------------------------------------------------------------------------


def correlations(partial: Array, q: int) -> Array:
    """Correlations (points, q (q - 1) / 2) of pairs (2, 1), (3, 1), (3, 2), ... from partial ones.

    That of i and j given 1, ..., k - 1 follows from those given 1, ..., k.
    """
    pairs = [(i, j) for i in range(q) for j in range(i)]
    of = {pair: partial[:, place] for place, pair in enumerate(pairs)}
    plain = []
    for i, j in pairs:
        rho = of[i, j]
        for k in reversed(range(j)):
            rest = np.sqrt((1 - of[i, k] ** 2) * (1 - of[j, k] ** 2))
            rho = rho * rest + of[i, k] * of[j, k]
        plain.append(rho)
    return np.stack(plain, axis=1) if plain else partial


def log_jacobian_of_correlations(partial: Array, q: int) -> Array:
    tiny = 1e-30
    size = partial.shape[1]
    steps = [
        correlations(partial + 1j * tiny * np.eye(size)[k], q).imag / tiny for k in range(size)
    ]
    return np.asarray(np.linalg.slogdet(np.stack(steps, axis=-1))[1])


def correlation_matrix(partial: Array, q: int) -> Array:
    omega = np.broadcast_to(np.eye(q), (len(partial), q, q)).copy()
    if partial.shape[1]:
        i, j = np.tril_indices(q, -1)
        omega[:, i, j] = omega[:, j, i] = correlations(partial, q)
    return omega


def signed_tau(raw: Array, unit: Array) -> tuple[Array, Array]:
    """Of the rows of raw: tau with its sign, and the log of d tau / d raw."""
    near = unit > 0
    tau = np.where(near, unit * np.sinh(raw), np.exp(raw))
    return tau, np.where(near, np.log(np.cosh(raw)), raw)


def rescaled(z: Array, factor: Array, given: Any, t: int, data: Data) -> tuple[Array, Array]:
    """Effects (points, coefficient, group) by Cholesky factors, group by group; log |dr / dz|.

    `given`: xi, sigma^2 and the effects of other terms, from which comes u.
    """
    xi, variance, others = given
    q, groups, width = data["q"][t], data["J"][t], 1 + data["P"]
    at = [form == 2 for form in data["form"]]
    before = [data["J"][s] * data["q"][s] * at[s] for s in range(t)]
    pairs = sum(x * (data["q"][s] + 1) // 2 for s, x in enumerate(before))
    S = np.asarray(data["ZWZ"][pairs : pairs + groups * q * (q + 1) // 2]).reshape(-1, groups)
    begin = sum(before) * width
    V = np.asarray(data["ZWe"][begin : begin + groups * q * width]).reshape(q, width, groups)
    of_xi = np.hstack([np.ones((len(z), 1)), -xi])
    u = np.einsum("iwj,nw->nij", V, of_xi)
    begin = 0
    for s in range(data["T"]):
        for v in range(data["T"]):
            size = data["J"][s] * data["q"][s] * data["q"][v] * at[s] * data["nested"][s][v]
            if s == t and size:
                block = np.asarray(data["ZWZ_above"][begin : begin + size])
                block = block.reshape(data["q"][v], q, groups)
                own = np.asarray(data["group"][t])
                for j in range(groups):
                    if (own == j + 1).any():
                        parent = np.asarray(data["group"][v])[own == j + 1][-1] - 1
                        u[:, :, j] -= np.einsum(
                            "ki,nk->ni", block[:, :, j], others[v][:, :, parent]
                        )
                    else:
                        u[:, :, j] -= np.einsum("ki,nk->ni", block[:, :, j], others[v][:, :, 0])
            begin += size
    r, log_slope = np.empty((len(z), q, groups)), np.zeros(len(z))
    place = {pair: k for k, pair in enumerate((i, j) for i in range(q) for j in range(i + 1))}
    for j in range(groups):
        full = [[S[place[max(a, b), min(a, b)], j] for a in range(q)] for b in range(q)]
        inside = factor.swapaxes(1, 2) @ np.array(full) @ factor / variance[:, None, None]
        A = np.eye(q) + inside
        center = np.linalg.solve(A, (factor.swapaxes(1, 2) @ u[:, :, j, None]))
        root = np.linalg.cholesky(A).swapaxes(1, 2)
        away = np.linalg.solve(root, z.reshape(len(z), q, groups)[:, :, j, None])
        r[:, :, j] = (factor @ (center / variance[:, None, None] + away))[:, :, 0]
        log_slope += np.linalg.slogdet(factor)[1] - 0.5 * np.linalg.slogdet(A)[1]
    return r, log_slope


def term(
    z: Array, tau: Array, partial: Array, t: int, data: Data, given: Any
) -> tuple[Array, Array, Array]:
    """Group effects of term t, the log density of what they are made of, and LKJ's."""
    q, groups = data["q"][t], data["J"][t]
    omega = correlation_matrix(partial, q)
    lkj = (data["prior_cor_eta"][t] - 1) * np.linalg.slogdet(omega)[1]
    if partial.shape[1]:
        lkj = lkj + log_jacobian_of_correlations(partial, q)
    of_all = np.kron(tau[:, :, None] * omega * tau[:, None, :], np.eye(groups))
    factor = tau[:, :, None] * np.linalg.cholesky(omega)
    if data["form"][t] == 1:
        r, log_slope = z, 0.0
    elif data["form"][t] == 2:
        r, log_slope = rescaled(z, factor, given, t, data)
        r = r.reshape(len(z), -1)
    else:
        r = (np.kron(factor, np.eye(groups)) @ z[:, :, None])[:, :, 0]
        log_slope = groups * np.linalg.slogdet(factor)[1]
    distance = total(r * np.linalg.solve(of_all, r[:, :, None])[:, :, 0])
    normal = -0.5 * (distance + np.linalg.slogdet(of_all)[1])
    return r, np.asarray(normal + log_slope), np.asarray(lkj)


def design_of_effects(data: Data) -> Array:
    """The matrix (N, R) by which group effects enter eta, zeros and all."""
    blocks = []
    at = 0
    for t, (q, groups) in enumerate(zip(data["q"], data["J"], strict=True)):
        member = np.eye(groups)[np.array(data["group"][t]) - 1]
        for k in range(at, at + q):
            blocks.append(np.asarray(data["Z"], dtype=float)[:, k : k + 1] * member)
        at += q
    return np.hstack(blocks) if blocks else np.zeros((data["N"], 0))


# --- the model ------------------------------------------------------------------------------------


def power(at: int, data: Data) -> float:
    """Of the own prior of the parameter numbered `at`, from 0."""
    return float(data["own_power"]) if at + 1 in data["joint_at"] else 1.0


def joint_prior(u: Array, log_slopes: Array, data: Data) -> Array:
    """Of (points, parameters) on the unconstrained scale, with what tempered Jacobians leave."""
    if not data["D"]:
        return np.zeros(len(u))
    at = np.asarray(data["joint_at"]) - 1
    factor = np.reshape(data["prior_joint_L"], (len(at), len(at)))
    normal = stats.multivariate_normal(data["prior_joint_mean"], factor @ factor.T)
    return np.asarray(normal.logpdf(u[:, at]) + (data["own_power"] - 1) * total(log_slopes[:, at]))


def sizes(family: str, data: Data) -> list[int]:
    """Unconstrained numbers of xi, tau_raw, cpc, z, and each auxiliary parameter."""
    common = [data["P"], data["Q"] - sum(data["tau_fixed"])]
    own = [1 - data.get("known_se", 0)] * len(LIKELIHOODS[family][1])
    return [*common, data["C"], data["R"], *own]


def log_density(family: str, q: Array, data: Data) -> Array:
    """Of glmm/`family` at the rows of q, with the Jacobian of the transforms."""
    likelihood, bounds = LIKELIHOODS[family]
    blocks = np.split(q, np.cumsum(sizes(family, data))[:-1], axis=1)
    xi, raw, free_cpc, z, *free = blocks
    fixed = np.asarray(data["tau_fixed"], dtype=bool)
    tau = np.tile(np.asarray(data["prior_tau_scale"], dtype=float), (len(q), 1))
    tau[:, ~fixed], log_slope = signed_tau(raw, np.asarray(data["tau_unit"], dtype=float)[~fixed])
    lp = total(log_slope) + total(log_slope_of_expit(free_cpc))
    root = np.asarray(data["B"], dtype=float).reshape(data["P"], data["P"])
    alpha, beta = np.split(np.asarray(data["b_hat"]) + xi @ root.T, [data["has_intercept"]], axis=1)

    predictors = np.asarray(data["X"], dtype=float).reshape(data["N"], data["K"])
    if data["has_intercept"]:
        parts = ("family", "location", "scale", "df")
        prior = (data[f"prior_alpha_{part}"] for part in parts)
        lp = lp + power(0, data) * location_prior(alpha[:, 0], *prior)
        predictors = predictors - np.asarray(data["x_mean"], dtype=float)
    eta = np.asarray(data["known"]) + beta @ predictors.T + np.sum(alpha, axis=1, keepdims=True)
    for k in range(data["K"]):
        prior = (data[f"prior_beta_{part}"][k] for part in ("family", "location", "scale", "df"))
        lp = lp + power(alpha.shape[1] + k, data) * location_prior(beta[:, k], *prior)

    for k in np.flatnonzero(~fixed):
        prior = (data[f"prior_tau_{part}"][k] for part in ("family", "scale", "df"))
        here = alpha.shape[1] + data["K"] + int(k)
        lp = lp + power(here, data) * positive_prior(np.abs(tau[:, k]), *prior)

    auxiliary = []
    for name, x in zip(bounds, free, strict=True):
        value = bounds[name] + np.exp(x[:, 0]) if x.shape[1] else np.empty(0)
        auxiliary.append(value)
        if x.shape[1]:
            here = alpha.shape[1] + data["K"] + data["Q"] + data["C"] + len(auxiliary) - 1
            lp = lp + x[:, 0] + power(here, data) * auxiliary_prior(value, name, data)
    variance = auxiliary[0] ** 2 if "sigma" in bounds and free[0].shape[1] else np.ones(len(q))

    cpc = 2 * special.expit(free_cpc) - 1
    correlated = np.asarray(data["correlated"], dtype=bool)
    pairs = [n * (n - 1) // 2 * c for n, c in zip(data["q"], correlated, strict=True)]
    taus = np.split(tau, np.cumsum(data["q"])[:-1].astype(int), axis=1) if data["T"] else []
    partials = np.split(cpc, np.cumsum(pairs)[:-1].astype(int), axis=1) if data["T"] else []
    lengths = [n * J for n, J in zip(data["q"], data["J"], strict=True)]
    zs = np.split(z, np.cumsum(lengths)[:-1].astype(int), axis=1) if data["T"] else []
    shapes = list(zip(data["q"], data["J"], strict=True))
    effects = [np.zeros((len(q), n, J)) for n, J in shapes]
    for t in np.asarray(data["turn"], dtype=int) - 1:
        r, density, lkj = term(zs[t], taus[t], partials[t], t, data, (xi, variance, effects))
        effects[t] = r.reshape(len(q), *shapes[t])
        first = alpha.shape[1] + data["K"] + data["Q"] + sum(pairs[:t])
        lp = lp + density + power(first, data) * lkj
    if effects:
        flat = np.hstack([each.reshape(len(q), -1) for each in effects])
        eta = eta + flat @ design_of_effects(data).T
    if data["D"]:
        at_zero = alpha - (beta @ np.asarray(data["x_mean"], dtype=float))[:, None]
        logs = np.log(np.abs(tau))
        signs = [np.ones((len(q), 0))]
        for here, count, n in zip(taus, pairs, data["q"], strict=True):
            i, j = np.tril_indices(n, -1)
            signs.append(np.sign(here[:, i] * here[:, j])[:, :count])
        others = [np.empty((len(q), 0)), *free]
        flipped = np.hstack(signs) * free_cpc
        u = np.hstack([at_zero[:, : alpha.shape[1]], beta, logs, flipped, *others])
        none = np.zeros((len(q), alpha.shape[1] + data["K"]))
        slopes = np.hstack([none, logs, log_slope_of_expit(free_cpc), *others])
        lp = lp + joint_prior(u, slopes, data)
    return np.asarray(lp + total(np.asarray(data["weights"]) * likelihood(eta, auxiliary, data)))
