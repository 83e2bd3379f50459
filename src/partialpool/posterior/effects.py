"""Group effects of a marginal fit: drawn for all groups, or for those that are asked for."""

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
from ..reduction.marginal import Reduced, arranged
from ..reduction.sums import GaussianSums
from . import conditional, tables
from .conditional import Population

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 4_000_000
"""Group effects (draws x groups x coefficients) held at a time in predictions."""


def population(
    posterior: xr.Dataset, term: GroupDesign, further: Sequence[Floats] = ()
) -> Population:
    """Take what a term's effects depend on from a named posterior.

    Effects of further terms, each (chain * draw, group, coefficient), are given.
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
    """Effects that a posterior does not hold, given what it holds.

    Attributes
    ----------
    posterior : Dataset
        As `named` returns it, without the effects.
    term : GroupDesign
        The term whose effects were integrated out.
    further : tuple of GroupDesign
        The other terms, whose effects `posterior` has.
    sums : GaussianSums
    seed : int
    """

    posterior: xr.Dataset
    term: GroupDesign
    further: tuple[GroupDesign, ...]
    sums: GaussianSums
    seed: int

    @classmethod
    def of(
        cls, posterior: xr.Dataset, design: Design, reduced: Reduced | None, *, seed: int
    ) -> GroupEffects | None:
        """Return None where there was no marginalisation, or the posterior holds the effects."""
        if reduced is None:
            return None
        term, *further = arranged(design, reduced.label).groups
        if name_of("r", term) in posterior:
            return None
        return cls(posterior, term, tuple(further), reduced.sums, seed)

    @property
    def population(self) -> Population:
        """Draws of what the effects depend on."""
        every = [effects_of(self.posterior, each) for each in self.further]
        flat = [effects.reshape(-1, *effects.shape[2:]) for effects in every]
        return population(self.posterior, self.term, flat)

    def draw(self, groups: Sequence[int] | NDArray[np.int64] | None = None) -> xr.DataArray:
        """Draw the effects of some groups, by their codes: (chain, draw, group, coefficient).

        The same whichever others are asked for.
        """
        dim = dim_of(self.term)
        chosen = np.arange(len(self.term.levels)) if groups is None else np.asarray(groups, int)
        effects = conditional.draw_effects(
            self.sums, self.population, groups=chosen.tolist(), seed=self.seed
        )
        size = self.posterior.sizes
        dims = (*SAMPLE_DIMS, dim, name_of("coefficient", self.term))
        here = self.posterior.isel({dim: chosen})
        return xr.DataArray(
            effects.reshape(size["chain"], size["draw"], *effects.shape[1:]),
            dims=dims,
            coords={name: here[name].values for name in dims if name in here.coords},
            name=name_of("r", self.term),
        )

    def moments(self, centering: Centering, *, basis: Basis | None = None) -> tuple[Floats, Floats]:
        """Return means and sds of all effects, (group, coefficient), without drawing them.

        Parameters
        ----------
        centering : Centering
            From the columns of the program, which these effects are of, to the user's.
        basis : Basis, optional
            Of the groups' coefficients in it: the population's part and the effects together.
        """
        of, W = self.population, centering.terms.get(self.term.label)
        if basis is None:
            return conditional.effect_moments(self.sums, of, combine=W)
        names = self.posterior["coefficient"].values.tolist() if "beta" in self.posterior else []
        intercept = "Intercept" in names
        coefficients = centering.coefficients(of.coefficients, intercept=intercept)
        added = np.zeros((len(of), len(basis.names)))
        parts = basis.of_population(dict(zip(names, coefficients.T, strict=True)))
        for k, part in enumerate(parts):
            added[:, k] = part
        combine = W if basis.combine is None else basis.combine
        if W is not None and basis.combine is not None:
            combine = basis.combine @ W
        return conditional.effect_moments(self.sums, of, added=added, combine=combine)

    def blocks(self, design: Design) -> Iterator[tuple[NDArray[np.int64], xr.Dataset, Design]]:
        """Split rows so that not too many groups are drawn at a time.

        Yields
        ------
        rows : array of int
        posterior : Dataset
            With the effects of the groups of these rows.
        design : Design
            These rows, coded by these groups.
        """
        term = next(each for each in design.groups if each.label == self.term.label)
        total = self.posterior.sizes["chain"] * self.posterior.sizes["draw"]
        step = max(1, CHUNK // max(1, total * len(term.coefficients)))
        used = np.unique(term.codes[term.codes >= 0])
        for start in range(0, max(1, len(used)), step):
            chosen = used[start : start + step]
            kept = np.isin(term.codes, chosen)
            if start == 0:
                kept |= term.codes < 0
            rows = np.flatnonzero(kept)
            codes = term.codes[rows]
            recoded = dataclasses.replace(
                term,
                Z=term.Z[rows],
                codes=np.where(codes < 0, codes, np.searchsorted(chosen, codes)),
                levels=tuple(term.levels[code] for code in chosen.tolist()),
                new_levels=term.new_levels if (codes < 0).any() else (),
            )
            terms = [
                dataclasses.replace(each, Z=each.Z[rows], codes=each.codes[rows])
                for each in design.groups
            ]
            terms[design.groups.index(term)] = recoded
            part = dataclasses.replace(
                design, X=design.X[rows], offset=design.offset[rows], groups=tuple(terms)
            )
            drawn = self.draw(chosen)
            here = self.posterior.isel({dim_of(term): chosen})
            yield rows, here.assign({str(drawn.name): drawn}), part


def table_of(
    table: Callable[..., pd.DataFrame],
    posterior: xr.Dataset,
    design: Design,
    drawn: GroupEffects | None,
    centering: Centering,
    *,
    quantiles: tuple[float, ...],
    bases: Mapping[str, Basis] | None = None,
) -> pd.DataFrame:
    """Make `tables.ranef` or, with `bases`, `tables.coef`: moments alone of effects not kept."""
    import pandas as pd

    if bases is not None:
        table = functools.partial(table, bases=bases)
    if drawn is None:
        return table(posterior, design, quantiles=quantiles)
    basis = None if bases is None else bases[drawn.term.label]
    names = drawn.term.coefficients if basis is None else basis.names
    moments = tables.moments(drawn.term, names, *drawn.moments(centering, basis=basis))
    if not drawn.further:
        return moments
    others = dataclasses.replace(design, groups=drawn.further)
    return pd.concat([moments, table(posterior, others, quantiles=quantiles)])
