"""What the installer tells while it works: one line per step, with the time it took."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """Writes to stderr, or nowhere.

    Parameters
    ----------
    show : bool
        False: silent.
    """

    show: bool

    def line(self, text: str) -> None:
        """Write one line."""
        if self.show:
            _write(text + "\n")

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Write `text` when the step starts and its seconds when it ends.

        On a terminal the seconds run while the step does.
        """
        if not self.show:
            yield
            return
        label, start, done = f"  {text:<58}", time.monotonic(), threading.Event()
        running = _Clock(label, start, done) if _on_terminal() else None
        _write(label)
        if running:
            running.start()
        outcome = "stopped"
        try:
            yield
            outcome = ""
        finally:
            done.set()
            if running:
                running.join()
                _write(f"\r{label}")
            _write(f"{time.monotonic() - start:7.1f} s {outcome}".rstrip() + "\n")


class _Clock(threading.Thread):
    def __init__(self, label: str, start: float, done: threading.Event) -> None:
        super().__init__(daemon=True)
        self._label, self._start, self._done = label, start, done

    def run(self) -> None:
        while not self._done.wait(1.0):
            _write(f"\r{self._label}{time.monotonic() - self._start:7.0f} s")


def _on_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _write(text: str) -> None:
    if sys.stderr is not None:
        encoding = getattr(sys.stderr, "encoding", None) or "ascii"
        with contextlib.suppress(OSError):  # a closed pipe must not stop the work
            sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stderr.flush()
