"""Mean squared error and coverage of every way to lean on a history: exact, without a sampler.

    python benchmarks/transfer_study.py            # writes docs/transfer_study.csv and .png

The user's example: a mean, of which 10,000 observations of a history say much and 100 new ones
say little, all normal with sd 1. The new mean differs from the history's by 0 to 10 standard
errors of the new sample's mean. As all is normal, each method's posterior is a normal or a
mixture of normals over one number, and a replicate costs nothing but arithmetic.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from partialpool import transfer
from partialpool.plots import style

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
N_HISTORY, N_NEW, PRIOR_SD = 10_000, 100, 1.0
SHIFTS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
"""Differences of the means, in standard errors of the new sample's mean (0.1)."""
LEVEL = 0.9

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Posterior:
    """Of every replicate: mixtures of normals, (replicate, node)."""

    weights: Array
    means: Array
    sds: Array

    @property
    def mean(self) -> Array:
        return np.asarray(np.sum(self.weights * self.means, axis=1))

    @property
    def sd(self) -> Array:
        squares = self.weights * (self.sds**2 + (self.means - self.mean[:, None]) ** 2)
        return np.asarray(np.sqrt(squares.sum(axis=1)))

    def below(self, truth: float) -> Array:
        return np.asarray(np.sum(self.weights * ndtr((truth - self.means) / self.sds), axis=1))


def normal(mean: Array, variance: float) -> Posterior:
    column = mean[:, None]
    return Posterior(np.ones_like(column), column, np.full_like(column, variance**0.5))


def gauss(count: int) -> tuple[Array, Array]:
    """Nodes and weights on (0, 1): Gauss-Legendre of 20 on equal parts."""
    x, w = np.polynomial.legendre.leggauss(20)
    parts = count // 20
    nodes = (np.arange(parts)[:, None] + 0.5 * (x + 1)) / parts
    return nodes.ravel(), np.tile(0.5 * w / parts, parts)


def after(mean: Array, variance: Array, y: Array) -> tuple[Array, Array, Array]:
    """Update normals by the new sample's mean: posterior means and variances, log evidence."""
    noise = 1 / N_NEW
    total = variance + noise
    evidence = -0.5 * np.log(total) - 0.5 * (y[:, None] - mean) ** 2 / total
    return (mean * noise + y[:, None] * variance) / total, variance * noise / total, evidence


def mixture(log_prior: Array, mean: Array, variance: Array, y: Array) -> Posterior:
    means, variances, evidence = after(mean, variance, y)
    logs = evidence + log_prior
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return Posterior(weights, means, np.sqrt(np.broadcast_to(variances, means.shape)))


def powered(h: Array, a0: Array) -> tuple[Array, Array]:
    """Prior of the mean after the history to the power a0: (replicate, node)."""
    precision = 1 / PRIOR_SD**2 + a0 * N_HISTORY
    return h[:, None] * (a0 * N_HISTORY / precision), 1 / precision


def alone(h: Array, y: Array) -> Posterior:
    return power(0.0)(h, y)


def power(a0: float) -> Callable[[Array, Array], Posterior]:
    return lambda h, y: mixture(np.zeros(1), *powered(h, np.array([a0])), y)


def power_unknown(h: Array, y: Array) -> Posterior:
    """Nodes in a0 as t^4: where a0 of a large history matters is near 0."""
    t, w = gauss(200)
    return mixture(np.log(w * 4 * t**3), *powered(h, t**4), y)


def kl(strength: float) -> Callable[[Array, Array], Posterior]:
    def method(h: Array, y: Array) -> Posterior:
        own, past = 1 / PRIOR_SD**2 + N_NEW, 1 / PRIOR_SD**2 + N_HISTORY
        total = own + strength * past
        return normal((N_NEW * y + strength * N_HISTORY * h) / total, (1 + strength) / total)

    return method


def reverse(strength: float) -> Callable[[Array, Array], Posterior]:
    def method(h: Array, y: Array) -> Posterior:
        own, past = 1 / PRIOR_SD**2 + N_NEW, 1 / PRIOR_SD**2 + N_HISTORY
        found = [
            transfer.reverse_kl(
                transfer.MultivariateNormal.of(N_NEW * b / own, 1 / own),
                transfer.MultivariateNormal.of(N_HISTORY * a / past, 1 / past),
                strength=strength,
            )
            for a, b in zip(h.tolist(), y.tolist(), strict=True)
        ]
        means = np.array([q.mean[0] for q in found])[:, None]
        sds = np.array([q.sd[0] for q in found])[:, None]
        return Posterior(np.ones_like(means), means, sds)

    return method


