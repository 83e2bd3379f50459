"""Leave-one-out and k-fold cross-validation: how well a model predicts rows it has not seen.

Scores are log predictive densities in nats; larger is better. `loo` and `kfold` score each row by
itself, even if whole groups are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import logsumexp

from ..arrays import Floats
from ..design.design import Design
from ..design.pooling import split
from ..errors import AccuracyError, DataError
from ..sampling import inference_data
from ..stan_data.prepare import Prepared
from ..summaries.pareto import pareto_k_threshold
from . import predict
from .posterior import Posterior
from .refit import Sampler, fit_again

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5
"""Number of rows or groups that a message lists."""


@dataclass(frozen=True, repr=False)
class Score:
    """The expected log predictive density (elpd) of a model, and the contribution of each row.

    Attributes
    ----------
    elpd : float
        Sum over rows.
    se : float
        Standard error of elpd, from the variation between rows.
    pointwise : DataFrame
        A row for each row of the data, with its elpd and how it was computed.
    response : str
        The predicted response, as in the formula. Scores of different responses, such as y and
        log(y), cannot be compared.
    problems : tuple of str
        Problems that the diagnosis found in refitted models, a line for each model.
    """

    elpd: float
    se: float
    pointwise: pd.DataFrame
    response: str
    problems: tuple[str, ...]

    def __str__(self) -> str:
        """Show elpd and its standard error in one line."""
        problems = f"; sampling problems in {len(self.problems)} refits: see problems"
        return (
            f"{type(self).__name__}: elpd {self.elpd:.1f} (se {self.se:.1f})"
            f"{problems if self.problems else ''}"
        )

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Loo(Score):
    """Leave-one-out cross-validation; `pointwise` has columns elpd, pareto_k and refitted.

    Attributes
    ----------
    p : float
        Effective number of parameters.
    """

    p: float


@dataclass(frozen=True, repr=False)
class GroupLoo(Loo):
    """Leave-one-group-out cross-validation; `pointwise` has a row for each group."""


@dataclass(frozen=True, repr=False)
class KFold(Score):
    """K-fold cross-validation; `pointwise` has columns elpd and fold."""


def loo(posterior: Posterior, sampler: Sampler, *, named: xr.Dataset, refit: bool) -> Loo:
    """Score every row by the fit to the other rows; see `ModelFit.loo`.

    Parameters
    ----------
    posterior : Posterior
    sampler : Sampler
    named : Dataset
        The draws that the user sees: their effective sample sizes decide how many importance
        weights are smoothed.
    refit : bool
        Whether to fit again without the rows whose weights cannot be trusted.

    Raises
    ------
    AccuracyError
        If the draws come from an approximation, or if Pareto k-hat of a row is too large and
        `refit` is False.
    """
    import pandas as pd

    if sampler.method != "sample":
        raise AccuracyError(
            f"these draws come from {sampler.method}, and importance sampling needs draws from "
            "the posterior: use fit.kfold(10), or loo() of model.sample()"
        )
    design = posterior.prepared.design
    likelihood = predict.log_likelihood(posterior, design)
    scores, k = inference_data.psis_loo(named, likelihood)
    draws = likelihood.sizes["chain"] * likelihood.sizes["draw"]
    bad = ~(k <= pareto_k_threshold(draws))
    rows = design.data.index
    if bad.any() and not refit:
        factor = next((term.factor for term in design.groups), None)
        by = "" if factor is None or ":" in factor else f" or fit.kfold(by={factor!r})"
        raise untrusted(
            k,
            draws,
            rows.tolist(),
            what="row",
            why="as where it has a parameter of its own",
            way=f"fit.loo(refit=True), which fits again without each of them, fit.kfold(10){by}",
        )
    scores = scores.copy()
    problems: list[str] = []
    for i in np.flatnonzero(bad).tolist():
        left_out = np.arange(len(k)) == i
        scores[left_out], lines = _score_without(posterior.prepared, left_out, sampler)
        problems += [f"without row {rows[i]}: {line}" for line in lines]
    flat = likelihood.values.reshape(draws, -1)
    full = logsumexp(flat, axis=0) - np.log(draws)
    table = pd.DataFrame({"elpd": scores, "pareto_k": k, "refitted": bad}, index=rows)
    total, p = float(scores.sum()), float((full - scores).sum())
    return Loo(total, se_of(scores), table, response_of(design), tuple(problems), p=p)


def untrusted(
    k: Floats, draws: int, labels: Sequence[Any], *, what: str, why: str, way: str
) -> AccuracyError:
    """Make the error for rows or groups whose Pareto k-hat is too large.

    Parameters
    ----------
    k : array, (row,) or (group,)
        Pareto k-hat.
    draws : int
        Number of draws, on which the largest allowed k-hat depends.
    labels : sequence
        Labels of the rows or groups.
    what : str
        "row" or "group".
    why : str
        When k-hat is large.
    way : str
        What to call instead.
    """
    limit = pareto_k_threshold(draws)
    bad = np.flatnonzero(~(k <= limit))
    named = ", ".join(str(labels[i]) for i in bad[:SHOWN].tolist())
    return AccuracyError(
        f"leave-one-out by importance sampling cannot be trusted for {len(bad)} of {len(k)} "
        f"{what}s (Pareto k-hat up to {np.nanmax(k):.2f}, must be at most {limit:.2f}): {what} "
        f"{named}{', ...' if len(bad) > SHOWN else ''}. Leaving such a {what} out changes the "
        f"posterior too much, {why}. Use {way}"
    )


def kfold(prepared: Prepared, sampler: Sampler, k: int, *, by: str | None, seed: int) -> KFold:
    """Score the rows of each fold by the fit to the other folds; see `ModelFit.kfold`."""
    import pandas as pd

    data = prepared.design.data
    fold = _folds(data, k, by, seed)
    scores = np.empty(len(fold))
    problems: list[str] = []
    for part in np.unique(fold):
        scores[fold == part], lines = _score_without(prepared, fold == part, sampler)
        problems += [f"without fold {part}: {line}" for line in lines]
    table = pd.DataFrame({"elpd": scores, "fold": fold}, index=data.index)
    response = response_of(prepared.design)
    return KFold(float(scores.sum()), se_of(scores), table, response, tuple(problems))


def response_of(design: Design) -> str:
    """Return the response that a regression predicts, as it is written in the formula."""
    assert design.response is not None
    return design.response.name


def compare(scores: Mapping[str, Any]) -> pd.DataFrame:
    """Compare the cross-validation scores of several models for the same rows.

    Parameters
    ----------
    scores : mapping of name to ModelFit, Loo or KFold
        For a fit, its leave-one-out score is computed (`ModelFit.loo`).

    Returns
    -------
    DataFrame
        A row for each model, the best first, with columns elpd; se; difference, to the best model;
        and se_difference, the standard error of the difference, from the differences of the rows
        (Vehtari, Gelman & Gabry 2017, section 5.2).

    Raises
    ------
    DataError
        If `scores` is not such a mapping, or if the models were not scored in the same way on the
        same rows.
    AccuracyError
        If the leave-one-out scores of a fit cannot be trusted.
    """
    import pandas as pd

    if not isinstance(scores, Mapping) or not scores:
        raise DataError("compare takes a dict of models by name: {'slopes': fit, 'none': other}")
    by_name = {name: _scored(name, score) for name, score in scores.items()}
    origin, first = next(iter(by_name.items()))
    for name, score in by_name.items():
        _check_comparable(name, score, origin, first)
    best = max(by_name.values(), key=lambda score: score.elpd)
    rows = []
    for name, score in by_name.items():
        difference = (score.pointwise["elpd"] - best.pointwise["elpd"]).to_numpy()
        rows.append((name, score.elpd, score.se, float(difference.sum()), se_of(difference)))
    table = pd.DataFrame(rows, columns=["model", "elpd", "se", "difference", "se_difference"])
    return table.set_index("model").sort_values("elpd", ascending=False)


def _scored(name: str, score: object) -> Score:
    """Return a score as it is, and the leave-one-out score of a fit."""
    computed = score.loo() if hasattr(score, "loo") else score
    if not isinstance(computed, Score):
        raise DataError(f"{name} is neither a fit of a Model nor its loo() or kfold(): {score!r}")
    return computed


def _check_comparable(name: str, score: Score, origin: str, first: Score) -> None:
    """Raise `DataError` if two scores are not of the same kind, rows, response and folds."""
    if type(score) is not type(first):
        kinds = f"{type(first).__name__} and {type(score).__name__}"
        raise DataError(f"{origin} and {name} were scored in different ways: {kinds}")
    if not score.pointwise.index.equals(first.pointwise.index):
        raise DataError(f"{origin} and {name} were scored on different rows")
    if score.response != first.response:
        raise DataError(
            f"{origin} predicts {first.response}, {name} {score.response}: scores of different "
            "responses cannot be compared"
        )
    if isinstance(score, KFold) and not score.pointwise["fold"].equals(first.pointwise["fold"]):
        raise DataError(
            f"{origin} and {name} were scored on different folds: "
            "give kfold the same k, by and seed"
        )


def se_of(scores: Floats) -> float:
    """Return the standard error of the sum of independent scores; nan for a single one."""
    return float(np.sqrt(len(scores) * np.var(scores, ddof=1))) if len(scores) > 1 else float("nan")


def _folds(data: pd.DataFrame, k: int, by: str | None, seed: int) -> NDArray[np.int64]:
    """Assign every row to one of k folds at random; rows with the same value of `by` together."""
    if isinstance(k, bool) or not isinstance(k, int) or k < 2:
        raise DataError(f"kfold needs at least 2 folds, not k={k!r}")
    rng = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    if by is None:
        units: NDArray[Any] = np.arange(len(data))
    else:
        if by not in data.columns:
            raise DataError(
                f"kfold: by={by!r} is not a column of the formula; they are {list(data.columns)}"
            )
        units = data.groupby(by, observed=True, sort=True).ngroup().to_numpy(dtype=np.int64)
    count = int(units.max()) + 1
    parts = min(k, count)
    if parts < 2:
        raise DataError(f"kfold: there is only one {by or 'row'} to leave out")
    assigned = np.empty(count, dtype=np.int64)
    assigned[rng.permutation(count)] = np.arange(count) % parts
    folds: NDArray[np.int64] = assigned[units]
    return folds


def _score_without(
    prepared: Prepared, left_out: NDArray[np.bool_], sampler: Sampler
) -> tuple[Floats, list[str]]:
    """Fit the model again without some rows, and score these rows.

    Effects of groups that the remaining rows do not have are drawn from the population.
    """
    remaining, held_out = split(prepared.design, left_out)
    posterior, problems = fit_again(prepared, remaining, sampler)
    likelihood = predict.log_likelihood(posterior, held_out, new_groups="sample")
    flat = likelihood.values.reshape(-1, int(left_out.sum()))
    scores: Floats = logsumexp(flat, axis=0) - np.log(len(flat))
    return scores, problems
