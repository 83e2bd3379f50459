"""Find the CmdStan that partialpool uses.

It is the first of these that exists:

1. the directory that the environment variable CMDSTAN names (CmdStanPy reads it too; conda sets
   it);
2. the newest ``cmdstan-X.Y.Z`` in partialpool's data directory, where `install_cmdstan` puts it:
   ``~/.local/share/partialpool``, or ``$XDG_DATA_HOME/partialpool``;
3. the newest ``cmdstan-X.Y.Z`` in ``~/.cmdstan``, where CmdStanPy puts it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import platformdirs

from ..errors import EngineError
from . import swap

Version = tuple[int, int, int]
_VERSION_LINE = re.compile(r"^CMDSTAN_VERSION := (\d+)\.(\d+)\.(\d+)", re.MULTILINE)


def home() -> Path:
    """Return partialpool's data directory, into which `install_cmdstan` installs by default."""
    if sys.platform == "darwin" and not os.environ.get("XDG_DATA_HOME"):
        # the usual folder on macOS, "Application Support", has a blank in its name, which
        # CmdStan's make cannot handle
        return Path.home() / ".local" / "share" / "partialpool"
    return Path(platformdirs.user_data_dir("partialpool", appauthor=False))


def cmdstan_path() -> Path:
    """Return the directory of the CmdStan that partialpool uses.

    Returns
    -------
    Path
        ``cmdstanpy.set_cmdstan_path`` takes it, as a str.

    Raises
    ------
    EngineError
        If no CmdStan is installed, or the environment variable CMDSTAN is set to a directory
        that is not a CmdStan installation.
    """
    directory = find_cmdstan()
    if directory is None:
        raise EngineError(
            f"no CmdStan in {home()} or {_cmdstanpy_home()}, and CMDSTAN is not set. Next step: "
            "`partialpool install-cmdstan` (pp.install_cmdstan()), or use engine='stanli', which "
            "needs none"
        )
    return directory


def find_cmdstan() -> Path | None:
    """Return the directory of the CmdStan that partialpool uses, or None if there is none.

    Raises
    ------
    EngineError
        If the environment variable CMDSTAN is set to a directory that is not a CmdStan
        installation. Another installation is not taken in its place.
    """
    from_environment = os.environ.get("CMDSTAN")
    if from_environment:
        if version_of(Path(from_environment)) is None:
            raise EngineError(
                f"the environment variable CMDSTAN is set to {from_environment!r}, which is not a "
                "CmdStan installation (a directory with a makefile and bin/stanc). Next step: "
                "unset it, or set it to an installation; `partialpool install-cmdstan` makes one"
            )
        return Path(from_environment).absolute()
    return newest(home()) or newest(_cmdstanpy_home())


def newest(directory: Path) -> Path | None:
    """Return the ``cmdstan-X.Y.Z`` of the highest version in `directory`; None if there is none."""
    _recover_interrupted(directory)
    versions = {path: version_of(path) for path in directory.glob("cmdstan-*")}
    usable = {path: version for path, version in versions.items() if version is not None}
    return max(usable, key=lambda path: (usable[path], path.name), default=None)


def version_of(directory: Path) -> Version | None:
    """Return the version of the CmdStan in `directory`; None if it cannot compile models."""
    if not _is_program(directory / "bin" / "stanc"):
        return None
    try:
        text = (directory / "makefile").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = _VERSION_LINE.search(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def is_complete(directory: Path) -> bool:
    """Tell whether a CmdStan can compile models and has stansummary and diagnose, built last."""
    return version_of(directory) is not None and all(
        _is_program(directory / "bin" / name) for name in ("stansummary", "diagnose")
    )


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _recover_interrupted(directory: Path) -> None:
    # an installer that was killed between its two renames has left the old installation aside
    for set_aside in directory.glob(".cmdstan-*.old"):
        final = directory / set_aside.name.removeprefix(".").removesuffix(".old")
        swap.try_recover(final)


def _cmdstanpy_home() -> Path:
    return Path.home() / ".cmdstan"
