"""Linear predictors, means, responses and log likelihoods of a design's rows, draw by draw.

Internally arrays are (draw, row) and computed in chunks of draws; results are (chain, draw, row).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS, Floats
from ..design.design import Design, GroupDesign
from ..errors import DataError, OptionError
from ..family.families import Auxiliaries, Family, Rows
from ..naming.names import name_of
from ..naming.variables import effects_of, scale_factor
from ..priors.unpooled import UnpooledPriors
from .posterior import Posterior

Kind = Literal["mean", "response", "linpred"]
NewGroups = Literal["sample", "population", "error"]
KINDS = ("mean", "response", "linpred")
NEW_GROUPS = ("sample", "population", "error")
CHUNK = 4_000_000
"""Number of values (draws x rows) in memory at a time, besides the result."""


def check_options(kind: object, new_groups: object) -> None:
    """Raise `OptionError` for a `kind` or `new_groups` that `predict` does not have."""
    if kind not in KINDS:
        raise OptionError(f"kind must be 'mean', 'response' or 'linpred', not {kind!r}")
    if new_groups not in NEW_GROUPS:
        raise OptionError(
            f"new_groups must be 'sample' (draw the new group from the population), 'population' "
            f"(the population's mean) or 'error', not {new_groups!r}"
        )


def predict(
    posterior: Posterior,
    design: Design,
    *,
    kind: Kind,
    new_groups: NewGroups,
    seed: int | None = None,
) -> xr.DataArray:
    """Predict the rows of a design, once for each posterior draw.

    Parameters
    ----------
    posterior : Posterior
    design : Design
        The rows to predict, in the columns of ``posterior.prepared.design``.
    kind : {"mean", "response", "linpred"}
        The expected response (with trials, the expected count), a draw of the response, or the
        linear predictor on the scale of the link.
    new_groups : {"sample", "population", "error"}
        "sample": effects of unseen groups are drawn from the population distribution, and the
        same label always gets the same draws; without pooling, coefficients are drawn from their
        prior. "population": effects of unseen groups are 0. "error" is for designs without unseen
        groups.
    seed : int, optional
        Seed of new groups and responses; the posterior's if not given.

    Returns
    -------
    DataArray, (chain, draw, row)
        The coordinate row has the index of the design's data.

    Raises
    ------
    DataError
        If responses are to be drawn, but the design has no standard errors and the posterior no
        residual standard deviation.
    OptionError
        If the posterior has no population from which to draw an unseen group.
    """
    family, seed = posterior.prepared.family, posterior.seed if seed is None else seed
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    rows = Rows(design.trials, design.se)

    def of_rows(eta: Floats, aux: Auxiliaries) -> NDArray[Any]:
        if kind == "linpred":
            return eta
        if kind == "mean":
            return family.mean(eta, aux, rows)
        if not set(family.auxiliaries) <= set(aux) and rows.se is None:
            raise DataError(
                f"newdata lacks the standard errors se({design.formula.se}), without which no "
                "response can be drawn; kind='mean' needs none"
            )
        return family.sample(rng, eta, aux, rows)

    dtype = np.int64 if kind == "response" and family.discrete else np.float64
    return _by_rows(posterior, design, of_rows, new_groups, seed, dtype)


def log_likelihood(
    posterior: Posterior, design: Design, *, new_groups: NewGroups = "error"
) -> xr.DataArray:
    """Compute the log likelihood of every row of a design, times the row's weight.

    Returns
    -------
    DataArray, (chain, draw, row)
    """
    response, family = design.response, posterior.prepared.family
    assert response is not None
    rows = Rows(response.trials, response.se)
    weights = 1.0 if response.weights is None else response.weights

    def of_rows(eta: Floats, aux: Auxiliaries) -> NDArray[Any]:
        return weights * family.log_likelihood(response.y, eta, aux, rows)

    return _by_rows(posterior, design, of_rows, new_groups, posterior.seed, np.float64)


def _by_rows(
    posterior: Posterior,
    design: Design,
    function: Callable[[Floats, Auxiliaries], NDArray[Any]],
    new_groups: NewGroups,
    seed: int,
    dtype: type,
) -> xr.DataArray:
    """Apply a function of linear predictor and auxiliary parameters to all draws and rows.

    `function` takes the linear predictor, (draw, row), and the auxiliary parameters of the same
    draws, and returns an array (draw, row).
    """
    draws, family = posterior.draws, posterior.prepared.family
    unpooled, effects = posterior.prepared.unpooled, posterior.effects
    n, chains, per_chain = len(design.offset), draws.sizes["chain"], draws.sizes["draw"]
    values: NDArray[Any] = np.empty((chains * per_chain, n), dtype=dtype)
    if effects is None:
        chunks = linear_predictor(
            draws, design, new_groups=new_groups, seed=seed, unpooled=unpooled
        )
        for part, eta in chunks:
            values[part] = function(eta, _auxiliaries(draws, family, part))
    else:
        for rows, with_effects, block in effects.blocks(design):
            for part, eta in linear_predictor(
                with_effects, block, new_groups=new_groups, seed=seed
            ):
                values[part, rows] = eta
        for part in _chunks(chains * per_chain, n):
            values[part] = function(values[part], _auxiliaries(draws, family, part))
    coords = {dim: draws[dim].values for dim in SAMPLE_DIMS}
    return xr.DataArray(
        values.reshape(chains, per_chain, n),
        dims=(*SAMPLE_DIMS, "row"),
        coords={**coords, "row": design.data.index.to_numpy()},
    )


def _auxiliaries(posterior: xr.Dataset, family: Family, part: slice) -> Auxiliaries:
    """Return the family's auxiliary parameters for some draws, each (draw, 1)."""
    names = [name for name in family.auxiliaries if name in posterior]
    return {name: posterior[name].values.reshape(-1, 1)[part] for name in names}


