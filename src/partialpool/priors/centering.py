"""Where priors hold: at the means of predictors, so that zero may be far from the data.

The prior of an intercept's standard deviation between groups, and of its correlation with slopes,
says something else at the year 0 than at the years of the data; so does the prior of the slope of
`x` beside `x:year`. Default priors hold where each predictor is at its mean. A program gets columns
C W in the place of a term's columns C: numbers in products less their means, and in group terms
each column less its mean. Its coefficients b make the user's, W b, and their covariance S makes
W S W'. The model is the same, and so are its predictions; only the priors hold elsewhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..arrays import SAMPLE_DIMS, Floats
from ..design.centered_columns import TINY, combined, of_products
from ..design.design import Design, GroupDesign
from ..design.group_basis import intercepts_of
from ..design.rank import constant_in
from ..naming.names import dim_of, name_of
from ..naming.variables import scale_factor
from .keys import class_name, slope_name

PRIORS_AT = ("auto", "mean", "zero")


@dataclass(frozen=True, eq=False)
class Centering:
    """The columns that a program gets in the place of a design's, and the way back.

    Attributes
    ----------
    fixed : array, (column, column), or None
        W of the fixed part, without the intercept; None where no column changes.
    terms : mapping of str to array, (coefficient, coefficient)
        W of each group term whose columns change, by its label.
    """

    fixed: Floats | None
    terms: Mapping[str, Floats]

    def design(self, design: Design) -> Design:
        """Return a design with the program's columns, of the same names; rows may be any."""
        if self.fixed is None and not self.terms:
            return design
        groups = [
            dataclasses.replace(term, Z=combined(term.Z, self.terms[term.label]))
            if term.label in self.terms
            else term
            for term in design.groups
        ]
        X = design.X if self.fixed is None else combined(design.X, self.fixed)
        return dataclasses.replace(design, X=X, groups=tuple(groups))

    def to_user(self, posterior: xr.Dataset, design: Design) -> xr.Dataset:
        """Bring named draws from the program's columns to the user's.

        The sds and correlations that have priors are kept beside them, as ``center_sd_g`` and
        ``center_cor_g``.
        """
        new = self._of_fixed(posterior, self.fixed)
        for term in design.groups:
            W = self.terms.get(term.label)
            if W is None:
                continue
            new |= _effects_of(posterior, term, W)
            if name_of("cor", term) in posterior:
                for kind in ("sd", "cor"):
                    new[name_of(f"center_{kind}", term)] = posterior[name_of(kind, term)]
                new |= _of_factor(W @ scale_factor(posterior, term), posterior, term)
        return posterior.assign(new) if new else posterior

    def to_program(self, posterior: xr.Dataset, design: Design) -> xr.Dataset:
        """Undo `to_user`."""
        inverse = None if self.fixed is None else _inverse(self.fixed)
        new, gone = self._of_fixed(posterior, inverse), []
        for term in design.groups:
            W = self.terms.get(term.label)
            if W is None:
                continue
            new |= _effects_of(posterior, term, _inverse(W))
            for kind in ("sd", "cor"):
                kept = name_of(f"center_{kind}", term)
                if kept in posterior:
                    new[name_of(kind, term)] = posterior[kept]
                    gone.append(kept)
        return posterior.assign(new).drop_vars(gone) if new else posterior

    def coefficients(self, beta: Floats, *, intercept: bool) -> Floats:
        """Bring the population's coefficients, (..., column), to the user's columns."""
        return beta if self.fixed is None else _times_slopes(beta, self.fixed, int(intercept))

    def _of_fixed(self, posterior: xr.Dataset, W: Floats | None) -> dict[str, xr.DataArray]:
        if W is None or "beta" not in posterior:
            return {}
        beta = posterior["beta"].transpose(*SAMPLE_DIMS, "coefficient")
        first = beta.sizes["coefficient"] - len(W)
        return {"beta": beta.copy(data=_times_slopes(beta.values, W, first))}


def _inverse(W: Floats) -> Floats:
    return np.asarray(np.linalg.inv(W), dtype=np.float64)


def _times_slopes(beta: Floats, W: Floats, first: int) -> Floats:
    slopes = beta[..., first:] @ W.T
    return np.concatenate([beta[..., :first], slopes], axis=-1)


def effects_with(effects: xr.DataArray, term: GroupDesign, W: Floats) -> xr.DataArray:
    """Multiply the effects of each group by a matrix: (chain, draw, group, coefficient)."""
    ordered = effects.transpose(*SAMPLE_DIMS, dim_of(term), name_of("coefficient", term))
    return ordered.copy(data=ordered.values @ W.T)


def _effects_of(posterior: xr.Dataset, term: GroupDesign, W: Floats) -> dict[str, xr.DataArray]:
    names = (name_of("r", term), name_of("coef", term))
    return {name: effects_with(posterior[name], term, W) for name in names if name in posterior}


