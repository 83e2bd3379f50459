"""Log predictive scores of held-out data, joint or pointwise, with their Monte-Carlo errors.

    joint      log 1/S sum_s exp( sum_i log p(y_i | draw s) )
    pointwise  sum_i log 1/S sum_s p(y_i | draw s)

The two are different quantities: the joint score is the log density of all observations together.
Its mean over draws is often dominated by a few draws. It can then be wrong by tens of nats with
no visible sign, so `PredictiveScore.trusted` is False. In that case compute the integral another
way (an analytic or marginal model, bridge or path sampling); more draws rarely help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .draws import Draws, GroupDraws, group_draws
from .monte_carlo import estimate_mean
from .pareto import pareto_k, pareto_k_threshold

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["joint", "pointwise"]
KINDS = ("joint", "pointwise")
LARGEST_SHARE = 0.1
"""Largest share of a mean that a single draw may have (our rule of thumb)."""
LARGEST_ERROR = 0.5
"""Largest error, in nats, for which the delta method holds for a logarithm (our rule of thumb)."""


@dataclass(frozen=True)
class PredictiveScore:
    """A log predictive score, its Monte-Carlo error, and whether it can be trusted.

    Attributes
    ----------
    kind : {"joint", "pointwise"}
    value : float
        The score in nats; larger is better.
    mcse : float
        Monte-Carlo standard error of `value`, by the delta method with the ESS of the weights.
        It is meaningless if `trusted` is False.
    ess : float
        Effective sample size of the weights (for a pointwise score: of the sum of all
        observations' relative weights).
    pareto_k : float
        Pareto k-hat of the weights; for a pointwise score the largest over observations.
    threshold : float
        Largest acceptable `pareto_k` for this number of draws.
    largest_weight : float
        Largest share that a single draw has in a mean.
    trusted : bool
        True if k-hat, the largest weight and the error are all acceptable.
    reasons : tuple of str
        Reasons why the score cannot be trusted; empty if `trusted`.
    points : DataFrame or None
        For a pointwise score, the columns score, mcse, ess, pareto_k, largest_weight and
        trusted, a row per observation; the column score sums to `value`. None for a joint score.
    """

    kind: Kind
    value: float
    mcse: float
    ess: float
    pareto_k: float
    threshold: float
    largest_weight: float
    trusted: bool
    reasons: tuple[str, ...]
    points: pd.DataFrame | None

    def line(self) -> str:
        """Return the score in one line of text, with a warning if it cannot be trusted."""
        start = f"{self.kind} log predictive score {self.value:.2f} (MCSE {self.mcse:.2f})"
        return start if self.trusted else f"{start}: NOT TO BE TRUSTED: {'; '.join(self.reasons)}"


def predictive_score(
    log_likelihood: Draws, *, kind: Kind, what: str = "log_likelihood"
) -> PredictiveScore:
    """Compute the log predictive score of held-out data from their log likelihood.

    Parameters
    ----------
    log_likelihood : DataArray or array, (chain, draw, observation)
        log p(y_i | draw), in nats, of data that the model was not fitted to. Minus infinity is
        allowed: the observation is impossible under that draw.
    kind : {"joint", "pointwise"}
        There is no default, because scores of different kinds must not be compared.
    what : str
        Name of the draws in error messages.

    Returns
    -------
    PredictiveScore

    Raises
    ------
    DataError
        If `log_likelihood` has another shape, a value is NaN or plus infinity, or `kind` is
        neither of the two.
    """
    if kind not in KINDS:
        raise DataError(f"kind must be 'joint' or 'pointwise', not {kind!r}")
    groups = group_draws(log_likelihood, what=what, finite=False)
    if np.isnan(groups.values).any() or np.isposinf(groups.values).any():
        raise DataError(f"{what} has values that are NaN or +infinity; log densities cannot be")
    logs = groups.values if kind == "pointwise" else groups.values.sum(axis=2, keepdims=True)
    value, relative = _log_mean(logs)
    points = _points(logs, value, relative)
    total = estimate_mean(relative.sum(axis=2, keepdims=True))
    score = float(value.sum())
    mcse = 0.0 if np.ptp(relative) == 0 else float(total.mcse[0])
    reasons = _reasons(points, groups, kind, mcse)
    return PredictiveScore(
        kind,
        score,
        mcse,
        float(total.ess[0]),
        float(np.max(points["pareto_k"])),
        float(points["threshold"][0]),
        float(np.max(points["largest_weight"])),
        not reasons,
        reasons,
        _table(points, groups) if kind == "pointwise" else None,
    )


def predictive_scores(log_likelihoods: Mapping[str, Draws], *, kind: Kind) -> pd.DataFrame:
    """Tabulate the scores of several models for the same held-out data.

    Parameters
    ----------
    log_likelihoods : mapping of model name to draws (chain, draw, observation)
    kind : {"joint", "pointwise"}

    Returns
    -------
    DataFrame
        Columns kind, score, mcse, ess, pareto_k, threshold, largest_weight, trusted, indexed by
        model, the largest score first and those that cannot be trusted last.

    Raises
    ------
    DataError
        As `predictive_score`, or if the models do not have the same number of observations.
    """
    import pandas as pd

    if not log_likelihoods:
        raise DataError("log_likelihoods is empty: give draws by the name of each model")
    sizes = {
        name: group_draws(draws, what=name, finite=False).values.shape[2]
        for name, draws in log_likelihoods.items()
    }
    if len(set(sizes.values())) > 1:
        counts = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise DataError(f"the models score different numbers of observations: {counts}")
    scores = {
        name: predictive_score(draws, kind=kind, what=name)
        for name, draws in log_likelihoods.items()
    }
    fields = ("kind", "value", "mcse", "ess", "pareto_k", "threshold", "largest_weight", "trusted")
    table = pd.DataFrame(
        [[getattr(score, field) for field in fields] for score in scores.values()],
        columns=["score" if field == "value" else field for field in fields],
        index=pd.Index(list(scores), name="model"),
    )
    return table.sort_values(["trusted", "score"], ascending=False, kind="stable")


def _log_mean(logs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average exp(logs) over draws without overflow.

    Parameters
    ----------
    logs : array, (chain, draw, column)

    Returns
    -------
    value : array, (column,)
        Log of the mean.
    relative : array, (chain, draw, column)
        Each draw's weight divided by the mean weight.
    """
    top = logs.max(axis=(0, 1))
    weights = np.exp(logs - np.where(np.isfinite(top), top, 0.0))
    mean = weights.mean(axis=(0, 1))
    possible = mean > 0
    value = np.full(len(top), -np.inf)
    value[possible] = top[possible] + np.log(mean[possible])
    return value, np.divide(weights, mean, out=np.ones_like(weights), where=possible)


def _points(
    logs: NDArray[np.float64], value: NDArray[np.float64], relative: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    """Return the score of each column with its error and diagnostics, arrays (column,).

    Parameters
    ----------
    logs : array, (chain, draw, column)
        Log densities.
    value, relative
        The results of `_log_mean`.
    """
    estimate = estimate_mean(relative)
    draws = logs.shape[0] * logs.shape[1]
    constant = np.ptp(relative, axis=(0, 1)) == 0
    log_weights = logs.reshape(draws, -1)
    k = np.array([pareto_k(column) for column in log_weights.T])
    k[constant] = -np.inf
    mcse = np.where(constant, 0.0, estimate.mcse)
    threshold = np.full(len(value), pareto_k_threshold(draws))
    share = relative.max(axis=(0, 1)) / draws
    trusted = np.isfinite(value) & (k <= threshold) & (mcse <= LARGEST_ERROR)
    trusted &= constant | (share <= LARGEST_SHARE)
    return {
        "score": value,
        "mcse": mcse,
        "ess": estimate.ess,
        "pareto_k": k,
        "threshold": threshold,
        "largest_weight": share,
        "trusted": trusted,
    }


def _reasons(
    points: Mapping[str, NDArray[Any]], groups: GroupDraws, kind: Kind, mcse: float
) -> tuple[str, ...]:
    """Return the reasons why a score cannot be trusted; empty if it can."""
    bad = ~points["trusted"]
    reasons: list[str] = []
    if bad.any():
        k, share = points["pareto_k"], points["largest_weight"]
        threshold = points["threshold"][0]
        if not np.isfinite(points["score"]).all():
            reasons.append("no draw allows the data")
        if np.isnan(k).any():
            reasons.append("there are too few draws to tell")
        if (k > threshold).any():
            reasons.append(f"Pareto k-hat is {np.nanmax(k):.2f}, above {threshold:.2f}")
        if share.max() > LARGEST_SHARE:
            reasons.append(f"one draw carries {share.max():.0%} of the mean")
        if (points["mcse"] > LARGEST_ERROR).any():
            reasons.append(f"its error is above {LARGEST_ERROR} nats")
        if kind == "pointwise":
            named = [label for label, is_bad in zip(groups.labels, bad, strict=True) if is_bad]
            more = f" and {len(named) - 5} more" if len(named) > 5 else ""
            reasons.append(f"observations {', '.join(named[:5])}{more}")
    elif not np.isfinite(mcse):
        reasons.append("there are too few draws to tell")
    return tuple(reasons)


def _table(points: Mapping[str, NDArray[Any]], groups: GroupDraws) -> pd.DataFrame:
    import pandas as pd

    columns = {name: values for name, values in points.items() if name != "threshold"}
    return pd.DataFrame(columns, index=pd.Index(groups.labels, name=groups.dim))
