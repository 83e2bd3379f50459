"""How well a model predicts a whole group that it has not seen, without fitting it again.

Where the effects of a group are integrated out, its rows depend on the population alone, and so
few draws say what the population would be without them: importance sampling works where it
fails for effects that are sampled (Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84:802).
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
from ..reduction.marginal import Reduced, arranged
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
    """Score every group by the fit to the other groups; see `ModelFit.loo`."""
    import pandas as pd

    prepared, named = posterior.prepared, posterior.draws
    reduced = _reduced(prepared, by)
    design = arranged(prepared.design, reduced.label)
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
            why="as where there are few groups or it is unlike the others",
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
    reduced = prepared.reduced
    instead = f"fit.kfold(by={by!r}) fits again without parts of its groups"
    if reduced is None:
        raise DataError(
            f"loo(by={by!r}) needs group effects that are integrated out exactly: family "
            f"'gaussian', partial pooling and parameterization 'auto' or 'marginal'. {instead}"
        )
    factors = {term.label: term.factor for term in prepared.design.groups}
    if by != factors[reduced.label]:
        other = f", parameterization={{{by!r}: 'marginal'}} integrates out those of {by}"
        raise DataError(
            f"loo(by={by!r}): the effects integrated out are of {factors[reduced.label]}. "
            f"{instead}{other if by in factors else ''}"
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
    """Log density of each group's rows given population and further terms: (draw, group).

    Effects of further terms' groups that the fit has not seen are drawn from their population.
    """
    term, *further = design.groups
    draws = np.empty((posterior.sizes["chain"] * posterior.sizes["draw"], 0))
    effects = predict.all_effects(
        posterior,
        dataclasses.replace(design, groups=tuple(further)),
        draws,
        None,
        new_groups="sample",
        seed=seed,
    )
    whole = [
        dataclasses.replace(
            each,
            codes=np.where(each.codes < 0, each.codes + effects[each.label].shape[1], each.codes),
            levels=(*each.levels, *each.new_levels[::-1]),
        )
        for each in further
    ]
    design = dataclasses.replace(design, groups=(term, *whole))
    sums, own = group_rows(design, codes, groups, reference)
    of = population(posterior, term, [effects[each.label] for each in further])
    return group_density.group_log_likelihood(sums, own, of)


def _score_without(
    prepared: Prepared,
    design: Design,
    left_out: NDArray[np.bool_],
    reference: Floats,
    sampler: Sampler,
) -> tuple[float, list[str]]:
    """Fit without a group, and score its rows together."""
    rest, held_out = split(design, left_out)
    posterior, problems = fit_again(prepared, rest, sampler)
    codes = np.zeros(int(left_out.sum()), dtype=np.int64)
    likelihood = _log_likelihood(posterior.draws, held_out, codes, 1, reference, posterior.seed)
    return float(logsumexp(likelihood[:, 0]) - np.log(len(likelihood))), problems
