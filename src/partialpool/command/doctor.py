"""A report on the installation: versions, engines, what is missing and how to install it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..engines.cmdstan import compiled as cache
from ..errors import EngineError
from ..options import cache_dir
from ..toolchain import find_cmdstan

PACKAGES = ("arviz", "cmdstanpy", "stanli", "numpy", "pandas", "xarray")


@dataclass(frozen=True)
class Report:
    """Facts about this installation, and advice where something is missing.

    Attributes
    ----------
    facts : tuple of (name, value)
        Names and versions or paths, in the order in which they are printed.
    advice : tuple of str
        How to install what is missing; empty if nothing is missing.
    """

    facts: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the facts by name, and the advice under the key "advice"."""
        return {**dict(self.facts), "advice": list(self.advice)}


def examine() -> Report:
    """Examine this machine, without installing, changing or downloading anything."""
    facts = [
        ("partialpool", __version__),
        ("Python", f"{platform.python_version()} on {platform.platform()}"),
        *((name, importlib.metadata.version(name)) for name in PACKAGES),
    ]
    advice: list[str] = []
    engines = ["stanli"]
    cmdstan_unusable, compiler = False, _compiler()
    try:
        cmdstan_path = find_cmdstan()
    except EngineError as error:  # the environment variable CMDSTAN names a folder without CmdStan
        cmdstan_path, cmdstan_unusable = None, True
        facts.append(("CmdStan", f"CMDSTAN={os.environ.get('CMDSTAN')}, not usable"))
        advice.append(str(error))
    else:
        if cmdstan_path is None:
            facts.append(("CmdStan", "not found"))
            advice.append(
                "No CmdStan: programs run on stanli, which does NUTS and the posterior mode. For "
                "Pathfinder, Laplace, variational inference and generated quantities: "
                "`partialpool install-cmdstan`."
            )
    if cmdstan_path is not None:
        try:
            cmdstan = cache.CmdStan.at(cmdstan_path)
        except EngineError as error:
            facts.append(("CmdStan", f"{cmdstan_path}, not usable"))
            advice.append(str(error))
        else:
            facts.append(("CmdStan", f"{cmdstan.version} in {cmdstan_path}"))
            compiler = cmdstan.compiler
            engines.insert(0, "cmdstan")
    facts.append(("C++ compiler", compiler or "not found"))
    if compiler is None:
        advice.append(
            "No C++ compiler, which CmdStan needs: `apt install g++ make` (Debian), "
            "`xcode-select --install` (macOS)."
        )
    make = shutil.which(os.environ.get("MAKE", "make"))
    facts.append(("make", make or "not found"))
    if make is None:
        advice.append("No `make`, which CmdStan compiles with: `apt install make`.")
    facts.append(("engines", ", ".join(engines)))
    facts.append(("engine 'auto' is", "an error: see below" if cmdstan_unusable else engines[0]))
    facts.append(("cache", _cache()))
    return Report(tuple(facts), tuple(advice))


def _compiler() -> str | None:
    try:
        return cache.compiler_version(os.environ.get("CXX", "g++"))
    except EngineError:
        return None


def _cache() -> str:
    root = cache_dir()
    records = list(root.glob(f"programs/*/*/{cache.RECORD}"))
    size = sum(file.stat().st_size for record in records for file in record.parent.iterdir())
    return f"{root} ({len(records)} compiled programs, {size / 1e6:.0f} MB)"
