"""`Session`: one call of a compiled program through CmdStanPy, in a separate folder."""

from __future__ import annotations

import contextlib
import importlib
import re
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ...errors import DataError, OptionError, SamplingError
from ...source.program import StanSource
from ..base import StanData
from . import guard

T = TypeVar("T")


def _cmdstanpy() -> Any:
    """Import CmdStanPy without its warning about ipywidgets, whose progress bars are not used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        return importlib.import_module("cmdstanpy")


@contextlib.contextmanager
def opened(
    program: StanSource, exe: Path, data: StanData, *, keep_in: Path | None = None
) -> Iterator[Session]:
    """Make a folder for one call, and delete it afterwards.

    Parameters
    ----------
    program : StanSource
    exe : Path
        The compiled program.
    data : mapping
    keep_in : Path, optional
        Make the folder here, and keep it.

    Raises
    ------
    OptionError
        If `keep_in` cannot be written to.
    """
    folder = _fresh_folder(exe.name, keep_in)
    try:
        with guard.unchanged_environment():
            yield Session(program, exe, data, folder)
    finally:
        if keep_in is None:
            shutil.rmtree(folder, ignore_errors=True)


class Session:
    """One call of a compiled program: its data file, its folder and the CmdStanPy model."""

    def __init__(self, program: StanSource, exe: Path, data: StanData, folder: Path) -> None:
        from ...source.data import as_json

        self.program, self.folder = program, folder
        self.data = str(folder / "data.json")
        Path(self.data).write_text(as_json(data), encoding="utf-8")
        self.model = _cmdstanpy().CmdStanModel(exe_file=str(exe))
        self.began = time.perf_counter()

    @property
    def profiled(self) -> bool:
        """Whether Stan will write a profile file, which then must go into the folder."""
        return "profile" in self.program.full_code

    def columns(self, result: Any) -> tuple[str, ...]:
        """Return the names of the columns in Stan's CSV files."""
        runset = getattr(result, "runset", None) or result._runset
        with Path(runset.csv_files[0]).open(encoding="utf-8") as lines:
            header = next(line for line in lines if not line.startswith("#"))
        return tuple(header.strip().split(","))

    def console(self) -> str:
        """Return the text that Stan printed."""
        files = sorted(self.folder.glob("*stdout.txt"))
        return "\n".join(file.read_text(errors="replace") for file in files)

    def run(self, call: Callable[[], T]) -> T:
        """Call CmdStanPy under the guard (`guard.run`), and translate its errors.

        Raises
        ------
        DataError
            If the message is about a variable of the data block.
        SamplingError
            If the program fails in another way.
        """
        from ...source.data import translate_stan_error

        try:
            return guard.run(call, mark=self.folder)
        except (RuntimeError, ValueError, IndexError, OSError) as error:
            message = _error_lines(str(error), self.folder)
        in_terms_of_data = translate_stan_error(message, self.program.data)
        if in_terms_of_data is not None:
            raise DataError(f"{self.program.name}: {in_terms_of_data}")
        raise SamplingError(f"{self.program.name}: {message}")


def _error_lines(message: str, folder: Path) -> str:
    """Return Stan's error lines from CmdStanPy's message and from the console output it saved."""
    consoles = [path.read_text(errors="replace") for path in sorted(folder.glob("*stdout.txt"))]
    lines = [
        line.strip()
        for text in (message, *consoles)
        for line in text.splitlines()
        if re.match(r"\s*(Error|Exception|.*[Ii]nitialization failed)", line)
        and not line.startswith("Error during")
    ]
    if not lines:  # the error is CmdStanPy's
        lines = message.strip().splitlines()
    return "\n".join(dict.fromkeys(lines))


def _fresh_folder(name: str, keep_in: Path | None) -> Path:
    """Make a new folder, in `keep_in` or among temporary files."""
    if keep_in is None:
        return Path(tempfile.mkdtemp(prefix=f"partialpool-{name}-"))
    try:
        keep_in = Path(keep_in).expanduser().resolve()
        keep_in.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=keep_in))
    except OSError as error:
        raise OptionError(f"output_dir={str(keep_in)!r} cannot be written to: {error}") from None
