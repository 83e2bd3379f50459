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
"""Lines of Stan's that are not shown: blank ones, timings, and counts of divergences, which the
diagnosis reports."""

_ONE_BAR = threading.Lock()


def in_notebook() -> bool:
    """Tell whether this process is the IPython kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def progress_bar(total: int, label: str, *, show: bool) -> Any:
    """Return a tqdm bar of `total` iterations.

    In a notebook with ipywidgets it is a widget. It is disabled if `show` is False, or if stderr
    is a pipe or a file.
    """
    widget = in_notebook() and importlib.util.find_spec("ipywidgets") is not None
    tqdm: Any = importlib.import_module("tqdm.auto" if widget else "tqdm").tqdm
    hidden = not show or not (in_notebook() or sys.stderr.isatty())
    return tqdm(total=total, desc=label, unit=" iterations", leave=False, disable=hidden)


class ProgressLines(io.TextIOBase):
    """A text stream that updates a bar from Stan's progress lines and passes on all other lines.

    Parameters
    ----------
    bar : tqdm bar
    beneath : text stream
        Other lines are written to it.
    quiet : bool
        Drop the other lines that are printed by threads started later: Stan's messages.
    """

    def __init__(self, bar: Any, beneath: TextIO, *, quiet: bool = False) -> None:
        super().__init__()
        self._bar, self._beneath = bar, beneath
        self._earlier_threads = {t.ident for t in threading.enumerate()} if quiet else None
        self._done: dict[str, int] = {}
        self._line = ""

    def write(self, text: str) -> int:
        """Process the complete lines of `text`; keep an unfinished line for the next call."""
        earlier = self._earlier_threads
        passed_on = earlier is None or threading.get_ident() in earlier
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            match = ITERATION.match(line)
            if match:
                chain, iteration = match[1] or "1", int(match[2])
                self._bar.update(iteration - self._done.get(chain, 0))
                self._done[chain] = iteration
            elif passed_on and not SUPPRESSED.match(line):
                self._beneath.write(line + "\n")
        return len(text)

    def flush(self) -> None:
        """Flush the stream beneath."""
        self._beneath.flush()


@contextlib.contextmanager
def stdout_progress(
    chains: int, iterations: int, *, show: bool, quiet: bool = False
) -> Iterator[int]:
    """Show one bar for all chains, updated from what is printed to `sys.stdout` in the block.

    While a bar is shown, fits in other threads show none, since all threads share `sys.stdout`.

    Parameters
    ----------
    chains, iterations : int
        Number of chains, and iterations per chain.
    show : bool
        Whether to show the bar.
    quiet : bool
        Drop Stan's other messages; see `ProgressLines`.

    Yields
    ------
    int
        Stan's `refresh`: iterations between progress lines; 0 for no progress lines.
    """
    alone = _ONE_BAR.acquire(blocking=False)
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
