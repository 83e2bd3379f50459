"""Draws of a fit's population parameters on the unconstrained scale, for a joint normal prior."""

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
    names : tuple of str
        Keys of priors for a formula model; scalars such as ``beta[1]`` for a program.
    transforms : tuple of str
        The transform of each coordinate to the unconstrained scale.
    draws : array, (chain, draw, coordinate)
    """

    names: tuple[str, ...]
    transforms: tuple[str, ...]
    draws: Floats

    def select(self, names: Sequence[str] | None) -> Coordinates:
        """Return the coordinates that the names stand for, in the order of the names.

        ``b`` stands for every slope, ``b(x)`` for the slope of x, whatever x is called, ``sd(g)``
        and ``cor(g)`` for all sds and correlations of g, ``beta`` for all of ``beta[...]``.

        Parameters
        ----------
        names : sequence of str, or None
            None stands for all coordinates.

        Raises
        ------
        DataError
            If a name stands for no coordinate.
        """
        if names is None:
            return self
        if isinstance(names, str) or not names:
            raise DataError(f"names must be a list of parameters, not {names!r}")
        selected: list[int] = []
        for name in names:
            matching = [i for i, key in enumerate(self.names) if _matches(key, name)]
            if not matching:
                raise DataError(
                    f"the fit has no parameter {name!r} here; it has {', '.join(self.names)}"
                )
            selected += [i for i in matching if i not in selected]
        return Coordinates(
            tuple(self.names[i] for i in selected),
            tuple(self.transforms[i] for i in selected),
            self.draws[:, :, selected],
        )


def centers_of(fit: Fit) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """Return the centering of a fit's group terms, by label: names of coefficients, and matrix W.

    The priors of the term's sds and correlations are those of the columns C W (see
    `priors.centering`). Terms that are not centered, and fits of programs, have no entry.
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
    """Return a fit's draws on the unconstrained scale.

    Parameters
    ----------
    fit : ModelFit or Fit
        Of a formula model, the parameters of the population; of a program, those it declares.
    names : sequence of str, optional
        Return only these; see `Coordinates.select`.
    centers : mapping, optional
        As `centers_of` returns it for another fit: sds and correlations are returned for the
        centered columns of that fit, in terms with the same coefficients. By default they are
        those that this fit's priors refer to.

    Raises
    ------
    DataError
        If `fit` is no fit, has no such parameter, or a parameter that is neither unconstrained nor
        has bounds.
    """
    if isinstance(fit, ModelFit):
        return _of_model(fit, centers_of(fit) if centers is None else centers).select(names)
    if isinstance(fit, Fit):
        return _of_program(fit, names)
    raise DataError(f"a fit is needed, such as pp.fit(...) returns, not {type(fit).__name__}")


def _matches(key: str, name: str) -> bool:
    """Tell whether a name of the user's stands for the coordinate `key`."""
    if key == name or key.startswith(f"{name}["):
        return True
    is_slope = key not in RESERVED and not key.startswith(("sd(", "cor("))
    if is_slope and name in ("b", class_name(key)):
        return True
    return name.startswith("sd(") and key.startswith(f"{name[:-1]}, ")


def _of_model(fit: ModelFit, centers: Mapping[str, tuple[tuple[str, ...], Floats]]) -> Coordinates:
    posterior, design = fit.posterior, fit.model.design
    for term in design.groups:
        coefficients, W = centers.get(term.label, ((), np.empty((0, 0))))
        target = W if coefficients == term.coefficients else None
        if name_of("cor", term) in posterior:
            fitted = fit.model.centering.terms.get(term.label)
            posterior = posterior.assign(sd_and_cor(posterior, term, fitted, target))
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
    for name in fit.model.response_family.auxiliaries:
        if name in posterior:
            transform, least = (ABOVE_ONE, 1.0) if name == "nu" else (LOG, 0.0)
            add([name], transform, np.log(posterior[name].values[:, :, None] - least))
    return Coordinates(tuple(names), tuple(transforms), np.concatenate(blocks, axis=2))


