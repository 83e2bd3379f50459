"""Compile programs for CmdStan, and keep them in the user's cache folder.

A compiled program's key is the SHA-256 of its name, its source with includes, the compiler flags,
the path, version and ``make/local`` of CmdStan, and the C++ compiler's version. A program is built
in a temporary folder and moved into the cache by one rename; a second process that needs the same
program waits for the first. No file is written beside the source or into CmdStan's directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from ...errors import EngineError, ProgramError
from ...options import cache_dir
from ...source.compiler import complaint
from ...source.program import StanSource

RECORD = "built.json"
"""File that is written last: a folder without it holds no complete program."""
SECONDS_FOR_INFO = 30
"""Seconds in which a compiled program must answer ``info``."""


@dataclass(frozen=True)
class CmdStan:
    """The facts of a CmdStan installation that decide how it compiles a program.

    Attributes
    ----------
    path : Path
        Its directory.
    version : str
        Such as ``2.39.0``.
    compiler : str
        First line that the C++ compiler prints for ``--version``.
    local : str
        Contents of ``make/local``, the user's settings for make; empty if there is no such file.
    """

    path: Path
    version: str
    compiler: str
    local: str

    @classmethod
    def at(cls, path: Path) -> CmdStan:
        """Read the installation in the directory `path`.

        Raises
        ------
        EngineError
            If its makefile is missing or has no version, or if the C++ compiler does not run.
        """
        try:
            makefile = (path / "makefile").read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise EngineError(f"{path} is not a CmdStan installation: {error}") from None
        version = re.search(r"^CMDSTAN_VERSION := (\S+)$", makefile, re.MULTILINE)
        if version is None:
            raise EngineError(
                f"{path} is not a CmdStan installation: its makefile has no CMDSTAN_VERSION"
            )
        local = path / "make" / "local"
        text = local.read_text(encoding="utf-8") if local.is_file() else ""
        chosen = re.findall(r"^\s*CXX\s*:?=\s*(.+?)\s*$", text, re.MULTILINE)
        compiler = chosen[-1] if chosen else os.environ.get("CXX", "g++")
        return cls(path, version[1], compiler_version(compiler), text)

    @property
    def stanc(self) -> Path:
        """Path of the Stan compiler of this installation."""
        return self.path / "bin" / "stanc"


def compiler_version(compiler: str) -> str:
    """Return the first line that a C++ compiler prints for ``--version``.

    Raises
    ------
    EngineError
        If it cannot be run.
    """
    try:
        completed = subprocess.run(
            [*compiler.split(), "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        raise EngineError(
            f"the C++ compiler {compiler!r} cannot be run: install one (Debian: `apt install g++ "
            "make`, macOS: `xcode-select --install`), or use engine='stanli', which needs none"
        ) from None
    return completed.stdout.splitlines()[0]


def executable(
    program: StanSource,
    cmdstan: CmdStan,
    *,
    flags: Mapping[str, str] | None = None,
    stanc_flags: Iterable[str] = (),
) -> Path:
    """Return the path of the compiled program; compile it first if it is not in the cache.

    Parameters
    ----------
    program : StanSource
    cmdstan : CmdStan
        The installation to compile with.
    flags : mapping, optional
        CmdStan's make variables, e.g. ``{"STAN_THREADS": "true"}``.
    stanc_flags : iterable of str
        Options of the Stan compiler, e.g. ``["--O1"]``.

    Raises
    ------
    ProgramError
        If the Stan compiler finds an error in the program; the message has the compiler's text.
    EngineError
        If the build fails for another reason.
    """
    flags, stanc_flags = dict(flags or {}), tuple(stanc_flags)
    source = program.full_code
    parts = [
        source,
        sorted(flags.items()),
        stanc_flags,
        cmdstan.version,
        cmdstan.compiler,
        cmdstan.local,
        str(cmdstan.path),
    ]
    name = re.sub(r"\W", "_", Path(program.name).name, flags=re.ASCII) or "program"
    # the name is part of the key, since it is in the executable's file name and in Stan's messages
    key = hashlib.sha256(json.dumps([name, *parts]).encode()).hexdigest()
    home = cache_dir() / "programs" / key[:2] / key
    if (built := _usable(home / name)) is not None:
        return built
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{home}.lock"):
        if (built := _usable(home / name)) is not None:
            return built
        try:
            _build(source, name, home, cmdstan, flags, stanc_flags)
        except ProgramError as error:
            said = complaint(program.code, program.include_paths, str(program.path or program.name))
            raise ProgramError(
                f"{program.name} does not compile.\n{said}" if said else str(error)
            ) from None
    if (built := _usable(home / name)) is None:
        raise EngineError(
            f"{program.name} was compiled, but the executable in {home} does not start: "
            f"{_output_of_info(home / name)}"
        )
    return built


def _usable(path: Path) -> Path | None:
    """Return `path` if the program is complete and starts with its libraries, else None."""
    if not (path.parent / RECORD).is_file() or not os.access(path, os.X_OK):
        return None
    try:
        info = subprocess.run(
            [path, "info"], capture_output=True, timeout=SECONDS_FOR_INFO, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if info.returncode == 0 else None


def _output_of_info(path: Path) -> str:
    try:
        info = subprocess.run([path, "info"], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return (info.stderr or info.stdout).strip()


def _build(
    source: str,
    name: str,
    home: Path,
    cmdstan: CmdStan,
    flags: Mapping[str, str],
    stanc_flags: tuple[str, ...],
) -> None:
    with tempfile.TemporaryDirectory(prefix="partialpool-", dir=_build_root()) as scratch:
        target = Path(scratch, name)
        target.with_suffix(".stan").write_text(source, encoding="utf-8")
        command = [
            os.environ.get("MAKE", "make"),
            f"STANCFLAGS+=--filename-in-msg={name}.stan",
            *(f"STANCFLAGS+={flag}" for flag in stanc_flags),
            *(f"{variable}={value}" for variable, value in flags.items()),
            target.as_posix(),
        ]
        try:
            completed = subprocess.run(
                command,
                cwd=cmdstan.path,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            raise EngineError(
                "`make` is missing: install it (Debian: `apt install make`), or use "
                "engine='stanli', which needs none"
            ) from None
        if completed.returncode or not target.is_file():
            console = (completed.stdout + completed.stderr).strip()
            kind = ProgramError if re.search(r"(Syntax|Semantic) error", console) else EngineError
            raise kind(f"{name}.stan does not compile.\n{console}")
        record = {"command": command, "cmdstan": cmdstan.version, "compiler": cmdstan.compiler}
        _move_to_cache(target, home, record)


def _move_to_cache(target: Path, home: Path, record: Mapping[str, object]) -> None:
    ready = Path(tempfile.mkdtemp(prefix=".new-", dir=home.parent))
    try:
        shutil.copy2(target, ready / target.name)
        (ready / RECORD).write_text(json.dumps(record), encoding="utf-8")
        if home.exists():  # an earlier build that does not start: see _usable
            shutil.rmtree(home)
        os.replace(ready, home)
    finally:
        shutil.rmtree(ready, ignore_errors=True)


def _build_root() -> str:
    """Return a folder for temporary files whose path has no characters that `make` cannot read."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if not re.search(r"[\s~#$%:]", folder) and os.access(folder, os.W_OK):
            return folder
    raise EngineError(
        f"`make` cannot build in {tempfile.gettempdir()!r}: set TMPDIR to a writable folder whose "
        "path has no blanks and none of ~#$%:"
    )
