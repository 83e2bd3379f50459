"""Can these draws be trusted? Every check with its threshold, its source, and advice.

Counts are made here from the draws, not taken from an engine. Thresholds are those that Stan
publishes (CmdStan User's Guide, "diagnose"), where it publishes one.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .convergence import SHORTEST, convergence, flatten

if TYPE_CHECKING:
    import pandas as pd

RHAT = "Vehtari et al. 2021, doi:10.1214/20-BA1221"
BETANCOURT = "Betancourt 2016, arXiv:1604.00695; CmdStan User's Guide, diagnose"
GUIDE = "CmdStan User's Guide, diagnose"
MOST_NAMED = 5


@dataclass(frozen=True)
class Check:
    """One check of a fit.

    Attributes
    ----------
    name : str
    ok : bool
    value : float
        What was found: a count, a share, or the worst statistic.
    threshold : str
        What is acceptable, in words.
    source : str
        Where the threshold comes from.
    where : tuple of str
        Chains or quantities concerned, the worst first.
    advice : str
        What to do; empty when the check is passed.
    """

    name: str
    ok: bool
    value: float
    threshold: str
    source: str
    where: tuple[str, ...] = ()
    advice: str = ""

    def sentence(self) -> str:
        """Say the finding in one line."""
        if not math.isfinite(self.value):
            value = "not available" if math.isnan(self.value) else "infinite"
        else:
            value = f"{self.value:.0f}" if self.value.is_integer() else f"{self.value:.4g}"
        named = ", ".join(self.where[:MOST_NAMED])
        more = len(self.where) - MOST_NAMED
        suffix = f" ({named}{f' and {more} more' if more > 0 else ''})" if named else ""
        return f"{self.name}: {value}, should be {self.threshold}{suffix}"


@dataclass(frozen=True)
class Diagnosis:
    """What the checks of one fit found, the gravest first.

    Attributes
    ----------
    checks : tuple of Check
    chains, draws : int
        Size of the posterior, draws per chain.
    """

    checks: tuple[Check, ...]
    chains: int
    draws: int

    @property
    def ok(self) -> bool:
        """True if every check is passed."""
        return all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that are not passed, the gravest first."""
        return tuple(check for check in self.checks if not check.ok)

    def __getitem__(self, name: str) -> Check:
        """Return a check by its name."""
        return {check.name: check for check in self.checks}[name]

    def line(self) -> str:
        """One line: fine, or the worst finding and what to do about it."""
        size = f"{self.chains} chains x {self.draws} draws"
        if self.ok and len(self.checks) == 1:
            return f"{size}: fine (no parameters, so nothing for a sampler to get wrong)"
        if self.ok:
            return (
                f"{size}: fine (R-hat at most {self['R-hat'].value:.3f}, bulk ESS at least "
                f"{self['bulk ESS'].value:.0f}, no divergences)"
            )
        worst, others = self.failed[0], len(self.failed) - 1
        more = f" [{others} more finding{'s' * (others > 1)}: fit.diagnose()]" if others else ""
        return f"{size}: {worst.sentence()}. {worst.advice}{more}"

    def table(self) -> pd.DataFrame:
        """All checks, a row each."""
        import pandas as pd

        return pd.DataFrame([asdict(check) for check in self.checks]).set_index("name")

    def to_json(self) -> str:
        """All checks as JSON (a value that is not finite as null)."""
        checks = [
            {**asdict(check), "value": check.value if math.isfinite(check.value) else None}
            for check in self.checks
        ]
        return json.dumps(
            {"ok": self.ok, "chains": self.chains, "draws": self.draws, "checks": checks}
        )

    def __str__(self) -> str:
        """All checks as text, with advice under those that are not passed."""
        lines = [f"{self.chains} chains x {self.draws} draws"]
        for check in self.checks:
            lines.append(f"  {'ok     ' if check.ok else 'PROBLEM'}  {check.sentence()}")
            if not check.ok:
                lines.append(f"           {check.advice} [{check.source}]")
        return "\n".join(lines)


