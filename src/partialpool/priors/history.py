"""A joint normal prior of a model's population, as another fit gives it, and how much it counts.

Parameters are on the unconstrained scale, where a normal may be: a coefficient as it is, the log
of a standard deviation, log((1 + c) / (1 - c)) of a (partial) correlation c.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Floats
from ..errors import DataError, OptionError

if TYPE_CHECKING:
    import pandas as pd

    from ..design.design import GroupDesign

IDENTITY, LOG, PARTIAL, ABOVE_ONE = "as it is", "log", "log((1 + c) / (1 - c))", "log(x - 1)"
"""Transforms to the unconstrained scale that formula models have."""


@dataclass(frozen=True, eq=False)
class NormalCheck:
    """How far draws are from the normal distribution that has their mean and covariance.

    Distances are Kolmogorov's: the largest error of any probability of the form P(x <= t).

    Attributes
    ----------
    marginal : array, (coordinate,)
        Of each coordinate.
    joint : float
        Of the squared Mahalanobis distances from their chi-squared distribution.
    marginal_limit, joint_limit : float
        The largest distance found in 200 sets of independent normal draws, as many as the draws
        are worth: what chance alone explains.
    size : int
        How many draws they are worth, by the smallest effective sample size.
    """

    marginal: Floats
    joint: float
    marginal_limit: float
    joint_limit: float
    size: int


@dataclass(frozen=True, eq=False)
class PosteriorPrior:
    """A posterior made into a prior: a multivariate normal on the unconstrained scale.

    Attributes
    ----------
    names : tuple of str
        Of a formula model as its priors are named: ``Intercept``, ``floor``,
        ``sd(county, floor)``, ``cor(county)[Intercept, floor]``, ``sigma``; of a program its
        scalars, ``beta[1]``.
    transforms : tuple of str
        What takes each to the unconstrained scale.
    mean : array, (coordinate,)
        On that scale; in the units of the data that were fitted.
    cholesky : array, (coordinate, coordinate)
        Lower factor of the covariance.
    check : NormalCheck
    source : str
        The formula or program that was fitted.
    centers : mapping of str to (coefficients, W)
        Of group terms whose sds and correlations are those of columns less their means
        (`centering`): the names of the coefficients, and the matrix.
    """

    names: tuple[str, ...]
    transforms: tuple[str, ...]
    mean: Floats
    cholesky: Floats
    check: NormalCheck
    source: str
    centers: Mapping[str, tuple[tuple[str, ...], Floats]] = field(default_factory=dict)

    def centers_of(self, terms: Iterable[GroupDesign]) -> dict[str, Floats]:
        """Return the matrix W of each term of which this prior has sds or correlations."""
        found: dict[str, Floats] = {}
        for term in terms:
            keys = (f"sd({term.label}, ", f"cor({term.label})[")
            if not any(name.startswith(keys) for name in self.names):
                continue
            names, W = self.centers.get(term.label, ((), np.empty((0, 0))))
            both = [name for name in term.coefficients if name in names]
            there = [names.index(name) for name in both]
            here = [term.coefficients.index(name) for name in both]
            found[term.label] = np.eye(len(term.coefficients))
            found[term.label][np.ix_(here, here)] = W[np.ix_(there, there)]
        return found

    @property
    def covariance(self) -> Floats:
        """On the unconstrained scale: (coordinate, coordinate)."""
        found: Floats = self.cholesky @ self.cholesky.T
        return found

    @property
    def sd(self) -> Floats:
        """Standard deviations on the unconstrained scale: (coordinate,)."""
        found: Floats = np.sqrt(np.sum(self.cholesky**2, axis=1))
        return found

    def select(self, names: Sequence[str]) -> PosteriorPrior:
        """Return the margin of some coordinates, in the order given.

        Raises
        ------
        DataError
            For a name that it does not have.
        """
        unknown = [name for name in names if name not in self.names]
        if unknown or not len(names) or len(set(names)) != len(names):
            what = f"has no {unknown[0]!r}" if unknown else "needs names that differ"
            raise DataError(f"this prior {what}; it is of {', '.join(self.names)}")
        at = [self.names.index(name) for name in names]
        factor = np.asarray(np.linalg.cholesky(self.covariance[np.ix_(at, at)]), np.float64)
        check = dataclasses.replace(self.check, marginal=self.check.marginal[at])
        transforms = tuple(self.transforms[i] for i in at)
        return PosteriorPrior(
            tuple(names), transforms, self.mean[at], factor, check, self.source, self.centers
        )

    def power(self, a0: float) -> History:
        """Power prior: p_hist to the power a0, the model's own priors to the power 1 - a0.

        Where p_hist is the history's posterior under these same priors, that is the history's
        likelihood to the power a0 times the priors (Ibrahim & Chen 2000, Statistical Science
        15:46, equation 2), up to how well the normal fits.

        Parameters
        ----------
        a0 : float
            From 0, which ignores the history, to 1, which pools it.
        """
        if not _number(a0) or not 0 <= a0 <= 1:
            raise OptionError(f"a0 must be a number from 0 to 1, not {a0!r}")
        return History(self, float(a0), 1.0 - float(a0), 1.0)

    def regularise(self, strength: float) -> History:
        """Kullback-Leibler regularisation: see `partialpool.transfer.kl_regularised`.

        Parameters
        ----------
        strength : float
            lambda in E_q[log p(y | t)] - KL(q || prior) - lambda KL(q || p_hist), at least 0.
        """
        if not _number(strength) or strength < 0:
            raise OptionError(f"strength must be a number that is at least 0, not {strength!r}")
        return History(
            self,
            float(strength) / (1.0 + float(strength)),
            1.0 / (1.0 + float(strength)),
            1.0 / (1.0 + float(strength)),
        )

    def stan_data(self) -> dict[str, Any]:
        """Mean and factor under the names that the programs of ``transfer/`` have for them."""
        return {"prior_joint_mean": self.mean, "prior_joint_L": self.cholesky}

    def frame(self) -> pd.DataFrame:
        """Return columns scale, mean, sd, distance, limit; a row per coordinate."""
        import pandas as pd

        return pd.DataFrame(
            {
                "scale": list(self.transforms),
                "mean": self.mean,
                "sd": self.sd,
                "distance": self.check.marginal,
                "limit": self.check.marginal_limit,
            },
            index=pd.Index(list(self.names), name="parameter"),
        )

    def __str__(self) -> str:
        """Show the table, and the check of all coordinates together."""
        check = self.check
        return (
            f"normal on the unconstrained scale, from {self.source}\n"
            f"{self.frame().to_string(float_format=lambda x: f'{x:.3g}')}\n"
            f"together: distance {check.joint:.3g}, limit {check.joint_limit:.3g} "
            f"(draws worth {check.size})"
        )


@dataclass(frozen=True, eq=False)
class History:
    """A joint prior, and the powers to which it, the own priors and the likelihood are taken.

    Attributes
    ----------
    prior : PosteriorPrior
    weight : float
        Power of `prior`: 0 leaves it out.
    own : float
        Power of the own priors of the parameters that `prior` has, with the Jacobians of their
        transforms: powers of densities are taken on the unconstrained scale.
    likelihood : float
        Power of the likelihood.
    """

    prior: PosteriorPrior
    weight: float
    own: float
    likelihood: float

    def line(self) -> str:
        """Say what it does."""
        return (
            f"{len(self.prior.names)} parameters from {self.prior.source}, to the power "
            f"{self.weight:.4g}; their own priors {self.own:.4g}; likelihood {self.likelihood:.4g}"
        )


def as_history(given: object) -> History | None:
    """Check what a user gives as `history`: a posterior prior counts in full, as the prior."""
    if given is None or isinstance(given, History):
        return given
    if isinstance(given, PosteriorPrior):
        return History(given, 1.0, 0.0, 1.0)
    raise DataError(
        "history must be pp.prior_from(fit), or its .power(a0) or .regularise(strength), "
        f"not {type(given).__name__}"
    )


def as_plain(history: History | None) -> dict[str, Any] | None:
    """Lay a history out as JSON can hold it."""
    if history is None:
        return None
    prior, check = history.prior, history.prior.check
    return {
        "powers": [history.weight, history.own, history.likelihood],
        "names": list(prior.names),
        "transforms": list(prior.transforms),
        "mean": prior.mean.tolist(),
        "cholesky": prior.cholesky.tolist(),
        "source": prior.source,
        "marginal": check.marginal.tolist(),
        "check": [check.joint, check.marginal_limit, check.joint_limit, check.size],
        "centers": {
            label: [list(names), W.tolist()] for label, (names, W) in prior.centers.items()
        },
    }


def from_plain(given: Mapping[str, Any] | None) -> History | None:
    """Read what `as_plain` laid out."""
    if given is None:
        return None
    check = NormalCheck(np.array(given["marginal"]), *given["check"])
    prior = PosteriorPrior(
        tuple(given["names"]),
        tuple(given["transforms"]),
        np.array(given["mean"]),
        np.array(given["cholesky"]),
        check,
        given["source"],
        {
            label: (tuple(names), np.array(W))
            for label, (names, W) in given.get("centers", {}).items()
        },
    )
    return History(prior, *given["powers"])


def _number(value: object) -> bool:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return real and math.isfinite(value)  # type: ignore[arg-type]
