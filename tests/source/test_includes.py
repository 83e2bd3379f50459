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
    "weak.stan": "real w; // a comment that ends the file",
    "sp ace.stan": "real s;",
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
    "before something, after a comment": ("data {\n#include weak.stan real x;\n}", "wx"),
    "before the end of the block": ("data {\n#include weak.stan }", "w"),
    "a name with a blank": ('data {\n#include "sp ace.stan"\n}', "s"),
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


def test_a_comment_at_the_end_of_a_file_hides_nothing_of_the_line(tmp_path: Path) -> None:
    """The likelihood after an include in mid-line is sampled from."""
    (tmp_path / "prior.stan").write_text("mu ~ normal(0, 10); // weak prior")
    path = tmp_path / "mean.stan"
    path.write_text(
        "data { vector[3] y; } parameters { real mu; }\n"
        "model {\n  #include prior.stan  y ~ normal(mu, 0.1);\n}"
    )
    fit = pp.StanProgram.from_file(path).sample(
        {"y": [5.0, 5.0, 5.0]}, engine="stanli", seed=1, progress=False, verbose=False
    )
    assert abs(float(fit.posterior["mu"].mean()) - 5) < 0.05
