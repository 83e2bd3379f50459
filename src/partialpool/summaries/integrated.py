"""Log predictive densities of new binomial trials, with each unit's probability integrated out.

The joint score log p(new | old) could be estimated by averaging p(new | theta) over draws of all
units' probabilities theta. With many units this fails, because no draw of theta is close to all
of them at once. Given the population parameters, however, the units are independent, and each
unit's theta can be integrated out separately:

    p(new | old, population) = prod_n  integral p(new_n | theta_n) p(theta_n | old_n, population)

The average over draws is then an average over the two population parameters only. Pass the
result to `predictive_score`, with ``kind="joint"`` or ``kind="pointwise"``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..arrays import Floats
from ..errors import DataError
from .draws import Draws, scalar_draws

NODES = 40
BISECTIONS = 50


def beta_binomial_log_predictive(
    phi: Draws,
    kappa: Draws,
    *,
    trials: npt.ArrayLike,
    successes: npt.ArrayLike,
    new_trials: npt.ArrayLike,
    new_successes: npt.ArrayLike,
    labels: Sequence[str] | None = None,
) -> xr.DataArray:
    """Score new trials under theta ~ beta(phi kappa, (1 - phi) kappa), theta integrated out.

    The integral is the beta-binomial density, in closed form.

    Parameters
    ----------
    phi, kappa : DataArray or array, (chain, draw)
        Mean and concentration of the population of probabilities.
    trials, successes : array, (unit,)
        Counts that the model was fitted to.
    new_trials, new_successes : array, (unit,)
        Counts to score.
    labels : sequence of str, optional
        Names of the units.

    Returns
    -------
    DataArray, (chain, draw, unit)
        log p(new successes | old successes, phi, kappa) of each unit, in nats. It is a
        difference of log gamma functions, so digits are lost as kappa grows: seven decimals are
        right at kappa = 10^8.

    Raises
    ------
    DataError
        If shapes differ, phi is not between 0 and 1, kappa is not positive, or counts are not
        whole numbers with 0 <= successes <= trials.
    """
    from scipy.special import betaln

    mean, size = _two_draws(("phi", phi), ("kappa", kappa))
    if (mean <= 0).any() or (mean >= 1).any() or (size <= 0).any():
        raise DataError("phi must be between 0 and 1, and kappa positive")
    old, new = _counts(trials, successes), _counts(new_trials, new_successes, "new_")
    _same_units(old, new)
    a = (mean * size)[..., None] + old[1]
    b = ((1 - mean) * size)[..., None] + old[0] - old[1]
    logs = betaln(a + new[1], b + new[0] - new[1]) - betaln(a, b)
    return _labelled(logs + _log_choose(*new), labels)


def logit_normal_log_predictive(
    mu: Draws,
    sigma: Draws,
    *,
    trials: npt.ArrayLike,
    successes: npt.ArrayLike,
    new_trials: npt.ArrayLike,
    new_successes: npt.ArrayLike,
    labels: Sequence[str] | None = None,
    nodes: int = NODES,
) -> xr.DataArray:
    """Score new trials under logit(theta) ~ normal(mu, sigma), with theta integrated out.

    The integral is computed by adaptive Gauss-Hermite quadrature: for every draw and unit, the
    nodes are centred at the mode of the integrand and scaled by its curvature there (Liu and
    Pierce 1994, Biometrika 81:624).

    Parameters
    ----------
    mu, sigma : DataArray or array, (chain, draw)
        Mean and standard deviation of the population of log odds.
    trials, successes, new_trials, new_successes, labels
        As in `beta_binomial_log_predictive`.
    nodes : int
        Number of quadrature nodes.

    Returns
    -------
    DataArray, (chain, draw, unit)
        log p(new successes | old successes, mu, sigma) of each unit, in nats.

    Raises
    ------
    DataError
        If shapes differ, sigma is not positive, or counts are not whole numbers with
        0 <= successes <= trials.
    """
    mean, scale = _two_draws(("mu", mu), ("sigma", sigma))
    if (scale <= 0).any():
        raise DataError("sigma must be positive")
    old, new = _counts(trials, successes), _counts(new_trials, new_successes, "new_")
    _same_units(old, new)
    logs = np.empty((*mean.shape, len(old[0])))
    log_marginals: dict[tuple[float, float], Floats] = {}
    for unit, (m, y, m_new, y_new) in enumerate(zip(*old, *new, strict=True)):
        for counts in ((m, y), (m + m_new, y + y_new)):
            if counts not in log_marginals:
                log_marginals[counts] = _log_marginal(mean, scale, *counts, nodes)
        logs[..., unit] = log_marginals[m + m_new, y + y_new] - log_marginals[m, y]
    return _labelled(logs + _log_choose(*new), labels)


def _log_marginal(mu: Floats, sigma: Floats, trials: float, successes: float, nodes: int) -> Floats:
    """Log of the integral of theta^successes (1 - theta)^failures normal(z | 0, 1) over z.

    Here logit(theta) = mu + sigma z. The mode of the integrand is found by bisection on its
    slope. Returns an array of the shape of `mu` and `sigma`, (chain, draw).
    """
    from scipy.special import expit, logsumexp

    low, high = sigma * (successes - trials), sigma * successes  # the slope is 0 between these
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        rising = sigma * (successes - trials * expit(mu + sigma * middle)) > middle
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    mode = (low + high) / 2
    theta = expit(mu + sigma * mode)
    sd = 1 / np.sqrt(1 + sigma**2 * trials * theta * (1 - theta))
    x, weight = np.polynomial.hermite_e.hermegauss(nodes)
    z = mode[..., None] + sd[..., None] * x
    alpha = mu[..., None] + sigma[..., None] * z
    log_density = -successes * np.logaddexp(0, -alpha) - (trials - successes) * np.logaddexp(
        0, alpha
    )
    log_density += 0.5 * (x**2 - z**2) + np.log(weight / np.sqrt(2 * np.pi))
    return np.asarray(logsumexp(log_density, axis=-1) + np.log(sd))


def _two_draws(first: tuple[str, Draws], second: tuple[str, Draws]) -> tuple[Floats, Floats]:
    first_draws, second_draws = (scalar_draws(draws, what=name) for name, draws in (first, second))
    if first_draws.shape != second_draws.shape:
        raise DataError(
            f"{first[0]} has shape {first_draws.shape}, but {second[0]} has {second_draws.shape}"
        )
    return first_draws, second_draws


def _counts(
    trials: npt.ArrayLike, successes: npt.ArrayLike, prefix: str = ""
) -> tuple[Floats, Floats]:
    """Return trials and successes as arrays (unit,), after checking that they are counts."""
    n, y = np.asarray(trials, dtype=np.float64), np.asarray(successes, dtype=np.float64)
    if n.ndim != 1 or n.shape != y.shape:
        raise DataError(
            f"{prefix}trials and {prefix}successes must have one number per unit; their shapes are "
            f"{n.shape} and {y.shape}"
        )
    if not ((y == np.floor(y)) & (n == np.floor(n)) & (y >= 0) & (y <= n)).all():
        raise DataError(f"{prefix}successes must be counts between 0 and {prefix}trials")
    return n, y


def _same_units(old: tuple[Floats, Floats], new: tuple[Floats, Floats]) -> None:
    if len(old[0]) != len(new[0]):
        raise DataError(
            f"trials has {len(old[0])} units, but new_trials has {len(new[0])}: give the same "
            "units in the same order"
        )


def _log_choose(trials: Floats, successes: Floats) -> Floats:
    from scipy.special import gammaln

    choose = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(trials - successes + 1)
    return np.asarray(choose)


def _labelled(logs: Floats, labels: Sequence[str] | None) -> xr.DataArray:
    names = range(logs.shape[2]) if labels is None else [str(label) for label in labels]
    if len(names) != logs.shape[2]:
        raise DataError(f"there are {logs.shape[2]} units, but {len(names)} labels")
    return xr.DataArray(logs, dims=("chain", "draw", "unit"), coords={"unit": list(names)})
