"""Tables of a fit's parameters: population, groups, standard deviations and correlations."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xarray as xr

from ..arrays import Floats
from ..design.group_basis import Basis, basis_of
from ..errors import DataError
from ..naming.names import dim_of, name_of
from ..posterior import tables
from ..posterior.effects import GroupEffects, table_of
from ..posterior.posterior import Posterior
from ..priors.centering import effects_with
from ..regression import Regression
from ..sampling.fit import Fit

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Coefficients(Fit):
    """The part of `ModelFit` that summarises parameters; see there for the attributes."""

    model: Regression

    @property
    def seed(self) -> int:
        """The seed with which the fit was sampled."""
        return int(self.attrs["seed"])

    def fixef(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise the population-level (fixed) coefficients.

        Parameters
        ----------
        quantiles : tuple of float
            Probabilities of the posterior quantiles, each between 0 and 1.

        Returns
        -------
        DataFrame
            A row for each coefficient: mean, sd, quantiles, Monte Carlo standard errors,
            effective sample sizes and R-hat.

        Raises
        ------
        DataError
            If the model has no population-level coefficients.
        """
        return tables.fixef(self.posterior, quantiles=quantiles, cache=self._statistics)

    @functools.cached_property
    def _bases(self) -> dict[str, Basis]:
        """By term label, the columns in which `coef` expresses the groups' coefficients.

        They are the same under every kind of pooling, so that fits can be compared.
        """
        design = self.model.full_design
        return {term.label: basis_of(design, term) for term in design.groups}

    @property
    def _posterior(self) -> Posterior:
        """The draws in the columns of `Model.program_design`, with design, family and priors."""
        return Posterior(self.program_posterior, self.model.prepared, self._unstored, self.seed)

    @functools.cached_property
    def _unstored(self) -> GroupEffects | None:
        """The group effects that are not in `idata`, as something to draw them from; or None."""
        return GroupEffects.of(self.program_posterior, self.model.prepared, seed=self.seed)

    @property
    def program_posterior(self) -> xr.Dataset:
        """The posterior in terms of the columns of `Model.program_design` (some are centered)."""
        return self.model.centering.to_program(self.posterior, self.model.design)

    def effects(
        self, groups: Sequence[Hashable] | None = None, *, factor: str | None = None
    ) -> xr.DataArray:
        """Return draws of the group effects: the groups' deviations from the population.

        Parameters
        ----------
        groups : sequence of labels, optional
            The groups to return, in this order; all if not given. Effects that are not stored in
            the fit are drawn for these groups only.
        factor : str, optional
            Label of a group term, such as ``"county"``; the first term if not given.

        Returns
        -------
        DataArray, (chain, draw, group, coefficient)

        Raises
        ------
        DataError
            If the fit has no such term or group, and for a fit without pooling, which has no
            population to deviate from.
        """
        term = tables.term_of(self.model.design, factor)
        codes = None if groups is None else tables.codes_of(term, groups)
        if self._unstored is not None and term.label == self._unstored.term.label:
            drawn, W = self._unstored.draw(codes), self.model.centering.terms.get(term.label)
            return drawn if W is None else effects_with(drawn, term, W)
        name = name_of("r", term)
        if name not in self.posterior:
            raise DataError("without pooling no group deviates from a population: use coef()")
        stored = self.posterior[name]
        return stored if codes is None else stored.isel({dim_of(term): codes})

    def ranef(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise the group effects: the groups' deviations from the population.

        Parameters
        ----------
        quantiles : tuple of float
            As in `fixef`.

        Returns
        -------
        DataFrame
            Indexed by factor, group and coefficient; columns as in `fixef`. For effects that are
            not stored in the fit, mean and sd only; these are averages over the exact conditional
            distributions, without the Monte Carlo error of drawing effects.

        Raises
        ------
        DataError
            If the model has no group terms, or was fitted without pooling: use `coef`.
        """
        return table_of(
            functools.partial(tables.ranef, cache=self._statistics),
            self.posterior,
            self.model.design,
            self._unstored,
            self.model.centering,
            quantiles=quantiles,
        )

    def coef(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise the coefficients of each group: population plus deviation.

        Parameters
        ----------
        quantiles : tuple of float
            As in `fixef`.

        Returns
        -------
        DataFrame
            Indexed by factor, group and coefficient; columns as in `fixef`. For effects that are
            not stored in the fit, mean and sd only.

        Notes
        -----
        A population-level column and a group-level column are added where they have the same
        values, whatever their names: the population's ``x:z`` goes with a group's ``z:x``. If the
        two parts of the formula code a factor differently, as in ``0 + f + (1 + f | g)``, the
        table has the population's columns: here the mean of each level of f in each group.

        Raises
        ------
        DataError
            If the model has no group terms.
        """
        return table_of(
            functools.partial(tables.coef, cache=self._statistics),
            self.posterior,
            self.model.design,
            self._unstored,
            self.model.centering,
            quantiles=quantiles,
            bases=self._bases,
        )

    def varcorr(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise standard deviations and correlations of the group effects, and sigma.

        Parameters
        ----------
        quantiles : tuple of float
            As in `fixef`.

        Returns
        -------
        DataFrame
            Indexed by factor, kind ("sd" or "cor") and coefficient; the residual standard
            deviation has factor "Residual". Columns as in `fixef`.

        Raises
        ------
        DataError
            If the model has no standard deviations.
        """
        return tables.varcorr(
            self.posterior, self.model.design, quantiles=quantiles, cache=self._statistics
        )

    def sigma(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise the residual standard deviation, in a table of one row.

        Raises
        ------
        DataError
            If the family has no residual standard deviation, or the standard errors are known.
        """
        if "sigma" not in self.posterior:
            raise DataError(f"family {self.model.family!r} has no residual standard deviation here")
        return tables.summarise(
            self.posterior, ["sigma"], quantiles=quantiles, cache=self._statistics
        )

    def summary(self, var_names: Any = None, *, quantiles: Any = (0.05, 0.5, 0.95)) -> pd.DataFrame:
        """Summarise all parameters but the groups' effects and coefficients.

        Those are in the tables of `ranef` and `coef`.

        Parameters
        ----------
        var_names : str or sequence of str, optional
            Variables of the posterior to summarise. Group effects are included if they are named.
        quantiles : float or sequence of float
            As in `Fit.summary`.

        Returns
        -------
        DataFrame
            A row for each quantity.
        """
        if var_names is None:
            var_names = [
                str(name)
                for name in self.posterior.data_vars
                if not str(name).startswith(("r_", "coef_", "center_"))
            ] or None
        return super().summary(var_names, quantiles=quantiles)


def group_moments(fit: Coefficients, label: str) -> tuple[Floats, Floats]:
    """Return posterior means and sds of a term's coefficients, as in `ModelFit.coef`.

    Returns
    -------
    mean, sd : arrays, (group, coefficient)
    """
    basis = fit._bases[label]
    if fit._unstored is not None and fit._unstored.term.label == label:
        return fit._unstored.moments(fit.model.centering, basis=basis)
    term = tables.term_of(fit.model.design, label)
    draws = tables.group_coefficients(fit.posterior, term, basis)
    return draws.mean(axis=(0, 1)), draws.std(axis=(0, 1), ddof=1)
