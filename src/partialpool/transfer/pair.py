"""A small sample and a large one, and every way in which the one can lean on the other."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import programs
from ..arrays import Floats
from ..design.design import build
from ..errors import DataError, OptionError
from ..family.families import get
from ..formula.parse import parse
from ..priors import distributions as priors
from ..priors import table as prior_table
from ..priors.history import PosteriorPrior
from ..sampling.fit import Fit
from .approximate import prior_from
from .distances import MultivariateNormal
from .sums import RegressionSums, check_sample

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Pair:
    """Two samples of a linear regression: the new one, and a history to lean on.

    Each method runs a program of ``stan/transfer/`` and returns a fit with draws of ``beta``
    (column) and ``sigma``; ``**options`` are those of `StanProgram.sample`, with a dense metric,
    since columns may be nearly alike. For other families and group terms, give a `pp.Model` a
    ``history``, or see `power_prior_model`.

    Parameters
    ----------
    X, y : array, (row, column), and array, (row,)
        The new sample; a column of ones is an intercept.
    X_history, y_history : array
        The history, or `history`: its sums.
    columns : sequence of str
        Names of the columns.
    sigma : float, optional
        Residual standard deviation, where it is known; else each sample has its own, and a
        power prior one for both.
    prior_location, prior_scale : array, (column,)
        Normal prior of the coefficients, in units of y per X.
    prior_sigma : Prior
        HalfNormal, HalfStudentT, HalfCauchy or Exponential.
    """

    X: Floats
    y: Floats
    history: RegressionSums
    columns: tuple[str, ...]
    prior_location: Floats
    prior_scale: Floats
    _: dataclasses.KW_ONLY
    sigma: float | None = None
    prior_sigma: priors.Prior = field(default_factory=priors.Exponential)

    @classmethod
    def of(
        cls,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        X_history: npt.ArrayLike,
        y_history: npt.ArrayLike,
        columns: Sequence[str] | None = None,
        sigma: float | None = None,
        prior: priors.Normal | None = None,
        prior_sigma: priors.Prior | None = None,
    ) -> Pair:
        """Take arrays, and one normal prior for all coefficients: Normal(0, 10) if not given.

        Raises
        ------
        DataError
            If shapes do not fit, values are not finite, or sigma is not positive.
        """
        new, history = check_sample(X, y), check_sample(X_history, y_history)
        count = new[0].shape[1]
        if history[0].shape[1] != count:
            raise DataError(f"X has {count} columns, X_history {history[0].shape[1]}")
        names = [f"x{k + 1}" for k in range(count)] if columns is None else list(columns)
        if len(names) != count or len(set(names)) != count:
            raise DataError(f"columns must be {count} names that differ, not {names}")
        if sigma is not None and not (math.isfinite(sigma) and sigma > 0):
            raise DataError(f"sigma must be positive and finite, or not given, not {sigma!r}")
        normal = priors.check_normal("the coefficients", prior or priors.Normal(0.0, 10.0))
        scale = priors.check_positive("sigma", prior_sigma or priors.Exponential(1.0))
        if isinstance(scale, priors.Gamma):
            raise DataError("the prior of sigma must not be a Gamma here")
        return cls(
            *new,
            RegressionSums.of(*history),
            tuple(map(str, names)),
            np.full(count, normal.location),
            np.full(count, normal.scale),
            sigma=sigma,
            prior_sigma=scale,
        )

    @classmethod
    def from_formula(cls, formula: str, new: pd.DataFrame, history: pd.DataFrame) -> Pair:
        """Take a formula without group terms and two tables.

        Predictors are taken less their means in the history, so that the intercept is there, where
        both samples say something of it. Priors are the defaults of formula models, scaled by the
        history.

        Raises
        ------
        FormulaError, DataError
        """
        design = build(parse(formula), history, na_action="error")
        if design.groups or design.response is None:
            raise OptionError(
                "Pair is for linear regressions without group terms: for those use "
                "pp.fit(formula, new, history=pp.prior_from(fit_of_the_history))"
            )
        here = build(parse(formula), new, na_action="error")
        table = prior_table.resolve(design, get("gaussian"), {})
        onto = design.on(new, new_groups="error", with_trials=False)
        assert here.response is not None
        means = design.X.mean(axis=0) if design.intercept else np.zeros(design.X.shape[1])
        names = ["Intercept"] if design.intercept else []
        keys = [*names, *(prior_table.slope_name(name) for name in design.coefficients)]
        names += design.coefficients
        codes = [priors.code(table[key]) for key in keys]

        def columns(X: Floats) -> Floats:
            ones = np.ones((len(X), int(design.intercept)))
            return np.concatenate([ones, X - means], axis=1)

        return cls(
            *check_sample(columns(onto.X), here.response.y - onto.offset),
            RegressionSums.of(columns(design.X), design.response.y - design.offset),
            tuple(names),
            np.array([code.location for code in codes]),
            np.array([code.scale for code in codes]),
            prior_sigma=table["sigma"],
        )

    # --- what the methods share ---

    @property
    def new(self) -> RegressionSums:
        """Sums of the new sample."""
        return RegressionSums.of(self.X, self.y)

    @property
    def prior(self) -> MultivariateNormal:
        """Prior of the coefficients."""
        return MultivariateNormal.of(self.prior_location, np.diag(self.prior_scale**2))

    def stan_data(self, *parts: str) -> dict[str, Any]:
        """Lay the new sample out as data of the programs of ``transfer/``.

        Parameters
        ----------
        *parts : {"history", "beta", "sigma"}
            What else to lay out: the history's sums, the priors of beta and of sigma.
        """
        code = priors.code(self.prior_sigma)
        rows: dict[str, Any] = {
            "N": len(self.y),
            "P": len(self.columns),
            "X": self.X,
            "y": self.y,
            "known_sigma": int(self.sigma is not None),
            "sigma_known": 1.0 if self.sigma is None else self.sigma,
        }
        own: dict[str, dict[str, Any]] = {
            "history": self.history.stan_data(),
            "beta": {
                "prior_beta_location": self.prior_location,
                "prior_beta_scale": self.prior_scale,
            },
            "sigma": {
                "prior_sigma_family": code.family,
                "prior_sigma_scale": code.scale,
                "prior_sigma_df": code.df,
            },
        }
        for part in parts:
            rows |= own[part]
        return rows

    def _sample(self, program: str, data: dict[str, Any], options: dict[str, Any]) -> Fit:
        return programs.get(f"transfer/{program}").sample(
            data,
            coords={"column": list(self.columns)},
            dims={"beta": ["column"]},
            **{"verbose": False, "metric": "dense_e", **options},
        )

    # --- the methods ---

    def alone(self, **options: Any) -> Fit:
        """Fit the new sample alone: what ignores the history."""
        data = self.stan_data("history", "beta", "sigma") | {"a0": 0.0}
        return self._sample("power_prior", data, options)

    def of_history(self, **options: Any) -> Fit:
        """Fit the history alone, under the same priors: what p_hist comes from."""
        data = self.stan_data("history", "beta", "sigma") | {"a0": 1.0}
        data |= {"N": 0, "X": np.empty((0, len(self.columns))), "y": np.empty(0)}
        return self._sample("power_prior", data, options)

    def pooled(self, **options: Any) -> Fit:
        """Fit both samples as one."""
        return self.power_prior(1.0, **options)

    def posterior_prior(self, prior: PosteriorPrior | None = None, **options: Any) -> Fit:
        """Take the history's posterior, made normal, as the prior (Bayes' theorem, taken twice).

        Parameters
        ----------
        prior : PosteriorPrior, optional
            Of beta and log_sigma, in this order; from `of_history` if not given.
        """
        data = self.stan_data() | self._joint(prior, options).stan_data()
        return self._sample("posterior_prior", data, options)

    def power_prior(self, a0: float | None = None, **options: Any) -> Fit:
        """Take the history's likelihood to the power a0; see ``stan/transfer/power_prior``.

        Parameters
        ----------
        a0 : float, optional
            From 0 to 1. Unknown if not given, uniform beforehand, in the normalised power prior:
            the prior is then conjugate, beta ~ normal(location, sigma scale / s) and sigma^2 ~
            inverse gamma(2, s^2), s the history's residual sd (or `sigma`).
        """
        if a0 is None:
            return self._normalised(options)
        if not (isinstance(a0, float | int) and 0 <= a0 <= 1):
            raise OptionError(f"a0 must be a number from 0 to 1, not {a0!r}")
        data = self.stan_data("history", "beta", "sigma") | {"a0": float(a0)}
        return self._sample("power_prior", data, options)

    def kl_regularised(
        self, strength: float, prior: PosteriorPrior | None = None, **options: Any
    ) -> Fit:
        """Hold the posterior near the history's; see `transfer.kl_regularised` for the derivation.

        Parameters
        ----------
        strength : float
            lambda, at least 0.
        prior : PosteriorPrior, optional
            Of beta and log_sigma, in this order; from `of_history` if not given.
        """
        if not (math.isfinite(strength) and strength >= 0):
            raise OptionError(f"strength must be finite and at least 0, not {strength!r}")
        joint = self._joint(prior, options).stan_data()
        data = self.stan_data("beta", "sigma") | joint | {"lambda": float(strength)}
        return self._sample("kl_regularised", data, options)

    def exchangeable(
        self, *, tau: Sequence[float] | float | None = None, scale: Any = None, **options: Any
    ) -> Fit:
        """Let both samples' coefficients be normal(mu, tau), of each column.

        A large tau ignores the history; it makes the prior of the new coefficients wide, too.

        Parameters
        ----------
        tau : float or array, (column,), optional
            The between-sample sd, where it is given.
        scale : float or array, (column,), optional
            Half-normal prior of tau; a fifth of the scale of the coefficients' prior if not given.
        """
        given = self.prior_scale / 5 if scale is None else scale
        value = np.broadcast_to(np.asarray(given if tau is None else tau, float), len(self.columns))
        data = self.stan_data("history", "beta", "sigma") | {
            "tau_fixed": int(tau is not None),
            "prior_tau_scale": value,
            "prior_tau_family": 1,
            "prior_tau_df": 1.0,
        }
        return self._sample("exchangeable", data, options)

    def commensurate(
        self,
        *,
        spike_chance: float = 0.5,
        spike_sd: Any = None,
        slab: tuple[Any, Any] | None = None,
        **options: Any,
    ) -> Fit:
        """Center the new coefficients at the history's, with precision of spike and slab.

        Parameters
        ----------
        spike_chance : float
            Prior chance that a coefficient agrees.
        spike_sd : float or array, (column,), optional
            How far coefficients that agree are apart; a hundredth of the prior's scale.
        slab : (smallest, largest), optional
            Range of the sd of those that do not; a twentieth of the prior's scale, and all of it.
        """
        one = np.ones(len(self.columns))
        low, high = (self.prior_scale / 20, self.prior_scale) if slab is None else slab
        data = self.stan_data("history", "beta", "sigma") | {
            "prior_spike_chance": spike_chance,
            "prior_spike_sd": one * (self.prior_scale / 100 if spike_sd is None else spike_sd),
            "prior_slab_smallest": one * low,
            "prior_slab_largest": one * high,
        }
        return self._sample("commensurate", data, options)

    def side_by_side(
        self, *, strength: float = 1.0, a0: float = 0.5, **options: Any
    ) -> dict[str, Fit]:
        """Fit by every method: a dict of fits, which `transfer.table` lays side by side."""
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

    def _prior_of(self, history: Fit) -> PosteriorPrior:
        names = ["beta"] if self.sigma is not None else ["beta", "log_sigma"]
        return prior_from(history, names=names)

    def _joint(self, prior: PosteriorPrior | None, options: dict[str, Any]) -> PosteriorPrior:
        size = len(self.columns) + (self.sigma is None)
        if prior is None:
            return self._prior_of(self.of_history(**options))
        if not isinstance(prior, PosteriorPrior) or len(prior.names) != size:
            raise DataError(
                f"prior must be pp.prior_from(fit) of {size} parameters, beta"
                f"{' and log_sigma' if self.sigma is None else ''}, not {prior!r}"
            )
        return prior

    def _normalised(self, options: dict[str, Any]) -> Fit:
        left = max(1.0, self.history.rows - len(self.columns))
        s = math.sqrt(self.history.rss / left) if self.sigma is None else self.sigma
        data = self.stan_data("history") | {
            "prior_beta_location": self.prior_location,
            "prior_beta_scale": self.prior_scale / s,
            "prior_sigma_shape": 2.0,
            "prior_sigma_scale": s**2,
            "prior_a0_alpha": 1.0,
            "prior_a0_beta": 1.0,
        }
        return self._sample("power_prior_normalised", data, options)
