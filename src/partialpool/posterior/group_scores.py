"""Leave-one-group-out cross-validation by importance sampling.

It scores how well a model predicts all rows of a group that it has not seen, without fitting the
model again. If group effects are integrated out, the density of a group's rows depends on the
population parameters only. These change little when one group is left out, so that importance
sampling works. With sampled effects it fails, because a group's effects depend strongly on its rows
(Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84:802).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import logsumexp

from ..arrays import SAMPLE_DIMS, Floats
from ..design.design import Design
from ..design.pooling import split
from ..errors import DataError
from ..naming.names import name_of
from ..reduction.marginal import Reduced, integrated_first
from ..sampling import inference_data
from ..stan_data.prepare import Prepared
from ..summaries.pareto import pareto_k_threshold
from . import group_density, predict
from .effects import population
from .group_density import group_rows
from .posterior import Posterior
from .refit import Sampler, fit_again
from .scores import GroupLoo, response_of, se_of, untrusted


def loo_by_group(posterior: Posterior, sampler: Sampler, by: str, *, refit: bool) -> GroupLoo:
    """Score every group of `by` by the fit to the other groups; see `ModelFit.loo`.

    Raises
    ------
    DataError
        If the effects of `by` were not integrated out.
    AccuracyError
        If Pareto k-hat of a group is too large and `refit` is False.
    """
    import pandas as pd

    prepared, named = posterior.prepared, posterior.draws
    reduced = _reduced(prepared, by)
    design = integrated_first(prepared.design, reduced.label)
    term = design.groups[0]
    likelihood = _log_likelihood(
        named, design, term.codes, len(term.levels), reduced.sums.reference, posterior.seed
    )
    draws, groups = likelihood.shape
    shape = (named.sizes["chain"], named.sizes["draw"], groups)
    of_population = named.drop_vars(name_of("r", term), errors="ignore")
    scores, k = inference_data.psis_loo(
        of_population, xr.DataArray(likelihood.reshape(shape), dims=(*SAMPLE_DIMS, "row"))
    )
    bad = ~(k <= pareto_k_threshold(draws))
    if bad.any() and not refit:
        column = "" if ":" in by else f", or fit.kfold(by={by!r}), which leaves out several at once"
        raise untrusted(
            k,
            draws,
            term.levels,
            what="group",
            why="as happens with few groups, or if the group is unlike the others",
            way=f"fit.loo(by={by!r}, refit=True), which fits again without each of them{column}",
        )
    scores = scores.copy()
    problems: list[str] = []
    for j in np.flatnonzero(bad).tolist():
        left_out = term.codes == j
        scores[j], lines = _score_without(
            prepared, design, left_out, reduced.sums.reference, sampler
        )
        problems += [f"without {by} {term.levels[j]}: {line}" for line in lines]
    full = logsumexp(likelihood, axis=0) - np.log(draws)
    table = pd.DataFrame(
        {"elpd": scores, "pareto_k": k, "refitted": bad},
        index=pd.Index(list(term.levels), name=by),
    )
    total, p = float(scores.sum()), float((full - scores).sum())
    return GroupLoo(total, se_of(scores), table, response_of(design), tuple(problems), p=p)


def _reduced(prepared: Prepared, by: str) -> Reduced:
    """Return the sums of the term whose effects were integrated out; check that `by` is its factor.

    Raises
    ------
    DataError
    """
    reduced = prepared.reduced
    instead = f"fit.kfold(by={by!r}) fits again without parts of its groups"
    if reduced is None:
        raise DataError(
            f"loo(by={by!r}) needs group effects that are integrated out exactly: family "
            f"'gaussian', partial pooling and parameterization 'auto' or 'marginal'. {instead}"
        )
    factors = {term.label: term.factor for term in prepared.design.groups}
    if by != factors[reduced.label]:
        choose = f"; parameterization={{{by!r}: 'marginal'}} integrates out those of {by}"
        raise DataError(
            f"loo(by={by!r}): in this model only the groups of {factors[reduced.label]} can be "
            f"left out one by one, not those of {by}. {instead}{choose if by in factors else ''}"
        )
    if list(factors.values()).count(by) > 1:
        raise DataError(
            f"loo(by={by!r}): {by} has further terms, whose effects are not integrated out: "
            f"write one term such as (1 + x || {by}). {instead}"
        )
    return reduced


def _log_likelihood(
    posterior: xr.Dataset,
    design: Design,
    codes: NDArray[np.int64],
    groups: int,
    reference: Floats,
    seed: int,
) -> Floats:
    """Compute the joint log density of each group's rows, with its effects integrated out.

    It is conditional on the effects of further group terms. Effects of their groups that the fit
    has not seen are drawn from the population.

    Returns
    -------
    array, (draw, group)
    """
    term, *further = design.groups
    no_slopes = np.empty((posterior.sizes["chain"] * posterior.sizes["draw"], 0))
    effects = predict.all_effects(
        posterior,
        dataclasses.replace(design, groups=tuple(further)),
        no_slopes,
        None,
        new_groups="sample",
        seed=seed,
    )
    # New groups have codes -1, -2, ...: number them after the old ones, as their effects are.
    extended = [
        dataclasses.replace(
            other,
            codes=np.where(
                other.codes < 0, other.codes + effects[other.label].shape[1], other.codes
            ),
            levels=(*other.levels, *other.new_levels[::-1]),
        )
        for other in further
    ]
    design = dataclasses.replace(design, groups=(term, *extended))
    sums, rows = group_rows(design, codes, groups, reference)
    draws = population(posterior, term, [effects[other.label] for other in further])
    return group_density.group_log_likelihood(sums, rows, draws)


def _score_without(
    prepared: Prepared,
    design: Design,
    left_out: NDArray[np.bool_],
    reference: Floats,
    sampler: Sampler,
) -> tuple[float, list[str]]:
    """Fit the model again without a group, and score the rows of that group jointly."""
    remaining, held_out = split(design, left_out)
    posterior, problems = fit_again(prepared, remaining, sampler)
    codes = np.zeros(int(left_out.sum()), dtype=np.int64)
    likelihood = _log_likelihood(posterior.draws, held_out, codes, 1, reference, posterior.seed)
    return float(logsumexp(likelihood[:, 0]) - np.log(len(likelihood))), problems
