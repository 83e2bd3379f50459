"""Engines that run Stan programs: CmdStan, the reference, and stanli, without a C++ toolchain."""

from __future__ import annotations

import functools
import sys

from ..errors import EngineError
from .base import Draws, Engine, LogDensity, Mode
from .config import SamplerConfig

__all__ = ["Draws", "Engine", "LogDensity", "Mode", "SamplerConfig", "names", "select"]


def names() -> tuple[str, ...]:
    """Return the names of the engines, the preferred one first."""
    return ("cmdstan", "stanli")


def select(name: str = "auto") -> Engine:
    """Return an engine by its name, or for "auto" CmdStan if it is installed, else stanli.

    Raises
    ------
    EngineError
        If the name is unknown, or the named engine is not installed: no other engine is used
        in its place.
    """
    from ..toolchain import cmdstan_path, find_cmdstan
    from .cmdstan.engine import CmdStanEngine
    from .stanli import StanliEngine

    if name == "stanli":
        return StanliEngine()
    if name == "cmdstan":
        return CmdStanEngine(cmdstan_path())
    if name != "auto":
        raise EngineError(f"there is no engine {name!r}: choose 'auto', 'cmdstan' or 'stanli'")
    cmdstan = find_cmdstan()
    if cmdstan is not None:
        return CmdStanEngine(cmdstan)
    _say_fallback()
    return StanliEngine()


@functools.cache
def _say_fallback() -> None:
    """Print, once in a process, that there is no CmdStan."""
    print(
        "partialpool: no CmdStan found, so Stan programs run on stanli. "
        "`partialpool install-cmdstan` installs CmdStan.",
        file=sys.stderr,
    )