def partial_correlations(rho: Floats, q: int) -> Floats:
    """Return the canonical partial correlations of correlation matrices.

    They are the elements of the Cholesky factor below the diagonal, each divided by the root of 1
    less the squares of the elements before it in its row (Lewandowski, Kurowicka & Joe 2009,
    section 2.4).

    Parameters
    ----------
    rho : array, (..., q (q - 1) / 2)
        Correlations (2, 1), (3, 1), (3, 2), ...
    q : int
        Size of the matrices.

    Returns
    -------
    array, (..., q (q - 1) / 2)
        In the same order.
    """
    matrix = np.broadcast_to(np.eye(q), (*rho.shape[:-1], q, q)).copy()
    rows, columns = np.tril_indices(q, -1)
    matrix[..., rows, columns] = matrix[..., columns, rows] = rho
    lower = np.linalg.cholesky(matrix)
    squares = lower**2
    remaining = 1 - np.cumsum(squares, axis=-1) + squares
    partial: Floats = lower[..., rows, columns] / np.sqrt(remaining[..., rows, columns])
    return partial


def _of_program(fit: Fit, names: Sequence[str] | None) -> Coordinates:
    declared, posterior = fit.program.parameters, fit.posterior
    if isinstance(names, str):
        raise DataError(f"names must be a list of parameters, not {names!r}")
    available = [name for name in declared if posterior[name].size]
    chosen = available
    if names is not None:
        chosen = [p for p in available if any(_is_part_of(name, p) for name in names)]
    unknown = [name for name in names or () if not any(_is_part_of(name, p) for p in available)]
    if unknown or not chosen:
        raise DataError(
            f"{fit.program.name} has no parameter {', '.join(map(repr, unknown)) or 'at all'}; "
            f"its parameters are {', '.join(available)}"
        )
    data = _data(fit)
    labels: list[str] = []
    transforms: list[str] = []
    blocks: list[Floats] = []
    for name in chosen:
        scalars, values = flatten(posterior[[name]])
        transform, unconstrained = _unconstrained(declared[name], values, data)
        labels += scalars
        transforms += [transform] * len(scalars)
        blocks.append(unconstrained)
    draws = np.concatenate(blocks, axis=2)
    return Coordinates(tuple(labels), tuple(transforms), draws).select(names)


def _is_part_of(name: str, parameter: str) -> bool:
    """Tell whether a name such as ``beta[1]`` is of the parameter ``beta``, or is ``beta``."""
    return name == parameter or name.startswith(f"{parameter}[")


def _data(fit: Fit) -> dict[str, Any]:
    """Return the data of a fit by name."""
    data: dict[str, Any] = {}
    for group in ("observed_data", "constant_data"):
        if group in inference_data.group_names(fit.idata):
            variables = inference_data.group(fit.idata, group).items()
            data |= {str(name): variable.values[()] for name, variable in variables}
    return data


def _unconstrained(declaration: Declaration, x: Floats, data: dict[str, Any]) -> tuple[str, Floats]:
    """Return the transform's name, and the draws x, (chain, draw, scalar), after it."""
    bounded = ("real", "vector", "row_vector", "matrix")
    if declaration.constraint is not None or declaration.base not in bounded:
        raise DataError(
            f"{declaration}: only numbers, vectors and matrices with no constraint but bounds can "
            "have a normal prior; choose other parameters with names=[...]"
        )
    bounds: list[Any] = []
    for bound in (declaration.lower, declaration.upper):
        bounds.append(None if bound is None else np.ravel(np.asarray(bound.evaluate(data))))
        if bounds[-1] is not None and None in bounds[-1].tolist():
            raise DataError(
                f"{declaration}: its bounds cannot be computed from the data; choose other "
                "parameters with names=[...]"
            )
    low, high = bounds
    if low is None and high is None:
        return IDENTITY, x
    if low is not None and high is not None:
        transform = f"logit between {declaration.lower} and {declaration.upper}"
        return transform, np.log(x - low) - np.log(high - x)
    if low is not None:
        return (LOG if not low.any() else f"log(x - {declaration.lower})"), np.log(x - low)
    return f"log({declaration.upper} - x)", np.log(high - x)
