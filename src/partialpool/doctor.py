"""What is installed, what is missing, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
from dataclasses import dataclass
from typing import Any

from . import __version__
from .engines import cache
from .engines.toolchain import find_cmdstan
from .errors import EngineError

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
    found = find_cmdstan()
    engines = ["stanli"]
    if found is None:
        facts.append(("CmdStan", "not found"))
        advice.append(
            "No CmdStan: programs run on stanli, which does NUTS and the posterior mode. For "
            "Pathfinder, Laplace, variational inference and generated quantities: "
            "`partialpool install-cmdstan`."
        )
    else:
        try:
            cmdstan = cache.CmdStan.at(found)
        except EngineError as error:
            facts.append(("CmdStan", f"{found}, not usable"))
            advice.append(str(error))
        else:
            facts += [
                ("CmdStan", f"{cmdstan.version} in {found}"),
                ("C++ compiler", cmdstan.compiler),
            ]
            engines.insert(0, "cmdstan")
    facts.append(("engines", ", ".join(engines)))
    facts.append(("engine 'auto' is", engines[0]))
    if found is not None and shutil.which("make") is None:
        advice.append("`make` is missing, which CmdStan compiles with: `apt install make`.")
    facts.append(("cache", _cache()))
    return Report(tuple(facts), tuple(advice))


def _cache() -> str:
    root = cache.cache_dir()
    records = list(root.glob(f"programs/*/*/{cache.RECORD}"))
    size = sum(file.stat().st_size for record in records for file in record.parent.iterdir())
    return f"{root} ({len(records)} compiled programs, {size / 1e6:.0f} MB)"
