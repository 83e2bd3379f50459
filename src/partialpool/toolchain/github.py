"""Install a CmdStan release from GitHub with CmdStanPy's installer."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from ..errors import EngineError
from .build import run
from .report import Report

SECONDS = 6.0  # how long to wait for GitHub's first answer
# CmdStanPy sets no time-out for its downloads; without one a stalled download would never end
_INSTALLER = (
    "import runpy, socket, sys; socket.setdefaulttimeout(60); "
    "sys.argv[0] = 'install_cmdstan'; "
    "runpy.run_module('cmdstanpy.install_cmdstan', run_name='__main__')"
)
_NOT_FETCHED = ("CmdStanRetrieveError", "cannot be downloaded", "URLError", "timed out")


class NotReachedError(Exception):
    """GitHub did not answer, or the download failed; the message says which."""


def check_release(version: str) -> None:
    """Ask GitHub whether it has the release's archive, without downloading it.

    Raises
    ------
    NotReachedError
        If GitHub does not answer within `SECONDS`, or answers with an error other than 404.
    EngineError
        If GitHub answers that there is no such release (404).
    """
    import urllib.error
    import urllib.request

    from cmdstanpy.utils.cmdstan import get_download_url

    answers: list[BaseException | None] = []

    def ask() -> None:
        try:  # opening the address reads the response's headers only, not the archive
            with urllib.request.urlopen(get_download_url(version), timeout=SECONDS):
                answers.append(None)
        except (OSError, ValueError) as error:
            answers.append(error)

    # name resolution has no time-out, so it runs in a thread that is abandoned after SECONDS
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS)
    if not answers:
        raise NotReachedError(f"no answer in {SECONDS:.0f} s")
    if isinstance(answers[0], urllib.error.HTTPError) and answers[0].code == 404:
        raise EngineError(
            f"there is no CmdStan release {version}. Next step: choose one of "
            "https://github.com/stan-dev/cmdstan/releases with --version (version=...)"
        )
    if answers[0] is not None:
        raise NotReachedError(str(getattr(answers[0], "reason", answers[0])))


def install_release(version: str, final: Path, cores: int, log: Path, report: Report) -> None:
    """Download and build a release at `final` with CmdStanPy's installer.

    The installer runs in a separate process, since it changes the working directory and the
    default time-out of sockets must be set for it.

    Parameters
    ----------
    version : str
        Such as ``2.36.0``.
    final : Path
        ``.../cmdstan-X.Y.Z``; its parent must exist.
    cores : int
        How many compilers run at once.
    log : Path
        File to which what the installer prints is appended.
    report : Report

    Raises
    ------
    NotReachedError
        If the download fails.
    EngineError
        If building fails.
    """
    command = (
        sys.executable, "-c", _INSTALLER, "--version", version, "--dir", str(final.parent),
        "--cores", str(cores), "--overwrite",
    )  # fmt: skip
    with report.step(f"cmdstanpy.install_cmdstan: CmdStan {version} from GitHub"):
        try:
            run(command, final.parent, log, "cmdstanpy.install_cmdstan failed")
        except EngineError as error:
            text = log.read_text(encoding="utf-8", errors="replace")
            if any(phrase in text for phrase in _NOT_FETCHED):
                raise NotReachedError("the download failed") from error
            raise
