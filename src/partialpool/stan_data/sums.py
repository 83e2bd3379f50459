"""What a reduction left, and priors, as data of ``glmm/gaussian_marginal*``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..arrays import Floats
from ..design.design import Design, GroupDesign
from ..family.families import Family
from ..pilot.sd_scale import resolution
from ..priors import distributions as priors
from ..priors.distributions import Code
from ..priors.history import History
from ..priors.table import PriorTable, sd_name, slope_name
from ..reduction import pair_sums as crossed
from ..reduction import sums as reduce
from ..reduction.marginal import Reduced, arranged
from ..reduction.sums import GaussianSums
from ..sampling.warm_start import ModeHint
from .codes import codes, lkj_shape, term_sizes
from .history import joint_data

SPARSE = 30
"""Z'W is given whole where it has at most this many times the entries that are not 0: so much
longer takes one of these in a gradient (measured: 10 to 50, by engine) ..."""
SMALL, LARGE = 10_000, 4_000_000
"""... or is no larger than the first of these, but not where it is larger than the second."""


def stan_data(
    design: Design,
    table: PriorTable,
    found: Reduced,
    centered: Mapping[str, bool] | None = None,
    *,
    family: Family,
    history: History | None = None,
) -> dict[str, Any]:
    """Lay out what the data block of `found.program` declares.

    `centered` says, by label, which further terms are sampled centered: none if not given.
    `history` is a joint prior of the population.
    """
    response = design.response
    assert response is not None
    terms = arranged(design, found.label).groups
    sums = found.sums
    known = response.se is not None
    columns_left = max(1.0, sums.rows - sums.XX.shape[0])
    unit = 1.0 if known else float(np.sqrt(sums.rr / columns_left)) or 1.0
    taus = [priors.code(table[sd_name(term, name)]) for term in terms for name in term.coefficients]
    betas = [priors.code(table[slope_name(name)]) for name in design.coefficients]
    alpha = priors.code(table["Intercept"]) if design.intercept else Code(1, 0.0, 1.0, 1.0)
    sigma = Code(1, 0.0, 1.0, 1.0) if known else priors.code(table["sigma"])
    far = [bool(centered and centered.get(term.label)) for term in terms]
    data: dict[str, Any] = {
        "K": design.X.shape[1],
        "has_intercept": int(design.intercept),
        "P": len(sums.XX),
        "x_mean": found.x_mean,
        "beta_hat": sums.reference,
        "R_inverse": found.R_inverse,
        "rss": sums.rr,
        "rows": sums.rows,
        "known_se": int(known),
        **_sizes(terms, far, several=sums.crossed is not None),
        **codes("alpha", alpha, location=True),
        **codes("beta", betas, location=True),
        **joint_data(history, arranged(design, found.label), family),
        **codes("tau", taus, location=False),
        "prior_cor_eta": [lkj_shape(term, table) for term in terms],
        **codes("sigma", sigma, location=False),
        "y_unit": unit,
    }
    if sums.crossed is not None:
        own = [each for each, term in zip(far, terms, strict=True) for _ in term.coefficients]
        squares = np.concatenate([_squares(sums), _further_squares(sums.crossed, terms[1:])])
        data["tau_unit"] = _tau_unit(squares, unit, taus, np.array(own))
        return data | _group_sums(found) | _pair_sums(found) | {"draw_effects": 0}
    data["prior_cor_eta"] = lkj_shape(terms[0], table)
    data["tau_unit"] = _tau_unit(_squares(sums), unit, taus)
    if found.patterns is not None:
        return data | {
            "B": len(found.patterns.groups),
            "groups": found.patterns.groups.astype(np.float64),
            "ZZ": found.patterns.ZZ,
            "G": found.patterns.G,
        }
    return data | {"J": len(sums.ZZ), **_group_sums(found), "draw_effects": 0}


def mode_hint(data: Mapping[str, Any]) -> ModeHint:
    """Where to look for the mode: the least-squares fit, sds well away from 0.

    Beside sampled terms there may be a funnel, and so no mode that is worth looking for.
    """
    several = "T" in data
    values = {
        "xi": np.zeros(data["P"]),
        "tau_raw": np.full(data["Q"] if several else data["q"], np.arcsinh(2.0)),
        "cpc": np.zeros(data["C"]),
        "sigma_std": np.ones(1 - data["known_se"]),
    }
    if several:
        values["z"] = np.zeros(data["R"])
    return ModeHint(values, smooth=not several)


def _sizes(
    terms: tuple[GroupDesign, ...], centered: list[bool], *, several: bool
) -> dict[str, Any]:
    if not several:
        count = term_sizes(terms)
        return {"q": count["Q"], "correlated": int(terms[0].correlated), "C": count["C"]}
    return {
        "T": len(terms),
        "q": [len(term.coefficients) for term in terms],
        "J": [len(term.levels) for term in terms],
        **term_sizes(terms),
        "R": term_sizes(terms[1:])["R"],
        "correlated": [int(term.correlated) for term in terms],
        "centered": [int(each) for each in centered],
    }


def _group_sums(found: Reduced) -> dict[str, Any]:
    """Lay out sums over the rows of each group, about the fit, with Q in the place of X."""
    sums, whitened = found.sums, found.whitened
    both = np.concatenate([sums.Zr[:, :, None], whitened.ZX], axis=2)
    return {
        "ZZ": sums.ZZ[:, *reduce.lower_pairs(sums.ZZ.shape[1])],
        "ZrQ": both.reshape(len(sums.ZZ), -1),
    }


def _pair_sums(found: Reduced) -> dict[str, Any]:
    """Lay out sums with the columns of sampled terms, the sparse ones row by row."""
    of = found.whitened.crossed
    assert of is not None
    data: dict[str, Any] = {"WrQ": np.concatenate([of.Wr[:, None], of.WX], axis=1)}
    size = of.ZW.shape[0] * of.ZW.shape[1]
    dense = size <= min(LARGE, max(SMALL, SPARSE * of.ZW.nnz))
    data |= {
        "dense": int(dense),
        "ZW": of.ZW.toarray() if dense else np.empty((0, of.ZW.shape[1])),
    }
    below = sparse.tril(of.WW, format="coo")
    twice = np.where(below.row == below.col, 1.0, 2.0)
    none = sparse.coo_array((0, 0))
    for name, matrix, times in (
        ("ZW", none if dense else of.ZW.tocoo(), 1.0),
        ("WW", below, twice),
    ):
        data |= {
            f"n_{name}": matrix.nnz,
            f"{name}_value": matrix.data * times,
            f"{name}_row": matrix.row.astype(np.int64) + 1,
            f"{name}_column": matrix.col.astype(np.int64) + 1,
        }
    return data


def _squares(sums: GaussianSums) -> Floats:
    """Sum of squares of the diagonal of Z'Z, by coefficient."""
    squares: Floats = np.sum(np.diagonal(sums.ZZ, axis1=1, axis2=2) ** 2, axis=0)
    return squares


def _further_squares(sums: crossed.CrossedSums, terms: tuple[GroupDesign, ...]) -> Floats:
    """Sum them of further terms, by term and coefficient."""
    of_effects = sums.WW.diagonal() ** 2
    lengths = [len(term.levels) for term in terms for _ in term.coefficients]
    squares: Floats = np.add.reduceat(of_effects, np.cumsum([0, *lengths[:-1]]))
    return squares


def _tau_unit(
    squares: Floats, sigma: float, taus: list[Code], centered: NDArray[np.bool_] | None = None
) -> Floats:
    """Choose where the scale of each sd turns from linear to logarithmic.

    ModeHint 0 the data tell tau^2 to within sigma^2 sqrt(2 / sum of squares of Z'Z), its sd where
    there is no variation between groups; three times the root of that made the fewest steps on
    the radon and sleep data. A prior with a pole at 0 needs the logarithm from there on; sds of
    centered effects are logarithmic everywhere.
    """
    unit = 3 * sigma * resolution(np.where(squares > 0, squares, 2.0))
    pole = np.array([prior.family == priors.GAMMA and prior.df < 1 for prior in taus])
    return np.where(pole if centered is None else pole & ~centered, 1e-6 * unit, unit)
