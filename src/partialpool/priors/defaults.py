"""The default priors of a model, scaled by the data.

They are weakly informative (docs/priors.md has them on one page, with sources). Let s be the
standard deviation of the response for an identity link, and 1 for logit and log links. In a model
with an intercept they are

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
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..design.design import Design, GroupDesign
from ..design.group_basis import equal_columns, intercepts_of
from ..design.rank import constant_in
from ..family.families import Family
from .distributions import LKJ, Exponential, Gamma, Normal, Prior
from .keys import class_name, coef_name, cor_name, sd_name, slope_name

AUTOSCALE = 2.5
"""Prior standard deviations per standardised unit: rstanarm's default (Goodrich et al. 2020)."""


@dataclass(frozen=True)
class Default:
    """The default prior of a parameter.

    Attributes
    ----------
    name : str
        Key of the parameter: ``Intercept``, ``floor``, ``sd(county, floor)``, ``sigma``.
    prior : Prior
    source : str
        How the prior was scaled, in words for the user.
    kind : {"location", "normal", "positive", "correlation"}
        Which distributions the user may give instead.
    wider : tuple of str
        Keys that stand for this parameter and others: ``b(floor)``, ``b``, ``sd(county)``.
    """

    name: str
    prior: Prior
    source: str
    kind: Literal["location", "normal", "positive", "correlation"]
    wider: tuple[str, ...] = ()


def default_priors(
    design: Design, family: Family, *, estimated: bool, centered: Collection[str]
) -> list[Default]:
    """Return the default prior of every parameter, in the order in which they are reported.

    Parameters
    ----------
    design : Design
    family : Family
    estimated : bool
        Whether the standard deviations between groups are estimated; if not (no pooling), the
        groups' coefficients have priors instead.
    centered : collection of str
        Labels of the group terms whose columns in `design` are centered.
    """
    s, unit = _unit(design, family)
    defaults: list[Default] = []
    # without pooling: by factor, the term whose coefficients make the intercept of its groups
    intercepts = {} if estimated else intercepts_of(design.groups)
    if design.intercept:
        location, centre = _centre(design, family)
        no_intercept = [] if estimated else [t for t in design.groups if t.factor not in intercepts]
        factor, times = _widening(no_intercept)
        source = f"at the means of the predictors: {centre}, {_scaled(unit)}{times}"
        prior: Prior = Normal(location, AUTOSCALE * s * factor)
        defaults.append(Default("Intercept", prior, source, "location"))
    for name, column in zip(design.coefficients, design.X.T, strict=True):
        if design.intercept or intercepts:
            scale, source = s / _sd(column), f"{_scaled(unit)} / sd({name})"
        else:
            scale, source = _slope_without_intercept(design, family, name, column)
        keys = (*([class_name(name)] if slope_name(name) == name else []), "b")
        prior = Normal(0.0, AUTOSCALE * scale)
        defaults.append(Default(slope_name(name), prior, source, "location", keys))
    for term in design.groups:
        if estimated:
            defaults += _sds(design, family, term, centered=term.label in centered)
        else:
            defaults += _coefficients(design, family, term, intercepts)
    response = design.response
    for name in family.auxiliaries:
        if name == "sigma" and response is not None and response.se is not None:
            continue
        prior, source = _auxiliary(name, family, s, unit)
        defaults.append(Default(name, prior, source, "positive"))
    return defaults


def _sds(design: Design, family: Family, term: GroupDesign, *, centered: bool) -> list[Default]:
    """Return the defaults of a term's standard deviations and correlations."""
    s, unit = _unit(design, family)
    has_level = _has_level(design)
    shares = [] if has_level else equal_columns(design, term)
    group_intercepts = any("Intercept" in group.coefficients for group in design.groups)
    about_zero = _unit_about_zero(unit)
    at = ", at the means of the predictors" if centered else ""
    defaults: list[Default] = []
    for k, (name, column) in enumerate(zip(term.coefficients, term.Z.T, strict=True)):
        constant = np.ptp(column) == 0
        # whether only these effects can explain the mean of the response
        alone = not has_level and shares[k] is None and name not in design.coefficients
        if alone and not group_intercepts and name != "Intercept":
            size = float(np.sqrt(np.mean(column**2))) or 1.0
            source = f"{about_zero} / rms({name}): there is no intercept"
            prior, source = _exponential(_about_zero(design, family, s) / size, source)
        elif name == "Intercept" and not has_level:
            source = f"{about_zero}: there is no intercept"
            prior, source = _exponential(_about_zero(design, family, s), source)
        else:
            scale = 1.0 if constant else _sd(column)
            prior, source = _exponential(s / scale, unit if constant else f"{unit} / sd({name})")
        if name == "Intercept":
            source += at
        key = sd_name(term, name)
        defaults.append(Default(key, prior, source, "positive", (f"sd({term.label})",)))
    if term.correlated:
        source = f"pulls gently towards 0{at}"
        defaults.append(Default(cor_name(term), LKJ(2.0), source, "correlation"))
    return defaults


