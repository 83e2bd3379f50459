"""fixef, ranef, coef and varcorr: posterior summaries as DataFrames."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS, Floats
from ..design.design import Design, GroupDesign
from ..design.group_basis import Basis
from ..diagnostics.cache import StatisticsCache
from ..errors import DataError, nearest
from ..naming.names import name_of
from ..naming.variables import effects_of
from ..summaries.summary_table import summary_with

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.5, 0.95)
"""Probabilities of the quantiles in the tables, if not given."""


def summarise(
    posterior: xr.Dataset,
    names: Sequence[str],
    *,
    quantiles: Sequence[float],
    cache: StatisticsCache | None = None,
) -> pd.DataFrame:
    """Summarise some variables of a posterior, with a row for each scalar.

    As in all functions here, `cache` has the statistics of a fit's draws, or will have them.
    """
    return summary_with(
        cache or StatisticsCache(), posterior, var_names=list(names), quantiles=quantiles
    )


def fixef(
    posterior: xr.Dataset, *, quantiles: Sequence[float], cache: StatisticsCache | None = None
) -> pd.DataFrame:
    """Summarise population coefficients, indexed by coefficient."""
    if "beta" not in posterior:
        raise DataError("this model has no population coefficients")
    table = summarise(posterior, ["beta"], quantiles=quantiles, cache=cache)
    table.index = posterior["coefficient"].to_index().rename("coefficient")
    return table


def ranef(
    posterior: xr.Dataset,
    design: Design,
    *,
    quantiles: Sequence[float],
    cache: StatisticsCache | None = None,
) -> pd.DataFrame:
    """Summarise group effects, indexed by factor, group and coefficient."""
    _need_groups(design)
    if not any(name_of("r", term) in posterior for term in design.groups):
        raise DataError("without pooling no group deviates from a population: use coef()")
    arrays = [
        (term, name_of("r", term), term.coefficients, effects_of(posterior, term))
        for term in design.groups
    ]
    return _stack(arrays, quantiles, cache)


def coef(
    posterior: xr.Dataset,
    design: Design,
    *,
    quantiles: Sequence[float],
    bases: Mapping[str, Basis],
    cache: StatisticsCache | None = None,
) -> pd.DataFrame:
    """Summarise the groups' coefficients (population plus group effect), indexed as `ranef`."""
    _need_groups(design)
    arrays = []
    for term in design.groups:
        basis = bases[term.label]
        values = group_coefficients(posterior, term, basis)
        arrays.append((term, f"coefficients of {term.label}", basis.names, values))
    return _stack(arrays, quantiles, cache)


def group_coefficients(
    posterior: xr.Dataset, term: GroupDesign, basis: Basis
) -> NDArray[np.float64]:
    """Add the population-level coefficients to the effects of each group of a term.

    Returns
    -------
    array, (chain, draw, group, coefficient)
        In the columns of `basis`.
    """
    effects = basis.of_effects(effects_of(posterior, term)).copy()
    if "beta" not in posterior:
        return effects
    beta = posterior["beta"].transpose("coefficient", *SAMPLE_DIMS)
    by_name = dict(zip(beta["coefficient"].values.tolist(), beta.values[..., None], strict=True))
    for k, part in enumerate(basis.of_population(by_name)):
        effects[..., k] += part
    return effects


def varcorr(
    posterior: xr.Dataset,
    design: Design,
    *,
    quantiles: Sequence[float],
    cache: StatisticsCache | None = None,
) -> pd.DataFrame:
    """Summarise standard deviations and correlations, indexed by factor, kind and coefficient."""
    import pandas as pd

    parts: list[pd.DataFrame] = []
    keys: list[tuple[str, str, str]] = []
    for term in design.groups:
        for kind, inner in (("sd", "coefficient"), ("cor", "pair")):
            name = name_of(kind, term)
            if name in posterior:
                parts.append(summarise(posterior, [name], quantiles=quantiles, cache=cache))
                labels = posterior[name_of(inner, term)].values.tolist()
                keys += [(term.label, kind, str(label)) for label in labels]
    if "sigma" in posterior:
        parts.append(summarise(posterior, ["sigma"], quantiles=quantiles, cache=cache))
        keys.append(("Residual", "sd", ""))
    if not parts:
        raise DataError("this model has no standard deviations")
    table = pd.concat(parts)
    table.index = pd.MultiIndex.from_tuples(keys, names=["factor", "kind", "coefficient"])
    return table


def term_of(design: Design, label: str | None) -> GroupDesign:
    """Return the group term of a label, or the first one for None; `DataError` if there is none."""
    _need_groups(design)
    match = next((term for term in design.groups if label in (None, term.label)), None)
    if match is None:
        labels = ", ".join(term.label for term in design.groups)
        raise DataError(f"there is no group term {label!r}; there are {labels}")
    return match


def codes_of(term: GroupDesign, groups: Sequence[Hashable]) -> list[int]:
    """Return the codes of groups by their labels; `DataError` for a group not in the fit."""
    if isinstance(groups, str):
        raise DataError(f"groups must be a list of labels of {term.factor}, not {groups!r}")
    places = {level: code for code, level in enumerate(term.levels)}
    unknown = [group for group in groups if group not in places]
    if unknown:
        near = nearest(unknown[0], places)
        hint = f"; did you mean {near!r}?" if near else ""
        raise DataError(f"the fit has no {term.factor} {unknown[0]!r}{hint}")
    return [places[group] for group in groups]


def moments(term: GroupDesign, names: Sequence[str], mean: Floats, sd: Floats) -> pd.DataFrame:
    """Make a table of means and sds, (group, coefficient), with the index of `ranef` and `coef`."""
    import pandas as pd

    keys = [(term.label, group, name) for group in term.levels for name in names]
    index = pd.MultiIndex.from_tuples(keys, names=["factor", "group", "coefficient"])
    return pd.DataFrame({"mean": mean.ravel(), "sd": sd.ravel()}, index=index)


_DIMS = (*SAMPLE_DIMS, "group", "inner")


def _need_groups(design: Design) -> None:
    """Raise `DataError` if the model has no group terms."""
    if not design.groups:
        raise DataError("this model has no group terms")


def _stack(
    arrays: Sequence[tuple[GroupDesign, str, Sequence[str], NDArray[np.float64]]],
    quantiles: Sequence[float],
    cache: StatisticsCache | None,
) -> pd.DataFrame:
    """Summarise the effects of several terms.

    Parameters
    ----------
    arrays : sequence of (term, name, coefficients, values)
        The name is that of the statistics in the cache; values are (chain, draw, group,
        coefficient).
    quantiles : sequence of float
    cache : StatisticsCache or None
    """
    import pandas as pd

    parts, keys = [], []
    for term, name, coefficients, values in arrays:
        draws = xr.Dataset({name: (_DIMS, values)})
        parts.append(summarise(draws, [name], quantiles=quantiles, cache=cache))
        keys += [
            (term.label, group, coefficient)
            for group in term.levels
            for coefficient in coefficients
        ]
    table = pd.concat(parts)
    table.index = pd.MultiIndex.from_tuples(keys, names=["factor", "group", "coefficient"])
    return table
