"""The data of ``glmm/gaussian_marginal*``, from the sums of a reduction and the priors."""

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
from ..reduction import sums as reduction
from ..reduction.marginal import Reduced, columns_of, integrated_first
from ..reduction.sums import GaussianSums
from ..sampling.warm_start import ModeHint
from .codes import codes, lkj_shape, term_sizes
from .eliminated import order_data, sums_data
from .history import joint_data

SPARSE = 30
"""How much longer a gradient takes for an entry of Z'W in sparse form than in dense form (measured:
10 to 50, depending on the engine). Z'W is passed as a dense matrix if it has at most this many
times as many entries as nonzero entries."""
SMALL, LARGE = 10_000, 4_000_000
"""Number of entries of Z'W up to which it is always dense, and above which it is always sparse."""


def stan_data(
    design: Design,
    table: PriorTable,
    reduced: Reduced,
    centered: Mapping[str, bool] | None = None,
    *,
    family: Family,
    history: History | None = None,
) -> dict[str, Any]:
    """Make the data of the program ``reduced.program``.

    Parameters
    ----------
    design : Design
    table : PriorTable
    reduced : Reduced
        The sums to which the rows were reduced.
    centered : mapping of term label to bool, optional
        Which of the further terms are sampled centered; none if not given.
    family : Family
    history : History, optional
        A joint prior of the population parameters.

    Returns
    -------
    dict
        By the names in the program's data block.
    """
    response = design.response
    assert response is not None
    terms = integrated_first(design, reduced.label).groups
    sums = reduced.sums
    known_se = response.se is not None
    degrees_of_freedom = max(1.0, sums.rows - sums.XX.shape[0])
    residual_sd = 1.0 if known_se else float(np.sqrt(sums.rr / degrees_of_freedom)) or 1.0
    taus = [priors.code(table[sd_name(term, name)]) for term in terms for name in term.coefficients]
    betas = [priors.code(table[slope_name(name)]) for name in design.coefficients]
    alpha = priors.code(table["Intercept"]) if design.intercept else Code(1, 0.0, 1.0, 1.0)
    sigma = Code(1, 0.0, 1.0, 1.0) if known_se else priors.code(table["sigma"])
    is_centered = [bool(centered and centered.get(term.label)) for term in terms]
    data: dict[str, Any] = {
        "K": design.X.shape[1],
        "has_intercept": int(design.intercept),
        "P": len(sums.XX),
        "x_mean": reduced.x_mean,
        "beta_hat": sums.reference,
        "R_inverse": reduced.R_inverse,
        "rss": sums.rr,
        "rows": sums.rows,
        "known_se": int(known_se),
        **_sizes(terms, is_centered, several=sums.crossed is not None),
        **codes("alpha", alpha, location=True),
        **codes("beta", betas, location=True),
        **joint_data(history, integrated_first(design, reduced.label), family),
        **codes("tau", taus, location=False),
        "prior_cor_eta": [lkj_shape(term, table) for term in terms],
        **codes("sigma", sigma, location=False),
        "y_unit": residual_sd,
    }
    if sums.crossed is not None:
        by_coefficient = np.repeat(is_centered, [len(term.coefficients) for term in terms])
        squares = np.concatenate([_squares(sums), _further_squares(sums.crossed, terms[1:])])
        data["tau_unit"] = _tau_unit(squares, residual_sd, taus, by_coefficient)
        if reduced.elimination is not None:
            del data["centered"]
            columns, order = [columns_of(term) for term in terms], reduced.elimination
            data |= order_data(columns, order) | sums_data(reduced.whitened, columns, order)
            return data | {"draw_effects": 0}
        return data | _group_sums(reduced) | _pair_sums(reduced) | {"draw_effects": 0}
    data["prior_cor_eta"] = lkj_shape(terms[0], table)
    data["tau_unit"] = _tau_unit(_squares(sums), residual_sd, taus)
    if reduced.patterns is not None:
        return data | {
            "B": len(reduced.patterns.groups),
            "groups": reduced.patterns.groups.astype(np.float64),
            "ZZ": reduced.patterns.ZZ,
            "G": reduced.patterns.G,
        }
    return data | {"J": len(sums.ZZ), **_group_sums(reduced), "draw_effects": 0}


