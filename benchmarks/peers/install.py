"""What the peers need: an environment of their own for Python's, Debian's packages for R's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = ("bambi", "pymc", "nutpie", "numpyro", "jax")
DEBIAN = ("r-base-core", "r-cran-brms", "r-cran-rstanarm", "r-cran-lme4", "r-cran-posterior",
          "r-cran-jsonlite", "libboost-dev", "g++", "make")  # fmt: skip
R_PACKAGES = tuple(n.removeprefix("r-cran-") for n in DEBIAN if n.startswith("r-cran-"))


class MissingPeerError(RuntimeError):
    """A peer that could not be installed, with what failed."""


def python(cache: Path) -> Path:
    """Return the interpreter of the Python peers' environment; made at the first call."""
    folder = cache / "python"
    interpreter, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        say(f"installing {', '.join(REQUIREMENTS)} into {folder}")
        run([newest_python(), "-m", "venv", "--clear", str(folder)])
        run([str(interpreter), "-m", "pip", "install", "-q", *REQUIREMENTS])
        frozen = run([str(interpreter), "-m", "pip", "freeze"])
        done.write_text(frozen, encoding="utf-8")
    return interpreter


def newest_python() -> str:
    """Of those that the newest bambi and PyMC run on; else the one that runs this."""
    pyenv = sorted(Path("~/.pyenv/versions").expanduser().glob("3.1[23].*/bin/python"))
    for candidate in ("python3.13", "python3.12", *map(str, reversed(pyenv))):
        found = shutil.which(candidate)
        usable = [str(found), "-c", "import venv, ensurepip"]
        if found and subprocess.run(usable, capture_output=True, check=False).returncode == 0:
            return found
    return sys.executable


def r() -> str:
    """Return Rscript, with the packages of the R peers; Debian's are installed if missing."""
    if not _r_is_complete():
        if shutil.which("apt-get") is None:
            raise MissingPeerError(f"install R with {', '.join(R_PACKAGES)}: there is no apt-get")
        say(f"installing {', '.join(DEBIAN)} with apt-get")
        run(["apt-get", "update", "-q"])
        run(["apt-get", "install", "-qy", "--no-install-recommends", *DEBIAN])
    return shutil.which("Rscript") or "Rscript"


def _r_is_complete() -> bool:
    found = shutil.which("Rscript")
    if found is None:
        return False
    names = ", ".join(f'"{name}"' for name in R_PACKAGES)
    code = f"quit(status = !all(c({names}) %in% rownames(installed.packages())))"
    return subprocess.run([found, "-e", code], capture_output=True, check=False).returncode == 0


def run(command: list[str]) -> str:
    """Run an installation step; its own words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingPeerError(f"{' '.join(command)}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def say(text: str) -> None:
    """To the console, not to the table."""
    print(text, file=sys.stderr, flush=True)
