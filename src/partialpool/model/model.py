"""`Model`: a formula, data, a family and priors, which can be sampled."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..engines.base import Mode
from ..engines.config import SamplerConfig
from ..errors import OptionError
from ..naming.names import response_variable
from ..options import check_integer, choose_seed, refuse_unknown
from ..posterior.posterior import Posterior
from ..posterior.predict import predict
from ..posterior.prior import draw_prior
from ..regression import Regression
from ..sampling import inference_data, methods
from ..sampling.kept import keeping, say_diagnosis
from .describe import describe
from .fit import ModelFit

if TYPE_CHECKING:
    import pandas as pd

SAMPLING = ("engine", "verbose", *(field.name for field in dataclasses.fields(SamplerConfig)))
"""Options of `Model.sample`."""


class Model(Regression):
    """A hierarchical regression: nothing is sampled until `sample` is called.

    Parameters
    ----------
    formula : str
        As in lme4 and brms: ``y ~ x + (1 + x | g)``, ``hits | trials(n) ~ (1 | player)``.
    data : DataFrame
        A row per observation. Never changed.
    family : str
        gaussian, student, bernoulli, binomial, beta_binomial, poisson, negbinomial.
    priors : mapping of str to Prior
        In the place of the defaults: ``{"floor": pp.Normal(0, 1), "sd(county)":
        pp.HalfNormal(0.5), "cor(county)": pp.LKJ(2)}``; ``b`` stands for all slopes.
    pooling : {"partial", "complete", "none"}
        Complete drops the group terms; none gives every group its own coefficients with a fixed
        prior.
    parameterization : str, or mapping of term to str
        How group effects are dealt with; the posterior is the same. "marginal" integrates those
        of one term out exactly, and draws them afterwards: gaussian family; of several terms
        the one with the most effects, unless another is named, as in {"plate": "marginal"}.
        "rescaled" samples them about what each group's rows say of it at a quick fit. "auto" takes
        the first that there is; beside an integrated term others are "centered" or
        "noncentered", as the literature has them, by what their rows tell. `print(model)` says
        which.
    na_action : {"error", "drop"}
        What to do with rows that have missing values.
    history : PosteriorPrior or History, optional
        What an earlier fit says of the population: ``pp.prior_from(fit)`` in the place of the
        priors of the parameters it has; ``.power(a0)`` of it, or ``.regularise(strength)``.
    priors_at : {"auto", "mean", "zero"}
        Where the priors of a correlated group term's intercept sd and correlations hold, and those
        of slopes that are part of products such as ``x:z``. "mean": where the predictors have
        their means. "zero": where they are zero, which is what `varcorr` and `fixef` report.
        "auto": default priors at the means, those in `priors` at zero. `print(model)` says where.

    Raises
    ------
    FormulaError, DataError, OptionError
        In the user's words: the column, the level, the rows, what to do.

    Examples
    --------
    >>> import partialpool as pp
    >>> radon = pp.datasets.load("radon")
    >>> model = pp.Model("log_radon ~ floor + (1 + floor | county)", radon)
    >>> print(model)                                                    # doctest: +SKIP
    >>> fit = model.sample(seed=1)                                      # doctest: +SKIP
    """

    def sample(
        self, *, engine: str = "auto", seed: int | None = None, verbose: bool = True, **options: Any
    ) -> ModelFit:
        """Draw from the posterior by NUTS.

        Parameters
        ----------
        engine, seed, **options
            As `StanProgram.sample`: chains, warmup, draws, adapt_delta, max_treedepth, progress.
            Where group effects are integrated out or rescaled and the posterior turns out to be
            tame, chains start about its mode in a metric that is found beforehand, and unless
            they are given warmup is 100 or 149 iterations, and where the posterior is near normal
            adapt_delta 0.6, with the max_treedepth that half a turn then takes. With inits, metric,
            inv_metric, step_size or adapt_engaged
            all is as given. `fit.attrs["config"]` has what was used.
        verbose : bool
            End with one line that says whether the draws can be trusted.

        Returns
        -------
        ModelFit

        Raises
        ------
        OptionError
            For an option that there is not; the message has the nearest, and all.
        KeptDrawsError
            If something fails after the draws were drawn: it has them as ``fit``.
        """
        refuse_unknown(options, SAMPLING)
        raw = methods.sample(
            self.program,
            self.stan_data,
            engine=engine,
            seed=seed,
            verbose=False,
            hint=self.prepared.mode_hint,
            **options,
        )
        with keeping(raw, f"naming the draws of {self.formula!r}"):
            fit = ModelFit.from_program(self, raw)
        if verbose:
            say_diagnosis(fit)
        return fit

    def optimize(self, **options: Any) -> Mode:
        """Find the mode of the program's own parameters, in the units of `stan_data`.

        See `StanProgram.optimize`.
        """
        return methods.optimize(self.program, self.stan_data, **options)

    def pathfinder(self, **options: Any) -> ModelFit:
        """Approximate the posterior by Pathfinder; see `StanProgram.pathfinder`."""
        return self._approximate(methods.pathfinder, options)

    def laplace(self, **options: Any) -> ModelFit:
        """Approximate the posterior by the normal at its mode; see `StanProgram.laplace`."""
        return self._approximate(methods.laplace, options)

    def variational(self, **options: Any) -> ModelFit:
        """Approximate the posterior by ADVI; see `StanProgram.variational`."""
        return self._approximate(methods.variational, options)

    def _approximate(self, method: Any, options: Mapping[str, Any]) -> ModelFit:
        raw = method(self.program, self.stan_data, **options)
        with keeping(raw, f"naming the draws of {self.formula!r}"):
            return ModelFit.from_program(self, raw)

    def prior_predictive(self, *, draws: int = 1000, seed: int | None = None) -> Any:
        """Draw parameters from the prior, and data from them.

        Returns
        -------
        InferenceData (ArviZ 0.23) or DataTree (ArviZ 1.x)
            Groups prior and prior_predictive, with the response's name; one chain of
            independent draws.
        """
        if self.history is not None:
            raise OptionError(
                "prior_predictive draws from independent priors, and this model has a history: "
                "predict() of the fit that the history comes from has what it says of these rows"
            )
        check_integer("draws", draws, 1)
        seed, design = choose_seed(seed), self.program_design
        prior = draw_prior(design, self.response_family, self.prior_table, draws=draws, seed=seed)
        response = self.full_design.response
        assert response is not None
        responses = predict(
            Posterior(prior, self.prepared, None, seed), design, kind="response", new_groups="error"
        )
        groups = {
            "prior": self.centering.to_user(prior, self.design),
            "prior_predictive": responses.to_dataset(name=response_variable(response.name)),
        }
        return inference_data.assemble(groups, {"formula": self.formula, "seed": seed})

    def __str__(self) -> str:
        """Show formula, sizes, program and priors."""
        return describe(self)


def fit(formula: str, data: pd.DataFrame, **options: Any) -> ModelFit:
    """Build a `Model` and sample it: ``Model(formula, data, ...).sample(...)`` in one call.

    Parameters
    ----------
    formula, data
        As in `Model`.
    **options
        family, priors, pooling, parameterization, na_action, history and priors_at go to `Model`;
        all others to `Model.sample`.

    Returns
    -------
    ModelFit

    Raises
    ------
    OptionError
        For an option that there is not; the message has the nearest, and all.
    """
    given, sampling = split_options(options)
    return Model(formula, data, **given).sample(**sampling)


def split_options(
    options: Mapping[str, Any], *, without: tuple[str, ...] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell options of `Model` from those of `Model.sample`, and refuse all others."""
    own = [each.name for each in dataclasses.fields(Model)]
    own = [name for name in own if name not in ("formula", "data", *without)]
    refuse_unknown(options, (*own, *SAMPLING))
    given = {name: value for name, value in options.items() if name in own}
    return given, {name: value for name, value in options.items() if name not in own}
