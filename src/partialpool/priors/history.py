"""A joint normal prior of a model's population from an earlier fit, and its power.

The normal distribution is on the unconstrained scale: coefficients as they are, logs of standard
deviations, and log((1 + c) / (1 - c)) of (partial) correlations c.
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
"""The transforms to the unconstrained scale that parameters of formula models have, as shown to
the user: of coefficients; sds, sigma and phi; partial correlations; nu."""


@dataclass(frozen=True, eq=False)
class NormalCheck:
    """How far draws are from the normal distribution with their mean and covariance.

    Distances are Kolmogorov's: the largest error of any probability of the form P(x <= t).

    Attributes
    ----------
    marginal : array, (coordinate,)
        Distance of each coordinate's draws from its normal distribution.
    joint : float
        Distance of the draws' squared Mahalanobis distances from their chi-squared distribution.
    marginal_limit, joint_limit : float
        The largest such distances in 200 sets of `size` independent normal draws. Distances up to
        these can be due to chance.
    size : int
        Effective sample size of the draws: the smallest of all coordinates and of the squared
        distance, at most 2000.
    """

    marginal: Floats
    joint: float
    marginal_limit: float
    joint_limit: float
    size: int


@dataclass(frozen=True, eq=False)
class PosteriorPrior:
    """A multivariate normal prior on the unconstrained scale, made from a posterior.

    Attributes
    ----------
    names : tuple of str
        Names of the coordinates. Those of a formula model are the keys of its priors:
        ``Intercept``, ``floor``, ``sd(county, floor)``, ``cor(county)[Intercept, floor]``,
        ``sigma``; those of a program its scalars: ``beta[1]``.
    transforms : tuple of str
        The transform of each to the unconstrained scale.
    mean : array, (coordinate,)
        Mean on the unconstrained scale, in the units of the data that were fitted.
    cholesky : array, (coordinate, coordinate)
        Lower Cholesky factor of the covariance.
    check : NormalCheck
        How far the draws are from this normal distribution.
    source : str
        The formula or the name of the program that was fitted.
    centers : mapping of str to (coefficients, W)
        By label of the group terms whose sds and correlations are those of centered columns
        (`centering`): the names of the coefficients, and the matrix W.
    """

    names: tuple[str, ...]
    transforms: tuple[str, ...]
    mean: Floats
    cholesky: Floats
    check: NormalCheck
    source: str
    centers: Mapping[str, tuple[tuple[str, ...], Floats]] = field(default_factory=dict)

    def centers_of(self, terms: Iterable[GroupDesign]) -> dict[str, Floats]:
        """Return, by label, the matrix W of the terms whose sds or correlations this prior has.

        W, (coefficient, coefficient), is in the order of the term's coefficients.
        """
        matrices: dict[str, Floats] = {}
        for term in terms:
            keys = (f"sd({term.label}, ", f"cor({term.label})[")
            if not any(name.startswith(keys) for name in self.names):
                continue
            names, W = self.centers.get(term.label, ((), np.empty((0, 0))))
            shared = [name for name in term.coefficients if name in names]
            old = [names.index(name) for name in shared]
            new = [term.coefficients.index(name) for name in shared]
            matrices[term.label] = np.eye(len(term.coefficients))
            matrices[term.label][np.ix_(new, new)] = W[np.ix_(old, old)]
        return matrices

    @property
    def covariance(self) -> Floats:
        """Covariance on the unconstrained scale, (coordinate, coordinate)."""
        covariance: Floats = self.cholesky @ self.cholesky.T
        return covariance

    @property
    def sd(self) -> Floats:
        """Standard deviations on the unconstrained scale, (coordinate,)."""
        sd: Floats = np.sqrt(np.sum(self.cholesky**2, axis=1))
        return sd

    def select(self, names: Sequence[str]) -> PosteriorPrior:
        """Return the marginal distribution of the named coordinates, in this order.

        Raises
        ------
        DataError
            If this prior has no such coordinate, a name is repeated, or there is none.
        """
        unknown = [name for name in names if name not in self.names]
        if unknown or not len(names) or len(set(names)) != len(names):
            problem = f"has no {unknown[0]!r}" if unknown else "needs one or more different names"
            raise DataError(f"this prior {problem}; its names are {', '.join(self.names)}")
        at = [self.names.index(name) for name in names]
        factor = np.asarray(np.linalg.cholesky(self.covariance[np.ix_(at, at)]), np.float64)
        check = dataclasses.replace(self.check, marginal=self.check.marginal[at])
        transforms = tuple(self.transforms[i] for i in at)
        return PosteriorPrior(
            tuple(names), transforms, self.mean[at], factor, check, self.source, self.centers
        )

    def power(self, a0: float) -> History:
        """Return a power prior: this one to the power a0, the model's priors to the power 1 - a0.

        If this prior is the history's posterior under the same priors as the model's, the product
        is the history's likelihood to the power a0 times the priors (Ibrahim & Chen 2000,
        Statistical Science 15:46, equation 2), as far as that posterior is normal.

        Parameters
        ----------
        a0 : float
            From 0, which ignores the history, to 1, which counts it in full.

        Raises
        ------
        OptionError
            If `a0` is not a number from 0 to 1.
        """
        if not _number(a0) or not 0 <= a0 <= 1:
            raise OptionError(f"a0 must be a number from 0 to 1, not {a0!r}")
        return History(self, float(a0), 1.0 - float(a0), 1.0)

    def regularise(self, strength: float) -> History:
        """Return a Kullback-Leibler regularised prior; see `partialpool.transfer.kl_regularised`.

        Parameters
        ----------
        strength : float
            lambda in E_q[log p(y | t)] - KL(q || prior) - lambda KL(q || p_hist), at least 0.

        Raises
        ------
        OptionError
            If `strength` is not a finite number of at least 0.
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
        """Return mean and Cholesky factor as data of the programs in ``stan/transfer/``."""
        return {"prior_joint_mean": self.mean, "prior_joint_L": self.cholesky}

    def frame(self) -> pd.DataFrame:
        """Return a table with a row per coordinate: scale, mean, sd, distance and its limit."""
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
    """A joint prior, and the powers of the factors of the posterior density.

    Attributes
    ----------
    prior : PosteriorPrior
        The joint prior.
    weight : float
        Power of the joint prior; 0 leaves it out.
    own : float
        Power of the model's own priors of the parameters that `prior` is of. It includes the
        Jacobians of their transforms, since densities are those on the unconstrained scale.
    likelihood : float
        Power of the likelihood.
    """

    prior: PosteriorPrior
    weight: float
    own: float
    likelihood: float

    def line(self) -> str:
        """Describe the joint prior and its powers in a line."""
        return (
            f"{len(self.prior.names)} parameters from {self.prior.source}, to the power "
            f"{self.weight:.4g}; their own priors {self.own:.4g}; likelihood {self.likelihood:.4g}"
        )


