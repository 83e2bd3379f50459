"""`Model`, a formula with data, family and priors, and `fit`, which builds and samples one."""

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
from ..sampling import approximations, inference_data, methods
from ..sampling.kept import keeping, print_diagnosis
from .describe import describe
from .fit import ModelFit

if TYPE_CHECKING:
    import pandas as pd

SAMPLING = ("engine", "verbose", *(field.name for field in dataclasses.fields(SamplerConfig)))
"""Names of the options of `Model.sample`."""


@dataclasses.dataclass(frozen=True, eq=False)
class Model(Regression):
    """A hierarchical regression, checked when it is made and sampled when you call `sample`.

    Parameters
    ----------
    formula : str
        In the syntax of lme4 and brms: ``y ~ x + (1 + x | g)``,
        ``hits | trials(n) ~ (1 | player)``.
    data : DataFrame
        One row for each observation. It is not changed.
    family : str
        Distribution of the response: gaussian, student, bernoulli, binomial, beta_binomial,
        poisson or negbinomial.
    priors : mapping of str to Prior
        Priors to use instead of the defaults, by the names that `print(model)` shows:
        ``{"floor": pp.Normal(0, 1), "sd(county)": pp.HalfNormal(0.5), "cor(county)": pp.LKJ(2)}``.
        ``b`` sets the prior of all slopes.
    pooling : {"partial", "complete", "none"}
        "partial": group effects have a population distribution, which is estimated. "complete":
        group terms are left out. "none": every group has its own coefficients, with fixed priors.
    parameterization : str, or mapping of term label to str
        How group effects are computed. It changes how long sampling takes, not the posterior.

        - "marginal": integrate the effects of all group terms out exactly, and draw them after
          sampling; for the gaussian family. Where that takes long, only those of the term with the
          most effects are integrated out, and the others are "centered" or "noncentered". Name one
          term to integrate out only its effects: ``{"plate": "marginal"}``.
        - "rescaled": sample each group's effects relative to the mean and sd that a quick fit
          gives for that group.
        - "centered": sample the effects themselves.
        - "noncentered": sample standard normals, from which the effects are computed.
        - "auto": "marginal" where possible, else "rescaled". If only one term is integrated out,
          the others are "centered" where their groups' rows determine the effects well, and
          "noncentered" where they do not.

        `print(model)` shows the choice for each term.
    na_action : {"error", "drop"}
        What to do with rows that have missing values in columns of the formula.
    history : PosteriorPrior or History, optional
        An earlier fit's posterior of the population parameters, to be used as their prior:
        ``pp.prior_from(fit)``. Give it less weight with ``.power(a0)``, or
        shrink towards it with ``.regularise(strength)``.
    priors_at : {"auto", "mean", "zero"}
        Point of the predictors at which some priors hold: those of the intercept's sd and of the
        correlations of a correlated group term, and those of slopes of predictors that are also
        part of a product such as ``x:z``. "mean": where the predictors have their means. "zero":
        where they are 0, as in the tables of `varcorr` and `fixef`. "auto": at the means for
        default priors, at zero for those in `priors`. `print(model)` shows which.

    Raises
    ------
    FormulaError, DataError, OptionError
        If something is wrong with the formula, the data or an option. The message names the
        column, level or rows, and says what to do.

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
            What runs the Stan program. "auto": CmdStan if it is installed, else stanli.
        seed : int, optional
            Seed of the sampler, drawn at random if not given; the fit has it as ``fit.seed``.
        verbose : bool
            Print one line at the end that says whether the draws can be trusted.
        **options
            As in `StanProgram.sample`: chains, parallel_chains, warmup, draws, thin, inits,
            adapt_delta, max_treedepth, metric, inv_metric, step_size, adapt_engaged, save_warmup,
            output_dir, progress.

        Returns
        -------
        ModelFit

        Raises
        ------
        OptionError
            For an unknown option, or a value that is not allowed; the message names the nearest
            option and lists all.
        EngineError, SamplingError
            If the engine is not installed, or the program fails.
        KeptDrawsError
            If something fails after sampling has ended: the error has the draws as ``fit``.

        Notes
        -----
        If all group effects are integrated out, or those of a single term are sampled rescaled,
        the posterior mode and the Hessian there are computed before sampling. If the curvature of
        the log density changes little around the mode, chains start near it, with the inverse
        Hessian as metric, and warmup has 100 or 149 iterations unless you give `warmup`. Unless you
        give adapt_delta, it is 0.9 or 0.95, as warmup is short; if the posterior is close to
        normal, it is 0.6 and max_treedepth is as large as a trajectory across the posterior needs.
        If the effects of several terms are sampled, the same is done at their mode given the sds of
        a quick fit, where that describes the posterior well; adapt_delta is 0.8 or 0.9 then, and
        max_treedepth may be lower. A max_treedepth that you give is kept. None of this is done if
        you give inits, metric, inv_metric, step_size or adapt_engaged, also with the defaults that
        the signature shows. The options that were used are in ``fit.config``;
        ``fit.attrs["start"]`` says how the chains started and why.
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
            print_diagnosis(fit)
        return fit

    @takes_options_of(approximations.optimize)
    def optimize(self, **options: Any) -> Mode:
        """Find the posterior mode of the Stan program's parameters; see `StanProgram.optimize`.

        The values are under the program's names and in the units of `stan_data`, not the user's.

        Returns
        -------
        Mode
        """
        return approximations.optimize(self.program, self.stan_data, **options)

    @takes_options_of(approximations.pathfinder)
    def pathfinder(self, **options: Any) -> ModelFit:
        """Approximate the posterior by Pathfinder; see `StanProgram.pathfinder`."""
        return self._approximate(approximations.pathfinder, options)

    @takes_options_of(approximations.laplace)
    def laplace(self, **options: Any) -> ModelFit:
        """Approximate the posterior by a normal around its mode; see `StanProgram.laplace`."""
        return self._approximate(approximations.laplace, options)

    @takes_options_of(approximations.variational)
    def variational(self, **options: Any) -> ModelFit:
        """Approximate the posterior by ADVI; see `StanProgram.variational`."""
        return self._approximate(approximations.variational, options)

    def _approximate(self, method: Any, options: Mapping[str, Any]) -> ModelFit:
        raw = method(self.program, self.stan_data, **options)
        with keeping(raw, f"naming the draws of {self.formula!r}"):
            return ModelFit.from_program(self, raw)

    def prior_predictive(self, *, draws: int = 1000, seed: int | None = None) -> Any:
        """Draw parameters from the prior, and responses given these parameters.

        Parameters
        ----------
        draws : int
            Number of independent draws.
        seed : int, optional
            Drawn at random if not given; the result has it as ``attrs["seed"]``.

        Returns
        -------
        InferenceData (ArviZ 0.23) or DataTree (ArviZ 1.x)
            Groups ``prior``, with the parameters, and ``prior_predictive``, with the response,
            (chain, draw, row), for the rows of the data. There is one chain.

        Raises
        ------
        DataError
            If a prior is flat, so that nothing can be drawn from it.
        OptionError
            If the model has a history.
        """
        if self.history is not None:
            raise OptionError(
                "prior_predictive draws from independent priors, but this model has a history, "
                "which is a joint prior: to predict these rows from it, use predict() of the fit "
                "that the history comes from"
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
        """Show formula, family, program, numbers of rows and groups, and priors."""
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
        What is fitted; see `Model`.
    engine, seed, verbose, **options
        How it is sampled; see `Model.sample`. The options are chains, parallel_chains, warmup,
        draws, thin, inits, adapt_delta, max_treedepth, metric, inv_metric, step_size,
        adapt_engaged, save_warmup, output_dir, progress.

    Returns
    -------
    ModelFit

    Raises
    ------
    FormulaError, DataError
        If something is wrong with the formula or the data.
    OptionError
        For an unknown option; the message names the nearest option and lists all.
    EngineError, SamplingError, KeptDrawsError
        As in `Model.sample`.
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
    """Split options into those of `Model` and those of `Model.sample`.

    Parameters
    ----------
    options : mapping of str to value
    without : tuple of str
        Options of `Model` that are not allowed here.

    Returns
    -------
    of_model, of_sample : dict

    Raises
    ------
    OptionError
        For any other option; the message names the nearest one and lists all.
    """
    of_model = tuple(name for name in _MODEL if name not in without)
    refuse_unknown(options, (*of_model, *SAMPLING))
    model = {name: value for name, value in options.items() if name in of_model}
    return model, {name: value for name, value in options.items() if name not in of_model}
