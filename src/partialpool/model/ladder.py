"""Complete, no and partial pooling of one formula, side by side."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, DataWarning
from ..options import takes_options_of
from ..posterior import tables
from ..sampling.kept import keeping_all, print_diagnosis
from .coefficients import group_moments
from .fit import ModelFit
from .model import Model, fit, split_options

if TYPE_CHECKING:
    import pandas as pd

RUNGS = ("complete", "none", "partial")


@dataclass(frozen=True)
class Ladder:
    """The three fits of `pooling_ladder`: complete, no and partial pooling.

    Attributes
    ----------
    fits : mapping of "complete", "none", "partial" to ModelFit
    """

    fits: Mapping[str, ModelFit]

    def coef(self, factor: str | None = None) -> pd.DataFrame:
        """Compare the groups' coefficients in the three fits: posterior means and sds.

        Parameters
        ----------
        factor : str, optional
            Label of a group term, such as ``"county"``; the first term if not given.

        Returns
        -------
        DataFrame
            Indexed by group and coefficient, as in `ModelFit.coef`. Columns: n, the number of
            rows of the group; complete, none and partial, the posterior means; sd_none and
            sd_partial, posterior standard deviations.

        Raises
        ------
        DataError
            If there is no group term of this label.
        """
        import pandas as pd

        design = self.fits["partial"].model.design
        term = tables.term_of(design, factor)
        counts = np.bincount(term.codes, minlength=len(term.levels))
        complete, basis = self.fits["complete"].posterior, self.fits["partial"]._bases[term.label]
        means: dict[str, Any] = {}
        if "beta" in complete:
            beta = complete["beta"].mean(("chain", "draw"))
            means = dict(zip(beta["coefficient"].values.tolist(), beta.values, strict=True))
        columns: dict[str, Any] = {
            "n": np.repeat(counts, len(basis.names)),
            "complete": np.tile(np.array(basis.of_population(means), float), len(term.levels)),
        }
        for rung in ("none", "partial"):
            mean, sd = group_moments(self.fits[rung], term.label)
            columns[rung], columns[f"sd_{rung}"] = mean.ravel(), sd.ravel()
        index = pd.MultiIndex.from_product(
            [term.levels, basis.names], names=[term.label, "coefficient"]
        )
        order = ["n", "complete", "none", "partial", "sd_none", "sd_partial"]
        return pd.DataFrame(columns, index=index)[order]


@takes_options_of(fit, without=("pooling",))
def pooling_ladder(formula: str, data: pd.DataFrame, **options: Any) -> Ladder:
    """Fit the same formula three times: with complete, no and partial pooling.

    Parameters
    ----------
    formula, data
        As in `Model`; the formula has at least one group term.
    **options
        As in `fit`, except pooling. Each fit uses those of `priors` whose parameters it has; they
        may include ``coef(...)`` priors, which only the fit without pooling has.

    Returns
    -------
    Ladder
        `Ladder.coef` compares the groups' coefficients in the three fits. They are expressed in
        the same columns, even where the formula codes a factor differently in its population and
        group parts.

    Raises
    ------
    DataError
        If the formula has no group term.
    KeptDrawsError
        If a fit fails after an earlier one ended: the error has the earlier ones as ``fits``.
    """
    of_model, sampling = split_options(options, without=("pooling",))
    priors = dict(of_model.pop("priors", None) or {})
    parameterization = of_model.pop("parameterization", "auto")
    partial = Model(formula, data, **of_model)
    if not partial.design.groups:
        raise DataError(f"{formula!r} has no group term, such as (1 | county): nothing to pool")
    models = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the partial model has warned already
        for rung in RUNGS:
            model = dataclasses.replace(partial, pooling=rung)
            usable = {
                name: prior for name, prior in priors.items() if model.prior_table.takes(name)
            }
            models[rung] = dataclasses.replace(model, priors=usable)
        used = {name for model in models.values() for name in model.priors}
        unused = {name: prior for name, prior in priors.items() if name not in used}
        # The partial model gets the unused priors too, so that it refuses them with its message.
        models["partial"] = dataclasses.replace(
            partial,
            priors={**models["partial"].priors, **unused},
            parameterization=parameterization,
        )
    verbose = sampling.pop("verbose", True)
    fits: dict[str, ModelFit] = {}
    for rung in RUNGS:
        name = "no" if rung == "none" else rung
        with keeping_all(fits, f"the fit with {name} pooling"):
            fits[rung] = models[rung].sample(verbose=False, **sampling)
            if verbose:
                print_diagnosis(fits[rung], f"{name} pooling: ")
    return Ladder(fits)
