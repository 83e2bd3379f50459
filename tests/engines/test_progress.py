"""A progress bar in a terminal, none in a pipe, none when told."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import sys
import termios
import threading

import pytest

from partialpool.engines.progress import ProgressLines, stdout_progress

SCRIPT = """
import partialpool as pp
program = pp.programs.get("normal_known_variance/marginal")
program.sample(
    program.example_data(), engine={engine!r}, seed=1, draws=4000, adapt_delta=0.95,
    progress={progress},
)
"""


def in_terminal(script: str) -> str:
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        os.execv(sys.executable, [sys.executable, "-c", script])
    said = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:  # Linux's end of file on a terminal
            break
        if not block:
            break
        said += block
    assert os.waitpid(pid, 0)[1] == 0, said
    return said.decode()


@pytest.mark.parametrize("progress", [True, False])
def test_bar_in_a_terminal(engine: str, progress: bool) -> None:
    said = in_terminal(SCRIPT.format(engine=engine, progress=progress))
    assert ("4 chains:" in said) is progress
    assert "Iteration:" not in said
    assert "4 chains x 4000 draws: fine" in said


class Bar:
    disable = False

    def __init__(self) -> None:
        self.n = 0

    def update(self, by: int) -> None:
        self.n += by


def test_lines_feed_the_bar_and_the_rest_passes() -> None:
    bar, beneath = Bar(), io.StringIO()
    lines = ProgressLines(bar, beneath)
    lines.write("Chain [1] Iteration:  40 / 2000 [  2%]  (Warmup)\nChain [2] Iter")
    lines.write("ation: 80 / 2000 [  4%]  (Warmup)\nChain [1] Iteration: 100 / 2000 [ 5%]\n")
    lines.write("said by the program\n\nChain [1] Elapsed Time: 0.1 seconds (Warm-up)\n")
    assert bar.n == 180
    assert beneath.getvalue() == "said by the program\n"


def test_quiet_drops_what_new_threads_say() -> None:
    bar, beneath = Bar(), io.StringIO()
    lines = ProgressLines(bar, beneath, quiet=True)
    other = threading.Thread(target=lambda: lines.write("Iteration: 9 / 10\nconsole\n"))
    other.start()
    other.join()
    lines.write("mine\n")
    assert (bar.n, beneath.getvalue()) == (9, "mine\n")


def test_no_refresh_without_a_terminal() -> None:
    with stdout_progress(4, 2000, show=True) as refresh:
        assert refresh == 0


def test_one_bar_at_a_time_and_stdout_comes_back(monkeypatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    before = sys.stdout
    with stdout_progress(1, 100, show=True) as outer, stdout_progress(1, 100, show=True) as inner:
        assert (outer > 0, inner) == (True, 0)
    assert sys.stdout is before
    with stdout_progress(1, 100, show=True) as again:
        assert again > 0
