"""Group effects that were integrated out: drawn for all groups or for some, or their moments."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..arrays import SAMPLE_DIMS, Floats
from ..design.design import Design, GroupDesign
from ..design.group_basis import Basis
from ..naming.names import dim_of, name_of
from ..naming.variables import effects_of, scale_factor
from ..priors.centering import Centering
from ..reduction.marginal import integrated_first
from ..reduction.sums import GaussianSums
from ..stan_data.prepare import Prepared
from . import conditional, tables
from .conditional import Population

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 4_000_000
"""Number of group effects (draws x groups x coefficients) in memory at a time in predictions."""


def population(
    posterior: xr.Dataset, term: GroupDesign, further: Sequence[Floats] = ()
) -> Population:
    """Collect the draws of the parameters that a term's group effects depend on.

    Parameters
    ----------
    posterior : Dataset
        As `named` returns it.
    term : GroupDesign
    further : sequence of array, each (chain * draw, group, coefficient)
        Effects of the other group terms.
    """
    draws = posterior.sizes["chain"] * posterior.sizes["draw"]
    sds = posterior[name_of("sd", term)].values
    beta = posterior["beta"].values if "beta" in posterior else np.empty((draws, 0))
    sigma = posterior["sigma"].values.ravel() if "sigma" in posterior else np.ones(draws)
    factor = scale_factor(posterior, term)
    others = None
    if further:  # by term, coefficient, group
        flat = [np.swapaxes(effects, 1, 2).reshape(draws, -1) for effects in further]
        others = np.concatenate(flat, axis=1)
    return Population(
        beta.reshape(draws, -1), factor.reshape(draws, *sds.shape[2:], -1), sigma, others
    )


@dataclass(frozen=True, eq=False)
class GroupEffects:
    """Group effects that were integrated out and are not stored, ready to be drawn.

    Attributes
    ----------
    posterior : Dataset
        As `named` returns it, without the effects of `term`.
    term : GroupDesign
        The term whose effects are not stored.
    further : tuple of GroupDesign
        The other terms, whose effects `posterior` has.
    sums : GaussianSums
        Sums over the rows of each group of `term`.
    seed : int
        Seed of the draws of the effects.
    """

    posterior: xr.Dataset
    term: GroupDesign
    further: tuple[GroupDesign, ...]
    sums: GaussianSums
    seed: int

    @classmethod
    def of(cls, posterior: xr.Dataset, prepared: Prepared, *, seed: int) -> GroupEffects | None:
        """Return the group effects that `posterior` lacks, those of one term.

        None if no effects were integrated out, or if `posterior` has them all. A fit that was
        saved by an earlier version may lack those of another term than a new fit would.
        """
        lacking = [t for t in prepared.design.groups if name_of("r", t) not in posterior]
        if prepared.reduced is None or not lacking:
            return None
        reduced = prepared.reduced_by(lacking[0].label)
        assert reduced is not None
        term, *further = integrated_first(prepared.design, reduced.label).groups
        return cls(posterior, term, tuple(further), reduced.sums, seed)

    @property
    def population(self) -> Population:
        """Draws of the parameters that the effects depend on."""
        by_chain = [effects_of(self.posterior, term) for term in self.further]
        flat = [effects.reshape(-1, *effects.shape[2:]) for effects in by_chain]
        return population(self.posterior, self.term, flat)

    def draw(self, groups: Sequence[int] | NDArray[np.int64] | None = None) -> xr.DataArray:
        """Draw the effects of some groups.

        Parameters
        ----------
        groups : sequence of int, optional
            Codes of the groups; all if not given. The draws of a group are the same whichever
            other groups are drawn with it.

        Returns
        -------
        DataArray, (chain, draw, group, coefficient)
        """
        dim = dim_of(self.term)
        chosen = np.arange(len(self.term.levels)) if groups is None else np.asarray(groups, int)
        effects = conditional.draw_effects(
            self.sums, self.population, groups=chosen.tolist(), seed=self.seed
        )
        size = self.posterior.sizes
        dims = (*SAMPLE_DIMS, dim, name_of("coefficient", self.term))
        labels = self.posterior.isel({dim: chosen})
        return xr.DataArray(
            effects.reshape(size["chain"], size["draw"], *effects.shape[1:]),
            dims=dims,
            coords={name: labels[name].values for name in dims if name in labels.coords},
            name=name_of("r", self.term),
        )

    def moments(self, centering: Centering, *, basis: Basis | None = None) -> tuple[Floats, Floats]:
        """Compute posterior means and sds of all groups' effects without drawing them.

        Parameters
        ----------
        centering : Centering
            Transforms these effects, which belong to the program's columns, to the user's.
        basis : Basis, optional
            If given, the moments are those of the groups' coefficients (population plus effects)
            in the columns of this basis.

        Returns
        -------
        mean, sd : arrays, (group, coefficient)
        """
        population, W = self.population, centering.terms.get(self.term.label)
        if basis is None:
            return conditional.effect_moments(self.sums, population, combine=W)
        names = self.posterior["coefficient"].values.tolist() if "beta" in self.posterior else []
        intercept = "Intercept" in names
        coefficients = centering.coefficients(population.coefficients, intercept=intercept)
        added = np.zeros((len(population), len(basis.names)))
        parts = basis.of_population(dict(zip(names, coefficients.T, strict=True)))
        for k, part in enumerate(parts):
            added[:, k] = part
        combine = W if basis.combine is None else basis.combine
        if W is not None and basis.combine is not None:
            combine = basis.combine @ W
        return conditional.effect_moments(self.sums, population, added=added, combine=combine)

    def blocks(self, design: Design) -> Iterator[tuple[NDArray[np.int64], xr.Dataset, Design]]:
        """Split the rows of a design by group, so that few groups' effects are drawn at a time.

        Yields
        ------
        rows : array of int
            Positions of the rows in `design`.
        posterior : Dataset
            The posterior, with the effects of the groups that these rows have.
        design : Design
            Those rows, with codes that count these groups only.
        """
        term = next(term for term in design.groups if term.label == self.term.label)
        total = self.posterior.sizes["chain"] * self.posterior.sizes["draw"]
        step = max(1, CHUNK // max(1, total * len(term.coefficients)))
        used = np.unique(term.codes[term.codes >= 0])
        for start in range(0, max(1, len(used)), step):
            chosen = used[start : start + step]
            in_block = np.isin(term.codes, chosen)
            if start == 0:
                in_block |= term.codes < 0  # rows of new groups go with the first block
            rows = np.flatnonzero(in_block)
            codes = term.codes[rows]
            recoded = dataclasses.replace(
                term,
                Z=term.Z[rows],
                codes=np.where(codes < 0, codes, np.searchsorted(chosen, codes)),
                levels=tuple(term.levels[code] for code in chosen.tolist()),
                new_levels=term.new_levels if (codes < 0).any() else (),
            )
            terms = [
                dataclasses.replace(other, Z=other.Z[rows], codes=other.codes[rows])
                for other in design.groups
            ]
            terms[design.groups.index(term)] = recoded
            part = dataclasses.replace(
                design, X=design.X[rows], offset=design.offset[rows], groups=tuple(terms)
            )
            drawn = self.draw(chosen)
            of_groups = self.posterior.isel({dim_of(term): chosen})
            yield rows, of_groups.assign({str(drawn.name): drawn}), part


def table_of(
    table: Callable[..., pd.DataFrame],
    posterior: xr.Dataset,
    design: Design,
    unstored: GroupEffects | None,
    centering: Centering,
    *,
    quantiles: tuple[float, ...],
    bases: Mapping[str, Basis] | None = None,
) -> pd.DataFrame:
    """Make the table of `tables.ranef` or, with `bases`, of `tables.coef`.

    For group effects that are not stored (`unstored`), the table has mean and sd only.
    """
    import pandas as pd

    if bases is not None:
        table = functools.partial(table, bases=bases)
    if unstored is None:
        return table(posterior, design, quantiles=quantiles)
    basis = None if bases is None else bases[unstored.term.label]
    names = unstored.term.coefficients if basis is None else basis.names
    moments = tables.moments(unstored.term, names, *unstored.moments(centering, basis=basis))
    if not unstored.further:
        return moments
    others = dataclasses.replace(design, groups=unstored.further)
    return pd.concat([moments, table(posterior, others, quantiles=quantiles)])
