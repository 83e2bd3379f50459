"""Download the pinned wheels with pip, and check their hashes before they are opened."""

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

# the user's settings of pip that would keep it from downloading these files; the user's package
# index stays in force
_IGNORED_SETTINGS = ("PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_REQUIRE_VIRTUALENV", "PIP_QUIET")
_UNREACHABLE = ("Retrying (", "connection error:", "ConnectionError", "ProxyError", "Timeout")


def wheel_cache() -> Path:
    """Return the folder that keeps downloaded wheels, so that a second attempt needs no network."""
    return cache_dir() / "wheels"


def fetch(wheels: tuple[Wheel, ...], cache: Path, report: Report) -> tuple[Path, ...]:
    """Return the wheels' files, in the order of `wheels`; download those that are not in `cache`.

    Parameters
    ----------
    wheels : tuple of Wheel
    cache : Path
        Folder in which the files are looked for, and into which they are downloaded.
    report : Report
        Writes a line per download.

    Raises
    ------
    EngineError
        If pip is missing, the package index cannot be reached, or its files have another SHA-256.
    """
    cache.mkdir(parents=True, exist_ok=True)
    # a second process waits here, and then takes the files from the cache
    with filelock.FileLock(cache / ".lock"):
        for wheel in wheels:
            if not is_intact(wheel, cache / wheel.filename):
                (cache / wheel.filename).unlink(missing_ok=True)
                with report.step(f"download {wheel.label}, {wheel.bytes / 1e6:.0f} MB"):
                    _download(wheel, cache)
    return tuple(cache / wheel.filename for wheel in wheels)


def is_intact(wheel: Wheel, path: Path) -> bool:
    """Tell whether the file `path` has this wheel's size and SHA-256."""
    return path.is_file() and path.stat().st_size == wheel.bytes and sha256(path) == wheel.sha256


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(wheel: Wheel, cache: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".download-", dir=cache) as folder:
        requirements = Path(folder) / "requirements.txt"
        # the hash makes pip choose the pinned file where an index offers several
        requirements.write_text(
            f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
        )
        command = (
            *_pip(), "download", "--no-deps", "--only-binary=:all:", "--require-hashes",
            "--implementation=cp", "--python-version=3.13", "--abi=cp313", "--abi=none",
            *(f"--platform={tag}" for tag in wheel.tags),
            "--disable-pip-version-check", "--no-input", "--progress-bar=off", "-vv",
            "--dest", folder, "--requirement", str(requirements),
        )  # fmt: skip
        completed = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=_pip_environment(),
            check=False,
        )
        if completed.returncode != 0:
            raise EngineError(_download_failed(wheel, completed.stdout, cache))
        files = list(Path(folder).glob("*.whl"))
        if len(files) != 1 or not is_intact(wheel, files[0]):
            raise EngineError(_wrong_hash(wheel))
        os.replace(files[0], cache / wheel.filename)


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    bundled = importlib.util.find_spec("ensurepip")
    if bundled is not None and bundled.origin is not None:
        # Python bundles a wheel of pip for new environments; pip runs from inside that wheel
        for wheel in sorted(Path(bundled.origin).parent.glob("_bundled/pip-*.whl")):
            return [sys.executable, str(wheel / "pip")]
    raise EngineError(
        f"this Python ({sys.executable}) has no pip to download with. Next step: "
        f"run `{sys.executable} -m ensurepip` or `uv pip install pip`, then the same command again"
    )


def _pip_environment() -> dict[str, str]:
    variables = {key: value for key, value in os.environ.items() if key not in _IGNORED_SETTINGS}
    return {"PIP_RETRIES": "2", **variables, "PYTHONIOENCODING": "utf-8"}


def _download_failed(wheel: Wheel, output: str, cache: Path) -> str:
    if "DO NOT MATCH THE HASHES" in output:
        return _wrong_hash(wheel)
    errors = [line.strip() for line in output.splitlines() if line.startswith("ERROR:")]
    said = f" pip said: {errors[0].removeprefix('ERROR: ') if errors else output[-400:]}."
    by_hand = (
        f"or copy the file {wheel.filename} into {cache} from another machine; "
        "then run the same command again"
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
            f"index with PIP_INDEX_URL or PIP_EXTRA_INDEX_URL, {by_hand}"
        )
    return f"downloading {wheel.label} failed.{said} Next step: solve what pip says, {by_hand}"


def _wrong_hash(wheel: Wheel) -> str:
    return (
        f"the downloaded {wheel.label} has the wrong hash: its SHA-256 is not the pinned "
        f"{wheel.sha256}. It was neither unpacked nor run. Next step: `pip cache remove "
        f"{wheel.project}` and try again; if the hash is wrong again, your package index or proxy "
        "alters files: name another index with PIP_INDEX_URL"
    )