def exchangeable(scale: float) -> Callable[[Array, Array], Posterior]:
    """tau ~ half-normal(scale); mu ~ normal(0, PRIOR_SD)."""

    def method(h: Array, y: Array) -> Posterior:
        t, w = gauss(300)
        tau = 9 * scale * t**3
        spread = PRIOR_SD**2 + tau**2 + 1 / N_HISTORY
        logs = np.log(w * t**2) - 0.5 * (tau / scale) ** 2
        logs = logs - 0.5 * np.log(spread) - 0.5 * h[:, None] ** 2 / spread
        mean = h[:, None] * PRIOR_SD**2 / spread
        variance = PRIOR_SD**2 + tau**2 - PRIOR_SD**4 / spread
        return mixture(logs, mean, variance, y)

    return method


def commensurate(h: Array, y: Array) -> Posterior:
    """Spike: sd 0.02, chance a half; slab: sd 0.1 to 2, its precision uniform."""
    t, w = gauss(200)
    low, high = 2.0**-2, 0.1**-2
    sd = np.concatenate([[0.02], (low + (high - low) * t) ** -0.5])
    chance = np.concatenate([[0.5], 0.5 * w])
    mean, variance = powered(h, np.ones(1))
    return mixture(np.log(chance), np.broadcast_to(mean, (len(h), len(sd))), variance + sd**2, y)


METHODS: dict[str, Callable[[Array, Array], Posterior]] = {
    "new sample alone": alone,
    "posterior as prior (pooled)": power(1.0),
    "power prior, a0 = 0.01": power(0.01),
    "power prior, a0 unknown": power_unknown,
    "KL-regularised, lambda = 0.01": kl(0.01),
    "KL-regularised, lambda = 1": kl(1.0),
    "reverse KL, lambda = 1": reverse(1.0),
    "exchangeable, tau ~ half-normal(0.5)": exchangeable(0.5),
    "commensurate, spike and slab": commensurate,
}


def study(replicates: int, seed: int) -> pd.DataFrame:
    """Risk and coverage of each method at each difference."""
    rng = np.random.default_rng(seed)
    rows = []
    for shift in SHIFTS:
        truth = 0.3 + shift / N_NEW**0.5
        h = rng.normal(0.3, N_HISTORY**-0.5, replicates)
        y = rng.normal(truth, N_NEW**-0.5, replicates)
        for name, method in METHODS.items():
            found = method(h, y)
            error = (found.mean - truth) ** 2 * N_NEW
            level = found.below(truth)
            within = (level > 0.5 - LEVEL / 2) & (level < 0.5 + LEVEL / 2)
            rows.append(
                {
                    "method": name,
                    "difference": shift,
                    "mse": error.mean(),
                    "mse_mcse": error.std(ddof=1) / replicates**0.5,
                    "coverage": within.mean(),
                    "coverage_mcse": (within.mean() * (1 - within.mean()) / replicates) ** 0.5,
                    "sd": found.sd.mean() * N_NEW**0.5,
                }
            )
    return pd.DataFrame(rows)


def figure(table: pd.DataFrame, path: Path) -> None:
    """Risk and coverage against the difference, a line a method."""
    import matplotlib.pyplot as plt

    made, (left, right) = plt.subplots(1, 2, figsize=(10, 6.2), layout="constrained")
    for i, name in enumerate(METHODS):
        here, look = table[table["method"] == name], style.series(i)
        drawn = {"color": look.colour, "marker": look.marker, "ms": 5, "lw": 1.4, "label": name}
        drawn["linestyle"] = "-" if i < len(style.COLOURS) else "--"
        for ax, column in ((left, "mse"), (right, "coverage")):
            ax.plot(here["difference"], here[column], **drawn)
    left.set_yscale("log")
    left.axhline(1, color=style.GREY, lw=0.8)
    right.axhline(LEVEL, color=style.GREY, lw=0.8)
    left.set_ylabel("mean squared error (1: of the new sample's mean)")
    right.set_ylabel(f"coverage of the {LEVEL:.0%} interval")
    for ax in (left, right):
        ax.set_xlabel("difference of the samples (standard errors)")
        style.tidy(ax)
    handles, labels = left.get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    made.savefig(path, dpi=110)
    plt.close(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=DOCS)
    given = parser.parse_args()
    table = study(given.replicates, given.seed)
    table.round(5).to_csv(given.output / "transfer_study.csv", index=False)
    figure(table, given.output / "transfer_study.png")
    for column in ("mse", "coverage"):
        wide = table.pivot(index="method", columns="difference", values=column)
        print(column, wide.loc[list(METHODS)].round(2).to_string(), sep="\n")


if __name__ == "__main__":
    main()
