"""How well a model predicts rows it has not seen: leave-one-out and k-fold, per row.

Log predictive densities, in nats; larger is better. Each row's score is for that row alone,
also where whole groups are left out.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from . import inference_data, predict
from .design import Response
from .errors import AccuracyError, DataError
from .pooling import pooled
from .summaries.pareto import pareto_k_threshold

if TYPE_CHECKING:
    import pandas as pd

    from .model_fit import ModelFit

SHOWN = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """An expected log predictive density and its parts.

    Attributes
    ----------
    elpd : float
        Sum over rows.
    se : float
        Its standard error, from the variation between rows.
    pointwise : DataFrame
        A row per row of the data: elpd, and how it was found.
    """

    elpd: float
    se: float
    pointwise: pd.DataFrame

    def __str__(self) -> str:
        """In one line."""
        return f"{type(self).__name__}: elpd {self.elpd:.1f} (se {self.se:.1f})"


@dataclass(frozen=True)
class Loo(Score):
    """Leave-one-out; pointwise has elpd, pareto_k and refitted.

    Attributes
    ----------
    p : float
        Effective number of parameters.
    """

    p: float


@dataclass(frozen=True)
class KFold(Score):
    """K-fold cross-validation; pointwise has elpd and fold."""


def loo(fit: ModelFit, *, refit: bool) -> Loo:
    """Score every row by the fit to the others; see `ModelFit.loo`."""
    import pandas as pd

    likelihood = fit.log_likelihood()
    scores, k = inference_data.psis_loo(fit.posterior, likelihood)
    draws = likelihood.sizes["chain"] * likelihood.sizes["draw"]
    threshold = pareto_k_threshold(draws)
    bad = ~(k <= threshold)
    rows = fit.model.full_design.data.index
    if bad.any() and not refit:
        named = ", ".join(str(rows[i]) for i in np.flatnonzero(bad)[:SHOWN])
        factor = next((term.factor for term in fit.model.design.groups), None)
        by = "" if factor is None or ":" in factor else f" or fit.kfold(by={factor!r})"
        raise AccuracyError(
            f"leave-one-out by importance sampling cannot be trusted for {bad.sum()} of {len(k)} "
            f"rows (Pareto k-hat up to {np.nanmax(k):.2f}, must be at most {threshold:.2f}): row "
            f"{named}{', ...' if bad.sum() > SHOWN else ''}. Leaving such a row out changes the "
            "posterior too much, as where it has a parameter of its own. Use "
            f"fit.loo(refit=True), which fits again without each of them, fit.kfold(10){by}"
        )
    scores = scores.copy()
    for i in np.flatnonzero(bad):
        scores[i] = _held_out(fit, np.arange(len(k)) == i, seed=fit.seed)[0]
    flat = likelihood.values.reshape(draws, -1)
    full = logsumexp(flat, axis=0) - np.log(draws)
    table = pd.DataFrame({"elpd": scores, "pareto_k": k, "refitted": bad}, index=rows)
    return Loo(float(scores.sum()), _se(scores), table, p=float((full - scores).sum()))


def kfold(fit: ModelFit, k: int, *, by: str | None, seed: int) -> KFold:
    """Score the rows of each part by the fit to the other parts; see `ModelFit.kfold`."""
    import pandas as pd

    data = fit.model.full_design.data
    fold = _folds(data, k, by, seed)
    scores = np.empty(len(fold))
    for part in np.unique(fold):
        scores[fold == part] = _held_out(fit, fold == part, seed=fit.seed)
    table = pd.DataFrame({"elpd": scores, "fold": fold}, index=data.index)
    return KFold(float(scores.sum()), _se(scores), table)


def compare(scores: Mapping[str, Any]) -> pd.DataFrame:
    """Lay the scores of several models for the same rows side by side, the best first.

    Parameters
    ----------
    scores : mapping of name to ModelFit, Loo or KFold
        Of a fit, `ModelFit.loo` is taken.

    Returns
    -------
    DataFrame
        elpd, se, difference to the best, and se_difference: the standard error of that, from the
        rows' differences (Vehtari, Gelman & Gabry 2017, section 5.2).

    Raises
    ------
    DataError
        If the models were not scored in the same way on the same rows.
    AccuracyError
        If a fit's leave-one-out scores cannot be trusted.
    """
    import pandas as pd

    if not scores:
        raise DataError("there is nothing to compare")
    found: dict[str, Score] = {
        name: score if isinstance(score, Score) else score.loo() for name, score in scores.items()
    }
    first = next(iter(found.values()))
    for name, score in found.items():
        if type(score) is not type(first):
            raise DataError(f"{name} was scored by {type(score).__name__}, others by another way")
        if not score.pointwise.index.equals(first.pointwise.index):
            raise DataError(f"{name} was scored on other rows than {next(iter(found))}")
    best = max(found.values(), key=lambda score: score.elpd)
    rows = []
    for name, score in found.items():
        difference = (score.pointwise["elpd"] - best.pointwise["elpd"]).to_numpy()
        rows.append((name, score.elpd, score.se, float(difference.sum()), _se(difference)))
    table = pd.DataFrame(rows, columns=["model", "elpd", "se", "difference", "se_difference"])
    return table.set_index("model").sort_values("elpd", ascending=False)


def _se(scores: Floats) -> float:
    return float(np.sqrt(len(scores) * np.var(scores, ddof=1))) if len(scores) > 1 else float("nan")


def _folds(data: pd.DataFrame, k: int, by: str | None, seed: int) -> NDArray[np.int64]:
    if isinstance(k, bool) or not isinstance(k, int) or k < 2:
        raise DataError(f"kfold needs at least 2 parts, not {k!r}")
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


def _held_out(fit: ModelFit, out: NDArray[np.bool_], *, seed: int) -> Floats:
    """Fit without some rows, and score them; groups that are new are drawn."""
    model = fit.model
    data = model.full_design.data
    response = model.full_design.response
    assert response is not None
    rest = dataclasses.replace(model, data=data[~out], priors=model.fixed_priors)
    options = {k: v for k, v in json.loads(fit.attrs["config"]).items() if k in _REFIT}
    again = rest.sample(
        engine=fit.attrs["engine"], seed=seed, verbose=False, progress=False, **options
    )
    design = pooled(rest.full_design.on(data[out], new_groups="sample"), model.pooling)
    held = Response(
        y=response.y[out],
        name=response.name,
        trials=_part(response.trials, out),
        weights=_part(response.weights, out),
        se=_part(response.se, out),
    )
    likelihood = predict.log_likelihood(
        again.posterior,
        dataclasses.replace(design, response=held),
        model.response_family,
        new_groups="sample",
        seed=seed,
    )
    flat = likelihood.values.reshape(-1, int(out.sum()))
    scored: Floats = logsumexp(flat, axis=0) - np.log(len(flat))
    return scored


def _part(values: NDArray[Any] | None, kept: NDArray[np.bool_]) -> NDArray[Any] | None:
    return None if values is None else values[kept]


_REFIT = ("chains", "warmup", "draws", "adapt_delta", "max_treedepth")
