"""Centre the columns of a program, so that priors refer to the means of the predictors.

The standard deviation of an intercept between groups, and its correlation with slopes, depend on
where the predictors are 0: at the year 0 they are not what they are in the years of the data. So
does the slope of `x` in a model that also has `x:year`. Default priors refer to these parameters
where each predictor is at its mean.

For this a program gets the columns C W in place of a term's columns C: in products each number less
its mean, in group terms each column less its mean. If b are the coefficients of C W and S is their
covariance, the user's coefficients, those of C, are W b and their covariance is W S W'. The
likelihood and the predictions are the same; only the predictor values that the priors refer to
differ.
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
    """The matrices that take a design's columns to a program's, and draws back to the user's.

    Attributes
    ----------
    fixed : array, (column, column), or None
        W of the population-level columns without the intercept; None if no column changes.
    terms : mapping of str to array, (coefficient, coefficient)
        W of each group term whose columns change, by its label.
    """

    fixed: Floats | None
    terms: Mapping[str, Floats]

    def design(self, design: Design) -> Design:
        """Return the design with the program's columns, under the same names, for any rows."""
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
        """Turn named draws of the program's coefficients into draws of the user's.

        The sds and correlations that the priors are of are kept beside the user's, as
        ``center_sd_g`` and ``center_cor_g``.
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
        """Turn named draws of the user's coefficients back into draws of the program's."""
        inverse = None if self.fixed is None else _inverse(self.fixed)
        new, dropped = self._of_fixed(posterior, inverse), []
        for term in design.groups:
            W = self.terms.get(term.label)
            if W is None:
                continue
            new |= _effects_of(posterior, term, _inverse(W))
            for kind in ("sd", "cor"):
                centered = name_of(f"center_{kind}", term)
                if centered in posterior:
                    new[name_of(kind, term)] = posterior[centered]
                    dropped.append(centered)
        return posterior.assign(new).drop_vars(dropped) if new else posterior

    def coefficients(self, beta: Floats, *, intercept: bool) -> Floats:
        """Turn the program's population coefficients, (..., column), into the user's."""
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
    """Multiply each group's effects by W, (coefficient, coefficient).

    The effects have dimensions (chain, draw, group, coefficient), in any order; the result has
    them in this order.
    """
    ordered = effects.transpose(*SAMPLE_DIMS, dim_of(term), name_of("coefficient", term))
    return ordered.copy(data=ordered.values @ W.T)


def _effects_of(posterior: xr.Dataset, term: GroupDesign, W: Floats) -> dict[str, xr.DataArray]:
    names = (name_of("r", term), name_of("coef", term))
    return {name: effects_with(posterior[name], term, W) for name in names if name in posterior}


def sd_and_cor(
    posterior: xr.Dataset, term: GroupDesign, W: Floats | None, target: Floats | None
) -> dict[str, xr.DataArray]:
    """Return the sds and correlations of a correlated term for the columns C `target`.

    Parameters
    ----------
    posterior : Dataset
        Draws of the user's coefficients, of a fit whose program had the columns C W.
    term : GroupDesign
    W, target : array, (coefficient, coefficient), or None
        None stands for the identity, which leaves the columns C.
    """
    if target is None and W is None:
        return {}
    sd, cor = name_of("center_sd", term), name_of("center_cor", term)
    if W is None or sd not in posterior:  # a fit of version 0.1 has only those of the columns C
        factor = scale_factor(posterior, term)
    else:
        centered = {name_of("sd", term): posterior[sd], name_of("cor", term): posterior[cor]}
        if target is not None and np.array_equal(W, target):
            return centered
        factor = W @ scale_factor(posterior.assign(centered), term)
    if target is not None:
        factor = _inverse(target) @ factor
    return _of_factor(factor, posterior, term)


def _of_factor(factor: Floats, posterior: xr.Dataset, term: GroupDesign) -> dict[str, xr.DataArray]:
    """Return the sds and correlations of the covariance F F', of `factor` F: (draw, q, q)."""
    sd = np.sqrt(np.sum(factor**2, axis=2))
    rows = np.divide(factor, sd[:, :, None], out=np.zeros_like(factor), where=sd[:, :, None] > 0)
    q = factor.shape[1]
    cor = [np.clip(np.sum(rows[:, i] * rows[:, j], -1), -1, 1) for i in range(q) for j in range(i)]
    variables = {}
    for kind, values in (("sd", sd), ("cor", np.stack(cor, axis=1))):
        old = posterior[name_of(kind, term)]
        variables[name_of(kind, term)] = old.copy(data=values.reshape(old.shape))
    return variables


