"""Unpack a checked wheel: only what is wanted, and never outside the directory."""

from __future__ import annotations

import os
import re
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from ..errors import EngineError
from .pins import Wheel


def unpack(wheel: Wheel, archive: Path, into: Path) -> int:
    """Unpack the wanted part of a wheel and return the number of files.

    Every entry is checked before the first one is written.

    Parameters
    ----------
    wheel : Wheel
    archive : Path
        The wheel's file; its hash has been checked.
    into : Path
        An existing directory.

    Raises
    ------
    EngineError
        If an entry would leave the directory, is a link, comes twice, or the whole is larger
        than the pin says.
    """
    with zipfile.ZipFile(archive) as file:
        wanted = selection(wheel, file.infolist())
        for folder in sorted({(into / name).parent for name in wanted}):
            folder.mkdir(parents=True, exist_ok=True)
        for name, entry in wanted.items():
            with file.open(entry) as source, (into / name).open("xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    for name in wheel.executable:
        (into / name).chmod(0o755)
    for name, points_to in wheel.links.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        os.symlink(points_to, into / name)
    return len(wanted)


def selection(wheel: Wheel, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Map paths in the installation to entries of the wheel; refuse a hostile wheel as a whole."""
    wanted: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _check_entry(wheel, entry)
        name = None if entry.is_dir() else destination(wheel, entry.filename)
        if name is None:
            continue
        if name in wanted:
            raise _refused(wheel, entry.filename, "comes twice")
        wanted[name] = entry
    size = sum(entry.file_size for entry in wanted.values())
    if size > wheel.unpacked:
        raise _refused(wheel, f"{size} bytes", f"more than the {wheel.unpacked} expected")
    missing = [name for name in wheel.take if not any(e.filename.startswith(name) for e in entries)]
    if missing:
        raise _refused(wheel, missing[0], "not in it")
    return wanted


def destination(wheel: Wheel, name: str) -> str | None:
    """Return where a wheel's entry goes, or None if it is not wanted."""
    if name.startswith(wheel.skip or ("\0",)):
        return None
    for source, target in wheel.take.items():
        if name == source:
            return target
        if source.endswith("/") and name.startswith(source):
            return target + name.removeprefix(source)
    return None


def _check_entry(wheel: Wheel, entry: zipfile.ZipInfo) -> None:
    name, mode = entry.orig_filename, entry.external_attr >> 16
    if not name or re.search(r"[\x00-\x1f\\]", name) or re.match(r"[A-Za-z]:", name):
        raise _refused(wheel, name, "has a name that no wheel has")
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        raise _refused(wheel, name, "points outside the directory")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise _refused(wheel, name, "is a link or a device")


def _refused(wheel: Wheel, what: str, why: str) -> EngineError:
    return EngineError(
        f"the archive {wheel.filename} is refused: {what!r} {why}. Nothing of it was unpacked. "
        "Next step: report this to partialpool: a wheel with the pinned hash cannot be like that"
    )
