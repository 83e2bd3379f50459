"""Group effects given the population, and densities of whole groups: against dense normals."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import stats

import partialpool as pp
from partialpool.design.design import Design
from partialpool.posterior import conditional, group_density
from partialpool.posterior.conditional import Population
from partialpool.posterior.group_density import group_rows
from partialpool.reduction import marginal

GROUPS, DRAWS = 5, 7


def model(kind: str = "plain", q: int = 2) -> pp.Model:
    import pandas as pd

    rng = np.random.default_rng(11)
    g = np.concatenate([np.arange(GROUPS), rng.integers(0, GROUPS, 14), [0] * 3])
    n = len(g)
    data = pd.DataFrame(
        {
            "g": g, "x": rng.normal(2, 1, n), "z": rng.normal(size=n), "v": rng.normal(size=n),
            "o": rng.normal(size=n), "s": rng.uniform(0.4, 2, n), "w": rng.uniform(0.3, 3, n),
            "y": rng.normal(4, 2, n),
        }
    )  # fmt: skip
    left = {"plain": "", "weights": " | weights(w)", "se": " | se(s)", "both": None}[kind]
    left = " | se(s) + weights(w)" if left is None else left
    inner = " + ".join(["1", "z", "v"][:q])
    return pp.Model(f"y{left} ~ x + offset(o) + ({inner} | g)", data, priors_at="zero")


def population(q: int, known_se: bool, *, draws: int = DRAWS, seed: int = 1) -> Population:
    rng = np.random.default_rng(seed)
    factor = np.tril(rng.normal(size=(draws, q, q)))
    factor[0] = 0.0  # groups that do not differ at all
    sigma = np.ones(draws) if known_se else rng.uniform(0.3, 2, draws)
    return Population(rng.normal([4, 0], 1, (draws, 2)), factor, sigma)


def reduced(given: pp.Model) -> marginal.Reduced:
    found = given.prepared.reduced
    assert found is not None
    return found


def variances(design: Design, sigma: float) -> np.ndarray:
    response = design.response
    assert response is not None
    own = np.full(len(response.y), sigma**2) if response.se is None else response.se**2
    return own if response.weights is None else own / response.weights


def of_group(design: Design, j: int, of: Population, s: int) -> tuple[Any, ...]:
    """Rows of a group, what is expected of them, Z, and their covariances: all dense."""
    (term,) = design.groups
    mine = term.codes == j
    mean = (marginal.columns(design) @ of.coefficients[s] + design.offset)[mine]
    noise = np.diag(variances(design, of.sigma[s])[mine])
    assert design.response is not None
    return design.response.y[mine], mean, term.Z[mine], noise


def conditional_of(design: Design, j: int, of: Population, s: int) -> tuple[Any, Any]:
    """Mean and covariance of a group's effects given its rows."""
    y, mean, Z, noise = of_group(design, j, of, s)
    prior = of.factor[s] @ of.factor[s].T
    gain = prior @ Z.T @ np.linalg.inv(Z @ prior @ Z.T + noise)
    return gain @ (y - mean), prior - gain @ Z @ prior


