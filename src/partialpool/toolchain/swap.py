"""Put a finished directory in place of an old one: at every moment one of them is there, whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import filelock

from .report import Report

MARKER = "partialpool.json"  # written last: a directory of ours that has it is complete
_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux's renameat2, RENAME_SWAP of macOS's renamex_np


@contextlib.contextmanager
def locked(final: Path, report: Report) -> Iterator[None]:
    """Hold the lock of one installation directory; whoever comes second waits."""
    final.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(_beside(final, "lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        report.line(f"another process is installing {final}: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def new_directory(final: Path) -> Path:
    """Make an empty directory beside `final`, on the same file system, to build in."""
    folder = _beside(final, f"new-{_unique()}")
    folder.mkdir()
    return folder


def replace(new: Path, final: Path) -> None:
    """Give `new` the name `final`; what stood there is deleted afterwards.

    Where the system can exchange two names (Linux and macOS, on local file systems) that is one
    step. Elsewhere the old one steps aside first, and `recover` brings it back if need be.
    """
    if not os.path.lexists(final):
        os.rename(new, final)
    elif _exchange(new, final):
        discard(new, final)
    else:
        os.rename(final, _beside(final, "old"))
        os.rename(new, final)
        discard(_beside(final, "old"), final)


@contextlib.contextmanager
def in_place(final: Path) -> Iterator[None]:
    """Let the body build at `final` itself, marking it last; if it fails the old one comes back."""
    if os.path.lexists(final):
        os.rename(final, _beside(final, "old"))
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            if os.path.lexists(final) and not (final / MARKER).is_file():
                discard(final, final)
            recover(final)
        raise
    recover(final)


def recover(final: Path) -> None:
    """Clear up what an interrupted installation left. The caller holds the lock.

    An old installation that stood aside comes back, unless a complete new one has taken its
    place; half-built directories go.
    """
    aside = _beside(final, "old")
    if os.path.lexists(aside):
        if (final / MARKER).is_file():
            discard(aside, final)
        else:
            if os.path.lexists(final):
                discard(final, final)
            os.rename(aside, final)
    for kind in ("new", "gone"):
        for left in final.parent.glob(f".{final.name}.{kind}-*"):
            discard(left, final)


def try_recover(final: Path) -> None:
    """Recover if there is something to clear up, and no installer at work that will."""
    if any(final.parent.glob(f".{final.name}.*-*")) or os.path.lexists(_beside(final, "old")):
        with (
            contextlib.suppress(OSError, filelock.Timeout),
            filelock.FileLock(_beside(final, "lock"), timeout=0),
        ):
            recover(final)


def discard(path: Path, final: Path) -> None:
    """Delete a directory tree (or a link) that stood at or beside `final`.

    It gets a name that marks it as rubbish first, so that a half-deleted one is never taken
    for an installation; what cannot go now goes at the next installation.
    """
    if path.is_symlink():
        path.unlink()
        return
    rubbish = _beside(final, f"gone-{_unique()}")
    os.rename(path, rubbish)
    shutil.rmtree(rubbish, ignore_errors=True)


def log_file(final: Path) -> Path:
    """Return where the console of a build goes; it stays after a failure."""
    return _beside(final, "log")


def _beside(final: Path, kind: str) -> Path:
    # cmdstanpy looks at names that begin with "cmdstan-": these do not
    return final.with_name(f".{final.name}.{kind}")


def _unique() -> str:
    return f"{os.getpid()}-{os.urandom(4).hex()}"


def _exchange(one: Path, other: Path) -> bool:
    library = ctypes.CDLL(None)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        failed = library.renamex_np(names[0], names[1], _EXCHANGE)
    else:
        return False
    return not failed
