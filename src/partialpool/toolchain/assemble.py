"""Make a CmdStan from wheels: unpack them, add our files, compile, try it, then put it in place."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..errors import EngineError
from . import build, download, preflight, swap
from .pins import Recipe, recipe
from .report import Report
from .unpack import unpack

COMPILER_TEMPORARIES = 200_000_000  # bytes that running compilers need in TMPDIR


def assemble(recipe: Recipe, final: Path, *, cache: Path, jobs: int, report: Report) -> None:
    """Build the installation in a directory beside `final`, try it, and rename it to `final`.

    The caller must hold the lock of `final` (`swap.locked`).

    Parameters
    ----------
    recipe : Recipe
        The wheels and the files of ours that the installation is made of.
    final : Path
        The directory of the finished installation.
    cache : Path
        Folder with the downloaded wheels.
    jobs : int
        How many compilers run at once.
    report : Report
        Writes a line per step.

    Raises
    ------
    EngineError
        If the disk is too small, a wheel cannot be downloaded, or compiling or sampling fails.
        `final` is then as it was.
    """
    missing = sum(w.bytes for w in recipe.wheels if not (cache / w.filename).is_file())
    preflight.check_space(
        (cache, 2 * missing),  # pip keeps a second copy
        (final.parent, recipe.disk_bytes),
        (Path(tempfile.gettempdir()), COMPILER_TEMPORARIES),
    )
    archives = download.fetch(recipe.wheels, cache, report)
    tree, log = swap.new_directory(final), swap.log_file(final)
    try:
        with report.step(f"unpack {', '.join(wheel.label for wheel in recipe.wheels)}"):
            fill(tree, recipe, archives, previous=final)
        with report.step(f"compile the command-line front, {jobs} at once"):
            build.build(tree, jobs, log)
        with report.step(f"compile and sample {build.EXAMPLE}"):
            build.try_example(tree, log)
        write_marker(tree, _content(recipe))
        log.unlink(missing_ok=True)
        swap.replace(tree, final)
    except BaseException as error:
        with contextlib.suppress(OSError):
            swap.discard(tree, final)
            if not isinstance(error, EngineError):  # an EngineError's message names the log
                log.unlink(missing_ok=True)
        raise


def fill(tree: Path, recipe: Recipe, archives: tuple[Path, ...], *, previous: Path) -> None:
    """Put into `tree` the wheels' files, ours, and ``make/local`` of the `previous` installation.

    Parameters
    ----------
    tree : Path
        The new directory.
    recipe : Recipe
    archives : tuple of Path
        The files of ``recipe.wheels``, in the same order.
    previous : Path
        The installation to be replaced; it need not exist.
    """
    for wheel, archive in zip(recipe.wheels, archives, strict=True):
        unpack(wheel, archive, tree)
    for name, source in recipe.files().items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tree / name)
    if (previous / "make" / "local").is_file():
        (tree / "make").mkdir(exist_ok=True)
        shutil.copyfile(previous / "make" / "local", tree / "make" / "local")


def write_marker(tree: Path, content: Mapping[str, object]) -> None:
    """Write the file that marks `tree` as complete and says what it is made of.

    It must be written last: a directory without it counts as unfinished.
    """
    (tree / swap.MARKER).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _content(recipe: Recipe) -> dict[str, object]:
    return {
        "cmdstan": recipe.cmdstan,
        "source": "pypi",
        "recipe": recipe.digest(),
        "wheels": {wheel.filename: wheel.sha256 for wheel in recipe.wheels},
        "compiler": preflight.compiler_version(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def is_outdated(directory: Path) -> bool:
    """Tell whether `directory` was made from wheels by another recipe than the current one."""
    try:
        content = json.loads((directory / swap.MARKER).read_text(encoding="utf-8"))
        return bool(content["source"] == "pypi" and content["recipe"] != recipe().digest())
    except (OSError, ValueError, LookupError, TypeError, EngineError):
        return False  # partialpool did not make it, or there are no wheels for this machine
