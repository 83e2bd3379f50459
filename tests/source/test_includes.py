"""Included files are put in where stanc puts them, and nowhere else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import partialpool as pp

PARTS = {
    "part.stan": "real p;\n",
    "nested.stan": "  #include part.stan // more\nreal n; /* real fake;\n#include part.stan */\n",
    "deep/part.stan": '#include "part.stan"\nreal d;',
}
PROGRAMS = {
    "a line": ("data {\n  #include part.stan\n}", "p"),
    "with a comment": ("data {\n#include part.stan // real fake;\n}", "p"),
    "with a longer comment": ("data {\n#include part.stan /* real fake;\n */ }", "p"),
    "after something": ("data { #include part.stan\n}", "p"),
    "before something": ("data {\n#include part.stan real x;\n}", "px"),
    "quoted": ('data {\n#include "part.stan"\n}', "p"),
    "in brackets": ("data {\n#include <part.stan>\n}", "p"),
    "nested": ("data { real x;\n#include nested.stan\nreal y; }", "xpny"),
    "in a folder": ("data {\n#include deep/part.stan\n}", "pd"),
    "two": ("data {\n#include part.stan\n} parameters {\n#include deep/only.stan\n}", "po"),
    "in comments": (
        "data { /*\n#include absent.stan\n*/ real x; //\n//#include absent.stan\n}",
        "x",
    ),
    "in a string": ('data { real x; } model { print("// #include absent.stan"); }', "x"),
    "after comments": ('data { // /*\n#include part.stan\n} model { print("/*"); }', "p"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name, text in {**PARTS, "deep/only.stan": "real o;"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def declared(folder: Path, code: str) -> list[str]:
    (folder / "m.stan").write_text(code)
    return list(pp.StanProgram.from_file(folder / "m.stan").declarations.all)


@pytest.mark.parametrize("name", PROGRAMS)
def test_included_declarations_are_read(name: str, folder: Path) -> None:
    code, expected = PROGRAMS[name]
    assert declared(folder, code) == list(expected)


@pytest.mark.parametrize("name", PROGRAMS)
def test_stanc_includes_the_same(name: str, folder: Path, stanc: Path) -> None:
    code, expected = PROGRAMS[name]
    (folder / "m.stan").write_text(code)
    command = [stanc, "--info", f"--include-paths={folder}", folder / "m.stan"]
    info = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [*info["inputs"], *info["parameters"]] == list(expected)


def test_included_files_are_read_anew(folder: Path) -> None:
    assert declared(folder, "data {\n#include part.stan\n}") == ["p"]
    (folder / "part.stan").write_text("real q;")
    assert declared(folder, "data {\n#include part.stan\n}") == ["q"]