def sd_and_cor(
    posterior: xr.Dataset, term: GroupDesign, W: Floats | None, target: Floats | None
) -> dict[str, xr.DataArray]:
    """Return a correlated term's sds and correlations of the columns C `target`.

    Parameters
    ----------
    posterior : Dataset
        The user's, of a fit whose program had the columns C W.
    term : GroupDesign
    W, target : array, (coefficient, coefficient), or None
        None for the columns C themselves.
    """
    if target is None and W is None:
        return {}
    sd, cor = name_of("center_sd", term), name_of("center_cor", term)
    if W is None or sd not in posterior:  # a fit of version 0.1 has them of C alone
        factor = scale_factor(posterior, term)
    else:
        known = {name_of("sd", term): posterior[sd], name_of("cor", term): posterior[cor]}
        if target is not None and np.array_equal(W, target):
            return known
        factor = W @ scale_factor(posterior.assign(known), term)
    if target is not None:
        factor = _inverse(target) @ factor
    return _of_factor(factor, posterior, term)


def _of_factor(factor: Floats, posterior: xr.Dataset, term: GroupDesign) -> dict[str, xr.DataArray]:
    """Return sds and correlations of the covariance F F', by draw: F is (draw, q, q)."""
    sd = np.sqrt(np.sum(factor**2, axis=2))
    rows = np.divide(factor, sd[:, :, None], out=np.zeros_like(factor), where=sd[:, :, None] > 0)
    q = factor.shape[1]
    cor = [np.clip(np.sum(rows[:, i] * rows[:, j], -1), -1, 1) for i in range(q) for j in range(i)]
    found = {}
    for kind, values in (("sd", sd), ("cor", np.stack(cor, axis=1))):
        old = posterior[name_of(kind, term)]
        found[name_of(kind, term)] = old.copy(data=values.reshape(old.shape))
    return found


def choose(
    design: Design,
    given: Collection[str],
    *,
    pooling: str = "partial",
    priors_at: str = "auto",
    history: Mapping[str, Floats] | None = None,
) -> Centering:
    """Decide which columns a program gets.

    Parameters
    ----------
    design : Design
    given : collection of str
        Keys of the priors that the user gives. In "auto" these hold at zero, where `varcorr` and
        `fixef` report what they are of: with one of an intercept's sd or a term's correlations, the
        columns of that term stay; with one of a slope, products that would change its meaning.
    priors_at : {"auto", "mean", "zero"}
        "mean": given priors hold at the means, too; "zero": all hold at zero, but those of a
        history, which is of sds and correlations at its own means.
    pooling : {"partial", "complete", "none"}
    history : mapping of str to array, optional
        Of a model with a joint prior: W of the terms that the prior names. Its coefficients are
        the user's.
    """
    if priors_at == "zero":
        return Centering(None, _without_identities(history or {}, design))
    keys = set(given) if priors_at == "auto" else set()
    memory = design._memory
    fixed = None
    if history is None and design.coefficients:
        of = {"Intercept": (), **dict(zip(memory.fixed.names, memory.fixed.parts, strict=True))}
        names = design.coefficients
        constant = design.intercept or (pooling == "none" and bool(intercepts_of(design.groups)))
        fixed = of_products(
            [of[name] for name in names],
            memory.fixed.means,
            design.X,
            constant=constant,
            level=None if constant else constant_in(design.X),
            levels=memory.fixed.levels,
            stays=lambda k: bool({slope_name(names[k]), class_name(names[k]), "b"} & keys),
        )
    terms = dict(history or {})
    for term in design.groups:
        if term.label not in terms:
            W = _of_term(design, term, keys, pooling)
            terms |= {} if W is None else {term.label: W}
    return Centering(fixed, _without_identities(terms, design))


def _without_identities(terms: Mapping[str, Floats], design: Design) -> dict[str, Floats]:
    """Keep the matrices of a design's terms that change a column."""
    labels = {term.label for term in design.groups}
    return {
        label: W
        for label, W in terms.items()
        if label in labels and not np.array_equal(W, np.eye(len(W)))
    }


def _of_term(design: Design, term: GroupDesign, keys: set[str], pooling: str) -> Floats | None:
    """Find W of a group term; None where its columns stay."""
    columns, _ = design._memory.groups[term.label]
    names, label = term.coefficients, term.label
    own = pooling == "none"
    if not own and not term.correlated:  # independent coefficients are so at one place only
        return None
    if not own and {f"sd({label})", f"sd({label}, Intercept)", f"cor({label})"} & keys:
        return None
    what = "coef" if own else "sd"
    products = of_products(
        columns.parts,
        columns.means,
        term.Z,
        constant="Intercept" in names,
        level=None if "Intercept" in names else constant_in(term.Z),
        levels=columns.levels,
        stays=lambda k: bool({f"{what}({label}, {names[k]})", f"{what}({label})"} & keys),
    )
    if own or "Intercept" not in names:
        return products
    W = np.eye(len(names)) if products is None else products
    home = names.index("Intercept")
    Z = combined(term.Z, W)
    means, spread = Z.mean(axis=0), Z.std(axis=0)
    means[home] = 0.0
    shift = np.eye(len(names))
    shift[home] -= np.where(np.abs(means) > TINY * spread, means, 0.0)
    of_means: Floats = W @ shift
    return of_means
