"""A fit's population on the unconstrained scale: what a joint normal prior is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import SAMPLE_DIMS, Floats
from ..diagnostics.convergence import flatten
from ..errors import DataError
from ..model.fit import ModelFit
from ..naming.names import name_of
from ..priors.centering import sd_and_cor
from ..priors.history import ABOVE_ONE, IDENTITY, LOG, PARTIAL
from ..priors.keys import RESERVED, class_name
from ..priors.table import sd_name, slope_name
from ..sampling import inference_data
from ..sampling.fit import Fit
from ..source.declaration import Declaration
from ..stan_data.history import cor_names


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Draws on the unconstrained scale.

    Attributes
    ----------
    names, transforms : tuple of str
    draws : array, (chain, draw, coordinate)
    """

    names: tuple[str, ...]
    transforms: tuple[str, ...]
    draws: Floats

    def select(self, names: Sequence[str] | None) -> Coordinates:
        """Take some, in the order given: ``b`` is every slope, ``sd(g)``, ``cor(g)`` all of g.

        ``b(x)`` is the slope of x, whatever x is called.

        Raises
        ------
        DataError
            For a name that there is not.
        """
        if names is None:
            return self
        if isinstance(names, str) or not names:
            raise DataError(f"names must be a list of parameters, not {names!r}")
        at: list[int] = []
        for name in names:
            found = [i for i, own in enumerate(self.names) if _is(own, name)]
            if not found:
                raise DataError(
                    f"the fit has no parameter {name!r} here; it has {', '.join(self.names)}"
                )
            at += [i for i in found if i not in at]
        return Coordinates(
            tuple(self.names[i] for i in at),
            tuple(self.transforms[i] for i in at),
            self.draws[:, :, at],
        )


def centers_of(fit: Fit) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """Return, by group term, the matrix W of the columns that its sds and correlations are of.

    Those of other terms, and of programs, are of the columns as they are.
    """
    if not isinstance(fit, ModelFit):
        return {}
    terms = {term.label: term for term in fit.model.design.groups}
    return {label: (terms[label].coefficients, W) for label, W in fit.model.centering.terms.items()}


def coordinates_of(
    fit: Fit,
    names: Sequence[str] | None = None,
    *,
    centers: Mapping[str, tuple[tuple[str, ...], Floats]] | None = None,
) -> Coordinates:
    """Bring a fit's draws to the unconstrained scale.

    Parameters
    ----------
    fit : ModelFit or Fit
        Of a formula model, its population; of a program, the parameters it declares.
    names : sequence of str, optional
        Some of them; of a program also the names of whole vectors.
    centers : mapping, optional
        As `centers_of` returns it: the columns that sds and correlations are to be of, where the
        fit has a term with the same coefficients; those of this fit's priors if not given.

    Raises
    ------
    DataError
        If the fit is none, has no such parameter, or one on a scale that is not known here.
    """
    if isinstance(fit, ModelFit):
        return _of_model(fit, centers_of(fit) if centers is None else centers).select(names)
    if isinstance(fit, Fit):
        return _of_program(fit, names)
    raise DataError(f"a fit is needed, such as that of pp.fit(...), not {type(fit).__name__}")


def _is(own: str, wanted: str) -> bool:
    if own == wanted or own.startswith(f"{wanted}["):
        return True
    slope = own not in RESERVED and not own.startswith(("sd(", "cor("))
    if slope and wanted in ("b", class_name(own)):
        return True
    return wanted.startswith("sd(") and own.startswith(f"{wanted[:-1]}, ")


