"""`Posterior`: named draws with the design, family and priors that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from ..reduction import marginal
from ..stan_data.prepare import Prepared
from .effects import GroupEffects
from .named import in_users_units, named

KEPT = 20_000_000
"""Most group effects (draws x groups x coefficients) that are drawn after sampling and stored."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from the posterior of a prepared regression.

    Attributes
    ----------
    draws : Dataset
        As `named` returns it, in the columns of ``prepared.design``.
    prepared : Prepared
        The design, family and priors of the fitted regression.
    effects : GroupEffects or None
        Group effects that `draws` does not have; they are drawn when they are needed.
    seed : int
        Seed of everything that is drawn from the posterior, so that results can be repeated.
    """

    draws: xr.Dataset
    prepared: Prepared
    effects: GroupEffects | None
    seed: int

    @classmethod
    def of(cls, draws: xr.Dataset, prepared: Prepared, *, seed: int) -> Posterior:
        """Make a posterior from named draws, and find the group effects that they lack."""
        effects = GroupEffects.of(draws, prepared, seed=seed)
        return cls(draws, prepared, effects, seed)

    @classmethod
    def of_program(cls, raw: xr.Dataset, prepared: Prepared, *, seed: int) -> Posterior:
        """Make a posterior from the draws of a program.

        Group effects that were integrated out are drawn and stored, unless there would be more
        than `KEPT` of them: then they are drawn when they are needed.

        Parameters
        ----------
        raw : Dataset
            Draws of ``prepared.program``, under the program's names and in its units.
        prepared : Prepared
        seed : int
        """
        design, family, priors = prepared.design, prepared.family, prepared.priors
        if prepared.reduced is None:
            return cls.of(
                named(in_users_units(raw, design, family), design, family, priors),
                prepared,
                seed=seed,
            )
        ordered = marginal.integrated_first(design, prepared.reduced.label)
        term, *further = ordered.groups
        sampled = raw if further else raw.drop_vars("r", errors="ignore")
        draws = named(sampled, ordered, family, priors, without=[term.label])
        size = raw.sizes["chain"] * raw.sizes["draw"] * len(term.levels) * len(term.coefficients)
        posterior = cls.of(draws, prepared, seed=seed)
        if posterior.effects is None or size > KEPT:
            return posterior
        effects = posterior.effects.draw()
        return cls(draws.assign({str(effects.name): effects}), prepared, None, seed)