def _coefficients(
    design: Design,
    family: Family,
    term: GroupDesign,
    intercepts: Mapping[str, tuple[str, NDArray[np.float64]]],
) -> list[Default]:
    """Return the defaults of a term's coefficients in a model without pooling."""
    s, unit = _unit(design, family)
    factor, times = _widening([t for t in design.groups if t.factor not in intercepts])
    label, weights = intercepts.get(term.factor, ("", np.empty(0)))
    defaults: list[Default] = []
    for k, (name, column) in enumerate(zip(term.coefficients, term.Z.T, strict=True)):
        constant = np.ptp(column) == 0
        weight = float(weights[k]) if label == term.label else 0.0
        location, centre = _centre(design, family) if weight else (0.0, "0")
        scale = s / (1.0 if constant else _sd(column))
        scaled = _scaled(unit) + ("" if constant else f" / sd({name})")
        if weight:
            scale, scaled = scale * factor, scaled + times
        if not (design.intercept or intercepts):
            scale, scaled = _slope_without_intercept(design, family, name, column)
        prior = Normal(location * (weight or 1.0), AUTOSCALE * scale)
        at = ", at the means of the predictors" if weight else ""
        source = f"of each group by itself{at}: {centre}, {scaled}"
        key = coef_name(term, name)
        defaults.append(Default(key, prior, source, "normal", (f"coef({term.label})",)))
    return defaults


def _slope_without_intercept(
    design: Design, family: Family, name: str, column: NDArray[np.float64]
) -> tuple[float, str]:
    """Return the scale of a slope in a model without an intercept, and its source in words.

    Such slopes have to explain the mean of the response, too.
    """
    s, unit = _unit(design, family)
    scale = _about_zero(design, family, s) / (float(np.sqrt(np.mean(column**2))) or 1.0)
    return scale, f"{_scaled(_unit_about_zero(unit))} / rms({name}): there is no intercept"


def _widening(terms: Sequence[GroupDesign]) -> tuple[float, str]:
    """Return the factor by which an intercept's prior is widened, and its source in words.

    The groups' slopes of these terms have priors of their own and no intercept, so they are not
    centered: the intercept's prior refers to where their predictors are 0. It is widened by what
    these slopes, with their priors, add between 0 and the means of the predictors.
    """
    ratios = {
        name: float(column.mean()) / _sd(column)
        for term in terms
        for name, column in zip(term.coefficients, term.Z.T, strict=True)
    }
    ratios = {name: ratio for name, ratio in ratios.items() if abs(ratio) > 1}
    factor = float(np.sqrt(1 + sum(ratio**2 for ratio in ratios.values())))
    return factor, f" x {factor:.3g} where {', '.join(ratios)} is 0" if ratios else ""


def _has_level(design: Design) -> bool:
    """Tell whether a constant is among, or a combination of, the population's columns."""
    return design.intercept or constant_in(design.X) is not None


def _about_zero(design: Design, family: Family, s: float) -> float:
    """Return the root mean square of the linear predictor, estimated from the response."""
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
    return _exponential({"beta_binomial": 50.0, "negbinomial": 10.0}[family.name], "")


def _exponential(mean: float, unit: str) -> tuple[Prior, str]:
    formula = f" = {unit}" if unit not in ("", "1") else ""
    return Exponential(1 / mean), f"mean {mean:.4g}{formula}"


def _unit(design: Design, family: Family) -> tuple[float, str]:
    """Return the scale of the linear predictor, and its name for the user."""
    if family.link != "identity" or design.response is None:
        return 1.0, "1"
    sd = _sd(design.response.y - design.offset)
    return (sd, f"sd({design.response.name})") if sd > 0 else (1.0, "1")


def _centre(design: Design, family: Family) -> tuple[float, str]:
    """Return the linear predictor at the mean response, and its name for the user."""
    response = design.response
    if response is None or family.link == "logit":
        return 0.0, "0"
    if family.link == "identity":
        return float(np.mean(response.y - design.offset)), f"mean({response.name})"
    rate = float(np.sum(response.y)) / float(np.sum(np.exp(design.offset)))
    return (float(np.log(rate)), "log mean rate") if rate > 0 else (0.0, "0")


def _sd(column: NDArray[np.float64]) -> float:
    """Return the standard deviation of a column; 1 if it is constant."""
    sd = float(np.std(column, ddof=1)) if len(column) > 1 else 1.0
    return sd if sd > 0 else 1.0
