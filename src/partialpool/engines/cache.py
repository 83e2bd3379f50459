"""Compiled programs in the user's cache, keyed by all that decides what they are.

The key is the SHA-256 of the program's name and source with includes, the compiler flags, the
CmdStan version and the C++ compiler's version. A program is built in a private folder and moved
into place by one rename; processes that want the same program wait for the one that builds it.
Nothing is ever written beside the source or into CmdStan.
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
from typing import TYPE_CHECKING

from filelock import FileLock

from ..errors import EngineError, ProgramError
from ..source.compiler import complaint

if TYPE_CHECKING:
    from ..stan_program import StanProgram

RECORD = "built.json"
"""Written last: a folder without it is not a compiled program."""
SECONDS_FOR_INFO = 30


@dataclass(frozen=True)
class CmdStan:
    """A CmdStan installation, as far as compiling depends on it.

    Attributes
    ----------
    path : Path
    version : str
    compiler : str
        First line of what the C++ compiler says of its version.
    local : str
        Contents of `make/local`.
    """

    path: Path
    version: str
    compiler: str
    local: str

    @classmethod
    def at(cls, path: Path) -> CmdStan:
        """Read an installation.

        Raises
        ------
        EngineError
            If there is no makefile with a version, or no C++ compiler.
        """
        try:
            makefile = (path / "makefile").read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise EngineError(f"{path} is not a CmdStan installation: {error}") from None
        version = re.search(r"^CMDSTAN_VERSION := (\S+)$", makefile, re.MULTILINE)
        if version is None:
            raise EngineError(f"{path}/makefile names no CMDSTAN_VERSION")
        local = path / "make" / "local"
        text = local.read_text(encoding="utf-8") if local.is_file() else ""
        chosen = re.findall(r"^\s*CXX\s*:?=\s*(.+?)\s*$", text, re.MULTILINE)
        compiler = chosen[-1] if chosen else os.environ.get("CXX", "g++")
        return cls(path, version[1], compiler_version(compiler), text)

    @property
    def stanc(self) -> Path:
        """The Stan compiler of this installation."""
        return self.path / "bin" / "stanc"


def compiler_version(compiler: str) -> str:
    """First line of what a C++ compiler says of its version; `EngineError` if it cannot run."""
    try:
        said = subprocess.run(
            [*compiler.split(), "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        raise EngineError(
            f"the C++ compiler {compiler!r} cannot be run: install one (Debian: `apt install g++ "
            "make`, macOS: `xcode-select --install`), or use engine='stanli', which needs none"
        ) from None
    return said.stdout.splitlines()[0]


def cache_dir() -> Path:
    """Folder of compiled programs: $PARTIALPOOL_CACHE, else the user's cache folder."""
    import platformdirs

    chosen = os.environ.get("PARTIALPOOL_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("partialpool"))


def executable(
    program: StanProgram,
    cmdstan: CmdStan,
    *,
    flags: Mapping[str, str] | None = None,
    stanc_flags: Iterable[str] = (),
) -> Path:
    """Return the compiled program, building it if the cache has it not.

    Parameters
    ----------
    program : StanProgram
    cmdstan : CmdStan
    flags : mapping, optional
        CmdStan's make variables, e.g. ``{"STAN_THREADS": "true"}``.
    stanc_flags : iterable of str
        e.g. ``["--O1"]``.

    Raises
    ------
    ProgramError
        If the program does not compile; the message holds the compiler's.
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
    # the name stands in the executable's file name and in Stan's messages
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
            f"{program.name} was compiled, but what is in {home} does not start: "
            f"{_said(home / name)}"
        )
    return built


def _usable(path: Path) -> Path | None:
    """Return the program if its record is there and it still starts (its libraries, too)."""
    if not (path.parent / RECORD).is_file() or not os.access(path, os.X_OK):
        return None
    try:
        info = subprocess.run(
            [path, "info"], capture_output=True, timeout=SECONDS_FOR_INFO, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if info.returncode == 0 else None


def _said(path: Path) -> str:
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
            made = subprocess.run(
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
        if made.returncode or not target.is_file():
            console = (made.stdout + made.stderr).strip()
            kind = ProgramError if re.search(r"(Syntax|Semantic) error", console) else EngineError
            raise kind(f"{name}.stan does not compile.\n{console}")
        record = {"command": command, "cmdstan": cmdstan.version, "compiler": cmdstan.compiler}
        _move_in(target, home, record)


def _move_in(target: Path, home: Path, record: Mapping[str, object]) -> None:
    ready = Path(tempfile.mkdtemp(prefix=".new-", dir=home.parent))
    try:
        shutil.copy2(target, ready / target.name)
        (ready / RECORD).write_text(json.dumps(record), encoding="utf-8")
        if home.exists():  # it was there and did not work: see _usable
            shutil.rmtree(home)
        os.replace(ready, home)
    finally:
        shutil.rmtree(ready, ignore_errors=True)


def _build_root() -> str:
    """Choose a folder for temporary files whose path `make` can handle: no blanks."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if not re.search(r"[\s~#$%:]", folder) and os.access(folder, os.W_OK):
            return folder
    raise EngineError(
        f"`make` cannot build in {tempfile.gettempdir()!r}: set TMPDIR to a writable folder whose "
        "path has no blanks"
    )
