"""`Posterior`: draws under the user's names, with all that is needed to compute from them."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from ..reduction import marginal
from ..stan_data.prepare import Prepared
from .effects import GroupEffects
from .named import in_users_units, named

KEPT = 20_000_000
"""Group effects (draws x groups x coefficients) up to which those drawn afterwards are kept."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from the posterior of a prepared regression.

    Attributes
    ----------
    draws : Dataset
        As `named` returns it, in the columns of ``prepared.design``.
    prepared : Prepared
        The design, family and priors that the draws are of.
    effects : GroupEffects or None
        The group effects that `draws` does not hold: they are drawn when they are needed.
    seed : int
        Of everything that is drawn from the posterior, so that it repeats.
    """

    draws: xr.Dataset
    prepared: Prepared
    effects: GroupEffects | None
    seed: int

    @classmethod
    def of(cls, draws: xr.Dataset, prepared: Prepared, *, seed: int) -> Posterior:
        """Bring named draws together with the group effects that they do not hold."""
        effects = GroupEffects.of(draws, prepared.design, prepared.reduced, seed=seed)
        return cls(draws, prepared, effects, seed)

    @classmethod
    def of_program(cls, raw: xr.Dataset, prepared: Prepared, *, seed: int) -> Posterior:
        """Name the draws of a program; where effects were integrated out, draw these too.

        Effects are left to be drawn later where there would be more than `KEPT` numbers.

        Parameters
        ----------
        raw : Dataset
            The draws of ``prepared.program``, under its own names.
        """
        design, family, priors = prepared.design, prepared.family, prepared.priors
        if prepared.reduced is None:
            return cls.of(
                named(in_users_units(raw, design, family), design, family, priors),
                prepared,
                seed=seed,
            )
        ordered = marginal.arranged(design, prepared.reduced.label)
        term, *further = ordered.groups
        sampled = raw if further else raw.drop_vars("r", errors="ignore")
        draws = named(sampled, ordered, family, priors, without=[term.label])
        size = raw.sizes["chain"] * raw.sizes["draw"] * len(term.levels) * len(term.coefficients)
        posterior = cls.of(draws, prepared, seed=seed)
        if posterior.effects is None or size > KEPT:
            return posterior
        effects = posterior.effects.draw()
        return cls(draws.assign({str(effects.name): effects}), prepared, None, seed)
