"""Unpack the part of a wheel that an installation needs, and nothing outside its directory."""

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
    """Unpack the part of a wheel that its pin names, and return the number of files.

    Every entry is checked before the first one is written.

    Parameters
    ----------
    wheel : Wheel
        Its ``take`` and ``skip`` say which entries are unpacked, and to which path.
    archive : Path
        The wheel's file, whose hash has been checked.
    into : Path
        An existing directory.

    Raises
    ------
    EngineError
        If an entry points outside the directory, is a link or comes twice, if a file is missing,
        or if the files are larger than ``wheel.unpacked``.
    """
    with zipfile.ZipFile(archive) as file:
        entries = selection(wheel, file.infolist())
        for folder in sorted({(into / name).parent for name in entries}):
            folder.mkdir(parents=True, exist_ok=True)
        for name, entry in entries.items():
            with file.open(entry) as source, (into / name).open("xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    for name in wheel.executable:
        (into / name).chmod(0o755)
    for name, points_to in wheel.links.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        os.symlink(points_to, into / name)
    return len(entries)


def selection(wheel: Wheel, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Map paths in the installation to entries of the wheel.

    Raises
    ------
    EngineError
        If any entry of the wheel is unsafe or not what the pin says; see `unpack`.
    """
    selected: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _check_entry(wheel, entry)
        name = None if entry.is_dir() else destination(wheel, entry.filename)
        if name is None:
            continue
        if name in selected:
            raise _refused(wheel, entry.filename, "comes twice")
        selected[name] = entry
    size = sum(entry.file_size for entry in selected.values())
    if size > wheel.unpacked:
        raise _refused(wheel, f"{size} bytes", f"more than the {wheel.unpacked} expected")
    missing = [name for name in wheel.take if not any(e.filename.startswith(name) for e in entries)]
    if missing:
        raise _refused(wheel, missing[0], "not in it")
    return selected


def destination(wheel: Wheel, name: str) -> str | None:
    """Return the path of a wheel's entry in the installation; None if it is not unpacked."""
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


def _refused(wheel: Wheel, entry: str, why: str) -> EngineError:
    return EngineError(
        f"the archive {wheel.filename} is refused: {entry!r} {why}. Nothing of it was unpacked. "
        "Next step: report this to partialpool, since a wheel with the pinned hash cannot be like "
        "that"
    )
