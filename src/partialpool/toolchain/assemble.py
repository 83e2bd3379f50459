"""Make a CmdStan from wheels: unpack, add our files, compile, try, and only then put in place."""

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

COMPILER_TEMPORARIES = 200_000_000  # bytes in TMPDIR while compilers run


def assemble(recipe: Recipe, final: Path, *, cache: Path, jobs: int, report: Report) -> None:
    """Make the installation in a directory beside `final`, try it, and swap it in.

    The caller holds the lock of `final`.

    Parameters
    ----------
    recipe : Recipe
    final : Path
    cache : Path
        Of downloaded wheels.
    jobs : int
        Compilers at once.
    report : Report
    """
    missing = sum(w.bytes for w in recipe.wheels if not (cache / w.filename).is_file())
    preflight.check_space(
        (cache, 2 * missing),  # pip keeps a copy of its own
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
            if not isinstance(error, EngineError):  # whose message names the log
                log.unlink(missing_ok=True)
        raise


def fill(tree: Path, recipe: Recipe, archives: tuple[Path, ...], *, previous: Path) -> None:
    """Put everything into `tree` that compiling needs; the user's ``make/local`` is kept."""
    for wheel, archive in zip(recipe.wheels, archives, strict=True):
        unpack(wheel, archive, tree)
    for name, source in recipe.files().items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tree / name)
    if (previous / "make" / "local").is_file():
        (tree / "make").mkdir(exist_ok=True)
        shutil.copyfile(previous / "make" / "local", tree / "make" / "local")


def write_marker(tree: Path, content: Mapping[str, object]) -> None:
    """Mark `tree` as complete, saying what it is made of. This comes last."""
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
    """Tell whether `directory` was made from wheels by another recipe than today's."""
    try:
        content = json.loads((directory / swap.MARKER).read_text(encoding="utf-8"))
        return bool(content["source"] == "pypi" and content["recipe"] != recipe().digest())
    except (OSError, ValueError, LookupError, TypeError, EngineError):
        return False  # not ours, or no wheels for this machine: nothing better can be made