def diagnose(
    posterior: xr.Dataset,
    sample_stats: xr.Dataset,
    *,
    max_treedepth: int | None,
    adapt_delta: float,
    has_parameters: bool = True,
) -> Diagnosis:
    """Check draws of NUTS.

    Parameters
    ----------
    posterior, sample_stats : Dataset
        With dimensions chain and draw; sample_stats under ArviZ's names.
    max_treedepth : int, optional
        Limit of the trajectories, if reaching it is a fault; not one that was chosen because
        trajectories are long enough there.
    adapt_delta : float
        As the sampler was run.
    has_parameters : bool
        False for a program that only simulates: then draws need only be finite.

    Returns
    -------
    Diagnosis
    """
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    if not has_parameters:
        return Diagnosis((_finite(posterior),), chains, draws)
    table = convergence(posterior)
    checks: tuple[Check, ...] = (
        _finite(posterior),
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
    """Energy Bayesian fraction of missing information, per chain (Betancourt 2016, eq. 4).

    Parameters
    ----------
    energy : array, (chain, draw)

    Returns
    -------
    array, (chain,)
        NaN for a chain whose energy is constant.
    """
    if energy.shape[1] < 2:
        return np.full(energy.shape[0], np.nan)
    jumps = np.square(np.diff(energy, axis=1)).sum(axis=1)
    spread = np.square(energy - energy.mean(axis=1, keepdims=True)).sum(axis=1)
    missing = np.full(len(spread), np.nan)
    result: NDArray[np.float64] = np.divide(jumps, spread, out=missing, where=spread > 0)
    return result


def _chain_names(concerned: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(f"chain {i}" for i in np.flatnonzero(concerned))


def _finite(posterior: xr.Dataset) -> Check:
    labels, values = flatten(posterior)
    bad = np.atleast_1d(~np.isfinite(values).all(axis=(0, 1))).tolist()
    where = tuple(label for label, is_bad in zip(labels, bad, strict=True) if is_bad)
    return Check(
        "draws not finite",
        not where,
        float((~np.isfinite(values)).sum()),
        "0",
        "ours",
        where,
        "NaN or infinite draws: look for overflow, or a division by zero, in the program's "
        "transformed parameters and generated quantities." * bool(where),
    )


def _stuck(lp: NDArray[np.float64]) -> Check:
    steps = np.diff(lp, axis=1)
    still = (steps == 0).mean(axis=1) if steps.shape[1] else np.zeros(len(lp))
    worst = float(still.max())
    return Check(
        "stuck chain",
        worst <= 0.5,
        worst,
        "at most 0.5 of transitions that do not move",
        "ours: NUTS nearly always moves",
        _chain_names(still > 0.5),
        "A chain that does not move has a step size too large for where it is, or started "
        "where the density is degenerate: try other inits, more warmup, a higher adapt_delta."
        * (worst > 0.5),
    )


def _divergences(diverging: NDArray[np.bool_], adapt_delta: float) -> Check:
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


def _tree_depth(depth: NDArray[np.int64], most: int) -> Check:
    share = float((depth >= most).mean())
    return Check(
        "tree depth",
        share <= 0.05,
        share,
        f"at most 0.05 of transitions at the limit of {most}",
        "PyMC's limit; Stan counts it as a matter of efficiency, not validity",
        _chain_names((depth >= most).mean(axis=1) > 0.05),
        (
            f"Long trajectories were cut off, which is slow but not wrong: scale the predictors, "
            f"reparameterise, or raise max_treedepth to {most + 2}."
        )
        * (share > 0.05),
    )


def _ebfmi(energy: NDArray[np.float64]) -> Check:
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
    known = column.dropna().sort_values(ascending=not largest)
    beyond = known[known > limit] if largest else known[known < limit]
    return (float(known.iloc[0]) if len(known) else math.nan), tuple(map(str, beyond.index))


def _rhat(table: pd.DataFrame, chains: int) -> Check:
    worst, where = _worst(table["r_hat"], largest=True, limit=1.01)
    unknown = math.isnan(worst) and len(table) > 0
    return Check(
        "R-hat",
        not where and not unknown,
        worst,
        "at most 1.01",
        RHAT,
        where,
        (
            "One chain has none to agree with: run chains=4."
            if unknown and chains == 1
            else f"Too few draws to tell whether chains agree: draw at least {SHORTEST} per chain."
            if unknown
            else "Chains do not agree with each other: run longer warmup and more draws, and see "
            "whether quantities are identified (fit.summary())." * bool(where)
        ),
    )


def _ess(table: pd.DataFrame, kind: str, chains: int) -> Check:
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
    return Check(
        "chains",
        chains >= 4,
        float(chains),
        "at least 4",
        RHAT,
        (),
        "With fewer than 4 chains R-hat may miss that they disagree: run chains=4." * (chains < 4),
    )
