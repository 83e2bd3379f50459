"""What is installed, what is missing, and what to do about it."""

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
    advice : tuple of str
        Empty where nothing is missing.
    """

    facts: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Facts by name, and the advice."""
        return {**dict(self.facts), "advice": list(self.advice)}


def examine() -> Report:
    """Look at this machine; nothing is installed, changed or fetched."""
    facts = [
        ("partialpool", __version__),
        ("Python", f"{platform.python_version()} on {platform.platform()}"),
        *((name, importlib.metadata.version(name)) for name in PACKAGES),
    ]
    advice: list[str] = []
    engines = ["stanli"]
    broken, compiler = False, _compiler()
    try:
        found = find_cmdstan()
    except EngineError as error:  # CMDSTAN names none
        found, broken = None, True
        facts.append(("CmdStan", f"CMDSTAN={os.environ.get('CMDSTAN')}, not usable"))
        advice.append(str(error))
    else:
        if found is None:
            facts.append(("CmdStan", "not found"))
            advice.append(
                "No CmdStan: programs run on stanli, which does NUTS and the posterior mode. For "
                "Pathfinder, Laplace, variational inference and generated quantities: "
                "`partialpool install-cmdstan`."
            )
    if found is not None:
        try:
            cmdstan = cache.CmdStan.at(found)
        except EngineError as error:
            facts.append(("CmdStan", f"{found}, not usable"))
            advice.append(str(error))
        else:
            facts.append(("CmdStan", f"{cmdstan.version} in {found}"))
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
    facts.append(("engine 'auto' is", "an error: see below" if broken else engines[0]))
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
