"""Prior distributions, as a user writes them and as the programs of ``stan/glmm/`` take them.

>>> import partialpool as pp
>>> pp.HalfNormal(0.5)
HalfNormal(0.5)
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from dataclasses import dataclass
from typing import Any

from ..errors import DataError


@dataclass(frozen=True)
class Prior:
    """Base class of all prior distributions."""

    def __post_init__(self) -> None:
        """Raise `DataError` unless fields are finite numbers, and positive if not a location."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise DataError(f"{type(self).__name__}: {field.name} must be a number: {value!r}")
            if not math.isfinite(value) or (field.name != "location" and value <= 0):
                kind = "finite" if field.name == "location" else "positive and finite"
                raise DataError(f"{type(self).__name__}: {field.name} must be {kind}: {value!r}")
            object.__setattr__(self, field.name, float(value))

    def __repr__(self) -> str:
        """Show the prior as a user writes it."""
        values = [f"{getattr(self, field.name):.4g}" for field in dataclasses.fields(self)]
        return f"{type(self).__name__}({', '.join(values)})"


@dataclass(frozen=True, repr=False)
class Normal(Prior):
    """Normal distribution with a location (mean) and a scale (standard deviation)."""

    location: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, repr=False)
class StudentT(Prior):
    """Student's t distribution with degrees of freedom, a location and a scale."""

    df: float = 3.0
    location: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, repr=False)
class Cauchy(Prior):
    """Cauchy distribution with a location and a scale."""

    location: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, repr=False)
class Flat(Prior):
    """The improper uniform distribution on all real numbers."""


@dataclass(frozen=True, repr=False)
class HalfNormal(Prior):
    """Half-normal distribution: a normal distribution around 0, limited to positive numbers."""

    scale: float = 1.0


@dataclass(frozen=True, repr=False)
class HalfStudentT(Prior):
    """Half-t distribution: Student's t around 0, limited to positive numbers."""

    df: float = 3.0
    scale: float = 1.0


@dataclass(frozen=True, repr=False)
class HalfCauchy(Prior):
    """Half-Cauchy distribution: a Cauchy distribution around 0, limited to positive numbers."""

    scale: float = 1.0


@dataclass(frozen=True, repr=False)
class Exponential(Prior):
    """Exponential distribution with a rate; the mean is 1 / rate."""

    rate: float = 1.0


@dataclass(frozen=True, repr=False)
class Gamma(Prior):
    """Gamma distribution with a shape and a rate; the mean is shape / rate."""

    shape: float = 2.0
    rate: float = 0.1


@dataclass(frozen=True, repr=False)
class LKJ(Prior):
    """LKJ distribution of a correlation matrix.

    With eta = 1 it is uniform; a larger eta pulls the correlations towards 0.

    Lewandowski, Kurowicka & Joe 2009, Journal of Multivariate Analysis 100:1989.
    """

    eta: float = 2.0


LOCATIONS = (Normal, StudentT, Cauchy, Flat)
POSITIVES = (HalfNormal, HalfStudentT, HalfCauchy, Exponential, Gamma)
_LOCATION_CODES = {Flat: 0, Normal: 1, StudentT: 2, Cauchy: 3}
_POSITIVE_CODES = {HalfNormal: 1, HalfStudentT: 2, HalfCauchy: 3, Exponential: 4, Gamma: 5}
GAMMA = _POSITIVE_CODES[Gamma]
_HALVES: dict[type[Prior], type[Prior]] = {
    Normal: HalfNormal,
    StudentT: HalfStudentT,
    Cauchy: HalfCauchy,
}


@dataclass(frozen=True)
class Code:
    """A prior as numbers for a program's data block.

    Attributes
    ----------
    family : int
        Code of the distribution, as ``stan/README.md`` lists them.
    location, scale : float
    df : float
        Degrees of freedom; the shape of a gamma distribution; 1 for the others.
    """

    family: int
    location: float
    scale: float
    df: float


def code(prior: Prior) -> Code:
    """Return a prior as numbers for a program's data block; see ``stan/README.md``."""
    values: dict[str, Any] = {f.name: getattr(prior, f.name) for f in dataclasses.fields(prior)}
    family = {**_LOCATION_CODES, **_POSITIVE_CODES}[type(prior)]
    scale = 1.0 / values["rate"] if "rate" in values else values.get("scale", 1.0)
    df = values.get("shape", values.get("df", 1.0))
    return Code(family, float(values.get("location", 0.0)), float(scale), float(df))


def check_location(name: str, prior: object) -> Prior:
    """Return the prior if a coefficient may have it, else raise `DataError`."""
    if isinstance(prior, LOCATIONS):
        return prior
    raise DataError(f"the prior of {name} must be one of {_names(LOCATIONS)}, not {prior!r}")


def check_normal(name: str, prior: object) -> Normal:
    """Return the prior if it is a `Normal`, else raise `DataError`."""
    if isinstance(prior, Normal):
        return prior
    raise DataError(f"the prior of {name} must be Normal(location, scale), not {prior!r}")


def check_positive(name: str, prior: object) -> Prior:
    """Return a prior for a positive parameter, else raise `DataError`.

    A `Normal`, `StudentT` or `Cauchy` around 0 is turned into its half on the positive numbers.
    """
    if isinstance(prior, POSITIVES):
        return prior
    half = _HALVES.get(type(prior)) if isinstance(prior, Prior) else None
    if half is not None and getattr(prior, "location", None) == 0:
        fields = [f.name for f in dataclasses.fields(half)]
        return half(**{field: getattr(prior, field) for field in fields})
    raise DataError(
        f"{name} is positive: its prior must be one of {_names(POSITIVES)}, not {prior!r}"
    )


def check_correlation(name: str, prior: object) -> LKJ:
    """Return the prior if it is an `LKJ`, else raise `DataError`."""
    if isinstance(prior, LKJ):
        return prior
    raise DataError(f"the prior of {name} must be LKJ(eta), not {prior!r}")


def _names(kinds: tuple[type[Prior], ...]) -> str:
    return ", ".join(kind.__name__ for kind in kinds)
