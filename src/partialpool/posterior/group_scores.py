"""Leave-one-group-out cross-validation by importance sampling.

It scores how well a model predicts all rows of a group that it has not seen, without fitting the
model again. If group effects are integrated out, the density of a group's rows depends on the
population parameters only. These change little when one group is left out, so that importance
sampling works. With sampled effects it fails, because a group's effects depend strongly on its rows
(Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84:802).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import logsumexp

from ..arrays import SAMPLE_DIMS, Floats
from ..design.design import Design, GroupDesign
from ..design.pooling import split
from ..errors import DataError
from ..naming.names import name_of
from ..reduction.marginal import integrated_first
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

    prepared, (label, reference) = posterior.prepared, _left_out(posterior.prepared, by)
    design = integrated_first(prepared.design, label)
    term = design.groups[0]
    named = _with_effects(posterior, design.groups[1:])
    likelihood = _log_likelihood(
        named, design, term.codes, len(term.levels), reference, posterior.seed
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
        scores[j], lines = _score_without(prepared, design, left_out, reference, sampler)
        problems += [f"without {by} {term.levels[j]}: {line}" for line in lines]
    full = logsumexp(likelihood, axis=0) - np.log(draws)
    table = pd.DataFrame(
        {"elpd": scores, "pareto_k": k, "refitted": bad},
        index=pd.Index(list(term.levels), name=by),
    )
    total, p = float(scores.sum()), float((full - scores).sum())
    return GroupLoo(total, se_of(scores), table, response_of(design), tuple(problems), p=p)


def _left_out(prepared: Prepared, by: str) -> tuple[str, Floats]:
    """Return the label of the term of factor `by`, and the reference fit; check that it is one.

    Raises
    ------
    DataError
    """
    reduced = prepared.reduced
    instead = f"fit.kfold(by={by!r}) fits again without parts of its groups"
    if reduced is None:
        raise DataError(
            f"loo(by={by!r}) needs a model whose group effects are integrated out exactly: family "
            f"'gaussian', partial pooling and parameterization 'auto' or 'marginal'. {instead}"
        )
    labels = [term.label for term in prepared.design.groups if term.factor == by]
    if not labels:
        factors = sorted({term.factor for term in prepared.design.groups})
        raise DataError(
            f"loo(by={by!r}): the group terms of this model are by {', '.join(factors)}, not by "
            f"{by}. {instead}"
        )
    if len(labels) > 1:
        raise DataError(
            f"loo(by={by!r}): {by} has {len(labels)} terms, and the effects of one are integrated "
            f"out of its groups' scores: write one term such as (1 + x || {by}). {instead}"
        )
    return labels[0], reduced.sums.reference


def _with_effects(posterior: Posterior, terms: Sequence[GroupDesign]) -> xr.Dataset:
    """Return the draws with the effects of all these terms, drawn if they are not stored."""
    unstored = posterior.effects
    if unstored is None or unstored.term.label not in [term.label for term in terms]:
        return posterior.draws
    effects = unstored.draw()
    return posterior.draws.assign({str(effects.name): effects})


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
    named = _with_effects(posterior, design.groups[1:])
    likelihood = _log_likelihood(named, held_out, codes, 1, reference, posterior.seed)
    return float(logsumexp(likelihood[:, 0]) - np.log(len(likelihood))), problems
