"""Fetch the pinned wheels through pip, and check them before anything else touches them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import filelock

from ..errors import EngineError
from ..options import cache_dir
from .pins import Wheel
from .report import Report

# settings of pip that would keep it from fetching these very files; the index stays the user's
_NOT_OURS = ("PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_REQUIRE_VIRTUALENV", "PIP_QUIET")
_UNREACHABLE = ("Retrying (", "connection error:", "ConnectionError", "ProxyError", "Timeout")


def wheel_cache() -> Path:
    """Return the folder that keeps downloaded wheels, so that a second attempt needs no network."""
    return cache_dir() / "wheels"


def fetch(wheels: tuple[Wheel, ...], cache: Path, report: Report) -> tuple[Path, ...]:
    """Return the wheels' files, in order, each with the pinned SHA-256.

    Parameters
    ----------
    wheels : tuple of Wheel
    cache : Path
        Where they are looked for first and kept.
    report : Report

    Raises
    ------
    EngineError
        If pip is missing, the index cannot be reached or has other files.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(cache / ".lock"):  # who comes second finds the files in the cache
        for wheel in wheels:
            if not is_intact(wheel, cache / wheel.filename):
                (cache / wheel.filename).unlink(missing_ok=True)
                with report.step(f"download {wheel.label}, {wheel.bytes / 1e6:.0f} MB"):
                    _download(wheel, cache)
    return tuple(cache / wheel.filename for wheel in wheels)


def is_intact(wheel: Wheel, path: Path) -> bool:
    """Tell whether `path` is this wheel, byte for byte."""
    return path.is_file() and path.stat().st_size == wheel.bytes and sha256(path) == wheel.sha256


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(wheel: Wheel, cache: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".download-", dir=cache) as folder:
        wanted = Path(folder) / "requirements.txt"
        # the hash makes pip choose the pinned file where an index offers several
        wanted.write_text(
            f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
        )
        command = (
            *_pip(), "download", "--no-deps", "--only-binary=:all:", "--require-hashes",
            "--implementation=cp", "--python-version=3.13", "--abi=cp313", "--abi=none",
            *(f"--platform={tag}" for tag in wheel.tags),
            "--disable-pip-version-check", "--no-input", "--progress-bar=off", "-vv",
            "--dest", folder, "--requirement", str(wanted),
        )  # fmt: skip
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=_pip_environment(),
            check=False,
        )
        if ran.returncode != 0:
            raise EngineError(_why(wheel, ran.stdout, cache))
        files = list(Path(folder).glob("*.whl"))
        if len(files) != 1 or not is_intact(wheel, files[0]):
            raise EngineError(_wrong_hash(wheel))
        os.replace(files[0], cache / wheel.filename)


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    bundled = importlib.util.find_spec("ensurepip")
    if bundled is not None and bundled.origin is not None:
        # the pip that Python carries to make new environments with runs from its wheel
        for wheel in sorted(Path(bundled.origin).parent.glob("_bundled/pip-*.whl")):
            return [sys.executable, str(wheel / "pip")]
    raise EngineError(
        f"this Python ({sys.executable}) has no pip to download with. Next step: "
        f"`{sys.executable} -m ensurepip` or `uv pip install pip`, then the same command again"
    )


def _pip_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_OURS}
    return {"PIP_RETRIES": "2", **kept, "PYTHONIOENCODING": "utf-8"}


def _why(wheel: Wheel, output: str, cache: Path) -> str:
    if "DO NOT MATCH THE HASHES" in output:
        return _wrong_hash(wheel)
    last = [line.strip() for line in output.splitlines() if line.startswith("ERROR:")][:1]
    said = f" pip said: {last[0].removeprefix('ERROR: ') if last else output[-400:]}."
    by_hand = (
        f"or bring the file {wheel.filename} from elsewhere into {cache}; "
        "then the same command again"
    )
    if "CERTIFICATE_VERIFY_FAILED" in output:
        return (
            f"the package index's certificate is not trusted, so {wheel.label} cannot be "
            f"downloaded.{said} Next step: `pip config set global.cert FILE` with your network's "
            f"certificate, {by_hand}"
        )
    if any(sign in output for sign in _UNREACHABLE):
        return (
            f"no package index can be reached to download {wheel.label}.{said} Next step: check "
            f"the network or proxy (HTTPS_PROXY), name a mirror with PIP_INDEX_URL or "
            f"`pip config set global.index-url URL`, {by_hand}"
        )
    if "No matching distribution" in output or "404" in output:
        return (
            f"your package index does not have {wheel.filename}.{said} Next step: name another "
            f"with PIP_INDEX_URL or PIP_EXTRA_INDEX_URL, {by_hand}"
        )
    return f"downloading {wheel.label} failed.{said} Next step: mend that, {by_hand}"


def _wrong_hash(wheel: Wheel) -> str:
    return (
        f"the downloaded {wheel.label} has the wrong hash: its SHA-256 is not the pinned "
        f"{wheel.sha256}. It was neither unpacked nor run. Next step: `pip cache remove "
        f"{wheel.project}` and try again; if it persists, your package index or proxy alters "
        "files: name another index with PIP_INDEX_URL"
    )
