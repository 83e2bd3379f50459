"""The exact column of the baseball study, computed again: closed forms and quadrature, no draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from programs.cases import example_data
from programs.densities import column
from programs.quadrature import BetaPosterior, LogitPosterior, marginal_cdf
from scipy import special, stats

import partialpool as pp
from partialpool.reproduce.tools.published import read

Array = NDArray[np.float64]
EXACT = {row.quantity: row.exact for row in read("baseball") if row.exact}
PLAYERS: pd.DataFrame = pp.datasets.load("baseball_1970_stan")
HITS, AT_BATS = PLAYERS["hits"].to_numpy(), PLAYERS["at_bats"].to_numpy()
NEW_HITS, NEW_AT_BATS = (PLAYERS[f"remaining_{what}"].to_numpy() for what in ("hits", "at_bats"))
CLEMENTE, ALVIS = 0, 17
LEVELS = {"10%": 0.1, "50%": 0.5, "90%": 0.9}
NEEDED = int(0.4 * (45 + NEW_AT_BATS[CLEMENTE])) - int(HITS[CLEMENTE])
"""Remaining hits that leave Clemente's average of the season at .400 or less."""

Given = Callable[[Callable[[Array], Array]], Array]
"""E[f(chance) | population, y] of a function with a last axis of players: (node, player)."""


@pytest.fixture(scope="module")
def beta() -> BetaPosterior:
    return BetaPosterior(example_data("binomial/partial_pooling_beta"))


@pytest.fixture(scope="module")
def logit() -> LogitPosterior:
    return LogitPosterior(example_data("binomial/partial_pooling_logit_centered"))


@pytest.fixture(scope="module")
def found(beta: BetaPosterior, logit: LogitPosterior) -> dict[str, float]:
    """Every exact probability and mean, by model."""
    a, b = beta._shapes
    heavy, weight_of_beta = heaviest(beta._weights)
    models = {
        "complete": (np.ones(1), partial(of_beta, np.full((1, 18), 1 + HITS.sum()),
                                         np.full((1, 18), 1 + (AT_BATS - HITS).sum()))),
        "none": (np.ones(1), partial(of_beta, 1.0 + HITS[None], 1.0 + (AT_BATS - HITS)[None])),
        "beta": (weight_of_beta, partial(of_beta, a[heavy], b[heavy])),
        "logit": of_logit(logit),
    }  # fmt: skip
    numbers = {}
    for model, (weight, given) in models.items():
        ours = probabilities(weight, given)
        if model == "complete":  # one chance: not independent given it, and known to be near .266
            ours = complete()
        numbers |= {f"{name}, {model}": value for name, value in ours.items()}
    below = {"none": stats.beta.cdf(0.35, 1 + HITS, 1 + AT_BATS - HITS).prod()}
    below |= {"beta": beta.all_below(0.35), "logit": logit.all_below(0.35)}
    numbers |= {f"P(some theta > .350), {m}": 1 - p for m, p in below.items()}
    above = {"none": stats.beta.cdf(0.4, 1 + 18, 1 + 27)}
    above |= {m: p.theta_cdf(CLEMENTE, 0.4) for m, p in (("beta", beta), ("logit", logit))}
    numbers |= {f"P(Clemente's theta > .400), {m}": 1 - p for m, p in above.items()}
    shapes = {
        "none": (1.0 + HITS[None], 1.0 + (AT_BATS - HITS)[None]),
        "beta": (a[heavy], b[heavy]),
    }
    weights = {"none": np.ones(1), "beta": weight_of_beta}
    numbers |= {f"P(Clemente is best), {m}": best(weights[m], *shapes[m]) for m in ("none", "beta")}
    mu, variance = logit.mu_moments()[0], logit.mu_moments()[1] - logit.mu_moments()[0] ** 2
    numbers |= {"mu mean, logit": mu, "mu sd, logit": np.sqrt(variance)}
    numbers["new player's hits mean, beta"] = 45 * beta.phi_moments()[0]
    numbers["new player's hits mean, logit"] = 45 * float(logit._weights @ new_chance(logit))
    return numbers


