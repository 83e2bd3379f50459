"""Checks of draws from NUTS, each with its threshold, the source of the threshold, and advice.

All statistics are computed here from the draws, so that they do not depend on the engine.
Thresholds are Stan's (CmdStan User's Guide, "diagnose") where Stan publishes one.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .cache import StatisticsCache
from .convergence import scalars, statistics_table
from .diagnosis import Check, Diagnosis
from .statistics import SHORTEST

if TYPE_CHECKING:
    import pandas as pd

RHAT = "Vehtari et al. 2021, doi:10.1214/20-BA1221"
BETANCOURT = "Betancourt 2016, arXiv:1604.00695; CmdStan User's Guide, diagnose"
GUIDE = "CmdStan User's Guide, diagnose"

MANY, HIGHEST_OF_MANY = 100, 1.02
"""Number of group effects from which on a few may have an R-hat above 1.01, and the largest."""


def diagnose(
    posterior: xr.Dataset,
    sample_stats: xr.Dataset,
    *,
    max_treedepth: int | None,
    adapt_delta: float,
    has_parameters: bool = True,
) -> Diagnosis:
    """Check draws of NUTS against published thresholds.

    Parameters
    ----------
    posterior, sample_stats : Dataset
        Draws and sampler statistics with dimensions chain and draw; sample_stats has ArviZ's
        names (lp, diverging, energy, tree_depth).
    max_treedepth : int or None
        Limit of the tree depth, for the check that few transitions reach it. None leaves this
        check out: the limit was set low on purpose, because longer trajectories bring nothing.
    adapt_delta : float
        Target acceptance probability of the run, on which the advice on divergences is based.
    has_parameters : bool
        False for a program that only simulates. The only check is then that draws are finite.

    Returns
    -------
    Diagnosis
    """
    return diagnose_with(
        StatisticsCache(),
        posterior,
        sample_stats,
        max_treedepth=max_treedepth,
        adapt_delta=adapt_delta,
        has_parameters=has_parameters,
    )


def diagnose_with(
    cache: StatisticsCache,
    posterior: xr.Dataset,
    sample_stats: xr.Dataset,
    *,
    max_treedepth: int | None,
    adapt_delta: float,
    has_parameters: bool,
) -> Diagnosis:
    """Check draws as `diagnose` does, with the statistics that `cache` has or will have."""
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    labels, variables = scalars(posterior)
    if not has_parameters:
        counts = [(~np.isfinite(values)).sum(axis=(0, 1)) for values in variables.values()]
        return Diagnosis((_finite(labels, np.concatenate([*counts, []])),), chains, draws)
    table = statistics_table(labels, variables, cache=cache)
    checks: tuple[Check, ...] = (
        _finite(labels, table["not_finite"].to_numpy()),
        _stuck(sample_stats["lp"].values),
        _divergences(sample_stats["diverging"].values, adapt_delta),
        _rhat(table, chains),
        _ebfmi(sample_stats["energy"].values),
        _ess(table, "bulk", chains),
        _ess(table, "tail", chains),
        _chains(chains),
    )
    if max_treedepth is not None:
        checks += (_tree_depth(sample_stats["tree_depth"].values, max_treedepth),)
    return Diagnosis(checks, chains, draws)


def ebfmi(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the energy Bayesian fraction of missing information, a value per chain.

    It is the sum of squared changes of the energy from draw to draw over the sum of squared
    deviations from its mean (Betancourt 2016, arXiv:1604.00695, eq. 4).

    Parameters
    ----------
    energy : array, (chain, draw)
        The energy of each draw, ``sample_stats["energy"]``.

    Returns
    -------
    array, (chain,)
        NaN for a chain of fewer than two draws, or whose energy is constant.
    """
    if energy.shape[1] < 2:
        return np.full(energy.shape[0], np.nan)
    arviz: Any = importlib.import_module("arviz")
    with np.errstate(invalid="ignore"):  # 0 / 0 of a constant energy
        return np.asarray(arviz.bfmi(energy), np.float64)


