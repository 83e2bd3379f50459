"""Wheel, sdist, a wheel made from the sdist, and an editable install all carry the programs."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import partialpool as pp

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = {f"{name}.stan" for name in pp.programs.names()}
ASK = "import partialpool as pp; print(pp.programs.catalogue_root(), *pp.programs.names())"


def build(source: Path, target: Path, *kinds: str) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", *kinds, "-o", target, source]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    build(ROOT, target, "--sdist", "--wheel")
    return target


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def check_wheel(wheel: Path) -> None:
    names = in_wheel(wheel)
    assert {f"partialpool/stan/{program}" for program in PROGRAMS} <= names
    examples = {name for name in names if re.match(r"partialpool/stan/.*\.data\.json$", name)}
    assert len(examples) == len(PROGRAMS)
    assert "partialpool/datasets/baseball_1970.csv" in names
    assert "partialpool/toolchain/wheels.toml" in names
    assert "partialpool/py.typed" in names
    endings = {name.rsplit(".", 1)[-1] for name in names if name.startswith("partialpool/stan/")}
    assert endings == {"stan", "stanfunctions", "json"}
    terms = {path.name for path in (ROOT / "stan" / "glmm" / "terms").iterdir()}
    assert {f"partialpool/stan/glmm/terms/{name}" for name in terms} <= names


def test_wheel(built: Path) -> None:
    check_wheel(only(built, "*.whl"))


def test_sdist_and_the_wheel_made_from_it(built: Path, tmp_path: Path) -> None:
    with tarfile.open(only(built, "*.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    source = only(tmp_path, "partialpool-*")
    assert {f"stan/{program}" for program in PROGRAMS} <= {
        path.relative_to(source).as_posix() for path in source.rglob("*.stan")
    }
    assert (source / "tests" / "test_packaging.py").is_file()
    build(source, tmp_path / "again", "--wheel")
    check_wheel(only(tmp_path / "again", "*.whl"))


def ask(site: Path, cwd: Path) -> list[str]:
    """Import from `site` alone, ahead of any other installation, outside the checkout."""
    code = f"import sys; sys.path.insert(0, {str(site)!r}); {ASK}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=cwd, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_an_installed_wheel_finds_its_own_programs(built: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(only(built, "*.whl")) as archive:
        archive.extractall(site)
    root, *names = ask(site, tmp_path)
    assert root == str(site / "partialpool" / "stan")
    assert tuple(names) == pp.programs.names()


def test_an_editable_install_finds_the_checkouts(tmp_path: Path) -> None:
    root, *names = ask(ROOT / "src", tmp_path)
    assert root == str(ROOT / "stan")
    assert tuple(names) == pp.programs.names()
