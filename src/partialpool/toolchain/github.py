"""Install a CmdStan release from GitHub through CmdStanPy, where GitHub can be reached."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from ..errors import EngineError
from .build import run
from .report import Report

SECONDS = 6.0  # how long GitHub may take to answer at all
# CmdStanPy downloads with no time-out of its own; a stalled download must not hang for ever
_INSTALLER = (
    "import runpy, socket, sys; socket.setdefaulttimeout(60); "
    "sys.argv[0] = 'install_cmdstan'; "
    "runpy.run_module('cmdstanpy.install_cmdstan', run_name='__main__')"
)
_NOT_FETCHED = ("CmdStanRetrieveError", "cannot be downloaded", "URLError", "timed out")


class NotReachedError(Exception):
    """GitHub did not answer: the message says how, in a few words."""


def check_release(version: str) -> None:
    """Ask for the release's archive, without fetching it.

    Raises
    ------
    NotReachedError
        If there is no answer within some seconds.
    EngineError
        If GitHub answers that there is no such release.
    """
    import urllib.error
    import urllib.request

    from cmdstanpy.utils.cmdstan import get_download_url

    answers: list[BaseException | None] = []

    def ask() -> None:
        try:  # the answer's head says enough; nothing of the archive is read
            with urllib.request.urlopen(get_download_url(version), timeout=SECONDS):
                answers.append(None)
        except (OSError, ValueError) as error:
            answers.append(error)

    # name resolution knows no time-out: ask in a thread, and leave it behind
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
    """Let CmdStanPy download and build a release at ``final``, whose parent exists.

    It runs in a process of its own, since it changes directory and knows no time-outs.

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
            if any(sign in text for sign in _NOT_FETCHED):
                raise NotReachedError("the download failed") from error
            raise
