"""Print the installer's progress: one line per step, with the seconds it took."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """Writes the installer's progress to stderr.

    Parameters
    ----------
    show : bool
        If False, nothing is written.
    """

    show: bool

    def line(self, text: str) -> None:
        """Write one line."""
        if self.show:
            _write(text + "\n")

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Write `text` when the step starts, and the seconds it took when it ends.

        On a terminal the seconds are also updated every second while the step runs.
        """
        if not self.show:
            yield
            return
        label, start, finished = f"  {text:<58}", time.monotonic(), threading.Event()
        clock = _Clock(label, start, finished) if _on_terminal() else None
        _write(label)
        if clock:
            clock.start()
        outcome = "stopped"
        try:
            yield
            outcome = ""
        finally:
            finished.set()
            if clock:
                clock.join()
                _write(f"\r{label}")
            _write(f"{time.monotonic() - start:7.1f} s {outcome}".rstrip() + "\n")


class _Clock(threading.Thread):
    def __init__(self, label: str, start: float, finished: threading.Event) -> None:
        super().__init__(daemon=True)
        self._label, self._start, self._done = label, start, finished

    def run(self) -> None:
        while not self._done.wait(1.0):
            _write(f"\r{self._label}{time.monotonic() - self._start:7.0f} s")


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _write(text: str) -> None:
    if sys.stderr is not None:
        encoding = getattr(sys.stderr, "encoding", None) or "ascii"
        with contextlib.suppress(OSError):  # a closed pipe must not stop the installation
            sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stderr.flush()
