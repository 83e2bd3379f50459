"""Log predictive scores of held-out data, labelled joint or pointwise, with their error.

    joint      log 1/S sum_s exp( sum_i log p(y_i | draw s) )
    pointwise  sum_i log 1/S sum_s p(y_i | draw s)

They are different quantities: the joint score asks for all of y at once. As a mean over draws
it is often carried by a handful of them, and then it is wrong by tens of nats while nothing
looks amiss: `PredictiveScore.trusted` says so. Where it is False, integrate (an analytic or
marginal model, or bridge or path sampling) instead of taking more draws.
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
"""No single draw may carry more than this share of a mean: a rule of thumb of ours."""
LARGEST_ERROR = 0.5
"""Above this error (nats) the logarithm bends too much for the delta method: ours too."""


@dataclass(frozen=True)
class PredictiveScore:
    """A log predictive score and how far to trust it.

    Attributes
    ----------
    kind : {"joint", "pointwise"}
    value : float
        Nats; larger is better.
    mcse : float
        Monte-Carlo standard error of `value`, by the delta method with the ESS of the weights.
        It means nothing where `trusted` is False.
    ess : float
        Effective sample size of the weights (for a pointwise score: of the sum of all
        observations' relative weights).
    pareto_k : float
        k-hat of the weights; for a pointwise score the largest of all observations.
    threshold : float
        What `pareto_k` must not exceed with this many draws.
    largest_weight : float
        Largest share that a single draw has in a mean.
    trusted : bool
    reasons : tuple of str
        Why not; empty when `trusted`.
    points : DataFrame or None
        Of a pointwise score: score, mcse, ess, pareto_k, largest_weight and trusted of every
        observation. They sum to `value`.
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
        """Say the score in one line, with a warning where it cannot be trusted."""
        start = f"{self.kind} log predictive score {self.value:.2f} (MCSE {self.mcse:.2f})"
        return start if self.trusted else f"{start}: NOT TO BE TRUSTED: {'; '.join(self.reasons)}"


def predictive_score(
    log_likelihood: Draws, *, kind: Kind, what: str = "log_likelihood"
) -> PredictiveScore:
    """Score held-out data by a log mean over draws.

    Parameters
    ----------
    log_likelihood : DataArray or array, (chain, draw, observation)
        log p(y_i | draw) of data that the model has not been fitted to, in nats. Minus infinity
        (impossible) is allowed.
    kind : {"joint", "pointwise"}
        No default: scores of different kinds must not be compared.
    what : str
        What to call the draws in messages.

    Returns
    -------
    PredictiveScore

    Raises
    ------
    DataError
        If the shape is another, a value is NaN or plus infinity, or `kind` is unknown.
    """
    if kind not in KINDS:
        raise DataError(f"kind must be 'joint' or 'pointwise', not {kind!r}")
    given = group_draws(log_likelihood, what=what, finite=False)
    if np.isnan(given.values).any() or np.isposinf(given.values).any():
        raise DataError(f"{what} has values that are NaN or +infinity: no density is")
    logs = given.values if kind == "pointwise" else given.values.sum(axis=2, keepdims=True)
    value, relative = _log_mean(logs)
    points = _points(logs, value, relative)
    total = estimate_mean(relative.sum(axis=2, keepdims=True))
    score = float(value.sum())
    mcse = 0.0 if np.ptp(relative) == 0 else float(total.mcse[0])
    reasons = _reasons(points, given, kind, mcse)
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
        _table(points, given) if kind == "pointwise" else None,
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
        As `predictive_score`, or if the models were not given the same number of observations.
    """
    import pandas as pd

    if not log_likelihoods:
        raise DataError("there is no model to score")
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
    """Log mean over draws of every column, and each draw's weight over the mean weight."""
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
    estimate = estimate_mean(relative)
    draws = logs.shape[0] * logs.shape[1]
    constant = np.ptp(relative, axis=(0, 1)) == 0
    flat = logs.reshape(draws, -1)
    k = np.array([pareto_k(column) for column in flat.T])
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
    points: Mapping[str, NDArray[Any]], given: GroupDraws, kind: Kind, mcse: float
) -> tuple[str, ...]:
    bad = ~points["trusted"]
    found: list[str] = []
    if bad.any():
        k, share = points["pareto_k"], points["largest_weight"]
        threshold = points["threshold"][0]
        if not np.isfinite(points["score"]).all():
            found.append("no draw allows the data")
        if np.isnan(k).any():
            found.append("there are too few draws to tell")
        if (k > threshold).any():
            found.append(f"Pareto k-hat is {np.nanmax(k):.2f}, above {threshold:.2f}")
        if share.max() > LARGEST_SHARE:
            found.append(f"one draw carries {share.max():.0%} of the mean")
        if (points["mcse"] > LARGEST_ERROR).any():
            found.append(f"its error is above {LARGEST_ERROR} nats")
        if kind == "pointwise":
            named = [label for label, is_bad in zip(given.labels, bad, strict=True) if is_bad]
            more = f" and {len(named) - 5} more" if len(named) > 5 else ""
            found.append(f"observations {', '.join(named[:5])}{more}")
    elif not np.isfinite(mcse):
        found.append("there are too few draws to tell")
    return tuple(found)


def _table(points: Mapping[str, NDArray[Any]], given: GroupDraws) -> pd.DataFrame:
    import pandas as pd

    columns = {name: values for name, values in points.items() if name != "threshold"}
    return pd.DataFrame(columns, index=pd.Index(given.labels, name=given.dim))