def mode_hint(data: Mapping[str, Any]) -> ModeHint:
    """Return the point from which to search for the mode: the least-squares fit, with large sds.

    It is one of the programs that integrate out the effects of all terms.
    """
    unit = np.atleast_1d(data["tau_unit"])
    values = {
        "xi": np.zeros(data["P"]),
        "tau_raw": np.where(unit > 0, np.arcsinh(2.0), np.log(data["y_unit"])),
        "cpc": np.zeros(data["C"]),
        "sigma_std": np.ones(1 - data["known_se"]),
    }
    return ModeHint(values)


def _sizes(
    terms: tuple[GroupDesign, ...], centered: list[bool], *, several: bool
) -> dict[str, Any]:
    """Return numbers of coefficients, groups, correlations and effects, and the terms' forms."""
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
        "centered": [int(is_centered) for is_centered in centered],
    }


def _group_sums(reduced: Reduced) -> dict[str, Any]:
    """Return the sums over the rows of each group, with Q of X = QR in the place of X."""
    sums, whitened = reduced.sums, reduced.whitened
    both = np.concatenate([sums.Zr[:, :, None], whitened.ZX], axis=2)
    return {
        "ZZ": sums.ZZ[:, *reduction.lower_pairs(sums.ZZ.shape[1])],
        "ZrQ": both.reshape(len(sums.ZZ), -1),
    }


def _pair_sums(reduced: Reduced) -> dict[str, Any]:
    """Return the sums that involve W, the columns of the further terms' effects.

    Z'W is a dense matrix if it is small, else it is a list of nonzero entries, as W'W is.
    """
    pair_sums = reduced.whitened.crossed
    assert pair_sums is not None
    ZW = pair_sums.ZW
    data: dict[str, Any] = {
        "WrQ": np.concatenate([pair_sums.Wr[:, None], pair_sums.WX], axis=1),
    }
    size = ZW.shape[0] * ZW.shape[1]
    dense = size <= min(LARGE, max(SMALL, SPARSE * ZW.nnz))
    data |= {
        "dense": int(dense),
        "ZW": ZW.toarray() if dense else np.empty((0, ZW.shape[1])),
    }
    entries = sparse.csr_array((0, 0)) if dense else ZW
    below = sparse.tril(pair_sums.WW, format="coo")
    twice = np.where(below.row == below.col, 1.0, 2.0)
    return data | {
        "n_ZW": entries.nnz,
        "ZW_value": entries.data,
        "ZW_column": entries.indices.astype(np.int64) + 1,
        "n_start": len(entries.indptr),
        "ZW_start": entries.indptr.astype(np.int64) + 1,
        "n_WW": below.nnz,
        "WW_value": below.data * twice,
        "WW_row": below.row.astype(np.int64) + 1,
        "WW_column": below.col.astype(np.int64) + 1,
    }


def _squares(sums: GaussianSums) -> Floats:
    """Sum the squares of the diagonal of Z'Z over the first term's groups, by coefficient."""
    squares: Floats = np.sum(np.diagonal(sums.ZZ, axis1=1, axis2=2) ** 2, axis=0)
    return squares


def _further_squares(sums: crossed.CrossedSums, terms: tuple[GroupDesign, ...]) -> Floats:
    """Sum the same squares for the further terms, by term and coefficient."""
    by_effect = sums.WW.diagonal() ** 2
    lengths = [len(term.levels) for term in terms for _ in term.coefficients]
    squares: Floats = np.add.reduceat(by_effect, np.cumsum([0, *lengths[:-1]]))
    return squares


def _tau_unit(
    squares: Floats, sigma: float, taus: list[Code], centered: NDArray[np.bool_] | None = None
) -> Floats:
    """Choose the value of each sd tau below which the sampler's scale is linear, not logarithmic.

    If groups do not vary, the data determine tau^2 with standard error sigma^2 sqrt(2 / s), where
    s is the sum of squares of the diagonal of Z'Z. Three times the square root of this standard
    error needed the fewest steps on the radon and sleep data. A unit of 0 stands for the log scale:
    it is taken under gamma priors with a shape other than 1, which are 0 or infinite at tau = 0.
    The sds of centered effects are always on the log scale, in their unit.

    Parameters
    ----------
    squares : array, (coefficient,)
        s of each coefficient.
    sigma : float
        Residual sd of the least-squares fit.
    taus : list of Code
        Priors of the sds.
    centered : array of bool, (coefficient,), optional
    """
    unit = 3 * sigma * resolution(np.where(squares > 0, squares, 2.0))
    rough = np.array([prior.family == priors.GAMMA and prior.df != 1 for prior in taus])
    return np.where(rough if centered is None else rough & ~centered, 0.0, unit)
