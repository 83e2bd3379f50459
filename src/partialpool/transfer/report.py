"""Compare the posteriors of two fits: distances, overlaps and prior-data conflict."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Floats
from ..errors import DataError
from ..sampling.fit import Fit
from .approximate import normal_of
from .distances import MultivariateNormal, kl_divergence, overlap, wasserstein
from .population import Coordinates, centers_of, coordinates_of
from .sums import RegressionSums

if TYPE_CHECKING:
    import pandas as pd

BLOCKS = 20
"""About how many blocks of draws of each fit the jackknife leaves out, one after another."""


@dataclass(frozen=True, eq=False)
class Discrepancy:
    """How far the posterior of a second fit is from that of a first, both taken as normal.

    Attributes
    ----------
    table : DataFrame
        A row per parameter, on the unconstrained scale: mean_first, sd_first, mean_second,
        sd_second, z (difference of the means over the root of the sum of both variances), overlap
        (area under both densities) and its mcse.
    measures : DataFrame
        KL(second || first), KL(first || second), in nats, and the Wasserstein distance of order
        2, in standard deviations of the first: columns value and mcse.
    chi_squared : float
        Measure of prior-data conflict: the squared difference of the means, over the sum of both
        covariances.
    p_value : float
        Probability of a larger one if the second sample is drawn from the first posterior's
        predictive distribution.
    df : int
        Degrees of freedom of `chi_squared`: the number of parameters.
    """

    table: pd.DataFrame
    measures: pd.DataFrame
    chi_squared: float
    p_value: float
    df: int

    def __str__(self) -> str:
        """Show both tables, and the prior-data conflict in a line."""
        return (
            f"{self.table.to_string(float_format=lambda x: f'{x:.3g}')}\n\n"
            f"{self.measures.to_string(float_format=lambda x: f'{x:.3g}')}\n\n"
            f"prior-data conflict: chi-squared {self.chi_squared:.3g} on {self.df} df, "
            f"p = {self.p_value:.3g}"
        )

    __repr__ = __str__


def discrepancy(first: Fit, second: Fit, *, names: Sequence[str] | None = None) -> Discrepancy:
    """Compare the posterior of a second fit with that of a first.

    The distances are those of the multivariate normals of the draws on the unconstrained scale
    (`prior_from` checks how well these fit). Their bias and Monte-Carlo errors are estimated by the
    jackknife over blocks of consecutive draws (Quenouille 1956, Biometrika 43:353).

    The p-value is Box's (1980, Journal of the Royal Statistical Society A 143:383), for the
    sufficient statistic, as Evans & Moshonov (2006, Bayesian Analysis 1:893) have it. It holds if
    the posteriors are normal and the second fit has a weak prior: then the difference of the means
    is normal, and its covariance is the sum of both covariances. The p-value is too large if the
    second prior is not weak, or if the second sample has no information on some combination of
    parameters. `conflict_p_value` is exact for linear regressions.

    Parameters
    ----------
    first, second : Fit
        Fits of the history alone, and of the new sample alone, with parameters of the same names.
    names : sequence of str, optional
        Parameters to compare; by default all that both fits have.

    Raises
    ------
    DataError
        If the fits have no parameter in common, or have one on different scales.
    """
    import pandas as pd
    from scipy.stats import chi2

    draws_first = coordinates_of(first, names)
    draws_second = coordinates_of(second, names, centers=centers_of(first))
    shared = [name for name in draws_first.names if name in draws_second.names]
    if not shared:
        raise DataError(
            f"the fits share no parameter: the first has {', '.join(draws_first.names)}, "
            f"the second {', '.join(draws_second.names)}"
        )
    draws_first, draws_second = draws_first.select(shared), draws_second.select(shared)
    if draws_first.transforms != draws_second.transforms:
        raise DataError(
            "the fits have parameters of the same name on different scales: compare others with "
            "names=[...]"
        )
    p, q = _normal(draws_first), _normal(draws_second)
    values, errors = _jackknife(_distances, draws_first, draws_second)
    gap, covariance = q.mean - p.mean, p.covariance + q.covariance
    squared = float(gap @ np.linalg.solve(covariance, gap))
    table = pd.DataFrame(
        {
            "mean_first": p.mean,
            "sd_first": p.sd,
            "mean_second": q.mean,
            "sd_second": q.sd,
            "z": gap / np.sqrt(np.diag(covariance)),
            "overlap": np.clip(values[3:], 0, 1),
            "mcse": errors[3:],
        },
        index=pd.Index(shared, name="parameter"),
    )
    labels = ["KL(second || first)", "KL(first || second)", "Wasserstein, sds of the first"]
    measures = pd.DataFrame(
        {"value": np.maximum(values[:3], 0), "mcse": errors[:3]},
        index=pd.Index(labels, name="distance"),
    )
    return Discrepancy(table, measures, squared, float(chi2.sf(squared, len(shared))), len(shared))


def conflict_p_value(
    history: MultivariateNormal, new: RegressionSums, *, sigma: float
) -> tuple[float, int]:
    """Return Box's p-value for prior-data conflict in a linear regression, which is exact.

    With the history's posterior as the prior, the predictive distribution of the new sample's
    sufficient statistic is normal, and the squared distance from its mean has a chi-squared
    distribution.

    Parameters
    ----------
    history : MultivariateNormal
        Posterior of all coefficients given the history.
    new : RegressionSums
        Sums of the new sample.
    sigma : float
        Residual standard deviation of the new sample.

    Returns
    -------
    p_value : float
    df : int
        Degrees of freedom: the rank of the new sample's X.

    Raises
    ------
    DataError
        If the new sample has no rows, or all its columns are 0.
    """
    from scipy.stats import chi2

    _, singular, right = np.linalg.svd(new.R)
    nonzero = singular > 1e-9 * singular.max(initial=0.0)
    rank = int(nonzero.sum())
    if not rank:
        raise DataError("the new sample has no information on the coefficients: it has no rows")
    rows = singular[nonzero, None] * right[nonzero]
    gap = rows @ (new.beta_hat - history.mean)
    covariance = rows @ history.covariance @ rows.T + sigma**2 * np.eye(rank)
    return float(chi2.sf(gap @ np.linalg.solve(covariance, gap), rank)), rank


def table(fits: dict[str, Fit], names: Sequence[str] = ("beta", "sigma")) -> pd.DataFrame:
    """Return the mean and sd of every quantity in several fits, a row per fit.

    Parameters
    ----------
    fits : mapping of method to Fit
        As `Pair.side_by_side` returns.
    names : sequence of str
        Variables of the posterior to show.

    Returns
    -------
    DataFrame
        Columns (quantity, mean or sd); a row per method.
    """
    import pandas as pd

    rows = {}
    for label, fit in fits.items():
        summary = fit.summary(list(names))[["mean", "sd"]]
        rows[label] = summary.stack()
    return pd.DataFrame(rows).T


def _normal(draws: Coordinates) -> MultivariateNormal:
    mean, cholesky = normal_of(draws)
    return MultivariateNormal.of(mean, cholesky @ cholesky.T)


def _distances(first: Coordinates, second: Coordinates) -> Floats:
    """Return both divergences, the Wasserstein distance, then the overlap of each coordinate."""
    p, q = _normal(first), _normal(second)
    scale = np.diag(1 / p.sd)
    between = wasserstein(p.of_columns(scale), q.of_columns(scale))
    areas = overlap(p.mean, p.sd, q.mean, q.sd)
    return np.array([kl_divergence(q, p), kl_divergence(p, q), between, *areas])


def _jackknife(
    statistic: Callable[[Coordinates, Coordinates], Floats],
    first: Coordinates,
    second: Coordinates,
) -> tuple[Floats, Floats]:
    """Return a statistic of two sets of draws less its bias, and its standard error."""
    estimate = statistic(first, second)
    bias, variance = np.zeros_like(estimate), np.zeros_like(estimate)
    for replicates in (
        np.array([statistic(part, second) for part in _without_blocks(first)]),
        np.array([statistic(first, part) for part in _without_blocks(second)]),
    ):
        count, mean = len(replicates), replicates.mean(axis=0)
        bias += (count - 1) * (mean - estimate)
        variance += (count - 1) / count * np.sum((replicates - mean) ** 2, axis=0)
    return estimate - bias, np.sqrt(variance)


def _without_blocks(coordinates: Coordinates) -> list[Coordinates]:
    """Return, for each of about `BLOCKS` blocks of consecutive draws, the draws without it."""
    chains, draws, size = coordinates.draws.shape
    blocks_per_chain = max(1, -(-BLOCKS // chains))
    edges = np.linspace(0, draws, blocks_per_chain + 1).astype(int)
    if draws < 2 * blocks_per_chain:
        raise DataError(
            f"{draws} draws per chain are too few for a Monte-Carlo error: sample at least "
            f"{2 * blocks_per_chain}"
        )
    parts = []
    for chain in range(chains):
        for start, stop in itertools.pairwise(edges.tolist()):
            remaining = np.ones((chains, draws), dtype=bool)
            remaining[chain, start:stop] = False
            rest = coordinates.draws[remaining].reshape(1, -1, size)
            parts.append(Coordinates(coordinates.names, coordinates.transforms, rest))
    return parts
