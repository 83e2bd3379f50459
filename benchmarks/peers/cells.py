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
"""Cells that are not run, and why; (peer, task)."""


def _leave_out(peers: tuple[str, ...], tasks: tuple[str, ...], reason: str) -> None:
    LEFT_OUT.update({(peer, task): reason for peer in peers for task in tasks})


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
