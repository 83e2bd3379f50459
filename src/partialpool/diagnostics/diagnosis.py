"""The results of the checks of a fit, as text, as a table and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_NAMED = 5
"""Number of chains or quantities that `Check.sentence` names."""


@dataclass(frozen=True)
class Check:
    """The result of one check of a fit.

    Attributes
    ----------
    name : str
        Name of the check, such as R-hat.
    ok : bool
        True if the check is passed.
    value : float
        The checked statistic: a count, a share, or the worst value over chains or quantities.
    threshold : str
        The acceptable values, in words.
    source : str
        Where the threshold comes from.
    where : tuple of str
        The chains or quantities that fail the check; quantities with the worst first.
    advice : str
        What to do; empty if the check is passed.
    """

    name: str
    ok: bool
    value: float
    threshold: str
    source: str
    where: tuple[str, ...] = ()
    advice: str = ""

    def sentence(self) -> str:
        """Return the result in one line of text."""
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
    """The results of all checks of one fit.

    Attributes
    ----------
    checks : tuple of Check
        In the order of their importance, the most important first.
    chains : int
        Number of chains.
    draws : int
        Number of draws per chain.
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
        """The checks that are not passed, the most important first."""
        return tuple(check for check in self.checks if not check.ok)

    def __getitem__(self, name: str) -> Check:
        """Return a check by its name."""
        return {check.name: check for check in self.checks}[name]

    def line(self) -> str:
        """Return the diagnosis in one line: fine, or the most important failure with advice."""
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
        """Return all checks as a DataFrame, a row per check, indexed by name."""
        import pandas as pd

        return pd.DataFrame([asdict(check) for check in self.checks]).set_index("name")

    def to_json(self) -> str:
        """Return all checks as JSON text; a value that is not finite becomes null."""
        checks = [
            {**asdict(check), "value": check.value if math.isfinite(check.value) else None}
            for check in self.checks
        ]
        return json.dumps(
            {"ok": self.ok, "chains": self.chains, "draws": self.draws, "checks": checks}
        )

    def __str__(self) -> str:
        """Return all checks as text, with advice below those that are not passed."""
        lines = [f"{self.chains} chains x {self.draws} draws"]
        for check in self.checks:
            lines.append(f"  {'ok     ' if check.ok else 'PROBLEM'}  {check.sentence()}")
            if not check.ok:
                lines.append(f"           {check.advice} [{check.source}]")
        return "\n".join(lines)
