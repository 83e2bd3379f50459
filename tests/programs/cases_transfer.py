"""Two samples of a regression, and the densities of `transfer/` from all rows of both."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from programs.checks import Array
from programs.densities import column, log_slope_of_expit, total
from programs.densities_linear import scale_prior
from scipy import special, stats

from partialpool.transfer.sums import RegressionSums

PROGRAMS = tuple(
    f"transfer/{name}"
    for name in (
        *("posterior_prior", "kl_regularised", "power_prior", "power_prior_normalised"),
        *("exchangeable", "commensurate"),
    )
)
DATA_NAMES = frozenset(
    {"N", "P", "X", "y", "known_sigma", "sigma_known", "lambda", "a0", "tau_fixed"}
    | {"N_history", "beta_hat_history", "R_history", "rss_history"}
)
DIMENSIONS = {
    **dict.fromkeys(("sigma", "sigma_history", "a0"), 0),
    **dict.fromkeys(("beta", "beta_history", "log_sigma", "sigma_free", "tau", "tau_free"), 1),
    **dict.fromkeys(("difference", "slab", "log_spike", "log_slab", "agreement"), 1),
}
OFFERED: Set[str] = frozenset({"beta", "sigma"})


@dataclass(frozen=True)
class Case:
    """Data of a program, and the rows of the history that its sums are of."""

    data: dict[str, Any]
    X_history: Array
    y_history: Array


def case(
    name: str,
    *,
    columns: int = 2,
    rows: int = 7,
    history: int = 12,
    known: int = 0,
    deficient: bool = False,
    rotation: int = 0,
    seed: int = 0,
) -> Case:
    """A made-up problem, the columns of which may be one and the same."""
    rng = np.random.default_rng([seed, columns, rows])
    both = rng.normal(1, 1, (rows + history, columns))
    both[:, 0] = 1
    if deficient:
        both[:] = 1
    y = rng.normal(0.7, 1.4, rows + history)
    X_history, y_history = both[rows:], y[rows:]
    size = columns + 1 - known
    root = rng.normal(size=(size, size))
    joint = {
        "prior_joint_mean": rng.normal(size=size),
        "prior_joint_L": np.linalg.cholesky(root @ root.T + np.eye(size)),
    }
    sums = RegressionSums.of(X_history, y_history).stan_data()
    beta = {
        "prior_beta_location": rng.normal(size=columns),
        "prior_beta_scale": rng.uniform(0.5, 2, columns),
    }
    family = rotation % 4 + 1
    sigma = {"prior_sigma_family": family, "prior_sigma_scale": 1.7, "prior_sigma_df": 4.5}
    data: dict[str, Any] = {
        **{"N": rows, "P": columns, "X": both[:rows], "y": y[:rows]},
        **{"known_sigma": known, "sigma_known": 1.3},
    }
    own: dict[str, dict[str, Any]] = {
        "posterior_prior": joint,
        "kl_regularised": {"lambda": 0.4 * rotation, **beta, **sigma, **joint},
        "power_prior": {"a0": 0.3 * rotation, **sums, **beta, **sigma},
        "power_prior_normalised": {
            **sums,
            **beta,
            **{"prior_sigma_shape": 1.6, "prior_sigma_scale": 2.3},
            **{"prior_a0_alpha": 1.4, "prior_a0_beta": 0.8},
        },
        "exchangeable": {
            "tau_fixed": int(rotation == 3),
            **sums,
            **beta,
            "prior_tau_scale": rng.uniform(0.3, 1.5, columns),
            **sigma,
            **{"prior_tau_family": (rotation + 1) % 4 + 1, "prior_tau_df": 3.5},
        },
        "commensurate": {
            **sums,
            **beta,
            "prior_spike_chance": 0.3,
            "prior_spike_sd": rng.uniform(0.05, 0.3, columns),
            "prior_slab_smallest": rng.uniform(0.4, 0.8, columns),
            "prior_slab_largest": rng.uniform(2, 5, columns),
            **sigma,
        },
    }
    data |= own[name.split("/")[1]]
    plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in data.items()}
    return Case(plain, X_history, y_history)


def cases(name: str) -> list[tuple[str, Case]]:
    """Sigma known and not, columns that determine each other, samples of a row or none."""
    shapes = {
        "usual": {},
        "one column": {"columns": 1},
        "columns alike": {"columns": 3, "deficient": True},
        "few rows": {"columns": 3, "rows": 1, "history": 2},
        "no new rows": {"rows": 0},
    }
    found = []
    for (label, shape), known in itertools.product(shapes.items(), (0, 1)):
        for rotation in range(4 if label == "usual" else 1):
            turn = rotation if label == "usual" else 1
            made = case(name, known=known, rotation=turn, seed=rotation, **shape)
            found.append((f"{label}, known {known}, {rotation}", made))
    return found


# --- densities, of points on the unconstrained scale ----------------------------------------------


def sizes(name: str, data: dict[str, Any]) -> list[int]:
    """Unconstrained numbers of each parameter, in the order of declaration."""
    P, unknown = data["P"], 1 - data["known_sigma"]
    if name == "transfer/power_prior_normalised":
        return [1]
    if name == "transfer/exchangeable":
        return [0 if data["tau_fixed"] else P, 2 * unknown]
    if name == "transfer/commensurate":
        return [P, P, P, 2 * unknown]
    return [P, unknown]


def points(name: str, data: dict[str, Any], *, count: int = 12) -> Array:
    size = sum(sizes(name, data))
    return np.random.default_rng([count, size]).normal(size=(count, size))


def rows_normal(X: Any, y: Any, beta: Array, sigma: Any) -> Array:
    """Log density of each row, (points, rows)."""
    X = np.reshape(X, (len(y), beta.shape[1]))
    return np.asarray(stats.norm.logpdf(np.asarray(y), beta @ X.T, column(sigma)))


def beta_prior(beta: Array, data: dict[str, Any]) -> Array:
    location, scale = data["prior_beta_location"], data["prior_beta_scale"]
    return total(stats.norm.logpdf(beta, location, scale))


def joint(u: Array, data: dict[str, Any]) -> Array:
    factor = np.asarray(data["prior_joint_L"])
    normal = stats.multivariate_normal(data["prior_joint_mean"], factor @ factor.T)
    return np.atleast_1d(normal.logpdf(u))


def log_density(name: str, q: Array, one: Case) -> Array:
    parts = np.split(q, np.cumsum(sizes(name, one.data))[:-1], axis=1)
    return DENSITIES[name.split("/")[1]](one, *parts)


def sigma_of(log_sigma: Array, data: dict[str, Any]) -> Array:
    known = np.full(len(log_sigma), float(data["sigma_known"]))
    return known if data["known_sigma"] else np.exp(log_sigma[:, 0])


def sigma_prior(log_sigma: Array, data: dict[str, Any]) -> Array:
    """With the Jacobian; of every column."""
    found = np.zeros(len(log_sigma))
    for each in log_sigma.T:
        found += scale_prior(np.exp(each), "sigma", data) + each
    return found


def posterior_prior(one: Case, beta: Array, log_sigma: Array) -> Array:
    data, sigma = one.data, sigma_of(log_sigma, one.data)
    likelihood = total(rows_normal(data["X"], data["y"], beta, sigma))
    return likelihood + joint(np.hstack([beta, log_sigma]), data)


def kl_regularised(one: Case, beta: Array, log_sigma: Array) -> Array:
    data, sigma = one.data, sigma_of(log_sigma, one.data)
    posterior = total(rows_normal(data["X"], data["y"], beta, sigma))
    posterior = posterior + beta_prior(beta, data) + sigma_prior(log_sigma, data)
    history = joint(np.hstack([beta, log_sigma]), data)
    return np.asarray((posterior + data["lambda"] * history) / (1 + data["lambda"]))


def power_prior(one: Case, beta: Array, log_sigma: Array) -> Array:
    data, sigma = one.data, sigma_of(log_sigma, one.data)
    lp = total(rows_normal(data["X"], data["y"], beta, sigma))
    lp = lp + data["a0"] * total(rows_normal(one.X_history, one.y_history, beta, sigma))
    return lp + beta_prior(beta, data) + sigma_prior(log_sigma, data)


def log_of_integral(X: Array, y: Array, power: Array, data: dict[str, Any]) -> float:
    """Of the rows' densities to their powers over the conjugate prior, sigma by quadrature.

    normal(sigma)^a is normal(sigma / sqrt(a)), times (2 pi sigma^2)^((1 - a) / 2) / sqrt(a).
    """
    if not len(y):
        return 0.0
    scale = np.asarray(data["prior_beta_scale"])
    covariance = np.diag(1 / power) + (X * scale**2) @ X.T
    distance = y - X @ np.asarray(data["prior_beta_location"])
    squared = distance @ np.linalg.solve(covariance, distance)

    def at(variance: Array) -> Array:
        log_normal = -0.5 * (len(y) * np.log(2 * np.pi * variance) + squared / variance)
        left = 0.5 * np.sum(1 - power) * np.log(2 * np.pi * variance) - 0.5 * np.sum(np.log(power))
        return np.asarray(log_normal + left - 0.5 * np.linalg.slogdet(covariance)[1])

    if data["known_sigma"]:
        return float(at(np.array([data["sigma_known"] ** 2]))[0])
    logs = np.linspace(-12, 25, 8001)
    prior = stats.invgamma.logpdf(
        np.exp(logs), data["prior_sigma_shape"], scale=data["prior_sigma_scale"]
    )
    return float(special.logsumexp(at(np.exp(logs)) + prior + logs) + np.log(logs[1] - logs[0]))


def power_prior_normalised(one: Case, logit_a0: Array) -> Array:
    data = one.data
    X, y = np.reshape(data["X"], (data["N"], data["P"])), np.asarray(data["y"])
    X_both, y_both = np.vstack([X, one.X_history]), np.concatenate([y, one.y_history])
    found = np.empty(len(logit_a0))
    for i, a0 in enumerate(special.expit(logit_a0[:, 0])):
        powers = np.full(len(one.y_history), a0)
        both = log_of_integral(X_both, y_both, np.concatenate([np.ones(len(y)), powers]), data)
        found[i] = both - log_of_integral(one.X_history, one.y_history, powers, data)
        found[i] += stats.beta.logpdf(a0, data["prior_a0_alpha"], data["prior_a0_beta"])
    return found + log_slope_of_expit(logit_a0[:, 0])


def exchangeable(one: Case, log_tau: Array, log_sigma: Array) -> Array:
    """All rows of both samples are one normal vector; its covariance is roots'roots.

    The covariance itself would lose half of the digits where sigma is small.
    """
    data = one.data
    X = np.reshape(data["X"], (data["N"], data["P"]))
    y = np.concatenate([one.y_history, data["y"]])
    s = np.asarray(data["prior_beta_scale"])
    distance = y - np.vstack([one.X_history, X]) @ np.asarray(data["prior_beta_location"])
    found = total(log_tau) + sigma_prior(log_sigma, data)
    for i in range(len(log_tau)):
        tau = np.asarray(data["prior_tau_scale"])
        if not data["tau_fixed"]:
            each = {"prior_tau_family": data["prior_tau_family"], "prior_tau_df": 3.5}
            for k, scale in enumerate(tau):
                of = each | {"prior_tau_scale": scale}
                found[i] += scale_prior(np.exp(log_tau[i, k : k + 1]), "tau", of)[0]
            tau = np.exp(log_tau[i])
        sd = np.full(2, data["sigma_known"]) if data["known_sigma"] else np.exp(log_sigma[i])
        noise = np.repeat(sd, [len(one.y_history), data["N"]])
        H = one.X_history
        history = np.hstack([H * s, H * tau, 0 * H])  # of mu, and of either sample's own part
        effects = np.vstack([history, np.hstack([X * s, 0 * X, X * tau])])
        factor = np.linalg.qr(np.vstack([np.diag(noise), effects.T]), mode="r")
        z = np.linalg.solve(factor.T, distance)
        found[i] += -np.log(np.abs(np.diag(factor))).sum() - 0.5 * z @ z
    return found


def commensurate(
    one: Case, beta_history: Array, difference: Array, free: Array, log_sigma: Array
) -> Array:
    data = one.data
    low = np.asarray(data["prior_slab_largest"]) ** -2.0
    high = np.asarray(data["prior_slab_smallest"]) ** -2.0
    precision = low + (high - low) * special.expit(free)
    lp = beta_prior(beta_history, data) + sigma_prior(log_sigma, data)
    lp = lp + total(log_slope_of_expit(free))
    p = data["prior_spike_chance"]
    spike = p * stats.norm.pdf(difference, 0, data["prior_spike_sd"])
    lp = lp + total(np.log(spike + (1 - p) * stats.norm.pdf(difference, 0, precision**-0.5)))
    both = [np.full(len(lp), data["sigma_known"])] * 2
    both = both if data["known_sigma"] else [np.exp(each) for each in log_sigma.T]
    lp = lp + total(rows_normal(one.X_history, one.y_history, beta_history, both[0]))
    return lp + total(rows_normal(data["X"], data["y"], beta_history + difference, both[1]))


DENSITIES: dict[str, Callable[..., Array]] = {
    "posterior_prior": posterior_prior,
    "kl_regularised": kl_regularised,
    "power_prior": power_prior,
    "power_prior_normalised": power_prior_normalised,
    "exchangeable": exchangeable,
    "commensurate": commensurate,
}
