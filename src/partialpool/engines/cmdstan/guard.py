"""Run CmdStanPy so that nothing outlives or leaks out of a call.

CmdStanPy waits for chains that were interrupted, starts queued ones after Ctrl-C, and writes
STAN_NUM_THREADS into the environment. Here each call runs in a worker thread; an interrupt
ends every process that the call started, and the environment is put back.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
DIE_WITH_PARENT = "PARTIALPOOL_DIE_WITH_PARENT"
"""Tells programs built with our CmdStan to end when Python does, however it ends."""
CHANGED = ("STAN_NUM_THREADS", "CMDSTAN", DIE_WITH_PARENT)
LOGGER = logging.getLogger("cmdstanpy")
_LOCK = threading.Lock()
_users: list[int] = []
_found: dict[str, str | None] = {}
_was_silent: list[bool] = []


def run(call: Callable[[], T], *, mark: Path) -> T:
    """Call, and on any interrupt end the processes whose arguments name `mark`.

    Parameters
    ----------
    call : function without arguments
    mark : Path
        The folder that is private to this call: CmdStan's arguments name files in it.
    """
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(call)
        try:
            return future.result()
        except BaseException:
            while not future.done():
                end_processes(mark)
                concurrent.futures.wait([future], timeout=0.1)
            raise


def end_processes(mark: Path, *, grace: float = 2.0) -> None:
    """Terminate, then kill, the child processes whose command line names `mark`."""
    import psutil

    ours = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any(str(mark) in argument for argument in child.cmdline()):
                child.terminate()
                ours.append(child)
    _, alive = psutil.wait_procs(ours, timeout=grace)
    for child in alive:
        with contextlib.suppress(psutil.Error):
            child.kill()


@contextlib.contextmanager
def unchanged_environment() -> Iterator[None]:
    """Put back what CmdStanPy changes: STAN_NUM_THREADS, CMDSTAN; meanwhile its log is off.

    Calls may overlap in time: the last to end puts back what the first found.
    """
    with _LOCK:
        if not _users:
            _found.update({name: os.environ.get(name) for name in CHANGED})
            _was_silent.append(LOGGER.disabled)
        _users.append(threading.get_ident())
        os.environ[DIE_WITH_PARENT] = "1"
        LOGGER.disabled = True  # its level is set when it is first used
    try:
        yield
    finally:
        with _LOCK:
            _users.remove(threading.get_ident())
            if not _users:
                LOGGER.disabled = _was_silent.pop()
                for name, value in _found.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value
