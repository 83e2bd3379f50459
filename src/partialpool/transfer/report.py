"""How far one posterior is from another: distances of their normals, overlaps, conflict."""

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
"""Parts of each fit that the jackknife leaves out in turn."""


@dataclass(frozen=True, eq=False)
class Discrepancy:
    """How far the posterior of a second fit is from that of a first, by their normal fits.

    Attributes
    ----------
    table : DataFrame
        A row per parameter, on the unconstrained scale: mean_first, sd_first, mean_second,
        sd_second, z (difference of the means over the root of the sum of both variances), overlap
        (area under both densities) and its mcse.
    measures : DataFrame
        KL(second || first), KL(first || second), in nats, and the Wasserstein distance of order
        2, in standard deviations of the first: columns value and mcse.
    chi_squared, p_value : float
        Prior-data conflict: the squared distance of the means, over the sum of both covariances,
        and the chance of a larger one where the first posterior is a right prior for the second
        sample.
    df : int
    """

    table: pd.DataFrame
    measures: pd.DataFrame
    chi_squared: float
    p_value: float
    df: int

    def __str__(self) -> str:
        """Show both tables, and the conflict in a sentence."""
        return (
            f"{self.table.to_string(float_format=lambda x: f'{x:.3g}')}\n\n"
            f"{self.measures.to_string(float_format=lambda x: f'{x:.3g}')}\n\n"
            f"prior-data conflict: chi-squared {self.chi_squared:.3g} on {self.df} df, "
            f"p = {self.p_value:.3g}"
        )

    __repr__ = __str__


def discrepancy(first: Fit, second: Fit, *, names: Sequence[str] | None = None) -> Discrepancy:
    """Say how far the second fit's posterior is from the first's.

    Distances are of the multivariate normals of the draws on the unconstrained scale (see
    `prior_from` for how well these fit), less their bias, with Monte-Carlo errors by the
    jackknife over blocks of consecutive draws (Quenouille 1956, Biometrika 43:353).

    The p-value is Box's (1980, Journal of the Royal Statistical Society A 143:383) in the form of
    Evans & Moshonov (2006, Bayesian Analysis 1:893), on the sufficient statistic, where all is
    normal and the second fit has a weak prior of its own: then the difference of the means is
    normal with the sum of both covariances. A second prior that is not weak, or directions that
    the second sample says nothing of, make it too large: `conflict_p_value` is exact for linear
    regressions.

    Parameters
    ----------
    first, second : Fit
        With parameters of the same names: the history, and the new sample fitted alone.
    names : sequence of str, optional
        Those to compare; all that both have if not given.

    Raises
    ------
    DataError
        If they have no parameter in common.
    """
    import pandas as pd
    from scipy.stats import chi2

    one = coordinates_of(first, names)
    other = coordinates_of(second, names, centers=centers_of(first))
    shared = [name for name in one.names if name in other.names]
    if not shared:
        raise DataError(
            f"the fits share no parameter: the first has {', '.join(one.names)}, the second "
            f"{', '.join(other.names)}"
        )
    one, other = one.select(shared), other.select(shared)
    if one.transforms != other.transforms:
        raise DataError("the fits have parameters of the same name on different scales")
    p, q = _normal(one), _normal(other)
    values, errors = _jackknife(_distances, one, other)
    gap, both = q.mean - p.mean, p.covariance + q.covariance
    squared = float(gap @ np.linalg.solve(both, gap))
    table = pd.DataFrame(
        {
            "mean_first": p.mean,
            "sd_first": p.sd,
            "mean_second": q.mean,
            "sd_second": q.sd,
            "z": gap / np.sqrt(np.diag(both)),
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
    """Return Box's prior-data conflict p-value of a linear regression, and its df: exact.

    The sufficient statistic of the new sample is, under the history's posterior as the prior,
    normal; its squared distance is chi-squared on the rank of X.

    Parameters
    ----------
    history : MultivariateNormal
        Posterior of the history, of all coefficients.
    new : RegressionSums
    sigma : float
        Residual standard deviation of the new sample.
    """
    from scipy.stats import chi2

    _, singular, right = np.linalg.svd(new.R)
    kept = singular > 1e-9 * singular.max(initial=0.0)
    rank = int(kept.sum())
    if not rank:
        raise DataError("the new sample says nothing of the coefficients: it has no rows")
    rows = singular[kept, None] * right[kept]
    gap = rows @ (new.beta_hat - history.mean)
    spread = rows @ history.covariance @ rows.T + sigma**2 * np.eye(rank)
    return float(chi2.sf(gap @ np.linalg.solve(spread, gap), rank)), rank


def table(fits: dict[str, Fit], names: Sequence[str] = ("beta", "sigma")) -> pd.DataFrame:
    """Lay fits side by side: mean and sd of every quantity, a row per method.

    Parameters
    ----------
    fits : mapping of method to Fit
        As `Pair.side_by_side` returns.
    names : sequence of str
        Variables of the posterior.

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


def _normal(found: Coordinates) -> MultivariateNormal:
    mean, cholesky = normal_of(found)
    return MultivariateNormal.of(mean, cholesky @ cholesky.T)


def _distances(one: Coordinates, other: Coordinates) -> Floats:
    p, q = _normal(one), _normal(other)
    scale = np.diag(1 / p.sd)
    between = wasserstein(p.of_columns(scale), q.of_columns(scale))
    areas = overlap(p.mean, p.sd, q.mean, q.sd)
    return np.array([kl_divergence(q, p), kl_divergence(p, q), between, *areas])


def _jackknife(
    statistic: Callable[[Coordinates, Coordinates], Floats], one: Coordinates, other: Coordinates
) -> tuple[Floats, Floats]:
    """Return the statistic less its bias, and its standard error."""
    whole = statistic(one, other)
    bias, variance = np.zeros_like(whole), np.zeros_like(whole)
    for which, given in enumerate((one, other)):
        without = []
        for part in _without_blocks(given):
            pair = (part, other) if which == 0 else (one, part)
            without.append(statistic(*pair))
        found, count = np.array(without), len(without)
        bias += (count - 1) * (found.mean(axis=0) - whole)
        variance += (count - 1) / count * np.sum((found - found.mean(axis=0)) ** 2, axis=0)
    return whole - bias, np.sqrt(variance)


def _without_blocks(found: Coordinates) -> list[Coordinates]:
    """Leave out blocks of consecutive draws in turn, about `BLOCKS` over all chains."""
    chains, draws, size = found.draws.shape
    each = max(1, -(-BLOCKS // chains))
    edges = np.linspace(0, draws, each + 1).astype(int)
    if draws < 2 * each:
        raise DataError(f"{draws} draws a chain are too few for a Monte-Carlo error")
    parts = []
    for chain in range(chains):
        for start, stop in itertools.pairwise(edges.tolist()):
            kept = np.ones((chains, draws), dtype=bool)
            kept[chain, start:stop] = False
            rest = found.draws[kept].reshape(1, -1, size)
            parts.append(Coordinates(found.names, found.transforms, rest))
    return parts
