"""Which peers there are, and which do which task."""

from __future__ import annotations

from .tasks import TASKS, Task

PEERS = {
    "partialpool-stanli": "partialpool (stanli)",
    "partialpool-cmdstan": "partialpool (CmdStan)",
    "stan-noncentered-stanli": "textbook Stan, non-centered (stanli)",
    "stan-noncentered-cmdstan": "textbook Stan, non-centered (CmdStan)",
    "stan-centered-stanli": "textbook Stan, centered (stanli)",
    "stan-centered-cmdstan": "textbook Stan, centered (CmdStan)",
    "stan-counts-stanli": "textbook Stan, rows added up by hand (stanli)",
    "stan-counts-cmdstan": "textbook Stan, rows added up by hand (CmdStan)",
    "bambi-nutpie": "bambi (nutpie)",
    "bambi-pymc": "bambi (PyMC)",
    "bambi-numpyro": "bambi (numpyro)",
    "brms": "brms",
    "rstanarm": "rstanarm",
    "lme4": "lme4 (no sampling)",
}
IN_R = ("brms", "rstanarm", "lme4")

LARGE = ("gaussian-1e5", "gaussian-1e6", "gaussian-1e6-in-100", "bernoulli-1e5")
MILLIONS = ("gaussian-1e6", "gaussian-1e6-in-100")

LEFT_OUT: dict[tuple[str, str], str] = {}
"""Cells that are not run, and why; (peer, task).

The times were measured by hand before this benchmark was written, on two cores, on simulated data
of the same sizes but another seed; they are no rows of peers.csv. To run a cell, take it out here.
"""


def _leave_out(peers: tuple[str, ...], tasks: tuple[str, ...], reason: str) -> None:
    LEFT_OUT.update({(peer, task): reason for peer in peers for task in tasks})


_leave_out(
    ("brms", "rstanarm"),
    LARGE,
    "at 10,000 rows brms took 117 s and did not converge, and it is the quicker of the two on "
    "every task with slopes",
)
_leave_out(
    ("rstanarm",),
    ("gaussian-1e4",),
    "brms, which is twice as quick on the tasks with slopes, took 117 s",
)
_leave_out(
    ("bambi-numpyro",),
    LARGE,
    "17 s at 10,000 rows, eight times nutpie's, without convergence",
)
_leave_out(
    ("bambi-pymc",),
    (*MILLIONS, "bernoulli-1e5"),
    "103 s at 100,000 rows, four times nutpie's, without convergence",
)
_leave_out(
    ("bambi-nutpie",), MILLIONS, "25 s at 100,000 rows, without convergence; ten times the rows"
)
_leave_out(
    ("stan-noncentered-stanli", "stan-noncentered-cmdstan"),
    LARGE,
    "20 to 35 s at 10,000 rows without convergence; on 100,000 Bernoulli rows CmdStan was three "
    "quarters done after 420 s",
)
_leave_out(
    ("stan-centered-cmdstan",), ("gaussian-1e5",), "252 s, beside 78 s on stanli, which is run"
)
_leave_out(
    ("stan-centered-stanli", "stan-centered-cmdstan"),
    MILLIONS,
    "78 s at 100,000 rows on stanli; ten times the rows",
)


def does(peer: str, task: Task) -> bool:
    """Can a peer do a task at all? A textbook program is there where an expert would try it."""
    if not peer.startswith("stan-"):
        return True
    form = peer.split("-")[1]
    if form == "counts":
        return task.family == "bernoulli" and task.name not in LARGE
    if form == "centered":
        return task.family == "gaussian" or task.name in LARGE
    return True


def cells(peers: list[str], tasks: list[str]) -> list[tuple[str, str, int]]:
    """(task, peer, seed) of all runs, seed by seed, so that a run that is cut has every peer."""
    chosen = [TASKS[name] for name in tasks]
    return [
        (task.name, peer, seed)
        for seed in sorted({seed for task in chosen for seed in task.seeds})
        for task in chosen
        for peer in peers
        if seed in task.seeds and does(peer, task) and (peer, task.name) not in LEFT_OUT
    ]
