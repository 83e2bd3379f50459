"""Engines run Stan programs: `cmdstan` (the reference) and `stanli` (no C++ toolchain)."""

from __future__ import annotations

import functools
import sys

from ..errors import EngineError
from .base import Draws, Engine, LogDensity, Mode
from .config import SamplerConfig

__all__ = ["Draws", "Engine", "LogDensity", "Mode", "SamplerConfig", "names", "select"]


def names() -> tuple[str, ...]:
    """Names of the engines, the preferred one first."""
    return ("cmdstan", "stanli")


def select(name: str = "auto") -> Engine:
    """Return an engine by name; "auto" takes CmdStan where one is installed, else stanli.

    Raises
    ------
    EngineError
        If the name is unknown, or the engine is not installed. A name never falls back to
        another engine.
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
    found = find_cmdstan()
    if found is not None:
        return CmdStanEngine(found)
    _say_fallback()
    return StanliEngine()


@functools.cache
def _say_fallback() -> None:
    print(
        "partialpool: no CmdStan found, so Stan programs run on stanli. "
        "`partialpool install-cmdstan` installs CmdStan.",
        file=sys.stderr,
    )
