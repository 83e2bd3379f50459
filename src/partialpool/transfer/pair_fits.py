"""Fits of two samples by the programs of ``stan/transfer/``: a method of `Pair` for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import programs
from ..errors import DataError, OptionError
from ..priors.history import PosteriorPrior
from ..sampling.fit import Fit
from .approximate import prior_from
from .pair import (
    TwoSamples,
    commensurate_data,
    exchangeable_data,
    history_data,
    kl_regularised_data,
    normalised_power_prior_data,
    power_prior_data,
)


@dataclass(frozen=True, eq=False)
class Pair(TwoSamples):
    """Two samples of a linear regression, a new one and a history, and fits that use both.

    Each method runs a program of ``stan/transfer/`` and returns a fit with draws of ``beta``
    (column) and ``sigma``. Its ``**options`` are those of `StanProgram.sample`; the metric is
    dense by default, since columns may be nearly collinear. For other families and for group
    terms, give a `pp.Model` a ``history``, or see `power_prior_model`.

    Parameters
    ----------
    X, y : array, (row, column), and array, (row,)
        The new sample; a column of ones is an intercept.
    history : RegressionSums
        The history's sums, of the same columns; `of` and `from_formula` make them.
    columns : tuple of str
        Names of the columns.
    prior_location, prior_scale : array, (column,)
        Mean and sd of the normal priors of the coefficients, in units of y per X.
    sigma : float, optional
        Residual standard deviation, if it is known. If not, it is estimated: one of each sample,
        except that power priors have one for both.
    prior_sigma : Prior
        HalfNormal, HalfStudentT, HalfCauchy or Exponential.
    """

    def alone(self, **options: Any) -> Fit:
        """Fit the new sample alone, without the history."""
        return self._sample("power_prior", power_prior_data(self, 0.0), options)

    def of_history(self, **options: Any) -> Fit:
        """Fit the history alone, with the same priors; its posterior is p_hist."""
        return self._sample("power_prior", history_data(self), options)

    def pooled(self, **options: Any) -> Fit:
        """Fit both samples as one."""
        return self.power_prior(1.0, **options)

    def posterior_prior(self, prior: PosteriorPrior | None = None, **options: Any) -> Fit:
        """Fit the new sample with the history's posterior, approximated by a normal, as the prior.

        Parameters
        ----------
        prior : PosteriorPrior, optional
            Of beta and log_sigma, in this order; made from `of_history` if not given.
        """
        data = self.stan_data() | self._joint(prior, options).stan_data()
        return self._sample("posterior_prior", data, options)

    def power_prior(self, a0: float | None = None, **options: Any) -> Fit:
        """Fit both samples with the history's likelihood to the power a0.

        See ``stan/transfer/power_prior.stan``.

        Parameters
        ----------
        a0 : float, optional
            From 0 to 1. If not given, a0 is estimated with a uniform prior, in the normalised
            power prior. The other priors are then conjugate: beta ~ normal(location, sigma scale /
            s) and sigma^2 ~ inverse gamma(2, s^2), where s is the history's residual sd, or
            `sigma`.

        Raises
        ------
        OptionError
            If a0 is not a number from 0 to 1.
        """
        if a0 is None:
            data = normalised_power_prior_data(self)
            return self._sample("power_prior_normalised", data, options)
        return self._sample("power_prior", power_prior_data(self, a0), options)

    def kl_regularised(
        self, strength: float, prior: PosteriorPrior | None = None, **options: Any
    ) -> Fit:
        """Fit the new sample with a penalty on the divergence from the history's posterior.

        See `transfer.kl_regularised` for the derivation.

        Parameters
        ----------
        strength : float
            lambda, at least 0.
        prior : PosteriorPrior, optional
            Of beta and log_sigma, in this order; made from `of_history` if not given.

        Raises
        ------
        OptionError
            If `strength` is not finite or below 0.
        """
        if not (math.isfinite(strength) and strength >= 0):
            raise OptionError(f"strength must be finite and at least 0, not {strength!r}")
        data = kl_regularised_data(self, strength, self._joint(prior, options))
        return self._sample("kl_regularised", data, options)

    def exchangeable(
        self, *, tau: Sequence[float] | float | None = None, scale: Any = None, **options: Any
    ) -> Fit:
        """Fit both samples with coefficients drawn from normal(mu, tau), for each column.

        With a large tau the history has no influence, but the prior of the new coefficients is
        wide, too.

        Parameters
        ----------
        tau : float or array, (column,), optional
            The between-sample sd, if it is known.
        scale : float or array, (column,), optional
            Scale of the half-normal prior of an unknown tau; a fifth of the scale of the
            coefficients' prior if not given.
        """
        return self._sample("exchangeable", exchangeable_data(self, tau, scale), options)

    def commensurate(
        self,
        *,
        spike_chance: float = 0.5,
        spike_sd: Any = None,
        slab: tuple[Any, Any] | None = None,
        **options: Any,
    ) -> Fit:
        """Fit both samples with new coefficients drawn from normals about the history's.

        The precision of these normals has a spike-and-slab prior.

        Parameters
        ----------
        spike_chance : float
            Prior probability that a coefficient is the same in both samples (the spike).
        spike_sd : float or array, (column,), optional
            Sd of the difference of such coefficients; a hundredth of the coefficients' prior
            scale if not given.
        slab : (smallest, largest), optional
            Range of the sd of the difference of the others; from a twentieth of the coefficients'
            prior scale to all of it if not given.
        """
        data = commensurate_data(self, spike_chance, spike_sd, slab)
        return self._sample("commensurate", data, options)

    def side_by_side(
        self, *, strength: float = 1.0, a0: float = 0.5, **options: Any
    ) -> dict[str, Fit]:
        """Fit by every method and return the fits by method; `transfer.table` compares them."""
        history = self.of_history(**options)
        prior = self._prior_of(history)
        return {
            "history alone": history,
            "new sample alone": self.alone(**options),
            "posterior as prior": self.posterior_prior(prior, **options),
            f"power prior, a0 = {a0:g}": self.power_prior(a0, **options),
            "power prior, a0 unknown": self.power_prior(**options),
            f"KL-regularised, lambda = {strength:g}": self.kl_regularised(
                strength, prior, **options
            ),
            "exchangeable": self.exchangeable(**options),
            "commensurate": self.commensurate(**options),
        }

    def _sample(self, program: str, data: dict[str, Any], options: dict[str, Any]) -> Fit:
        return programs.get(f"transfer/{program}").sample(
            data,
            coords={"column": list(self.columns)},
            dims={"beta": ["column"]},
            **{"verbose": False, "metric": "dense_e", **options},
        )

    def _prior_of(self, history: Fit) -> PosteriorPrior:
        names = ["beta"] if self.sigma is not None else ["beta", "log_sigma"]
        return prior_from(history, names=names)

    def _joint(self, prior: PosteriorPrior | None, options: dict[str, Any]) -> PosteriorPrior:
        """Return the user's prior, checked, or else the posterior of the history."""
        size = len(self.columns) + (self.sigma is None)
        if prior is None:
            return self._prior_of(self.of_history(**options))
        if not isinstance(prior, PosteriorPrior) or len(prior.names) != size:
            raise DataError(
                f"prior must be pp.prior_from(fit) of {size} parameters, beta"
                f"{' and log_sigma' if self.sigma is None else ''}, not {prior!r}"
            )
        return prior
