"""Check, before CmdStan is built, for a compiler, make, enough disk space and a usable path."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..errors import EngineError

# ":" separates the directories in an executable's list of library directories, and CmdStan's make
# cannot read a path with control characters
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f:]")
_PROBE = "#include <optional>\nint main() { return std::optional<int>{}.has_value(); }\n"


def make_command() -> str:
    """Return the make to use: $MAKE, which CmdStanPy reads too, else ``make``."""
    return os.environ.get("MAKE") or "make"


def compiler_command() -> list[str]:
    """Return the C++ compiler to use, with its options: $CXX, else make's default."""
    return shlex.split(os.environ.get("CXX", "")) or [
        "clang++" if platform.system() == "Darwin" else "g++"
    ]


def check_tools() -> None:
    """Raise `EngineError` unless make is installed and the C++ compiler compiles C++17."""
    if platform.system() == "Darwin" and not _runs(["xcode-select", "-p"]):
        raise EngineError(f"the command-line developer tools are missing. {_how_to_get('c++')}")
    make, compiler = make_command(), compiler_command()
    if shutil.which(make) is None:
        raise EngineError(
            f"CmdStan needs {make!r}, which is not on the PATH. {_how_to_get('make')}"
        )
    if shutil.which(compiler[0]) is None:
        raise EngineError(
            f"CmdStan needs a C++ compiler, and {compiler[0]!r} is not on the PATH. "
            f"{_how_to_get('c++')}"
        )
    probe = [*compiler, "-std=c++17", "-fsyntax-only", "-x", "c++", "-"]
    completed = subprocess.run(
        probe, input=_PROBE, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if completed.returncode != 0:
        said = (completed.stderr.strip().splitlines() or ["nothing"])[0]
        raise EngineError(
            f"the C++ compiler {' '.join(compiler)!r} cannot compile C++17 (it says: {said}). "
            f"{_how_to_get('c++')}"
        )


def compiler_version() -> str:
    """Return the compiler's command and the first line of its ``--version``."""
    command = compiler_command()
    completed = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return f"{shlex.join(command)}: {(completed.stdout.splitlines() or ['?'])[0]}"


def check_space(*needs: tuple[Path, int]) -> None:
    """Raise `EngineError` if a file system has fewer free bytes than are needed on it.

    Parameters
    ----------
    *needs : (directory, bytes)
        The directories need not exist yet. Needs on the same file system are added up.
    """
    totals: dict[int, tuple[Path, int]] = {}  # by the number of the file system's device
    for directory, size in needs:
        parent = existing_parent(directory)
        device = parent.stat().st_dev
        totals[device] = (parent, totals.get(device, (parent, 0))[1] + size)
    for parent, size in totals.values():
        free = os.statvfs(parent).f_bavail * os.statvfs(parent).f_frsize
        if free < size:
            raise EngineError(
                f"not enough disk space at {parent}: {_megabytes(size)} needed, "
                f"{_megabytes(free)} free. {SPACE_NEXT}"
            )


SPACE_NEXT = (
    "Next step: free disk space, or install into another directory with --dir (dir=...); "
    "downloads go to XDG_CACHE_HOME (~/.cache)"
)


def check_path(directory: Path) -> None:
    """Raise `EngineError` if executables cannot be linked to libraries in this directory."""
    unusable = _UNUSABLE.search(str(directory))
    if unusable:
        raise EngineError(
            f"CmdStan cannot be installed in {str(directory)!r}: executables cannot be linked to "
            f"libraries in a path with {unusable[0]!r}. Next step: choose another directory with "
            "--dir (dir=...)"
        )


def existing_parent(directory: Path) -> Path:
    """Return the nearest directory at or above `directory` that exists."""
    for parent in (directory, *directory.parents):
        if parent.is_dir():
            return parent
    return Path("/")


@contextlib.contextmanager
def explained(directory: Path) -> Iterator[None]:
    """Turn an `OSError` that is raised while `directory` is written into an `EngineError`."""
    try:
        yield
    except OSError as error:
        where = error.filename or directory
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            why = f"the disk (or your quota) is full: {where} could not be written. {SPACE_NEXT}"
        elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            why = (
                f"no permission to write {where} ({error.strerror}). Next step: choose a directory "
                "that you may write to with --dir (dir=...), or ask its owner to run this command"
            )
        else:
            why = (
                f"installing CmdStan into {directory} failed: {error}. Next step: solve that, then "
                "run the same command again"
            )
        raise EngineError(why) from error


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _how_to_get(tool: str) -> str:
    only_make = tool == "make"
    commands = {
        "xcode-select": "xcode-select --install",
        "apt-get": "sudo apt-get install " + ("make" if only_make else "g++ make"),
        "dnf": "sudo dnf install " + ("make" if only_make else "gcc-c++ make"),
        "yum": "sudo yum install " + ("make" if only_make else "gcc-c++ make"),
        "zypper": "sudo zypper install " + ("make" if only_make else "gcc-c++ make"),
        "pacman": "sudo pacman -S base-devel",
    }
    command = next((line for manager, line in commands.items() if _installed(manager)), None)
    all_commands = (
        "apt-get install g++ make (Debian, Ubuntu), dnf install gcc-c++ make (Fedora, RHEL), "
        "xcode-select --install or brew install gcc (macOS)"
    )
    return (
        f"Next step: {command or all_commands}; without administrator's rights conda install -c "
        "conda-forge gxx make; or use engine='stanli', which needs no compiler"
    )


def _installed(manager: str) -> bool:
    # package managers are in fixed folders, which need not be on the PATH
    return any(Path(folder, manager).exists() for folder in ("/usr/bin", "/bin", "/usr/sbin"))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