def _chunks(total: int, rows: int) -> list[slice]:
    """Split the draws into chunks of at most `CHUNK` numbers."""
    step = max(1, CHUNK // max(1, rows))
    return [slice(start, min(start + step, total)) for start in range(0, total, step)]


def linear_predictor(
    posterior: xr.Dataset,
    design: Design,
    *,
    new_groups: NewGroups = "error",
    seed: int = 0,
    unpooled: UnpooledPriors | None = None,
) -> Iterator[tuple[slice, Floats]]:
    """Compute the linear predictor in chunks of draws.

    Yields
    ------
    part : slice
        The draws of the chunk, counted over all chains.
    eta : array, (draw, row)
    """
    total = posterior.sizes["chain"] * posterior.sizes["draw"]
    beta = _flat(posterior["beta"].values) if "beta" in posterior else np.empty((total, 0))
    slopes = beta[:, int(design.intercept) :]
    effects = all_effects(posterior, design, slopes, unpooled, new_groups=new_groups, seed=seed)
    n = len(design.offset)
    for part in _chunks(total, n):
        coefficients = beta[part]
        eta = np.broadcast_to(design.offset, (coefficients.shape[0], n)).copy()
        if design.intercept:
            eta += coefficients[:, :1]
        if design.X.shape[1]:
            eta += coefficients[:, int(design.intercept) :] @ design.X.T
        for term in design.groups:
            of_term = effects[term.label]
            for k in range(len(term.coefficients)):
                eta += of_term[part, :, k][:, term.codes] * term.Z[:, k]
        yield part, eta


def _flat(values: NDArray[Any]) -> Floats:
    """Merge chain and draw: (chain, draw, column) to (chain * draw, column)."""
    return np.asarray(values, dtype=np.float64).reshape(-1, values.shape[-1])


def all_effects(
    posterior: xr.Dataset,
    design: Design,
    slopes: Floats,
    unpooled: UnpooledPriors | None,
    *,
    new_groups: NewGroups,
    seed: int,
) -> dict[str, Floats]:
    """Collect the effects of each group term, and draw those of new groups.

    New groups come after the groups of the fit, in reverse order: their codes in a design are -1,
    -2, ..., which NumPy counts from the end.

    Parameters
    ----------
    posterior : Dataset
    design : Design
    slopes : array, (draw, column)
        Population-level slopes; used without pooling only.
    unpooled : UnpooledPriors, optional
        Priors of the groups' coefficients, without pooling.
    new_groups : {"sample", "population", "error"}
    seed : int

    Returns
    -------
    dict of term label to array, (draw, group, coefficient)

    Raises
    ------
    OptionError
        For a new group without pooling, unless `new_groups` is "sample".
    """
    new: dict[str, Floats] = {}
    for term in design.groups:
        shape = (len(slopes), len(term.new_levels), len(term.coefficients))
        if name_of("sd", term) in posterior and new_groups == "population":
            new[term.label] = np.zeros(shape)
        elif name_of("sd", term) in posterior:
            factor = scale_factor(posterior, term)
            new[term.label] = np.einsum("sij,sgj->sgi", factor, _standard(seed, term, shape))
        elif term.new_levels and (unpooled is None or new_groups == "population"):
            raise OptionError(
                f"without pooling there is no population of {term.factor}, so nothing is known of "
                f"{term.new_levels[0]!r}: new_groups='sample' draws its coefficients from their "
                "prior; pooling='partial' learns from the other groups"
            )
        elif unpooled is not None:
            drawn = unpooled.scales[term.label] * _standard(seed, term, shape)
            new[term.label] = unpooled.locations[term.label] + drawn
    if unpooled is not None and unpooled.locations:
        new = unpooled.at_zero(new, slopes)
    effects: dict[str, Floats] = {}
    for term in design.groups:
        of_term = effects_of(posterior, term)
        of_term = of_term.reshape(of_term.shape[0] * of_term.shape[1], *of_term.shape[2:])
        added = new.get(term.label)
        if added is not None and term.new_levels:
            of_term = np.concatenate([of_term, added[:, ::-1]], axis=1)
        effects[term.label] = of_term
    return effects


def _standard(seed: int, term: GroupDesign, shape: tuple[int, int, int]) -> Floats:
    """Draw standard normals for the new groups of a term: (draw, group, coefficient)."""
    draws, _, q = shape
    drawn = np.empty(shape)
    for i, level in enumerate(term.new_levels):
        drawn[:, i] = _standard_of_level(seed, term, level, (draws, q))
    return drawn


def _standard_of_level(
    seed: int, term: GroupDesign, level: object, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Draw standard normals for one new group.

    They depend only on the seed, the label of the term and the label of the group.
    """
    text = repr(level) if isinstance(level, str) and _is_number(level) else level  # "7" is not 7
    digest = hashlib.sha256(f"{term.label}\0{text}".encode("utf-8", "surrogatepass")).digest()
    words = np.frombuffer(digest, dtype=np.uint32).tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, *words])).standard_normal(shape)


def _is_number(text: str) -> bool:
    """Whether a text looks like a value of another type: a number, a boolean or None."""
    try:
        float(text)
    except ValueError:
        return text in ("True", "False", "None")
    return True
