"""Replace an installation directory by a new one, so that an interruption leaves one of them whole.

Where two names can be exchanged (Linux and macOS, local file systems) one of them is at the final
path at every moment.
"""

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

MARKER = "partialpool.json"  # written last: a directory that has this file is complete
_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux's renameat2, RENAME_SWAP of macOS's renamex_np


@contextlib.contextmanager
def locked(final: Path, report: Report) -> Iterator[None]:
    """Hold the lock of one installation directory; a second process waits until it is free."""
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
    """Make an empty directory to build in, beside `final` and so on the same file system."""
    folder = _beside(final, f"new-{_unique()}")
    folder.mkdir()
    return folder


def replace(new: Path, final: Path) -> None:
    """Rename `new` to `final`, and delete the directory that had that name.

    Where the system can exchange two names (Linux and macOS, on local file systems) this is one
    step. Elsewhere the old directory is renamed first; if the process is killed between the two
    renames, `recover` brings it back.
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
    """Set the old installation aside while the ``with`` block builds a new one at `final`.

    The block must write the marker last. If it raises, an unmarked new directory is deleted and
    the old installation is brought back.
    """
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
    """Clean up after an interrupted installation. The caller must hold the lock.

    An old installation that was set aside is brought back, unless a complete new one is at
    `final`; unfinished directories are deleted.
    """
    set_aside = _beside(final, "old")
    if os.path.lexists(set_aside):
        if (final / MARKER).is_file():
            discard(set_aside, final)
        else:
            if os.path.lexists(final):
                discard(final, final)
            os.rename(set_aside, final)
    for kind in ("new", "gone"):
        for leftover in final.parent.glob(f".{final.name}.{kind}-*"):
            discard(leftover, final)


def try_recover(final: Path) -> None:
    """Clean up as `recover` does, unless there is nothing to do or an installer holds the lock."""
    if any(final.parent.glob(f".{final.name}.*-*")) or os.path.lexists(_beside(final, "old")):
        with (
            contextlib.suppress(OSError, filelock.Timeout),
            filelock.FileLock(_beside(final, "lock"), timeout=0),
        ):
            recover(final)


def discard(path: Path, final: Path) -> None:
    """Delete a directory tree (or a link) at or beside `final`.

    The tree is renamed first, so that a half-deleted one is not taken for an installation. Files
    that cannot be deleted now are deleted by `recover` at the next installation.
    """
    if path.is_symlink():
        path.unlink()
        return
    rubbish = _beside(final, f"gone-{_unique()}")
    os.rename(path, rubbish)
    shutil.rmtree(rubbish, ignore_errors=True)


def log_file(final: Path) -> Path:
    """Return the file for what a build prints; after a failure it is kept."""
    return _beside(final, "log")


def _beside(final: Path, kind: str) -> Path:
    # CmdStanPy looks for names that begin with "cmdstan-"; these begin with a dot
    return final.with_name(f".{final.name}.{kind}")


def _unique() -> str:
    return f"{os.getpid()}-{os.urandom(4).hex()}"


def _exchange(first: Path, second: Path) -> bool:
    """Exchange the names of two directories in one step; return False if the system cannot."""
    library = ctypes.CDLL(None)
    names = os.fsencode(first), os.fsencode(second)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        failed = library.renamex_np(names[0], names[1], _EXCHANGE)
    else:
        return False
    return not failed
