"""Find the CmdStan that partialpool uses.

The first of these:

1. the directory that the environment variable CMDSTAN names (as CmdStanPy has it; conda sets it);
2. the newest ``cmdstan-X.Y.Z`` in our own directory, where `install_cmdstan` puts it:
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
    """Return the directory that `install_cmdstan` installs into unless told otherwise."""
    if sys.platform == "darwin" and not os.environ.get("XDG_DATA_HOME"):
        # macOS's own place, "Application Support", has a blank, which CmdStan's make cannot handle
        return Path.home() / ".local" / "share" / "partialpool"
    return Path(platformdirs.user_data_dir("partialpool", appauthor=False))


def cmdstan_path() -> Path:
    """Return the directory of the CmdStan that partialpool uses.

    Returns
    -------
    Path
        Fit for ``cmdstanpy.set_cmdstan_path``.

    Raises
    ------
    EngineError
        If there is none, or the environment variable CMDSTAN names none.
    """
    found = find_cmdstan()
    if found is None:
        raise EngineError(
            f"no CmdStan in {home()} or {_cmdstanpy_home()}, and CMDSTAN is not set. Next step: "
            "`partialpool install-cmdstan` (pp.install_cmdstan()), or use engine='stanli', which "
            "needs none"
        )
    return found


def find_cmdstan() -> Path | None:
    """Return the directory of the CmdStan that partialpool uses, or None if there is none.

    Raises
    ------
    EngineError
        If the environment variable CMDSTAN is set and names no CmdStan: that is never passed over.
    """
    named = os.environ.get("CMDSTAN")
    if named:
        if version_of(Path(named)) is None:
            raise EngineError(
                f"the environment variable CMDSTAN is set to {named!r}, which is not a CmdStan "
                "installation (a directory with a makefile and bin/stanc). Next step: unset it or "
                "let it name one; `partialpool install-cmdstan` makes one"
            )
        return Path(named).absolute()
    return newest(home()) or newest(_cmdstanpy_home())


def newest(directory: Path) -> Path | None:
    """Return the usable ``cmdstan-X.Y.Z`` of the highest version in `directory`, if any."""
    _bring_back(directory)
    versions = {path: version_of(path) for path in directory.glob("cmdstan-*")}
    usable = {path: version for path, version in versions.items() if version is not None}
    return max(usable, key=lambda path: (usable[path], path.name), default=None)


def version_of(directory: Path) -> Version | None:
    """Return the version of the CmdStan in `directory`; None if models cannot be compiled there."""
    if not _is_program(directory / "bin" / "stanc"):
        return None
    try:
        text = (directory / "makefile").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = _VERSION_LINE.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_complete(directory: Path) -> bool:
    """Tell whether a CmdStan is whole: also with the programs that building makes last."""
    return version_of(directory) is not None and all(
        _is_program(directory / "bin" / name) for name in ("stansummary", "diagnose")
    )


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _bring_back(directory: Path) -> None:
    # an installation that was killed in the middle of a swap, where names cannot be exchanged
    for aside in directory.glob(".cmdstan-*.old"):
        final = directory / aside.name.removeprefix(".").removesuffix(".old")
        swap.try_recover(final)


def _cmdstanpy_home() -> Path:
    return Path.home() / ".cmdstan"
