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
from ..regression import Regression
from ..sampling.kept import keeping_all, say_diagnosis
from .fit import ModelFit, group_moments
from .model import Model, split_options

if TYPE_CHECKING:
    import pandas as pd

RUNGS = ("complete", "none", "partial")


@dataclass(frozen=True)
class Ladder:
    """The three fits of `pooling_ladder`.

    Attributes
    ----------
    fits : mapping of "complete", "none", "partial" to ModelFit
    """

    fits: Mapping[str, ModelFit]

    def coef(self, factor: str | None = None) -> pd.DataFrame:
        """Group coefficients under the three, posterior means and sds side by side.

        The three are of the same columns, those of `ModelFit.coef`.

        Parameters
        ----------
        factor : str, optional
            A group term's label; the first one's if not given.

        Returns
        -------
        DataFrame
            Indexed by group and coefficient; columns n (rows of the group), complete, none,
            partial, and the sds of the last two.
        """
        import pandas as pd

        design = self.fits["partial"].model.design
        term = tables.term_of(design, factor)
        counts = np.bincount(term.codes, minlength=len(term.levels))
        complete, basis = self.fits["complete"].posterior, self.fits["partial"]._bases[term.label]
        pool: dict[str, Any] = {}
        if "beta" in complete:
            beta = complete["beta"].mean(("chain", "draw"))
            pool = dict(zip(beta["coefficient"].values.tolist(), beta.values, strict=True))
        columns: dict[str, Any] = {
            "n": np.repeat(counts, len(basis.names)),
            "complete": np.tile(np.array(basis.of_population(pool), float), len(term.levels)),
        }
        for rung in ("none", "partial"):
            mean, sd = group_moments(self.fits[rung], term.label)
            columns[rung], columns[f"sd_{rung}"] = mean.ravel(), sd.ravel()
        index = pd.MultiIndex.from_product(
            [term.levels, basis.names], names=[term.label, "coefficient"]
        )
        order = ["n", "complete", "none", "partial", "sd_none", "sd_partial"]
        return pd.DataFrame(columns, index=index)[order]


@takes_options_of(Regression, Model.sample, without=("pooling",))
def pooling_ladder(formula: str, data: pd.DataFrame, **options: Any) -> Ladder:
    """Fit a formula by complete, no and partial pooling.

    `Ladder.coef` has the coefficients of each group under the three, of the same columns
    whichever way the formula codes factors in its two parts.

    Parameters
    ----------
    formula, data
        As in `Model`, with at least one group term.
    **options
        As in `fit`, but for pooling. Of `priors`, each fit takes those of parameters it has;
        ``coef(...)`` of no pooling may be among them.

    Returns
    -------
    Ladder

    Raises
    ------
    KeptDrawsError
        If a later fit fails: it has the earlier ones as ``fits``.
    """
    given, sampling = split_options(options, without=("pooling",))
    priors = dict(given.pop("priors", {}))
    how = given.pop("parameterization", "auto")
    partial = Model(formula, data, **given)
    if not partial.design.groups:
        raise DataError(f"{formula!r} has no group term, such as (1 | county): nothing to pool")
    models = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # said once, of the partial model
        for rung in RUNGS:
            model = dataclasses.replace(partial, pooling=rung)
            mine = {name: prior for name, prior in priors.items() if model.prior_table.takes(name)}
            models[rung] = dataclasses.replace(model, priors=mine)
        used = {name for model in models.values() for name in model.priors}
        rest = {name: prior for name, prior in priors.items() if name not in used}
        own = {name: prior for name, prior in priors.items() if name in models["partial"].priors}
        # refuses priors that match nothing, and says how to parameterise
        models["partial"] = dataclasses.replace(partial, priors=own | rest, parameterization=how)
    verbose = sampling.pop("verbose", True)
    fits: dict[str, ModelFit] = {}
    for rung in RUNGS:
        name = "no" if rung == "none" else rung
        with keeping_all(fits, f"the fit with {name} pooling"):
            fits[rung] = models[rung].sample(verbose=False, **sampling)
            if verbose:
                say_diagnosis(fits[rung], f"{name} pooling: ")
    return Ladder(fits)
