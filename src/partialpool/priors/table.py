"""Every prior of a model: the defaults, scaled by the data, and those that the user gives.

The defaults are weakly informative (docs/priors.md has them on one page, with sources). With s
the standard deviation of the response for an identity link, and 1 for logit and log links,
and where the model has an intercept,

    Intercept          Normal(m, 2.5 s), at the mean of the predictors; m is the mean response
                       (identity link), the log of the mean rate (log link), 0 (logit link)
    slope of x         Normal(0, 2.5 s / sd(x))
    sd(g), of x        Exponential with mean s / sd(x); of the intercept, with mean s
    cor(g)             LKJ(2)
    sigma              Exponential with mean s
    nu                 Gamma(2, 0.1)
    phi                Exponential with mean 50 (beta_binomial), 10 (negbinomial)

Without an intercept the slopes have to explain the mean too: s of slopes is then the root mean
square of the response, and sd(x) that of x.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..design.design import Design, GroupDesign
from ..design.group_basis import equal_columns, intercepts_of
from ..design.rank import constant_in
from ..errors import DataError
from ..family.families import Family
from . import distributions as priors
from .distributions import LKJ, Exponential, Gamma, Normal, Prior
from .keys import check_distinct, class_name, refuse_unknown, slope_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PriorTable",
    "Row",
    "cor_name",
    "own_name",
    "resolve",
    "sd_name",
    "slope_name",
]

AUTOSCALE = 2.5
"""Prior standard deviations per standardised unit: rstanarm's default (Goodrich et al. 2020)."""


@dataclass(frozen=True)
class Row:
    """A prior, of one parameter.

    Attributes
    ----------
    name : str
        ``Intercept``, ``floor``, ``sd(county, floor)``, ``cor(county)``, ``sigma``.
    prior : Prior
    source : str
        ``given``, or how the default was scaled.
    wider : tuple of str
        Other keys of `priors` that it takes: ``b(floor)``, ``b``, ``sd(county)``.
    """

    name: str
    prior: Prior
    source: str
    wider: tuple[str, ...] = ()


