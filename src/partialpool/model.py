"""A formula, data, a family and priors: everything that is known before sampling."""

from __future__ import annotations

import dataclasses
import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import centering, families, formula, glmm, joint, joint_layout, prepare, prior_table, run
from .centering import Centering
from .design import Design, build
from .engines.base import Mode
from .engines.config import SamplerConfig, check_integer
from .errors import OptionError
from .families import Family
from .identity import check_nameable
from .joint import History, PosteriorPrior
from .kept import keeping, say_diagnosis
from .pooling import check_pooling, pooled
from .prepare import Prepared
from .prior_table import PriorTable
from .prior_warnings import hidden_priors
from .priors import Prior
from .responses import check_response
from .separable import check_separable
from .stan_program import StanProgram
from .table import warn

if TYPE_CHECKING:
    import pandas as pd

    from .model_fit import ModelFit

SAMPLING = ("engine", "verbose", *(each.name for each in dataclasses.fields(SamplerConfig)))
"""Options of `Model.sample`."""


@dataclass(frozen=True, eq=False)
class Model:
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

    formula: str
    data: pd.DataFrame = field(repr=False)
    _: dataclasses.KW_ONLY
    family: str = "gaussian"
    priors: Mapping[str, Prior] = field(default_factory=dict)
    pooling: str = "partial"
    parameterization: str | Mapping[str, str] = "auto"
    na_action: str = "error"
    history: PosteriorPrior | History | None = field(default=None, repr=False)
    priors_at: str = "auto"

    def __post_init__(self) -> None:
        """Check everything now, so that nothing fails after an hour of sampling."""
        from .specification import specify

        check_pooling(self.pooling, self.full_design)
        check_response(self.full_design, self.response_family)
        check_nameable(self.full_design)
        check_separable(self.full_design, self.response_family, self.pooling)
        _ = self.prior_table, self.parameterizations
        self._check_history()
        hidden = hidden_priors(
            self.design,
            self.centering,
            self.priors,
            pooling=self.pooling,
            priors_at=self.priors_at,
            history=() if self.joint_prior is None else self.joint_prior.prior.names,
        )
        for message in hidden:
            warn(message)
        specify(self)  # what a saved fit holds of it

    @functools.cached_property
    def response_family(self) -> Family:
        """The family, with its link and functions."""
        return families.get(self.family)

    @functools.cached_property
    def full_design(self) -> Design:
        """The design that the formula asks for, before pooling drops anything."""
        return build(formula.parse(self.formula), self.data, na_action=self.na_action)  # type: ignore[arg-type]

    @functools.cached_property
    def design(self) -> Design:
        """The design that is fitted."""
        return pooled(self.full_design, self.pooling)

    @functools.cached_property
    def prior_table(self) -> PriorTable:
        """Every prior, in order."""
        return prior_table.resolve(
            self.program_design,
            self.response_family,
            self.priors,
            estimated=self.pooling != "none",
            centered=self.centering.terms,
        )

    @functools.cached_property
    def centering(self) -> Centering:
        """Which columns the program gets, so that priors hold where `priors_at` says."""
        if self.priors_at not in centering.PRIORS_AT:
            raise OptionError(f"priors_at must be 'auto', 'mean' or 'zero', not {self.priors_at!r}")
        history = self.joint_prior
        return centering.choose(
            self.design,
            self.priors if isinstance(self.priors, Mapping) else (),
            pooling=self.pooling,
            priors_at=self.priors_at,
            history=None if history is None else history.prior.centers_of(self.design.groups),
        )

    @functools.cached_property
    def program_design(self) -> Design:
        """The design in the columns that the program gets: `design`, some of them centered."""
        return self.centering.design(self.design)

    @functools.cached_property
    def parameterizations(self) -> dict[str, str]:
        """How the effects of each group term are dealt with: marginal, rescaled, ..."""
        return prepare.parameterizations(
            self.program_design, self.response_family, self.parameterization, pooling=self.pooling
        )

    @functools.cached_property
    def prepared(self) -> Prepared:
        """The program, its data, and what the reduction left of the rows."""
        return prepare.prepare(
            self.program_design,
            self.response_family,
            self.prior_table,
            self.parameterizations,
            history=self.joint_prior,
        )

    @property
    def joint_prior(self) -> History | None:
        """The history, and how much it counts."""
        return joint.as_history(self.history)

    def _check_history(self) -> None:
        history = self.joint_prior
        if history is None:
            return
        if self.pooling == "none":
            raise OptionError(
                "history is of a population, which pooling='none' does not have: use 'partial' "
                "or 'complete'"
            )
        joint_layout.check_names(
            history.prior, joint_layout.coordinates(self.design, self.response_family)
        )

    @property
    def fixed_priors(self) -> dict[str, Prior]:
        """Every prior by name, so that a fit to part of the rows has the same ones."""
        return {row.name: row.prior for row in self.prior_table.rows}

    @property
    def program(self) -> StanProgram:
        """The Stan program; `program.full_code` is exactly what Stan runs."""
        return self.prepared.program

    @property
    def stan_data(self) -> dict[str, Any]:
        """Exactly what Stan gets; sizes and codes are explained in the program.

        In the user's own units, or, for columns whose standard deviation is not between 0.1 and
        10, in these times a power of ten, with which the sampler is quicker. Columns of correlated
        group terms, and numbers in products of columns, are less their means where their priors
        hold there (`priors_at`).
        """
        return self.prepared.data

    def prior_summary(self) -> pd.DataFrame:
        """Every prior, and where its scale comes from: columns prior and source."""
        return self.prior_table.frame()

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
        from .model_fit import ModelFit

        _refuse_unknown(options, SAMPLING)

        raw = run.sample(
            self.program,
            self.stan_data,
            engine=engine,
            seed=seed,
            verbose=False,
            near=self.prepared.near,
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
        return run.optimize(self.program, self.stan_data, **options)

    def pathfinder(self, **options: Any) -> ModelFit:
        """Approximate the posterior by Pathfinder; see `StanProgram.pathfinder`."""
        return self._approximate(run.pathfinder, options)

    def laplace(self, **options: Any) -> ModelFit:
        """Approximate the posterior by the normal at its mode; see `StanProgram.laplace`."""
        return self._approximate(run.laplace, options)

    def variational(self, **options: Any) -> ModelFit:
        """Approximate the posterior by ADVI; see `StanProgram.variational`."""
        return self._approximate(run.variational, options)

    def _approximate(self, method: Any, options: Mapping[str, Any]) -> ModelFit:
        from .model_fit import ModelFit

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
        from . import inference_data, predict
        from .prior_draws import draw_prior

        if self.history is not None:
            raise OptionError(
                "prior_predictive draws from independent priors, and this model has a history: "
                "predict() of the fit that the history comes from has what it says of these rows"
            )
        check_integer("draws", draws, 1)
        seed = run.choose_seed(seed)
        prior = draw_prior(
            self.program_design, self.response_family, self.prior_table, draws=draws, seed=seed
        )
        response = self.full_design.response
        assert response is not None
        drawn = predict.predict(
            prior,
            self.program_design,
            self.response_family,
            kind="response",
            new_groups="error",
            seed=seed,
        )
        name = glmm.response_variable(response.name)
        prior = self.centering.to_user(prior, self.design)
        groups = {"prior": prior, "prior_predictive": drawn.to_dataset(name=name)}
        return inference_data.assemble(groups, {"formula": self.formula, "seed": seed})

    def __str__(self) -> str:
        """Show formula, sizes, program and priors."""
        from .describe import describe

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
    _refuse_unknown(options, (*own, *SAMPLING))
    given = {name: value for name, value in options.items() if name in own}
    return given, {name: value for name, value in options.items() if name not in own}


def _refuse_unknown(options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.6)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise OptionError(f"There is no option {name!r}.{hint} Options: {', '.join(known)}")
