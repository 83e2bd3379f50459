"""`ModelFit`: the draws of a formula model, with tables, predictions and scores."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xarray as xr

from ..arrays import Floats
from ..data.frame import as_frame
from ..design.design import Design
from ..design.group_basis import Basis, basis_of
from ..design.pooling import pooled_as
from ..errors import AccuracyError, DataError
from ..naming.names import dim_of, name_of, response_variable
from ..options import choose_seed
from ..posterior import predict, tables
from ..posterior.effects import GroupEffects, table_of
from ..posterior.group_scores import loo_by_group
from ..posterior.posterior import Posterior
from ..posterior.predict import Kind, NewGroups
from ..posterior.refit import Sampler
from ..posterior.scores import KFold, Loo, kfold, loo
from ..priors.centering import effects_with
from ..regression import Regression
from ..sampling import inference_data
from ..sampling.fit import Fit
from ..storage import frames

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ModelFit(Fit):
    """Draws from the posterior of a `Model`, under the names of its columns and groups.

    Attributes
    ----------
    program : StanProgram
        The Stan program that was run.
    idata : InferenceData (ArviZ 0.23) or DataTree (ArviZ 1.x)
        All draws, with the data. Variables of the group ``posterior``, besides the dimensions
        chain and draw:

        - ``beta`` (coefficient): population-level coefficients, the intercept first;
        - for each group term g: ``sd_g`` (g_coefficient), standard deviations of the group
          effects; ``cor_g`` (g_pair), their correlations; ``r_g`` (g, g_coefficient), the group
          effects, which are deviations from the population;
        - without pooling, in place of these: ``coef_g`` (g, g_coefficient), the groups' own
          coefficients;
        - ``sigma``, ``nu``, ``phi``: the family's further parameters, if it has them.

        ``sd_g`` and ``cor_g`` hold where all predictors are 0. Where the priors of a term hold at
        the means of its predictors, ``center_sd_g`` and ``center_cor_g`` are the same quantities
        at these means. A dimension whose name is already taken is called ``g_group`` or ``of_g``.
    model : Model
        The model that was fitted.

    Notes
    -----
    Group effects that were integrated out are drawn after sampling. If they would take more than
    20 million numbers (`posterior.KEPT`), they are not stored: ``r_g`` is missing from `idata`,
    `effects` draws those of the groups you name, and `ranef` and `coef` give means and standard
    deviations without quantiles. Everything else works as usual.
    """

    model: Regression

    @classmethod
    def from_program(cls, model: Regression, raw: Fit) -> ModelFit:
        """Turn the draws of the model's program into draws under the user's names."""
        response = model.full_design.response
        assert response is not None
        named = Posterior.of_program(raw.posterior, model.prepared, seed=int(raw.attrs["seed"]))
        posterior = model.centering.to_user(named.draws, model.design)
        data = frames.to_dataset(model.full_design.data)
        groups: dict[str, xr.Dataset] = {
            "posterior": posterior,
            "sample_stats": raw.sample_stats,
            "observed_data": xr.Dataset(
                {response_variable(response.name): ("row", response.y)},
                coords={"row": data.indexes["row"]},
            ),
            "constant_data": data,
        }
        attrs = raw.attrs | {
            "formula": model.formula,
            "family": model.family,
            "pooling": model.pooling,
            "model": model.specification,
        }
        return cls(raw.program, inference_data.assemble(groups, attrs), model)

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
        return tables.fixef(self.posterior, quantiles=quantiles)

    @functools.cached_property
    def _bases(self) -> dict[str, Basis]:
        """By term label, the columns in which `coef` expresses the groups' coefficients.

        They are the same under every kind of pooling, so that fits can be compared.
        """
        design = self.model.full_design
        return {term.label: basis_of(design, term) for term in design.groups}

    @functools.cached_property
    def _posterior(self) -> Posterior:
        """The draws in the columns of `Model.program_design`, with design, family and priors."""
        return Posterior.of(self.program_posterior, self.model.prepared, seed=self.seed)

    @property
    def _unstored(self) -> GroupEffects | None:
        """The group effects that are not in `idata`, as something to draw them from; or None."""
        return self._posterior.effects

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
            Probabilities of the posterior quantiles, each between 0 and 1.

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
            tables.ranef,
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
            Probabilities of the posterior quantiles, each between 0 and 1.

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
            tables.coef,
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
            Probabilities of the posterior quantiles, each between 0 and 1.

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
        return tables.varcorr(self.posterior, self.model.design, quantiles=quantiles)

    def sigma(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise the residual standard deviation, in a table of one row.

        Raises
        ------
        DataError
            If the family has no residual standard deviation, or the standard errors are known.
        """
        if "sigma" not in self.posterior:
            raise DataError(f"family {self.model.family!r} has no residual standard deviation here")
        return tables.summarise(self.posterior, ["sigma"], quantiles=quantiles)

    def predict(
        self,
        newdata: pd.DataFrame | None = None,
        *,
        kind: Kind = "mean",
        new_groups: NewGroups = "error",
        seed: int | None = None,
    ) -> xr.DataArray:
        """Predict the rows of the fit or new rows, once for each posterior draw.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows to predict, with the predictors, grouping factors and offset of the formula, and
            its trials unless `kind` is "linpred". The rows of the fit if not given.
        kind : {"mean", "response", "linpred"}
            "mean": the expected response (with ``trials(n)``, the expected count). "response": a
            draw from the predictive distribution of the response. "linpred": the linear
            predictor, on the scale of the link.
        new_groups : {"error", "sample", "population"}
            What to do with groups that the fit has not seen. "error": refuse. "sample": draw
            their effects from the population distribution; the same label always gets the same
            draws. "population": set their effects to 0, the population's mean; `newdata` then
            does not need the columns of the grouping factors.
        seed : int, optional
            Seed of the draws of new groups and of the response; the seed of the fit if not given,
            so that the same call gives the same numbers.

        Returns
        -------
        DataArray, (chain, draw, row)
            The coordinate row has the index of the data. Average over ("chain", "draw"), or pass
            it to `pp.summaries`.

        Raises
        ------
        DataError
            If newdata lacks a column, has missing values, or has an unseen group while
            `new_groups` is "error".
        OptionError
            For an unknown `kind` or `new_groups`.
        """
        predict.check_options(kind, new_groups)
        model = self.model
        if newdata is None:
            design = model.program_design
        else:
            groups = "population" if model.pooling == "complete" else new_groups
            if groups == "population":
                newdata = _without_groups(newdata, model.full_design)
            trials = kind != "linpred"
            design = model.full_design.on(newdata, new_groups=groups, with_trials=trials)
            design = model.centering.design(pooled_as(design, model.design))
        return predict.predict(
            self._posterior,
            design,
            kind=kind,
            new_groups=new_groups,
            seed=None if seed is None else choose_seed(seed),
        )

    def log_likelihood(self) -> xr.DataArray:
        """Return the log likelihood of every row of the fit, times the row's weight.

        Returns
        -------
        DataArray, (chain, draw, row)
        """
        return predict.log_likelihood(self._posterior, self.model.program_design)

    def loo(self, *, by: str | None = None, refit: bool = False) -> Loo:
        """Leave-one-out cross-validation by Pareto-smoothed importance sampling.

        See Vehtari, Gelman & Gabry 2017, Statistics and Computing 27:1413. With `by`, whole groups
        are left out, with their effects integrated out: Merkle, Furr & Rabe-Hesketh 2019,
        Psychometrika 84:802.

        Parameters
        ----------
        by : str, optional
            A grouping factor whose effects the model integrates out. One group at a time is left
            out, and its rows are scored jointly, as rows of a group not seen before. Other group
            terms may be present: given their effects, the groups of `by` are independent. If a
            group of such a term is found in the left-out rows only, its effects are drawn from
            the population.
        refit : bool
            Fit the model again without a row or group for which the smoothed weights cannot be
            trusted. If False, such a row or group raises `AccuracyError`.

        Returns
        -------
        Loo
            A `GroupLoo`, with a row for each group, if `by` is given.

        Raises
        ------
        AccuracyError
            If the Pareto k-hat of some row is too large, as for a row that is the only one of its
            group; if the draws come from an approximation; or if the likelihood was raised to a
            power. The message says what to do instead.
        DataError
            If the effects of `by` were not integrated out.
        """
        history = self.model.joint_prior
        if history is not None and history.likelihood != 1:
            raise AccuracyError(
                "loo needs draws from the posterior, and in this model the likelihood is raised to "
                f"the power {history.likelihood:.3g}: use fit.kfold(10), which fits again"
            )
        sampler = Sampler.of(self)
        if by is None:
            return loo(self._posterior, sampler, refit=refit)
        return loo_by_group(self._posterior, sampler, by, refit=refit)

    def kfold(self, k: int = 10, *, by: str | None = None, seed: int = 1) -> KFold:
        """K-fold cross-validation: fit again without each of k parts, and score that part.

        Parameters
        ----------
        k : int
            Number of parts; the number of groups or rows where there are fewer of them.
        by : str, optional
            A column of the formula. All rows of one of its values go into the same part, so that
            left-out groups are new to the fit, and their effects are drawn from the population.
        seed : int
            Seed of the random partition. Use the same for all models that you compare.

        Returns
        -------
        KFold

        Raises
        ------
        DataError
            If `k` is less than 2, `by` is not a column, or there is only one part to leave out.
        """
        return kfold(self.model.prepared, Sampler.of(self), k, by=by, seed=choose_seed(seed))

    def summary(self, var_names: Any = None, *, quantiles: Any = (0.05, 0.5, 0.95)) -> pd.DataFrame:
        """Summarise all parameters but the groups' effects and coefficients.

        Those are in the tables of `ranef` and `coef`.

        Parameters
        ----------
        var_names : str or sequence of str, optional
            Variables of the posterior to summarise, as in `Fit.summary`. Group effects are
            included if they are named.
        quantiles : float or sequence of float
            Probabilities of the posterior quantiles, each between 0 and 1.

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

    def __repr__(self) -> str:
        """Show formula, method, engine and number of draws."""
        size = self.posterior.sizes
        return (
            f"<Fit of {self.model.formula!r} by {self.attrs['method']} on "
            f"{self.attrs['engine_version']}: {size['chain']} chains x {size['draw']} draws>"
        )


def group_moments(fit: ModelFit, label: str) -> tuple[Floats, Floats]:
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


def _without_groups(newdata: Any, design: Design) -> Any:
    """Fill missing columns of grouping factors with a label that no row of the fit has."""
    frame, formula = as_frame(newdata, "newdata"), design.formula
    missing = [name for name in formula.factors if name not in frame.columns]
    to_fill = [name for name in missing if name not in formula.predictors]
    labels = dict.fromkeys(to_fill, "(population)")
    for name in to_fill:
        while labels[name] in set(design.data[name].astype(str)):
            labels[name] += "'"
    return frame.assign(**labels) if to_fill else newdata
