"""Each program in `transfer/` has the density that its header states, from all rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from programs.cases import program_path
from programs.cases_transfer import PROGRAMS, Case, case, cases, log_density, points
from programs.checks import MakeLogDensity, assert_same_density, stanli_only

from partialpool.transfer.sums import RegressionSums

ALL = [(name, label, one) for name in PROGRAMS for label, one in cases(name)]


def assert_right(name: str, program: Path, one: Case, make: MakeLogDensity) -> None:
    q = points(name, one.data)
    if q.shape[1]:
        assert_same_density(make(program, one.data), lambda q: log_density(name, q, one), q)


@pytest.mark.parametrize("name", PROGRAMS)
def test_density_is_that_of_all_rows(log_density: MakeLogDensity, name: str) -> None:
    """The history's sums say what its rows say."""
    for label, one in cases(name):
        try:
            assert_right(name, program_path(name), one, log_density)
        except AssertionError as error:
            raise AssertionError(f"{label}: {error}") from error


BROKEN = {
    "correlations dropped": (
        "posterior_prior", "prior_joint_L)", "diag_matrix(diagonal(prior_joint_L)))",
    ),
    "own weight": ("kl_regularised", "/ (1 + lambda)", "/ 1"),
    "penalty alone to its power": ("kl_regularised", "* multi_normal", "/ lambda * multi_normal"),
    "Jacobian not tempered": ("kl_regularised", "+ log_sigma[1];", ";"),
    "a0 on half": ("power_prior", "N_history * log(sigma)", "N_history * log(sigma) / a0"),
    "residuals left out": ("power_prior", "(rss_history", "(0 * rss_history"),
    "not normalised": (
        "power_prior_normalised", "target += -log_integral", "real unused = -log_integral",
    ),
    "determinant": ("power_prior_normalised", "return -sum(log", "return sum(log"),
    "rows of the new sample": ("power_prior_normalised", "a0 * N_history + N,", "a0 * N_history,"),
    "history and sample independent": (
        "exchangeable", "diag_matrix(square(scale) ./ sd)", "rep_matrix(0, P, P)",
    ),
    "one tau less": ("exchangeable", "hypot(sqrt2() * scale, tau)", "hypot(scale, tau)"),
    "sign of the determinant": (
        "exchangeable", "- sum(log(diagonal(G)))", "+ sum(log(diagonal(G)))",
    ),
    "spike for slab": ("commensurate", "log1m(prior_spike_chance)", "log(prior_spike_chance)"),
    "precision for sd": ("commensurate", "inv_sqrt(slab[k])", "slab[k]"),
    "difference not added": ("commensurate", "beta_history + difference", "beta_history"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
@stanli_only
def test_broken_program_is_caught(log_density: MakeLogDensity, tmp_path: Path, what: str) -> None:
    short, old, new = BROKEN[what]
    name = f"transfer/{short}"
    code = program_path(name).read_text(encoding="utf-8")
    assert old in code
    broken = tmp_path / "broken.stan"
    broken.write_text(code.replace(old, new), encoding="utf-8")
    one = case(name, rotation=1)
    with pytest.raises(AssertionError, match="differ by"):
        assert_right(name, broken, one, log_density)


def test_sums_of_parts_are_the_sums() -> None:
    one = case("transfer/power_prior", history=11)
    parts = [
        RegressionSums.of(one.X_history[rows], one.y_history[rows])
        for rows in (slice(1), slice(1, 4), slice(4, 11))
    ]
    added = (parts[0] + parts[1] + parts[2]).stan_data()
    for name in ("N_history", "rss_history", "beta_hat_history"):
        np.testing.assert_allclose(added[name], one.data[name], rtol=1e-10)
    R, whole = added["R_history"], np.asarray(one.data["R_history"])
    np.testing.assert_allclose(R.T @ R, whole.T @ whole, rtol=1e-10)