def _chain_names(failing: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(f"chain {i}" for i in np.flatnonzero(failing))


def _finite(labels: Sequence[str], counts: NDArray[np.float64]) -> Check:
    """Check that no draw is NaN or infinite, from the number of such draws of each quantity."""
    where = tuple(label for label, count in zip(labels, counts.tolist(), strict=True) if count > 0)
    return Check(
        "draws not finite",
        not where,
        float(np.nansum(counts)),
        "0",
        "ours",
        where,
        "NaN or infinite draws: look for overflow, or a division by zero, in the program's "
        "transformed parameters and generated quantities." * bool(where),
    )


def _stuck(lp: NDArray[np.float64]) -> Check:
    """Check that in no chain half of the transitions leave the log density, `lp`, unchanged."""
    steps = np.diff(lp, axis=1)
    share_still = (steps == 0).mean(axis=1) if steps.shape[1] else np.zeros(len(lp))
    worst = float(share_still.max())
    return Check(
        "stuck chain",
        worst <= 0.5,
        worst,
        "at most 0.5 of transitions that do not move",
        "ours: NUTS nearly always moves",
        _chain_names(share_still > 0.5),
        "A chain that does not move has a step size too large for where it is, or started "
        "where the density is degenerate: try other inits, more warmup, a higher adapt_delta."
        * (worst > 0.5),
    )


def _divergences(diverging: NDArray[np.bool_], adapt_delta: float) -> Check:
    """Check that there are no divergences; the advised adapt_delta is nearer to 1."""
    per_chain = diverging.sum(axis=1)
    total = int(per_chain.sum())
    higher = 1 - (1 - adapt_delta) / 4
    return Check(
        "divergences",
        total == 0,
        float(total),
        "0",
        GUIDE,
        tuple(f"chain {i}: {n}" for i, n in enumerate(per_chain) if n),
        (
            "The sampler missed a region of high curvature, and estimates may be biased: use a "
            "non-centered or marginal parameterisation, or a tighter prior on group sds; "
            f"adapt_delta={higher:g} (now {adapt_delta:g}) helps when divergences are few."
        )
        * (total > 0),
    )


def _tree_depth(depth: NDArray[np.int64], max_treedepth: int) -> Check:
    """Check that few transitions reach the limit of the tree depth."""
    share = float((depth >= max_treedepth).mean())
    return Check(
        "tree depth",
        share <= 0.05,
        share,
        f"at most 0.05 of transitions at the limit of {max_treedepth}",
        "PyMC's limit; Stan counts it as a matter of efficiency, not validity",
        _chain_names((depth >= max_treedepth).mean(axis=1) > 0.05),
        (
            f"Long trajectories were cut off, which is slow but not wrong: scale the predictors, "
            f"reparameterise, or raise max_treedepth to {max_treedepth + 2}."
        )
        * (share > 0.05),
    )


def _ebfmi(energy: NDArray[np.float64]) -> Check:
    """Check the energy Bayesian fraction of missing information of every chain."""
    per_chain = ebfmi(energy)
    low = per_chain < 0.3
    value = float(np.nanmin(per_chain)) if np.isfinite(per_chain).any() else math.nan
    return Check(
        "E-BFMI",
        not low.any(),
        value,
        "at least 0.3 in every chain",
        BETANCOURT,
        _chain_names(low),
        "The energy changes too little from draw to draw to explore the tails: a funnel or "
        "heavy tails; use a non-centered or marginal parameterisation." * bool(low.any()),
    )


def _worst(column: pd.Series, *, largest: bool, limit: float) -> tuple[float, tuple[str, ...]]:
    """Return the worst value of a column, and the names of the rows beyond the limit.

    The worst value is the largest or the smallest; NaN if the column has no other values.
    """
    ordered = column.dropna().sort_values(ascending=not largest)
    beyond = ordered[ordered > limit] if largest else ordered[ordered < limit]
    return (float(ordered.iloc[0]) if len(ordered) else math.nan), tuple(map(str, beyond.index))


def _rhat(table: pd.DataFrame, chains: int) -> Check:
    """Check the largest R-hat in a table from `convergence`.

    R-hat has a sampling error. Of `MANY` group effects or more, chains that agree have one above
    1.01 now and then: up to 1 in 100 of them may be up to `HIGHEST_OF_MANY`.
    """
    worst, where = _worst(table["r_hat"], largest=True, limit=1.01)
    undefined = math.isnan(worst) and len(table) > 0
    effects = [name for name in map(str, table.index) if name.startswith(("r_", "coef_"))]
    many = len(effects) >= MANY
    if many and set(where) <= set(effects) and len(where) <= len(effects) // 100:
        where = where if worst > HIGHEST_OF_MANY else ()
    return Check(
        "R-hat",
        not where and not undefined,
        worst,
        f"at most 1.01, or {HIGHEST_OF_MANY:g} for 1 in 100 group effects"
        if many
        else "at most 1.01",
        RHAT,
        where,
        (
            "One chain has none to agree with: run chains=4."
            if undefined and chains == 1
            else f"Too few draws to tell whether chains agree: draw at least {SHORTEST} per chain."
            if undefined
            else "Chains do not agree with each other: run longer warmup and more draws, and see "
            "whether quantities are identified (fit.summary())." * bool(where)
        ),
    )


def _ess(table: pd.DataFrame, kind: str, chains: int) -> Check:
    """Check the smallest effective sample size, "bulk" or "tail", in a table of `convergence`."""
    least = 100 * chains
    worst, where = _worst(table[f"ess_{kind}"], largest=False, limit=least)
    what = "means and medians" if kind == "bulk" else "the 5% and 95% quantiles"
    return Check(
        f"{kind} ESS",
        not where and not (math.isnan(worst) and len(table) > 0),
        worst,
        f"at least {least} (100 per chain)",
        RHAT,
        where,
        f"Too few effective draws for {what}: more draws, or a parameterisation that mixes better."
        * (bool(where) or math.isnan(worst)),
    )


def _chains(chains: int) -> Check:
    """Check that there are enough chains for R-hat to show that they disagree."""
    return Check(
        "chains",
        chains >= 4,
        float(chains),
        "at least 4",
        RHAT,
        (),
        "With fewer than 4 chains R-hat may miss that they disagree: run chains=4." * (chains < 4),
    )
