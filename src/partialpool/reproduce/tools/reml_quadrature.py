"""Exact posteriors of linear mixed models, by quadrature over their standard deviations.

Given the standard deviations (and the correlation), all other parameters are integrated out in
closed form (`reml.profile`), and the rest is a sum over a grid. The results have no Monte-Carlo
error, so the results of samplers can be compared with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...arrays import Floats
from .reml import Sums, profile

Nodes = tuple[float, float, int]
"""Lowest value, highest value and number of the nodes of a standard deviation."""


@dataclass(frozen=True)
class Exact:
    """Posterior means and densities by quadrature, under flat and half-Cauchy priors.

    The priors of beta are flat, those of the standard deviations half-Cauchy.

    Attributes
    ----------
    coefficients : array, (K,)
        Posterior means of beta.
    scale : array, (q,)
        Posterior means of the between-group standard deviations.
    sigma : float
        Posterior mean of the residual standard deviation.
    rho : float
        Posterior mean of the correlation; 0 if it is fixed to 0.
    nodes, density : tuples of q arrays, (node,)
        Values of each between-group standard deviation, and its marginal density at them.
    """

    coefficients: Floats
    scale: Floats
    sigma: float
    rho: float
    nodes: tuple[Floats, ...]
    density: tuple[Floats, ...]


def exact_posterior(
    data: Sums,
    *,
    scale: Sequence[Nodes],
    sigma: Nodes,
    rho: int = 0,
    eta: float = 1.0,
    prior_scale: float = 5.0,
) -> Exact:
    """Integrate the posterior on a grid, equally spaced in the logarithms of the sds.

    Parameters
    ----------
    data : Sums
    scale : sequence of (low, high, count)
        Lowest and highest value of each between-group standard deviation, and the number of
        nodes. The posterior probability outside must be negligible.
    sigma : (low, high, count)
        The same for the residual standard deviation.
    rho : int
        Number of nodes of the correlation, equally spaced in its inverse hyperbolic tangent from
        -3 to 3; 0 fixes the correlation to 0.
    eta : float
        Parameter of the correlation's LKJ prior, (1 - rho^2)^(eta - 1).
    prior_scale : float
        Scale of the half-Cauchy priors.

    Returns
    -------
    Exact
    """
    q = data.effects
    axes = [np.linspace(np.log(low), np.log(high), count) for low, high, count in (*scale, sigma)]
    axes.append(np.linspace(-3, 3, rho) if rho else np.zeros(1))
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    points = grid.reshape(-1, len(axes))
    sds, correlation = np.exp(points[:, :-1]), np.tanh(points[:, -1])
    conditional = profile(data, sds[:, :q], sds[:, q], correlation)
    log_density = conditional.log_likelihood + points[:, :-1].sum(axis=1)
    log_density -= np.log1p((sds / prior_scale) ** 2).sum(axis=1)
    log_density += eta * np.log1p(-(correlation**2))  # the prior and d rho = (1 - rho^2) du
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mass = weight.reshape(grid.shape[:-1])
    others = [tuple(k for k in range(mass.ndim) if k != i) for i in range(q)]
    nodes = tuple(np.exp(axis) for axis in axes[:q])
    density = tuple(
        mass.sum(axis=other_axes) / (axis[1] - axis[0]) / np.exp(axis)
        for axis, other_axes in zip(axes[:q], others, strict=True)
    )
    mean = weight @ sds
    return Exact(
        weight @ conditional.coefficients,
        mean[:q],
        float(mean[q]),
        float(weight @ correlation),
        nodes,
        density,
    )