def as_history(history: object) -> History | None:
    """Return the user's option `history` as a `History`.

    A `PosteriorPrior` replaces the model's own priors of its parameters; anything else raises
    `DataError`.
    """
    if history is None or isinstance(history, History):
        return history
    if isinstance(history, PosteriorPrior):
        return History(history, 1.0, 0.0, 1.0)
    raise DataError(
        "history must be pp.prior_from(fit), or its .power(a0) or .regularise(strength), "
        f"not {type(history).__name__}"
    )


def as_plain(history: History | None) -> dict[str, Any] | None:
    """Return a history as a mapping that JSON can store."""
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


def from_plain(stored: Mapping[str, Any] | None) -> History | None:
    """Return the history that `as_plain` made a mapping of."""
    if stored is None:
        return None
    check = NormalCheck(np.array(stored["marginal"]), *stored["check"])
    prior = PosteriorPrior(
        tuple(stored["names"]),
        tuple(stored["transforms"]),
        np.array(stored["mean"]),
        np.array(stored["cholesky"]),
        check,
        stored["source"],
        {
            label: (tuple(names), np.array(W))
            for label, (names, W) in stored.get("centers", {}).items()
        },
    )
    return History(prior, *stored["powers"])


def _number(value: object) -> bool:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return real and math.isfinite(value)  # type: ignore[arg-type]