KINDS = ["plain", "weights", "se", "both"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("q", [1, 2, 3])
def test_means_and_covariances_are_the_dense_normals(kind: str, q: int) -> None:
    given = model(kind, q)
    of = population(q, "s" in given.formula.split("~")[0])
    sums, every = reduced(given).sums, np.arange(GROUPS)
    z = np.zeros((1 + q, GROUPS, DRAWS, q))
    z[1:] = np.eye(q)[:, None, None]
    mean, *moved = (conditional.effects_from(sums, of, every, each) for each in z)
    root = np.stack([each - mean for each in moved], axis=-1)
    for s in range(DRAWS):
        for j in range(GROUPS):
            expected, covariance = conditional_of(given.design, j, of, s)
            np.testing.assert_allclose(mean[s, j], expected, atol=1e-10)
            np.testing.assert_allclose(root[s, j] @ root[s, j].T, covariance, atol=1e-10)


def far_from(found: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> float:
    """Largest distance of moments of independent draws, in standard errors."""
    n = len(found)
    sd = np.sqrt(np.diag(covariance))
    of_mean = np.abs(found.mean(axis=0) - mean) / (sd / np.sqrt(n))
    error = np.sqrt((np.outer(sd**2, sd**2) + covariance**2) / n)
    of_covariance = np.abs(np.cov(found.T) - covariance) / error
    return float(max(of_mean.max(), of_covariance.max()))


def test_draws_have_that_distribution_and_no_group_depends_on_another() -> None:
    given = model("weights", 2)
    once = population(2, False, seed=3)
    n = 20_000
    of = Population(*(np.repeat(x[3:4], n, axis=0) for x in vars(once).values() if x is not None))
    drawn = conditional.draw_effects(reduced(given).sums, of, seed=5)
    for j in range(GROUPS):
        mean, covariance = conditional_of(given.design, j, once, 3)
        assert far_from(drawn[:, j], mean, covariance) < 5
        assert far_from(drawn[:, j], mean + 0.06 * np.sqrt(np.diag(covariance)), covariance) > 5
        assert far_from(drawn[:, j], mean, 1.15 * covariance) > 5
    z = (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)
    between = np.einsum("nja,nkb->jakb", z, z) / n
    for j in range(GROUPS):
        between[j, :, j] = 0
    assert np.abs(between).max() < 5 / np.sqrt(n)


def test_a_subset_of_the_groups_has_the_same_draws() -> None:
    sums, of = reduced(model()).sums, population(2, False)
    every = conditional.draw_effects(sums, of, seed=5)
    some = conditional.draw_effects(sums, of, groups=[3, 0], seed=5)
    np.testing.assert_allclose(some, every[:, [3, 0]], rtol=1e-12)
    other = conditional.draw_effects(sums, of, groups=[3, 0], seed=6)
    assert not np.isclose(other[1:], some[1:]).any()
    mean, sd = conditional.effect_moments(sums, of, groups=[3, 0])
    every_mean, every_sd = conditional.effect_moments(sums, of)
    np.testing.assert_allclose(mean, every_mean[[3, 0]], rtol=1e-12)
    np.testing.assert_allclose(sd, every_sd[[3, 0]], rtol=1e-12)


@pytest.mark.parametrize("chunk", [1, 50])
def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    given, of = model(), population(2, False)
    found = reduced(given).sums
    (term,) = given.design.groups
    own = group_rows(given.design, term.codes, GROUPS, found.reference)[1]

    def everything() -> list[np.ndarray]:
        return [
            conditional.draw_effects(found, of, seed=5),
            *conditional.effect_moments(found, of),
            group_density.group_log_likelihood(found, own, of),
        ]

    whole = everything()
    monkeypatch.setattr(conditional, "CHUNK", chunk)
    for a, b in zip(whole, everything(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


COMBINATIONS = [None, np.eye(3), np.array([[1.0, 1, 0], [0, 0, 0], [-0.5, 2, 1], [0, 0, 3]])]


@pytest.mark.parametrize("combine", COMBINATIONS)
@pytest.mark.parametrize("added", [False, True])
def test_moments_are_by_the_law_of_total_variance(added: bool, combine: Any) -> None:
    given, of = model("both", 3), population(3, True)
    C = np.eye(3) if combine is None else combine
    shape = (DRAWS, len(C))
    shift = np.random.default_rng(2).normal(size=shape) if added else np.zeros(shape)
    mean, sd = conditional.effect_moments(
        reduced(given).sums, of, combine=combine, added=shift if added else None
    )
    for j in range(GROUPS):
        pairs = [conditional_of(given.design, j, of, s) for s in range(DRAWS)]
        means = np.array([C @ m for m, _ in pairs]) + shift
        within = np.mean([np.diag(C @ c @ C.T) for _, c in pairs], axis=0)
        np.testing.assert_allclose(mean[j], means.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(sd[j] ** 2, within + means.var(axis=0, ddof=1), atol=1e-12)


def test_moments_of_far_effects_keep_their_digits() -> None:
    given, of = model(), population(2, False)
    sums = reduced(given).sums
    mean, sd = conditional.effect_moments(sums, of)
    far_mean, far_sd = conditional.effect_moments(sums, of, added=np.full((DRAWS, 2), 1e9))
    np.testing.assert_allclose(far_mean - 1e9, mean, atol=1e-6)
    np.testing.assert_allclose(far_sd, sd, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_density_of_a_group_is_the_dense_normals(kind: str) -> None:
    given = model(kind)
    of, design = population(2, kind in ("se", "both")), given.design
    (term,) = design.groups
    found = reduced(given).sums
    sums, own = group_rows(design, term.codes, GROUPS, found.reference)
    for name in ("ZZ", "ZX", "Zr"):
        np.testing.assert_allclose(getattr(sums, name), getattr(found, name), atol=1e-9)
    likelihood = group_density.group_log_likelihood(sums, own, of)
    other = group_rows(design, term.codes, GROUPS, found.reference + 1.0)
    np.testing.assert_allclose(group_density.group_log_likelihood(*other, of), likelihood)
    assert design.response is not None
    weights = design.response.weights
    for s in range(DRAWS):
        for j in range(GROUPS):
            y, mean, Z, noise = of_group(design, j, of, s)
            between = Z @ of.factor[s] @ of.factor[s].T @ Z.T
            exact = stats.multivariate_normal(mean, noise + between).logpdf(y)
            if weights is not None:  # a density to the power w is one of variance over w, times
                w = weights[term.codes == j]
                logs = 0.5 * np.log(2 * np.pi * w * np.diag(noise))
                exact += np.sum((1 - w) * logs - 0.5 * np.log(w))
            np.testing.assert_allclose(likelihood[s, j], exact, atol=1e-9)


def test_groups_together_have_the_density_that_stan_has() -> None:
    """Up to the prior: the sum over groups against that of the reduced sums."""
    given = model()
    of = population(2, False)
    (term,) = given.design.groups
    sums = reduced(given).sums
    _, own = group_rows(given.design, term.codes, GROUPS, sums.reference)
    np.testing.assert_allclose(own.rr.sum(), sums.rr)
    np.testing.assert_allclose(own.XX.sum(axis=0), sums.XX)
    np.testing.assert_allclose(own.Xr.sum(axis=0), 0, atol=1e-9)
    likelihood = group_density.group_log_likelihood(sums, own, of).sum(axis=1)
    wrong = dataclasses.replace(sums, Zr=-sums.Zr)
    assert not np.allclose(
        group_density.group_log_likelihood(wrong, own, of).sum(axis=1), likelihood
    )