def heaviest(weights: Array) -> tuple[NDArray[np.bool_], Array]:
    """Nodes that matter, and their probabilities."""
    heavy = weights > 1e-9
    return heavy, weights[heavy] / weights[heavy].sum()


def of_beta(a: Array, b: Array, f: Callable[[Array], Array]) -> Array:
    """Given the population chances are beta(a, b): Gauss-Legendre over 12 sds around the mean."""
    x, w = np.polynomial.legendre.leggauss(60)
    mean = a / (a + b)
    reach = 12 * np.sqrt(mean * (1 - mean) / (a + b + 1))
    low, high = np.maximum(mean - reach, 0), np.minimum(mean + reach, 1)
    theta = low + (high - low) * (x[:, None, None] + 1) / 2
    log_density = (a - 1) * np.log(theta) + (b - 1) * np.log1p(-theta) - special.betaln(a, b)
    density = np.exp(log_density) * w[:, None, None] * (high - low) / 2
    return np.asarray((density * f(theta)).sum(axis=0))


def of_logit(posterior: LogitPosterior) -> tuple[Array, Given]:
    heavy, weight = heaviest(posterior._weights)
    mu, log_sigma = posterior._nodes[heavy].T
    z = np.linspace(-9, 9, 61)[:, None, None]
    theta = special.expit(column(mu) + column(np.exp(log_sigma)) * z)
    density = theta**HITS * (1 - theta) ** (AT_BATS - HITS) * stats.norm.pdf(z)
    density /= density.sum(axis=0)
    return weight, lambda f: np.asarray((density * f(theta)).sum(axis=0))


def probabilities(weight: Array, given: Given) -> dict[str, float]:
    """What has players independent given the population."""
    score = given(log_probability)
    new = NEW_AT_BATS[CLEMENTE]
    return {
        "mean log score": float(weight @ score.sum(axis=1)),
        "P(Clemente's season average > .400)": float(
            weight @ given(lambda t: special.bdtrc(NEEDED, new, t))[:, CLEMENTE]
        ),
        "p-value of the min": float(
            weight @ given(lambda t: special.bdtrc(HITS.min() - 1, 45, t)).prod(axis=1)
        ),
        "p-value of the max": 1
        - float(weight @ given(lambda t: special.bdtr(HITS.max() - 1, 45, t)).prod(axis=1)),
    }


def log_probability(theta: Array) -> Array:
    """Of the hits in the rest of the season."""
    misses = NEW_AT_BATS - NEW_HITS
    ways = np.log(special.comb(NEW_AT_BATS, NEW_HITS))
    return np.asarray(ways + NEW_HITS * np.log(theta) + misses * np.log1p(-theta))


def complete() -> dict[str, float]:
    """One chance: beta(1 + hits, 1 + misses)."""
    a, b = np.array([[1.0 + HITS.sum()]]), np.array([[1.0 + (AT_BATS - HITS).sum()]])

    def mean(f: Callable[[Array], Array]) -> float:
        return float(of_beta(a, b, f)[0, 0])

    total = int(HITS.sum())
    return {
        "mean log score": mean(lambda t: log_probability(t).sum(axis=-1, keepdims=True)),
        "P(some theta > .350)": float(stats.beta.sf(0.35, a, b)[0, 0]),
        "P(Clemente's theta > .400)": float(stats.beta.sf(0.4, a, b)[0, 0]),
        "P(Clemente's season average > .400)": mean(
            lambda t: special.bdtrc(NEEDED, NEW_AT_BATS[CLEMENTE], t)
        ),
        "p-value of the min": mean(lambda t: special.bdtrc(HITS.min() - 1, 45, t) ** 18),
        "p-value of the max": 1 - mean(lambda t: special.bdtr(HITS.max() - 1, 45, t) ** 18),
        "p-value of the mean": mean(lambda t: special.bdtrc(total - 1, 45 * 18, t)),
        "joint score": float(
            np.log(special.comb(NEW_AT_BATS, NEW_HITS)).sum()
            + special.betaln(a + NEW_HITS.sum(), b + (NEW_AT_BATS - NEW_HITS).sum())[0, 0]
            - special.betaln(a, b)[0, 0]
        ),
        "pointwise score": float(stats.betabinom.logpmf(NEW_HITS, NEW_AT_BATS, a[0], b[0]).sum()),
    }


