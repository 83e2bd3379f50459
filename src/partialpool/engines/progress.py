"""A progress bar for sampling, in terminals and notebooks."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import re
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO

ITERATION = re.compile(r"(?:Chain \[(\d+)\] )?Iteration:\s+(\d+) / \d+")
SUPPRESSED = re.compile(r"\s*$|.*seconds \((Warm-up|Sampling|Total)\)|Warning: \d+ of \d+ post-w")
"""Stan's timings, and counts of divergences: the diagnosis reports them."""

_ONE_BAR = threading.Lock()


def in_notebook() -> bool:
    """Tell whether an IPython kernel with a rich front end runs this process."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def progress_bar(total: int, label: str, *, show: bool) -> Any:
    """Return a tqdm bar: a widget where a notebook has ipywidgets, none in a pipe or file."""
    widget = in_notebook() and importlib.util.find_spec("ipywidgets") is not None
    tqdm: Any = importlib.import_module("tqdm.auto" if widget else "tqdm").tqdm
    hidden = not show or not (in_notebook() or sys.stderr.isatty())
    return tqdm(total=total, desc=label, unit=" iterations", leave=False, disable=hidden)


class ProgressLines(io.TextIOBase):
    """Takes Stan's progress lines for a bar, and passes on what else is printed.

    Parameters
    ----------
    bar : tqdm bar
    beneath : text stream
    quiet : bool
        Drop whatever else comes from threads that were not there before: Stan's console.
    """

    def __init__(self, bar: Any, beneath: TextIO, *, quiet: bool = False) -> None:
        super().__init__()
        self._bar, self._beneath = bar, beneath
        self._others = {thread.ident for thread in threading.enumerate()} if quiet else None
        self._done: dict[str, int] = {}
        self._line = ""

    def write(self, text: str) -> int:
        """Take complete lines; keep a partial one for the next call."""
        known = self._others is None or threading.get_ident() in self._others
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            found = ITERATION.match(line)
            if found:
                chain, iteration = found[1] or "1", int(found[2])
                self._bar.update(iteration - self._done.get(chain, 0))
                self._done[chain] = iteration
            elif known and not SUPPRESSED.match(line):
                self._beneath.write(line + "\n")
        return len(text)

    def flush(self) -> None:
        """Flush the stream beneath."""
        self._beneath.flush()


@contextlib.contextmanager
def stdout_progress(
    chains: int, iterations: int, *, show: bool, quiet: bool = False
) -> Iterator[int]:
    """Show one bar for all chains, fed by what is printed to `sys.stdout` meanwhile.

    While one is shown, fits in other threads show none.

    Yields
    ------
    int
        Stan's `refresh`: iterations between progress lines.
    """
    alone = _ONE_BAR.acquire(blocking=False)  # sys.stdout is one for all threads
    try:
        bar = progress_bar(chains * iterations, f"{chains} chains", show=show and alone)
        if bar.disable:
            yield 0
            return
        with bar, contextlib.redirect_stdout(ProgressLines(bar, sys.stdout, quiet=quiet)):
            yield max(1, iterations // 50)
    finally:
        if alone:
            _ONE_BAR.release()
