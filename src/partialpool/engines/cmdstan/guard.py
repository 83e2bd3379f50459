"""Run calls of CmdStanPy so that an interrupt ends their processes and the environment is restored.

CmdStanPy by itself waits for chains that were interrupted, starts queued chains after Ctrl-C, and
leaves STAN_NUM_THREADS in the environment. Here each call runs in a worker thread; an interrupt
ends every process that the call started, and environment variables get their old values back.
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
"""Environment variable that makes programs built with our CmdStan end when Python ends or dies."""
CHANGED = ("STAN_NUM_THREADS", "CMDSTAN", DIE_WITH_PARENT)
"""Environment variables that a call changes."""
LOGGER = logging.getLogger("cmdstanpy")
_LOCK = threading.Lock()
_users: list[int] = []
_environment_before: dict[str, str | None] = {}
_was_silent: list[bool] = []


def run(call: Callable[[], T], *, mark: Path) -> T:
    """Call a function in a worker thread; if it is interrupted, end the processes it started.

    Parameters
    ----------
    call : function without arguments
    mark : Path
        A folder that only this call uses. The processes to end are known by it, since the
        arguments of every CmdStan process name files in it.

    Returns
    -------
    What `call` returns.
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
    """Terminate the child processes whose arguments name `mark`; kill them `grace` seconds later.

    Parameters
    ----------
    mark : Path
        See `run`.
    grace : float
        Seconds in which a terminated process may end by itself.
    """
    import psutil

    marked = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any(str(mark) in argument for argument in child.cmdline()):
                child.terminate()
                marked.append(child)
    _, alive = psutil.wait_procs(marked, timeout=grace)
    for child in alive:
        with contextlib.suppress(psutil.Error):
            child.kill()


@contextlib.contextmanager
def unchanged_environment() -> Iterator[None]:
    """Restore, when the block ends, the environment variables that CmdStanPy changes.

    CmdStanPy's log is off during the block. Blocks in several threads may overlap in time: the
    values from before the first block are restored when the last one ends.
    """
    with _LOCK:
        if not _users:
            _environment_before.update({name: os.environ.get(name) for name in CHANGED})
            _was_silent.append(LOGGER.disabled)
        _users.append(threading.get_ident())
        os.environ[DIE_WITH_PARENT] = "1"
        LOGGER.disabled = True  # CmdStanPy resets the level when it first uses the logger
    try:
        yield
    finally:
        with _LOCK:
            _users.remove(threading.get_ident())
            if not _users:
                LOGGER.disabled = _was_silent.pop()
                for name, value in _environment_before.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value
