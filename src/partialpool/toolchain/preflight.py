"""What building a CmdStan needs of a machine: compiler, make, disk space, a usable path."""

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

# in an executable's list of library directories ":" separates; control characters make lines
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f:]")
_PROBE = "#include <optional>\nint main() { return std::optional<int>{}.has_value(); }\n"


def make_command() -> str:
    """Return the make to use: $MAKE as CmdStanPy has it, else ``make``."""
    return os.environ.get("MAKE") or "make"


def compiler_command() -> list[str]:
    """Return the C++ compiler to use: $CXX, else what make takes by default."""
    return shlex.split(os.environ.get("CXX", "")) or [
        "clang++" if platform.system() == "Darwin" else "g++"
    ]


def check_tools() -> None:
    """Raise `EngineError` unless make and a compiler for C++17 work."""
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
    ran = subprocess.run(
        probe, input=_PROBE, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if ran.returncode != 0:
        said = (ran.stderr.strip().splitlines() or ["nothing"])[0]
        raise EngineError(
            f"the C++ compiler {' '.join(compiler)!r} cannot compile C++17 (it said: {said}). "
            f"{_how_to_get('c++')}"
        )


def compiler_version() -> str:
    """Return the compiler's command and the first line of its ``--version``."""
    command = compiler_command()
    ran = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return f"{shlex.join(command)}: {(ran.stdout.splitlines() or ['?'])[0]}"


def check_space(*needs: tuple[Path, int]) -> None:
    """Raise `EngineError` unless every directory's file system has the bytes asked of it.

    Parameters
    ----------
    *needs : (directory, bytes)
        Directories may not exist yet; those on one file system are added up.
    """
    wanted: dict[int, tuple[Path, int]] = {}
    for directory, size in needs:
        there = existing_parent(directory)
        device = there.stat().st_dev
        wanted[device] = (there, wanted.get(device, (there, 0))[1] + size)
    for there, size in wanted.values():
        free = os.statvfs(there).f_bavail * os.statvfs(there).f_frsize
        if free < size:
            raise EngineError(
                f"not enough disk space at {there}: {_megabytes(size)} needed, {_megabytes(free)} "
                f"free. {SPACE_NEXT}"
            )


SPACE_NEXT = (
    "Next step: free some, or install elsewhere with --dir (dir=...); downloads go to "
    "XDG_CACHE_HOME (~/.cache)"
)


def check_path(directory: Path) -> None:
    """Raise `EngineError` if executables could not be linked to libraries in this directory."""
    found = _UNUSABLE.search(str(directory))
    if found:
        raise EngineError(
            f"CmdStan cannot live in {str(directory)!r}: executables cannot be told to look for "
            f"libraries in a path with {found[0]!r}. Next step: choose another directory with "
            "--dir (dir=...)"
        )


def existing_parent(directory: Path) -> Path:
    """Return the nearest directory at or above `directory` that exists."""
    for there in (directory, *directory.parents):
        if there.is_dir():
            return there
    return Path("/")


@contextlib.contextmanager
def explained(directory: Path) -> Iterator[None]:
    """Turn the operating system's refusals while writing to `directory` into `EngineError`."""
    try:
        yield
    except OSError as error:
        where = error.filename or directory
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            why = f"the disk (or your quota) is full: {where} could not be written. {SPACE_NEXT}"
        elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            why = (
                f"no permission to write {where} ({error.strerror}). Next step: choose a directory "
                "that you may write to with --dir (dir=...), or have its owner run this"
            )
        else:
            why = (
                f"installing CmdStan into {directory} failed: {error}. Next step: mend that, and "
                "run this again"
            )
        raise EngineError(why) from error


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _how_to_get(what: str) -> str:
    commands = {
        "xcode-select": "xcode-select --install",
        "apt-get": "sudo apt-get install " + ("make" if what == "make" else "g++ make"),
        "dnf": "sudo dnf install " + ("make" if what == "make" else "gcc-c++ make"),
        "yum": "sudo yum install " + ("make" if what == "make" else "gcc-c++ make"),
        "zypper": "sudo zypper install " + ("make" if what == "make" else "gcc-c++ make"),
        "pacman": "sudo pacman -S base-devel",
    }
    command = next((words for tool, words in commands.items() if _installed(tool)), None)
    every = (
        "apt-get install g++ make (Debian, Ubuntu), dnf install gcc-c++ make (Fedora, RHEL), "
        "xcode-select --install or brew install gcc (macOS)"
    )
    return (
        f"Next step: {command or every}; without administrator's rights conda install -c "
        "conda-forge gxx make; or use engine='stanli', which needs no compiler"
    )


def _installed(tool: str) -> bool:
    # package managers stand in fixed places, wherever the PATH points
    return any(Path(folder, tool).exists() for folder in ("/usr/bin", "/bin", "/usr/sbin"))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
