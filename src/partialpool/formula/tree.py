"""Model formulas in lme4's syntax, taken apart: response, fixed part, offsets, group terms.

>>> f = parse("log(radon) ~ floor + (1 + floor | county)")
>>> f.fixed, f.groups[0].effects, f.groups[0].factor
('1 + floor', '1 + floor', 'county')

Nothing here looks at data: `design.build` does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GroupTerm:
    """Coefficients that vary by group: `(effects | factor)`.

    Attributes
    ----------
    effects : str
        Right side of a formula, its intercept written out: "1 + floor", "0 + x".
    factors : tuple of str
        Columns whose combinations are the groups: ("county",), or ("school", "class").
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
    """A formula, taken apart.

    Attributes
    ----------
    text : str
        As written.
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
        """Columns that the response alone names."""
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
        """Columns that make the groups."""
        return tuple(dict.fromkeys(name for term in self.groups for name in term.factors))

    def __str__(self) -> str:
        """Give the formula as written."""
        return self.text


def parse(text: str) -> Formula:
    """Take a formula apart.

    Parameters
    ----------
    text : str
        ``response ~ term + term + ...``, see below.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        Says what cannot be read and points at the place.

    Notes
    -----
    The response is a column or an expression: ``y``, ``log(y)``, ``(answer == "yes")``. It may be
    followed by ``| trials(n)``, ``| weights(w)``, ``| se(s)``, or a sum of these.

    A term is

    - a column: a number, or categories of which the first is the reference. A pandas Categorical
      keeps its order; other text is sorted, with numbers in it by size. A name with other
      characters is put in backquotes. A word is a function only where it is called.
    - ``a:b``, an interaction; ``a*b`` for ``a + b + a:b``; ``a/b`` for ``a + a:b``;
      ``(a + b + c)**2`` for all pairs; ``a*b - a`` leaves a term out. Terms may stand in any order.
    - a function of columns: ``log``, ``sqrt``, ``exp`` and other functions of NumPy that work value
      by value (``np.tanh``); ``center``, ``scale`` or ``standardize``, ``poly``, and the splines
      ``bs``, ``cr`` (natural, also ``cs``) and ``cc`` (cyclic, of a period), which remember the
      data of the fit.
    - ``C(x)``, categories of a column of numbers; ``C(x, Treatment("b"))`` or ``T(x, "b")`` for
      another reference; ``C(x, Sum)`` or ``S(x)`` for differences from the mean of the levels.
    - ``I(x**2)`` or ``{x**2}``, arithmetic as in Python, with its precedence. Numbers are real,
      whole ones too. Comparisons, also with a level, ``dose > "low"`` in the order of the levels,
      give truth values, which ``and``, ``or``, ``not`` (``&``, ``|``, ``~``) join and which are
      0 and 1 in arithmetic: ``I((age > 60) + (bmi > 30))``.
    - ``1``, the intercept, which is there unless ``0`` or ``-1`` takes it away.
    - ``offset(x)``, with a coefficient of one.
    - ``(effects | g)``: coefficients that vary by the groups of column g. The effects have an
      intercept unless ``0`` takes it away: ``(1 | g)``, ``(x | g)``, ``(0 + x | g)``. With ``||``
      the effects are uncorrelated. ``(1 | a:b)`` groups by combinations, ``(1 | a/b)`` is
      ``(1 | a) + (1 | a:b)``.

    With ``||`` every column has an sd of its own and no two are correlated, also those of one
    column f of categories: ``(1 + f || g)`` has an sd of the intercept, which is the first
    category's, and one of each further category's difference to it; so categories vary together
    by the intercept alone, and the first varies least. ``(0 + f || g)`` has an sd of each category,
    and all are independent. (lme4 keeps the categories of one column correlated there.)

    An effect for each row, ``(1 | row)``, is a way to model counts that vary more than their family
    says: binomial and poisson have no residual sd. In gaussian and student families it cannot be
    told from ``sigma``, which `Model` says.

    A response made of one column, ``y`` or ``log(y)``, cannot have this column right of ``~``; one
    of several, ``I(after - before)``, can: whether it should is for the reader to judge.
    """
    from .parse import parse

    return parse(text)


def names_in(*texts: str | None) -> tuple[str, ...]:
    """List the columns that some expressions or sums of terms name; None is passed over."""
    from . import tokens as syntax

    found = (name for text in texts if text for name in syntax.names(syntax.scan(text)))
    return tuple(dict.fromkeys(found))


def _quoted(name: str) -> str:
    plain = name.replace(".", "_").isidentifier() and names_in(name) == (name,)
    return name if plain else f"`{name}`"
