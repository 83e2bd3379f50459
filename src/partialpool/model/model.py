"""`Model`: a formula, data, a family and priors, which can be sampled."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from ..engines.base import Mode
from ..engines.config import SamplerConfig
from ..engines.options import SamplerOptions
from ..errors import OptionError
from ..naming.names import response_variable
from ..options import check_integer, choose_seed, refuse_unknown, takes_options_of
from ..posterior.posterior import Posterior
from ..posterior.predict import predict
from ..posterior.prior import draw_prior
from ..priors.distributions import Prior
from ..priors.history import History, PosteriorPrior
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

    @takes_options_of(SamplerConfig)
    def sample(
        self,
        *,
        engine: str = "auto",
        seed: int | None = None,
        verbose: bool = True,
        **options: Unpack[SamplerOptions],
    ) -> ModelFit:
        """Draw from the posterior by NUTS.

        Parameters
        ----------
        engine : {"auto", "cmdstan", "stanli"}
            "auto" takes CmdStan where one is installed, else stanli.
        seed : int, optional
            Drawn at random, and kept with the fit, if not given.
        verbose : bool
            End with one line that says whether the draws can be trusted.
        **options
            As in `StanProgram.sample`: chains, parallel_chains, warmup, draws, thin, inits,
            adapt_delta, max_treedepth, metric, inv_metric, step_size, adapt_engaged, save_warmup,
            output_dir, progress.

        Notes
        -----
        Where group effects are integrated out or rescaled, the mode of the posterior and the
        curvature there are computed first. If the posterior is smooth about the mode, chains start
        near it in the metric of the inverse Hessian, and warmup is 100 or 149 iterations unless
        it is given. If the posterior is near normal, adapt_delta is 0.6 and max_treedepth is what
        a trajectory needs to cross the posterior once, unless they are given. With inits, metric,
        inv_metric, step_size or adapt_engaged nothing of this is done. The fit's
        ``attrs["config"]`` has the options that were used, and ``attrs["start"]`` says how the
        chains started and why.

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

    @takes_options_of(methods.optimize)
    def optimize(self, **options: Any) -> Mode:
        """Find the mode of the program's own parameters, in the units of `stan_data`.

        See `StanProgram.optimize`.
        """
        return methods.optimize(self.program, self.stan_data, **options)

    @takes_options_of(methods.pathfinder)
    def pathfinder(self, **options: Any) -> ModelFit:
        """Approximate the posterior by Pathfinder; see `StanProgram.pathfinder`."""
        return self._approximate(methods.pathfinder, options)

    @takes_options_of(methods.laplace)
    def laplace(self, **options: Any) -> ModelFit:
        """Approximate the posterior by the normal at its mode; see `StanProgram.laplace`."""
        return self._approximate(methods.laplace, options)

    @takes_options_of(methods.variational)
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


@takes_options_of(Model.sample)
def fit(
    formula: str,
    data: pd.DataFrame,
    *,
    family: str = "gaussian",
    priors: Mapping[str, Prior] | None = None,
    pooling: str = "partial",
    parameterization: str | Mapping[str, str] = "auto",
    na_action: str = "error",
    history: PosteriorPrior | History | None = None,
    priors_at: str = "auto",
    engine: str = "auto",
    seed: int | None = None,
    verbose: bool = True,
    **options: Unpack[SamplerOptions],
) -> ModelFit:
    """Build a `Model` and sample it: ``Model(formula, data, ...).sample(...)`` in one call.

    Parameters
    ----------
    formula, data, family, priors, pooling, parameterization, na_action, history, priors_at
        As in `Model`.
    engine, seed, verbose, **options
        As in `Model.sample`: chains, parallel_chains, warmup, draws, thin, inits, adapt_delta,
        max_treedepth, metric, inv_metric, step_size, adapt_engaged, save_warmup, output_dir,
        progress.

    Returns
    -------
    ModelFit

    Raises
    ------
    OptionError
        For an unknown option; the message has the nearest name, and all of them.
    """
    refuse_unknown(options, (*_MODEL, *SAMPLING))
    model = Model(
        formula,
        data,
        family=family,
        priors={} if priors is None else priors,
        pooling=pooling,
        parameterization=parameterization,
        na_action=na_action,
        history=history,
        priors_at=priors_at,
    )
    return model.sample(engine=engine, seed=seed, verbose=verbose, **options)


_MODEL = tuple(
    field.name for field in dataclasses.fields(Model) if field.name not in ("formula", "data")
)


def split_options(
    options: Mapping[str, Any], *, without: tuple[str, ...] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell options of `Model` from those of `Model.sample`, and refuse all others."""
    of_model = tuple(name for name in _MODEL if name not in without)
    refuse_unknown(options, (*of_model, *SAMPLING))
    model = {name: value for name, value in options.items() if name in of_model}
    return model, {name: value for name, value in options.items() if name not in of_model}
