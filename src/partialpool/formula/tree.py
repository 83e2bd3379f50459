"""The parts of a formula: response, fixed part, offsets and group terms. No data are read."""

from __future__ import annotations

from dataclasses import dataclass

from .tokens import names, scan


@dataclass(frozen=True)
class GroupTerm:
    """A group term `(effects | factor)`: coefficients that vary by group.

    Attributes
    ----------
    effects : str
        A sum of terms with its intercept written out: "1 + floor", "0 + x".
    factors : tuple of str
        Columns whose combinations of levels are the groups: ("county",), ("school", "class").
    correlated : bool
        False where `||` was written.
    """

    effects: str
    factors: tuple[str, ...]
    correlated: bool = True

    @property
    def factor(self) -> str:
        """Name of the grouping factor, "county" or "school:class"."""
        return ":".join(self.factors)

    def __str__(self) -> str:
        """Write the term as in a formula."""
        quoted = ":".join(_quoted(name) for name in self.factors)
        return f"({self.effects} {'|' if self.correlated else '||'} {quoted})"


@dataclass(frozen=True)
class Formula:
    """The parts of a formula.

    Attributes
    ----------
    text : str
        The formula as the user wrote it.
    response : str
        Expression left of `~`: "log(y)", "hits".
    trials, weights, se : str or None
        Expressions inside `trials()`, `weights()`, `se()`.
    fixed : str
        The right side without group terms and offsets, its intercept written out.
    offsets : tuple of str
        Expressions inside `offset()`; they are added up.
    groups : tuple of GroupTerm
    """

    text: str
    response: str
    trials: str | None
    weights: str | None
    se: str | None
    fixed: str
    offsets: tuple[str, ...]
    groups: tuple[GroupTerm, ...]

    @property
    def response_variables(self) -> tuple[str, ...]:
        """Columns that the response names, without trials(), weights() and se()."""
        return names_in(self.response)

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that the formula names, in order of their first appearance."""
        parts = (self.response, self.trials, self.weights, self.se)
        return tuple(dict.fromkeys([*names_in(*parts), *self.predictors, *self.factors]))

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns that the fixed part, offsets and effects of group terms name."""
        return names_in(*self.terms, *self.offsets)

    @property
    def terms(self) -> tuple[str, ...]:
        """The sums of terms: the fixed part, and the effects of each group term."""
        return (self.fixed, *(term.effects for term in self.groups))

    @property
    def factors(self) -> tuple[str, ...]:
        """Columns of the grouping factors."""
        return tuple(dict.fromkeys(name for term in self.groups for name in term.factors))

    def __str__(self) -> str:
        """Return the formula as written."""
        return self.text


def names_in(*texts: str | None) -> tuple[str, ...]:
    """List the columns that expressions or sums of terms name; None is skipped."""
    columns = (name for text in texts if text for name in names(scan(text)))
    return tuple(dict.fromkeys(columns))


def _quoted(name: str) -> str:
    plain = name.replace(".", "_").isidentifier() and names_in(name) == (name,)
    return name if plain else f"`{name}`"