def _of_model(fit: ModelFit, centers: Mapping[str, tuple[tuple[str, ...], Floats]]) -> Coordinates:
    posterior, design = fit.posterior, fit.model.design
    for term in design.groups:
        coefficients, W = centers.get(term.label, ((), np.empty((0, 0))))
        target = W if coefficients == term.coefficients else None
        if name_of("cor", term) in posterior:
            own = fit.model.centering.terms.get(term.label)
            posterior = posterior.assign(sd_and_cor(posterior, term, own, target))
    names: list[str] = []
    transforms: list[str] = []
    blocks: list[Floats] = []

    def add(labels: Sequence[str], transform: str, values: Any) -> None:
        names.extend(labels)
        transforms.extend([transform] * len(labels))
        blocks.append(np.asarray(values, dtype=np.float64))

    if fit.model.pooling == "none":
        raise DataError("a fit without pooling has no population: fit it with partial pooling")
    if "beta" in posterior:
        beta = posterior["beta"].transpose(*SAMPLE_DIMS, "coefficient")
        slopes = [slope_name(name) for name in design.coefficients]
        add([*(["Intercept"] if design.intercept else []), *slopes], IDENTITY, beta.values)
    for term in design.groups:
        sds = posterior[name_of("sd", term)].transpose(*SAMPLE_DIMS, name_of("coefficient", term))
        add([sd_name(term, c) for c in term.coefficients], LOG, np.log(sds.values))
    for term in design.groups:
        if name_of("cor", term) in posterior:
            rho = posterior[name_of("cor", term)].transpose(*SAMPLE_DIMS, name_of("pair", term))
            partial = partial_correlations(rho.values, len(term.coefficients))
            add(cor_names(term), PARTIAL, np.log1p(partial) - np.log1p(-partial))
    for name, transform, least in (("sigma", LOG, 0.0), ("nu", ABOVE_ONE, 1.0), ("phi", LOG, 0.0)):
        if name in posterior:
            add([name], transform, np.log(posterior[name].values[:, :, None] - least))
    return Coordinates(tuple(names), tuple(transforms), np.concatenate(blocks, axis=2))


def partial_correlations(rho: Floats, q: int) -> Floats:
    """Canonical partial correlations, ordered as the correlations: (2, 1), (3, 1), (3, 2), ...

    Lewandowski, Kurowicka & Joe 2009, section 2.4: row by row of the Cholesky factor, each
    element over the length of what is left of its row.

    Parameters
    ----------
    rho : array, (..., q (q - 1) / 2)
    """
    matrix = np.broadcast_to(np.eye(q), (*rho.shape[:-1], q, q)).copy()
    rows, columns = np.tril_indices(q, -1)
    matrix[..., rows, columns] = matrix[..., columns, rows] = rho
    lower = np.linalg.cholesky(matrix)
    squares = lower**2
    left = 1 - np.cumsum(squares, axis=-1) + squares
    found: Floats = lower[..., rows, columns] / np.sqrt(left[..., rows, columns])
    return found


def _of_program(fit: Fit, names: Sequence[str] | None) -> Coordinates:
    declared, posterior = fit.program.parameters, fit.posterior
    if isinstance(names, str):
        raise DataError(f"names must be a list of parameters, not {names!r}")
    kept = [each for each in declared if posterior[each].size]
    chosen = kept if names is None else [n for n in kept if any(_is_of(n, x) for x in names)]
    unknown = [name for name in names or () if not any(_is_of(each, name) for each in kept)]
    if unknown or not chosen:
        raise DataError(
            f"{fit.program.name} has no parameter {', '.join(map(repr, unknown)) or 'at all'}; "
            f"its parameters are {', '.join(kept)}"
        )
    data = _data(fit)
    found: list[Coordinates] = []
    for name in chosen:
        labels, values = flatten(posterior[[name]])
        transform, moved = _unconstrain(declared[name], values, data)
        found.append(Coordinates(tuple(labels), (transform,) * len(labels), moved))
    whole = Coordinates(
        tuple(name for each in found for name in each.names),
        tuple(name for each in found for name in each.transforms),
        np.concatenate([each.draws for each in found], axis=2),
    )
    return whole.select(names)


def _is_of(name: str, wanted: str) -> bool:
    return wanted == name or wanted.startswith(f"{name}[")


def _data(fit: Fit) -> dict[str, Any]:
    groups = ("observed_data", "constant_data")
    here = [g for g in groups if g in inference_data.group_names(fit.idata)]
    return {
        str(k): v.values[()] for g in here for k, v in inference_data.group(fit.idata, g).items()
    }


def _unconstrain(one: Declaration, x: Floats, data: dict[str, Any]) -> tuple[str, Floats]:
    if one.constraint is not None or one.base not in ("real", "vector", "row_vector", "matrix"):
        raise DataError(
            f"{one}: a normal on the unconstrained scale is made of numbers and vectors with "
            "bounds only; take others with names=[...]"
        )
    ends: list[Any] = []
    for each in (one.lower, one.upper):
        ends.append(None if each is None else np.ravel(np.asarray(each.evaluate(data))))
        if ends[-1] is not None and None in ends[-1].tolist():
            raise DataError(f"{one}: its bounds cannot be worked out; take others with names=[...]")
    low, high = ends
    if low is None and high is None:
        return IDENTITY, x
    if low is not None and high is not None:
        return f"logit between {one.lower} and {one.upper}", np.log(x - low) - np.log(high - x)
    if low is not None:
        return (LOG if not low.any() else f"log(x - {one.lower})"), np.log(x - low)
    return f"log({one.upper} - x)", np.log(high - x)
