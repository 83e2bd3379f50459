"""`ModelFit`: the draws of a formula model, with tables, predictions and scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xarray as xr

from ..data.frame import as_frame
from ..design.design import Design
from ..design.pooling import pooled_as
from ..errors import AccuracyError
from ..naming.names import response_variable
from ..options import choose_seed
from ..posterior import predict
from ..posterior.group_scores import loo_by_group
from ..posterior.posterior import Posterior
from ..posterior.predict import Kind, NewGroups
from ..posterior.refit import Sampler
from ..posterior.scores import KFold, Loo, kfold, loo
from ..regression import Regression
from ..sampling import inference_data
from ..sampling.fit import Fit
from ..storage import frames
from .coefficients import Coefficients

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ModelFit(Coefficients):
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
            A grouping factor of a model whose effects are integrated out. One group at a time is
            left out, and its rows are scored jointly, as rows of a group not seen before. Other
            group terms may be present: given their effects, the groups of `by` are independent. If
            a group of such a term is found in the left-out rows only, its effects are drawn from
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
            return loo(self._posterior, sampler, named=self.posterior, refit=refit)
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

    def __repr__(self) -> str:
        """Show formula, method, engine and number of draws."""
        size = self.posterior.sizes
        return (
            f"<Fit of {self.model.formula!r} by {self.attrs['method']} on "
            f"{self.attrs['engine_version']}: {size['chain']} chains x {size['draw']} draws>"
        )


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