@dataclass(frozen=True)
class PriorTable:
    """The priors of all parameters of a model, in the order in which they are reported."""

    rows: tuple[Row, ...]

    def __getitem__(self, name: str) -> Prior:
        """Return the prior of a parameter."""
        return next(row.prior for row in self.rows if row.name == name)

    def __contains__(self, name: object) -> bool:
        """Whether a parameter has a prior."""
        return any(row.name == name for row in self.rows)

    def takes(self, key: str) -> bool:
        """Whether a key of `priors` stands for a parameter, or for several."""
        return any(key == row.name or key in row.wider for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """Return columns prior and source, indexed by parameter."""
        import pandas as pd

        return pd.DataFrame(
            {
                "prior": [repr(row.prior) for row in self.rows],
                "source": [r.source for r in self.rows],
            },
            index=pd.Index([row.name for row in self.rows], name="parameter"),
        )


def sd_name(term: GroupDesign, coefficient: str) -> str:
    """Name of a group standard deviation: ``sd(county, floor)``."""
    return f"sd({term.label}, {coefficient})"


def own_name(term: GroupDesign, coefficient: str) -> str:
    """Name of a coefficient that every group has for itself: ``coef(county, floor)``."""
    return f"coef({term.label}, {coefficient})"


def cor_name(term: GroupDesign) -> str:
    """Name of a term's correlations: ``cor(county)``."""
    return f"cor({term.label})"


def resolve(
    design: Design,
    family: Family,
    given: Mapping[str, Prior],
    *,
    estimated: bool = True,
    centered: Collection[str] = (),
) -> PriorTable:
    """Put the user's priors in the place of the defaults.

    Parameters
    ----------
    design : Design
    family : Family
    given : mapping of name to Prior
        ``b`` stands for all slopes, ``b(x)`` for that of x, whatever x is called, ``sd(g)`` for
        all standard deviations of g; a name of one parameter wins over those of several.
    estimated : bool
        False: the group standard deviations are fixed (no pooling), and have no prior.
    centered : collection of str
        Labels of the terms whose columns in `design` are less their means (`centering`): the
        sources say that the priors of their intercepts hold there.

    Raises
    ------
    DataError
        For a name that matches nothing, or a distribution that does not suit its parameter.
    """
    if not isinstance(given, Mapping):
        raise DataError(f"priors must be a mapping, such as {{'b': pp.Normal(0, 1)}}: {given!r}")
    defaults = _defaults(design, family, estimated=estimated, centered=centered)
    check_distinct(
        [(name, wider, _what(name, kind, wider)) for name, _, _, kind, wider in defaults]
    )
    rows: list[Row] = []
    used: set[str] = set()
    for name, default, source, kind, wider in defaults:
        _once(name, wider, given)
        matching = [key for key in (name, *wider) if key in given]
        used.update(matching)
        prior = given[matching[0]] if matching else default
        source = "given" if matching else source
        rows.append(Row(name, _CHECKS[kind](name, prior), source, wider))
    what = "sd" if estimated else "coef"
    groups = {"b"} | {f"{what}({term.label})" for term in design.groups}
    names = [*(row.name for row in rows), *sorted(groups)]
    refuse_unknown([key for key in given if key not in used], names, design.coefficients)
    return PriorTable(tuple(rows))


def _what(name: str, kind: str, wider: tuple[str, ...]) -> str:
    """Describe a parameter by those that it is one of: "a standard deviation among sd(a)"."""
    nouns = {"location": "a coefficient", "positive": "a standard deviation"}
    noun = nouns.get(kind, "a coefficient" if wider else "the parameter")
    return f"{noun} among {wider[-1]}" if wider else f"the parameter {name}"


def _once(name: str, wider: tuple[str, ...], given: Mapping[str, Prior]) -> None:
    other = class_name(name)
    if name in given and other in given and other in wider:
        raise DataError(f"priors: {name!r} and {other!r} are the same: give one of them")


_CHECKS = {
    "normal": priors.check_normal,
    "location": priors.check_location,
    "positive": priors.check_positive,
    "correlation": priors.check_correlation,
}
_Default = tuple[str, Prior, str, str, tuple[str, ...]]


def _defaults(
    design: Design, family: Family, *, estimated: bool, centered: Collection[str]
) -> list[_Default]:
    s, unit = _unit(design, family)
    level = _has_level(design)
    shared = any("Intercept" in term.coefficients for term in design.groups)
    found: list[_Default] = []
    homes = {} if estimated else intercepts_of(design.groups)
    alone = [] if estimated else [t for t in design.groups if t.factor not in homes]
    far, of_far = _far(alone)
    if design.intercept:
        location, where = _centre(design, family)
        source = f"at the means of the predictors: {where}, {_scaled(unit)}{of_far}"
        prior = Normal(location, AUTOSCALE * s * far)
        found.append(("Intercept", prior, source, "location", ()))
    for name, column in zip(design.coefficients, design.X.T, strict=True):
        if design.intercept or homes:
            scale, source = s / _spread(column), f"{_scaled(unit)} / sd({name})"
        else:
            scale, source = _through_zero(design, family, name, column)
        keys = (*([class_name(name)] if slope_name(name) == name else []), "b")
        found.append((slope_name(name), Normal(0.0, AUTOSCALE * scale), source, "location", keys))
    for term in design.groups:
        label, weights = homes.get(term.factor, ("", np.empty(0)))
        shares = [] if level else equal_columns(design, term)
        for k, (name, column) in enumerate(zip(term.coefficients, term.Z.T, strict=True)):
            scale = 1.0 if np.ptp(column) == 0 else _spread(column)
            whose = unit if np.ptp(column) == 0 else f"{unit} / sd({name})"
            if estimated:
                lonely = not level and shares[k] is None and name not in design.coefficients
                if lonely and not shared and name != "Intercept":
                    size = float(np.sqrt(np.mean(column**2))) or 1.0
                    of_level = f"{_unit_about_zero(unit)} / rms({name}): there is no intercept"
                    default, mean = _exponential(_about_zero(design, family, s) / size, of_level)
                elif name == "Intercept" and not level:
                    of_level = f"{_unit_about_zero(unit)}: there is no intercept"
                    default, mean = _exponential(_about_zero(design, family, s), of_level)
                else:
                    default, mean = _exponential(s / scale, whose)
                if name == "Intercept" and term.label in centered:
                    mean += ", at the means of the predictors"
                wider = (f"sd({term.label})",)
                found.append((sd_name(term, name), default, mean, "positive", wider))
            else:
                share = float(weights[k]) if label == term.label else 0.0
                location, where = _centre(design, family) if share else (0.0, "0")
                spread, how = s / scale, _scaled(unit)
                how += "" if np.ptp(column) == 0 else f" / sd({name})"
                if share:
                    spread, how = spread * far, how + of_far
                if not (design.intercept or homes):
                    spread, how = _through_zero(design, family, name, column)
                default = Normal(location * (share or 1.0), AUTOSCALE * spread)
                at = ", at the means of the predictors" if share else ""
                source = f"of each group by itself{at}: {where}, {how}"
                wider = (f"coef({term.label})",)
                found.append((own_name(term, name), default, source, "normal", wider))
        if term.correlated and estimated:
            at = ", at the means of the predictors" if term.label in centered else ""
            pulls = f"pulls gently towards 0{at}"
            found.append((cor_name(term), LKJ(2.0), pulls, "correlation", ()))
    response = design.response
    for name in family.auxiliaries:
        if name == "sigma" and response is not None and response.se is not None:
            continue
        found.append((name, *_auxiliary(name, family, s, unit), "positive", ()))
    return found


def _through_zero(
    design: Design, family: Family, name: str, column: NDArray[np.float64]
) -> tuple[float, str]:
    """Scale of a slope that has to explain the mean too, and what to say of it."""
    s, unit = _unit(design, family)
    scale = _about_zero(design, family, s) / (float(np.sqrt(np.mean(column**2))) or 1.0)
    return scale, f"{_scaled(_unit_about_zero(unit))} / rms({name}): there is no intercept"


def _far(terms: Sequence[GroupDesign]) -> tuple[float, str]:
    """How much wider an intercept's prior is, which holds where slopes of groups alone are at 0.

    At the means of these predictors it has the prior that it has elsewhere: what slopes with their
    own priors add on the way to 0 comes to it.
    """
    ratios = {
        name: float(column.mean()) / _spread(column)
        for term in terms
        for name, column in zip(term.coefficients, term.Z.T, strict=True)
    }
    ratios = {name: ratio for name, ratio in ratios.items() if abs(ratio) > 1}
    far = float(np.sqrt(1 + sum(ratio**2 for ratio in ratios.values())))
    return far, f" x {far:.3g} where {', '.join(ratios)} is 0" if ratios else ""


def _has_level(design: Design) -> bool:
    """Whether the population's columns can have the mean of the response: by a constant."""
    return design.intercept or constant_in(design.X) is not None


def _about_zero(design: Design, family: Family, s: float) -> float:
    """How far the linear predictor is from zero: the root of its mean square."""
    centre, _ = _centre(design, family)
    response = design.response
    if family.link == "logit" and response is not None:
        trials = np.ones(len(response.y)) if response.trials is None else response.trials
        hits, total = float(np.sum(response.y)), float(np.sum(trials))
        centre = float(np.log(hits + 0.5) - np.log(total - hits + 0.5))
    return float(np.hypot(s, centre))


def _unit_about_zero(unit: str) -> str:
    if unit.startswith("sd("):
        return f"rms({unit[3:-1]})"
    return "rms(linear predictor)"


def _scaled(unit: str) -> str:
    return f"{AUTOSCALE}" if unit == "1" else f"{AUTOSCALE} x {unit}"


def _auxiliary(name: str, family: Family, s: float, unit: str) -> tuple[Prior, str]:
    if name == "sigma":
        return _exponential(s, unit)
    if name == "nu":
        return Gamma(2.0, 0.1), "Juarez & Steel 2010; nu is at least 1"
    return _exponential(50.0 if family.name == "beta_binomial" else 10.0, "")


def _exponential(mean: float, unit: str) -> tuple[Prior, str]:
    where = f" = {unit}" if unit not in ("", "1") else ""
    return Exponential(1 / mean), f"mean {mean:.4g}{where}"


def _unit(design: Design, family: Family) -> tuple[float, str]:
    """How much the linear predictor varies, and what to call that."""
    if family.link != "identity" or design.response is None:
        return 1.0, "1"
    spread = _spread(design.response.y - design.offset)
    return (spread, f"sd({design.response.name})") if spread > 0 else (1.0, "1")


def _centre(design: Design, family: Family) -> tuple[float, str]:
    response = design.response
    if response is None or family.link == "logit":
        return 0.0, "0"
    if family.link == "identity":
        return float(np.mean(response.y - design.offset)), f"mean({response.name})"
    rate = float(np.sum(response.y)) / float(np.sum(np.exp(design.offset)))
    return (float(np.log(rate)), "log mean rate") if rate > 0 else (0.0, "0")


def _spread(column: NDArray[np.float64]) -> float:
    spread = float(np.std(column, ddof=1)) if len(column) > 1 else 1.0
    return spread if spread > 0 else 1.0