def best(weight: Array, a: Array, b: Array) -> float:
    """P(the first has the largest chance): over his density, that all others are below."""
    kinds, counts = np.unique(HITS[1:], return_counts=True)
    others = [1 + int(np.flatnonzero(HITS[1:] == kind)[0]) for kind in kinds]
    below = partial(special.betainc, a[:, others], b[:, others])
    inner = of_beta(a[:, :1], b[:, :1], lambda t: (below(t) ** counts).prod(axis=-1, keepdims=True))
    return float(weight @ inner[:, 0])


def new_chance(posterior: LogitPosterior) -> Array:
    mu, log_sigma = posterior._nodes.T
    z = np.linspace(-9, 9, 91)[:, None]
    density = stats.norm.pdf(z)
    return np.asarray((special.expit(mu + np.exp(log_sigma) * z) * density).sum(0) / density.sum())


def unit(text: str) -> float:
    """One in the last digit printed."""
    return float(10.0 ** -len(text.partition(".")[2]))


def test_probabilities_and_means(found: dict[str, float]) -> None:
    elsewhere = ("theta[", "kappa", "phi", "sigma", "joint score", "pointwise score")
    models = ("complete", "none", "beta", "logit")
    means = {n for n in EXACT if n.endswith(models) and not n.startswith(elsewhere)}
    assert means <= set(found)
    assert len(means) > 25
    for name in means | {"joint score, complete", "pointwise score, complete"}:
        assert found[name] == pytest.approx(float(EXACT[name]), abs=0.6 * unit(EXACT[name])), name


def test_no_pooling_is_analytic_throughout() -> None:
    score = stats.betabinom.logpmf(NEW_HITS, NEW_AT_BATS, 1 + HITS, 1 + AT_BATS - HITS).sum()
    for kind in ("joint", "pointwise"):
        assert score == pytest.approx(float(EXACT[f"{kind} score, none"]), abs=0.006)


def quantiles(
    beta: BetaPosterior, logit: LogitPosterior
) -> Iterator[tuple[str, Callable[[float], float]]]:
    """Names without their level, and the distribution function of each."""
    one = stats.beta(1 + HITS.sum(), 1 + (AT_BATS - HITS).sum())
    for name, i in (("Clemente", CLEMENTE), ("Alvis", ALVIS)):
        own = stats.beta(1 + HITS[i], 1 + AT_BATS[i] - HITS[i])
        yield f"theta[{name}] {{}}, complete", one.cdf
        yield f"theta[{name}] {{}}, none", own.cdf
        yield f"theta[{name}] {{}}, beta", partial(beta.theta_cdf, i)
        yield f"theta[{name}] {{}}, logit", partial(logit.theta_cdf, i)
    yield "kappa {}, beta", beta.kappa_cdf
    yield "sigma {}, logit", logit.sigma_cdf
    nodes = np.unique(beta._nodes[:, 0])
    phi_cdf = marginal_cdf(nodes, beta._weights.reshape(len(nodes), -1).sum(axis=1))
    yield "phi {}, beta", lambda x: phi_cdf(special.logit(x))


def test_quantiles(beta: BetaPosterior, logit: LogitPosterior) -> None:
    for name, cdf in quantiles(beta, logit):
        for level, probability in LEVELS.items():
            text = EXACT[name.format(level)]
            half = 0.6 * unit(text)
            assert cdf(float(text) - half) < probability < cdf(float(text) + half), name


def test_zero_for_four() -> None:
    data = example_data("binomial/partial_pooling_beta")
    more = {"N": 19, "successes": [*data["successes"], 0], "trials": [*data["trials"], 4]}
    posterior = BetaPosterior(data | more)
    mean = posterior.theta_moments()[0][-1]
    for name in ("mean", "mean, given the population"):
        assert mean == pytest.approx(float(EXACT[f"theta[0 for 4] {name}, beta"]), abs=6e-6)
    for level, probability in LEVELS.items():
        value = float(EXACT[f"theta[0 for 4] {level}, beta"])
        assert posterior.theta_cdf(18, value - 6e-6) < probability
        assert probability < posterior.theta_cdf(18, value + 6e-6)
