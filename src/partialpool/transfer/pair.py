"""Two samples of a linear regression as arrays, and as data of programs of ``stan/transfer/``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ..arrays import Floats
from ..design.design import build
from ..errors import DataError, OptionError
from ..family.families import get
from ..formula.parse import parse
from ..priors import distributions as priors
from ..priors import table as prior_table
from ..priors.history import PosteriorPrior
from .distances import MultivariateNormal
from .sums import RegressionSums, check_sample

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class TwoSamples:
    """The data of a `Pair`: a new sample, the sums of a history, and priors.

    Attributes
    ----------
    X, y : array, (row, column), and array, (row,)
        The new sample; a column of ones is an intercept.
    history : RegressionSums
        The history's sums, of the same columns.
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
    ) -> Self:
        """Take both samples as arrays.

        Parameters
        ----------
        X, y : array, (row, column), and array, (row,)
            The new sample.
        X_history, y_history : array, (row, column), and array, (row,)
            The history, with the same columns.
        columns : sequence of str, optional
            Names of the columns; x1, x2, ... if not given.
        sigma : float, optional
            Residual standard deviation, if it is known.
        prior : Normal, optional
            Prior of every coefficient; Normal(0, 10) if not given.
        prior_sigma : Prior, optional
            Prior of sigma; Exponential(1) if not given.

        Raises
        ------
        DataError
            If shapes do not match, values are not finite, or sigma is not positive.
        """
        new, history = check_sample(X, y), check_sample(X_history, y_history)
        count = new[0].shape[1]
        if history[0].shape[1] != count:
            raise DataError(
                f"X has {count} columns, but X_history has {history[0].shape[1]}: both samples "
                "need the same columns"
            )
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
    def from_formula(cls, formula: str, new: pd.DataFrame, history: pd.DataFrame) -> Self:
        """Take both samples as tables, with a formula without group terms.

        The means of the predictors in the history are subtracted from them in both samples, so
        that the intercept is the mean response there, on which both samples have information. The
        priors are the defaults of formula models, scaled by the history.

        Raises
        ------
        OptionError
            If the formula has group terms or no response.
        FormulaError, DataError
            As for `pp.Model`.
        """
        design = build(parse(formula), history, na_action="error")
        if design.groups or design.response is None:
            raise OptionError(
                "Pair is for linear regressions without group terms: for those use "
                "pp.fit(formula, new, history=pp.prior_from(fit_of_the_history))"
            )
        response = build(parse(formula), new, na_action="error").response
        table = prior_table.resolve(design, get("gaussian"), {})
        new_rows = design.on(new, new_groups="error", with_trials=False)
        assert response is not None
        means = design.X.mean(axis=0) if design.intercept else np.zeros(design.X.shape[1])
        names = ["Intercept"] if design.intercept else []
        keys = [*names, *(prior_table.slope_name(name) for name in design.coefficients)]
        names += design.coefficients
        codes = [priors.code(table[key]) for key in keys]

        def columns(X: Floats) -> Floats:
            ones = np.ones((len(X), int(design.intercept)))
            return np.concatenate([ones, X - means], axis=1)

        return cls(
            *check_sample(columns(new_rows.X), response.y - new_rows.offset),
            RegressionSums.of(columns(design.X), design.response.y - design.offset),
            tuple(names),
            np.array([code.location for code in codes]),
            np.array([code.scale for code in codes]),
            prior_sigma=table["sigma"],
        )

    @property
    def new(self) -> RegressionSums:
        """Sums of the new sample."""
        return RegressionSums.of(self.X, self.y)

    @property
    def prior(self) -> MultivariateNormal:
        """Prior of the coefficients."""
        return MultivariateNormal.of(self.prior_location, np.diag(self.prior_scale**2))

    def stan_data(self, *parts: str) -> dict[str, Any]:
        """Return the new sample as data of the programs of ``stan/transfer/``.

        Parameters
        ----------
        *parts : {"history", "beta", "sigma"}
            What to add: the history's sums, the priors of beta, the prior of sigma.
        """
        code = priors.code(self.prior_sigma)
        data: dict[str, Any] = {
            "N": len(self.y),
            "P": len(self.columns),
            "X": self.X,
            "y": self.y,
            "known_sigma": int(self.sigma is not None),
            "sigma_known": 1.0 if self.sigma is None else self.sigma,
        }
        added: dict[str, dict[str, Any]] = {
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
            data |= added[part]
        return data


def history_data(samples: TwoSamples) -> dict[str, Any]:
    """Return data of ``power_prior`` with the history in full and no rows of the new sample."""
    no_rows = {"N": 0, "X": np.empty((0, len(samples.columns))), "y": np.empty(0)}
    return power_prior_data(samples, 1.0) | no_rows


def power_prior_data(samples: TwoSamples, a0: float) -> dict[str, Any]:
    """Return data of ``power_prior``; `OptionError` if a0 is not a number from 0 to 1."""
    if not (isinstance(a0, float | int) and 0 <= a0 <= 1):
        raise OptionError(f"a0 must be a number from 0 to 1, not {a0!r}")
    return samples.stan_data("history", "beta", "sigma") | {"a0": float(a0)}


def normalised_power_prior_data(samples: TwoSamples) -> dict[str, Any]:
    """Return data of ``power_prior_normalised``, with a0 uniform from 0 to 1."""
    df = max(1.0, samples.history.rows - len(samples.columns))
    s = math.sqrt(samples.history.rss / df) if samples.sigma is None else samples.sigma
    return samples.stan_data("history") | {
        "prior_beta_location": samples.prior_location,
        "prior_beta_scale": samples.prior_scale / s,
        "prior_sigma_shape": 2.0,
        "prior_sigma_scale": s**2,
        "prior_a0_alpha": 1.0,
        "prior_a0_beta": 1.0,
    }


def kl_regularised_data(
    samples: TwoSamples, strength: float, prior: PosteriorPrior
) -> dict[str, Any]:
    """Return data of ``kl_regularised``, with the history's posterior `prior`."""
    return samples.stan_data("beta", "sigma") | prior.stan_data() | {"lambda": float(strength)}


def exchangeable_data(
    samples: TwoSamples, tau: Sequence[float] | float | None, scale: Any
) -> dict[str, Any]:
    """Return data of ``exchangeable``; for `tau` and `scale` see `Pair.exchangeable`."""
    prior_scale = samples.prior_scale / 5 if scale is None else scale
    value = np.asarray(prior_scale if tau is None else tau, float)
    return samples.stan_data("history", "beta", "sigma") | {
        "tau_fixed": int(tau is not None),
        "prior_tau_scale": np.broadcast_to(value, len(samples.columns)),
        "prior_tau_family": 1,
        "prior_tau_df": 1.0,
    }


def commensurate_data(
    samples: TwoSamples, spike_chance: float, spike_sd: Any, slab: tuple[Any, Any] | None
) -> dict[str, Any]:
    """Return data of ``commensurate``; for the options see `Pair.commensurate`."""
    ones, scale = np.ones(len(samples.columns)), samples.prior_scale
    low, high = (scale / 20, scale) if slab is None else slab
    return samples.stan_data("history", "beta", "sigma") | {
        "prior_spike_chance": spike_chance,
        "prior_spike_sd": ones * (scale / 100 if spike_sd is None else spike_sd),
        "prior_slab_smallest": ones * low,
        "prior_slab_largest": ones * high,
    }