def choose(
    design: Design,
    user_keys: Collection[str],
    *,
    pooling: str = "partial",
    priors_at: str = "auto",
    history: Mapping[str, Floats] | None = None,
) -> Centering:
    """Decide which columns of a design are centered for the program.

    Parameters
    ----------
    design : Design
    user_keys : collection of str
        Keys of the priors that the user gives. With ``priors_at="auto"`` these refer to the
        parameters that `varcorr` and `fixef` report, those at predictors of zero. So a prior of an
        intercept's sd or of a term's correlations keeps that term's columns as they are, and a
        prior of a slope keeps the products whose centering would change the slope's meaning.
    pooling : {"partial", "complete", "none"}
    priors_at : {"auto", "mean", "zero"}
        "mean": the user's priors refer to the means of the predictors, too. "zero": all priors
        refer to predictors of zero, except a `history`, whose sds and correlations are those at
        the means of its own data.
    history : mapping of str to array, optional
        For a model with a joint prior: W of the terms that the prior names, by label. The prior's
        population coefficients are those of the user's columns.
    """
    if priors_at == "zero":
        return Centering(None, _without_identities(history or {}, design))
    keys = set(user_keys) if priors_at == "auto" else set()
    memory = design._memory
    fixed = None
    if history is None and design.coefficients:
        parts = {"Intercept": (), **dict(zip(memory.fixed.names, memory.fixed.parts, strict=True))}
        names = design.coefficients
        constant = design.intercept or (pooling == "none" and bool(intercepts_of(design.groups)))
        fixed = of_products(
            [parts[name] for name in names],
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
    """Return the matrices of the design's terms that are not the identity."""
    labels = {term.label for term in design.groups}
    return {
        label: W
        for label, W in terms.items()
        if label in labels and not np.array_equal(W, np.eye(len(W)))
    }


def _of_term(design: Design, term: GroupDesign, keys: set[str], pooling: str) -> Floats | None:
    """Return W of a group term; None if its columns are not changed."""
    columns, _ = design._memory.groups[term.label]
    names, label = term.coefficients, term.label
    unpooled = pooling == "none"
    # coefficients that are independent for one origin of the predictors are dependent for others,
    # so centering would change the model
    if not unpooled and not term.correlated:
        return None
    if not unpooled and {f"sd({label})", f"sd({label}, Intercept)", f"cor({label})"} & keys:
        return None
    prefix = "coef" if unpooled else "sd"
    products = of_products(
        columns.parts,
        columns.means,
        term.Z,
        constant="Intercept" in names,
        level=None if "Intercept" in names else constant_in(term.Z),
        levels=columns.levels,
        stays=lambda k: bool({f"{prefix}({label}, {names[k]})", f"{prefix}({label})"} & keys),
    )
    if unpooled or "Intercept" not in names:
        return products
    W = np.eye(len(names)) if products is None else products
    intercept = names.index("Intercept")
    Z = combined(term.Z, W)
    means, sds = Z.mean(axis=0), Z.std(axis=0)
    means[intercept] = 0.0
    shift = np.eye(len(names))
    shift[intercept] -= np.where(np.abs(means) > TINY * sds, means, 0.0)
    with_means: Floats = W @ shift
    return with_means
