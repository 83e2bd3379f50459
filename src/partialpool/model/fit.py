"""A fitted formula model: its tables, predictions and scores, under the field's names."""

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
    """Draws from the posterior of a `Model`, with names and labels.

    Attributes
    ----------
    program : StanProgram
    idata : InferenceData (ArviZ 0.23) or DataTree (ArviZ 1.x)
        Group posterior has ``beta`` (coefficient) and, of each group term g, ``sd_g``
        (g_coefficient), ``cor_g`` (g_pair), ``r_g`` (g, g_coefficient); ``sigma``, ``nu``,
        ``phi`` where the family has them. Without pooling, ``coef_g`` (g, g_coefficient). Where
        the priors of a term's sds and correlations hold at the means of its predictors, these are
        ``center_sd_g`` and ``center_cor_g``; ``sd_g`` and ``cor_g`` are at zero. Dimensions that
        would be called as something else are ``g_group``, ``of_g``: `names`.
    model : Model

    Notes
    -----
    Where group effects were integrated out and would take more than `posterior.KEPT` numbers,
    ``r_g`` is left out: `effects` draws those of the groups asked for, `ranef` and `coef` have
    means and sds, and all else works as with it.
    """

    model: Regression

    @classmethod
    def from_program(cls, model: Regression, raw: Fit) -> ModelFit:
        """Name the draws that the model's program gave."""
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
        """The seed of the sampler."""
        return int(self.attrs["seed"])

    def fixef(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise population coefficients: mean, sd, quantiles, MCSE, ESS, R-hat; a row each."""
        return tables.fixef(self.posterior, quantiles=quantiles)

    @functools.cached_property
    def _bases(self) -> dict[str, Basis]:
        """The columns that `coef` tells each term's coefficients in, whatever the pooling."""
        design = self.model.full_design
        return {term.label: basis_of(design, term) for term in design.groups}

    @functools.cached_property
    def _posterior(self) -> Posterior:
        """The draws in the program's columns, and what is needed to compute from them."""
        return Posterior.of(self.program_posterior, self.model.prepared, seed=self.seed)

    @property
    def _drawn(self) -> GroupEffects | None:
        """Effects that the posterior does not hold, to be drawn when they are asked for."""
        return self._posterior.effects

    @property
    def program_posterior(self) -> xr.Dataset:
        """The posterior in the program's columns, those of `Model.program_design`."""
        return self.model.centering.to_program(self.posterior, self.model.design)

    def effects(
        self, groups: Sequence[Hashable] | None = None, *, factor: str | None = None
    ) -> xr.DataArray:
        """Draws of the groups' deviations from the population.

        Parameters
        ----------
        groups : sequence of labels, optional
            Only these, in this order: no others are drawn or kept. All if not given.
        factor : str, optional
            A group term's label; the first one's if not given.

        Returns
        -------
        DataArray, (chain, draw, group, coefficient)

        Raises
        ------
        DataError
            For a group that the fit has not seen, and without pooling.
        """
        term = tables.term_of(self.model.design, factor)
        codes = None if groups is None else tables.codes_of(term, groups)
        if self._drawn is not None and term.label == self._drawn.term.label:
            drawn, W = self._drawn.draw(codes), self.model.centering.terms.get(term.label)
            return drawn if W is None else effects_with(drawn, term, W)
        name = name_of("r", term)
        if name not in self.posterior:
            raise DataError("without pooling no group deviates from a population: use coef()")
        every = self.posterior[name]
        return every if codes is None else every.isel({dim_of(term): codes})

    def ranef(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise the groups' deviations, indexed by factor, group and coefficient.

        Mean and sd alone, without Monte-Carlo error of the effects' own draws, of those that are
        not kept.
        """
        return table_of(
            tables.ranef,
            self.posterior,
            self.model.design,
            self._drawn,
            self.model.centering,
            quantiles=quantiles,
        )

    def coef(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise coefficients of the groups: population plus deviation, indexed as `ranef`.

        They are what predictions of a group say. Columns of the two parts belong together by
        their values, so ``x:z`` of the population is added to ``z:x`` of a group. Where
        deviations are of columns that are made of several of the population's, as in
        ``0 + f + (1 + f | g)``, coefficients are of the population's columns: here the mean of
        each level of f in each group.

        Mean and sd alone of effects that are not kept.
        """
        return table_of(
            tables.coef,
            self.posterior,
            self.model.design,
            self._drawn,
            self.model.centering,
            quantiles=quantiles,
            bases=self._bases,
        )

    def varcorr(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise sds and correlations of the group effects, and the residual sd."""
        return tables.varcorr(self.posterior, self.model.design, quantiles=quantiles)

    def sigma(self, *, quantiles: tuple[float, ...] = tables.QUANTILES) -> pd.DataFrame:
        """Summarise the residual sd, a row; `DataError` for a family that has none."""
        if "sigma" not in self.posterior:
            raise DataError(f"family {self.model.family!r} has no residual standard deviation here")
        return tables.of_variables(self.posterior, ["sigma"], quantiles=quantiles)

    def predict(
        self,
        newdata: pd.DataFrame | None = None,
        *,
        kind: Kind = "mean",
        new_groups: NewGroups = "error",
        seed: int | None = None,
    ) -> xr.DataArray:
        """Predict old rows or new ones, draw by draw.

        Parameters
        ----------
        newdata : DataFrame, optional
            With the predictors, group factors, offset and (but for the linear predictor) trials
            of the formula; the rows of the fit if not given.
        kind : {"mean", "response", "linpred"}
            The expected response (of ``trials(n)``: the expected count); a draw of the response,
            with its own variation; the linear predictor, on the scale of the link.
        new_groups : {"error", "sample", "population"}
            For groups that the fit has not seen: refuse, draw each one's effects from the
            population (the same label gets the same draws), or give it the population's mean;
            then newdata need not have the group columns.
        seed : int, optional
            The fit's own if not given, so that predictions repeat.

        Returns
        -------
        DataArray, (chain, draw, row)
            row has the index of the data. Average over ("chain", "draw"), or give it to
            `pp.summaries`.

        Raises
        ------
        DataError
            If newdata lack a column, have missing values, or name an unseen group.
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
        """Log likelihood of every row of the fit, times its weight: (chain, draw, row)."""
        return predict.log_likelihood(self._posterior, self.model.program_design)

    def loo(self, *, by: str | None = None, refit: bool = False) -> Loo:
        """Leave-one-out cross-validation by Pareto-smoothed importance sampling.

        Vehtari, Gelman & Gabry 2017, Statistics and Computing 27:1413; of groups, with their
        effects integrated out: Merkle, Furr & Rabe-Hesketh 2019, Psychometrika 84:802.

        Parameters
        ----------
        by : str, optional
            The factor whose effects the model integrates out: leave out a group at a time,
            and score its rows together, as those of a group not seen before. Given each
            draw's effects of the other group terms, groups are independent, so this is exact
            beside such terms too; of their groups that the rest of the rows lack, effects are
            drawn from the population.
        refit : bool
            Where the smoothed weights cannot be trusted, fit the model again without the row
            or group.

        Returns
        -------
        Loo
            With `by` a `GroupLoo`, a row per group.

        Raises
        ------
        AccuracyError
            If Pareto k-hat of some row is too large, as for rows that have a parameter of
            their own, or if the draws are an approximation's; names the way out.
        DataError
            If the effects of `by` were not integrated out.
        """
        history = self.model.joint_prior
        if history is not None and history.likelihood != 1:
            raise AccuracyError(
                "loo takes draws for those of a posterior, and these have the likelihood to the "
                f"power {history.likelihood:.3g}: use fit.kfold(10), which fits again"
            )
        sampler = Sampler.of(self)
        if by is None:
            return loo(self._posterior, sampler, refit=refit)
        return loo_by_group(self._posterior, sampler, by, refit=refit)

    def kfold(self, k: int = 10, *, by: str | None = None, seed: int = 1) -> KFold:
        """Cross-validation by fitting again without each of k parts of the rows.

        Parameters
        ----------
        k : int
            Parts; ignored where there are fewer groups.
        by : str, optional
            A column: its groups stay together, and those left out are new to the fit, with
            effects drawn from the population.
        seed : int
            Of the partition: the same for all models, so that these can be compared.

        Returns
        -------
        KFold
        """
        return kfold(self.model.prepared, Sampler.of(self), k, by=by, seed=choose_seed(seed))

    def summary(self, var_names: Any = None, *, quantiles: Any = (0.05, 0.5, 0.95)) -> pd.DataFrame:
        """Summarise the population: all but the groups' own values, which `ranef` and `coef` have.

        `var_names` as in `Fit.summary`, group effects included if named.
        """
        if var_names is None:
            var_names = [
                str(name)
                for name in self.posterior.data_vars
                if not str(name).startswith(("r_", "coef_", "center_"))
            ] or None
        return super().summary(var_names, quantiles=quantiles)

    def __repr__(self) -> str:
        """Show formula, method and size."""
        size = self.posterior.sizes
        return (
            f"<Fit of {self.model.formula!r} by {self.attrs['method']} on "
            f"{self.attrs['engine_version']}: {size['chain']} chains x {size['draw']} draws>"
        )


def group_moments(fit: ModelFit, label: str) -> tuple[Floats, Floats]:
    """Means and sds of the groups' coefficients of a term, as `coef`, (group, coefficient)."""
    basis = fit._bases[label]
    if fit._drawn is not None and fit._drawn.term.label == label:
        return fit._drawn.moments(fit.model.centering, basis=basis)
    term = tables.term_of(fit.model.design, label)
    draws = tables.group_coefficients(fit.posterior, term, basis)
    return draws.mean(axis=(0, 1)), draws.std(axis=(0, 1), ddof=1)


def _without_groups(newdata: Any, design: Design) -> Any:
    """Give rows without a group column a group that no row of the fit has."""
    frame, formula = as_frame(newdata, "newdata"), design.formula
    missing = [name for name in formula.factors if name not in frame.columns]
    free = [name for name in missing if name not in formula.predictors]
    nobody = dict.fromkeys(free, "(population)")
    for name in free:
        while nobody[name] in set(design.data[name].astype(str)):
            nobody[name] += "'"
    return frame.assign(**nobody) if free else newdata
